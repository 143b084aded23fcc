package aws

import (
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

// List hands over the instances of a region in pages of up to 1000.
func (s *Source) List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error {
	api, err := s.reader(callInstances, at, t)
	if err != nil {
		return err
	}
	return api.eachInstancePage(ctx, nil, func(reservations []types.Reservation) error {
		return page(instancesFrom(at, reservations))
	})
}

// Get reads instances anew. It asks by filter, which leaves out an id that is
// not there where a list of ids would fail as a whole.
func (s *Source) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	api, err := s.reader(callInstances, at, t)
	if err != nil {
		return nil, err
	}
	var found []resource.Resource
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		err := api.eachInstancePage(ctx, filter("instance-id", some), func(reservations []types.Reservation) error {
			found = append(found, instancesFrom(at, reservations)...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// reader returns the API that reads resources of a type in a place.
func (s *Source) reader(call need.Call, at resource.Place, t resource.Type) (*ec2API, error) {
	if t != resource.EC2Instance {
		return nil, invalid(call, at.Region, fmt.Sprintf("resources of type %q cannot be read", t))
	}
	return s.s.ec2(call, at.Region)
}

func (a *ec2API) eachInstancePage(ctx context.Context, filters []types.Filter, page func([]types.Reservation) error) error {
	return eachPage(callInstances, a.at.region, func(token *string) (*string, error) {
		out, err := a.describeInstances(ctx, &ec2.DescribeInstancesInput{
			Filters: filters, NextToken: token,
			MaxResults: awssdk.Int32(pageSize),
			// Newer accounts hide what AWS services run; it is billed all the same.
			IncludeManagedResources: awssdk.Bool(true),
		})
		if err != nil {
			return nil, err
		}
		return out.NextToken, page(out.Reservations)
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

func instancesFrom(at resource.Place, reservations []types.Reservation) []resource.Resource {
	n := 0
	for i := range reservations {
		n += len(reservations[i].Instances)
	}
	list := make([]resource.Resource, 0, n)
	for i := range reservations {
		for j := range reservations[i].Instances {
			if r := instanceFrom(at, &reservations[i].Instances[j]); r != nil {
				list = append(list, r)
			}
		}
	}
	return list
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
