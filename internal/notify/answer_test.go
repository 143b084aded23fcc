package notify

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// auditor is AWS Config, which does not take some evaluations at first.
type auditor struct {
	sizes []int
	fails map[string][]fault.Class // of one id, try by try
	told  map[string]int
}

func (a *auditor) PutEvaluations(_ context.Context, q Question, cs []Compliance) ([]error, error) {
	a.sizes = append(a.sizes, len(cs))
	if q.Token != "t" || len(cs) > 100 {
		return nil, &fault.Error{Class: fault.Invalid, Call: "config:PutEvaluations"}
	}
	failed := make([]error, len(cs))
	for i, c := range cs {
		if rest := a.fails[c.ID]; len(rest) > 0 {
			failed[i], a.fails[c.ID] = &fault.Error{Class: rest[0], Call: "config:PutEvaluations"}, rest[1:]
			continue
		}
		a.told[c.ID]++
	}
	return failed, nil
}

func TestAnAnswerGoesInHundredsAndWhatWasNotTakenAgain(t *testing.T) {
	const passing = fault.Passing
	a := &auditor{told: map[string]int{}, fails: map[string][]fault.Class{
		"7": {passing}, "120": {passing, passing}, "130": {passing, passing, passing, passing, passing}, "240": {fault.Unsupported},
	}}
	n := New(&policy.Set{}, Transports{Audit: a}, (&noWait{}).sleep)
	cs := make([]Compliance, 250)
	for i := range cs {
		cs[i] = Compliance{Type: "AWS::EC2::Instance", ID: fmt.Sprint(i), Verdict: Compliant}
	}
	for i, err := range n.Answer(t.Context(), Question{Token: "t"}, cs) {
		lost := i == 130 || i == 240
		if (err != nil) != lost || lost == (a.told[cs[i].ID] == 1) {
			t.Errorf("%d: %v, told %d times", i, err, a.told[cs[i].ID])
		}
	}
	if diff := cmp.Diff([]int{100, 100, 50, 3, 2, 1}, a.sizes); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

func TestWithoutConfigEveryAnswerHasAnError(t *testing.T) {
	n := New(&policy.Set{}, Transports{}, (&noWait{}).sleep)
	if errs := n.Answer(t.Context(), Question{Token: "t"}, make([]Compliance, 2)); len(errs) != 2 || fault.ClassOf(errs[1]) != fault.Invalid {
		t.Errorf("%v", errs)
	}
}
