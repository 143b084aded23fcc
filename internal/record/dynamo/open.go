// Package dynamo is the ledger in a DynamoDB table, for tagwarden in AWS and
// for all who share a ledger with it. The logic is here; the calls are behind
// Table, which package aws implements.
//
// Everything that decides is read consistently and written on a condition, in
// one transaction. What one call writes is whole up to 100 items; of more, a
// part may be written when it fails, and to call again completes it: cases,
// parcels and entries stand for themselves, and that a stretch was read is
// written after what was found in it. Reservations are all or none always.
package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/pause"
	"github.com/tagwarden/tagwarden/internal/record"
)

// Ledger is a ledger in a table.
type Ledger struct {
	name  string
	table Table
	clock func() time.Time

	mu   sync.Mutex
	held map[record.Scope]*lock // the runs that it has begun and not ended
}

var _ record.Ledger = (*Ledger)(nil)

// New returns the ledger in a table. It makes no call. The clock is the
// system's: by it, and not by the time of a run, others see whether a run is
// still alive.
func New(name string, t Table, clock func() time.Time) *Ledger {
	return &Ledger{name: name, table: t, clock: clock, held: map[record.Scope]*lock{}}
}

// wrap says what was being done, and to which table.
func (l *Ledger) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Class == fault.NotFound {
		missing := *f
		missing.Message, missing.Code = "there is no table "+l.name, ""
		missing.Hint = `"tagwarden ledger init" makes it; or is it in another region or account?`
		err = &missing
	}
	return fmt.Errorf("%s in the ledger table %s: %w", doing, l.name, err)
}

const (
	// attempts to get by others who write the same items at the same time.
	attempts = 30
	// The wait before the next grows from one to the other, by chance.
	shortest = 5 * time.Millisecond
	longest  = time.Second
)

// again calls f until what it writes does not meet what others write.
func again(ctx context.Context, f func() error) error {
	for n := range attempts {
		err := f()
		if _, changed := errors.AsType[*ConditionError](err); !changed && !errors.Is(err, ErrConflict) {
			return err
		}
		if err := pause.For(ctx, rand.N(min(shortest<<min(n, 10), longest))); err != nil {
			return err
		}
	}
	return &fault.Error{Class: fault.Passing, Call: "dynamodb:TransactWriteItems", Err: errCrowded, Message: errCrowded.Error()}
}

// write makes one transaction whose conditions mean something to the caller,
// and repeats it only where another was under way.
func (l *Ledger) write(ctx context.Context, ws ...Write) error {
	var failed *ConditionError
	err := again(ctx, func() error {
		err := l.table.Write(ctx, ws)
		if errors.As(err, &failed) {
			return nil
		}
		return err
	})
	if failed != nil {
		return failed
	}
	return err
}

// put writes items: whole where they fit into one transaction.
func (l *Ledger) put(ctx context.Context, items []Item) error {
	size := 0
	for _, i := range items {
		size += i.size()
	}
	if len(items) == 0 {
		return ctx.Err()
	}
	if len(items) > MaxWrites || size > maxBytes {
		return l.table.Put(ctx, items)
	}
	ws := make([]Write, len(items))
	for n, i := range items {
		ws[n] = Write{Key: i.Key(), Set: i}
	}
	return l.write(ctx, ws...)
}

func (i Item) size() int {
	n := 0
	for name, v := range i {
		n += len(name)
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		default:
			n += 21 // the longest number
		}
	}
	return n
}

// get returns items by their keys, of which some may be there twice.
func (l *Ledger) get(ctx context.Context, keys []Key) (map[Key]Item, error) {
	out := make(map[Key]Item, len(keys))
	seen := make(map[Key]bool, len(keys))
	var once []Key
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			once = append(once, k)
		}
	}
	if len(once) == 0 {
		return out, ctx.Err()
	}
	items, err := l.table.Get(ctx, once)
	for _, i := range items {
		out[i.Key()] = i
	}
	return out, err
}

// Close lets go of the runs that were not ended. They count as ones whose
// process has died.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for scope, h := range l.held {
		errs = append(errs, h.drop())
		delete(l.held, scope)
	}
	return l.wrap("closing runs", errors.Join(errs...))
}
