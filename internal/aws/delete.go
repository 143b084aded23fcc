package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/middleware"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
)

// deletion is a change that one call of EC2 makes to one resource. A call for
// several is refused: which of them was deleted could not be told.
func deletion(call need.Call, do func(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error)) map[action.Kind]change {
	return map[action.Kind]change{action.Delete: ec2Change(call, func(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
		if len(c.IDs) != 1 {
			return execute.Answer{}, invalid(call, c.At.Region, "several resources are named, and EC2 deletes one at a time")
		}
		meta, err := do(ctx, api, &c.IDs[0])
		if err != nil {
			return execute.Answer{}, err
		}
		return execute.Answer{RequestID: requestID(meta)}, nil
	})}
}

func deleteVolume(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error) {
	out, err := api.deleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: id})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func deleteSnapshot(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error) {
	out, err := api.deleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: id})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

// deregisterImage leaves the image's snapshots where they are.
func deregisterImage(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error) {
	out, err := api.deregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: id, DeleteAssociatedSnapshots: awssdk.Bool(false)})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func deleteNetworkInterface(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error) {
	out, err := api.deleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: id})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func deleteSecurityGroup(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error) {
	out, err := api.deleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: id})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}

func releaseAddress(ctx context.Context, api *ec2API, id *string) (middleware.Metadata, error) {
	out, err := api.releaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: id})
	if err != nil {
		return middleware.Metadata{}, err
	}
	return out.ResultMetadata, nil
}
