package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

func (w *world) start(id string) {
	w.t.Helper()
	i, _ := w.aws.Instance(id)
	call := untagCall(i.Ref(), nil)
	call.Action = action.Start
	if _, err := w.aws.Do(w.t.Context(), call); err != nil {
		w.t.Fatal(err)
	}
	want(w.t, "state", "running", w.state(id))
}

func TestWhatWasPutRightAndRunsAgainIsNotTerminatedOnItsOldClock(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.aws.Clock().Advance(7 * day)
	want(t, "stop", plan.Done, find(t, w.apply().Plan, idOld, action.Stop).State)
	want(t, "state", "stopped", w.state(idOld))
	w.aws.SetTags(idOld, tag.Set{"Cost": "1"})
	w.start(idOld)
	w.apply() // closes the case
	w.aws.Clock().Advance(13 * day)
	w.untag(idOld, "Cost")
	for n := range 2 {
		w.aws.Clock().Advance(day)
		a := find(t, w.apply().Plan, idOld, action.Terminate)
		want(t, fmt.Sprintf("terminate, run %d after it came back", n), plan.Waiting, a.State)
	}
	want(t, "state", "stopped", w.state(idOld))
}

func TestARenamedPolicysOldCaseDoesNotComeToLifeAgain(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.file = strings.Replace(ladder, "name: cost", "name: cost-center\n    was: [cost]", 1)
	w.aws.Clock().Advance(time.Hour)
	w.apply()
	w.aws.SetTags(idOld, tag.Set{"Cost": "1"})
	w.apply() // closes the case
	w.aws.Clock().Advance(100 * day)
	w.untag(idOld, "Cost")
	want(t, "stop", plan.Waiting, find(t, w.apply().Plan, idOld, action.Stop).State)
	want(t, "state", "running", w.state(idOld))
}

func TestTheMarkOfARenamedPolicyIsRemoved(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.file = strings.Replace(ladder, "name: cost", "name: cost-center\n    was: [cost]", 1)
	w.aws.SetTags(idOld, tag.Set{"Cost": "1", "tagwarden": w.mark(idOld)})
	w.apply()
	want(t, "mark", "", w.mark(idOld))
}

func TestEnforcingAgainBeginsWithANotice(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.file = strings.Replace(ladder, "mode: enforce", "mode: observe", 1)
	w.aws.Clock().Advance(30 * day)
	w.apply()
	w.file = ladder
	w.aws.Clock().Advance(day)
	sent := len(w.post.sent)
	want(t, "stop", plan.Waiting, find(t, w.apply().Plan, idOld, action.Stop).State)
	want(t, "told", []string{"infra " + idOld + " violation"}, w.told(sent))
	w.aws.Clock().Advance(day)
	want(t, "stop in the run after", plan.Done, find(t, w.apply().Plan, idOld, action.Stop).State)
}

func TestAShortGracePeriodHasNoReminderRightAfterTheNotice(t *testing.T) {
	w := newWorld(t, strings.Replace(ladder, "stop: {after: 7d}", "stop: {after: 2d}", 1))
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.aws.Clock().Advance(time.Hour)
	w.apply()
	want(t, "digests", 1, len(w.post.sent))
	w.aws.Clock().Advance(day)
	w.apply()
	want(t, "digests a day before the stop", 2, len(w.post.sent))
}

