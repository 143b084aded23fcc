package eval

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/hours"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Edge is where a resource's hours stand, as a step sees it that waits for
// them to close, or to open.
type Edge struct {
	// Passed says that now is behind such an edge: closed, or open.
	Passed bool
	// Last is the latest such edge that is not after now, and Next the one after
	// it; zero where there is none.
	Last, Next time.Time
	// Started is when the resource was last started, zero where it never was.
	Started time.Time
}

// edge works out where the hours stand for a step, and returns whether the
// verdict still stands: hours that cannot be told leave a policy without tag
// rules nothing to say, and otherwise only the step.
func (v *Verdict) edge(sv *StepVerdict, in expr.Input) bool {
	own, err := v.Policy.Hours.Of(in.Resource.Tags())
	if err == nil {
		sv.Edge = edgeOf(own, sv.Step.At, in)
		return true
	}
	why := Reason{Code: reason.HoursUnknown, Tag: v.Policy.Hours.Tag, Text: fmt.Sprintf("its hours cannot be told: %v", err)}
	if len(v.Policy.Tags) > 0 {
		sv.Applies, sv.Unknown = false, &why
		return true
	}
	v.Status, v.Reasons, v.Steps = Unknown, []Reason{why}, nil
	return false
}

func edgeOf(h hours.Hours, at policy.Edge, in expr.Input) *Edge {
	e := &Edge{Started: started(in)}
	if at == policy.Close {
		e.Passed = !h.Open(in.Now)
		e.Last, _ = h.LastClosing(in.Now)
		e.Next, _ = h.NextClosing(in.Now)
	} else {
		e.Passed = h.Open(in.Now)
		e.Last, _ = h.LastOpening(in.Now)
		e.Next, _ = h.NextOpening(in.Now)
	}
	return e
}

// started is when the resource was last started. Types that can be stopped
// have the field; one that was never started has no time in it.
func started(in expr.Input) time.Time {
	if s, ok := resource.SchemaOf(resource.KindOf(in.Resource)); ok {
		if f, ok := s.Field("launched_at"); ok {
			if v, err := f.Get(in.Resource, in.Now); err == nil {
				at, _ := v.(time.Time)
				return at
			}
		}
	}
	return time.Time{}
}
