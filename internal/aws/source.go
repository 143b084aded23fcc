package aws

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

const (
	// pageSize is the most that EC2's describe calls give at once. Without a
	// page size EC2 answers everything in one piece, at a lower request rate.
	pageSize = 1000
	// maxFilterValues is how many values one filter takes ("Filtering" in the
	// EC2 API reference).
	maxFilterValues = 200
)

// Source reads an account. It is an inventory.Source.
type Source struct{ s *Session }

var _ inventory.Source = (*Source)(nil)

// Caller asks STS whose credentials these are.
func (s *Source) Caller(ctx context.Context) (inventory.Caller, error) {
	api, err := s.s.sts(s.s.Region())
	if err != nil {
		return inventory.Caller{}, err
	}
	out, err := api.callerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return inventory.Caller{}, err
	}
	return inventory.Caller{Account: awssdk.ToString(out.Account), ARN: awssdk.ToString(out.Arn)}, nil
}

// Regions lists the regions that are enabled for the account, sorted. It asks
// the default region.
func (s *Source) Regions(ctx context.Context) ([]string, error) {
	api, err := s.s.ec2(callRegions, s.s.Region())
	if err != nil {
		return nil, err
	}
	// AllRegions is left false: those that are not enabled would be in it.
	out, err := api.describeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range out.Regions {
		if r.RegionName != nil {
			names = append(names, *r.RegionName)
		}
	}
	slices.Sort(names)
	return names, nil
}

// reader is how resources of one type are read.
type reader struct {
	call need.Call
	// batch is how many ids page takes at once. Where it is 0 all resources are
	// read and the rest is dropped: for types of which an account has few, and
	// whose service knows no better way.
	batch int
	// page reads one page of those with the ids, of all where there are none, and
	// returns the token of the next.
	page func(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error)
}

// readers are the types that can be read.
var readers = map[resource.Type]reader{
	resource.AutoScalingGroup:    {call: callGroups, batch: groupsPage, page: groups},
	resource.EC2ElasticIP:        ec2Reader(callAddresses, "allocation-id", elasticIPs),
	resource.EC2Image:            ec2Reader(callImages, "image-id", images),
	resource.EC2Instance:         ec2Reader(callInstances, "instance-id", instances),
	resource.EC2NetworkACL:       ec2Reader(callNetworkAcls, "", networkACLs),
	resource.EC2NetworkInterface: ec2Reader(callNetworkInterfaces, "network-interface-id", networkInterfaces),
	resource.EC2SecurityGroup:    ec2Reader(callSecurityGroups, "group-id", securityGroups),
	resource.EC2Snapshot:         ec2Reader(callSnapshots, "snapshot-id", snapshots),
	resource.EC2Subnet:           ec2Reader(callSubnets, "subnet-id", subnets),
	resource.EC2Volume:           ec2Reader(callVolumes, "volume-id", volumes),
	resource.EC2VPC:              ec2Reader(callVpcs, "vpc-id", vpcs),
	resource.RDSCluster:          rdsReader(callDBClusters, dbClusters),
	resource.RDSDatabase:         rdsReader(callDatabases, databases),
	resource.RDSSnapshot:         {call: callDBSnapshots, batch: rdsPage, page: dbSnapshots},
	resource.DynamoDBTable:       {call: callTables, batch: tablePage, page: tables},
	resource.LambdaFunction:      {call: callFunctions, batch: functionPage, page: functions},
	resource.S3Bucket:            {call: callBuckets, page: buckets},
}

// ec2Reader reads one of EC2's types. byID is the filter that takes ids. Where
// it is "" all are read: emulators of EC2 answer with an error of their own
// when they are asked for a network ACL by id.
func ec2Reader(call need.Call, byID string,
	page func(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error)) reader {
	r := reader{call: call, batch: maxFilterValues}
	if byID == "" {
		r.batch = 0
	}
	r.page = func(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
		api, err := s.ec2(call, at.Region)
		if err != nil {
			return nil, nil, err
		}
		var filters []types.Filter
		if len(ids) > 0 && byID != "" {
			filters = filter(byID, ids)
		}
		return page(ctx, api, at, filters, token)
	}
	return r
}

