package sim

import (
	"cmp"
	"context"
	"slices"
	"strings"

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

// others is what tags resources of types that tagwarden does not have: their
// ids are their ARNs.
var others = &service{set: tagResources, unset: untagResources, named: true, piecemeal: true,
	ref: func(at resource.Place, t resource.Type, arn string) resource.Ref {
		return resource.Ref{ID: arn, ARN: arn, Type: t, Account: at.Account, Region: at.Region}
	}}

// anyKind is the kind of all such types.
var anyKind = kindOf("", resourceGone, func(r *resource.Anything) *resource.Base { return &r.Base }, nil).in(others)

// kindFor is the kind of a type, nil for instances and for what is no type.
func kindFor(t resource.Type) *kind {
	if k := kinds[t]; k != nil {
		return k
	}
	if _, ours := resource.SchemaOf(t); ours || t == "" || strings.ContainsAny(string(t), " /\n") {
		return nil
	}
	return anyKind
}

// getAnything reads resources of such types anew. No service tells of single
// ones, so all are listed.
func (a *Account) getAnything(ctx context.Context, at resource.Place, arns []string) ([]resource.Resource, error) {
	var found []resource.Resource
	err := a.listAnything(ctx, at, func(rs []resource.Resource) error {
		for _, r := range rs {
			if slices.Contains(arns, r.Ref().ID) {
				found = append(found, r)
			}
		}
		return nil
	})
	if fault.ClassOf(err) == fault.Unsupported { // what has no tags is not seen
		err = nil
	}
	return found, err
}

// fillTags reads the tags of resources of such types, as far as they have any:
// the tagging API knows nothing of the rest. It takes one call for all.
func (a *Account) fillTags(ctx context.Context, at resource.Place, rs []resource.Resource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.begin(ctx, getResources, at)
	for _, r := range rs {
		one, ok := r.(*resource.Anything)
		if !ok {
			continue
		}
		if one.TagsErr = err; err != nil {
			continue
		}
		if i := a.regions[at.Region].item(one.Reference.ID); i != nil && len(i.tags()) > 0 {
			one.TagSet = i.tags().Clone()
		}
	}
}
