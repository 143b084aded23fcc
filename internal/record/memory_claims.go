package record

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// claim is what a run has taken for itself, or has done.
type claim struct {
	run   string
	done  bool
	until time.Time
}

// Claim implements Ledger. What has ended for long is forgotten.
func (m *Memory) Claim(ctx context.Context, s Scope, key, run string, now, until time.Time) (answer Claimed, err error) {
	err = m.in(ctx, s, func(mem *memory) error {
		maps.DeleteFunc(mem.claims, func(_ string, c claim) bool { return !now.Before(c.until.Add(Window)) })
		c, held := mem.claims[key]
		answer = Answer(held && now.Before(c.until), c.run, c.done, run)
		if answer == Yours {
			mem.claims[key] = claim{run: run, until: until}
		}
		return nil
	})
	return answer, err
}

// Conclude implements Ledger.
func (m *Memory) Conclude(ctx context.Context, s Scope, key, run string, done bool, until time.Time) error {
	return m.in(ctx, s, func(mem *memory) error {
		c, held := mem.claims[key]
		switch {
		case held && c.run != run:
			return fmt.Errorf("concluding what run %s had claimed: %w", run, ErrLost)
		case done:
			mem.claims[key] = claim{run: run, done: true, until: until}
		case !c.done:
			delete(mem.claims, key)
		}
		return nil
	})
}
