package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// run is the work of applying one plan.
type run struct {
	app     *App
	session *session
	plan    *plan.Plan
	now     time.Time
	report  *Report
	touched map[cases.Key]*cases.Case // what is not saved yet
	heard   map[cases.Key]bool        // a notice of it was accepted in this run
	gone    map[cases.Key]bool        // it was put right since the plan was made
}

// trouble notes a problem beside single actions; nil is none.
func (r *run) trouble(what string, err error) {
	if err != nil {
		r.report.Problems = append(r.report.Problems, Problem{What: what, Text: err.Error(), Hint: fault.HintOf(err)})
	}
}

// refresh moves the forecasts of a plan that was saved earlier: a grace period
// begins when people are told, not when the plan was made.
func (r *run) refresh() {
	late := r.now.Sub(r.plan.Created)
	zone, key := r.app.o.Set.Settings.Zone, r.app.o.Set.Settings.Mark
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if a.State == plan.Waiting && !a.Clock && !a.At.IsZero() && !r.waitsForHours(f, a) {
				a.At = a.At.Add(late)
			}
		}
		for j := range f.Actions {
			m := &f.Actions[j]
			if m.Action != action.Mark || m.Needs == "" {
				continue
			}
			for k := range f.Actions {
				if a := &f.Actions[k]; a.Step == m.Step && a.Action != action.Mark {
					m.Tags = tag.Set{key: cases.Mark(a.Action, a.At, zone, f.Policy)}
				}
			}
		}
	}
}

// touch returns the case of a finding for changing, nil where it has none.
func (r *run) touch(key cases.Key) *cases.Case {
	if c := r.touched[key]; c != nil {
		return c
	}
	c := r.session.index.Get(key.Policy, key.ARN)
	if c == nil {
		return nil
	}
	return r.keep(c.Clone())
}

// keep makes a case the one that is judged and saved from here on.
func (r *run) keep(c *cases.Case) *cases.Case {
	if r.touched == nil {
		r.touched = map[cases.Key]*cases.Case{}
	}
	r.touched[c.Key()] = c
	r.session.index.Put(c)
	return c
}

func keyOf(f *plan.Finding) cases.Key { return cases.Key{Policy: f.Policy, ARN: f.Resource.ARN} }

// open opens, resumes and closes cases, and saves them before anything is
// done: a deadline must not depend on how the rest of the run goes.
func (r *run) open(ctx context.Context) error {
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		if (f.Status == eval.Violating || f.Status == eval.Fixable || f.Status == eval.Unknown && len(f.Actions) > 0) && !r.gone[keyOf(f)] {
			r.openOne(f)
		}
	}
	r.rename()
	for _, end := range r.plan.Closing {
		c := r.touch(cases.Key{Policy: end.Policy, ARN: end.ARN})
		if c != nil && c.Closed.IsZero() {
			c.Closed, c.Why = r.now, end.Why
		}
	}
	return r.save(ctx)
}

// rename moves the open cases of renamed policies to their present names. Left
// open under the earlier name, one would come to life again once the ledger has
// forgotten its successor.
func (r *run) rename() {
	was := renamed(r.app.o.Set)
	for _, old := range r.session.index.Renamed() {
		if !old.Closed.IsZero() {
			continue
		}
		r.touch(cases.Key{Policy: was[old.Policy], ARN: old.Resource.ARN})
		old = old.Clone()
		old.Closed, old.Why = r.now, "renamed"
		r.touched[old.Key()] = old
	}
}

func (r *run) openOne(f *plan.Finding) {
	c := r.touch(keyOf(f))
	p := r.app.o.Set.Policy(f.Policy)
	if p == nil {
		return
	}
	began := f.Mode == policy.Enforce && f.Status == eval.Violating
	switch {
	case c == nil, !c.Closed.IsZero() && !c.GoesOn(p, r.now):
		c = r.keep(&cases.Case{Policy: f.Policy, Resource: f.Resource.Ref, Seen: r.now})
	case f.Status == eval.Unknown:
		// Whether it came back is not known.
	case !c.Closed.IsZero():
		// It came back: the clock goes on, and everybody is told again.
		c.Resumed, c.Closed, c.Why, c.Told = r.now, time.Time{}, "", nil
	}
	if f.Mode == policy.Observe && f.Status != eval.Unknown {
		c.Pause(r.now)
	}
	if began && c.Opened.IsZero() {
		c.Opened = r.now
	}
}

// results writes what was done into the cases, and counts what was fixed.
func (r *run) results() {
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		if f.Status == eval.Fixable && repaired(f) {
			f.Status = eval.Fixed
			r.plan.Summary.Fixable--
			r.plan.Summary.Fixed++
		}
		c := r.touch(keyOf(f))
		if c == nil {
			continue
		}
		for j := range f.Actions {
			if a := &f.Actions[j]; a.Step != "" && a.Action != action.Notify && a.Action != action.Mark {
				r.outcome(c, a, r.waitsForHours(f, a))
			}
		}
	}
}

