package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// missing are the facts that leave verdicts open, each once.
func missing(verdicts []eval.Verdict) []need.Fact {
	var facts []need.Fact
	for i := range verdicts {
		for _, f := range verdicts[i].Needs {
			if !slices.Contains(facts, f) {
				facts = append(facts, f)
			}
		}
	}
	return facts
}

// findCreators finds out who made resources of one place. It is no fact of the
// source's: there is more than one place to look, and what is found is
// remembered.
func (a *App) findCreators(ctx context.Context, s *session, at resource.Place, rs []resource.Resource) {
	var open, known []resource.Resource
	for _, r := range rs {
		if o, told := s.told(r.Ref()); told {
			r.SetOrigin(resource.Known(o))
			known = append(known, r)
		} else {
			open = append(open, r)
		}
	}
	if a.creators != nil && len(known) > 0 {
		if err := a.creators.Recall(ctx, s.makersOf(at.Account), known, a.present(s)); err != nil {
			a.o.Log.Warn("who else made them is not known", "region", at.Region, "error", err)
		}
	}
	switch {
	case len(open) == 0:
	case a.creators == nil:
		for _, r := range open {
			r.SetOrigin(resource.Unread[resource.Origin](errNoTrail))
		}
	default:
		a.o.Log.Info("asking who made them", "region", at.Region, "resources", len(open))
		a.creators.Fill(ctx, s.makersOf(at.Account), at, open, a.present(s))
	}
	a.attribute(ctx, s, at, rs)
}

// told is who made a resource by the run's event.
func (s *session) told(r resource.Ref) (resource.Origin, bool) {
	if s.origin == nil {
		return resource.Origin{}, false
	}
	return s.origin(r)
}

// errNoTrail says that this account has nothing that tells who made what.
var errNoTrail = errors.New("there is no CloudTrail to ask")

// present is the time in the account: events of a time to come have not been
// read by judging as of then.
func (a *App) present(s *session) time.Time {
	if a.o.Clock != nil {
		if now := a.o.Clock(); now.Before(s.build.Now) {
			return now
		}
	}
	return s.build.Now
}

// giveUp turns verdicts that are open in spite of everything fetched into
// unknown ones.
func giveUp(verdicts []eval.Verdict) []eval.Verdict {
	for i := range verdicts {
		v := &verdicts[i]
		if len(v.Needs) > 0 {
			v.Reasons = append(v.Reasons, eval.Reason{Code: reason.FactUnread, Text: fmt.Sprintf("%v could not be read", v.Needs)})
			v.Status, v.Needs, v.Steps, v.Fix = eval.Unknown, nil, nil, tag.Diff{}
		}
	}
	return verdicts
}

// limits is what the guard must know of the last 24 hours.
func (a *App) limits(ctx context.Context, s *session) (guard.Input, error) {
	in := guard.Input{Set: a.o.Set, Account: s.caller.Account, Accounts: s.build.Accounts, Now: s.build.Now,
		Used: map[plan.Subject]int{}, Released: map[plan.Subject]map[string]bool{}}
	since := s.build.Now.Add(-record.Window)
	used, err := a.o.Ledger.Used(ctx, s.scope, since)
	if err != nil {
		return in, fmt.Errorf("reading what was done in the last 24 hours: %w", err)
	}
	for k, n := range used {
		in.Used[plan.Subject{Policy: k.Policy, Action: k.Action}] = n
	}
	holds, err := a.o.Ledger.Holds(ctx, s.scope, since.Add(-record.Window))
	if err != nil {
		return in, fmt.Errorf("reading holds: %w", err)
	}
	for _, h := range holds {
		if !h.Usable(s.build.Now) {
			continue
		}
		subject := plan.Subject{Policy: h.Policy, Action: h.Action}
		if in.Released[subject] == nil {
			in.Released[subject] = map[string]bool{}
		}
		for _, arn := range h.ARNs {
			in.Released[subject][arn] = true
		}
	}
	return in, nil
}

// rounds is how many facts can decide in turn whether an action can be done to a
// resource, and to spare.
const rounds = 4

// protections reads what forbids to stop, terminate or delete, for resources
// about to be, until no fact is left to read.
func (a *App) protections(ctx context.Context, b *plan.Builder, in guard.Input) {
	for range rounds {
		if !a.protect(ctx, b, in) {
			return
		}
	}
}

// protect reads the facts that are in the way next. Where a limit forbids the
// whole kind anyway nothing is read: it would be a call for each of perhaps
// thousands. It returns false where there was nothing to read.
func (a *App) protect(ctx context.Context, b *plan.Builder, in guard.Input) bool {
	type reading struct {
		at   resource.Place
		fact need.Fact
	}
	all := map[reading]map[string]resource.Resource{}
	for subject, rs := range b.Due() {
		p := a.o.Set.Policy(subject.Policy)
		room := guard.CountLimit(a.o.Set, p, subject.Action) - in.Used[subject]
		for _, r := range rs {
			ref := r.Ref()
			if len(rs) > room && !in.Released[subject][ref.ARN] {
				continue
			}
			what := reading{ref.Place(), resource.Undecided(r, subject.Action)}
			if all[what] == nil {
				all[what] = map[string]resource.Resource{}
			}
			all[what][ref.ARN] = r
		}
	}
	var group sync.WaitGroup
	for what, rs := range all {
		group.Go(func() {
			list := make([]resource.Resource, 0, len(rs))
			for _, arn := range slices.Sorted(maps.Keys(rs)) {
				list = append(list, rs[arn])
			}
			a.o.Source.Fill(ctx, what.at, what.fact, list)
		})
	}
	group.Wait()
	return len(all) > 0
}

// progress counts what was read, by region.
type progress struct {
	mu sync.Mutex
	n  map[string]int
}

func (p *progress) add(region string, n int) Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n == nil {
		p.n = map[string]int{}
	}
	p.n[region] += n
	return Progress{Region: region, Resources: p.n[region]}
}

func (p *progress) of(region string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n[region]
}
