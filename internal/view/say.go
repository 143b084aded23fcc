package view

import (
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/span"
)

// say returns what a step's program makes of the section, "" where there is
// none. A program that fails is noted in the section.
func (s *Section) say(p *expr.Program, in expr.Input, what string) string {
	if p == nil {
		return ""
	}
	text, err := p.Text(in)
	if err != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("the %s that the policy wants could not be made: %v", what, err))
		return ""
	}
	return text
}

// input is what the expressions of subject and text see of the section.
func (s *Section) input(now time.Time) expr.Input {
	run := &expr.Run{
		Policy: s.Policy, Violations: s.Counts.Violations, Fixed: s.Counts.Fixed,
		Done: s.Counts.Done, Failed: s.Counts.Failed, Held: s.Counts.Held,
		Items: make([]expr.Item, len(s.Items)),
	}
	for i := range s.Items {
		run.Items[i] = s.Items[i].expression()
	}
	return expr.Input{Now: now, Run: run}
}

// expression is the item as expressions see it. Of several results the one
// that people must know first is the item's status: failed, done, fixed, held.
func (i *Item) expression() expr.Item {
	r := i.Resource
	e := expr.Item{
		ID: r.ID, ARN: r.ARN, Type: string(r.Type), Account: r.Account, Region: r.Region,
		Name: r.Name, Owner: i.Owner, Status: "violating",
	}
	if len(i.Reasons) > 0 {
		e.Reason = i.Reasons[0].Text
	}
	line := func(states ...plan.State) bool {
		for _, state := range states {
			for _, l := range append(i.Results[:len(i.Results):len(i.Results)], i.Next...) {
				if l.State != state {
					continue
				}
				e.Action = l.Action.String()
				if l.Reason != "" {
					e.Reason = l.Reason
				}
				return true
			}
		}
		return false
	}
	switch {
	case line(plan.Failed):
		e.Status = "failed"
	case line(plan.Done):
		e.Status = "done"
		if i.Status == eval.Fixed {
			e.Status = "fixed"
		}
	case i.Status == eval.Fixed:
		e.Status = "fixed"
	case line(plan.Held):
		e.Status = "held"
	default:
		line(plan.Planned, plan.Would, plan.Waiting)
	}
	return e
}

// stepsOf lists what a policy does beside telling people, in its order.
func stepsOf(p *policy.Policy) []Step {
	var out []Step
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Action == action.Notify {
			continue
		}
		step := Step{Action: s.Action, Since: s.Since}
		if s.When != nil {
			step.When = s.When.Source()
		}
		switch {
		case s.After != nil && s.After.Prog != nil:
			step.After = s.After.Prog.Source()
		case s.After != nil:
			step.After = span.Format(s.After.Fixed)
		}
		out = append(out, step)
	}
	return out
}
