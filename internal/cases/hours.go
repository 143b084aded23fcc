package cases

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// edge says when a step is due that waits for hours: once behind each edge, as
// soon as a run comes by while the hours stand as the edge left them. What was
// started after the hours closed was started by somebody who needs it, and is
// left until they close again. What a policy starts only where it stopped it,
// it does not start where it did not, and has no wish to keep running either.
func (s *schedule) edge(t Timing) Timing {
	step, e := t.Step.Step, t.Step.Edge
	t.At, t.Clock = e.Next, false
	t.Why = eval.Reason{Code: reason.AwaitingHours, Text: "it is done when the hours " + string(step.At)}
	switch {
	case !e.Passed || e.Last.IsZero() || s.acted(step.ID, e.Last):
	case step.Action == action.Stop && !e.Started.Before(e.Last):
		t.Why.Text = "it was started after the hours had ended, and is left until they " + string(step.At) + " again"
	case step.Action == action.Start && step.Ours && !s.ours(e):
		t.Why.Text = "this policy did not stop it"
	default:
		t.Due, t.At, t.Clock, t.Why = true, s.now, true, eval.Reason{}
		return s.behindFailure(t)
	}
	return t
}

// acted says whether a step was done, or had nothing to do, since an edge.
func (s *schedule) acted(id string, edge time.Time) bool {
	if s.c == nil {
		return false
	}
	o := s.c.Steps[id]
	return o.Done && (!o.At.Before(edge) || !o.Already.Before(edge))
}

// ours says whether it is by a stop of this policy that the resource is stopped:
// a stop that did something before the edge, with no start after it, neither
// ours nor anybody's.
func (s *schedule) ours(e *eval.Edge) bool {
	if s.c == nil {
		return false
	}
	var stopped, started time.Time
	for i := range s.v.Policy.Steps {
		step := &s.v.Policy.Steps[i]
		o := s.c.Steps[step.ID]
		switch {
		case !o.Done:
		case step.Action == action.Start:
			started = latest(started, latest(o.At, o.Already))
		case step.Action == action.Stop && !o.At.Equal(o.Already):
			stopped = latest(stopped, o.At)
		}
	}
	return !stopped.IsZero() && stopped.Before(e.Last) && !started.After(stopped) && !e.Started.After(stopped)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
