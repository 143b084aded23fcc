package aws

import (
	"context"
	"fmt"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// workers read what EC2 gives one at a time side by side. A read takes about 50
// ms and EC2 gives 20 a second in the long run, so more would only wait.
const workers = 8

// Fill reads a fact for resources of one place. Each call reads anew.
func (s *Source) Fill(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource) {
	var list []*resource.Instance
	for _, r := range rs {
		if i, ok := r.(*resource.Instance); ok {
			list = append(list, i)
		}
	}
	switch f {
	case need.InstanceTags:
		inventory.FillParentTags(ctx, s, at, resource.EC2Instance, rs)
	case need.VolumeTags:
		inventory.FillParentTags(ctx, s, at, resource.EC2Volume, rs)
	case need.ClusterTags:
		inventory.FillParentTags(ctx, s, at, resource.RDSCluster, rs)
	case need.SnapshotSourceTags:
		inventory.FillParentTags(ctx, s, at, resource.RDSDatabase, rs)
		inventory.FillParentTags(ctx, s, at, resource.RDSCluster, rs)
	case need.SnapshotSharing:
		s.fillSharing(ctx, at, rs)
	case need.Tags:
		s.fillTags(ctx, at, rs)
	case need.VPCTags:
		inventory.FillParentTags(ctx, s, at, resource.EC2VPC, rs)
		s.fillVPCTags(ctx, at, list)
	case need.SecurityGroupRules:
		s.fillRules(ctx, at, rs)
	case need.Backups:
		s.fillBackups(ctx, at, rs)
	case need.Protection:
		s.fillProtection(ctx, at, list)
	case need.SnapshotUse, need.ImageUse, need.GroupUse:
		s.fillUse(ctx, at, f, rs)
	case need.SnapshotShares, need.ImageShares:
		s.fillShares(ctx, at, rs)
	}
}

func (s *Source) fillVPCTags(ctx context.Context, at resource.Place, list []*resource.Instance) {
	var ids []string
	for _, i := range list {
		ids = append(ids, i.VPC)
	}
	read := make(map[string]resource.Lazy[map[string]string])
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		tags, err := s.vpcTags(ctx, at, some)
		for _, id := range some {
			switch t, ok := tags[id]; {
			case err != nil:
				read[id] = resource.Unread[map[string]string](err)
			case ok:
				read[id] = resource.Known(t)
			default:
				f := invalid(callVpcs, at.Region, fmt.Sprintf("VPC %s is not there", id))
				f.Class = fault.NotFound
				read[id] = resource.Unread[map[string]string](f)
			}
		}
	}
	for _, i := range list {
		if i.VPC == "" {
			i.VPCTags = resource.Known(map[string]string{})
			continue
		}
		i.VPCTags = read[i.VPC]
	}
}

// vpcTags returns the tags of those VPCs that are there, by id.
func (s *Source) vpcTags(ctx context.Context, at resource.Place, ids []string) (map[string]map[string]string, error) {
	api, err := s.s.ec2(callVpcs, at.Region)
	if err != nil {
		return nil, err
	}
	found := make(map[string]map[string]string, len(ids))
	err = eachPage(callVpcs, at.Region, func(token *string) (*string, error) {
		out, err := api.describeVpcs(ctx, &ec2.DescribeVpcsInput{
			Filters: filter("vpc-id", ids), MaxResults: awssdk.Int32(pageSize), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, v := range out.Vpcs {
			found[awssdk.ToString(v.VpcId)] = tagsFrom(v.Tags)
		}
		return out.NextToken, nil
	})
	return found, err
}

func (s *Source) fillProtection(ctx context.Context, at resource.Place, list []*resource.Instance) {
	api, err := s.s.ec2(callAttribute, at.Region)
	if err != nil {
		for _, i := range list {
			i.Protected = resource.Unread[resource.Protection](err)
		}
		return
	}
	persistent, spotErr := api.persistentSpot(ctx, list)
	read := func(i *resource.Instance) (p resource.Protection, err error) {
		if i.SpotRequest != "" && spotErr != nil {
			return p, spotErr
		}
		p, err = api.protection(ctx, i.Reference.ID)
		p.PersistentSpot = persistent[i.SpotRequest]
		return p, err
	}
	sideBySide(len(list), sameForAll, func(n int) error {
		p, err := read(list[n])
		if err == nil {
			list[n].Protected = resource.Known(p)
		}
		return err
	}, func(n int, err error) { list[n].Protected = resource.Unread[resource.Protection](err) })
}

// protection reads the two attributes, which EC2 gives one at a time.
func (a *ec2API) protection(ctx context.Context, id string) (p resource.Protection, err error) {
	stop, err := a.describeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
		InstanceId: &id, Attribute: types.InstanceAttributeNameDisableApiStop,
	})
	if err != nil {
		return p, err
	}
	end, err := a.describeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
		InstanceId: &id, Attribute: types.InstanceAttributeNameDisableApiTermination,
	})
	if err != nil {
		return p, err
	}
	// An answer without the attribute says nothing, and so it must not read as
	// "unprotected".
	if stop.DisableApiStop == nil || end.DisableApiTermination == nil {
		f := invalid(callAttribute, a.at.region, "the answer does not hold the attribute that was asked for")
		f.Class = fault.Other
		return p, f
	}
	p.Stop = awssdk.ToBool(stop.DisableApiStop.Value)
	p.Terminate = awssdk.ToBool(end.DisableApiTermination.Value)
	return p, nil
}

// persistentSpot returns which spot requests of the instances are persistent.
// A request that is gone is not in it: its instance cannot be stopped either.
func (a *ec2API) persistentSpot(ctx context.Context, list []*resource.Instance) (map[string]bool, error) {
	var ids []string
	for _, i := range list {
		ids = append(ids, i.SpotRequest)
	}
	persistent := map[string]bool{}
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		err := eachPage(callSpot, a.at.region, func(token *string) (*string, error) {
			out, err := a.describeSpotRequests(ctx, &ec2.DescribeSpotInstanceRequestsInput{
				Filters: filter("spot-instance-request-id", some), MaxResults: awssdk.Int32(pageSize), NextToken: token,
			})
			if err != nil {
				return nil, err
			}
			for _, r := range out.SpotInstanceRequests {
				if r.Type == types.SpotInstanceTypePersistent {
					persistent[awssdk.ToString(r.SpotInstanceRequestId)] = true
				}
			}
			return out.NextToken, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return persistent, nil
}
