package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Apply carries out a plan: what guard lets through is judged again on a fresh
// read and done, everything is recorded, and people are told. It returns an
// error where the plan cannot be applied at all, and a report otherwise,
// however much of it failed.
func (a *App) Apply(ctx context.Context, p *plan.Plan, now time.Time) (*Report, error) {
	s, err := a.session(ctx, Request{Run: p.Run, Now: now, Regions: p.Regions, Only: p.Only})
	if err != nil {
		return nil, err
	}
	s.families = familiesOf(p)
	return a.apply(ctx, s, p, now)
}

// apply is Apply for a session.
func (a *App) apply(ctx context.Context, s *session, p *plan.Plan, now time.Time) (report *Report, err error) {
	// What was begun is recorded even when the user ends the run meanwhile.
	steady := context.WithoutCancel(ctx)
	info := record.RunInfo{ID: p.Run, Started: now, Digest: p.Digest, By: s.caller.ARN, Event: s.event}
	if err := a.o.Ledger.Begin(ctx, s.scope, info); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.o.Ledger.End(steady, s.scope, p.Run, now)) }()
	if err := a.remember(ctx, s); err != nil {
		return nil, err
	}
	if p.Undoes != "" {
		return a.takeBack(ctx, s, p, now)
	}
	approved, err := a.approve(ctx, s, p)
	if err != nil {
		return nil, err
	}
	r := &run{app: a, session: s, plan: p, now: now, report: &Report{Plan: p}}
	x := &execute.Runner{Reader: a.source(s), Actor: a.actor(s), Journal: &journal{a.o.Ledger, s.scope, p.Run, now}, Step: a.step,
		Again: func(ctx context.Context, at resource.Place, fresh []resource.Resource) map[string][]plan.Finding {
			return a.again(ctx, s, at, fresh)
		}}
	if s.creation != nil {
		x.New, x.Patience = s.isNew, s.patience.more
	}
	r.freshen(ctx, x)
	p.Announce(s.index)
	if err := r.open(steady); err != nil {
		return nil, err
	}
	a.o.Log.Info("applying", "run", p.Run, "digest", p.Digest)
	r.trouble("the ledger", x.Run(ctx, approved, s.caller.Account, now))
	r.results()
	r.log()
	a.hush(p)
	p.Announce(s.index)
	// Each stage is recorded before the next: a process that is killed later
	// neither tells twice nor forgets what it did.
	r.trouble("the ledger", r.save(steady))
	r.tell(ctx, steady)
	r.trouble("the ledger", r.save(steady))
	r.trouble("the ledger", x.RunMarks(ctx, approved, s.caller.Account, now, r.accepted))
	r.marks()
	r.report.Interrupted = ctx.Err() != nil
	err = r.save(steady)
	r.publish(steady)
	return r.report, err
}

// remember reads the cases; when applying, once no other run can change them.
func (a *App) remember(ctx context.Context, s *session) error {
	known, err := a.o.Ledger.Cases(ctx, s.scope, s.build.Now, cases.Memory(a.o.Set))
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	s.index = cases.NewIndex(known, renamed(a.o.Set))
	s.build.Cases = s.index
	return nil
}

// looks is how often it is looked at what others have taken of the limits: runs
// for events reserve at the same time, and of two that see room for one more the
// second has what it wants held.
const looks = 3

// approve asks the guard, takes the room that the approval needs, and records
// what was held for a human to release.
func (a *App) approve(ctx context.Context, s *session, p *plan.Plan) (guard.Approved, error) {
	for look := 1; ; look++ {
		in, err := a.limits(ctx, s)
		if err != nil {
			return guard.Approved{}, err
		}
		approved, holds, err := guard.Check(p, in)
		if err != nil {
			return guard.Approved{}, fmt.Errorf("checking the plan: %w", err)
		}
		switch err := a.reserve(ctx, s, p.Run, approved.Rooms()); {
		case errors.Is(err, record.ErrOverLimit) && look < looks:
			continue
		case err != nil:
			return guard.Approved{}, err
		}
		if err := a.hold(ctx, s, p.Run, approved.Rooms(), holds); err != nil {
			return guard.Approved{}, err
		}
		return approved, nil
	}
}