// List hands over the resources of a region in pages of up to 1000; the
// addresses, which EC2 does not page, in one.
func (s *Source) List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error {
	if t == resource.Any {
		return s.s.listAnything(ctx, at, page)
	}
	return s.each(ctx, at, t, nil, page)
}

// Get reads resources anew. It asks by filter, which leaves out an id that is
// not there where a list of ids would fail as a whole.
func (s *Source) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	if foreign(t) {
		if len(ids) == 0 {
			return nil, nil
		}
		return s.s.getAnything(ctx, at, ids)
	}
	r, err := s.reader(at, t)
	if err != nil {
		return nil, err
	}
	var found []resource.Resource
	ids = distinct(ids)
	for some := range slices.Chunk(ids, cmp.Or(r.batch, max(1, len(ids)))) {
		err := s.each(ctx, at, t, some, func(rs []resource.Resource) error {
			found = append(found, rs...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// reader returns what reads resources of a type in a place.
func (s *Source) reader(at resource.Place, t resource.Type) (reader, error) {
	r, ok := readers[t]
	if !ok {
		f := invalid(need.Call{}, at.Region, fmt.Sprintf("resources of type %q cannot be read", t))
		f.Call = "list " + string(t)
		return r, f
	}
	return r, checkRegion(r.call, at.Region)
}

// each reads the resources with these ids, or all where there are none.
func (s *Source) each(ctx context.Context, at resource.Place, t resource.Type, ids []string, page func([]resource.Resource) error) error {
	r, err := s.reader(at, t)
	if err != nil {
		return err
	}
	return eachPage(r.call, at.Region, func(token *string) (*string, error) {
		rs, next, err := r.page(ctx, s.s, at, ids, token)
		if err != nil {
			return nil, err
		}
		if len(ids) > 0 && r.batch == 0 {
			rs = slices.DeleteFunc(rs, func(r resource.Resource) bool { return !slices.Contains(ids, r.Ref().ID) })
		}
		return next, page(rs)
	})
}

// eachPage calls read with each token until there is none. A page may be short
// or empty without being the last. A token that comes twice would go on for
// ever, and is an error.
func eachPage(call need.Call, region string, read func(token *string) (next *string, err error)) error {
	seen := map[string]bool{}
	var token *string
	for {
		next, err := read(token)
		if err != nil || awssdk.ToString(next) == "" {
			return err
		}
		if seen[*next] {
			f := invalid(call, region, "the pages go round in a circle: one of them was named twice")
			f.Class = fault.Other
			return f
		}
		seen[*next] = true
		token = next
	}
}

// snapshotsOf makes snapshots of what EC2 says, without those that from makes
// nothing of.
func snapshotsOf[T any, R interface {
	comparable
	resource.Resource
}](at resource.Place, list []T, from func(resource.Place, *T) R) []resource.Resource {
	var none R
	rs := make([]resource.Resource, 0, len(list))
	for i := range list {
		if r := from(at, &list[i]); r != none {
			rs = append(rs, r)
		}
	}
	return rs
}

// base is what every snapshot begins with. It is false where there is no id,
// which EC2 never sends but a broken stand-in may, and where the owner is told
// and is another account, which shares it: its tags are the owner's to change.
func base(at resource.Place, t resource.Type, id, owner *string, tags []types.Tag) (resource.Base, bool) {
	if awssdk.ToString(id) == "" || owner != nil && *owner != at.Account {
		return resource.Base{}, false
	}
	return resource.Base{Reference: resource.EC2Ref(at, t, *id), TagSet: tagsFrom(tags)}, true
}

// filter is never made of no values: EC2 would refuse it, or match everything.
func filter(name string, values []string) []types.Filter {
	return []types.Filter{{Name: &name, Values: values}}
}

// distinct returns the values that are not empty, sorted, each once.
func distinct(values []string) []string {
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	slices.Sort(values)
	return slices.Compact(values)
}
