package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/queue/contract"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestTheContractHoldsOfATimer(t *testing.T) {
	contract.Run(t, func(*testing.T) contract.Backend {
		var timer queue.Timer
		return contract.Backend{Keeper: &timer, Now: noon, Longest: 365 * 24 * time.Hour, Delivered: func(_ *testing.T, until time.Time) []string {
			var bodies []string
			due, _ := timer.Take(until)
			for _, n := range due {
				bodies = append(bodies, string(n.Body))
			}
			return bodies
		}}
	})
}

func TestATimerSaysWhenToLookAgain(t *testing.T) {
	var timer queue.Timer
	if _, next := timer.Take(noon); !next.IsZero() {
		t.Errorf("with nothing in it: at %v", next)
	}
	for i, d := range []time.Duration{3, 1, 2} {
		keep(t, &timer, fmt.Sprint(i), noon.Add(d*time.Minute))
	}
	select {
	case <-timer.Changed():
	default:
		t.Error("it does not say that something was kept")
	}
	due, next := timer.Take(noon.Add(time.Minute))
	if len(due) != 1 || !next.Equal(noon.Add(2*time.Minute)) || timer.Len() != 2 {
		t.Errorf("%d due, the next at %v, %d wait", len(due), next, timer.Len())
	}
	keep(t, &timer, "0", noon.Add(4*time.Minute)) // later than it is kept for already
	keep(t, &timer, "2", noon.Add(time.Minute))   // earlier
	if due, next = timer.Take(noon.Add(time.Minute)); len(due) != 1 || due[0].Key != "2" || !next.Equal(noon.Add(3*time.Minute)) {
		t.Errorf("due %+v, the next at %v", due, next)
	}
}

func TestATimerTakesNoMoreThanItCanHold(t *testing.T) {
	var timer queue.Timer
	for i := range queue.MaxTimed {
		keep(t, &timer, fmt.Sprint(i), noon)
	}
	if err := timer.Keep(t.Context(), queue.Note{Key: "more", At: noon}, noon); !errors.Is(err, queue.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	keep(t, &timer, "0", noon.Add(-1)) // it has that already
}

func keep(t *testing.T, k queue.Keeper, key string, at time.Time) {
	t.Helper()
	if err := k.Keep(t.Context(), queue.Note{Key: key, At: at}, noon); err != nil {
		t.Fatal(err)
	}
}

// names keeps the keys of notes.
type names []string

func (n *names) Keep(_ context.Context, note queue.Note, _ time.Time) error {
	*n = append(*n, note.Key)
	return nil
}

func TestWhatIsDueSoonIsKeptElsewhereThanTheRest(t *testing.T) {
	var soon, late names
	s := queue.Split{Soon: &soon, Late: &late, Within: 15 * time.Minute}
	for key, d := range map[string]time.Duration{"past": -time.Hour, "edge": 15 * time.Minute, "over": 15*time.Minute + 1} {
		keep(t, s, key, noon.Add(d))
	}
	if diff := cmp.Diff(names{"over"}, late); diff != "" || len(soon) != 2 {
		t.Errorf("soon %v; late (-want +got)\n%s", soon, diff)
	}
}
