package function

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// What Lambda does not take is an error of a function that has done its work.
func TestAnAnswerIsNoLongerThanLambdaTakes(t *testing.T) {
	a := newAnswer()
	h := &app.Handling{Plan: &plan.Plan{}}
	for i := range 4000 {
		r := plan.Resource{Ref: resource.Ref{ID: fmt.Sprint(i), Type: []resource.Type{resource.EC2Instance, resource.EC2Volume}[i%2]}}
		r.Details = append(r.Details, plan.Detail{Title: "Name", Text: strings.Repeat("\u202e", 256)})
		h.Plan.Findings = append(h.Plan.Findings, plan.Finding{Resource: r, Policy: "p", Status: eval.Violating})
	}
	a.take(h, nil)
	b, err := a.Encode()
	var got Answer
	if err := errors.Join(err, json.Unmarshal(b, &got)); err != nil {
		t.Fatal(err)
	}
	listed := len(got.Instances) + len(got.Resources)
	if len(b) > 6<<20 || got.Violations != 4000 || listed+got.Omitted != 4000 || listed < 1000 || len(got.Instances) != len(got.Resources) {
		t.Errorf("%d bytes, %d violations, of which %d are listed and %d left out", len(b), got.Violations, listed, got.Omitted)
	}
}

func TestAFewOfWhatCannotBeSeenAreNamed(t *testing.T) {
	l := newLambda(t, unexcepted)
	var refs []resource.Ref
	for i := range 1000 {
		refs = append(refs, resource.Ref{ID: fmt.Sprintf("i-%017x", i)})
	}
	err := unseen(refs)
	if text := err.Error(); !errors.Is(err, errUnseen) || len(text) > 400 || !strings.Contains(text, "i-00000000000000009 and 990 more") {
		t.Error(text)
	}
	if text := unseen(refs[:2]).Error(); !strings.HasSuffix(text, ": i-00000000000000000, i-00000000000000001") {
		t.Error(text)
	}
	if _, err := l.invoke(running("e-1", strings.Repeat("x", 100_000))); err == nil || len(err.Error()) > 1000 {
		t.Errorf("a long id: %d bytes are said of it", len(err.Error()))
	}
}