// reserve takes room under the limits, all of it or none.
func (a *App) reserve(ctx context.Context, s *session, run string, rooms []guard.Room) error {
	var rs []record.Reservation
	for _, room := range rooms {
		key := record.LimitKey{Policy: room.Policy, Action: room.Action}
		rs = append(rs, record.Reservation{LimitKey: key, N: room.N, Limit: room.Limit})
	}
	return a.o.Ledger.Reserve(ctx, s.scope, run, rs, s.build.Now)
}

// hold records new holds, and that the releases which this run takes room for
// are used up by it. A plan that was made before the release, or that judges
// other policies, leaves it for the next.
func (a *App) hold(ctx context.Context, s *session, run string, rooms []guard.Room, holds []guard.Hold) error {
	known, err := a.o.Ledger.Holds(ctx, s.scope, s.build.Now.Add(-2*record.Window))
	if err != nil {
		return fmt.Errorf("reading holds: %w", err)
	}
	var used []record.HoldKey
	for _, h := range known {
		takes := func(r guard.Room) bool {
			return r.Released && r.Policy == h.Policy && r.Action == h.Action
		}
		if h.Usable(s.build.Now) && slices.ContainsFunc(rooms, takes) {
			used = append(used, h.Key())
		}
	}
	if len(used) > 0 {
		if err := a.o.Ledger.UseReleases(ctx, s.scope, used, s.build.Now); err != nil {
			return fmt.Errorf("recording that releases were used: %w", err)
		}
	}
	var hs []record.Hold
	for _, h := range holds {
		hs = append(hs, record.Hold{Run: run, At: s.build.Now, Policy: h.Policy, Action: h.Action, Reason: h.Reason, ARNs: h.ARNs})
	}
	if len(hs) == 0 {
		return nil
	}
	if err := a.o.Ledger.Hold(ctx, s.scope, hs); err != nil {
		return fmt.Errorf("recording what is held: %w", err)
	}
	return nil
}

// again judges resources that were just read, with every policy of the run, so
// that conflicts are seen too.
func (a *App) again(ctx context.Context, s *session, at resource.Place, fresh []resource.Resource) map[string][]plan.Finding {
	for _, r := range fresh {
		r.HideMark(a.o.Set.Settings.Mark)
	}
	b := plan.NewBuilder(s.build)
	for _, one := range a.settle(ctx, s, at, slices.DeleteFunc(slices.Clone(fresh), s.onlyChild)) {
		b.Add(one.resource, one.verdicts)
	}
	a.againChildren(ctx, s, b, at, fresh)
	out := map[string][]plan.Finding{}
	for _, f := range b.Build().Findings {
		out[f.Resource.ARN] = append(out[f.Resource.ARN], f)
	}
	return out
}

// step is the step of that id of a policy, nil where there is none.
func (a *App) step(name, id string) *policy.Step {
	p := a.o.Set.Policy(name)
	if p == nil {
		return nil
	}
	s, _ := p.Step(id)
	return s
}

// journal writes what is about to be done and what was into the ledger.
type journal struct {
	ledger record.Ledger
	scope  record.Scope
	run    string
	now    time.Time
}

// Intend records actions about to be done.
func (j *journal) Intend(ctx context.Context, os []execute.Outcome) error {
	is := make([]record.Intent, len(os))
	for i, o := range os {
		is[i] = record.Intent{Policy: o.Finding.Policy, ARN: o.Finding.Resource.ARN, Action: o.Action.Action, Step: o.Action.Step}
	}
	return j.ledger.Intend(ctx, j.scope, j.run, is, j.now)
}

// Finish records how they ended.
func (j *journal) Finish(ctx context.Context, os []execute.Outcome) error {
	es := make([]record.Entry, len(os))
	for i, o := range os {
		es[i] = record.Entry{Run: j.run, At: j.now, Policy: o.Finding.Policy, ARN: o.Finding.Resource.ARN, Action: o.Action.Action,
			Step: o.Action.Step, State: o.Action.State, Reason: o.Action.Reason, RequestID: o.Action.RequestID, Before: o.Action.Before}
	}
	return j.ledger.Finish(ctx, j.scope, es)
}
