package eval_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const hourly = `
hours: {default: "Mon-Fri 08:00-19:00", zone: Europe/Berlin, tag: Schedule}
enforce: [{stop: {at: close}}, {start: {at: open}}]
`

// noon is on a Monday, at 14:00 in Berlin.
func TestAStepSeesWhereTheHoursOfItsResourceStand(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 5, 31+day, hour, 0, 0, 0, time.UTC) }
	started := noon.Add(-10 * 24 * time.Hour)
	tests := []struct {
		tags        tag.Set
		close, open eval.Edge
	}{
		{nil, eval.Edge{Last: at(-2, 17), Next: at(1, 17), Started: started}, eval.Edge{Passed: true, Last: at(1, 6), Next: at(2, 6), Started: started}},
		{tag.Set{"Schedule": ""}, eval.Edge{Last: at(-2, 17), Next: at(1, 17), Started: started}, eval.Edge{Passed: true, Last: at(1, 6), Next: at(2, 6), Started: started}},
		{tag.Set{"Schedule": "Mon 09:00-14:00"}, eval.Edge{Passed: true, Last: at(1, 12), Next: at(8, 12), Started: started}, eval.Edge{Last: at(1, 7), Next: at(8, 7), Started: started}},
		{tag.Set{"Schedule": "always"}, eval.Edge{Started: started}, eval.Edge{Passed: true, Last: at(0, 22), Next: at(1, 22), Started: started}},
	}
	for _, tt := range tests {
		v := judgeOne(t, onePolicy(hourly), instance(tt.tags))
		if len(v.Steps) != 2 || v.Status != eval.Violating {
			t.Fatalf("%v: %s with %d steps", tt.tags, v.Status, len(v.Steps))
		}
		same := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
		if diff := cmp.Diff([]eval.Edge{tt.close, tt.open}, []eval.Edge{*v.Steps[0].Edge, *v.Steps[1].Edge}, same); diff != "" {
			t.Errorf("%v (-want +got)\n%s", tt.tags, diff)
		}
	}
}

func TestATagThatIsNoHoursLeavesTheResourceAlone(t *testing.T) {
	v := judgeOne(t, onePolicy(hourly), instance(tag.Set{"Schedule": "9 to 5"}))
	if v.Status != eval.Unknown || len(v.Steps) != 0 || len(v.Reasons) != 1 || v.Reasons[0].Code != reason.HoursUnknown || v.Reasons[0].Tag != "Schedule" {
		t.Errorf("got %s, %+v, %+v", v.Status, v.Reasons, v.Steps)
	}
	// The rules of a policy that has some still hold.
	v = judgeOne(t, onePolicy(hourly+"tags: {Project: {}}\n"), instance(tag.Set{"Schedule": "9 to 5"}))
	if v.Status != eval.Violating || v.Reasons[0].Code != reason.TagMissing {
		t.Fatalf("got %s, %+v", v.Status, v.Reasons)
	}
	for _, s := range v.Steps {
		if s.Applies || s.Unknown == nil || s.Unknown.Code != reason.HoursUnknown {
			t.Errorf("the step %s: %+v", s.Step.ID, s)
		}
	}
}
