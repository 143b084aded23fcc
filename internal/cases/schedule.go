package cases

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
)

// Timing is when one step of a case is due.
type Timing struct {
	Step *eval.StepVerdict
	// Due says that it is now.
	Due bool
	// At is when it is, or would be; zero where that is not known.
	At time.Time
	// Clock says that At is a deadline that runs, and not a forecast of what
	// follows from a notice that nobody has accepted yet.
	Clock bool
	// Spent says that it was done for this violation already and is only done
	// once: what it does leaves nothing on the resource to tell by.
	Spent bool
	// Held says that its time has come and that it must not be done; the reason
	// is Why.
	Held bool
	// Why says what it waits for; its Text may be empty.
	Why eval.Reason
}

// Schedule says when each applying step of a violating verdict is due. c is
// the case as the ledger has it, nil where there is none. Steps that do not
// apply are left out.
func Schedule(v *eval.Verdict, c *Case, now time.Time) []Timing {
	s := schedule{v: v, c: c, now: now, byID: map[string]int{}}
	if !c.GoesOn(v.Policy, now) {
		s.c = nil // nothing of it counts: it begins anew
	}
	for i := range v.Steps {
		sv := &v.Steps[i]
		if !sv.Applies || sv.Unknown != nil {
			continue
		}
		t := s.step(sv)
		s.byID[sv.Step.ID] = len(s.out)
		s.out = append(s.out, t)
	}
	return s.out
}

// Live says whether the case is open under enforce, or was closed so recently
// that a violation that is there again resumes its clock.
func (c *Case) Live(now time.Time, memory time.Duration) bool {
	if c == nil || c.Opened.IsZero() {
		return false
	}
	return c.Closed.IsZero() || now.Sub(c.Closed) <= memory
}

// GoesOn says whether what is known of the case counts for a violation that is
// there now. Where it was closed before anybody was told of it, nothing does,
// unless the policy tells of no violations.
func (c *Case) GoesOn(p *policy.Policy, now time.Time) bool {
	return c.Live(now, p.Memory) && (c.Closed.IsZero() || !c.Accepted.IsZero() || !p.Notifies() || p.Timed())
}

type schedule struct {
	v    *eval.Verdict
	c    *Case // nil: no case, or none that counts any more
	now  time.Time
	out  []Timing
	byID map[string]int
}

func (s *schedule) step(sv *eval.StepVerdict) Timing {
	t := Timing{Step: sv, At: s.now, Clock: true}
	if once(sv.Step.Action) {
		_, t.Spent = s.did(sv.Step.ID)
	}
	if sv.Edge != nil {
		return s.edge(t)
	}
	if !sv.HasAfter && sv.Step.Since == "" {
		t.Due = true
		return s.behindFailure(t)
	}
	start, runs, why := s.start(sv)
	t.Clock, t.Why = runs, why
	if start.IsZero() {
		t.At = time.Time{}
		return t
	}
	t.At = start.Add(sv.After)
	if s.c != nil {
		// A deadline once announced never comes nearer.
		if announced := s.c.Deadlines[sv.Step.ID]; announced.After(t.At) {
			t.At = announced
		}
	}
	if s.now.Before(t.At) {
		return t
	}
	if !runs {
		// In the run that finds the violation there is nothing to hold yet.
		t.Held = why.Code == reason.NoticeUndelivered && start.Before(s.now)
		t.At = s.now
		return t
	}
	t.Due = true
	return s.behindFailure(t)
}

// start is when the clock of a step began, and whether it runs: a forecast
// otherwise, with what it waits for.
func (s *schedule) start(sv *eval.StepVerdict) (at time.Time, runs bool, why eval.Reason) {
	// What tells people cannot wait for their having been told.
	free := sv.Step.Action == action.Notify || !s.v.Policy.Notifies()
	if since := sv.Step.Since; since != "" {
		return s.since(since, free)
	}
	if free {
		if s.c == nil {
			return s.now, true, why
		}
		if sv.Step.Action == action.Notify && !s.c.Accepted.IsZero() {
			return s.c.Accepted, true, why
		}
		return s.c.Opened, true, why
	}
	if s.c == nil {
		return s.now, false, eval.Reason{Code: reason.AwaitingNotice, Text: "its grace period begins with the first notice"}
	}
	at = s.c.Accepted
	if at.IsZero() {
		at = s.c.Opened
	}
	why = s.unheard()
	return at, why.Code == "", why
}

