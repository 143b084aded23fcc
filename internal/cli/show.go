package cli

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/report"
)

// show writes a plan or, with an outcome, what applying it came to.
func show(w io.Writer, e Env, f *flags, p *plan.Plan, o *report.Outcome, zone *time.Location) error {
	opts := report.Options{Width: e.Width, Zone: zone, Color: colors(e, f.noColor)}
	if err := report.Write(w, report.Format(f.format), report.Document{Plan: p, Outcome: o}, opts); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// colors says whether to show colours: on a terminal that can, unless the user
// said no (see no-color.org).
func colors(e Env, noColor bool) bool {
	if noColor || !e.StdoutTerminal {
		return false
	}
	if v, ok := e.LookupEnv("NO_COLOR"); ok && v != "" {
		return false
	}
	kind, _ := e.LookupEnv("TERM")
	return kind != "dumb"
}

// outcome is what the pipeline reports of an applied plan, as it is shown.
func outcome(r *app.Report) *report.Outcome {
	o := &report.Outcome{Interrupted: r.Interrupted}
	for _, d := range r.Deliveries {
		shown := report.Delivery{Channel: d.Channel, Address: d.Address, Accepted: d.Accepted, ID: d.ID}
		if d.Err != nil {
			shown.Reason, shown.Hint = d.Err.Error(), fault.HintOf(d.Err)
		}
		o.Deliveries = append(o.Deliveries, shown)
	}
	for _, p := range r.Problems {
		o.Problems = append(o.Problems, report.Problem(p))
	}
	return o
}

// planned is the exit of a plan: violations, where that is asked for, before
// what is incomplete.
func planned(p *plan.Plan, ask bool) error {
	if ask && p.Summary.Violating > 0 {
		return exit(exitViolations)
	}
	return incomplete(p)
}

// applied is the exit of an applied plan. A mark that could not be written is
// shown and fails nothing: it is there for people, and decides nothing.
func applied(r *app.Report) error {
	for _, f := range r.Plan.Findings {
		for _, a := range f.Actions {
			if a.State == plan.Failed && a.Action != action.Mark && a.Action != action.Unmark {
				return exit(exitFailed)
			}
		}
	}
	for _, d := range r.Deliveries {
		if !d.Accepted {
			return exit(exitFailed)
		}
	}
	if len(r.Problems) > 0 || r.Interrupted {
		return exit(exitFailed)
	}
	return incomplete(r.Plan)
}

// incomplete says whether something was unread or held.
func incomplete(p *plan.Plan) error {
	if slices.ContainsFunc(p.Unread, func(u plan.Unread) bool { return !u.Lasting }) {
		return exit(exitIncomplete)
	}
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			if a.State == plan.Held {
				return exit(exitIncomplete)
			}
		}
	}
	return nil
}
