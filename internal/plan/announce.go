package plan

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
)

// Announce gives the notices of a plan what there is to tell of actions that
// are held or that failed, each once for a case, a step and a reason. It is
// called when everything that can be held is, and again after the plan was
// applied.
func (p *Plan) Announce(index *cases.Index) {
	for i := range p.Findings {
		f := &p.Findings[i]
		troubles := f.troubles()
		for j := range f.Actions {
			if a := &f.Actions[j]; a.Action == action.Notify && a.State == Planned {
				a.tell(f, troubles, index)
			}
		}
	}
}

// Trim drops notices that have nothing to tell and will have nothing. It is
// for a plan that nobody has approved yet: an approval names actions by place.
func (p *Plan) Trim() {
	for i := range p.Findings {
		f := &p.Findings[i]
		if f.busy() {
			continue
		}
		f.Actions = slices.DeleteFunc(f.Actions, func(a Action) bool {
			return a.Action == action.Notify && a.State == Planned && len(a.News) == 0
		})
	}
}

// troubles are the codes of what is held or failed, as news keys.
func (f *Finding) troubles() []string {
	var keys []string
	for i := range f.Actions {
		a := &f.Actions[i]
		step := a.Step
		if step == "" {
			step = "fix-" + a.Action.String()
		}
		switch {
		case a.Action == action.Notify || a.Action == action.Mark || a.Action == action.Unmark:
		case a.State == Held:
			keys = append(keys, "held|"+step+"|"+a.Code)
		case a.State == Failed:
			keys = append(keys, "failed|"+step+"|"+a.Code)
		}
	}
	return keys
}

// busy says whether something of the finding is done in this run, which makes
// results to tell.
func (f *Finding) busy() bool {
	for i := range f.Actions {
		a := &f.Actions[i]
		if a.Action == action.Notify || a.Action == action.Mark || a.Action == action.Unmark {
			continue
		}
		if a.State == Planned || a.State == Done {
			return true
		}
	}
	return false
}

// tell adds troubles that the case has not been told of.
func (a *Action) tell(f *Finding, troubles []string, index *cases.Index) {
	k := index.Get(f.Policy, f.Resource.ARN)
	for _, t := range troubles {
		key := a.Step + "|" + t
		if _, told := k.ToldOf(key); told || a.has(key) {
			continue
		}
		a.News = append(a.News, News{Kind: HeldNews, Key: key})
	}
}

func (a *Action) has(key string) bool {
	for _, n := range a.News {
		if n.Key == key {
			return true
		}
	}
	return false
}