// unheard is why no clock of the case runs although it began: nobody was told,
// or not since it came back. Its Code is "" where people were.
func (s *schedule) unheard() eval.Reason {
	switch {
	case s.c.Accepted.IsZero():
		return eval.Reason{Code: reason.NoticeUndelivered, Text: "no channel has accepted a notice of it yet"}
	case s.returned() && !s.c.LastAccepted.After(s.lastClosed()):
		return eval.Reason{Code: reason.AwaitingNotice, Text: "it came back, and a new notice comes first"}
	default:
		return eval.Reason{}
	}
}

// returned says whether the case was closed before and is there again.
func (s *schedule) returned() bool { return !s.c.Closed.IsZero() || !s.c.Resumed.IsZero() }

// lastClosed is the latest time before which notices no longer count.
func (s *schedule) lastClosed() time.Time {
	if !s.c.Closed.IsZero() {
		return s.c.Closed
	}
	// The notice of the run that resumed the case has the run's very time.
	return s.c.Resumed.Add(-1)
}

// since is the start of a clock that begins when another step was done, and not
// before people were told of it, unless the step is free to act untold.
func (s *schedule) since(id string, free bool) (at time.Time, runs bool, why eval.Reason) {
	if o, ok := s.did(id); ok {
		if free {
			return o.At, true, why
		}
		at = o.At
		if s.c.Accepted.After(at) {
			at = s.c.Accepted
		}
		why = s.unheard()
		return at, why.Code == "", why
	}
	why = eval.Reason{Code: reason.AwaitingStep, Text: "it counts from " + id}
	if i, ok := s.byID[id]; ok {
		at = s.out[i].At
		if !at.IsZero() && at.Before(s.now) {
			at = s.now
		}
	}
	return at, false, why
}

// did is the outcome of a step that was done. What was done before the case was
// closed counts only while its effect stands: whoever put things right and
// started the resource again sees it stopped before anything counts from that.
// The same holds of what is done at the edges of the hours, and undone daily.
func (s *schedule) did(id string) (Outcome, bool) {
	if s.c == nil || !s.c.Steps[id].Done {
		return Outcome{}, false
	}
	o := s.c.Steps[id]
	step, ok := s.v.Policy.Step(id)
	edge := ok && step.At != policy.NoEdge
	if !edge && (!s.returned() || o.At.After(s.lastClosed())) {
		return o, true
	}
	return o, ok && Already(s.v, step)
}

// behindFailure lets a destructive step wait while an earlier one of the case
// has failed.
func (s *schedule) behindFailure(t Timing) Timing {
	if s.c == nil || !t.Step.Step.Action.Destructive() {
		return t
	}
	for _, earlier := range s.out {
		step := earlier.Step.Step
		o, ok := s.c.Steps[step.ID]
		if ok && !o.Done && step.Action.Destructive() && earlier.Due && step.Action != t.Step.Step.Action {
			t.Due = false
			t.Why = eval.Reason{Code: reason.EarlierStepFailed, Text: fmt.Sprintf("it waits, because %s failed", step.ID)}
		}
	}
	return t
}

// once says whether a step is done once for each violation: nothing on the
// resource says afterwards that it was.
func once(k action.Kind) bool { return k == action.RunCommand || k == action.Invoke }

// Forecast is Schedule for a policy that only observes: no clock runs, and
// each step has the time at which it would be due if enforcing began now.
func Forecast(v *eval.Verdict, now time.Time) []Timing {
	out := Schedule(v, nil, now)
	for i := range out {
		out[i].Due, out[i].Clock, out[i].Why = false, false, eval.Reason{}
	}
	return out
}

// OwnDoing says whether it is by one of the case's own steps that its resource
// no longer matches the policy: such a case stays open.
func OwnDoing(c *Case, p *policy.Policy, v *eval.Verdict) bool {
	for i := range p.Steps {
		s := &p.Steps[i]
		if o, ok := c.Steps[s.ID]; ok && o.Done && Already(v, s) {
			return true
		}
	}
	return false
}

// Already says whether the effect of the step is there, so that there is
// nothing to do.
func Already(v *eval.Verdict, s *policy.Step) bool {
	tags := v.Resource.Tags()
	switch s.Action {
	case action.Tag:
		for k, want := range s.Tags {
			if have, ok := tags[k]; !ok || have != resource.Taken(v.Resource.Ref().Type, want) {
				return false
			}
		}
		return true
	case action.Untag:
		for _, k := range s.Keys {
			if _, ok := tags[k]; ok {
				return false
			}
		}
		return true
	case action.Isolate:
		i, ok := v.Resource.(*resource.Instance)
		return ok && i.Isolated(s.Groups)
	default:
		return v.Resource.Already(s.Action)
	}
}

// Memory is how long the ledger must remember closed cases for a set.
func Memory(set *policy.Set) time.Duration {
	longest := 30 * span.Day
	for _, p := range set.Policies {
		longest = max(longest, p.Memory)
	}
	return longest
}
