package eval_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// usual is a policy as people write them: a condition over fields, a rule with
// a pattern, one exemption.
const usual = `
settings: {exempt: [{tag: SPECIAL_EXCEPTION}]}
policies:
  - name: p
    resource: ec2:instance
    match: resource.state == "running" && resource.running_for > days(7)
    tags: {Project: {}, CostCenter: {pattern: "CC-[0-9]{4}"}}
`

func BenchmarkJudgeCompliant(b *testing.B) {
	benchmark(b, tag.Set{"Project": "apollo", "CostCenter": "CC-1234", "Owner": "alice", "Env": "dev"}, eval.Compliant)
}

func BenchmarkJudgeViolating(b *testing.B) {
	benchmark(b, tag.Set{"Owner": "alice", "Env": "dev"}, eval.Violating)
}

func benchmark(b *testing.B, tags tag.Set, want eval.Status) {
	j, r := eval.New(load(b, usual), nil), instance(tags)
	var vs []eval.Verdict
	b.ReportAllocs()
	for b.Loop() {
		vs = j.Resource(vs[:0], r, noon)
	}
	if vs[0].Status != want {
		b.Fatalf("status %q, want %q", vs[0].Status, want)
	}
}

// What is compliant is counted and forgotten, so judging it must stay cheap:
// these are allocations of the condition, none of them of the verdict.
func TestJudgingWhatIsCompliantAllocatesLittle(t *testing.T) {
	j := eval.New(load(t, usual), nil)
	r := instance(tag.Set{"Project": "apollo", "CostCenter": "CC-1234"})
	vs := make([]eval.Verdict, 0, 1)
	const most = 20
	if got := testing.AllocsPerRun(100, func() { vs = j.Resource(vs[:0], r, noon) }); got > most {
		t.Errorf("%v allocations, want at most %d", got, most)
	}
}
