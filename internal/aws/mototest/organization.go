package mototest

import "testing"

// Organization is an organization whose management account is an Account.
type Organization struct {
	// Root is the ID of its root.
	Root    string
	account *Account
}

// Organization makes one of the account, which is its only member.
func (a *Account) Organization(t testing.TB) *Organization {
	t.Helper()
	a.organizations(t, "CreateOrganization", map[string]any{"FeatureSet": "ALL"}, nil)
	var out struct{ Roots []struct{ ID string } }
	a.organizations(t, "ListRoots", map[string]any{}, &out)
	if len(out.Roots) != 1 {
		t.Fatalf("an organization of moto has %d roots", len(out.Roots))
	}
	return &Organization{Root: out.Roots[0].ID, account: a}
}

// Unit makes an organizational unit and returns its ID.
func (o *Organization) Unit(t testing.TB, parent, name string) string {
	t.Helper()
	var out struct{ OrganizationalUnit struct{ ID string } }
	o.account.organizations(t, "CreateOrganizationalUnit", map[string]any{"ParentId": parent, "Name": name}, &out)
	return out.OrganizationalUnit.ID
}

// Member makes an account in a unit or root, which works in the region of the
// organization's own.
func (o *Organization) Member(t testing.TB, parent, name string) *Account {
	t.Helper()
	var out struct{ CreateAccountStatus struct{ AccountID string } }
	o.account.organizations(t, "CreateAccount", map[string]any{"AccountName": name, "Email": name + "@example.com"}, &out)
	id := out.CreateAccountStatus.AccountID
	if parent != o.Root {
		o.account.organizations(t, "MoveAccount", map[string]any{"AccountId": id, "SourceParentId": o.Root, "DestinationParentId": parent}, nil)
	}
	m := &Account{ID: id, Region: o.account.Region, server: o.account.server, key: "test"}
	m.enter(t)
	return m
}

// Close suspends an account.
func (o *Organization) Close(t testing.TB, m *Account) {
	t.Helper()
	o.account.organizations(t, "CloseAccount", map[string]any{"AccountId": m.ID}, nil)
}

func (a *Account) organizations(t testing.TB, operation string, in, out any) {
	t.Helper()
	a.json(t, "organizations", "/", "AWSOrganizationsV20161128."+operation, in, out)
}
