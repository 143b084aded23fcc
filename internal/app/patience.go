package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// pauses are how long it is waited, time after time, for what an event made to
// be found. "Eventual consistency in the Amazon EC2 API" advises to begin with a
// couple of seconds and to double it; after half a minute the event had better
// be delivered again.
var pauses = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}

// patience is what of the pauses is left for one event.
type patience struct {
	wait func(context.Context, time.Duration) bool
	left []time.Duration
}

func newPatience(wait func(context.Context, time.Duration) bool) *patience {
	return &patience{wait: wait, left: pauses}
}

// more waits until it is worth another look, and is false where it is not.
func (p *patience) more(ctx context.Context) bool {
	if p.wait == nil || len(p.left) == 0 {
		return false
	}
	d := p.left[0]
	p.left = p.left[1:]
	return p.wait(ctx, d)
}

// catchUp looks again for what could not be seen, while the rest is done
// already, as long as there is time for it. Each look is a run of its own, which
// is confirmed like the first. What was seen and could still not be tagged is
// left unseen.
func (a *App) catchUp(ctx context.Context, h *Handling, e Event, c *claims, report *Report) error {
	for n := 2; len(h.absent) > 0 && h.session.patience.more(ctx); n++ {
		h.session.build.Run = fmt.Sprintf("%s-%d", e.Run, n)
		look := &Handling{Policies: h.Policies, session: h.session}
		refs, err := a.found(ctx, look, c, h.absent)
		if err != nil {
			return err
		}
		if err := a.judgeEvent(ctx, look, refs); err != nil {
			return err
		}
		gone := func(r resource.Ref) bool { return among(h.absent, r) }
		h.Unseen = union(slices.DeleteFunc(h.Unseen, gone), look.Unseen)
		h.absent, h.again = look.absent, h.again || look.again
		if len(look.Plan.Examined) == 0 {
			continue
		}
		if err := a.also(ctx, h, look.Plan, e, report); err != nil {
			return err
		}
	}
	h.missed(notTagged(h.session, h.Plan)...)
	return nil
}

// found are the resources to look for again: those that could not be seen, and
// what came along with them, which nobody knew until they were.
func (a *App) found(ctx context.Context, look *Handling, c *claims, absent []resource.Ref) ([]resource.Ref, error) {
	s := look.session
	refs := slices.DeleteFunc(slices.Clone(absent), func(r resource.Ref) bool { return !s.names(r) })
	if s.creation == nil {
		return refs, nil
	}
	brought, err := a.brought(ctx, look, s.creation)
	if err != nil {
		return nil, err
	}
	known := len(s.targets)
	for _, ref := range brought {
		s.target(ref, false)
	}
	more := s.targets[known:]
	return slices.Concat(refs, more), c.resources(ctx, more)
}

// also does what a later look found to do, and adds it to what was done.
func (a *App) also(ctx context.Context, h *Handling, p *plan.Plan, e Event, report *Report) error {
	if e.Confirm != nil {
		if err := e.Confirm(&Handling{Policies: h.Policies, Plan: p, Unseen: h.Unseen, session: h.session}); err != nil {
			return err
		}
		h.session.io.forget()
	}
	more, err := a.apply(ctx, h.session, p, e.Now)
	if err != nil {
		return err
	}
	h.again = h.again || more.untold()
	h.Plan.Add(p)
	if err := h.Plan.Seal(); err != nil {
		return err
	}
	report.Deliveries = append(report.Deliveries, more.Deliveries...)
	report.Problems = append(report.Problems, more.Problems...)
	report.Interrupted = report.Interrupted || more.Interrupted
	return nil
}

// notTagged are the new resources that could not be tagged because they were
// not found.
func notTagged(s *session, p *plan.Plan) []resource.Ref {
	lost := map[string]resource.Ref{}
	for i := range p.Findings {
		f := &p.Findings[i]
		for j := range f.Actions {
			if a := &f.Actions[j]; a.State == plan.Failed && fault.Class(a.Code) == fault.NotFound && s.isNew(f.Resource.Ref) {
				lost[f.Resource.ARN] = f.Resource.Ref
			}
		}
	}
	var refs []resource.Ref
	for _, arn := range slices.Sorted(maps.Keys(lost)) {
		refs = append(refs, lost[arn])
	}
	return refs
}
