package plan_test

import (
	"testing"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// TestOnlyWhatWaitsForNothingWillBeHeld tells what holds an action from what
// it waits for.
func TestOnlyWhatWaitsForNothingWillBeHeld(t *testing.T) {
	for _, tt := range []struct {
		state plan.State
		code  string
		want  bool
	}{
		{plan.Waiting, reason.Managed, true},
		{plan.Waiting, reason.InstanceStore, true},
		{plan.Waiting, "", false},
		{plan.Waiting, reason.AwaitingNotice, false},
		{plan.Waiting, reason.AwaitingStep, false},
		{plan.Waiting, reason.EarlierStepFailed, false},
		{plan.Waiting, reason.AwaitingHours, false},
		{plan.Held, reason.Managed, false},
		{plan.Planned, "", false},
	} {
		a := plan.Action{State: tt.state, Code: tt.code}
		if got := a.WillBeHeld(); got != tt.want {
			t.Errorf("%s %q: got %t", tt.state, tt.code, got)
		}
	}
}
