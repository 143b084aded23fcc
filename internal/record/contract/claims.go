package contract

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/record"
)

// lease is how long a claim lasts in these tests.
const lease = 15 * time.Minute

func (h *harness) claim(t *rapid.T) {
	s, m := h.scope(t)
	key, id, until := anARN(t), aRun(t), h.now.Add(pick(t, "until", 1, time.Minute, record.Window, 3*record.Window))
	got := get(h.ledger.Claim(h.ctx, s, key, id, h.now, until))(t)
	if want := m.claim(key, id, h.now, until); got != want {
		t.Fatalf("claiming %q for %q: %v, want %v", key, id, got, want)
	}
}

func (h *harness) conclude(t *rapid.T) {
	s, m := h.scope(t)
	key, id, done, until := anARN(t), aRun(t), rapid.Bool().Draw(t, "done"), h.now.Add(pick(t, "until", time.Minute, record.Window))
	err := h.ledger.Conclude(h.ctx, s, key, id, done, until)
	if c := m.claims[key]; err == nil && c.run != id && !h.now.Before(c.until.Add(record.Window)) {
		delete(m.claims, key) // it may have been forgotten
	}
	mine := m.conclude(key, id, done, until)
	if errors.Is(err, record.ErrLost) == mine || err != nil && mine {
		t.Fatalf("concluding %q for %q, whose it is still: %t: %v", key, id, mine, err)
	}
}

// claims checks the answer to a claim.
func claims(t *testing.T, l record.Ledger, key, run string, now time.Time, want record.Claimed) {
	t.Helper()
	if got := get(l.Claim(t.Context(), scope, key, run, now, now.Add(lease)))(t); got != want {
		t.Errorf("claiming %q for run %s at %v: %v, want %v", key, run, now, got, want)
	}
}

func claimOnce(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	claims(t, l, "event", "first", noon, record.Yours)
	claims(t, l, "event", "first", noon, record.Yours) // its own
	claims(t, l, "event", "second", noon.Add(lease-1).In(elsewhere), record.Taken)
	claims(t, l, "another", "second", noon, record.Yours)
	other := scope
	other.Name += "2"
	if got := get(l.Claim(ctx, other, "event", "second", noon, noon.Add(lease)))(t); got != record.Yours {
		t.Errorf("in another scope: %v", got)
	}
	remembered := noon.Add(2 * record.Window)
	for range 2 {
		must(t, l.Conclude(ctx, scope, "event", "first", true, remembered.In(elsewhere)))
	}
	must(t, l.Conclude(ctx, scope, "event", "first", false, remembered)) // what is done stays done
	for _, run := range []string{"first", "second"} {
		claims(t, l, "event", run, remembered.Add(-1), record.Concluded)
	}
	claims(t, l, "event", "third", remembered, record.Yours)
	for i, s := range hostile() {
		claims(t, l, "key "+s, "run "+s, noon, record.Yours)
		claims(t, l, "key "+s, fmt.Sprint(i), noon, record.Taken)
	}
}

func claimGivenUp(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, l.Conclude(ctx, scope, "never claimed", "first", false, noon))
	claims(t, l, "event", "first", noon, record.Yours)
	if err := l.Conclude(ctx, scope, "event", "second", false, noon); !errors.Is(err, record.ErrLost) {
		t.Errorf("giving up what another has: %v, want ErrLost", err)
	}
	claims(t, l, "event", "second", noon, record.Taken)
	must(t, l.Conclude(ctx, scope, "event", "first", false, noon))
	claims(t, l, "event", "second", noon, record.Yours)
}

func claimTakenOver(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	claims(t, l, "event", "dead", noon, record.Yours)
	claims(t, l, "event", "next", noon.Add(lease-1), record.Taken)
	claims(t, l, "event", "next", noon.Add(lease), record.Yours)
	for _, done := range []bool{true, false} {
		if err := l.Conclude(ctx, scope, "event", "dead", done, noon.Add(record.Window)); !errors.Is(err, record.ErrLost) {
			t.Errorf("concluding what was taken over: %v, want ErrLost", err)
		}
	}
	must(t, l.Conclude(ctx, scope, "event", "next", true, noon.Add(record.Window)))
	claims(t, l, "event", "dead", noon.Add(lease), record.Concluded)

	// Late, but before anybody else.
	claims(t, l, "slow", "first", noon, record.Yours)
	must(t, l.Conclude(ctx, scope, "slow", "first", true, noon.Add(record.Window)))
	claims(t, l, "slow", "next", noon.Add(2*lease), record.Concluded)
}

