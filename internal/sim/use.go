package sim

import (
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The operations that tell what uses a resource and who was given it.
const (
	describeImages            = "ec2:DescribeImages"
	describeTemplates         = "ec2:DescribeLaunchTemplates"
	describeConfigurations    = "autoscaling:DescribeLaunchConfigurations"
	describeSnapshotAttribute = "ec2:DescribeSnapshotAttribute"
	describeImageAttribute    = "ec2:DescribeImageAttribute"
)

// reference is something that the account lists under no type of its own, and
// that names resources: a launch template, a rule of a security group.
type reference struct {
	by  string
	ids []string
}

// Refer makes something that names resources of a region, in the words of the
// AWS adapter: "launch template lt-…", "launch configuration web", "security
// group sg-…" for a group whose rules name another one. Naming nothing takes it
// away again. It counts as no call.
func (a *Account) Refer(region, by string, ids ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	reg := a.region(region)
	reg.references = slices.DeleteFunc(reg.references, func(r reference) bool { return r.by == by })
	if len(ids) > 0 {
		reg.references = append(reg.references, reference{by, slices.Clone(ids)})
	}
}

// usage are, by fact, the operations that are asked once for a region.
var usage = map[need.Fact][]string{
	need.SnapshotUse: {describeImages, describeTemplates, describeConfigurations},
	need.ImageUse:    {describeInstances, describeTemplates, describeConfigurations},
	need.GroupUse:    {describeInterfaces, describeSecurityGroups, describeTemplates, describeConfigurations},
}

func (a *Account) fillUse(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := error(nil)
	for _, op := range usage[f] {
		if err == nil {
			_, err = a.begin(ctx, op, at)
		}
	}
	for _, r := range rs {
		u, ok := r.(resource.Usable)
		switch {
		case !ok:
		case err != nil:
			u.SetUsedBy(resource.Unread[[]string](err))
		default:
			u.SetUsedBy(resource.Known(a.regions[at.Region].users(r.Ref().ID)))
		}
	}
}

// users are what uses a snapshot, an image or a security group.
func (r *region) users(id string) []string {
	var by []string
	for _, x := range r.order {
		if x.inst.Image == id && !x.inst.Ended() {
			by = append(by, "instance "+x.inst.Reference.ID)
		}
	}
	by = append(by, r.holders(id)...)
	for _, ref := range r.references {
		if slices.Contains(ref.ids, id) {
			by = append(by, ref.by)
		}
	}
	slices.Sort(by)
	return by
}

// holders are the images and network interfaces that hold a snapshot or a
// security group, which therefore cannot be deleted.
func (r *region) holders(id string) []string {
	var by []string
	for _, x := range r.things[resource.EC2Image] {
		if slices.Contains(x.res.(*resource.Image).Snapshots, id) {
			by = append(by, "image "+x.base.Reference.ID)
		}
	}
	for _, x := range r.things[resource.EC2NetworkInterface] {
		if slices.Contains(x.res.(*resource.NetworkInterface).SecurityGroups, id) {
			by = append(by, "network interface "+x.base.Reference.ID)
		}
	}
	return by
}

// fillShares reads who was given each resource, with a call for each.
func (a *Account) fillShares(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	op := describeSnapshotAttribute
	if f == need.ImageShares {
		op = describeImageAttribute
	}
	for _, r := range rs {
		h, ok := r.(resource.Shareable)
		if !ok {
			continue
		}
		c, err := a.begin(ctx, op, at)
		if err == nil {
			c.ids = []string{r.Ref().ID}
			if refusal := a.check(c); refusal != nil {
				err = refusal.err
			}
		}
		if err != nil {
			h.SetSharedWith(resource.Unread[[]string](err))
			continue
		}
		with := slices.Clone(c.things[0].shared)
		slices.Sort(with)
		h.SetSharedWith(resource.Known(with))
	}
}
