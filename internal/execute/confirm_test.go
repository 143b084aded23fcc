package execute_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestAStepThatDeletesTagsDoesNotDependOnARepair(t *testing.T) {
	b := newBench(t, 1,
		plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "p7"}},
		plan.Action{Action: action.Untag, Step: "untag", State: plan.Planned, Keys: []string{"Temp"}})
	b.aws.SetTags(b.plan.Findings[0].Resource.ID, tag.Set{"Temp": "x"})
	b.aws.Deny("ec2:CreateTags")
	b.run()
	want := map[plan.State]int{plan.Failed: 1, plan.Done: 1}
	if diff := cmp.Diff(want, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestEachRenameWaitsForItsOwnKey(t *testing.T) {
	rename := func(from, to string) []plan.Action {
		return []plan.Action{
			{Action: action.Tag, State: plan.Planned, Tags: tag.Set{to: "1"}},
			{Action: action.Untag, State: plan.Planned, Keys: []string{from}},
		}
	}
	b := newBench(t, 1, rename("cost-center", "CostCenter")...)
	second := b.plan.Findings[0]
	second.Policy, second.Actions = "q", rename("team", "Team")
	b.plan.Findings = append(b.plan.Findings, second)
	// The first policy's key was written, and taken away again by somebody.
	b.plan.Findings[0].Actions[0].State = plan.Done
	b.runner.Again = func(context.Context, resource.Place, []resource.Resource) map[string][]plan.Finding {
		return map[string][]plan.Finding{second.Resource.ARN: b.plan.Findings}
	}
	id := second.Resource.ID
	b.aws.SetTags(id, tag.Set{"cost-center": "1", "team": "1"})
	b.run()
	i, _ := b.aws.Instance(id)
	if diff := cmp.Diff(tag.Set{"cost-center": "1", "Team": "1"}, i.TagSet); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}
