package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// subnets reads one page of subnets.
func subnets(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize)})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.Subnets, subnetFrom), out.NextToken, nil
}

// subnetFrom makes a snapshot of what EC2 says of a subnet, nil where base is
// none.
func subnetFrom(at resource.Place, in *types.Subnet) *resource.Subnet {
	b, ok := base(at, resource.EC2Subnet, in.SubnetId, in.OwnerId, in.Tags)
	if !ok {
		return nil
	}
	return &resource.Subnet{
		Base:         b,
		State:        string(in.State),
		VPC:          awssdk.ToString(in.VpcId),
		CIDR:         awssdk.ToString(in.CidrBlock),
		Zone:         awssdk.ToString(in.AvailabilityZone),
		AvailableIPs: int(awssdk.ToInt32(in.AvailableIpAddressCount)),
		Default:      awssdk.ToBool(in.DefaultForAz),
	}
}