func TestARunOfAnotherPolicyDoesNotUseUpARelease(t *testing.T) {
	w := newWorld(t, stopAll+`
  - name: other
    resource: ec2:instance
    tags: {Team: {}}
`)
	for _, id := range ids(4) {
		w.launch(id, day, nil)
	}
	held := w.apply().Plan.Run
	if _, err := w.app().Release(t.Context(), held, w.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	p, err := w.app().Plan(t.Context(), app.Request{Run: "only", Now: w.aws.Clock().Now(), Only: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	w.applyPlan(p)
	r := w.apply()
	for _, id := range ids(4) {
		want(t, "stop of "+id, plan.Done, find(t, r.Plan, id, action.Stop).State)
	}
}

func TestASavedPlanDoesNotUseUpAReleaseItDidNotKnow(t *testing.T) {
	w := newWorld(t, stopAll)
	for _, id := range ids(4) {
		w.launch(id, day, nil)
	}
	p := w.plan()
	again := saved(t, p)
	w.applyPlan(p)
	w.aws.Clock().Advance(time.Hour)
	if _, err := w.app().Release(t.Context(), p.Run, w.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	r := w.applyPlan(again)
	want(t, "stop by the saved plan", plan.Held, find(t, r.Plan, ids(1)[0], action.Stop).State)
	r = w.apply()
	want(t, "stop by a new one", plan.Done, find(t, r.Plan, ids(1)[0], action.Stop).State)
}

func TestANoticeWithNothingToTellIsNotCalledSent(t *testing.T) {
	w := newWorld(t, longRunning)
	w.launch(idOld, 8*day, nil)
	w.apply()
	w.aws.Clock().Advance(6 * day)
	w.launch(idOlder, 8*day, nil)
	p := w.plan()
	w.aws.Protect(idOld, true, false)
	r := w.applyPlan(p)
	want(t, "stop", "no-longer-holds", find(t, r.Plan, idOld, action.Stop).Code)
	want(t, "notice of what changed", "nothing-to-tell", find(t, r.Plan, idOld, action.Notify).Code)
	want(t, "notice of the new one", plan.Done, find(t, r.Plan, idOlder, action.Notify).State)
}

func TestAMarkStaysWhileItsPolicyCannotBeJudged(t *testing.T) {
	w := newWorld(t, strings.Replace(ladder, "tags: {Cost: {}}", "match: resource.vpc_tags[\"Name\"] == \"acme\"\n    tags: {Cost: {}}", 1))
	w.aws.AddVPC(region, "vpc-1", tag.Set{"Name": "acme"})
	id := w.aws.Launch(sim.Instance{Region: region, VPC: "vpc-1"})
	w.apply()
	mark := w.mark(id)
	if mark == "" {
		t.Fatal("no mark was written")
	}
	w.aws.Deny("ec2:DescribeVpcs")
	w.aws.Clock().Advance(time.Hour)
	want(t, "unknown", 1, w.apply().Plan.Summary.Unknown)
	want(t, "mark", mark, w.mark(id))
}

// witness looks into the ledger whenever it is called.
type witness struct {
	*sim.Account
	*post
	look func(what string)
}

func (x witness) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	x.look(c.Action.String())
	return x.Account.Do(ctx, c)
}

func (x witness) Send(ctx context.Context, ds []view.Digest) []notify.Delivery {
	x.look("notify")
	return x.post.Send(ctx, ds)
}

func TestEachStageIsRecordedBeforeTheNextBegins(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.aws.Clock().Advance(7 * day)
	w.launch(idNew, 40*day, nil)
	p := w.plan()
	seen := map[string][]*cases.Case{}
	x := witness{w.aws, w.post, func(what string) {
		known, err := w.ledger.Cases(t.Context(), w.scope(), w.aws.Clock().Now(), day)
		if err != nil {
			t.Fatal(err)
		}
		seen[what] = known
	}}
	a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: x, Ledger: w.ledger, Notifier: x, Region: region})
	if _, err := a.Apply(t.Context(), p, w.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	want(t, "cases when something is stopped", 2, len(seen["stop"]))
	has := func(what, id string, ok func(*cases.Case) bool) {
		for _, c := range seen[what] {
			if c.Resource.ID == id && ok(c) {
				return
			}
		}
		t.Errorf("at the time of %s the ledger does not know: %s", what, id)
	}
	has("notify", idOld, func(c *cases.Case) bool { return c.Steps["stop"].Done })
	has("mark", idNew, func(c *cases.Case) bool { return len(c.Told) == 1 && !c.Accepted.IsZero() })
	has("mark", idOld, func(c *cases.Case) bool { return !c.Deadlines["terminate"].IsZero() })
}
