package plan

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Context is what a plan is made in.
type Context struct {
	Run     string
	Now     time.Time
	Account string
	Set     *policy.Set
	Cases   *cases.Index
	// Only are the policies that are judged, empty for all.
	Only []string
	// Accounts are those that are governed, nil where it is Account alone.
	Accounts []string
	// Regions are those that are read, and Places the same by account.
	Regions []string
	Places  []resource.Place
	// Event is what it is made for, nil for a sweep.
	Event *expr.Event
}

// Builder gathers verdicts as they come, from any number of goroutines, and
// keeps only those about which there is something to say.
type Builder struct {
	c        Context
	mu       sync.Mutex
	summary  Summary
	examined map[resource.Type]int
	groups   []*group
	unread   []Unread
	closing  []Closing
	seen     map[string]bool // ARNs that have a case
}

// NewBuilder returns an empty builder.
func NewBuilder(c Context) *Builder {
	return &Builder{c: c, examined: map[resource.Type]int{}, seen: map[string]bool{}}
}

// Add takes all verdicts on one resource. The verdicts are copied.
func (b *Builder) Add(r resource.Resource, verdicts []eval.Verdict) {
	g := b.c.group(r, verdicts)
	closing := b.c.closings(r, verdicts)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.c.Cases.Of(r.Ref().ARN)) > 0 {
		b.seen[r.Ref().ARN] = true
	}
	b.closing = append(b.closing, closing...)
	if r.Ended() {
		return
	}
	b.examined[r.Ref().Type]++
	for i := range verdicts {
		b.summary.count(&verdicts[i])
	}
	if g != nil {
		b.groups = append(b.groups, g)
	}
}

// AddChild takes verdicts on what belongs to another resource and gets its
// tags.
func (b *Builder) AddChild(r resource.Resource, of resource.Ref, verdicts []eval.Verdict) {
	g := b.c.group(r, verdicts)
	if g == nil {
		return
	}
	g.of = &of
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range verdicts {
		b.summary.count(&verdicts[i])
		b.summary.Examined-- // its parent was
	}
	b.groups = append(b.groups, g)
}

// Unread records something that could not be read.
func (b *Builder) Unread(u Unread) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unread = append(b.unread, u)
}

// Due returns the resources for which a destructive action of the policy is
// due, by policy and kind: those of which a fact must be known that could forbid it (resource.Undecided).
func (b *Builder) Due() map[Subject][]resource.Resource {
	b.mu.Lock()
	defer b.mu.Unlock()
	due := map[Subject][]resource.Resource{}
	for _, g := range b.groups {
		for _, f := range b.c.decide(g) {
			for _, a := range f.Actions {
				if a.State == Held && reason.Unread(a.Code) && resource.Undecided(g.resource, a.Action) != "" {
					s := Subject{Policy: f.Policy, Action: a.Action}
					due[s] = append(due[s], g.resource)
				}
			}
		}
	}
	return due
}

// Subject is what limits count: one kind of action of one policy.
type Subject struct {
	Policy string
	Action action.Kind
}

// Build makes the plan of everything that was added. It may be called again
// after facts were filled in.
func (b *Builder) Build() *Plan {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &Plan{
		Version: Version, Run: b.c.Run, Created: b.c.Now, Expires: b.c.Now.Add(Lifetime),
		Name: b.c.Set.Settings.Name, Account: b.c.Account, Policies: b.c.Set.Digest,
		Accounts: slices.Clone(b.c.Accounts), Regions: slices.Clone(b.c.Regions), Only: slices.Clone(b.c.Only),
		Examined: b.examined, Complete: len(b.unread) == 0, Summary: b.summary,
		Findings: []Finding{}, Unread: slices.Clone(b.unread),
		Closing: append(slices.Clone(b.closing), b.gone()...),
	}
	p.Summary.Unread = len(p.Unread)
	if p.Unread == nil {
		p.Unread = []Unread{}
	}
	for _, g := range b.groups {
		p.Findings = append(p.Findings, b.c.decide(g)...)
	}
	p.sort()
	return p
}

