package execute_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// oneByOne makes a request for each resource but the last.
type oneByOne struct{}

func (oneByOne) Do(_ context.Context, c execute.Call) (execute.Answer, error) {
	answer := execute.Answer{RequestID: "last", RequestIDs: map[string]string{}}
	for _, id := range c.IDs[:len(c.IDs)-1] {
		answer.RequestIDs[id] = "of " + id
	}
	return answer, nil
}

func TestEachResourceKeepsTheRequestThatChangedIt(t *testing.T) {
	b := newBench(t, 3, plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "atlas"}})
	b.runner.Actor = oneByOne{}
	b.run()
	var got []string
	for _, f := range b.plan.Findings {
		got = append(got, f.Actions[0].RequestID)
	}
	if diff := cmp.Diff([]string{"of i-00000000000000001", "of i-00000000000000002", "last"}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
