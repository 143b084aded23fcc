package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// walk is one way through an organization.
type walk struct {
	realm Realm
	of    *policy.Organization
	own   string // the caller's account
	seen  map[string]bool
	found []Member
}

// deepest is how many units lie in one another at most, with the root ("Quotas
// for AWS Organizations": five levels of units), and to spare.
const deepest = 10

// listOrganization lists the accounts of an organization that are included and
// not excluded, without those that are suspended. It goes through all units, so
// that an ID which is nowhere is seen: a mistyped exclusion would otherwise let
// its accounts in.
func listOrganization(ctx context.Context, realm Realm, of *policy.Organization, own string) ([]Member, error) {
	w := &walk{realm: realm, of: of, own: own, seen: map[string]bool{}}
	roots, err := realm.Roots(ctx)
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		if err := w.unit(ctx, root, len(of.Include) == 0, 0); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Concat(of.Include, of.Exclude) {
		if w.seen[id] {
			continue
		}
		if strings.Contains(id, "-") || !slices.Contains(of.Include, id) {
			return nil, unknown(id)
		}
		w.found = append(w.found, Member{Account: policy.Account{ID: id}, Absent: true})
	}
	return w.found, nil
}

// unknown is the error of an ID that the organization does not have.
func unknown(id string) error {
	call, what := "organizations:ListOrganizationalUnitsForParent", "unit or root"
	if !strings.Contains(id, "-") {
		call, what = "organizations:ListAccountsForParent", "account"
	}
	return &fault.Error{Class: fault.Invalid, Call: call, Message: fmt.Sprintf("the organization has no %s %q", what, id),
		Hint: "correct the ID in the settings' accounts, or take it out"}
}

// unit goes through a root or unit and all below it.
func (w *walk) unit(ctx context.Context, id string, in bool, depth int) error {
	if w.seen[id] || depth > deepest {
		return &fault.Error{Class: fault.Other, Call: "organizations:ListOrganizationalUnitsForParent",
			Message: fmt.Sprintf("the units of the organization go round in a circle at %q", id)}
	}
	w.seen[id] = true
	in = in || slices.Contains(w.of.Include, id)
	out := slices.Contains(w.of.Exclude, id)
	listed, err := w.realm.Accounts(ctx, id)
	if err != nil {
		return err
	}
	for _, l := range listed {
		w.seen[l.ID] = true
		wanted := in || slices.Contains(w.of.Include, l.ID)
		if l.Active && wanted && !out && !slices.Contains(w.of.Exclude, l.ID) {
			w.found = append(w.found, w.member(l, id))
		}
	}
	units, err := w.realm.Units(ctx, id)
	if err != nil {
		return err
	}
	if out { // nothing below can be let in again, but is there
		return w.excluded(ctx, units, depth+1)
	}
	for _, u := range units {
		if err := w.unit(ctx, u, in, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// excluded goes through units below an excluded one.
func (w *walk) excluded(ctx context.Context, units []string, depth int) error {
	none := &walk{realm: w.realm, of: &policy.Organization{}, seen: w.seen}
	for _, u := range units {
		if err := none.unit(ctx, u, false, depth); err != nil {
			return err
		}
	}
	return nil
}

// member is an account of the organization. The caller's own is entered without
// a role.
func (w *walk) member(l Listed, ou string) Member {
	m := Member{Account: policy.Account{ID: l.ID, Name: l.Name, Role: w.of.Role}, OU: ou}
	if l.ID == w.own {
		m.Role = ""
	}
	return m
}
