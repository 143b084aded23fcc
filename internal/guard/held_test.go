package guard_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
)

func TestWhatWasHeldAndWhatIsHeldNowIsOneHold(t *testing.T) {
	p := planOf(t, 1000, repeat(action.Stop, 3)...)
	// Two were released when the plan was saved; the release has expired since.
	a := &p.Findings[1].Actions[0]
	a.State, a.Code, a.Reason = plan.Held, reason.OverLimit, "3 to stop"
	stops := plan.Subject{Policy: "p", Action: action.Stop}
	_, holds, err := guard.Check(p, guard.Input{Set: set(), Account: "1", Now: now, Used: map[plan.Subject]int{stops: 49}})
	if err != nil {
		t.Fatal(err)
	}
	want := []guard.Hold{{Subject: stops, ARNs: []string{"arn:0", "arn:1", "arn:2"},
		Reason: "2 to stop with 49 in the last 24 hours, where the limit is 50 in 24 hours"}}
	if diff := cmp.Diff(want, holds); diff != "" {
		t.Errorf("holds (-want +got):\n%s", diff)
	}
}
