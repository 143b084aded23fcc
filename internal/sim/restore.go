package sim

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// restorations are the operations that make rules anew, by those that take them
// away.
var restorations = map[string]string{revokeIngress: authorizeIngress, revokeEgress: authorizeEgress, deleteACLEntry: createACLEntry}

// restore gives instances their former security groups back, and security
// groups and network ACLs their rules.
func (a *Account) restore(ctx context.Context, c execute.Call) (execute.Answer, error) {
	out := newResults()
	for _, id := range c.IDs {
		do := a.readmit
		if c.Type != resource.EC2Instance {
			do = a.reopen
		}
		request, err := do(ctx, c, id)
		out.note(id, request, nil, err)
	}
	return out.answer, nil
}

// readmit gives the interfaces of one instance their former groups.
func (a *Account) readmit(ctx context.Context, c execute.Call, id string) (request string, err error) {
	reg := a.regions[c.At.Region]
	r := reg.byID[id]
	if r == nil {
		return "", (&call{op: modifyInterface, region: c.At.Region}).refused(noInstance, id)
	}
	former := c.Former[id]
	for _, face := range slices.Sorted(maps.Keys(former)) {
		i := slices.IndexFunc(r.inst.Interfaces, func(n resource.Interface) bool { return n.ID == face })
		if i < 0 {
			return request, (&call{op: modifyInterface, region: c.At.Region}).refused(noFace, face)
		}
		if len(former[face]) == 0 {
			return request, &fault.Error{Class: fault.Invalid, Call: modifyInterface, Region: c.At.Region, Message: face + ": no security group is named"}
		}
		// The group that is looked at is one that is gone, if any is.
		group := former[face][0]
		for _, g := range former[face] {
			if _, ok := reg.thingByID[g]; !ok {
				group = g
			}
		}
		request, err = a.step(ctx, modifyInterface, c, id, func(made *call) { made.face, made.group = r.inst.Interfaces[i], group }, func() {
			a.regroup(r, face, former[face]...)
		})
		if err != nil {
			return request, fmt.Errorf("giving network interface %s its security groups back: %w", face, err)
		}
	}
	return request, nil
}

// reopen makes rules of one security group or network ACL anew. Those of a
// security group that are there again are left.
func (a *Account) reopen(ctx context.Context, c execute.Call, id string) (request string, err error) {
	for _, part := range revocations(c.Type, c.Rules[id]) {
		made, err := a.remake(ctx, c, id, part)
		if c.Type == resource.EC2SecurityGroup && fault.ClassOf(err) == fault.WrongState {
			made, err = a.remakeEach(ctx, c, id, part)
		}
		if err != nil {
			return request, err
		}
		request = cmp.Or(made, request)
	}
	return request, nil
}

// remakeEach makes rules one by one and passes over those that are there.
func (a *Account) remakeEach(ctx context.Context, c execute.Call, id string, part revocation) (request string, err error) {
	for _, r := range part.rules {
		made, err := a.remake(ctx, c, id, revocation{part.op, []resource.Rule{r}})
		if err != nil && fault.ClassOf(err) != fault.WrongState {
			return request, err
		}
		request = cmp.Or(made, request)
	}
	return request, nil
}

// remake makes rules anew in one call.
func (a *Account) remake(ctx context.Context, c execute.Call, id string, part revocation) (string, error) {
	return a.step(ctx, restorations[part.op], c, id, func(made *call) { made.rules = part.rules }, func() {
		x := a.regions[c.At.Region].thingByID[id]
		rules := slices.Clone(x.rules())
		for _, r := range part.rules {
			if r.ID = resource.ACLRuleID(r.Direction, r.Number); c.Type == resource.EC2SecurityGroup {
				r.ID = a.newID("sgr")
			}
			rules = append(rules, r)
		}
		if c.Type == resource.EC2NetworkACL {
			slices.SortFunc(rules, func(x, y resource.Rule) int { return x.Number - y.Number })
		}
		x.setRules(rules)
	})
}
