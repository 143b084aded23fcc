package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// elasticIPs reads all addresses: EC2 does not page them.
func elasticIPs(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, _ *string) ([]resource.Resource, *string, error) {
	out, err := a.describeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: filters})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.Addresses, elasticIPFrom), nil, nil
}

// elasticIPFrom makes a snapshot of what EC2 says of an address, nil where base
// is none.
func elasticIPFrom(at resource.Place, in *types.Address) *resource.ElasticIP {
	b, ok := base(at, resource.EC2ElasticIP, in.AllocationId, nil, in.Tags)
	if !ok {
		return nil
	}
	return &resource.ElasticIP{
		Base:             b,
		PublicIP:         awssdk.ToString(in.PublicIp),
		PrivateIP:        awssdk.ToString(in.PrivateIpAddress),
		Instance:         awssdk.ToString(in.InstanceId),
		NetworkInterface: awssdk.ToString(in.NetworkInterfaceId),
		Operator:         string(in.ServiceManaged),
	}
}
