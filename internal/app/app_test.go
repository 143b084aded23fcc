package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

const (
	account = "111122223333"
	region  = "us-east-1"
	day     = 24 * time.Hour
)

var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// post is a Notifier that accepts what it is given, unless a channel is down.
type post struct {
	sent []view.Digest
	down map[string]bool
}

func (p *post) Send(_ context.Context, ds []view.Digest) []notify.Delivery {
	var out []notify.Delivery
	for _, d := range ds {
		del := notify.Delivery{Channel: d.Channel, Address: d.Address, Accepted: !p.down[d.Channel], ID: fmt.Sprint("m-", len(p.sent))}
		if del.Accepted {
			p.sent = append(p.sent, d)
		} else {
			del.Err = errors.New("the channel is down")
		}
		out = append(out, del)
	}
	return out
}

// world is an account, a ledger and a mailbox, and runs tagwarden on them.
type world struct {
	t      *testing.T
	aws    *sim.Account
	ledger record.Ledger
	post   *post
	// systems are told of outcomes, nil for none.
	systems app.Systems
	later   queue.Keeper // nil: nobody keeps what settles
	file    string
	runs    int
}

func newWorld(t *testing.T, file string) *world {
	t.Helper()
	w := &world{t: t, aws: sim.New(account, start), ledger: record.NewMemory(), post: &post{down: map[string]bool{}}, file: file}
	w.aws.AddRegion(region)
	return w
}

// enforced is a file with one policy p about instances, under enforce, that can
// tell infra and stop whatever it likes; lines are the rest of the policy.
func enforced(lines ...string) string {
	return "settings: {limits: {share: 100%}}\nchannels: {infra: {file: {dir: out}}}\n" +
		"policies:\n  - name: p\n    resource: ec2:instance\n    mode: enforce\n    " + strings.Join(lines, "\n    ") + "\n"
}

// launch puts an instance there that was launched so long ago.
func (w *world) launch(id string, age time.Duration, tags tag.Set) string {
	return w.aws.Launch(sim.Instance{ID: id, Region: region, LaunchedAt: w.aws.Clock().Now().Add(-age), Tags: tags})
}

func (w *world) set() *policy.Set {
	w.t.Helper()
	set, problems := policy.Load([]policy.Source{{Name: "test.yaml", Data: []byte("version: 1\n" + w.file)}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		w.t.Fatalf("loading the policy file:\n%v", err)
	}
	return set
}

func (w *world) scope() record.Scope {
	return record.Scope{Name: w.set().Settings.Name, Account: account}
}

func (w *world) app() *app.App {
	return app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Systems: w.systems, Later: w.later, Region: region})
}

func (w *world) plan() *plan.Plan {
	w.t.Helper()
	w.runs++
	p, err := w.app().Plan(w.t.Context(), app.Request{Run: fmt.Sprintf("run-%d", w.runs), Now: w.aws.Clock().Now()})
	if err != nil {
		w.t.Fatalf("planning: %v", err)
	}
	return p
}

func (w *world) apply() *app.Report {
	w.t.Helper()
	return w.applyPlan(w.plan())
}

func (w *world) applyPlan(p *plan.Plan) *app.Report {
	w.t.Helper()
	r, err := w.app().Apply(w.t.Context(), p, w.aws.Clock().Now())
	if err != nil {
		w.t.Fatalf("applying: %v", err)
	}
	for _, pr := range r.Problems {
		w.t.Logf("problem: %+v", pr)
	}
	return r
}

// state is what the instance's state is once everything has settled.
func (w *world) state(id string) string {
	w.t.Helper()
	w.aws.Clock().Advance(time.Minute)
	i, ok := w.aws.Instance(id)
	if !ok {
		return "gone"
	}
	return i.State
}

// did lists the actions of a plan other than notices and marks, as
// "id action state".
func did(p *plan.Plan) []string {
	var out []string
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			if a.Action != action.Notify && a.Action != action.Mark && a.Action != action.Unmark {
				out = append(out, fmt.Sprintf("%s %s %s", f.Resource.ID, a.Action, a.State))
			}
		}
	}
	return out
}

// find returns the action of that kind for an instance.
func find(t *testing.T, p *plan.Plan, id string, k action.Kind) plan.Action {
	t.Helper()
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			if f.Resource.ID == id && a.Action == k {
				return a
			}
		}
	}
	t.Fatalf("the plan has no %s of %s: %v", k, id, did(p))
	return plan.Action{}
}

// told lists the resources of the digests since the nth, as "channel id kind".
func (w *world) told(since int) []string {
	var out []string
	for _, d := range w.post.sent[since:] {
		to := d.Channel
		if d.Address != "" {
			to = d.Address
		}
		for _, s := range d.Sections {
			for _, it := range s.Items {
				out = append(out, fmt.Sprintf("%s %s %s", to, it.Resource.ID, it.Kind))
			}
		}
	}
	slices.Sort(out)
	return out
}

