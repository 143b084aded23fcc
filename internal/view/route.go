package view

import (
	"cmp"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// kinds are the kinds of news, the one that names an item first.
var kinds = []plan.NewsKind{plan.NewViolation, plan.Reminder, plan.Standing, plan.HeldNews, plan.ResultNews}

// Route returns what a plan has to tell, and to whom, in the plan's order: one
// Routed for every planned notification that has news, or whose finding has
// results. A plan that was not applied has no results yet.
func Route(p *plan.Plan) []Routed {
	var out []Routed
	notices(p, func(f *plan.Finding, a *plan.Action) {
		if r, ok := route(f, a); ok {
			out = append(out, r)
		}
	})
	return out
}

// Known counts, by policy, the violations of open cases about which there is
// nothing new: they were told earlier and still stand. One that was seen to
// change before it was acted on is not counted.
func Known(p *plan.Plan) map[string]int {
	told := make(map[*plan.Finding]bool)
	notices(p, func(f *plan.Finding, a *plan.Action) {
		if _, ok := route(f, a); ok {
			told[f] = true
		}
	})
	known := make(map[string]int)
	for i := range p.Findings {
		f := &p.Findings[i]
		if f.Known && f.Status == eval.Violating && !told[f] && !changed(f) {
			known[f.Policy]++
		}
	}
	return known
}

// notices calls visit for every notification that the plan would send.
func notices(p *plan.Plan, visit func(*plan.Finding, *plan.Action)) {
	for i := range p.Findings {
		f := &p.Findings[i]
		for j := range f.Actions {
			if a := &f.Actions[j]; a.Action == action.Notify && a.State == plan.Planned {
				visit(f, a)
			}
		}
	}
}

// route returns what one notification tells of its finding; false where that
// is nothing. A finding that changed between plan and apply is told only what
// was done: its news and deadlines are no longer true.
func route(f *plan.Finding, a *plan.Action) (Routed, bool) {
	news, gone := a.News, changed(f)
	if gone {
		news = nil
	}
	item := Item{
		Kind: kindOf(news), Policy: f.Policy, Mode: f.Mode, Resource: f.Resource,
		Owner: f.Owner, Status: f.Status, Reasons: f.Reasons,
	}
	ended := false
	for i := range f.Actions {
		step := &f.Actions[i]
		if !tells(step.Action) {
			continue
		}
		switch step.State {
		case plan.Done:
			// What was so already is no result of this run.
			ended = ended || step.Code != reason.Already
			item.Results = append(item.Results, lineOf(step))
		case plan.Failed:
			// A failure is told as news, once; it may come back at every run.
			item.Results = append(item.Results, lineOf(step))
		case plan.Held:
			if !gone {
				item.Results = append(item.Results, lineOf(step))
			}
		case plan.Waiting, plan.Would, plan.Planned:
			if !gone {
				item.Next = append(item.Next, lineOf(step))
			}
		}
	}
	if len(news) == 0 && !ended {
		return Routed{}, false
	}
	return Routed{
		Channel: a.To, Address: a.Address, Policy: f.Policy, Step: a.Step,
		Item: item, Keys: keysOf(news),
	}, true
}

// tells says whether an action is told: notifications and marks are how
// people are told, not what.
func tells(k action.Kind) bool {
	return k != action.Notify && k != action.Mark && k != action.Unmark
}

// changed says whether a fresh look found that the finding no longer holds.
func changed(f *plan.Finding) bool {
	return slices.ContainsFunc(f.Actions, func(a plan.Action) bool {
		return a.State == plan.Skipped && a.Code == reason.NoLongerHolds
	})
}

// kindOf returns the kind that names an item with this news: the weightiest,
// or result where there is none.
func kindOf(news []plan.News) plan.NewsKind {
	for _, k := range kinds {
		if slices.ContainsFunc(news, func(n plan.News) bool { return n.Kind == k }) {
			return k
		}
	}
	return plan.ResultNews
}

// keysOf returns every key that counts as told with this news, sorted.
func keysOf(news []plan.News) []string {
	var keys []string
	for _, n := range news {
		keys = append(append(keys, n.Key), n.Also...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func lineOf(a *plan.Action) Line {
	l := Line{
		Action: a.Action, State: a.State, At: a.At, Reason: a.Reason,
		Detail: a.Detail(), Hint: a.Hint, RequestID: a.RequestID,
		WillBeHeld: a.WillBeHeld(),
	}
	if a.At.IsZero() && a.State == plan.Waiting {
		l.After = a.After
	}
	return l
}

// byWeight orders items as a digest shows them: what asks for something first,
// bare results after it, each by account, region and id.
func byWeight(a, b Item) int {
	return cmp.Or(cmp.Compare(weight(a), weight(b)),
		cmp.Compare(a.Resource.Account, b.Resource.Account),
		cmp.Compare(a.Resource.Region, b.Resource.Region),
		cmp.Compare(a.Resource.ID, b.Resource.ID),
		cmp.Compare(a.Resource.ARN, b.Resource.ARN))
}

func weight(i Item) int {
	if i.Open() {
		return 0
	}
	return 1
}
