// Package execute does what guard approved, and nothing else: in batches, each
// resource read and judged again just before, with an outcome for every single
// one whatever happens.
package execute

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Reader reads resources anew.
type Reader interface {
	Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error)
	Fill(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource)
}

// Journal is written before something is done and after.
type Journal interface {
	Intend(ctx context.Context, done []Outcome) error
	Finish(ctx context.Context, done []Outcome) error
}

// Outcome is an action and the finding it belongs to; the action's State says
// how far it has come.
type Outcome struct {
	Finding *plan.Finding
	Action  *plan.Action
}

// Runner carries out approved plans.
type Runner struct {
	Reader  Reader
	Actor   Actor
	Journal Journal
	// Step returns a step of a policy, nil where there is none. Only steps that
	// run a command need it.
	Step func(policy, step string) *policy.Step
	// Again judges resources of one place that were just read and returns, by
	// ARN, the findings a plan would have for each now.
	Again func(context.Context, resource.Place, []resource.Resource) map[string][]plan.Finding
	// New says that a resource was made a moment ago, so that a service which does
	// not find it does not find it yet; nil: none was.
	New func(resource.Ref) bool
	// Patience waits until it is worth another try to find what is new, and is
	// false where there is no time for it; nil: there is none.
	Patience func(context.Context) bool
}

// chunk is how many resources are read, judged and acted on at a time: as many
// ids as one DescribeInstances takes as filter values (200), and well under
// the 1000 ids of one StopInstances or CreateTags.
const chunk = 200

// kinds are done to one resource in this order.
var kinds = []action.Kind{
	action.Tag, action.Untag, action.RunCommand, action.Invoke, action.Start, action.Restore, action.Revoke, action.Isolate, action.Stop, action.Backup, action.Terminate, action.Delete,
}

// Run does what is approved, other than notices and marks, and writes into
// each action how it ended. When the context ends, the call under way is
// finished and everything not reached is skipped. It returns an error only
// where nothing may be done at all, or where the journal cannot be written;
// then too every action has an outcome.
func (x *Runner) Run(ctx context.Context, ok guard.Approved, account string, now time.Time) error {
	return x.run(ctx, ok, account, now, kinds)
}

// RunMarks does the approved marks whose condition has come true: accepted
// says whether a notice of the finding was accepted in this run.
func (x *Runner) RunMarks(ctx context.Context, ok guard.Approved, account string, now time.Time, accepted func(*plan.Finding) bool) error {
	for f, a := range ok.Actions(action.Mark) {
		if a.State == plan.Planned && !holds(f, a, accepted) {
			skip(a, reason.NoDeadline, "no deadline runs yet")
		}
	}
	return x.run(ctx, ok, account, now, []action.Kind{action.Mark, action.Unmark})
}

// holds says whether what a mark needs has happened.
func holds(f *plan.Finding, mark *plan.Action, accepted func(*plan.Finding) bool) bool {
	switch mark.Needs {
	case "":
		return true
	case plan.NoticeNeeded:
		return accepted(f)
	default:
		for i := range f.Actions {
			if a := &f.Actions[i]; a.Step == mark.Needs && a.Action != action.Mark {
				return a.State == plan.Done || a.Code == reason.Already
			}
		}
		return false
	}
}

func (x *Runner) run(ctx context.Context, ok guard.Approved, account string, now time.Time, kinds []action.Kind) error {
	if err := ok.Valid(account, now); err != nil {
		return fmt.Errorf("executing a plan: %w", err)
	}
	var failed error
	for _, part := range parts(ok, kinds) {
		part.run, part.now = ok.Run(), now
		switch {
		case failed != nil:
			part.skip(reason.NotRecorded, "not done, because the ledger cannot be written")
		case ctx.Err() != nil:
			part.skip(reason.Interrupted, "not done, because the run was interrupted")
		default:
			failed = x.part(ctx, part, kinds, now)
		}
	}
	return failed
}

