package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// ErrNothingRecorded is the error of taking back a run of which the ledger has
// nothing.
var ErrNothingRecorded = errors.New("the ledger has nothing that this run did")

// longest is how many entries of one run are read: ten times the default limit
// of tags that one policy may write.
const longest = 100_000

// Undo says how the effects of an earlier run would be taken back: stops,
// isolations, revoked rules, written tags, deleted tags. What is for good is
// listed and left. It changes nothing; Apply carries the plan out. Its error
// wraps ErrNothingRecorded where there is no such run.
func (a *App) Undo(ctx context.Context, r Request, run string) (*plan.Plan, error) {
	s, err := a.session(ctx, r)
	if err != nil {
		return nil, err
	}
	u, err := a.undoing(ctx, s, run)
	if err != nil {
		return nil, err
	}
	p := &plan.Plan{Version: plan.Version, Run: r.Run, Created: r.Now, Expires: r.Now.Add(plan.Lifetime), Name: a.o.Set.Settings.Name, Account: s.caller.Account, Accounts: s.build.Accounts,
		Policies: a.o.Set.Digest, Undoes: run, Examined: map[resource.Type]int{}, Findings: []plan.Finding{}, Unread: []plan.Unread{}}
	fresh := map[string]resource.Resource{}
	for w, ids := range u.places() {
		p.Regions = append(p.Regions, w.at.Region)
		for part := range slices.Chunk(ids, freshPart) {
			rs, err := a.o.Source.Get(ctx, w.at, w.t, part)
			if err != nil {
				p.Unread = append(p.Unread, plan.Unread{Account: w.at.Account, Region: w.at.Region, Type: w.t, Call: "read again", Reason: err.Error(), Hint: fault.HintOf(err)})
				for _, id := range part {
					u.unread[single{w, id}] = err
				}
			}
			a.fillRules(ctx, u, w.at, rs)
			a.see(fresh, rs)
		}
	}
	slices.Sort(p.Regions)
	p.Regions, p.Complete = slices.Compact(p.Regions), len(p.Unread) == 0
	for _, k := range u.order {
		f := u.finding(k, fresh[k.ARN])
		p.Examined[f.Resource.Type]++
		p.Findings = append(p.Findings, f)
	}
	p.Summary.Examined, p.Summary.Unread = len(u.order), len(p.Unread)
	in, err := a.limits(ctx, s)
	if err != nil {
		return nil, err
	}
	guard.Limit(p, in)
	return p, p.Seal()
}

// see keeps resources that were just read, by ARN, without the mark.
func (a *App) see(fresh map[string]resource.Resource, rs []resource.Resource) {
	for _, r := range rs {
		r.HideMark(a.o.Set.Settings.Mark)
		fresh[r.Ref().ARN] = r
	}
}

// undoing is what one run did, by policy and resource, sorted.
type undoing struct {
	run    string
	done   map[cases.Key][]deed
	order  []cases.Key
	unread map[single]error
}

// deed is one action of the run and what was there before it.
type deed struct {
	record.Entry
	was execute.Was
	// kept says that was holds something.
	kept bool
	// since is what another run did of the same kind after it, "" where none did.
	since string
}

// undoing reads what a run did from the ledger.
func (a *App) undoing(ctx context.Context, s *session, run string) (*undoing, error) {
	entries, err := a.o.Ledger.History(ctx, s.scope, "", run, longest)
	if err != nil {
		return nil, fmt.Errorf("reading what run %s did: %w", run, err)
	}
	u := &undoing{run: run, done: map[cases.Key][]deed{}, unread: map[single]error{}}
	for _, e := range entries {
		if !wasDone(e) && e.State != plan.Planned || slices.Contains(shown, e.Action) {
			continue
		}
		d := deed{Entry: e}
		d.kept = keeps(e, &d.was)
		if later[e.Action] != nil {
			if d.since, err = a.since(ctx, s, e); err != nil {
				return nil, err
			}
		}
		k := cases.Key{Policy: e.Policy, ARN: e.ARN}
		u.done[k] = append(u.done[k], d)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("taking back run %s: %w", run, ErrNothingRecorded)
	}
	u.order = slices.SortedFunc(maps.Keys(u.done), func(a, b cases.Key) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.ARN, b.ARN))
	})
	return u, nil
}

// wasDone says whether an action was done, if only in part: what failed and yet
// says what was there before had begun.
func wasDone(e record.Entry) bool {
	return e.State == plan.Done || e.State == plan.Failed && len(e.Before) > 0
}

// shown are what only tells or displays, which there is no taking back.
var shown = []action.Kind{action.Notify, action.Mark, action.Unmark}

// some is how many of the latest entries of a resource are looked through for
// what was done after a stop.
const some = 1000

// later are, by what a run did, what another one does after it so that it is no
// longer this run's to take back: one that was started again and stopped once
// more is not this run's to start.
var later = map[action.Kind][]action.Kind{
	action.Stop:    {action.Start, action.Stop, action.Terminate},
	action.Isolate: {action.Isolate, action.Restore},
	action.Revoke:  {action.Revoke, action.Restore},
}

// since says which other run has done such a thing to the resource after an
// entry. Of rules it must be about one of the same.
func (a *App) since(ctx context.Context, s *session, e record.Entry) (string, error) {
	entries, err := a.o.Ledger.History(ctx, s.scope, e.ARN, "", some)
	if err != nil {
		return "", fmt.Errorf("reading what was done to %s: %w", e.ARN, err)
	}
	for _, l := range entries {
		again := slices.Contains(later[e.Action], l.Action) && (e.Action != action.Revoke || sameRules(e, l))
		if l.Run != e.Run && wasDone(l) && again && !l.At.Before(e.At) {
			return fmt.Sprintf("run %s has %s it since", l.Run, l.Action.Past()), nil
		}
	}
	return "", nil
}

// spot is a type of resource in a place.
type spot struct {
	at resource.Place
	t  resource.Type
}

// single is a resource: what has names has the same in several accounts.
type single struct {
	spot
	id string
}

// singleOf is the resource of a reference.
func singleOf(r resource.Ref) single { return single{spot{r.Place(), r.Type}, r.ID} }

// places are the ids of what is to be read anew.
func (u *undoing) places() map[spot][]string {
	out := map[spot][]string{}
	for _, k := range u.order {
		for _, d := range u.done[k] {
			ref := d.was.Resource
			if w := (spot{ref.Place(), ref.Type}); d.kept && !slices.Contains(out[w], ref.ID) {
				out[w] = append(out[w], ref.ID)
			}
		}
	}
	return out
}

// finding is how the deeds of one policy on one resource are taken back, given
// the resource as it is now; nil where it is gone or was not read.
func (u *undoing) finding(k cases.Key, r resource.Resource) plan.Finding {
	f := plan.Finding{Policy: k.Policy, Mode: policy.Enforce, Status: eval.Fixable, Actions: []plan.Action{}, Reasons: []eval.Reason{}}
	f.Resource.Ref = resource.Ref{ARN: k.ARN, ID: lastOf(k.ARN)}
	b := &back{u: u, r: r}
	for _, d := range u.done[k] {
		f.Reasons = append(f.Reasons, eval.Reason{Code: reason.Undone, Text: fmt.Sprintf("run %s %s", u.run, d.did())})
		if d.kept {
			f.Resource.Ref = d.was.Resource
		}
		b.deed(d)
	}
	if r != nil {
		f.Resource.Name, f.Resource.Tags = r.Tags()["Name"], r.Tags().Clone()
	}
	f.Actions = b.actions()
	return f
}
