package notify

import (
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/fault"
)

// What one PutEvents takes ("PutEvents" in the API reference, and the limit of
// 256 KB that EventBridge had for years and emulators still have).
const (
	maxEvents     = 10
	maxEventBytes = 256 << 10
)

// Announce puts events on a bus, and returns for each, in order, nil or why it
// was not taken. Those that fail in a call that succeeds, and for a reason that
// passes, are tried again alone. One may be put there twice, where an answer
// was lost.
func (n *Notifier) Announce(ctx context.Context, bus string, es []Event) []error {
	errs := make([]error, len(es))
	rest := make([]int, len(es))
	for i := range rest {
		rest[i] = i
	}
	pause := firstWait
	for try := 1; ; try++ {
		rest = n.putAll(ctx, bus, es, rest, errs)
		if len(rest) == 0 || try == attempts || n.sleep(ctx, pause) != nil {
			return errs
		}
		pause *= 2
	}
}

// putAll tries the events at these places, notes how each went, and returns the
// places of those that are worth another try.
func (n *Notifier) putAll(ctx context.Context, bus string, es []Event, places []int, errs []error) (again []int) {
	for _, some := range parts(es, places) {
		n.put(ctx, bus, es, some, errs)
		for _, i := range some {
			if slices.Contains(againHook, fault.ClassOf(errs[i])) {
				again = append(again, i)
			}
		}
	}
	return again
}

// put makes one call.
func (n *Notifier) put(ctx context.Context, bus string, es []Event, places []int, errs []error) {
	batch := make([]Event, len(places))
	for j, i := range places {
		batch[j] = es[i]
	}
	failed, err := n.putEvents(ctx, bus, batch)
	for j, i := range places {
		errs[i] = err
		if err == nil && j < len(failed) {
			errs[i] = failed[j]
		}
	}
}

func (n *Notifier) putEvents(ctx context.Context, bus string, batch []Event) ([]error, error) {
	switch {
	case n.t.Events == nil:
		return nil, invalid("events:PutEvents", "there is no EventBridge to publish with")
	case ctx.Err() != nil:
		return nil, cancelled("events:PutEvents", ctx.Err())
	case len(batch) == 1 && batch[0].size() > maxEventBytes:
		return nil, invalid("events:PutEvents", "the event is too large")
	}
	return n.t.Events.PutEvents(ctx, bus, batch)
}

// parts divides events into calls.
func parts(es []Event, places []int) [][]int {
	var out [][]int
	bytes := 0
	for _, i := range places {
		size := es[i].size()
		last := len(out) - 1
		if last < 0 || len(out[last]) == maxEvents || bytes+size > maxEventBytes {
			out, bytes = append(out, nil), 0
			last++
		}
		out[last], bytes = append(out[last], i), bytes+size
	}
	return out
}
