package app_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/app"
)

func TestASetWhoseRulesWereNotReadJudgesNothing(t *testing.T) {
	w := newWorld(t, "policies: [{name: acme, resource: ec2:instance, mode: enforce, tags_from: {dynamodb: acme-rules}, enforce: [stop]}]\n")
	w.launch("i-0aaaaaaaaaaaaaaa1", 0, nil)
	_, err := w.app().Plan(t.Context(), app.Request{Run: "run-1", Now: w.aws.Clock().Now()})
	if err == nil || !strings.Contains(err.Error(), "were not read") {
		t.Errorf("planning: %v", err)
	}
	if calls := w.aws.Calls(); len(calls) > 0 {
		t.Errorf("calls: %v", calls)
	}
}
