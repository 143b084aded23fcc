package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// keeps reads what an entry holds of the time before; false where that does not
// say enough. Of isolations and revocations it names no resource.
func keeps(e record.Entry, was *execute.Was) bool {
	if len(e.Before) == 0 || json.Unmarshal(e.Before, was) != nil {
		return false
	}
	if e.Action != action.Isolate && e.Action != action.Revoke {
		return was.Resource.ARN == e.ARN
	}
	ref, ok := resource.FromARN(e.ARN)
	was.Resource = ref
	return ok && (len(was.SecurityGroups) > 0 || len(was.Rules) > 0)
}

// sameRules says whether a later entry took away or put back a rule that an
// entry took away.
func sameRules(e, later record.Entry) bool {
	var took, then execute.Was
	if !keeps(e, &took) || json.Unmarshal(later.Before, &then) != nil {
		return false
	}
	return slices.ContainsFunc(then.Rules, func(r resource.Rule) bool { return slices.ContainsFunc(took.Rules, r.SameTraffic) })
}

// fillRules reads the rules of security groups where the run took some away.
func (a *App) fillRules(ctx context.Context, u *undoing, at resource.Place, rs []resource.Resource) {
	var groups []resource.Resource
	for _, r := range rs {
		if r.Ref().Type == resource.EC2SecurityGroup && u.revoked(r.Ref().ARN) {
			groups = append(groups, r)
		}
	}
	if len(groups) > 0 {
		a.o.Source.Fill(ctx, at, need.SecurityGroupRules, groups)
	}
}

// revoked says whether the run took rules away from a resource.
func (u *undoing) revoked(arn string) bool {
	for k, deeds := range u.done {
		if k.ARN == arn && slices.ContainsFunc(deeds, func(d deed) bool { return d.Action == action.Revoke }) {
			return true
		}
	}
	return false
}

// readmit gives the network interfaces of an instance their former security
// groups, those that still have the one that the run gave them alone.
func (b *back) readmit(d deed) {
	i, ok := b.r.(*resource.Instance)
	if !ok {
		b.leave(action.Restore, plan.Skipped, reason.NotReversible, "it is no instance")
		return
	}
	for _, face := range slices.Sorted(maps.Keys(d.was.SecurityGroups)) {
		former := slices.Sorted(slices.Values(d.was.SecurityGroups[face]))
		n := slices.IndexFunc(i.Interfaces, func(n resource.Interface) bool { return n.ID == face })
		switch {
		case n < 0:
			b.leave(action.Restore, plan.Skipped, reason.NoLongerHolds, "it no longer has the network interface "+face)
		case slices.Equal(i.Interfaces[n].SecurityGroups, former):
			b.leave(action.Restore, plan.Skipped, reason.Already, "the network interface "+face+" has its former security groups")
		case !slices.Equal(i.Interfaces[n].SecurityGroups, []string{d.was.Given[face]}):
			b.leave(action.Restore, plan.Skipped, reason.ChangedSince, "the security groups of network interface "+face+" are no longer as the run left them")
		default:
			if b.former == nil {
				b.former = map[string][]string{}
			}
			b.former[face] = former
		}
	}
}

// reopen makes the rules anew that the run took away, except those that are
// there again and those whose number in a network ACL another rule has now.
func (b *back) reopen(d deed) {
	ruled, ok := b.r.(resource.Ruled)
	if !ok {
		b.leave(action.Restore, plan.Skipped, reason.NotReversible, "it has no rules")
		return
	}
	have, err := ruled.Rules()
	if err != nil {
		b.leave(action.Restore, plan.Held, reason.FactUnread, "its rules could not be read: "+err.Error())
		return
	}
	for _, r := range d.was.Rules {
		switch {
		case slices.ContainsFunc(have, r.SameTraffic):
			b.leave(action.Restore, plan.Skipped, reason.Already, "it has the rule again: "+r.String())
		case r.Number > 0 && slices.ContainsFunc(have, func(h resource.Rule) bool { return h.ID == r.ID }):
			b.leave(action.Restore, plan.Skipped, reason.ChangedSince, "another rule is "+r.ID+" now")
		case !slices.ContainsFunc(b.rules, r.SameTraffic):
			b.rules = append(b.rules, r)
		}
	}
}
