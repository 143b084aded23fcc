package eval_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// load reads a policy file whose settings and policies are given in full.
func load(t testing.TB, text string) *policy.Set {
	t.Helper()
	set, problems := policy.Load([]policy.Source{{Name: "test.yaml", Data: []byte("version: 1\n" + text)}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		t.Fatalf("loading the policy file:\n%v", err)
	}
	return set
}

// onePolicy is a file with one policy: the lines given, indented.
func onePolicy(lines string) string {
	return "policies:\n  - name: p\n    resource: ec2:instance\n    mode: enforce\n" + indent(lines)
}

func indent(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(lines, "\n") + "\n") {
		b.WriteString("    " + line)
	}
	return b.String()
}

// instance is a running instance that was started 10 days before noon.
func instance(tags tag.Set) *resource.Instance {
	return &resource.Instance{
		Base: resource.Base{TagSet: tags, Reference: resource.Ref{ID: "i-1", Type: resource.EC2Instance, Account: "111122223333",
			Region: "us-east-1", ARN: resource.InstanceARN("us-east-1", "111122223333", "i-1")}},
		State: "running", LaunchedAt: noon.Add(-10 * 24 * time.Hour), CreatedAt: noon.Add(-40 * 24 * time.Hour),
		VPC: "vpc-1", RootDevice: "ebs", Lifecycle: "on-demand", InstanceType: "t3.micro",
	}
}

func judgeOne(t testing.TB, file string, r resource.Resource) eval.Verdict {
	t.Helper()
	vs := eval.New(load(t, file), nil).Resource(nil, r, noon)
	if len(vs) != 1 {
		t.Fatalf("got %d verdicts, want 1", len(vs))
	}
	return vs[0]
}

func codes(rs []eval.Reason) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Code)
	}
	return out
}

