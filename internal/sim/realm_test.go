package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/sim/contract"
)

func TestTheContractOfRealmsHoldsInMemory(t *testing.T) {
	contract.RunRealm(t, func(*testing.T) contract.Realm {
		const id, region = "222233334444", "eu-west-1"
		a := sim.New(id, time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC))
		a.AddRegion(region)
		r := sim.NewRealm()
		r.Trust(a, "ops/tagwarden", "secret")
		r.AddUnit("", "r-ab12")
		r.AddUnit("r-ab12", "ou-ab12-11111111")
		r.AddUnit("ou-ab12-11111111", "ou-ab12-22222222")
		r.Join("ou-ab12-22222222", accounts.Listed{ID: id, Name: "payments", Active: true})
		r.Join("ou-ab12-11111111", accounts.Listed{ID: "333344445555", Name: "old"})
		role := accounts.Role{Account: id, ARN: "arn:aws:iam::" + id + ":role/ops/tagwarden", ExternalID: "secret", Session: "tagwarden-central"}
		stranger := role
		stranger.ExternalID = "guessed"
		return contract.Realm{Realm: r, Role: role, Stranger: stranger, Place: resource.Place{Account: id, Region: region},
			Launch: func(*testing.T) string { return a.Launch(sim.Instance{Region: region}) },
			Root:   "r-ab12", Unit: "ou-ab12-11111111", Inner: "ou-ab12-22222222", Name: "payments", Suspended: "333344445555"}
	})
}

func TestWhoIsInNoOrganizationIsToldToListTheAccounts(t *testing.T) {
	_, err := sim.NewRealm().Roots(t.Context())
	if fault.ClassOf(err) != fault.Unsupported || !strings.Contains(fault.HintOf(err), "list the accounts") {
		t.Errorf("%s: %v with the hint %q", fault.ClassOf(err), err, fault.HintOf(err))
	}
}
