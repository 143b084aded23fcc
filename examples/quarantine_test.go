package examples_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestWhatHasNoOwnerIsIsolatedOnTheEmbeddedAccount(t *testing.T) {
	const vpc, quarantine = "vpc-abc123c1", "sg-0d5e8a7b41c2f9360"
	r := rehearse(t, "quarantine.yaml")
	g := &resource.SecurityGroup{VPC: vpc}
	g.Reference.Region, g.Reference.ID, g.TagSet = "us-east-1", quarantine, tag.Set{"Name": "quarantine"}
	r.aws.Add(g)
	r.aws.AddFunction("us-east-1", "keep-evidence")
	for _, i := range r.aws.Instances() {
		tags := i.TagSet.User()
		tags["Owner"] = "ana"
		r.aws.SetTags(i.Reference.ID, tags)
	}
	launch := func(tags tag.Set) string {
		return r.aws.Launch(sim.Instance{Region: "us-east-1", VPC: vpc, Subnet: "subnet-0b7e41c95d2f8a613", SecurityGroups: []string{"sg-0c5d9e17f3a2b8460"}, Tags: tags})
	}
	groups := func(id string) []string {
		i, _ := r.aws.Instance(id)
		return i.SecurityGroups
	}
	team, bare := launch(tag.Set{"Team": "payments"}), launch(tag.Set{"Team": "legal"})
	spelled, exempt := launch(tag.Set{"OWNER": "ana"}), launch(tag.Set{"SPECIAL_EXCEPTION": ""})
	found := slices.Sorted(slices.Values([]string{team, bare}))

	p := r.apply(0) // a Monday, at eleven in Berlin
	same(t, "evidence of", found, slices.Sorted(slices.Values(in(p, action.Invoke, plan.Done))))
	var to []string
	for _, m := range r.box.mails {
		to = append(to, m.To...)
	}
	same(t, "mails to", []string{"payments@example.com", "security@example.com"}, slices.Sorted(slices.Values(to)))
	if i, _ := r.aws.Instance(spelled); i.TagSet["Owner"] != "ana" || i.TagSet["OWNER"] != "" {
		t.Errorf("the other spelling: %v", i.TagSet)
	}

	p = r.apply(2*day + 10*time.Hour) // Wednesday night
	same(t, "isolated at night", []string(nil), in(p, action.Isolate, plan.Done))
	p = r.apply(14 * time.Hour)
	same(t, "isolated", found, slices.Sorted(slices.Values(in(p, action.Isolate, plan.Done))))
	for _, id := range found {
		same(t, "the groups of "+id, []string{quarantine}, groups(id))
	}
	for _, id := range []string{spelled, exempt} {
		same(t, "the groups of "+id, []string{"sg-0c5d9e17f3a2b8460"}, groups(id))
	}
	p = r.apply(day)
	same(t, "isolated again", []string(nil), in(p, action.Isolate, plan.Done))
	same(t, "evidence kept again", []string(nil), in(p, action.Invoke, plan.Done))
}
