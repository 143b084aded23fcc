package sim_test

import (
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/sim/contract"
)

// backend is an account whose pages are so short that every listing has
// several.
func backend(t *testing.T) contract.Backend {
	a := newAccount()
	a.SetPageSize(2)
	return contract.Backend{
		Source: a, Actor: a, Place: home,
		Launch: func(_ *testing.T, k int) []string {
			ids := make([]string, k)
			for n := range ids {
				ids[n] = a.Launch(sim.Instance{Region: home.Region, VPC: "vpc-abc123c1"})
			}
			return ids
		},
		Add: func(t *testing.T, typ resource.Type) string { return a.Add(blank(t, typ)) },
		Protect: func(t *testing.T, id string, stop, terminate bool) {
			if !a.Protect(id, stop, terminate) {
				t.Fatalf("%s cannot be protected", id)
			}
		},
		Report: func(_ *testing.T, id string, m need.Metric, value float64) time.Time {
			a.Report(id, m.Name, value)
			a.Clock().Advance(m.Over)
			return a.Clock().Now()
		},
		Settle: func(*testing.T) { a.Clock().Advance(sim.Transition) },
	}
}

// blank is a resource of a type with nothing but a region.
func blank(t *testing.T, typ resource.Type) resource.Resource {
	t.Helper()
	b := resource.Base{Reference: resource.Ref{Region: home.Region}}
	all := map[resource.Type]resource.Resource{
		resource.EC2ElasticIP: &resource.ElasticIP{Base: b}, resource.EC2Image: &resource.Image{Base: b}, resource.EC2NetworkACL: &resource.NetworkACL{Base: b},
		resource.EC2NetworkInterface: &resource.NetworkInterface{Base: b}, resource.EC2SecurityGroup: &resource.SecurityGroup{Base: b},
		resource.EC2Snapshot: &resource.Snapshot{Base: b}, resource.EC2Subnet: &resource.Subnet{Base: b}, resource.EC2Volume: &resource.Volume{Base: b}, resource.EC2VPC: &resource.VPC{Base: b},
		resource.RDSDatabase: &resource.Database{Base: b}, resource.RDSCluster: &resource.DBCluster{Base: b}, resource.RDSSnapshot: &resource.DBSnapshot{Base: b},
		resource.AutoScalingGroup: &resource.Group{Base: b, Sizes: resource.Sizes{Min: 1, Desired: 2}, Max: 4},
		resource.S3Bucket:         &resource.Bucket{Base: b}, resource.LambdaFunction: &resource.Function{Base: b}, resource.DynamoDBTable: &resource.Table{Base: b},
	}
	if all[typ] == nil {
		t.Fatalf("nobody says how to make a %s", typ)
	}
	return all[typ]
}

var home = resource.Place{Account: sim.DemoAccount, Region: "us-east-1"}

// newAccount returns an account with two regions.
func newAccount() *sim.Account {
	a := sim.New(sim.DemoAccount, sim.DemoStart())
	a.AddRegion("us-east-1")
	a.AddRegion("ap-south-1")
	return a
}

func TestTheAccountKeepsTheContract(t *testing.T) { contract.Run(t, backend) }

func TestTheAccountIsAsStrictAsAWS(t *testing.T) { contract.RunStrict(t, backend) }

// What leads to several accounts does with one of them as the account itself does.
func TestTheWayIntoSeveralAccountsKeepsTheContract(t *testing.T) {
	contract.Run(t, func(t *testing.T) contract.Backend {
		b := backend(t)
		own := accounts.Door{Source: b.Source, Actor: b.Actor, Trail: b.Source.(creators.Trail)}
		all := accounts.New(&policy.Settings{Name: "central", Accounts: &policy.Accounts{List: []policy.Account{{ID: b.Place.Account}}}}, own, sim.NewRealm())
		caller := inventory.Caller{Account: b.Place.Account, ARN: "arn:aws:sts::" + b.Place.Account + ":assumed-role/tagwarden/embedded"}
		if _, err := all.Load(t.Context(), caller, time.Time{}, true); err != nil {
			t.Fatal(err)
		}
		b.Source, b.Actor = all.Source(), all.Actor()
		return b
	})
}