func want(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const longRunning = `
settings: {limits: {share: 100%}}
channels: {infra: {file: {dir: out}}}
policies:
  - name: long
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running" && resource.running_for > days(7)
    tags: {Project: {allow_empty: true}}
    enforce:
      - notify: infra
      - stop: {when: resource.running_for >= days(14)}
`

const (
	idNew   = "i-00000000000000001"
	idOld   = "i-00000000000000002"
	idOlder = "i-00000000000000003"
	idGood  = "i-00000000000000004"
)

func TestLongRunningInstancesAreReportedOnceThenStopped(t *testing.T) {
	w := newWorld(t, longRunning)
	w.launch(idNew, 2*day, nil)
	w.launch(idOld, 8*day, nil)
	w.launch(idOlder, 15*day, nil)
	w.launch(idGood, 30*day, tag.Set{"Project": ""})

	r := w.apply()
	want(t, "actions", []string{idOlder + " stop done"}, did(r.Plan))
	want(t, "told", []string{"infra " + idOld + " violation", "infra " + idOlder + " violation"}, w.told(0))
	want(t, "summary", plan.Summary{Examined: 4, OutOfScope: 1, Compliant: 1, Violating: 2}, r.Plan.Summary)
	want(t, "state of the oldest", "stopped", w.state(idOlder))
	want(t, "state of the old", "running", w.state(idOld))

	sent, calls := len(w.post.sent), w.aws.Calls()["ec2:StopInstances"]
	w.apply()
	want(t, "told by the second run", []string(nil), w.told(sent))
	want(t, "stop calls of the second run", calls, w.aws.Calls()["ec2:StopInstances"])

	w.aws.Clock().Advance(6 * day)
	r = w.apply()
	want(t, "actions six days later", []string{idOld + " stop done"}, did(r.Plan))
	want(t, "told six days later", []string{"infra " + idNew + " violation", "infra " + idOld + " result"}, w.told(sent))
}

const ladder = `
settings:
  limits: {share: 100%}
  owner: {tags: [Owner], address: "{value}@example.com", via: mail, otherwise: infra}
channels:
  mail: {ses: {from: a@example.com, to: [b@example.com]}}
  infra: {file: {dir: out}}
policies:
  - name: cost
    resource: ec2:instance
    mode: enforce
    tags: {Cost: {}}
    enforce:
      - notify: {to: owner, before: [3d, 1d]}
      - stop: {after: 7d}
      - terminate: {after: 14d, since: stop}
`

func TestLadder(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.launch(idGood, 40*day, tag.Set{"Cost": "1"})

	r := w.apply()
	want(t, "day 0", []string{idOld + " stop waiting", idOld + " terminate waiting"}, did(r.Plan))
	want(t, "mark", "stop 2026-06-08 by cost", w.mark(idOld))
	want(t, "told", []string{"alice@example.com " + idOld + " violation"}, w.told(0))

	steps := []struct {
		advance time.Duration
		actions []string
		told    []string
		mark    string
	}{
		{3 * day, []string{"stop waiting", "terminate waiting"}, nil, "stop 2026-06-08 by cost"},
		{day, []string{"stop waiting", "terminate waiting"}, []string{"reminder"}, "stop 2026-06-08 by cost"},
		{time.Hour, []string{"stop waiting", "terminate waiting"}, nil, "stop 2026-06-08 by cost"},
		{2 * day, []string{"stop waiting", "terminate waiting"}, []string{"reminder"}, "stop 2026-06-08 by cost"},
		{day, []string{"stop done", "terminate waiting"}, []string{"result"}, "terminate 2026-06-22 by cost"},
		{time.Hour, []string{"stop skipped", "terminate waiting"}, nil, "terminate 2026-06-22 by cost"},
		{11 * day, []string{"stop skipped", "terminate waiting"}, []string{"reminder"}, "terminate 2026-06-22 by cost"},
		{3 * day, []string{"stop skipped", "terminate done"}, []string{"result"}, "terminate 2026-06-22 by cost"},
		{2 * time.Hour, nil, nil, ""},
	}
	for i, s := range steps {
		w.aws.Clock().Advance(s.advance)
		sent := len(w.post.sent)
		r := w.apply()
		var actions, told []string
		for _, a := range s.actions {
			actions = append(actions, idOld+" "+a)
		}
		for _, k := range s.told {
			told = append(told, "alice@example.com "+idOld+" "+k)
		}
		want(t, fmt.Sprintf("step %d, %s: actions", i, w.aws.Clock().Now().Format(time.DateTime)), actions, did(r.Plan))
		want(t, fmt.Sprintf("step %d: told", i), told, w.told(sent))
		want(t, fmt.Sprintf("step %d: mark", i), s.mark, w.mark(idOld))
	}
}

func (w *world) mark(id string) string {
	i, _ := w.aws.Instance(id)
	return i.TagSet["tagwarden"]
}

func TestTaggingClosesTheCaseAndRemovesTheMark(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.apply()
	if w.mark(idOld) == "" {
		t.Fatal("no mark was written")
	}
	w.aws.SetTags(idOld, tag.Set{"Cost": "1", "Owner": "alice", "tagwarden": w.mark(idOld)})
	w.aws.Clock().Advance(day)
	w.apply()
	want(t, "mark", "", w.mark(idOld))

	// It comes back within the memory: the old clock goes on, after a new notice.
	w.aws.Clock().Advance(7 * day)
	w.untag(idOld, "Cost")
	sent := len(w.post.sent)
	r := w.apply()
	want(t, "actions when it came back", []string{idOld + " stop waiting", idOld + " terminate waiting"}, did(r.Plan))
	want(t, "told when it came back", []string{"alice@example.com " + idOld + " violation"}, w.told(sent))
	w.aws.Clock().Advance(time.Hour)
	r = w.apply()
	want(t, "actions of the run after", []string{idOld + " stop done", idOld + " terminate waiting"}, did(r.Plan))
}

func TestANoticeThatNobodyAcceptsHoldsTheStep(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.post.down["mail"] = true
	w.apply()
	want(t, "mark", "", w.mark(idOld))
	w.aws.Clock().Advance(8 * day)
	r := w.apply()
	a := find(t, r.Plan, idOld, action.Stop)
	want(t, "state", plan.Held, a.State)
	want(t, "code", "notice-undelivered", a.Code)

	w.post.down["mail"] = false
	w.apply()
	want(t, "told", []string{"alice@example.com " + idOld + " violation"}, w.told(0))
	w.aws.Clock().Advance(6 * day)
	r = w.apply()
	want(t, "state six days after the first accepted notice", plan.Waiting, find(t, r.Plan, idOld, action.Stop).State)
	w.aws.Clock().Advance(day)
	r = w.apply()
	want(t, "state seven days after it", plan.Done, find(t, r.Plan, idOld, action.Stop).State)
}

func TestResultsThatCouldNotBeToldAreToldLater(t *testing.T) {
	w := newWorld(t, longRunning)
	w.launch(idOlder, 15*day, nil)
	w.post.down["infra"] = true
	r := w.apply()
	want(t, "actions", []string{idOlder + " stop done"}, did(r.Plan))
	w.post.down["infra"] = false
	w.aws.Clock().Advance(time.Hour)
	w.apply()
	want(t, "told", []string{"infra " + idOlder + " result"}, w.told(0))
	w.aws.Clock().Advance(time.Hour)
	w.apply()
	want(t, "digests in all", 1, len(w.post.sent))
}

func TestObservingTellsOnceAndTouchesNothing(t *testing.T) {
	w := newWorld(t, strings.Replace(ladder, "mode: enforce", "mode: observe", 1))
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.launch(idNew, day, nil)
	r := w.apply()
	want(t, "actions", []string{idNew + " stop would", idNew + " terminate would", idOld + " stop would", idOld + " terminate would"}, did(r.Plan))
	want(t, "told", []string{"infra " + idNew + " violation"}, w.told(0))
	want(t, "mark", "", w.mark(idOld))
	w.aws.Clock().Advance(30 * day)
	w.apply()
	want(t, "digests in all", 1, len(w.post.sent))

	w.file = ladder // enforcing begins: everybody hears, and clocks start now
	w.launch(idGood, day, tag.Set{"Cost": "1"})
	r = w.apply()
	want(t, "told when enforcing begins", []string{"alice@example.com " + idOld + " violation", "infra " + idNew + " violation"}, w.told(1))
	want(t, "due", w.aws.Clock().Now().Add(7*day), find(t, r.Plan, idOld, action.Stop).At)
}

func (w *world) untag(id string, keys ...string) {
	w.t.Helper()
	i, _ := w.aws.Instance(id)
	if _, err := w.aws.Do(w.t.Context(), untagCall(i.Ref(), keys)); err != nil {
		w.t.Fatal(err)
	}
}

func TestRepairsAreMadeAndTold(t *testing.T) {
	w := newWorld(t, `
channels: {infra: {file: {dir: out}}}
policies:
  - name: tags
    resource: ec2:instance
    mode: enforce
    tags:
      Project: {default: p7}
      CostCenter: {aliases: [cost-center]}
    enforce: [{notify: infra}]
`)
	w.launch(idOld, day, tag.Set{"cost-center": "1"})
	r := w.apply()
	want(t, "actions", []string{idOld + " tag done", idOld + " untag done"}, did(r.Plan))
	want(t, "status", eval.Fixed, r.Plan.Findings[0].Status)
	want(t, "summary", plan.Summary{Examined: 1, Fixed: 1}, r.Plan.Summary)
	i, _ := w.aws.Instance(idOld)
	want(t, "tags", tag.Set{"Project": "p7", "CostCenter": "1"}, i.TagSet)
	want(t, "calls", 1, w.aws.Calls()["ec2:CreateTags"])
	want(t, "told", 1, len(w.told(0)))
	r = w.apply()
	want(t, "actions of the second run", []string(nil), did(r.Plan))
	want(t, "digests in all", 1, len(w.post.sent))
}
