package sim

import (
	"cmp"
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// listResources is how everything is listed: the account has Resource Explorer.
const listResources = "resource-explorer-2:ListResources"

// listAnything hands over everything in a region, whatever its type, without
// what only its own service tells of it.
func (a *Account) listAnything(ctx context.Context, at resource.Place, page func([]resource.Resource) error) error {
	all, size, hidden, err := a.everything(ctx, at)
	if err != nil {
		return err
	}
	for n, rs := range slices.Collect(slices.Chunk(all, size)) {
		if err := a.turn(ctx, at, n); err != nil {
			return err
		}
		if err := page(rs); err != nil {
			return err
		}
	}
	if !hidden {
		return nil
	}
	return &fault.Error{Class: fault.Unsupported, Call: getResources, Region: at.Region,
		Message: "resources that were never tagged are not seen there: neither AWS Config nor Resource Explorer is on",
		Hint:    "turn on Resource Explorer in " + at.Region}
}

// turn makes the call for one page.
func (a *Account) turn(ctx context.Context, at resource.Place, n int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	op := listResources
	if a.trouble.untagged {
		op = getResources
	}
	c, err := a.begin(ctx, op, at)
	if err != nil {
		return err
	}
	return a.pageFails(c, n)
}

// everything is what is listed, the size of a page, and whether what has no
// tags is hidden.
func (a *Account) everything(ctx context.Context, at resource.Place) ([]resource.Resource, int, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.begin(ctx, getResources, at); err != nil {
		return nil, 0, false, err
	}
	reg := a.regions[at.Region]
	items := make([]item, 0, len(reg.order))
	for _, r := range reg.order {
		if !r.inst.Ended() {
			items = append(items, r)
		}
	}
	for _, things := range reg.things {
		for _, x := range things {
			items = append(items, x)
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.order(), b.order()) })
	var all []resource.Resource
	for _, i := range items {
		if a.trouble.untagged && len(i.tags()) == 0 {
			continue
		}
		all = append(all, &resource.Anything{Base: resource.Base{Reference: i.reference(), TagSet: i.tags().Clone()}})
	}
	return all, a.pageSize, a.trouble.untagged, nil
}
