package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// early is how much too early what settles may come: the clocks of a queue and
// of this machine differ.
const early = 5 * time.Second

// settles is when a policy judges an event that it lets settle for a time, zero
// for at once. The time counts from the event, however late that comes.
func settles(r *trigger.Request, settle time.Duration, now time.Time) time.Time {
	at := now.Add(settle)
	switch {
	case r.Cause == trigger.Settled && r.Due.Sub(now) > early:
		return r.Due
	case r.Cause == trigger.Settled:
		return time.Time{}
	case !r.Time.IsZero() && r.Time.Before(now):
		at = r.Time.Add(settle)
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
}

// keeps says whether something of an event waits, and somebody keeps it.
func (a *App) keeps(h *Handling) bool { return len(h.Later) > 0 && a.o.Later != nil }

// keep has an event judged again by the policies that wait: by those that wait
// equally long together, so that it is seen where they want opposite things.
func (a *App) keep(ctx context.Context, h *Handling, e Event) error {
	if !a.keeps(h) {
		return nil
	}
	type together struct {
		policies []string
		refs     []resource.Ref
	}
	groups := map[time.Time]*together{}
	var times []time.Time
	for _, l := range h.Later {
		g, ok := groups[l.At]
		if !ok {
			g = &together{refs: l.Refs}
			groups[l.At], times = g, append(times, l.At)
		}
		g.policies = append(g.policies, l.Policy)
	}
	slices.SortFunc(times, time.Time.Compare)
	for _, at := range times {
		g := groups[at]
		id, body, err := trigger.SettledInput(e.Request, at, g.policies, g.refs)
		if err == nil {
			err = a.o.Later.Keep(ctx, queue.Note{Key: id, At: at, Body: body}, e.Now)
		}
		if err != nil {
			return fmt.Errorf("keeping the event until late tags have had their time: %w", err)
		}
		a.o.Log.Info("to be judged later", "event", e.Request.ID, "at", at, "policies", g.policies)
	}
	return nil
}
