package app

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// Woken returns the names of the policies that an event wakes, in the order of
// the files, and where there is none why not.
func Woken(set *policy.Set, r *trigger.Request) (names []string, why string) {
	var made *creation.Creation
	if subject := r.Subject(); subject.Cause == trigger.Call {
		c, ignored := subject.Record.Creation()
		if ignored == nil {
			made = &c
		} else {
			why = ignored.Text
		}
	}
	if d := r.Subject().Done; d != nil && d.Name != "" && d.Name != set.Settings.Name {
		return nil, fmt.Sprintf("it is an outcome of %q, and this is %q", d.Name, set.Settings.Name)
	}
	for _, p := range set.Policies {
		if wakes(p, r, made) {
			names = append(names, p.Name)
		}
	}
	switch {
	case len(names) > 0:
		return names, ""
	case why == "":
		return nil, "no policy is woken by it"
	default:
		return nil, why
	}
}

// wakes says whether an event wakes a policy. made is what the call of the
// event created, nil for nothing.
func wakes(p *policy.Policy, r *trigger.Request, made *creation.Creation) bool {
	switch r.Cause {
	case trigger.Call:
		return p.Wakes.Created && made != nil && makes(p, made) ||
			r.Record.ErrorCode == "" && slices.Contains(p.Wakes.Calls, r.Record.Key.String()) && concerns(p, r.Record.Mentions())
	case trigger.State:
		return slices.Contains(p.Wakes.States, r.State) && concerns(p, r.Refs)
	case trigger.TagsChanged:
		return p.Wakes.TagsChanged && concerns(p, r.Refs)
	case trigger.Config:
		return p.Wakes.Config && (len(r.Refs) == 0 || concerns(p, r.Refs))
	case trigger.Outcome:
		return follows(p, r.Done) && concerns(p, r.Refs)
	default: // Schedule, Settled
		return called(p, r) && (r.Of == nil || wakes(p, r.Of, made))
	}
}

// called says whether a request is for a policy by its name, or by an earlier
// one: what settles may have waited while it was renamed. What has settled
// always has names.
func called(p *policy.Policy, r *trigger.Request) bool {
	named := func(name string) bool { return slices.Contains(r.Policies, name) }
	return named(p.Name) || slices.ContainsFunc(p.Was, named) || r.Cause == trigger.Schedule && len(r.Policies) == 0
}

// follows says whether a policy is woken by what another did. Nothing that a
// policy did wakes itself: it would go on for ever.
func follows(p *policy.Policy, d *trigger.Done) bool {
	return d.State == "done" && d.Policy != p.Name && slices.ContainsFunc(p.Wakes.Outcomes, func(o policy.OutcomeOf) bool {
		return o.Policy == d.Policy && o.Action.String() == d.Action
	})
}

// happened is what an event is to the expressions of the policies that it
// wakes, nil for one that tells of nothing but the time.
func happened(r *trigger.Request) *expr.Event {
	if r.Cause == trigger.Schedule || r.Name == "" && r.Time.IsZero() {
		return nil
	}
	return &expr.Event{Time: r.Time, Name: r.Name, Source: r.Source}
}

// makes says whether a creation made something that the policy is about, or
// that brings it along.
func makes(p *policy.Policy, c *creation.Creation) bool {
	for _, m := range c.Made {
		if p.Concerns(m.Ref.Type) {
			return true
		}
	}
	return slices.ContainsFunc(c.Brings, p.Concerns)
}

// concerns says whether one of the resources is of a type of the policy.
func concerns(p *policy.Policy, refs []resource.Ref) bool {
	return slices.ContainsFunc(refs, func(r resource.Ref) bool { return p.Concerns(r.Type) })
}
