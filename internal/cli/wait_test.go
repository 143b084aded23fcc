package cli

import (
	"context"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/sim"
)

func TestACommandWaitsOnlyWhereItHasTheTime(t *testing.T) {
	start := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
	account := sim.New("111122223333", start)
	wait := patiently(openEmbedded(account))
	if !wait(t.Context(), 2*time.Second) || !account.Clock().Now().Equal(start.Add(2*time.Second)) {
		t.Errorf("with all the time in the world it is %s", account.Clock().Now())
	}
	soon, cancel := context.WithTimeout(t.Context(), spare)
	defer cancel()
	if wait(soon, time.Second) {
		t.Error("it waits into what is left for recording")
	}
	later, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if !wait(later, time.Second) {
		t.Error("it does not wait although there is an hour")
	}
	cancel()
	if wait(later, time.Second) {
		t.Error("it waits for a command that has ended")
	}
}
