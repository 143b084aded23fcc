package iam

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// What a fact calls is limited to something, or it says why not.
func TestEveryCallOfAFactHasAScope(t *testing.T) {
	facts := []need.Fact{need.Creator, need.Metrics, need.Protection, need.Tags}
	for _, s := range resource.Schemas() {
		for _, f := range s.Fields {
			facts = append(facts, f.Fact)
		}
	}
	for _, f := range facts {
		c, ok := need.Of(f)
		if !ok {
			t.Errorf("%s has no cost", f)
		}
		for _, call := range c.Calls {
			if _, ok := scopes[call.Permission()]; !ok {
				t.Errorf("%s, which %s takes, has no scope", call.Permission(), f)
			}
		}
	}
	for p, s := range scopes {
		if (s.any != "") == (len(s.on) > 0) {
			t.Errorf("%s is on %v, and on everything because %q", p, s.on, s.any)
		}
	}
}

// The tables of what is looked up before an action agree with what a resource
// asks for.
func TestWhatIsLookedAtBeforeAnActionIsWhatTheResourceAsksFor(t *testing.T) {
	for typ, r := range map[resource.Type]resource.Resource{
		resource.AutoScalingGroup:    &resource.Group{},
		resource.EC2ElasticIP:        &resource.ElasticIP{},
		resource.EC2Image:            &resource.Image{State: "available"},
		resource.EC2Instance:         &resource.Instance{State: "running", RootDevice: "ebs", Volumes: []string{"vol-1"}},
		resource.EC2NetworkACL:       &resource.NetworkACL{},
		resource.EC2NetworkInterface: &resource.NetworkInterface{State: "available", InterfaceType: "interface"},
		resource.EC2SecurityGroup:    &resource.SecurityGroup{GroupName: "a"},
		resource.EC2Snapshot:         &resource.Snapshot{State: "completed"},
		resource.EC2Volume:           &resource.Volume{State: "available"},
		resource.RDSCluster:          &resource.DBCluster{State: "available", Engine: "aurora-mysql"},
		resource.RDSDatabase:         &resource.Database{State: "available"},
		resource.RDSSnapshot:         &resource.DBSnapshot{Kind: "manual", State: "available"},
	} {
		for _, k := range action.All() {
			f := resource.Undecided(r, k)
			if have := looks[typ][k]; f != "" && !slices.Contains(have, f) || f == "" && len(have) > 0 {
				t.Errorf("before %s of %s it asks for %q, and %v are known", k, typ, f, have)
			}
		}
	}
}
