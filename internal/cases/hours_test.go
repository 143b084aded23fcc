package cases_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// atEdge is a verdict whose step waits for an edge that was two hours ago and
// is again in ten, on a resource that was started so long ago.
func atEdge(s policy.Step, state string, passed bool, started time.Duration) *eval.Verdict {
	stop := policy.Step{ID: "stop", Action: action.Stop, At: policy.Close}
	v := verdict(stop, s)
	v.Resource = &resource.Instance{State: state, LaunchedAt: ago(started)}
	v.Steps = v.Steps[1:]
	v.Steps[0].Edge = &eval.Edge{Passed: passed, Last: ago(2 * time.Hour), Next: now.Add(10 * time.Hour), Started: ago(started)}
	return v
}

func TestAStepIsDueOnceBehindEachEdge(t *testing.T) {
	const running, stopped = "running", "stopped"
	h := func(n int) time.Duration { return time.Duration(n) * time.Hour }
	stop := policy.Step{ID: "stop", Action: action.Stop, At: policy.Close}
	start := policy.Step{ID: "start", Action: action.Start, At: policy.Open}
	ours := policy.Step{ID: "start", Action: action.Start, At: policy.Open, Ours: true}
	did := func(id string, d time.Duration) map[string]cases.Outcome {
		return map[string]cases.Outcome{id: {At: ago(d), Done: true}}
	}
	nothing := map[string]cases.Outcome{"stop": {At: ago(h(12)), Already: ago(h(12)), Done: true}}
	again := map[string]cases.Outcome{"stop": {At: ago(h(12)), Already: ago(h(5)), Done: true}}
	tests := []struct {
		name    string
		step    policy.Step
		state   string
		passed  bool
		started time.Duration
		steps   map[string]cases.Outcome
		want    bool
	}{
		{"a stop behind the edge", stop, running, true, h(24), nil, true},
		{"a stop while the hours last", stop, running, false, h(24), nil, false},
		{"a stop of what was started behind the edge", stop, running, true, h(1), nil, false},
		{"a stop of what was started at the edge", stop, running, true, h(2), nil, false},
		{"a stop that was done at an earlier edge", stop, running, true, h(24), did("stop", h(26)), true},
		{"a stop that was done at this edge", stop, running, true, h(24), did("stop", h(1)), false},
		{"a stop that had nothing to do at this edge", stop, running, true, h(24), map[string]cases.Outcome{"stop": {At: ago(h(26)), Already: ago(h(1)), Done: true}}, false},
		{"a stop that failed", stop, running, true, h(24), map[string]cases.Outcome{"stop": {At: ago(h(1))}}, true},
		{"a start of what anybody stopped", start, stopped, true, h(24), nil, true},
		{"a start of what was stopped behind the edge", start, stopped, true, h(24), did("start", h(1)), false},
		{"a start of ours", ours, stopped, true, h(24), did("stop", h(12)), true},
		{"a start of ours, seen stopped since", ours, stopped, true, h(24), again, true},
		{"a start of what we found stopped", ours, stopped, true, h(24), nothing, false},
		{"a start of what nobody knows who stopped", ours, stopped, true, h(24), nil, false},
		{"a start of what was started since our stop", ours, stopped, true, h(5), did("stop", h(12)), false},
		{"a start of what we stopped behind the edge", ours, stopped, true, h(24), did("stop", h(1)), false},
		{"a start of what we started since", ours, stopped, true, h(24),
			map[string]cases.Outcome{"stop": {At: ago(h(12)), Done: true}, "start": {At: ago(h(11)), Done: true}}, false},
		{"a start of what ran when we came to start it", ours, stopped, true, h(24),
			map[string]cases.Outcome{"stop": {At: ago(h(12)), Done: true}, "start": {At: ago(h(36)), Already: ago(h(11)), Done: true}}, false},
		{"a start before the edge", ours, stopped, false, h(24), did("stop", h(1)), false},
	}
	for _, tt := range tests {
		c := seen(3*day, -1)
		c.Steps = tt.steps
		got := cases.Schedule(atEdge(tt.step, tt.state, tt.passed, tt.started), c, now)[0]
		at := now.Add(h(10))
		if tt.want {
			at = now
		}
		if got.Due != tt.want || !got.At.Equal(at) || got.Held {
			t.Errorf("%s: got due %v at %v", tt.name, got.Due, got.At)
		}
		if !got.Due && (got.Clock || got.Why.Code != reason.AwaitingHours || got.Why.Text == "") {
			t.Errorf("%s: it waits for %+v, with a clock %v", tt.name, got.Why, got.Clock)
		}
	}
}

func TestHoursWithoutEdgesNeverAct(t *testing.T) {
	v := atEdge(policy.Step{ID: "stop", Action: action.Stop, At: policy.Close}, "running", true, day)
	v.Steps[0].Edge.Last, v.Steps[0].Edge.Next = time.Time{}, time.Time{}
	if got := cases.Schedule(v, nil, now)[0]; got.Due || !got.At.IsZero() {
		t.Errorf("got due %v at %v", got.Due, got.At)
	}
}

func TestOnlyResultsAreTellingWhereStepsWaitForHours(t *testing.T) {
	p := &policy.Policy{Name: "p", Mode: policy.Enforce, Hours: &policy.Hours{}, Steps: []policy.Step{
		{ID: "notify", Action: action.Notify}, {ID: "stop", Action: action.Stop, At: policy.Close}}}
	v := &eval.Verdict{Policy: p, Status: eval.Violating, Resource: &resource.Instance{State: "running"},
		Steps: []eval.StepVerdict{{Step: &p.Steps[0], Applies: true, Channel: "c"}}}
	if got := cases.News(&v.Steps[0], v, nil, nil, now); len(got) != 0 {
		t.Errorf("news: %+v", got)
	}
	// A step that does not wait for hours is a threat, and people are told of it.
	p.Steps = append(p.Steps, policy.Step{ID: "terminate", Action: action.Terminate})
	want := []cases.Item{{Kind: "violation", Key: "notify|violation"}}
	if diff := cmp.Diff(want, cases.News(&v.Steps[0], v, nil, nil, now)); diff != "" {
		t.Errorf("news (-want +got)\n%s", diff)
	}
}
