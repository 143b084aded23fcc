package plan_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// What one policy keeps because it deletes another spelling of it must not be
// what another policy deletes.
func TestNoTwoPoliciesDeleteBothSpellings(t *testing.T) {
	const file = `version: 1
policies:
  - {name: a, resource: ec2:instance, mode: enforce, tags: {Cost: {aliases: [CostCenter]}}}
  - {name: b, resource: ec2:instance, mode: enforce, tags: {CostCenter: {aliases: [Cost, cost]}}}
`
	for name, c := range map[string]struct {
		tags tag.Set
		want []string
	}{
		"both are there":     {tag.Set{"Cost": "1", "CostCenter": "1"}, []string{"a untag held " + reason.Conflict, "b untag held " + reason.Conflict}},
		"one and a third":    {tag.Set{"CostCenter": "1", "cost": "1"}, []string{"a tag planned ", "a untag held " + reason.Conflict, "b untag planned "}},
		"nothing depends on": {tag.Set{"CostCenter": "1", "cost": ""}, []string{"a tag planned ", "a untag held " + reason.Conflict, "b untag planned "}},
	} {
		r := &resource.Instance{Base: resource.Base{TagSet: c.tags, Reference: resource.Ref{ID: "i-1", Type: resource.EC2Instance, Account: "1", Region: "r", ARN: "arn:i-1"}}, State: "running", RootDevice: "ebs"}
		var got []string
		left := c.tags.Clone()
		for _, f := range build(load(t, file), cases.NewIndex(nil, nil), []resource.Resource{r}).Findings {
			for _, a := range f.Actions {
				got = append(got, fmt.Sprintf("%s %s %s %s", f.Policy, a.Action, a.State, a.Code))
				if a.State == plan.Planned {
					left = tag.Diff{Set: a.Tags, Delete: a.Keys}.Apply(left)
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if left["Cost"] != "1" && left["CostCenter"] != "1" {
			t.Errorf("%s: the value is lost, %v", name, left)
		}
	}
}
