package aws

import (
	"cmp"
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// snapshots reads one page of the account's own snapshots.
func snapshots(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeSnapshots(ctx, &ec2.DescribeSnapshotsInput{
		Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize),
		// Without an owner EC2 lists every public snapshot there is.
		OwnerIds: []string{"self"},
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.Snapshots, snapshotFrom), out.NextToken, nil
}

// snapshotFrom makes a snapshot of what EC2 says of an EBS snapshot, nil where
// base is none.
func snapshotFrom(at resource.Place, in *types.Snapshot) *resource.Snapshot {
	b, ok := base(at, resource.EC2Snapshot, in.SnapshotId, in.OwnerId, in.Tags)
	if !ok {
		return nil
	}
	return &resource.Snapshot{
		Base:        b,
		State:       string(in.State),
		CreatedAt:   utc(in.StartTime),
		Volume:      awssdk.ToString(in.VolumeId),
		Size:        int(awssdk.ToInt32(in.VolumeSize)),
		Encrypted:   awssdk.ToBool(in.Encrypted),
		Description: awssdk.ToString(in.Description),
		Tier:        cmp.Or(string(in.StorageTier), string(types.StorageTierStandard)),
	}
}