// gone are the cases whose resource is no longer there: it was not listed
// although its type was read to the end in its region; those of a type that
// their policy no longer concerns; and those of policies that are no longer in
// the set.
func (b *Builder) gone() []Closing {
	read := map[resource.Place]bool{}
	for _, at := range b.c.Places {
		read[at] = true
	}
	missed := b.missed()
	var out []Closing
	b.c.Cases.Each(func(c *cases.Case) {
		p := b.c.Set.Policy(c.Policy)
		switch {
		case !c.Closed.IsZero():
		case p == nil:
			if len(b.c.Only) == 0 {
				out = append(out, Closing{c.Policy, c.Resource.ARN, "policy-removed"})
			}
		case len(b.c.Only) > 0 && !slices.Contains(b.c.Only, c.Policy):
		case !p.Concerns(c.Resource.Type):
			out = append(out, Closing{c.Policy, c.Resource.ARN, "out-of-scope"})
		case b.seen[c.Resource.ARN], missed(c.Resource, p):
		case !read[c.Resource.Place()]:
		default:
			out = append(out, Closing{c.Policy, c.Resource.ARN, "gone"})
		}
	})
	return out
}

// missed returns what says whether a resource is of a listing that failed, in
// whole or in part.
func (b *Builder) missed() func(resource.Ref, *policy.Policy) bool {
	type listing struct {
		account, region string
		t               resource.Type
	}
	unread := map[listing]bool{}
	for _, u := range b.unread {
		unread[listing{u.Account, u.Region, u.Type}] = true
	}
	return func(r resource.Ref, p *policy.Policy) bool {
		// What names no account, no region or no type may have been any.
		for _, account := range []string{r.Account, ""} {
			for _, region := range []string{r.Region, ""} {
				if unread[listing{account, region, r.Type}] || unread[listing{account, region, ""}] ||
					slices.Contains(p.Types, resource.Any) && unread[listing{account, region, resource.Any}] {
					return true
				}
			}
		}
		return false
	}
}

// closings are the open cases of a resource that its verdicts end.
func (c *Context) closings(r resource.Resource, verdicts []eval.Verdict) []Closing {
	of := c.Cases.Of(r.Ref().ARN)
	if len(of) == 0 {
		return nil
	}
	var out []Closing
	if r.Ended() {
		for name, k := range of {
			if k.Closed.IsZero() {
				out = append(out, Closing{name, r.Ref().ARN, "gone"})
			}
		}
		return out
	}
	for i := range verdicts {
		v := &verdicts[i]
		k := of[v.Policy.Name]
		if k == nil || !k.Closed.IsZero() {
			continue
		}
		switch v.Status {
		case eval.Compliant:
			out = append(out, Closing{v.Policy.Name, r.Ref().ARN, "compliant"})
		case eval.Exempt:
			out = append(out, Closing{v.Policy.Name, r.Ref().ARN, "exempt"})
		case eval.OutOfScope:
			// With tag rules only compliance ends a case: stopping an instance
			// must not look like having tagged it.
			if len(v.Policy.Tags) == 0 && !cases.OwnDoing(k, v.Policy, v) {
				out = append(out, Closing{v.Policy.Name, r.Ref().ARN, "out-of-scope"})
			}
		}
	}
	return out
}

// count counts a verdict. What a policy only stops and starts by its hours
// breaks no rule.
func (s *Summary) count(v *eval.Verdict) {
	s.Examined++
	status := v.Status
	if status == eval.Violating && v.Policy.Timed() {
		status = eval.Compliant
	}
	switch status {
	case eval.OutOfScope:
		s.OutOfScope++
	case eval.Compliant:
		s.Compliant++
	case eval.Exempt:
		s.Exempt++
	case eval.Fixable:
		s.Fixable++
	case eval.Fixed:
		s.Fixed++
	case eval.Violating:
		s.Violating++
	case eval.Unknown:
		s.Unknown++
	}
}

// sort puts everything into the one order in which plans are compared, shown
// and carried out.
func (p *Plan) sort() {
	slices.SortFunc(p.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Resource.Account, b.Resource.Account),
			cmp.Compare(a.Resource.Region, b.Resource.Region), cmp.Compare(a.Resource.ID, b.Resource.ID),
			cmp.Compare(a.Resource.ARN, b.Resource.ARN))
	})
	slices.SortFunc(p.Unread, func(a, b Unread) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Call, b.Call))
	})
	slices.SortFunc(p.Closing, func(a, b Closing) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.ARN, b.ARN))
	})
}
