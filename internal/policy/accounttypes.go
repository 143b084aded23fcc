package policy

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/expr"
)

// Accounts are the accounts that are governed. One of List and Organization is
// set.
type Accounts struct {
	List []Account
	// Organization are the accounts of the organization that the caller's own
	// account is of.
	Organization *Organization
}

// Account is one account that is governed.
type Account struct {
	ID   string // 12 digits
	Name string // "" where the file gives none
	// Role is the role that is assumed in it, by its ARN or by its name with its
	// path ("ops/tagwarden"); "" for the account that the caller's own credentials
	// are of.
	Role       string
	ExternalID string // "" for none
}

// Organization is the accounts of an organization.
type Organization struct {
	// Role is the name, with its path, of the role that is assumed in each account
	// but the caller's own, which is acted in with the caller's credentials.
	Role string
	// Include and Exclude are IDs of accounts, organizational units and roots.
	// Include empty is all; what is below an excluded unit is excluded.
	Include, Exclude []string
}

// known is what expressions can name of the accounts.
func (a *Accounts) known() expr.AccountFields {
	if a == nil {
		return expr.AccountFields{}
	}
	nameless := slices.ContainsFunc(a.List, func(one Account) bool { return one.Name == "" })
	return expr.AccountFields{Name: !nameless, OU: a.Organization != nil}
}

// RoleARN is the ARN of a role that is given by its ARN, or by its name and the
// account it is in, in a partition ("aws"); "" where no role is given.
func RoleARN(partition, account, role string) string {
	if role == "" || strings.HasPrefix(role, "arn:") {
		return role
	}
	return "arn:" + partition + ":iam::" + account + ":role/" + role
}
