package aws

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
)

func TestWhatIsChangedAloneFailsAlone(t *testing.T) {
	of := func(c fault.Class) error { return &fault.Error{Class: c} }
	var ten []string
	for n := range 10 {
		ten = append(ten, fmt.Sprint(n))
	}
	tests := map[string]struct {
		fails map[string]fault.Class // of some; "" is of all others
		calls int
		want  map[string]fault.Class // of some; "" is of all others
	}{
		"all done":                      {nil, 10, nil},
		"one is gone":                   {map[string]fault.Class{"3": fault.NotFound}, 10, map[string]fault.Class{"3": fault.NotFound}},
		"one is denied":                 {map[string]fault.Class{"0": fault.Denied}, 10, map[string]fault.Class{"0": fault.Denied}},
		"all are denied":                {map[string]fault.Class{"": fault.Denied}, enoughDenied, map[string]fault.Class{"": fault.Denied}},
		"all but one are denied":        {map[string]fault.Class{"": fault.Denied, "0": ""}, 10, map[string]fault.Class{"": fault.Denied, "0": ""}},
		"nobody answers from one on":    {map[string]fault.Class{"7": fault.Unreachable}, 8, map[string]fault.Class{"7": fault.Unreachable, "8": fault.Unreachable, "9": fault.Unreachable}},
		"too many calls, which may end": {map[string]fault.Class{"": fault.Throttled}, 10, map[string]fault.Class{"": fault.Throttled}},
	}
	classOf := func(m map[string]fault.Class, id string) fault.Class {
		if c, ok := m[id]; ok {
			return c
		}
		return m[""]
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			answer, err := alone(execute.Call{IDs: ten}, func(id string) (string, error) {
				calls++
				if c := classOf(tt.fails, id); c != "" {
					return "", of(c)
				}
				return "req-" + id, nil
			})
			if err != nil || calls != tt.calls {
				t.Errorf("%v after %d calls, want %d", err, calls, tt.calls)
			}
			for _, id := range ten {
				want := classOf(tt.want, id)
				if got := fault.ClassOf(answer.Failed[id]); got != want || (want == "") != (answer.RequestIDs[id] == "req-"+id) {
					t.Errorf("%s: %q by request %q, want %q", id, got, answer.RequestIDs[id], want)
				}
			}
		})
	}
}

func TestWhatIsChangedAloneAndIsOneFailsAsACall(t *testing.T) {
	broken := errors.New("broken")
	answer, err := alone(execute.Call{IDs: []string{"a"}}, func(string) (string, error) { return "", broken })
	if diff := cmp.Diff(execute.Answer{}, answer); err != broken || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}
