package notify

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// bus is one that refuses events by what is in them.
type bus struct {
	calls [][]string
	taken []string
	// refuse says why an event is not taken, at each try anew.
	refuse func(try int, e Event) fault.Class
	// down fails this many calls as a whole.
	down int
}

func (b *bus) PutEvents(_ context.Context, name string, es []Event) ([]error, error) {
	var details []string
	bytes := 0
	for _, e := range es {
		details = append(details, e.Detail)
		bytes += e.size()
	}
	b.calls = append(b.calls, details)
	if name != "audit" || len(es) == 0 || len(es) > 10 || bytes > 256<<10 {
		return nil, &fault.Error{Class: fault.Invalid, Call: "events:PutEvents"}
	}
	if len(b.calls) <= b.down {
		return nil, &fault.Error{Class: fault.Throttled, Call: "events:PutEvents"}
	}
	failed := make([]error, len(es))
	for i, e := range es {
		c := fault.Class("")
		if b.refuse != nil {
			c = b.refuse(len(b.calls), e)
		}
		if c != "" {
			failed[i] = &fault.Error{Class: c, Call: "events:PutEvents"}
			continue
		}
		b.taken = append(b.taken, e.Detail)
	}
	return failed, nil
}

func numbered(n int) []Event {
	es := make([]Event, n)
	for i := range es {
		es[i] = Event{Source: "tagwarden", Kind: "tagwarden Outcome", Detail: fmt.Sprintf(`{"n":%d}`, i)}
	}
	return es
}

func announcer(b Bus) (*Notifier, *noWait) {
	w := &noWait{}
	return New(&policy.Set{}, Transports{Events: b}, w.sleep), w
}

func TestEventsGoTenToACallAndOnlyThoseThatFailedAgain(t *testing.T) {
	b := &bus{refuse: func(try int, e Event) fault.Class {
		switch {
		case e.Detail == `{"n":3}` && try <= 3:
			return fault.Throttled
		case e.Detail == `{"n":24}`:
			return fault.Denied
		}
		return ""
	}}
	n, w := announcer(b)
	errs := n.Announce(t.Context(), "audit", numbered(25))
	for i, err := range errs {
		if (i == 24) != (err != nil) {
			t.Errorf("event %d: %v", i, err)
		}
	}
	var sizes []int
	for _, c := range b.calls {
		sizes = append(sizes, len(c))
	}
	if diff := cmp.Diff([]int{10, 10, 5, 1}, sizes); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{time.Second}, w.asked); diff != "" {
		t.Errorf("waits (-want +got)\n%s", diff)
	}
}

func TestACallThatFailsIsTriedAFewTimes(t *testing.T) {
	for _, tt := range []struct{ down, calls, lost int }{{1, 2, 0}, {3, 4, 0}, {9, 4, 2}} {
		b := &bus{down: tt.down}
		n, _ := announcer(b)
		lost := 0
		for _, err := range n.Announce(t.Context(), "audit", numbered(2)) {
			if err != nil {
				lost++
			}
		}
		if len(b.calls) != tt.calls || lost != tt.lost {
			t.Errorf("down for %d: %d calls, %d lost", tt.down, len(b.calls), lost)
		}
	}
}

func TestWithoutABusOrTimeEveryEventHasAnError(t *testing.T) {
	n, _ := announcer(nil)
	for _, err := range n.Announce(t.Context(), "audit", numbered(12)) {
		if fault.ClassOf(err) != fault.Invalid {
			t.Errorf("without a bus: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &bus{}
	n, _ = announcer(b)
	for _, err := range n.Announce(ctx, "audit", numbered(12)) {
		if fault.ClassOf(err) != fault.Cancelled {
			t.Errorf("cancelled: %v", err)
		}
	}
	if len(b.calls) > 0 {
		t.Errorf("it called %v", b.calls)
	}
}

// However large the events and whatever fails: each is taken exactly once or
// has an error, and no call is larger than EventBridge takes.
func TestEveryEventIsTakenOnceOrHasAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		es := numbered(rapid.IntRange(0, 60).Draw(t, "events"))
		for i := range es {
			es[i].Detail += strings.Repeat(" ", rapid.SampledFrom([]int{0, 10, 30_000, 120_000, 300_000}).Draw(t, "size"))
		}
		classes := rapid.SampledFrom([]fault.Class{"", "", fault.Throttled, fault.Passing, fault.Denied})
		b := &bus{down: rapid.IntRange(0, 2).Draw(t, "down"), refuse: func(int, Event) fault.Class { return classes.Draw(t, "class") }}
		n, _ := announcer(b)
		errs := n.Announce(context.Background(), "audit", es)
		taken := map[string]int{}
		for _, d := range b.taken {
			taken[d]++
		}
		for i, err := range errs {
			if want := map[bool]int{true: 1, false: 0}[err == nil]; taken[es[i].Detail] != want {
				t.Fatalf("event %d: %v, taken %d times", i, err, taken[es[i].Detail])
			}
			if large := es[i].size() > 256<<10; large && fault.ClassOf(err) != fault.Invalid {
				t.Fatalf("event %d of %d bytes: %v", i, es[i].size(), err)
			}
		}
	})
}
