package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// App is the pipeline, made once for one policy set and account.
type App struct {
	o Options
	// creators is nil where there is nothing to read them from.
	creators *creators.Finder
}

// New returns an App. The options must be complete.
func New(o Options) *App {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Accounts != nil {
		o.Source, o.Actor, o.Trail = o.Accounts.Source(), o.Accounts.Actor(), o.Accounts.Trail()
	}
	a := &App{o: o}
	if o.Trail != nil {
		a.creators = creators.New(o.Trail, o.Archive, o.Ledger)
	}
	return a
}

// session is what planning and applying share for one run: who we are, what is
// remembered and the judge.
type session struct {
	caller inventory.Caller
	scope  record.Scope
	// at is the account that the run's event is of, and whose credentials are
	// used there; the caller itself for other runs.
	at inventory.Caller
	// members are the accounts that are governed, and known what expressions see
	// of each; nil where the settings name none. shut are those that cannot be
	// entered.
	members []accounts.Member
	known   map[string]*expr.Account
	shut    []plan.Unread
	index   *cases.Index
	judge   *eval.Judge
	build   plan.Context
	// io is what an event's run reads and acts through, nil for others.
	io *heldReads
	// event says that the run is for an event, and targets what that names.
	event   bool
	targets []resource.Ref
	// came says whether a resource came along with what the event made; nil for
	// other runs.
	came func(resource.Ref) bool
	// opinions are what the policies make of each resource, where somebody asks
	// that; else nil.
	opinions *opinions
	// creation is what the event's call made, nil where it is none that makes
	// anything; mentions says that the targets are what such a call names.
	creation *creation.Creation
	mentions bool
	// untold is what an event made and does not name so that it could be tagged.
	untold []plan.Unread
	// patience is what there is for what cannot be found yet.
	patience *patience
	// origin is who made a resource by the run's event, nil for other runs.
	origin func(resource.Ref) (resource.Origin, bool)
	// backers are who is behind what services made.
	backers *backers
	// families are what the children that are to get a tag belong to.
	families *families
}

// only narrows what is judged to these policies.
func (s *session) only(a *App, names []string) {
	s.judge, s.build.Only = eval.New(a.o.Set, names).During(s.build.Event).Among(s.known), names
}

// source is what the run reads from.
func (a *App) source(s *session) inventory.Source {
	if s.io != nil {
		return s.io
	}
	return a.o.Source
}

// actor is what the run acts through.
func (a *App) actor(s *session) execute.Actor {
	if s.io != nil {
		return s.io
	}
	return a.o.Actor
}

// errUnread is for whoever assembles an App.
var errUnread = errors.New("rules outside the policy files were not read: policy.LoadWith reads them")

func (a *App) session(ctx context.Context, r Request) (*session, error) {
	for _, name := range r.Only {
		if a.o.Set.Policy(name) == nil {
			return nil, fmt.Errorf("there is no policy %q; there are: %s", name, strings.Join(names(a.o.Set), ", "))
		}
	}
	if a.o.Set.Unread {
		return nil, errUnread
	}
	caller, err := a.o.Source.Caller(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking whose account this is: %w", err)
	}
	s := &session{caller: caller, at: caller, judge: eval.New(a.o.Set, r.Only), families: &families{}, backers: &backers{}}
	s.scope = record.Scope{Name: a.o.Set.Settings.Name, Account: caller.Account}
	s.build = plan.Context{Run: r.Run, Now: r.Now, Account: caller.Account, Set: a.o.Set, Only: r.Only, Regions: r.Regions}
	return s, a.govern(ctx, s, false)
}

func names(set *policy.Set) []string {
	out := make([]string, len(set.Policies))
	for i, p := range set.Policies {
		out[i] = p.Name
	}
	return out
}

// renamed maps the earlier names of policies to their present ones.
func renamed(set *policy.Set) map[string]string {
	was := map[string]string{}
	for _, p := range set.Policies {
		for _, old := range p.Was {
			was[old] = p.Name
		}
	}
	return was
}

// Plan reads the account and says what would be done. It changes nothing: not
// in the account, no case, hold or history in the ledger, and nobody is told.
// What was found out of who made resources is kept in the ledger by plans too:
// it is a cache of what CloudTrail records, and takes minutes to read.
func (a *App) Plan(ctx context.Context, r Request) (*plan.Plan, error) {
	s, err := a.session(ctx, r)
	if err != nil {
		return nil, err
	}
	return a.planFor(ctx, s, r)
}

// planFor is Plan for a session.
func (a *App) planFor(ctx context.Context, s *session, r Request) (*plan.Plan, error) {
	if err := a.govern(ctx, s, true); err != nil {
		return nil, err
	}
	s.build.Regions = nil
	if err := a.places(ctx, s, r); err != nil {
		return nil, err
	}
	if err := a.remember(ctx, s); err != nil {
		return nil, err
	}
	a.o.Log.Info("planning", "run", r.Run, "account", s.caller.Account, "as", s.caller.ARN, "regions", s.build.Regions, "policies", len(s.judge.Policies()))
	b := plan.NewBuilder(s.build)
	if err := a.sweep(ctx, s, b); err != nil {
		return nil, err
	}
	return a.conclude(ctx, s, b)
}

