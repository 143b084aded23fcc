package iam

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Reasons of the scopes of Organizations.
const (
	wholeTree            = "the whole organization is gone through"
	noOrganizationRegion = "Organizations is in no region"
)

// ownGoverned says whether the caller's own credentials read and change
// resources, and not only those of roles that are assumed. The caller's own
// account is the one without a role, or one of the organization's.
func ownGoverned(set *policy.Set) bool {
	a := set.Settings.Accounts
	if a == nil || a.Organization != nil {
		return true
	}
	for _, one := range a.List {
		if one.Role == "" {
			return true
		}
	}
	return false
}

// accounts adds what leads to other accounts: the roles, and the lists of the
// organization.
func (b *builder) accounts() {
	a := b.set.Settings.Accounts
	if a == nil {
		return
	}
	var roles []string
	for _, one := range a.List {
		if one.Role != "" {
			roles = append(roles, roleARN(one.ID, one.Role))
		}
	}
	if o := a.Organization; o != nil {
		roles = append(roles, roleARN(everything, o.Role))
		for _, call := range need.ListOrganization {
			b.add(want{class: reading, permission: call.Permission(), elsewhere: true, central: true}, Use{For: "which accounts are there?", Plan: true})
		}
	}
	if len(roles) > 0 {
		b.add(want{class: reading, permission: need.AssumeRole.Permission(), on: roles, elsewhere: true, central: true}, Use{For: "entering other accounts", Plan: true})
		b.note(true, "the roles in the other accounts need permissions of their own: tagwarden iam --member writes them, and tagwarden deploy with all that is around them")
	}
}

// roleARN is a pattern of the role of an account, "*" for any.
func roleARN(account, role string) string {
	if strings.HasPrefix(role, "arn:") {
		return literal(role)
	}
	return "arn:{partition}:iam::" + account + ":role/" + literal(role)
}
