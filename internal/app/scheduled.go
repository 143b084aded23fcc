package app

import (
	"context"
	"errors"
	"slices"
)

// Sweep does what a schedule asks for: it looks at everything that the policies
// which it is time for are about, and carries out what follows. The same event
// again does nothing, unless the run was ended before its time: what it left is
// done when the event is handled again. What failed is done by the next sweep.
// The error wraps ErrTaken where another run is at the same event, and
// record.ErrBusy where another sweep is under way.
func (a *App) Sweep(ctx context.Context, e Event) (h *Handling, report *Report, err error) {
	h = &Handling{}
	h.Policies, h.Ignored = Woken(a.o.Set, e.Request)
	if h.Ignored != "" {
		return h, nil, nil
	}
	r := Request{Run: e.Run, Now: e.Now, Only: a.swept(h, e)}
	if len(h.Policies) == 0 {
		h.Ignored = "every policy is for events alone"
		return h, nil, nil
	}
	s, err := a.session(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	if h.Ignored, err = a.foreign(ctx, s, e); h.Ignored != "" || err != nil {
		return h, nil, err
	}
	claims := a.claims(s, e)
	defer func() {
		done := err == nil && !(report != nil && report.Interrupted)
		err = errors.Join(err, claims.end(context.WithoutCancel(ctx), done))
	}()
	switch known, err := claims.event(ctx, e); {
	case err != nil:
		return nil, nil, err
	case known:
		h.Policies, h.Ignored = nil, handledBefore
		return h, nil, nil
	}
	if h.Plan, err = a.Plan(ctx, r); err != nil {
		return nil, nil, err
	}
	report, err = a.Apply(ctx, h.Plan, e.Now)
	return h, report, err
}

// swept are the policies that a sweep is for alone, none for all there are: a
// plan for some leaves the cases of the others as they are. A policy for events
// alone is swept where the schedule names it.
func (a *App) swept(h *Handling, e Event) []string {
	if len(e.Request.Policies) == 0 {
		h.Policies = slices.DeleteFunc(h.Policies, func(name string) bool { return a.o.Set.Policy(name).NoSweep })
	}
	if len(h.Policies) == len(a.o.Set.Policies) {
		return nil
	}
	return h.Policies
}
