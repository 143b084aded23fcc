package doctor

import (
	"cmp"
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
)

// accounts enters every account that the settings name, and nothing more: what
// its role may do is not asked.
func (d *doctor) accounts(ctx context.Context) {
	if d.Accounts == nil {
		return
	}
	members, err := d.Accounts.Load(ctx, inventory.Caller{Account: d.who.Account, ARN: d.who.ARN}, d.Now(), true)
	if err != nil {
		c := failed(AboutAccount, "", err, "")
		if fault.ClassOf(err) == fault.Denied { // it was asked as a run will ask
			c.Outcome = Missing
		}
		d.add(c)
		return
	}
	checks := make([]Check, len(members))
	together(len(members), func(i int) { checks[i] = d.entered(ctx, members[i]) })
	d.add(checks...)
	if slices.ContainsFunc(members, func(m accounts.Member) bool { return m.Role != "" }) {
		d.note("what the roles in the other accounts may do is not asked: tagwarden iam --member writes what they need")
	}
}

// entered is whether an account can be entered.
func (d *doctor) entered(ctx context.Context, m accounts.Member) Check {
	_, who, err := d.Accounts.Enter(ctx, m.ID)
	name := m.ID
	if m.Name != "" {
		name = m.ID + " " + m.Name
	}
	if err != nil {
		c := failed(AboutAccount, name, err, "")
		if fault.ClassOf(err) == fault.Denied {
			c.Outcome = Missing
		}
		return c
	}
	return Check{Outcome: OK, What: AboutAccount, Name: name, Found: "it is entered as " + cmp.Or(who.ARN, who.Account)}
}
