package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// volumes reads one page of volumes.
func volumes(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeVolumes(ctx, &ec2.DescribeVolumesInput{
		Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize),
		// Newer accounts hide what AWS services manage; it is billed all the same.
		IncludeManagedResources: awssdk.Bool(true),
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.Volumes, volumeFrom), out.NextToken, nil
}

// volumeFrom makes a snapshot of what EC2 says of a volume, nil where base is
// none.
func volumeFrom(at resource.Place, in *types.Volume) *resource.Volume {
	b, ok := base(at, resource.EC2Volume, in.VolumeId, nil, in.Tags)
	if !ok {
		return nil
	}
	return &resource.Volume{
		Base:       b,
		State:      string(in.State),
		CreatedAt:  utc(in.CreateTime),
		Size:       int(awssdk.ToInt32(in.Size)),
		VolumeType: string(in.VolumeType),
		Encrypted:  awssdk.ToBool(in.Encrypted),
		IOPS:       int(awssdk.ToInt32(in.Iops)),
		Zone:       awssdk.ToString(in.AvailabilityZone),
		Instance:   attachedTo(in.Attachments),
		Snapshot:   awssdk.ToString(in.SnapshotId),
		Operator:   operator(in.Operator),
	}
}

// attachedTo is the instance that uses a volume. A volume that several use
// belongs to the first by id, so that it is the same at each reading.
func attachedTo(attachments []types.VolumeAttachment) string {
	first := ""
	for _, a := range attachments {
		id := awssdk.ToString(a.InstanceId)
		if id == "" || a.State == types.VolumeAttachmentStateDetached {
			continue
		}
		if first == "" || id < first {
			first = id
		}
	}
	return first
}