// conclude makes the plan of everything that was judged.
func (a *App) conclude(ctx context.Context, s *session, b *plan.Builder) (*plan.Plan, error) {
	in, err := a.limits(ctx, s)
	if err != nil {
		return nil, err
	}
	a.protections(ctx, b, in)
	p := b.Build()
	guard.Limit(p, in)
	a.hush(p)
	p.Announce(s.index)
	p.Trim()
	if err := p.Seal(); err != nil {
		return nil, err
	}
	return p, nil
}

// sweep lists and judges everything, page by page.
func (a *App) sweep(ctx context.Context, s *session, b *plan.Builder) error {
	var count progress
	unread, err := inventory.Sweep(ctx, a.o.Source, s.build.Places, s.judge.Types(),
		func(at resource.Place, rs []resource.Resource) error {
			a.judge(ctx, s, b, at, s.once(rs))
			a.o.Progress(count.add(at.Region, len(rs)))
			return nil
		})
	if err != nil {
		return fmt.Errorf("reading the account: %w", err)
	}
	for _, u := range unread {
		a.o.Log.Warn("not read", "region", u.At.Region, "account", u.At.Account, "type", u.Type, "error", u.Err)
		b.Unread(plan.Unread{Account: u.At.Account, Region: u.At.Region, Type: u.Type, Call: u.Call(), Reason: u.Err.Error(), Hint: fault.HintOf(u.Err),
			Lasting: u.Type == resource.Any && fault.ClassOf(u.Err) == fault.Unsupported})
	}
	for _, u := range s.shut {
		b.Unread(u)
	}
	for _, region := range s.build.Regions {
		a.o.Log.Info("read", "region", region, "resources", count.of(region))
		a.o.Progress(Progress{Region: region, Resources: count.of(region), Done: true})
	}
	return nil
}

// once leaves out of a page of everything what is listed by its own type too,
// where more is known of it.
func (s *session) once(rs []resource.Resource) []resource.Resource {
	types := s.judge.Types()
	if !slices.Contains(types, resource.Any) {
		return rs
	}
	return slices.DeleteFunc(rs, func(r resource.Resource) bool {
		return resource.KindOf(r) == resource.Any && slices.Contains(types, r.Ref().Type)
	})
}

// judge judges one page. What stays open for want of a fact is judged again
// once the fact was read for all of the page.
func (a *App) judge(ctx context.Context, s *session, b *plan.Builder, at resource.Place, rs []resource.Resource) {
	verdicts := make([]eval.Verdict, 0, 8)
	var open []resource.Resource
	var young brood
	for _, r := range rs {
		r.HideMark(a.o.Set.Settings.Mark)
		verdicts = s.judge.Resource(verdicts[:0], r, s.build.Now)
		if len(missing(verdicts)) > 0 {
			open = append(open, r)
			continue
		}
		b.Add(r, verdicts)
		s.opinions.note(r, verdicts)
		young.take(r, verdicts)
	}
	for _, r := range a.settle(ctx, s, at, open) {
		b.Add(r.resource, r.verdicts)
		s.opinions.note(r.resource, r.verdicts)
		young.take(r.resource, r.verdicts)
	}
	a.children(ctx, s, b, at, young)
}

// settled is a resource and its verdicts, none of which is open.
type settled struct {
	resource resource.Resource
	verdicts []eval.Verdict
}

// settle fetches facts for resources whose verdicts are open until none is. A
// fact that is still missing once it was fetched stays so, and what depends on
// it is unknown.
func (a *App) settle(ctx context.Context, s *session, at resource.Place, open []resource.Resource) []settled {
	type question struct {
		about resource.Resource
		fact  need.Fact
	}
	var out []settled
	asked := map[question]bool{}
	for len(open) > 0 {
		lacking := map[need.Fact][]resource.Resource{}
		var still []resource.Resource
		for _, r := range open {
			verdicts := s.judge.Resource(nil, r, s.build.Now)
			waits := false
			for _, f := range missing(verdicts) {
				if q := (question{r, f}); !asked[q] {
					asked[q], waits = true, true
					lacking[f] = append(lacking[f], r)
				}
			}
			if waits {
				still = append(still, r)
			} else {
				out = append(out, settled{r, giveUp(verdicts)})
			}
		}
		for _, f := range slices.Sorted(maps.Keys(lacking)) {
			a.fetch(ctx, s, at, f, lacking[f])
		}
		open = still
	}
	return out
}

// fetch reads one fact for resources of one type and place.
func (a *App) fetch(ctx context.Context, s *session, at resource.Place, f need.Fact, rs []resource.Resource) {
	if m, ok := need.MetricOf(f); ok {
		a.o.Source.Measure(ctx, at, m, s.build.Now, rs)
		return
	}
	if f == need.Creator {
		a.findCreators(ctx, s, at, rs)
		return
	}
	a.o.Source.Fill(ctx, at, f, rs)
	for _, r := range rs {
		resource.HideParentMark(r, a.o.Set.Settings.Mark)
	}
}
