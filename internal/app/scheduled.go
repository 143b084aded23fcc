package app

import (
	"context"
	"errors"
	"slices"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// Sweep does what a schedule asks for: it looks at everything that the policies
// which it is time for are about, and carries out what follows. The same event
// again does nothing, unless the run was ended before its time: what it left is
// done when the event is handled again. What failed is done by the next sweep.
// The error wraps ErrTaken where another run is at the same event, and
// record.ErrBusy where another sweep is under way.
func (a *App) Sweep(ctx context.Context, e Event) (h *Handling, report *Report, err error) {
	h = &Handling{}
	if h.Policies, h.Ignored = Swept(a.o.Set, e.Request); h.Ignored != "" {
		return h, nil, nil
	}
	r := Request{Run: e.Run, Now: e.Now, Only: Only(a.o.Set, h.Policies)}
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

// Swept returns the names of the policies that a schedule's event is for, and
// where there is none why not. A policy for events alone is swept where the
// schedule names it.
func Swept(set *policy.Set, r *trigger.Request) (names []string, why string) {
	if names, why = Woken(set, r); why != "" || len(r.Policies) > 0 {
		return names, why
	}
	names = slices.DeleteFunc(names, func(name string) bool { return set.Policy(name).NoSweep })
	if len(names) == 0 {
		return nil, "every policy is for events alone"
	}
	return names, ""
}

// Only is what a Request says that is for these policies alone: none where they
// are all there are. A plan for some leaves the cases of the others as they are,
// and those of policies that were removed.
func Only(set *policy.Set, names []string) []string {
	if slices.ContainsFunc(set.Policies, func(p *policy.Policy) bool { return !slices.Contains(names, p.Name) }) {
		return names
	}
	return nil
}
