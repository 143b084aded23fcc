package doctor

import (
	"context"
	"fmt"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// stores looks at the ledger and at the documents that policy files name.
func (d *doctor) stores(ctx context.Context) {
	if name := d.Set.Settings.Ledger.DynamoDB; name != "" {
		d.add(d.ledger(ctx, name))
	}
	done := map[document.Ref]bool{}
	for _, o := range d.Set.Outside {
		if !done[o.Ref] {
			done[o.Ref] = true
			d.add(d.document(ctx, o))
		}
	}
}

func (d *doctor) ledger(ctx context.Context, name string) Check {
	ref := document.TableRef(name, "")
	region := ref.Region
	if region == "" {
		region = d.LedgerRegion
	}
	l, err := d.Account.Ledger(ctx, ref.Table, region)
	c := Check{Outcome: OK, What: AboutLedger, Name: name, Found: "the table can be used"}
	switch {
	case err != nil:
		return failed(AboutLedger, name, err, "make it with tagwarden ledger init, or name another in settings.ledger")
	case !l.Ready:
		c.Outcome, c.Found, c.Do = Missing, "the table cannot be used yet", "wait until it is made"
	case l.Err != nil:
		c = failed(AboutLedger, name, l.Err, "")
		c.Outcome = Unknown
	case !l.Forgets:
		c.Outcome, c.Found, c.Do = Missing, "DynamoDB deletes nothing in it, so that it grows for ever", "switch its time to live on: tagwarden ledger init does"
	}
	return c
}

func (d *doctor) document(ctx context.Context, o policy.Outside) Check {
	c := Check{Outcome: OK, What: AboutLookup, Name: o.Shown, Found: "it is there"}
	if o.Ref.Table == "" {
		if err := d.Account.Object(ctx, o.Ref); err != nil {
			return failed(c.What, c.Name, err, "")
		}
		return c
	}
	do := ""
	if o.Policy != "" {
		c.What, do = AboutRules, "make it with tagwarden rules init"
	}
	t, err := d.Account.Describe(ctx, o.Ref)
	switch wrong := t.WrongKey(); {
	case err != nil:
		return failed(c.What, c.Name, err, do)
	case o.Policy != "" && wrong != "":
		c.Outcome, c.Found, c.Do = Missing, wrong, "name another table, or make one with tagwarden rules init"
	case t.Status != outside.Active && t.Status != "UPDATING":
		c.Outcome, c.Found, c.Do = Missing, fmt.Sprintf("its status is %s", t.Status), "wait until it can be used"
	}
	return c
}
