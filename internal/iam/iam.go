// Package iam says which permissions a policy file takes, on what and why, and
// writes them as documents of IAM: the smallest role that plan and apply can
// run with. It asks nobody; everything follows from what the expressions, steps,
// channels and stores of the file call.
package iam

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/policy"
)

// Options narrow or complete what the policy file says.
type Options struct {
	// Regions are those that are to be read, instead of the settings'; "all" is
	// every one, none those of the settings.
	Regions []string
	// Account is the 12 digits that ARNs get, "" for any account.
	Account string
	// ReadOnly leaves out what plan does not need.
	ReadOnly bool
	// Member asks for what the role in another account needs that the settings
	// name, instead of the caller's own credentials: what its resources are read
	// and changed with, and nothing that is kept or told.
	Member bool
	// Unset are values that stand in for variables that nobody has set, by the
	// names of the variables. What is named by one is any of its kind.
	Unset map[string]string
}

// Role is what a policy file needs.
type Role struct {
	// Grants are sorted by class, permission and resources.
	Grants []Grant
	// Notes are sentences about what no document can say: what to attach beside
	// it, and what the policy file does not tell.
	Notes []string
}

// Grant is one permission and what it is limited to.
type Grant struct {
	// Permission is IAM's word for it: ec2:StopInstances.
	Permission string
	// Resources are ARNs, with wildcards, sorted; or "*" alone.
	Resources []string
	// Conditions are operator, key and values, as IAM has them; nil for none.
	Conditions Conditions
	// Why is the reason for "*", "" where Resources are narrower.
	Why string
	// Uses are what needs it, sorted by policy, those of plan first.
	Uses []Use

	class class
}

// Use is one thing that needs a permission.
type Use struct {
	// Policy is the name of a policy, "" where all of them need it.
	Policy string
	// For says what is done with it: "reading ec2:instance", "stop".
	For string
	// Plan says that plan needs it, and not apply alone.
	Plan bool
}

// Conditions are values by operator and key.
type Conditions map[string]map[string][]string

// class is the kind of statement a permission is in, in the order of the
// document.
type class string

const (
	reading class = "Read"
	tagging class = "Tag"
	acting  class = "Act"
	running class = "Run"
	telling class = "Tell"
	keeping class = "Remember"
)

var classes = []class{reading, tagging, acting, running, telling, keeping}

// For works out what the policies of a set need. The error says that they are
// about several partitions of AWS, which no credentials are for, or that a
// variable which is not set is the key of a tag.
func For(set *policy.Set, o Options) (*Role, error) {
	where, err := placeOf(set, o)
	if err != nil {
		return nil, err
	}
	b := &builder{set: set, where: where, readOnly: o.ReadOnly, unset: o.Unset, units: map[unitKey]*unit{}}
	b.member, b.resources = o.Member, o.Member || ownGoverned(set)
	b.settings()
	b.accounts()
	b.documents()
	for _, p := range set.Policies {
		b.policy(p)
	}
	b.systems()
	b.ledger()
	grants := b.grants()
	if b.err != nil {
		return nil, b.err
	}
	return &Role{Grants: grants, Notes: b.notes}, nil
}

// builder collects what is needed.
type builder struct {
	set      *policy.Set
	where    place
	readOnly bool
	// member says that it is for the role in another account, and resources that
	// the credentials read and change some themselves.
	member, resources bool
	units             map[unitKey]*unit
	notes             []string
	unset             map[string]string
	// err is the first thing that no document can say.
	err error
	// creators says that somebody asks who made resources.
	creators bool
}

// unit is a permission on one resource.
type unit struct {
	want
	arn  string
	uses []Use
}

// unitKey tells units apart; the keys of tags are joined.
type unitKey struct {
	class           class
	permission, arn string
	more            string
	elsewhere       bool
}

// want is a permission as something needs it.
type want struct {
	class      class
	permission string
	// on are patterns of ARNs; none: as scopes says.
	on []string
	// elsewhere says that the call may go to another region than those that are read.
	elsewhere bool
	// keys are the tags that may be changed; nil where the permission is not
	// about tags, or IAM cannot tell them.
	keys *keys
	// more are further conditions.
	more Conditions
	// central says that it is used with the caller's own credentials, whatever
	// account the resource is in.
	central bool
}

// concerns says whether the role is for what is done with the caller's own
// credentials, whatever account it is about, or for what is done to resources.
func (b *builder) concerns(central bool) bool {
	if central {
		return !b.member
	}
	return b.resources
}

// add notes that a permission is needed.
func (b *builder) add(w want, u Use) {
	if !b.concerns(w.central) {
		return
	}
	s := scopes[w.permission]
	if len(w.on) == 0 {
		w.on = s.on
	}
	if s.global != "" {
		w.elsewhere = true
	}
	if w.more == nil {
		w.more = s.more
	}
	if len(w.on) == 0 {
		w.on = []string{everything}
	}
	for _, pattern := range w.on {
		w.on = nil
		one := unit{want: w, arn: b.widen(b.where.arn(pattern), w.central)}
		key := unitKey{w.class, w.permission, one.arn, one.more.text(), w.elsewhere}
		have := b.units[key]
		if have == nil {
			one.keys = w.keys.clone()
			have = &one
			b.units[key] = have
		} else {
			have.keys = have.keys.join(w.keys)
		}
		if !slices.Contains(have.uses, u) {
			have.uses = append(have.uses, u)
		}
	}
}

// grants brings together the resources of one permission that are under the
// same conditions.
func (b *builder) grants() []Grant {
	all := map[string]*Grant{}
	for _, u := range b.units { // all that is in a grant is sorted
		conditions := b.conditions(u)
		key := strings.Join([]string{string(u.class), u.permission, conditions.text()}, "\x00")
		g := all[key]
		if g == nil {
			g = &Grant{Permission: u.permission, Conditions: conditions, class: u.class}
			all[key] = g
		}
		g.Resources = append(g.Resources, u.arn)
		for _, use := range u.uses {
			if !slices.Contains(g.Uses, use) {
				g.Uses = append(g.Uses, use)
			}
		}
	}
	out := make([]Grant, 0, len(all))
	for _, g := range all {
		slices.Sort(g.Resources)
		if g.Resources = slices.Compact(g.Resources); slices.Contains(g.Resources, everything) {
			g.Resources, g.Why = []string{everything}, scopes[g.Permission].any
		}
		slices.SortFunc(g.Uses, byPolicy)
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(slices.Index(classes, a.class), slices.Index(classes, b.class)), cmp.Compare(a.Permission, b.Permission),
			slices.Compare(a.Resources, b.Resources), cmp.Compare(a.Conditions.text(), b.Conditions.text()))
	})
	return out
}

// byPolicy sorts uses: those of plan first within a policy.
func byPolicy(a, b Use) int {
	plan := 0
	switch {
	case a.Plan && !b.Plan:
		plan = -1
	case b.Plan && !a.Plan:
		plan = 1
	}
	return cmp.Or(cmp.Compare(a.Policy, b.Policy), plan, cmp.Compare(a.For, b.For))
}

// note adds a sentence for people, once, where the role is for what it is about.
func (b *builder) note(central bool, s string) {
	if b.concerns(central) && !slices.Contains(b.notes, s) {
		b.notes = append(b.notes, s)
	}
}