// part is up to chunk resources of one place with what is to be done to each.
// They are of one type, or all of EC2's, whose ids tell them apart and which
// one call can tag together.
type part struct {
	at    resource.Place
	ids   []string
	types map[string]resource.Type // by id
	tasks map[string][]Outcome     // by id
	// run and now are the run's.
	run string
	now time.Time
	// fresh is what was read just before, by id.
	fresh map[string]resource.Resource
	// late are the calls about new resources that were not found yet.
	late []lateCall
}

// parts sorts the approved actions into parts, in the order of the plan.
func parts(ok guard.Approved, kinds []action.Kind) []*part {
	type where struct {
		at     resource.Place
		family resource.Type
	}
	open := map[where]*part{}
	home := map[string]*part{} // by ARN
	var out []*part
	for f, a := range ok.Actions(kinds...) {
		if a.State != plan.Planned {
			continue
		}
		r := f.Resource.Ref
		p := home[r.ARN]
		if p == nil {
			w := where{r.Place(), family(r.Type)}
			if p = open[w]; p == nil || len(p.ids) == chunk {
				p = &part{at: w.at, types: map[string]resource.Type{}, tasks: map[string][]Outcome{}}
				open[w], out = p, append(out, p)
			}
			home[r.ARN] = p
			p.ids = append(p.ids, r.ID)
			p.types[r.ID] = r.Type
		}
		p.tasks[r.ID] = append(p.tasks[r.ID], Outcome{f, a})
	}
	return out
}

// ec2 stands for all types of EC2.
const ec2 resource.Type = "ec2"

// family is what types share a part with a type.
func family(t resource.Type) resource.Type {
	if service, _, _ := strings.Cut(string(t), ":"); service == string(ec2) {
		return ec2
	}
	return t
}

