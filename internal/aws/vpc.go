package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// vpcs reads one page of VPCs.
func vpcs(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize)})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.Vpcs, vpcFrom), out.NextToken, nil
}

// vpcFrom makes a snapshot of what EC2 says of a VPC, nil where base is none.
func vpcFrom(at resource.Place, in *types.Vpc) *resource.VPC {
	b, ok := base(at, resource.EC2VPC, in.VpcId, in.OwnerId, in.Tags)
	if !ok {
		return nil
	}
	return &resource.VPC{
		Base:    b,
		State:   string(in.State),
		CIDR:    awssdk.ToString(in.CidrBlock),
		Default: awssdk.ToBool(in.IsDefault),
	}
}
