package sim

import (
	"context"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// revoke takes rules out of security groups and network ACLs: in one call for
// a group's rules of one direction, and one for each entry of an ACL.
func (a *Account) revoke(ctx context.Context, c execute.Call) (execute.Answer, error) {
	out := newResults()
	for _, id := range c.IDs {
		var gone []resource.Rule
		var request string
		var err error
		for _, part := range revocations(c.Type, c.Rules[id]) {
			request, err = a.step(ctx, part.op, c, id, func(c *call) { c.rules = part.rules }, func() {
				a.unrule(c.At.Region, id, part.rules)
				gone = append(gone, part.rules...)
			})
			if err != nil {
				break
			}
		}
		var was any
		if len(gone) > 0 {
			was = map[string]any{"rules": gone}
		}
		out.note(id, request, was, err)
	}
	return out.answer, nil
}

// revocation is one call that takes rules away.
type revocation struct {
	op    string
	rules []resource.Rule
}

func revocations(t resource.Type, rules []resource.Rule) []revocation {
	var out []revocation
	if t == resource.EC2NetworkACL {
		for _, r := range rules {
			out = append(out, revocation{deleteACLEntry, []resource.Rule{r}})
		}
		return out
	}
	for _, way := range []revocation{{op: revokeIngress}, {op: revokeEgress}} {
		for _, r := range rules {
			if (r.Direction == resource.Egress) == (way.op == revokeEgress) {
				way.rules = append(way.rules, r)
			}
		}
		if len(way.rules) > 0 {
			out = append(out, way)
		}
	}
	return out
}

// unrule takes rules out of a thing.
func (a *Account) unrule(region, id string, rules []resource.Rule) {
	x := a.regions[region].thingByID[id]
	taken := func(r resource.Rule) bool {
		return slices.ContainsFunc(rules, func(o resource.Rule) bool { return o.ID == r.ID })
	}
	x.setRules(slices.DeleteFunc(slices.Clone(x.rules()), taken))
}

// rules are those of a security group or network ACL.
func (t *thing) rules() []resource.Rule {
	if l, ok := t.res.(*resource.NetworkACL); ok {
		return l.Entries
	}
	return t.groupRules
}

func (t *thing) setRules(rules []resource.Rule) {
	if l, ok := t.res.(*resource.NetworkACL); ok {
		l.Entries = rules
		return
	}
	t.groupRules = rules
}

// keepRules takes the rules out of a security group that is added: a listing
// does not tell them. Those without an id get one, as EC2 gives it.
func (a *Account) keepRules(x *thing) {
	g, ok := x.res.(*resource.SecurityGroup)
	if !ok {
		return
	}
	rules, err := g.Rules()
	if err != nil { // nothing was said of them, and so it has what every one begins with
		rules = []resource.Rule{{ID: "sgr-" + strings.TrimPrefix(g.Reference.ID, "sg-"), Direction: resource.Egress, Protocol: "all",
			FromPort: resource.FirstPort, ToPort: resource.LastPort, CIDR: "0.0.0.0/0"}}
	}
	x.groupRules = slices.Clone(rules)
	for i := range x.groupRules {
		x.groupRules[i].Allow = true
		for x.groupRules[i].ID == "" {
			x.groupRules[i].ID = a.newID("sgr")
		}
	}
	g.RuleList = resource.Lazy[[]resource.Rule]{}
}

// Rules returns the rules of a security group or network ACL as they are now,
// nil for anything else. It counts as no call.
func (a *Account) Rules(id string) []resource.Rule {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x, ok := a.item(id).(*thing); ok {
		return slices.Clone(x.rules())
	}
	return nil
}

// fillRules reads the rules of security groups.
func (a *Account) fillRules(ctx context.Context, at resource.Place, rs []resource.Resource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.begin(ctx, describeGroupRules, at)
	for _, r := range rs {
		g, ok := r.(*resource.SecurityGroup)
		if !ok {
			continue
		}
		switch x, there := a.item(g.Reference.ID).(*thing); {
		case err != nil:
			g.RuleList = resource.Unread[[]resource.Rule](err)
		case there:
			g.RuleList = resource.Known(slices.Clone(x.rules()))
		default:
			g.RuleList = resource.Known[[]resource.Rule](nil)
		}
	}
}
