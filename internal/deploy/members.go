package deploy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Organization stands for the id of the organization, which no policy file says.
const Organization = "\x00organization\x00"

const (
	// maxMembers is how many accounts can be listed: the policy of a bus has 10,240
	// characters at most ("Amazon EventBridge quotas"), and AWS makes an ARN of 34 of
	// each account.
	maxMembers = 250
	// pinned is how many accounts the pattern of one rule names, which leaves more
	// than half of it to what happened.
	pinned = 50
)

// Members are the accounts that the function enters by taking on a role in each.
// Their events come over a bus of their own, in the account of the function.
type Members struct {
	// Accounts are their ids, sorted; none for those of an organization.
	Accounts []string
	// Path and Role are what the role in each account is called; Role is "" where
	// accounts have roles of different names. Path begins and ends with /.
	Path, Role string
	// External says that roles ask for an external id, and Always that all do.
	External, Always bool
	// Documents are the policies of the role in each account. In them, Account and
	// Region are those of the member.
	Documents []iam.Document
	// Bus is the name of the bus, and Rules are those on it.
	Bus   string
	Rules []Rule
	// Sent are the rules in each account and region, whose events go to the bus.
	Sent []Rule
}

// govern says which accounts there are, and whether that of the deployment is one
// of them: it needs no role. Of an organization it is one unless it is left out,
// which only AWS knows.
func (d *Deployment) govern(set *policy.Set) {
	a := set.Settings.Accounts
	d.Own = true
	switch {
	case a == nil:
		return
	case a.Organization != nil:
		d.Members = &Members{}
		d.Members.called(a.Organization.Role)
	default:
		d.Own = slices.ContainsFunc(a.List, func(one policy.Account) bool { return one.Role == "" })
		d.listed(a.List)
	}
	if d.Members != nil {
		d.Members.Bus = d.Name
	}
}

// listed are the members of a list, those that are entered by a role.
func (d *Deployment) listed(list []policy.Account) {
	m := &Members{Always: true}
	var roles []string
	for _, one := range list {
		if one.Role == "" {
			continue
		}
		m.Accounts = append(m.Accounts, one.ID)
		if _, name, _ := strings.Cut(policy.RoleARN("aws", one.ID, one.Role), ":role/"); !slices.Contains(roles, name) {
			roles = append(roles, name)
		}
		m.External, m.Always = m.External || one.ExternalID != "", m.Always && one.ExternalID != ""
	}
	if len(m.Accounts) == 0 {
		return
	}
	slices.Sort(m.Accounts)
	d.Members = m
	if len(roles) == 1 {
		m.called(roles[0])
	}
}

// called divides the name of the members' role from its path.
func (m *Members) called(role string) {
	i := strings.LastIndex(role, "/")
	m.Path, m.Role = "/"+role[:i+1], role[i+1:]
}

// memberRules makes the rules in the members' accounts, and those on the bus,
// which name the accounts that are listed: whoever may put events on the bus does
// not thereby speak for another.
func (d *Deployment) memberRules(set *policy.Set) error {
	local, err := d.rulesIn(set, []string{Account})
	if err != nil {
		return err
	}
	m := d.Members
	for _, r := range local {
		if !r.Here {
			r.Pattern.Region = nil
			m.Sent = append(m.Sent, r)
		}
	}
	groups := slices.Collect(slices.Chunk(m.Accounts, pinned))
	if len(groups) == 0 {
		groups = [][]string{nil}
	}
	for i, accounts := range groups {
		rules, err := d.rulesIn(set, accounts)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if r.Here {
				continue
			}
			r.Name, r.Bus = "Member"+r.Name, m.Bus
			if len(groups) > 1 {
				r.Name = fmt.Sprintf("Member%dx%s", i+1, strings.TrimPrefix(r.Name, "Member"))
			}
			r.About += ", in other accounts"
			m.Rules = append(m.Rules, r)
		}
	}
	return nil
}

// memberRole works out the permissions of the role in each account.
func (d *Deployment) memberRole(set *policy.Set) error {
	role, err := d.permissions(set, true)
	if err != nil {
		return fmt.Errorf("working out the role in other accounts: %w", err)
	}
	d.Members.Documents = role.Documents(iam.MaxDocument - room)
	if n := len(d.Members.Documents); n > maxPolicies {
		return fmt.Errorf("the role in other accounts takes %d policies of IAM, and can have %d: deploy some of the policies by themselves, with settings of their own name", n, maxPolicies)
	}
	d.referAll(d.Members.Documents)
	d.Notes = append(d.Notes, role.Notes...)
	return nil
}

// within limits the roles of an organization that the function takes on to those
// of the very organization: whoever has an account could call a role so.
func (d *Deployment) within(role *iam.Role) {
	if d.Members == nil || len(d.Members.Accounts) > 0 {
		return
	}
	for i := range role.Grants {
		if g := &role.Grants[i]; g.Permission == need.AssumeRole.Permission() {
			g.Conditions = iam.Conditions{"StringEquals": {"aws:ResourceOrgID": {Organization}}}
		}
	}
}

// checkAccounts says what of the accounts cannot be deployed.
func checkAccounts(set *policy.Set) error {
	a := set.Settings.Accounts
	if a == nil {
		return nil
	}
	if len(a.List) > maxMembers {
		return fmt.Errorf("the settings list %d accounts, and a bus of EventBridge can be told %d: write organization: instead", len(a.List), maxMembers)
	}
	return nil
}
