package sim

import (
	"context"

	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Fill reads the tags of parents or VPCs, the protection of instances, what uses
// things or who was given them. Tags take one call for all; protection takes one for each attribute of each instance,
// and one for the spot requests of all.
func (a *Account) Fill(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource) {
	instances := make([]*resource.Instance, 0, len(rs))
	for _, r := range rs {
		if i, ok := r.(*resource.Instance); ok {
			instances = append(instances, i)
		}
	}
	switch f {
	case need.InstanceTags:
		inventory.FillParentTags(ctx, a, at, resource.EC2Instance, rs)
	case need.VolumeTags:
		inventory.FillParentTags(ctx, a, at, resource.EC2Volume, rs)
	case need.ClusterTags:
		inventory.FillParentTags(ctx, a, at, resource.RDSCluster, rs)
	case need.SnapshotSourceTags:
		inventory.FillParentTags(ctx, a, at, resource.RDSDatabase, rs)
		inventory.FillParentTags(ctx, a, at, resource.RDSCluster, rs)
	case need.SnapshotSharing:
		a.fillSharing(ctx, at, rs)
	case need.Tags:
		a.fillTags(ctx, at, rs)
	case need.VPCTags:
		inventory.FillParentTags(ctx, a, at, resource.EC2VPC, rs)
		a.fillVPCTags(ctx, at, instances)
	case need.SecurityGroupRules:
		a.fillRules(ctx, at, rs)
	case need.Backups:
		a.fillBackups(ctx, at, rs)
	case need.Protection:
		a.fillProtection(ctx, at, instances)
	case need.SnapshotUse, need.ImageUse, need.GroupUse:
		a.fillUse(ctx, at, f, rs)
	case need.SnapshotShares, need.ImageShares:
		a.fillShares(ctx, at, f, rs)
	}
}

func (a *Account) fillVPCTags(ctx context.Context, at resource.Place, instances []*resource.Instance) {
	var vpcs map[string]tag.Set
	var err error
	for _, i := range instances {
		if i.VPC != "" && vpcs == nil && err == nil {
			vpcs, err = a.vpcs(ctx, at)
		}
		switch {
		case i.VPC != "" && err != nil:
			i.VPCTags = resource.Unread[map[string]string](err)
		default:
			i.VPCTags = resource.Known[map[string]string](vpcs[i.VPC].Clone())
		}
	}
}

// vpcs reads the tags of a region's VPCs. The map is a copy, its values are
// not: they are replaced as a whole, never changed.
func (a *Account) vpcs(ctx context.Context, at resource.Place) (map[string]tag.Set, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.begin(ctx, describeVpcs, at); err != nil {
		return nil, err
	}
	vpcs := map[string]tag.Set{}
	for _, x := range a.regions[at.Region].things[resource.EC2VPC] {
		vpcs[x.reference().ID] = x.tags()
	}
	return vpcs, nil
}

func (a *Account) fillProtection(ctx context.Context, at resource.Place, instances []*resource.Instance) {
	var persistent map[string]bool
	var spotErr error
	for _, i := range instances {
		if i.SpotRequest != "" && persistent == nil && spotErr == nil {
			persistent, spotErr = a.persistentRequests(ctx, at)
		}
		p := resource.Protection{PersistentSpot: persistent[i.SpotRequest]}
		err := spotErr
		if i.SpotRequest == "" {
			err = nil
		}
		if err == nil {
			p.Stop, err = a.attribute(ctx, at, i.Reference.ID, func(p resource.Protection) bool { return p.Stop })
		}
		if err == nil {
			p.Terminate, err = a.attribute(ctx, at, i.Reference.ID, func(p resource.Protection) bool { return p.Terminate })
		}
		if err != nil {
			i.Protected = resource.Unread[resource.Protection](err)
			continue
		}
		i.Protected = resource.Known(p)
	}
}

// persistentRequests reads which of a region's spot requests are persistent.
func (a *Account) persistentRequests(ctx context.Context, at resource.Place) (map[string]bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.begin(ctx, describeSpotRequests, at); err != nil {
		return nil, err
	}
	persistent := map[string]bool{}
	for _, r := range a.regions[at.Region].order {
		if r.protection.PersistentSpot {
			persistent[r.inst.SpotRequest] = true
		}
	}
	return persistent, nil
}

// attribute reads one attribute of one instance.
func (a *Account) attribute(ctx context.Context, at resource.Place, id string, of func(resource.Protection) bool) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, describeAttribute, at)
	if err != nil {
		return false, err
	}
	c.ids = []string{id}
	if refusal := a.check(c); refusal != nil {
		return false, refusal.err
	}
	return of(c.found[0].protection), nil
}
