package execute

import (
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// lateCall is a call about one resource that its service did not find yet.
type lateCall struct {
	call Call
	err  error
}

// notYet says that tagging failed for one resource because it is too new to be
// found. The Resource Groups Tagging API has the code of its own for a bad
// parameter for that too ("Errors" of TagResources: "the target ID is invalid,
// unsupported, or doesn't exist").
func (x *Runner) notYet(p *part, c Call, err error) bool {
	if len(c.IDs) != 1 || x.New == nil || c.Action != action.Tag {
		return false
	}
	switch fault.ClassOf(err) {
	case fault.NotFound, fault.Invalid:
	default:
		return false
	}
	for _, o := range p.tasks[c.IDs[0]] {
		if x.New(o.Finding.Resource.Ref) {
			return true
		}
	}
	return false
}

// catchUp makes the calls about what was not found yet again, all that there
// are each time, for as long as there is patience. What is still not found then
// has failed.
func (x *Runner) catchUp(ctx context.Context, p *part) {
	for len(p.late) > 0 && x.Patience != nil && x.Patience(ctx) {
		calls := p.late
		p.late = nil
		for _, c := range rejoin(calls) {
			x.send(ctx, p, c, &probe{})
		}
	}
	for _, l := range p.late {
		x.settle(p, l.call, func(a *plan.Action) { fail(a, l.err) })
	}
	p.late = nil
}

// rejoin makes of calls about one resource each those about many that they were
// before, so that trying again costs no more than trying.
func rejoin(late []lateCall) []Call {
	var calls []Call
	at := map[string]int{}
	for _, l := range late {
		key := signature(&l.call)
		i, ok := at[key]
		if !ok {
			l.call.IDs = slices.Clone(l.call.IDs) // it may be a part of a longer list
			at[key], calls = len(calls), append(calls, l.call)
			continue
		}
		calls[i].join(&l.call)
	}
	return calls
}
