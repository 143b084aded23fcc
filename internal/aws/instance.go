package aws

import (
	"cmp"
	"context"
	"slices"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// unnamedOperator stands for a service that says it runs an instance but not
// which one it is.
const unnamedOperator = "an AWS service"

// instances reads one page of instances.
func instances(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters: filters, NextToken: token,
		MaxResults: awssdk.Int32(pageSize),
		// Newer accounts hide what AWS services run; it is billed all the same.
		IncludeManagedResources: awssdk.Bool(true),
	})
	if err != nil {
		return nil, nil, err
	}
	var rs []resource.Resource
	for i := range out.Reservations {
		rs = append(rs, snapshotsOf(at, out.Reservations[i].Instances, instanceFrom)...)
	}
	return rs, out.NextToken, nil
}

// instanceFrom makes a snapshot of what EC2 says of an instance, nil where base
// is none.
func instanceFrom(at resource.Place, in *types.Instance) *resource.Instance {
	b, ok := base(at, resource.EC2Instance, in.InstanceId, nil, in.Tags)
	if !ok {
		return nil
	}
	out := &resource.Instance{
		Base:         b,
		LaunchedAt:   utc(in.LaunchTime),
		CreatedAt:    createdAt(in.NetworkInterfaces),
		InstanceType: string(in.InstanceType),
		VPC:          awssdk.ToString(in.VpcId),
		Subnet:       awssdk.ToString(in.SubnetId),
		PrivateIP:    awssdk.ToString(in.PrivateIpAddress),
		PublicIP:     awssdk.ToString(in.PublicIpAddress),
		Image:        awssdk.ToString(in.ImageId),
		KeyName:      awssdk.ToString(in.KeyName),
		Lifecycle:    cmp.Or(string(in.InstanceLifecycle), "on-demand"),
		SpotRequest:  awssdk.ToString(in.SpotInstanceRequestId),
		RootDevice:   string(in.RootDeviceType),
		Operator:     operator(in.Operator),
	}
	if in.State != nil {
		out.State = string(in.State.Name)
	}
	out.SecurityGroups = groupIDs(in.SecurityGroups)
	for _, n := range in.NetworkInterfaces {
		if n.NetworkInterfaceId == nil {
			continue
		}
		out.Interfaces = append(out.Interfaces, resource.Interface{
			ID: awssdk.ToString(n.NetworkInterfaceId), VPC: awssdk.ToString(n.VpcId),
			SecurityGroups: slices.Sorted(slices.Values(groupIDs(n.Groups))), Managed: operator(n.Operator) != "",
		})
	}
	for _, d := range in.BlockDeviceMappings {
		if d.Ebs != nil && d.Ebs.VolumeId != nil {
			out.Volumes = append(out.Volumes, *d.Ebs.VolumeId)
		}
	}
	return out
}

func groupIDs(groups []types.GroupIdentifier) []string {
	var ids []string
	for _, g := range groups {
		if g.GroupId != nil {
			ids = append(ids, *g.GroupId)
		}
	}
	return ids
}

// createdAt is when the primary network interface (device index 0, which
// cannot be detached) was attached: LaunchTime is only the last start.
func createdAt(interfaces []types.InstanceNetworkInterface) time.Time {
	for _, n := range interfaces {
		if a := n.Attachment; a != nil && a.DeviceIndex != nil && *a.DeviceIndex == 0 {
			// A card of its own begins again at device 0; the primary interface is
			// on the first card.
			if a.NetworkCardIndex == nil || *a.NetworkCardIndex == 0 {
				return utc(a.AttachTime)
			}
		}
	}
	return time.Time{}
}

func operator(o *types.OperatorResponse) string {
	if o == nil || !awssdk.ToBool(o.Managed) {
		return ""
	}
	return cmp.Or(awssdk.ToString(o.Principal), unnamedOperator)
}

// tagsFrom is never nil.
func tagsFrom(tags []types.Tag) tag.Set {
	set := make(tag.Set, len(tags))
	for _, t := range tags {
		if t.Key != nil {
			set[*t.Key] = awssdk.ToString(t.Value)
		}
	}
	return set
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
