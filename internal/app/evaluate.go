package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// Handle judges an event and carries out what follows. The same event again
// does nothing, and two events about one resource are handled one after the
// other. The error wraps ErrTaken where another run is at it. What an event
// could not bring about for a passing reason is brought about when it is
// handled again: Done of the Handling says whether it need not be.
//
// Where a rule of AWS Config asks, it gets its answer when everything is done.
// One that could not be given is an error beside the Handling and the Report,
// and the event is to be handled again.
func (a *App) Handle(ctx context.Context, e Event) (*Handling, *Report, error) {
	ask := e.Request.Evaluation
	switch {
	case ask == nil:
		return a.handle(ctx, e)
	case ask.Left:
		return a.evaluateNothing(ctx, e, leftScope)
	case len(e.Request.Refs) == 0:
		return a.evaluateAll(ctx, e)
	}
	h, report, err := a.handle(ctx, e)
	switch {
	case err != nil:
		return h, report, err
	case h.session == nil: // no policy is woken
		return a.evaluateNothing(ctx, e, h.Ignored)
	case h.Ignored != "":
		return h, report, nil
	}
	if err := a.opine(ctx, h); err != nil {
		return h, report, err
	}
	return h, report, a.answer(ctx, e, report, h.session.opinions.verdicts(h.Plan))
}

// leftScope is why nothing is judged although a rule of AWS Config asks.
const leftScope = "the resource is gone, has no ARN, or no longer concerns the rule"

// evaluateNothing answers that no policy is about the resource.
func (a *App) evaluateNothing(ctx context.Context, e Event, why string) (*Handling, *Report, error) {
	h := &Handling{Ignored: why}
	s, err := a.session(ctx, Request{Run: e.Run, Now: e.Now})
	if err != nil {
		return nil, nil, err
	}
	if not, err := a.foreign(ctx, s, e); not != "" || err != nil {
		h.Ignored = cmp.Or(not, why)
		return h, nil, err
	}
	return h, nil, a.answer(ctx, e, nil, []notify.Compliance{{Verdict: notify.NotApplicable}})
}

// evaluateAll looks at everything that the woken policies are about where the
// rule is, acts as a sweep does, and answers for each resource.
func (a *App) evaluateAll(ctx context.Context, e Event) (h *Handling, report *Report, err error) {
	h = &Handling{}
	if h.Policies, h.Ignored = Woken(a.o.Set, e.Request); h.Ignored != "" {
		return h, nil, nil
	}
	r := Request{Run: e.Run, Now: e.Now, Only: h.Policies}
	if at := e.Request.Evaluation.Region; at != "" {
		r.Regions = []string{at}
	}
	if h.session, err = a.session(ctx, r); err != nil {
		return nil, nil, err
	}
	if h.Ignored, err = a.foreign(ctx, h.session, e); h.Ignored != "" || err != nil {
		return h, nil, err
	}
	h.session.opinions, r.Account = &opinions{}, h.session.caller.Account // the rule asks of its own account
	if h.Plan, err = a.planFor(ctx, h.session, r); err != nil {
		return nil, nil, err
	}
	if e.Confirm != nil {
		if err := e.Confirm(h); err != nil {
			return nil, nil, err
		}
	}
	if report, err = a.apply(ctx, h.session, h.Plan, e.Now); err != nil {
		return h, report, err
	}
	return h, report, a.answer(ctx, e, report, h.session.opinions.verdicts(h.Plan))
}

// opine adds what policies say that let late tags settle: they act later, and
// the rule asks now.
func (a *App) opine(ctx context.Context, h *Handling) error {
	var names []string
	for _, l := range h.Later {
		if !slices.Contains(h.Policies, l.Policy) {
			names = append(names, l.Policy)
		}
	}
	if len(names) == 0 {
		return nil
	}
	s := *h.session
	s.only(a, names)
	for _, part := range byPlace(h.Later[0].Refs) {
		rs, err := s.io.Get(ctx, part.at, part.t, part.ids)
		if err != nil {
			return fmt.Errorf("reading what AWS Config asks about: %w", err)
		}
		for _, r := range rs {
			r.HideMark(a.o.Set.Settings.Mark)
		}
		for _, one := range a.settle(ctx, &s, part.at, rs) {
			s.opinions.note(one.resource, one.verdicts)
		}
	}
	return nil
}

// errUnheard is for whoever assembles an App.
var errUnheard = errors.New("there is nothing to answer AWS Config with")

// answer tells the rule that asks. report is nil where nothing was done.
func (a *App) answer(ctx context.Context, e Event, report *Report, cs []notify.Compliance) error {
	ask := e.Request.Evaluation
	at := e.Request.Time
	if at.IsZero() {
		at = e.Now
	}
	for i := range cs {
		cs[i].At = at
		if ask.ResourceType != "" {
			cs[i].Type, cs[i].ID = ask.ResourceType, ask.ResourceID
		}
	}
	if len(cs) == 0 {
		return nil
	}
	if a.o.Systems == nil {
		return errUnheard
	}
	q := notify.Question{Region: cmp.Or(ask.Region, regionIn(e.Request), a.o.Region), Token: ask.Token, Test: ask.Test()}
	failed, nameless := refusals(a.o.Systems.Answer(ctx, q, cs))
	a.o.Log.Info("answered AWS Config", "rule", ask.Rule, "resources", len(cs)-len(failed)-len(nameless), "failed", len(failed), "without a name there", len(nameless))
	if len(nameless) > 0 && report != nil {
		text := fmt.Sprintf("it was not told of %d of %d resources: %v", len(nameless), len(cs), nameless[0])
		report.Problems = append(report.Problems, Problem{What: "AWS Config", Text: text})
	}
	if len(failed) > 0 {
		return fmt.Errorf("answering rule %s of AWS Config about %d of %d resources: %w", ask.Rule, len(failed), len(cs), failed[0])
	}
	return nil
}

// regionIn is the region of what a rule asks about; resources that are in none
// have "global" there.
func regionIn(r *trigger.Request) string {
	if r.Region == "global" {
		return ""
	}
	return r.Region
}

// refusals are the errors of an answer, those apart that are about what AWS
// Config has no name for: it will have none the next time either.
func refusals(errs []error) (failed, nameless []error) {
	for _, err := range errs {
		switch {
		case err == nil:
		case fault.ClassOf(err) == fault.Unsupported:
			nameless = append(nameless, err)
		default:
			failed = append(failed, err)
		}
	}
	return failed, nameless
}