// log writes a line for every action that was tried.
func (r *run) log() {
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if a.State == plan.Done || a.State == plan.Failed || a.State == plan.Skipped {
				r.app.o.Log.Info(a.Action.String(), "state", a.State, "resource", f.Resource.ARN, "policy", f.Policy, "reason", a.Reason, "request", a.RequestID)
			}
		}
	}
}

// repaired says whether every repair of a finding was made.
func repaired(f *plan.Finding) bool {
	some := false
	for i := range f.Actions {
		a := &f.Actions[i]
		if a.Step != "" || a.Action != action.Tag && a.Action != action.Untag {
			continue
		}
		if a.State != plan.Done {
			return false
		}
		some = true
	}
	return some
}

// outcome records how a step of a case ended. An effect that was there already
// counts as done, so that the steps behind it can follow, but does not set
// back the time of what was done before; for a step that waits for hours it is
// noted beside that, as each edge is acted on once. So it is where AWS answers
// that somebody else was first.
func (r *run) outcome(c *cases.Case, a *plan.Action, atEdge bool) {
	if c.Steps == nil {
		c.Steps = map[string]cases.Outcome{}
	}
	switch {
	case a.State == plan.Done && a.Code != reason.Already:
		c.Steps[a.Step] = cases.Outcome{At: r.now, Done: true, Reason: a.Reason, Run: r.plan.Run, RequestID: a.RequestID}
	case a.State == plan.Failed:
		c.Steps[a.Step] = cases.Outcome{At: r.now, Reason: a.Reason, Run: r.plan.Run, RequestID: a.RequestID}
	case a.Code == reason.Already && !c.Steps[a.Step].Done:
		c.Steps[a.Step] = cases.Outcome{At: r.now, Done: true, Already: r.now, Reason: "it was so already", Run: r.plan.Run}
	case a.Code == reason.Already && atEdge:
		o := c.Steps[a.Step]
		if o.At.Equal(o.Already) { // it never did anything
			o.At = r.now
		}
		o.Already = r.now
		c.Steps[a.Step] = o
	}
	if atEdge && (a.State == plan.Done || a.Code == reason.Already) {
		c.Overcome(a.Step)
	}
}

// waitsForHours says whether an action's step is due at an edge of hours.
func (r *run) waitsForHours(f *plan.Finding, a *plan.Action) bool {
	s := r.step(f, a)
	return s != nil && s.At != policy.NoEdge
}

// announced records, for a finding whose notice was accepted, that its clock
// runs and which deadlines people were told.
func (r *run) announced(f *plan.Finding) {
	c := r.touch(keyOf(f))
	if c == nil || f.Mode != policy.Enforce || f.Status != eval.Violating {
		return
	}
	if c.Accepted.IsZero() {
		c.Accepted = r.now
	}
	c.LastAccepted = r.now
	for i := range f.Actions {
		if a := &f.Actions[i]; a.State == plan.Waiting && a.Code == reason.AwaitingNotice {
			a.Clock, a.Code, a.Reason = true, "", ""
		}
	}
	r.deadlines(c, f)
}

// deadlines keeps the times at which the finding's waiting steps are due. One
// that is kept never comes nearer.
func (r *run) deadlines(c *cases.Case, f *plan.Finding) {
	for i := range f.Actions {
		a := &f.Actions[i]
		if a.State != plan.Waiting || a.At.IsZero() || a.Step == "" || a.Action == action.Notify {
			continue
		}
		if r.waitsForHours(f, a) || !r.counts(c, f, a) {
			continue // what it counts from is not done: only a forecast
		}
		if c.Deadlines == nil {
			c.Deadlines = map[string]time.Time{}
		}
		if a.At.After(c.Deadlines[a.Step]) {
			c.Deadlines[a.Step] = a.At
		}
	}
}

// counts says whether the step that an action counts from was done, if there
// is one.
func (r *run) counts(c *cases.Case, f *plan.Finding, a *plan.Action) bool {
	s := r.step(f, a)
	return s != nil && (s.Since == "" || c.Steps[s.Since].Done)
}

// step is the policy's step that an action belongs to, nil for a repair, a
// mark, and what the policy file no longer has.
func (r *run) step(f *plan.Finding, a *plan.Action) *policy.Step {
	return r.app.step(f.Policy, a.Step)
}

// accepted says whether a notice of the finding was accepted in this run.
func (r *run) accepted(f *plan.Finding) bool { return r.heard[keyOf(f)] }

// marks notes which marks were written.
func (r *run) marks() {
	key := r.app.o.Set.Settings.Mark
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		for j := range f.Actions {
			a := &f.Actions[j]
			if a.Action != action.Mark && a.Action != action.Unmark || a.State != plan.Done {
				continue
			}
			if c := r.touch(keyOf(f)); c != nil {
				c.Mark = a.Tags[key]
			}
		}
	}
}

// save writes the cases that were touched since it was last called.
func (r *run) save(ctx context.Context) error {
	if len(r.touched) == 0 {
		return nil
	}
	cs := make([]*cases.Case, 0, len(r.touched))
	for _, c := range r.touched {
		cs = append(cs, c)
	}
	if err := r.app.o.Ledger.SaveCases(ctx, r.session.scope, cs); err != nil {
		return fmt.Errorf("saving cases: %w", err)
	}
	r.touched = nil
	return nil
}
