package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// did says what a deed was, to follow the name of its run.
func (d deed) did() string {
	if d.State == plan.Planned {
		return "was about to " + d.Action.String() + " it, and did not live to record how that ended"
	}
	if d.State == plan.Failed {
		return "did a part of what it took to " + d.Action.String() + " it, and then failed"
	}
	at := d.At.UTC().Format("2006-01-02 15:04 MST")
	switch {
	case d.kept && len(d.was.Wrote) > 0:
		var tags []string
		for _, k := range d.was.Wrote.Keys() {
			tags = append(tags, k+"="+d.was.Wrote[k])
		}
		return "tagged it " + strings.Join(tags, ", ") + " on " + at
	case d.kept && len(d.was.Deleted) > 0:
		return "deleted its tags " + strings.Join(d.was.Deleted, ", ") + " on " + at
	}
	return d.Action.Past() + " it on " + at
}

// back gathers what takes the deeds on one resource back.
type back struct {
	u     *undoing
	r     resource.Resource // nil: gone, or not read
	set   tag.Set
	del   []string
	start *plan.Action
	// former are the security groups that interfaces get back, rules those that
	// are made anew.
	former map[string][]string
	rules  []resource.Rule
	left   []plan.Action // what is not done, and why
}

func (b *back) leave(k action.Kind, s plan.State, code, text string) {
	b.left = append(b.left, plan.Action{Action: k, State: s, Code: code, Reason: text})
}

// opposite is what takes an action back, the action itself where nothing does.
func opposite(k action.Kind) action.Kind {
	switch k {
	case action.Stop:
		return action.Start
	case action.Isolate, action.Revoke:
		return action.Restore
	case action.Tag:
		return action.Untag
	case action.Untag:
		return action.Tag
	default:
		return k
	}
}

// deed adds what takes one deed back.
func (b *back) deed(d deed) {
	k := opposite(d.Action)
	switch {
	case k == d.Action:
		b.leave(k, plan.Skipped, reason.NotReversible, "this cannot be taken back")
	case !d.kept:
		b.leave(k, plan.Skipped, reason.NotReversible, "what was there before was not recorded")
	case b.u.unread[singleOf(d.was.Resource)] != nil:
		b.leave(k, plan.Held, reason.FactUnread, "it could not be read: "+b.u.unread[singleOf(d.was.Resource)].Error())
	case b.r == nil || b.r.Ended():
		b.leave(k, plan.Skipped, reason.NoLongerHolds, "it is gone")
	case d.Action == action.Stop:
		b.restart(d)
	case d.since != "":
		b.leave(k, plan.Skipped, reason.ChangedSince, d.since)
	case d.Action == action.Isolate:
		b.readmit(d)
	case d.Action == action.Revoke:
		b.reopen(d)
	default:
		b.retag(d)
	}
}

// restart starts what the run has stopped, unless somebody has touched it since.
func (b *back) restart(d deed) {
	i, isInstance := b.r.(*resource.Instance)
	no := b.r.Refuses(action.Start)
	switch {
	case d.was.State != "" && d.was.State != "running" && d.was.State != "pending":
		b.leave(action.Start, plan.Skipped, reason.NotReversible, "it was "+d.was.State+" before")
	case d.since != "":
		b.leave(action.Start, plan.Skipped, reason.ChangedSince, d.since)
	case b.r.Already(action.Start):
		b.leave(action.Start, plan.Skipped, reason.Already, "it runs")
	case isInstance && i.LaunchedAt.After(d.At):
		b.leave(action.Start, plan.Skipped, reason.ChangedSince, "somebody has started and stopped it since")
	case isInstance && i.State == "stopping":
		b.leave(action.Start, plan.Held, reason.Settling, "it is still stopping; try again in a minute")
	case no != nil:
		b.leave(action.Start, plan.Held, no.Code, no.Text)
	default:
		b.start = &plan.Action{Action: action.Start, State: plan.Planned}
	}
}

