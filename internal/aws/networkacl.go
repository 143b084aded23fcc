package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// networkACLs reads one page of network ACLs.
func networkACLs(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize)})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.NetworkAcls, networkACLFrom), out.NextToken, nil
}

// networkACLFrom makes a snapshot of what EC2 says of a network ACL, nil where
// base is none.
func networkACLFrom(at resource.Place, in *types.NetworkAcl) *resource.NetworkACL {
	b, ok := base(at, resource.EC2NetworkACL, in.NetworkAclId, in.OwnerId, in.Tags)
	if !ok {
		return nil
	}
	out := &resource.NetworkACL{
		Base:    b,
		VPC:     awssdk.ToString(in.VpcId),
		Default: awssdk.ToBool(in.IsDefault),
	}
	for _, a := range in.Associations {
		if awssdk.ToString(a.SubnetId) != "" {
			out.Subnets = append(out.Subnets, *a.SubnetId)
		}
	}
	for i := range in.Entries {
		if r, own := aclRuleFrom(&in.Entries[i]); own {
			out.Entries = append(out.Entries, r)
		}
	}
	return out
}