func TestTagRules(t *testing.T) {
	fifty := tag.Set{}
	for i := range 50 {
		fifty["k"+string(rune('A'+i%26))+string(rune('a'+i/26))] = "v"
	}
	tests := []struct {
		name   string
		rules  string
		tags   tag.Set
		status eval.Status
		codes  []string
		fix    tag.Diff
	}{
		{"required and there", "Project: {}", tag.Set{"Project": "x"}, eval.Compliant, nil, tag.Diff{}},
		{"required and missing", "Project: {}", nil, eval.Violating, []string{"tag-missing"}, tag.Diff{}},
		{"required and empty", "Project: {}", tag.Set{"Project": ""}, eval.Violating, []string{"tag-empty"}, tag.Diff{}},
		{"blank is empty", "Project: {}", tag.Set{"Project": "  "}, eval.Violating, []string{"tag-empty"}, tag.Diff{}},
		{"empty may be allowed", "Project: {allow_empty: true}", tag.Set{"Project": ""}, eval.Compliant, nil, tag.Diff{}},
		{"allowing empty does not allow absence", "Project: {allow_empty: true}", nil, eval.Violating, []string{"tag-missing"}, tag.Diff{}},
		{"keys are case-sensitive", "Project: {}", tag.Set{"project": "x"}, eval.Violating, []string{"tag-case"}, tag.Diff{}},
		{"optional and missing", "Project: {required: false}", nil, eval.Compliant, nil, tag.Diff{}},
		{"optional and empty violates", "Project: {required: false}", tag.Set{"Project": ""}, eval.Violating, []string{"tag-empty"}, tag.Diff{}},
		{"optional and not allowed violates", "Project: {required: false, allowed: [a]}", tag.Set{"Project": "b"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"allowed", "Project: {allowed: [a, b]}", tag.Set{"Project": "b"}, eval.Compliant, nil, tag.Diff{}},
		{"pattern matches the whole value", `Project: {pattern: "CC-[0-9]{4}"}`, tag.Set{"Project": "xCC-12345"}, eval.Violating, []string{"tag-pattern"}, tag.Diff{}},
		{"pattern fits", `Project: {pattern: "CC-[0-9]{4}"}`, tag.Set{"Project": "CC-1234"}, eval.Compliant, nil, tag.Diff{}},
		{"default for what is missing", "Project: {default: p7}", nil, eval.Fixable, []string{"tag-missing"}, tag.Diff{Set: tag.Set{"Project": "p7"}}},
		{"default for what is empty", "Project: {default: p7}", tag.Set{"Project": ""}, eval.Fixable, []string{"tag-wrong"}, tag.Diff{Set: tag.Set{"Project": "p7"}}},
		{"optional default leaves absence alone", "Project: {default: p7, required: false}", nil, eval.Compliant, nil, tag.Diff{}},
		{"optional default fills what is empty", "Project: {default: p7, required: false}", tag.Set{"Project": ""}, eval.Fixable, []string{"tag-wrong"}, tag.Diff{Set: tag.Set{"Project": "p7"}}},
		{"default never replaces a value", "Project: {default: p7}", tag.Set{"Project": "x"}, eval.Compliant, nil, tag.Diff{}},
		{"computed", "Expires: {value: today()}", nil, eval.Fixable, []string{"tag-missing"}, tag.Diff{Set: tag.Set{"Expires": "2026-06-01"}}},
		{"optional and computed is written", "Expires: {value: today(), required: false}", nil, eval.Fixable, []string{"tag-missing"}, tag.Diff{Set: tag.Set{"Expires": "2026-06-01"}}},
		{"computed never replaces without overwrite", "Expires: {value: today()}", tag.Set{"Expires": "x"}, eval.Compliant, nil, tag.Diff{}},
		{"overwrite replaces", "Expires: {value: today(), overwrite: true}", tag.Set{"Expires": "x"}, eval.Fixable, []string{"tag-wrong"}, tag.Diff{Set: tag.Set{"Expires": "2026-06-01"}}},
		{"overwrite leaves what is right", "Expires: {value: today(), overwrite: true}", tag.Set{"Expires": "2026-06-01"}, eval.Compliant, nil, tag.Diff{}},
		{"computed empty is no value", `A: {value: 'tag("B")'}`, nil, eval.Violating, []string{"tag-missing"}, tag.Diff{}},
		{"what services refuse becomes _", `A: {value: 'tag("B")'}`, tag.Set{"B": "a<b>,c"}, eval.Fixable, []string{"tag-missing"}, tag.Diff{Set: tag.Set{"A": "a_b__c"}}},
		{"a value that cannot be told is unknown", `A: {value: 'resource.tags["B"]'}`, nil, eval.Unknown, []string{"value-unknown"}, tag.Diff{}},
		{"a value that cannot be told matters only when wanted", `A: {value: 'resource.tags["B"]'}`, tag.Set{"A": "x"}, eval.Compliant, nil, tag.Diff{}},
		{"computed and not allowed", `A: {value: 'tag("B")', allowed: [x]}`, tag.Set{"B": "y"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"alias is renamed", "A: {aliases: [a]}", tag.Set{"a": "x"}, eval.Fixable, []string{"tag-alias"}, tag.Diff{Set: tag.Set{"A": "x"}, Delete: []string{"a"}}},
		{"alias beside the same value is removed", "A: {aliases: [a]}", tag.Set{"A": "x", "a": "x"}, eval.Fixable, []string{"tag-alias"}, tag.Diff{Delete: []string{"a"}}},
		{"alias that disagrees is a finding", "A: {aliases: [a]}", tag.Set{"A": "x", "a": "y"}, eval.Violating, []string{"tag-aliases-disagree"}, tag.Diff{}},
		{"aliases that disagree are a finding", "A: {aliases: [a, b]}", tag.Set{"b": "x", "a": "y"}, eval.Violating, []string{"tag-aliases-disagree"}, tag.Diff{}},
		{"aliases that agree are renamed together", "A: {aliases: [a, b]}", tag.Set{"b": "x", "a": "x"}, eval.Fixable, []string{"tag-alias"}, tag.Diff{Set: tag.Set{"A": "x"}, Delete: []string{"a", "b"}}},
		{"an alias not allowed is no rename", `A: {aliases: [a], pattern: "[0-9]+"}`, tag.Set{"a": "x"}, eval.Violating, []string{"tag-pattern"}, tag.Diff{}},
		{"an empty alias gives no value", "A: {aliases: [old]}", tag.Set{"old": ""}, eval.Violating, []string{"tag-missing"}, tag.Diff{}},
		{"one violation beside one repair", "A: {}\nB: {default: x}", nil, eval.Violating, []string{"tag-missing", "tag-missing"}, tag.Diff{Set: tag.Set{"B": "x"}}},
		{"the 51st tag is a finding", "A: {default: x}", fifty, eval.Violating, []string{"tag-missing", "tag-limit"}, tag.Diff{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := judgeOne(t, onePolicy("tags:\n  "+strings.ReplaceAll(tt.rules, "\n", "\n  ")), instance(tt.tags))
			if v.Status != tt.status {
				t.Errorf("status %q, want %q (%v)", v.Status, tt.status, v.Reasons)
			}
			if diff := cmp.Diff(tt.codes, codes(v.Reasons)); diff != "" {
				t.Errorf("reason codes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.fix, v.Fix); diff != "" {
				t.Errorf("fix (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrderOfJudgement(t *testing.T) {
	rule := "tags: {Project: {}}\n"
	tests := []struct {
		name   string
		file   string
		tags   tag.Set
		status eval.Status
		codes  []string
	}{
		{"what does not match is out of scope", onePolicy("match: resource.state == 'stopped'\n" + rule), nil, eval.OutOfScope, nil},
		{"a match that cannot be told is unknown", onePolicy("match: resource.tags['X'] == 'y'\n" + rule), nil, eval.Unknown, []string{"match-unknown"}},
		{"without rules being in scope is the violation", onePolicy("match: resource.state == 'running'"), nil, eval.Violating, []string{"matched"}},
		{"exempt by tag", onePolicy("exempt: [{tag: Keep}]\n" + rule), tag.Set{"Keep": ""}, eval.Exempt, []string{"exempt-tag"}},
		{"exempt by tag and value", onePolicy("exempt: [{tag: Keep, value: yes-please}]\n" + rule), tag.Set{"Keep": "yes-please"}, eval.Exempt, []string{"exempt-tag"}},
		{"another value does not exempt", onePolicy("exempt: [{tag: Keep, value: yes-please}]\n" + rule), tag.Set{"Keep": "no"}, eval.Violating, []string{"tag-missing"}},
		{"exempt by condition", onePolicy("exempt: [{when: resource.vpc == 'vpc-1'}]\n" + rule), nil, eval.Exempt, []string{"exempt-when"}},
		{"an exemption that cannot be told counts", onePolicy("exempt: [{when: 'resource.tags[\"X\"] == \"y\"'}]\n" + rule), nil, eval.Exempt, []string{"exempt-unknown"}},
		{"exempt through the end of the day", onePolicy("exempt: [{until_tag: KeepUntil, at_most: 90d}]\n" + rule), tag.Set{"KeepUntil": "2026-06-01"}, eval.Exempt, []string{"exempt-until"}},
		{"an exemption that ended", onePolicy("exempt: [{until_tag: KeepUntil, at_most: 90d}]\n" + rule), tag.Set{"KeepUntil": "2026-05-31"}, eval.Violating, []string{"tag-missing", "exemption-ended"}},
		{"an exemption too far ahead", onePolicy("exempt: [{until_tag: KeepUntil, at_most: 90d}]\n" + rule), tag.Set{"KeepUntil": "2026-08-31"}, eval.Violating, []string{"tag-missing", "exemption-too-long"}},
		{"an exemption on the last day allowed", onePolicy("exempt: [{until_tag: KeepUntil, at_most: 90d}]\n" + rule), tag.Set{"KeepUntil": "2026-08-30"}, eval.Exempt, []string{"exempt-until"}},
		{"a malformed exemption", onePolicy("exempt: [{until_tag: KeepUntil, at_most: 90d}]\n" + rule), tag.Set{"KeepUntil": "next year"}, eval.Violating, []string{"tag-missing", "exemption-malformed"}},
		{"the settings' exemptions add up", "settings: {exempt: [{tag: Keep}]}\n" + onePolicy("exempt: [{tag: Other}]\n"+rule), tag.Set{"Keep": "1"}, eval.Exempt, []string{"exempt-tag"}},
		{"compliant is not disturbed by a malformed exemption", onePolicy("exempt: [{until_tag: KeepUntil, at_most: 90d}]\n" + rule), tag.Set{"KeepUntil": "x", "Project": "p"}, eval.Compliant, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := judgeOne(t, tt.file, instance(tt.tags))
			if v.Status != tt.status {
				t.Errorf("status %q, want %q (%v)", v.Status, tt.status, v.Reasons)
			}
			if diff := cmp.Diff(tt.codes, codes(v.Reasons)); diff != "" {
				t.Errorf("reason codes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExemptionNeverBlocksOwnershipStamping(t *testing.T) {
	file := "settings: {exempt: [{tag: SPECIAL_EXCEPTION}]}\n" +
		onePolicy("tags:\n  Stamp: {value: resource.id, overwrite: true}\n  Project: {default: p7}")
	v := judgeOne(t, file, instance(tag.Set{"SPECIAL_EXCEPTION": "1", "Stamp": "forged"}))
	if v.Status != eval.Exempt {
		t.Errorf("status %q, want exempt", v.Status)
	}
	if diff := cmp.Diff(tag.Diff{Set: tag.Set{"Stamp": "i-1"}}, v.Fix); diff != "" {
		t.Errorf("fix (-want +got):\n%s", diff)
	}
}

func TestEndedResourcesAreNotJudged(t *testing.T) {
	i := instance(nil)
	i.State = "terminated"
	if vs := eval.New(load(t, onePolicy("tags: {Project: {}}")), nil).Resource(nil, i, noon); len(vs) != 0 {
		t.Errorf("a terminated instance got %d verdicts", len(vs))
	}
}

func TestLazyFactsAreAskedForOnlyWhenTheyDecide(t *testing.T) {
	file := onePolicy(`match: resource.state == "stopped" || resource.vpc_tags["Name"] == "acme"`)
	i := instance(nil)
	v := judgeOne(t, file, i)
	if len(v.Needs) != 1 {
		t.Fatalf("needs %v, want the tags of the VPC", v.Needs)
	}
	i.VPCTags = resource.Known(map[string]string{"Name": "acme"})
	if v = judgeOne(t, file, i); v.Status != eval.Violating {
		t.Errorf("with the fact: %q, want violating", v.Status)
	}
	stopped := instance(nil)
	stopped.State = "stopped"
	if v = judgeOne(t, file, stopped); len(v.Needs) != 0 || v.Status != eval.Violating {
		t.Errorf("a stopped instance needs %v and is %q; the fact decides nothing", v.Needs, v.Status)
	}
}

func TestStepsAreDecided(t *testing.T) {
	v := judgeOne(t, "channels: {c: {file: {dir: out}}}\n"+onePolicy(`
tags: {Project: {}}
enforce:
  - notify: c
  - stop: {when: resource.running_for > days(11), after: 7d}
  - start: {when: 'resource.tags["X"] == "y"'}
  - terminate: {after: 'tag("Env") == "prod" ? days(30) : days(9)'}
`), instance(nil))
	type step struct {
		ID      string
		Applies bool
		Unknown bool
		After   time.Duration
	}
	var got []step
	for _, s := range v.Steps {
		got = append(got, step{s.Step.ID, s.Applies, s.Unknown != nil, s.After})
	}
	want := []step{{"notify", true, false, 0}, {"stop", false, false, 0}, {"start", false, true, 0}, {"terminate", true, false, 9 * 24 * time.Hour}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