// retag gives tags their former values and deletes those that were not there,
// except where the value is no longer what the run left.
func (b *back) retag(d deed) {
	now := b.r.Tags()
	for _, k := range append(d.was.Wrote.Keys(), d.was.Deleted...) {
		left, wrote := d.was.Wrote[k]
		have, there := now[k]
		old, before := d.was.Tags[k]
		switch {
		case before == there && have == old:
			b.leave(opposite(d.Action), plan.Skipped, reason.Already, "the tag "+k+" is as it was before")
		case there != wrote || have != left:
			b.leave(opposite(d.Action), plan.Skipped, reason.ChangedSince, "the tag "+k+" is no longer as the run left it")
		case before:
			if b.set == nil {
				b.set = tag.Set{}
			}
			b.set[k] = old
		default:
			b.del = append(b.del, k)
		}
	}
}

// actions are what is to be done, in the order in which it is, and what is
// not. Values are written before keys are deleted, so that a rename that fails
// half-way loses nothing.
func (b *back) actions() []plan.Action {
	var out []plan.Action
	if len(b.set) > 0 {
		out = append(out, plan.Action{Action: action.Tag, State: plan.Planned, Tags: b.set})
	}
	if len(b.del) > 0 {
		slices.Sort(b.del)
		out = append(out, plan.Action{Action: action.Untag, State: plan.Planned, Keys: slices.Compact(b.del)})
	}
	if b.start != nil {
		out = append(out, *b.start)
	}
	if len(b.former) > 0 || len(b.rules) > 0 {
		out = append(out, plan.Action{Action: action.Restore, State: plan.Planned, Former: b.former, Rules: b.rules})
	}
	return append(out, b.left...)
}

// lastOf is the last part of an ARN, which people know a resource by.
func lastOf(arn string) string { return arn[strings.LastIndexAny(arn, "/:")+1:] }

// takeBack carries out a plan that Undo made. It is a run of its own: it is
// held to the limits, recorded, and each resource is looked at again just
// before. Nobody is told, and no case is opened or closed; a step that was
// taken back counts as not done.
func (a *App) takeBack(ctx context.Context, s *session, p *plan.Plan, now time.Time) (*Report, error) {
	steady := context.WithoutCancel(ctx)
	u, err := a.undoing(ctx, s, p.Undoes)
	if err != nil {
		return nil, err
	}
	approved, err := a.approve(ctx, s, p)
	if err != nil {
		return nil, err
	}
	r := &run{app: a, session: s, plan: p, now: now, report: &Report{Plan: p}}
	x := &execute.Runner{Reader: a.o.Source, Actor: a.o.Actor, Journal: &journal{a.o.Ledger, s.scope, p.Run, now},
		Again: func(ctx context.Context, at resource.Place, rs []resource.Resource) map[string][]plan.Finding {
			fresh := map[string]resource.Resource{}
			a.fillRules(ctx, u, at, rs)
			a.see(fresh, rs)
			out := map[string][]plan.Finding{}
			for _, k := range u.order {
				if fresh[k.ARN] != nil {
					out[k.ARN] = append(out[k.ARN], u.finding(k, fresh[k.ARN]))
				}
			}
			return out
		}}
	a.o.Log.Info("taking back", "run", p.Run, "of", p.Undoes, "digest", p.Digest)
	r.trouble("the ledger", x.Run(ctx, approved, s.caller.Account, now))
	r.log()
	r.unstep()
	r.report.Interrupted = ctx.Err() != nil
	return r.report, r.save(steady)
}

// unstep makes steps that were taken back count as not done: what counts from
// them must wait until they are done again.
func (r *run) unstep() {
	for i := range r.plan.Findings {
		f := &r.plan.Findings[i]
		if !slices.ContainsFunc(f.Actions, func(a plan.Action) bool { return a.State == plan.Done }) {
			continue
		}
		if c := r.session.index.Get(f.Policy, f.Resource.ARN); c == nil || !hasStepOf(c, r.plan.Undoes) {
			continue
		}
		c := r.touch(keyOf(f))
		maps.DeleteFunc(c.Steps, func(_ string, o cases.Outcome) bool { return o.Run == r.plan.Undoes })
	}
}

func hasStepOf(c *cases.Case, run string) bool {
	for _, o := range c.Steps {
		if o.Run == run {
			return true
		}
	}
	return false
}