// get reads those resources of the part, one call for each type.
func (x *Runner) get(ctx context.Context, p *part, ids []string) ([]resource.Resource, error) {
	byType := map[resource.Type][]string{}
	for _, id := range ids {
		byType[p.types[id]] = append(byType[p.types[id]], id)
	}
	var all []resource.Resource
	for _, t := range slices.Sorted(maps.Keys(byType)) {
		rs, err := x.Reader.Get(ctx, p.at, t, byType[t])
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return all, nil
}

// each calls f for every action of the part.
func (p *part) each(f func(id string, o Outcome)) {
	for _, id := range p.ids {
		for _, o := range p.tasks[id] {
			f(id, o)
		}
	}
}

func (p *part) skip(code, text string) {
	p.each(func(_ string, o Outcome) {
		if o.Action.State == plan.Planned {
			skip(o.Action, code, text)
		}
	})
}

// part judges the resources anew and then acts on those for which it still
// holds. A journal that cannot be written before ends everything.
func (x *Runner) part(ctx context.Context, p *part, kinds []action.Kind, now time.Time) error {
	if !slices.Contains(kinds, action.Mark) {
		x.recheck(ctx, p) // marks only display what this very run decided
	}
	var due []Outcome
	p.each(func(_ string, o Outcome) {
		if o.Action.State == plan.Planned {
			due = append(due, o)
		}
	})
	if len(due) == 0 {
		return nil
	}
	// What was begun is recorded even when the user ends the run meanwhile.
	steady := context.WithoutCancel(ctx)
	if err := x.Journal.Intend(steady, due); err != nil {
		p.skip(reason.NotRecorded, "not done, because the ledger cannot be written")
		return fmt.Errorf("recording what is about to be done: %w", err)
	}
	for _, k := range kinds {
		x.kind(ctx, p, k)
		x.catchUp(ctx, p)
	}
	for _, o := range due {
		o.Action.At = now
	}
	if err := x.Journal.Finish(steady, due); err != nil {
		return fmt.Errorf("recording what was done: %w", err)
	}
	return nil
}

// recheck reads the resources anew and skips what no longer holds.
func (x *Runner) recheck(ctx context.Context, p *part) {
	fresh, err := x.get(ctx, p, p.ids)
	switch {
	case ctx.Err() != nil:
		p.skip(reason.Interrupted, "not done, because the run was interrupted")
		return
	case err != nil:
		p.each(func(_ string, o Outcome) { fail(o.Action, fmt.Errorf("reading it again: %w", err)) })
		return
	}
	x.protections(ctx, p, fresh)
	byID := make(map[string]resource.Resource, len(fresh))
	for _, r := range fresh {
		byID[r.Ref().ID] = r
	}
	p.fresh = byID
	now := x.Again(ctx, p.at, fresh)
	for _, id := range p.ids {
		r, there := byID[id]
		if !there || r.Ended() {
			for _, o := range p.tasks[id] {
				skip(o.Action, reason.NoLongerHolds, "it is gone")
			}
			continue
		}
		for _, o := range p.tasks[id] {
			compare(o, now[r.Ref().ARN])
		}
	}
}

// facts is how many facts can decide in turn whether an action can be done to a
// resource, and to spare.
const facts = 4

// protections fills in what decides whether the resources can be stopped,
// terminated or deleted, for those that are to be.
func (x *Runner) protections(ctx context.Context, p *part, fresh []resource.Resource) {
	for range facts {
		lacking := map[need.Fact][]resource.Resource{}
		for _, r := range fresh {
			for _, o := range p.tasks[r.Ref().ID] {
				f := o.undecided(r)
				if f != "" && !slices.Contains(lacking[f], r) {
					lacking[f] = append(lacking[f], r)
				}
			}
		}
		for _, f := range slices.Sorted(maps.Keys(lacking)) {
			x.Reader.Fill(ctx, p.at, f, lacking[f])
		}
		if len(lacking) == 0 {
			return
		}
	}
}

// undecided is the fact that must be known before an action is judged again. One
// that relies on backups is judged by them too, and a backup by what it is
// taken for.
func (o Outcome) undecided(r resource.Resource) need.Fact {
	kinds := []action.Kind{o.Action.Action}
	if len(o.Action.Backups) > 0 {
		kinds = append(kinds, action.Backup)
	}
	for i := range o.Finding.Actions {
		if a := &o.Finding.Actions[i]; o.Action.Action == action.Backup && a.Code == reason.BackupPending {
			kinds = append(kinds, a.Action)
		}
	}
	for _, k := range kinds {
		if f := resource.Undecided(r, k); f != "" {
			return f
		}
	}
	return ""
}

// compare skips an action that a plan made now would not have, or not as it
// was.
func compare(o Outcome, now []plan.Finding) {
	for i := range now {
		if now[i].Policy != o.Finding.Policy {
			continue
		}
		for j := range now[i].Actions {
			a := &now[i].Actions[j]
			if a.Action != o.Action.Action || a.Step != o.Action.Step || !same(a, o.Action) {
				continue
			}
			if a.State != plan.Planned {
				skip(o.Action, reason.NoLongerHolds, "looked at again, it is "+string(a.State)+": "+a.Reason)
			}
			return
		}
	}
	skip(o.Action, reason.NoLongerHolds, "looked at again, it is no longer called for")
}

// same says whether two actions change the same.
func same(a, b *plan.Action) bool {
	if len(a.Tags) != len(b.Tags) || !slices.Equal(a.Keys, b.Keys) || !slices.Equal(a.Rules, b.Rules) || !maps.Equal(a.Groups, b.Groups) ||
		!maps.EqualFunc(a.Former, b.Former, slices.Equal) || !slices.Equal(a.Volumes, b.Volumes) || !slices.Equal(a.Backups, b.Backups) ||
		a.Document != b.Document || !slices.Equal(a.Parameters, b.Parameters) || a.Function != b.Function {
		return false
	}
	for k, v := range a.Tags {
		if w, ok := b.Tags[k]; !ok || v != w {
			return false
		}
	}
	return true
}

func skip(a *plan.Action, code, text string) {
	a.State, a.Code, a.Reason = plan.Skipped, code, text
}

func fail(a *plan.Action, err error) {
	a.State, a.Code, a.Reason = plan.Failed, string(fault.ClassOf(err)), err.Error()
	a.Hint, a.RequestID = fault.HintOf(err), fault.RequestIDOf(err)
}
