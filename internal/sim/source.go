package sim

import (
	"cmp"
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The operations of AWS's APIs that the account answers.
const (
	getCallerIdentity    = "sts:GetCallerIdentity"
	describeRegions      = "ec2:DescribeRegions"
	describeInstances    = "ec2:DescribeInstances"
	describeVpcs         = "ec2:DescribeVpcs"
	describeAttribute    = "ec2:DescribeInstanceAttribute"
	describeSpotRequests = "ec2:DescribeSpotInstanceRequests"
	startInstances       = "ec2:StartInstances"
	stopInstances        = "ec2:StopInstances"
	terminateInstances   = "ec2:TerminateInstances"
	createTags           = "ec2:CreateTags"
	deleteTags           = "ec2:DeleteTags"
)

// Caller says whose account this is.
func (a *Account) Caller(ctx context.Context) (inventory.Caller, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.begin(ctx, getCallerIdentity, resource.Place{Account: a.id}); err != nil {
		return inventory.Caller{}, err
	}
	return inventory.Caller{Account: a.id, ARN: "arn:aws:sts::" + a.id + ":assumed-role/tagwarden/embedded"}, nil
}

// Regions lists the enabled regions, sorted.
func (a *Account) Regions(ctx context.Context) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.begin(ctx, describeRegions, resource.Place{Account: a.id}); err != nil {
		return nil, err
	}
	return a.regionNames(), nil
}

// List hands over the resources of a region in order of launch, a page at a
// time. What happens between two pages shows in the later one.
func (a *Account) List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error {
	if t == resource.Any {
		return a.listAnything(ctx, at, page)
	}
	for seq, pages, more := 0, 0, true; more; pages++ {
		var rs []resource.Resource
		var err error
		if rs, seq, more, err = a.page(ctx, at, t, seq, pages); err != nil {
			return err
		}
		if len(rs) == 0 {
			continue
		}
		if err := page(rs); err != nil {
			return err
		}
	}
	return nil
}

// page reads the resources of one page: those launched after the one that is
// the seq-th of the account. It returns the last one's seq and whether there
// are more.
func (a *Account) page(ctx context.Context, at resource.Place, t resource.Type, seq, pages int) ([]resource.Resource, int, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, listing(t), at)
	if err == nil {
		err = c.lists(t)
	}
	if err == nil {
		err = a.pageFails(c, pages)
	}
	if err != nil {
		return nil, seq, false, err
	}
	reg := a.regions[at.Region]
	var rs []resource.Resource
	var more bool
	switch t {
	case resource.EC2Instance:
		rs, seq, more = after(reg.order, seq, a.pageSize)
	case resource.EC2ElasticIP: // which AWS does not page
		rs, seq, more = after(reg.things[t], seq, len(reg.things[t]))
	default:
		rs, seq, more = after(reg.things[t], seq, a.pageSize)
	}
	if err := a.complement(ctx, at, t, rs, false); err != nil {
		return nil, seq, false, err
	}
	return rs, seq, more, nil
}

// after returns up to size of those after the one that is the seq-th, the
// last one's place, and whether there are more.
func after[I item](order []I, seq, size int) ([]resource.Resource, int, bool) {
	from, found := slices.BinarySearchFunc(order, seq, func(i I, seq int) int { return cmp.Compare(i.order(), seq) })
	if found {
		from++
	}
	to := min(from+size, len(order))
	rs := make([]resource.Resource, 0, to-from)
	for _, i := range order[from:to] {
		rs = append(rs, i.snap())
		seq = i.order()
	}
	return rs, seq, to < len(order)
}

// Get reads resources anew, in the order of the ids. Those that are not there
// (any more), and what is no id at all, are left out; no ids are no call.
func (a *Account) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if kindFor(t) == anyKind {
		return a.getAnything(ctx, at, ids)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, listing(t), at)
	if err == nil {
		err = c.knows(t)
	}
	if err != nil {
		return nil, err
	}
	var rs []resource.Resource
	seen := map[string]bool{}
	for _, id := range ids {
		if i := a.regions[at.Region].item(id); i != nil && i.reference().Type == t && !seen[id] && !a.late(id) {
			seen[id] = true
			rs = append(rs, i.snap())
		}
	}
	if err := a.complement(ctx, at, t, rs, true); err != nil {
		return nil, err
	}
	return rs, nil
}
