package sim_test

import (
	"testing"

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
		Protect: func(t *testing.T, id string, stop, terminate bool) {
			if !a.Protect(id, stop, terminate) {
				t.Fatalf("%s cannot be protected", id)
			}
		},
		Settle: func(*testing.T) { a.Clock().Advance(sim.Transition) },
	}
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
