package aws

import (
	"context"
	"maps"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	callCreateSnapshot  = need.Call{Service: "ec2", Operation: "CreateSnapshot"}
	callCreateSnapshots = need.Call{Service: "ec2", Operation: "CreateSnapshots"}
)

// sentOnce keeps the SDK from repeating a call whose answer was lost: it takes
// no token, and a second snapshot would be paid for as well.
func sentOnce(o *ec2.Options) { o.Retryer = newSendRetryer() }

// once is calling for such a call.
func once[In, Out any](at site, call need.Call, do func(context.Context, *In, ...func(*ec2.Options)) (*Out, error)) func(context.Context, *In) (*Out, error) {
	return calling(at, call, func(ctx context.Context, in *In, _ ...func(*ec2.Options)) (*Out, error) { return do(ctx, in, sentOnce) })
}

// backUpVolume takes a snapshot of one volume. It is tagged by the same call,
// so that none is ever without.
func backUpVolume(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	if len(c.IDs) != 1 {
		return execute.Answer{}, invalid(callCreateSnapshot, c.At.Region, "several volumes are named, and EC2 takes a snapshot of one at a time")
	}
	out, err := api.createSnapshot(ctx, &ec2.CreateSnapshotInput{
		VolumeId: &c.IDs[0], Description: backupOf(c), TagSpecifications: backupTags(c),
	})
	if err != nil {
		return execute.Answer{}, err
	}
	return execute.Answer{RequestID: requestID(out.ResultMetadata), Notes: map[string]string{c.IDs[0]: awssdk.ToString(out.SnapshotId)}}, nil
}

// backUpInstance takes snapshots of all volumes of one instance, as of one
// moment.
func backUpInstance(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	if len(c.IDs) != 1 {
		return execute.Answer{}, invalid(callCreateSnapshots, c.At.Region, "several instances are named, and EC2 takes the snapshots of one at a time")
	}
	out, err := api.createSnapshots(ctx, &ec2.CreateSnapshotsInput{
		InstanceSpecification: &types.InstanceSpecification{InstanceId: &c.IDs[0]}, Description: backupOf(c), TagSpecifications: backupTags(c),
	})
	if err != nil {
		return execute.Answer{}, err
	}
	var ids []string
	for _, s := range out.Snapshots {
		ids = append(ids, awssdk.ToString(s.SnapshotId))
	}
	slices.Sort(ids)
	return execute.Answer{RequestID: requestID(out.ResultMetadata), Notes: map[string]string{c.IDs[0]: strings.Join(ids, ", ")}}, nil
}

func backupOf(c execute.Call) *string {
	return awssdk.String("Backup of " + c.IDs[0] + ", which policy " + c.Policy + " ends")
}

func backupTags(c execute.Call) []types.TagSpecification {
	return []types.TagSpecification{{
		ResourceType: types.ResourceTypeSnapshot,
		Tags:         []types.Tag{{Key: awssdk.String(resource.BackupTag), Value: &c.IDs[0]}},
	}}
}

// fillBackups reads the backups of volumes and instances, 200 of them at a
// time.
func (s *Source) fillBackups(ctx context.Context, at resource.Place, rs []resource.Resource) {
	byID := map[string]resource.Backable{}
	for _, r := range rs {
		if b, ok := r.(resource.Backable); ok {
			byID[r.Ref().ID] = b
		}
	}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(byID)), maxFilterValues) {
		taken, err := s.backups(ctx, at, some)
		for _, id := range some {
			if err != nil {
				byID[id].SetBackups(resource.Unread[[]resource.Backup](err))
			} else {
				byID[id].SetBackups(resource.Known(taken[id]))
			}
		}
	}
}

// backups are the snapshots that are tagged as backups of some resources, by
// the resource's id.
func (s *Source) backups(ctx context.Context, at resource.Place, ids []string) (map[string][]resource.Backup, error) {
	api, err := s.s.ec2(callSnapshots, at.Region)
	if err != nil {
		return nil, err
	}
	taken := map[string][]resource.Backup{}
	return taken, eachPage(callSnapshots, at.Region, func(token *string) (*string, error) {
		rs, next, err := snapshots(ctx, api, at, filter("tag:"+resource.BackupTag, ids), token)
		for _, r := range rs {
			if x, ok := r.(*resource.Snapshot); ok {
				of := x.TagSet[resource.BackupTag]
				taken[of] = append(taken[of], resource.Backup{Snapshot: x.Reference.ID, Volume: x.Volume, State: x.State, Started: x.CreatedAt})
			}
		}
		return next, err
	})
}
