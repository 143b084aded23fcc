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
	return deliver(ctx, n, "events:PutEvents", es, parts, func(batch []Event) ([]error, error) {
		switch {
		case n.t.Events == nil:
			return nil, invalid("events:PutEvents", "there is no EventBridge to publish with")
		case len(batch) == 1 && batch[0].size() > maxEventBytes:
			return nil, invalid("events:PutEvents", "the event is too large")
		}
		return n.t.Events.PutEvents(ctx, bus, batch)
	})
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

// maxCompliances is what one PutEvaluations takes ("PutEvaluations" in the AWS
// Config API reference).
const maxCompliances = 100

// Answer tells a rule of AWS Config of resources, and returns for each, in
// order, nil or why that was not taken. What fails for a reason that passes is
// told again: AWS Config keeps what it was told last.
func (n *Notifier) Answer(ctx context.Context, q Question, cs []Compliance) []error {
	hundreds := func(_ []Compliance, places []int) [][]int {
		return slices.Collect(slices.Chunk(places, maxCompliances))
	}
	return deliver(ctx, n, "config:PutEvaluations", cs, hundreds, func(batch []Compliance) ([]error, error) {
		if n.t.Audit == nil {
			return nil, invalid("config:PutEvaluations", "there is no AWS Config to answer")
		}
		return n.t.Audit.PutEvaluations(ctx, q, batch)
	})
}

// deliver sends many things by calls that each take some of them and of which
// some may fail alone. parts says which places go together. What fails for a
// reason that passes is tried again, as often as a message.
func deliver[T any](ctx context.Context, n *Notifier, call string, all []T, parts func([]T, []int) [][]int, send func([]T) ([]error, error)) []error {
	errs := make([]error, len(all))
	rest := make([]int, len(all))
	for i := range rest {
		rest[i] = i
	}
	pause := firstWait
	for try := 1; ; try++ {
		for _, places := range parts(all, rest) {
			batch := make([]T, len(places))
			for j, i := range places {
				batch[j] = all[i]
			}
			failed, err := unlessEnded(ctx, call, func() ([]error, error) { return send(batch) })
			for j, i := range places {
				errs[i] = err
				if err == nil && j < len(failed) {
					errs[i] = failed[j]
				}
			}
		}
		rest = slices.DeleteFunc(rest, func(i int) bool { return !slices.Contains(againHook, fault.ClassOf(errs[i])) })
		if len(rest) == 0 || try == attempts || n.sleep(ctx, pause) != nil {
			return errs
		}
		pause *= 2
	}
}

// unlessEnded makes a call, and none where the run was ended.
func unlessEnded(ctx context.Context, call string, send func() ([]error, error)) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, cancelled(call, err)
	}
	return send()
}
