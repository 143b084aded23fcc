package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// securityGroups reads one page of security groups.
func securityGroups(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize)})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.SecurityGroups, securityGroupFrom), out.NextToken, nil
}

// securityGroupFrom makes a snapshot of what EC2 says of a security group, nil
// where base is none.
func securityGroupFrom(at resource.Place, in *types.SecurityGroup) *resource.SecurityGroup {
	b, ok := base(at, resource.EC2SecurityGroup, in.GroupId, in.OwnerId, in.Tags)
	if !ok {
		return nil
	}
	return &resource.SecurityGroup{
		Base:        b,
		VPC:         awssdk.ToString(in.VpcId),
		GroupName:   awssdk.ToString(in.GroupName),
		Description: awssdk.ToString(in.Description),
	}
}
