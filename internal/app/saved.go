package app

import (
	"context"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// freshPart is how many resources of a saved plan are read at a time: as many
// as one DescribeInstances takes as filter values.
const freshPart = 200

// freshen brings a plan that was made earlier up to date before it is carried
// out: what was put right meanwhile opens no case and mails nobody, and what
// another run has told is not told again. Nothing is added to it.
func (r *run) freshen(ctx context.Context, x *execute.Runner) {
	if !r.now.After(r.plan.Created) {
		return
	}
	stands := r.stands(ctx, x)
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		if (f.Status == eval.Violating || f.Status == eval.Fixable) && !stands[keyOf(f)] {
			r.stale(f)
		}
		r.unsay(f)
	}
	r.plan.Closing = slices.DeleteFunc(r.plan.Closing, func(end plan.Closing) bool {
		return r.movedOn(r.session.index.Get(end.Policy, end.ARN))
	})
	r.refresh()
}

// stands are the findings of the plan that a fresh read still gives. What could
// not be read counts as standing: it is read once more before it is acted on.
func (r *run) stands(ctx context.Context, x *execute.Runner) map[cases.Key]bool {
	ids := map[spot]map[string]bool{}
	stands := map[cases.Key]bool{}
	for i := range r.plan.Findings {
		ref := r.plan.Findings[i].Resource.Ref
		w := spot{ref.Place(), ref.Type}
		if ids[w] == nil {
			ids[w] = map[string]bool{}
		}
		ids[w][ref.ID] = true
	}
	for w, set := range ids {
		for part := range slices.Chunk(slices.Sorted(maps.Keys(set)), freshPart) {
			fresh, err := x.Reader.Get(ctx, w.at, w.t, part)
			if err != nil {
				r.keepAll(stands, w, part)
				continue
			}
			for arn, fs := range x.Again(ctx, w.at, fresh) {
				for _, f := range fs {
					stands[cases.Key{Policy: f.Policy, ARN: arn}] = f.Status == eval.Violating || f.Status == eval.Fixable
				}
			}
		}
	}
	return stands
}

func (r *run) keepAll(stands map[cases.Key]bool, w spot, ids []string) {
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		if ref := f.Resource.Ref; (spot{ref.Place(), ref.Type}) == w && slices.Contains(ids, ref.ID) {
			stands[keyOf(f)] = true
		}
	}
}

// stale skips everything that a finding planned.
func (r *run) stale(f *plan.Finding) {
	if r.gone == nil {
		r.gone = map[cases.Key]bool{}
	}
	r.gone[keyOf(f)] = true
	for j := range f.Actions {
		if a := &f.Actions[j]; a.State == plan.Planned {
			a.State, a.Code, a.Reason = plan.Skipped, reason.NoLongerHolds, "looked at again, it is no longer called for"
		}
	}
}

// unsay drops the news of a finding that was told since the plan was made.
func (r *run) unsay(f *plan.Finding) {
	c := r.session.index.Get(f.Policy, f.Resource.ARN)
	for j := range f.Actions {
		a := &f.Actions[j]
		if a.Action != action.Notify {
			continue
		}
		a.News = slices.DeleteFunc(a.News, func(n plan.News) bool {
			at, told := c.ToldOf(n.Key)
			return told && !at.Before(r.plan.Created)
		})
	}
}

// movedOn says whether a case was touched by another run since the plan was
// made, which then knows better whether it has ended.
func (r *run) movedOn(c *cases.Case) bool {
	return c == nil || !c.Seen.Before(r.plan.Created) || c.Resumed.After(r.plan.Created) || c.LastAccepted.After(r.plan.Created)
}
