package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// networkInterfaces reads one page of network interfaces.
func networkInterfaces(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{
		Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize),
		// Newer accounts hide what AWS services manage.
		IncludeManagedResources: awssdk.Bool(true),
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.NetworkInterfaces, networkInterfaceFrom), out.NextToken, nil
}

// networkInterfaceFrom makes a snapshot of what EC2 says of a network
// interface, nil where base is none.
func networkInterfaceFrom(at resource.Place, in *types.NetworkInterface) *resource.NetworkInterface {
	b, ok := base(at, resource.EC2NetworkInterface, in.NetworkInterfaceId, in.OwnerId, in.TagSet)
	if !ok {
		return nil
	}
	out := &resource.NetworkInterface{
		Base:           b,
		State:          string(in.Status),
		VPC:            awssdk.ToString(in.VpcId),
		Subnet:         awssdk.ToString(in.SubnetId),
		PrivateIP:      awssdk.ToString(in.PrivateIpAddress),
		InterfaceType:  string(in.InterfaceType),
		Description:    awssdk.ToString(in.Description),
		SecurityGroups: groupIDs(in.Groups),
		Managed:        awssdk.ToBool(in.RequesterManaged) || operator(in.Operator) != "",
	}
	if in.Association != nil {
		out.PublicIP = awssdk.ToString(in.Association.PublicIp)
	}
	// What a service of AWS attached to its own instance names no instance, or
	// one of another account.
	if a := in.Attachment; a != nil && (a.InstanceOwnerId == nil || *a.InstanceOwnerId == at.Account) {
		out.Instance = awssdk.ToString(a.InstanceId)
	}
	return out
}
