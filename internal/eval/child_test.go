package eval_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestAChildDoesNotGetAValueThatIsNotAllowed(t *testing.T) {
	const file = "tags: {Project: {allowed: [payments]}, Team: {pattern: '[a-z]+'}, Env: {}}"
	v := judgeOne(t, onePolicy(file), instance(tag.Set{"Project": "nonsense", "Team": "42", "Env": "prod"}))
	all, _ := v.Wanted()
	if diff := cmp.Diff(tag.Set{"Env": "prod"}, all); diff != "" {
		t.Errorf("a child gets (-want +got):\n%s", diff)
	}
}