func claimRace(t *testing.T, l record.Ledger) {
	const workers, keys = 10, 5
	var mu sync.Mutex
	got := map[string]int{}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for k := range keys {
				key, run := fmt.Sprint("event ", (k+w)%keys), fmt.Sprint("run ", w)
				answer, err := l.Claim(t.Context(), scope, key, run, noon, noon.Add(lease))
				if err != nil {
					t.Errorf("claiming %s for %s: %v", key, run, err)
				}
				if answer != record.Yours {
					continue
				}
				mu.Lock()
				got[key]++
				mu.Unlock()
				if err := l.Conclude(t.Context(), scope, key, run, true, noon.Add(record.Window)); err != nil {
					t.Errorf("concluding %s for %s: %v", key, run, err)
				}
			}
		})
	}
	wg.Wait()
	for k := range keys {
		if n := got[fmt.Sprint("event ", k)]; n != 1 {
			t.Errorf("event %d was handed out %d times", k, n)
		}
	}
}

// worker handles deliveries of events, one at a time, with steps that others
// come between.
type worker struct {
	run    string
	at     string    // the event it is at, "" for none
	ends   time.Time // of its claim
	effect bool      // it has done it, and not said so yet
}

// claimDeliveries lets workers handle events that are delivered several times,
// in any order of their steps, with crashes anywhere. Nobody is given what a
// living claim holds or what was concluded, and so an effect is done twice only
// where who did it never came to say so.
func claimDeliveries(t *testing.T, l record.Ledger) {
	sequences := 0
	rapid.Check(t, func(rt *rapid.T) {
		sequences++
		s := record.Scope{Name: fmt.Sprint("deliveries ", sequences), Account: scope.Account}
		now, runs := noon, 0
		workers := make([]*worker, 3)
		begin := func(i int) {
			runs++
			workers[i] = &worker{run: fmt.Sprint("run ", runs)}
		}
		for i := range workers {
			begin(i)
		}
		concluded := map[string]time.Time{}
		which := func(t *rapid.T) int { return rapid.IntRange(0, len(workers)-1).Draw(t, "worker") }
		rt.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				now = now.Add(pick(t, "time passes", time.Second, lease-1, lease, record.Window))
			},
			"a delivery": func(t *rapid.T) {
				w := workers[which(t)]
				if w.at != "" {
					t.Skip("it is at another")
				}
				event := pick(t, "event", "a", "b")
				if get(l.Claim(t.Context(), s, event, w.run, now, now.Add(lease)))(t) != record.Yours {
					return
				}
				for _, other := range workers {
					if other.at == event && now.Before(other.ends) {
						t.Fatalf("%s is handed out to %s while %s is at it until %v", event, w.run, other.run, other.ends)
					}
				}
				if until, ok := concluded[event]; ok && now.Before(until) {
					t.Fatalf("%s is handed out to %s though it is done until %v", event, w.run, until)
				}
				w.at, w.ends = event, now.Add(lease)
			},
			"an effect": func(t *rapid.T) {
				if w := workers[which(t)]; w.at != "" {
					w.effect = true
				}
			},
			"a conclusion": func(t *rapid.T) {
				w := workers[which(t)]
				if w.at == "" {
					t.Skip("it is at nothing")
				}
				err := l.Conclude(t.Context(), s, w.at, w.run, w.effect, now.Add(record.Window))
				switch {
				case err == nil && w.effect:
					concluded[w.at] = now.Add(record.Window)
				case err != nil && (!errors.Is(err, record.ErrLost) || now.Before(w.ends)):
					t.Fatalf("concluding %s for %s, whose claim ends at %v: %v", w.at, w.run, w.ends, err)
				}
				w.at, w.effect = "", false
			},
			"a crash": func(t *rapid.T) {
				i := which(t)
				dead := workers[i]
				begin(i)
				if dead.at != "" && now.Before(dead.ends) {
					if got := get(l.Claim(t.Context(), s, dead.at, workers[i].run, now, now.Add(lease)))(t); got != record.Taken {
						t.Fatalf("what %s died at is %v before its claim ends", dead.run, got)
					}
				}
			},
		})
	})
}
