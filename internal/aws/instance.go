package aws

import (
	"cmp"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// unnamedOperator stands for a service that says it runs an instance but not
// which one it is.
const unnamedOperator = "an AWS service"

// instanceFrom makes a snapshot of what EC2 says of an instance; nil where it
// has no id, which EC2 never sends but a broken stand-in may.
func instanceFrom(at resource.Place, in *types.Instance) *resource.Instance {
	id := awssdk.ToString(in.InstanceId)
	if id == "" {
		return nil
	}
	out := &resource.Instance{
		Base: resource.Base{
			Reference: resource.Ref{
				ID: id, ARN: resource.InstanceARN(at.Region, at.Account, id),
				Type: resource.EC2Instance, Account: at.Account, Region: at.Region,
			},
			TagSet: tagsFrom(in.Tags),
		},
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
	for _, g := range in.SecurityGroups {
		if g.GroupId != nil {
			out.SecurityGroups = append(out.SecurityGroups, *g.GroupId)
		}
	}
	for _, d := range in.BlockDeviceMappings {
		if d.Ebs != nil && d.Ebs.VolumeId != nil {
			out.Volumes = append(out.Volumes, *d.Ebs.VolumeId)
		}
	}
	return out
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
