package sim

import (
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

// List hands over the instances of a region in order of launch, a page at a
// time. What happens between two pages shows in the later one.
func (a *Account) List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error {
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

// page reads the instances of one page: those launched after the one that is
// the seq-th of the account. It returns the last one's seq and whether there
// are more.
func (a *Account) page(ctx context.Context, at resource.Place, t resource.Type, seq, pages int) ([]resource.Resource, int, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, describeInstances, at)
	if err == nil {
		err = c.knows(t)
	}
	if err == nil {
		err = a.pageFails(c, pages)
	}
	if err != nil {
		return nil, seq, false, err
	}
	order := a.regions[at.Region].order
	from, found := slices.BinarySearchFunc(order, seq, bySeq)
	if found {
		from++
	}
	to := min(from+a.pageSize, len(order))
	rs := make([]resource.Resource, 0, to-from)
	for _, r := range order[from:to] {
		i := r.snapshot()
		rs = append(rs, &i)
		seq = r.seq
	}
	return rs, seq, to < len(order), nil
}

// Get reads instances anew, in the order of the ids. Those that are not there
// (any more), and what is no id at all, are left out; no ids are no call.
func (a *Account) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, describeInstances, at)
	if err == nil {
		err = c.knows(t)
	}
	if err != nil {
		return nil, err
	}
	var rs []resource.Resource
	seen := map[string]bool{}
	for _, id := range ids {
		if r, ok := a.regions[at.Region].byID[id]; ok && !seen[id] {
			seen[id] = true
			i := r.snapshot()
			rs = append(rs, &i)
		}
	}
	return rs, nil
}
