package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/record"
)

// turns are whose results a run tells: runs for events tell theirs at the same
// time, and none must tell what another is telling.
func (r *run) turns() *claims {
	c := &claims{ledger: r.app.o.Ledger, scope: r.session.scope, run: r.plan.Run, now: r.now}
	if r.app.o.Clock != nil {
		if now := r.app.o.Clock(); now.After(c.now) {
			c.now = now // a sweep may have begun long ago
		}
	}
	c.until = c.now.Add(lease)
	return c
}

// telling takes the results of a run to tell, and is false where another run is
// at it.
func (c *claims) telling(ctx context.Context, run string) (bool, error) {
	key := "telling/" + run
	answer, err := c.ledger.Claim(ctx, c.scope, key, c.run, c.now, c.until)
	if err != nil {
		return false, fmt.Errorf("claiming the results of run %s: %w", run, err)
	}
	if answer == record.Yours && !slices.Contains(c.held, key) {
		c.held = append(c.held, key)
	}
	return answer == record.Yours, nil
}

// mostLeft is of how many earlier runs one tells the results, the oldest first:
// after a channel was down for long, an event's run has no time for all.
const mostLeft = 50

// left are the results of earlier runs that nobody tells at the moment.
func (c *claims) left(ctx context.Context) ([]record.Parcel, error) {
	ps, err := c.ledger.Parcels(ctx, c.scope)
	if err != nil || len(ps) == 0 {
		return nil, err
	}
	asked, ours := map[string]bool{}, map[string]bool{}
	for _, p := range ps {
		if asked[p.Run] || len(asked) == mostLeft {
			continue
		}
		asked[p.Run] = true
		if ours[p.Run], err = c.telling(ctx, p.Run); err != nil {
			return nil, err
		}
	}
	// What was told before it could be claimed is gone by now.
	if ps, err = c.ledger.Parcels(ctx, c.scope); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ps, func(p record.Parcel) bool { return !ours[p.Run] }), nil
}
