package inventory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var at = resource.Place{Account: account, Region: "us-east-1"}

func TestAParentIsReadOnceForAllItsChildren(t *testing.T) {
	aws := sim.New(account, time.Unix(0, 0))
	id := aws.Launch(sim.Instance{Region: at.Region, Tags: tag.Set{"Project": "atlas"}})
	a, b := &resource.Volume{Instance: id}, &resource.ElasticIP{Instance: id}
	free, vpc := &resource.Volume{}, &resource.VPC{}
	inventory.FillParentTags(t.Context(), aws, at, resource.EC2Instance, []resource.Resource{a, b, free, vpc})
	for _, child := range []resource.Parented{a, b} {
		tags, err := child.ParentTags().Get(need.InstanceTags)
		if diff := cmp.Diff(map[string]string{"Project": "atlas"}, tags); err != nil || diff != "" {
			t.Errorf("%v, (-want +got)\n%s", err, diff)
		}
		tags["Project"] = "changed" // each has a map of its own
	}
	if calls := aws.Calls()["ec2:DescribeInstances"]; calls != 1 {
		t.Errorf("it took %d calls", calls)
	}
	aws.Deny("ec2:DescribeInstances")
	inventory.FillParentTags(t.Context(), aws, at, resource.EC2Instance, []resource.Resource{a})
	if _, err := a.ParentTags().Get(need.InstanceTags); fault.ClassOf(err) != fault.Denied {
		t.Errorf("not allowed to read it: %v", err)
	}
}

// Whatever the children belong to: after it, a child of that type of parent has
// exactly its parent's tags or an error, and others are as they were.
func TestEveryChildGetsItsOwnParentsTags(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		aws := sim.New(account, time.Unix(0, 0))
		aws.AddRegion(at.Region)
		ids := []string{"", "i-0aaaaaaaaaaaaaaaa"}
		for n := range rapid.IntRange(0, 4).Draw(t, "instances") {
			ids = append(ids, aws.Launch(sim.Instance{Region: at.Region, Tags: tag.Set{"N": fmt.Sprint(n)}}))
		}
		var rs []resource.Resource
		for range rapid.IntRange(0, 9).Draw(t, "children") {
			rs = append(rs, &resource.Volume{Instance: rapid.SampledFrom(ids).Draw(t, "parent")})
		}
		inventory.FillParentTags(t.Context(), aws, at, resource.EC2Instance, rs)
		for _, r := range rs {
			v := r.(*resource.Volume)
			tags, err := v.ParentTags().Get(need.InstanceTags)
			i, there := aws.Instance(v.Instance)
			if there != (err == nil) || there && tags["N"] != i.TagSet["N"] {
				t.Fatalf("of %q: %v, %v", v.Instance, tags, err)
			}
		}
	})
}
