package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

func TestWhatIsStartedAgainIsStoppedAgain(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	w.apply()
	want(t, "state", "stopped", w.state(idOld))
	i, _ := w.aws.Instance(idOld)
	start := untagCall(i.Ref(), nil)
	start.Action = action.Start
	if _, err := w.aws.Do(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	want(t, "state", "running", w.state(idOld))
	want(t, "stop", plan.Done, find(t, w.apply().Plan, idOld, action.Stop).State)
	want(t, "state", "stopped", w.state(idOld))
}

func TestOnlyJudgesWhatIsNamedAndLeavesTheRestAlone(t *testing.T) {
	w := newWorld(t, ladder+`
  - name: other
    resource: ec2:instance
    mode: enforce
    tags: {Team: {}}
    enforce: [{notify: infra}]
`)
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.apply()
	mark := w.mark(idOld)
	w.aws.Clock().Advance(time.Hour)
	p, err := w.app().Plan(t.Context(), app.Request{Run: "only", Now: w.aws.Clock().Now(), Only: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Findings {
		want(t, "policy", "other", f.Policy)
	}
	want(t, "closing", []plan.Closing(nil), p.Closing)
	w.applyPlan(p)
	want(t, "mark", mark, w.mark(idOld))
	_, err = w.app().Plan(t.Context(), app.Request{Run: "x", Now: w.aws.Clock().Now(), Only: []string{"nobody"}})
	if err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an unknown policy: %v", err)
	}
}

func TestTheTagsOfVPCsAreReadOnceForAPageAndOnlyWhereTheyDecide(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: p
    resource: ec2:instance
    match: tag("Env") == "dev" && resource.vpc_tags["Name"] == "acme"
    tags: {Project: {}}
`)
	w.aws.AddVPC(region, "vpc-1", tag.Set{"Name": "acme"})
	for n := range 50 {
		env := "dev"
		if n%2 == 1 {
			env = "prod"
		}
		w.aws.Launch(sim.Instance{Region: region, VPC: "vpc-1", Tags: tag.Set{"Env": env}})
	}
	p := w.plan()
	want(t, "violating", 25, p.Summary.Violating)
	want(t, "calls", 1, w.aws.Calls()["ec2:DescribeVpcs"])

	none := newWorld(t, strings.Replace(w.file, `== "dev"`, `== "nobody"`, 1))
	none.aws.Launch(sim.Instance{Region: region, VPC: "vpc-1", Tags: tag.Set{"Env": "dev"}})
	none.plan()
	want(t, "calls where the rest decides", 0, none.aws.Calls()["ec2:DescribeVpcs"])
}

func TestAFactThatCannotBeReadLeavesTheVerdictOpen(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: p
    resource: ec2:instance
    mode: enforce
    match: resource.vpc_tags["Name"] == "acme"
    enforce: [stop]
`)
	w.aws.AddVPC(region, "vpc-1", tag.Set{"Name": "acme"})
	w.aws.Launch(sim.Instance{Region: region, VPC: "vpc-1"})
	w.aws.Deny("ec2:DescribeVpcs")
	r := w.apply()
	want(t, "summary", plan.Summary{Examined: 1, Unknown: 1}, r.Plan.Summary)
	want(t, "status", eval.Unknown, r.Plan.Findings[0].Status)
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])
}

func TestProtectionIsReadOnlyForWhatMayBeStopped(t *testing.T) {
	w := newWorld(t, stopAll)
	for _, id := range ids(3) {
		w.launch(id, day, nil)
	}
	w.launch("i-00000000000000fff", day, tag.Set{"Project": "x"})
	w.plan()
	want(t, "calls for three to stop", 6, w.aws.Calls()["ec2:DescribeInstanceAttribute"])
	for n := range 100 {
		w.launch(fmt.Sprintf("i-%017x", 0x1000+n), day, nil)
	}
	w.plan()
	want(t, "calls where the limit forbids them all", 6, w.aws.Calls()["ec2:DescribeInstanceAttribute"])
}

func TestStampingOwnershipReachesWhatIsExempt(t *testing.T) {
	w := newWorld(t, `
settings: {exempt: [{tag: SPECIAL_EXCEPTION}]}
policies:
  - name: stamp
    resource: ec2:instance
    mode: enforce
    tags:
      Stamp: {value: resource.id, overwrite: true}
      Project: {default: p7}
`)
	w.launch(idOld, day, tag.Set{"SPECIAL_EXCEPTION": "", "Stamp": "forged"})
	w.apply()
	i, _ := w.aws.Instance(idOld)
	want(t, "tags", tag.Set{"SPECIAL_EXCEPTION": "", "Stamp": idOld}, i.TagSet)
}

func TestARunThatIsRecordedCanBeReadBack(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	r := w.apply()
	entries, err := w.ledger.History(t.Context(), w.scope(), "", r.Plan.Run, 10)
	if err != nil || len(entries) != 1 {
		t.Fatalf("history %v, %v; want one entry", entries, err)
	}
	e := entries[0]
	want(t, "entry", []any{"stop-all", action.Stop, "stop", plan.Done}, []any{e.Policy, e.Action, e.Step, e.State})
	if e.RequestID == "" {
		t.Error("the entry does not say which request did it")
	}
}

func TestTheSameMarkIsNotWrittenTwice(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	calls := w.aws.Calls()["ec2:CreateTags"]
	w.aws.Clock().Advance(time.Hour)
	w.apply()
	want(t, "CreateTags calls", calls, w.aws.Calls()["ec2:CreateTags"])
}

func TestAResultForAChannelThatIsGoneIsReportedOnce(t *testing.T) {
	w := newWorld(t, longRunning)
	w.launch(idOlder, 15*day, nil)
	w.post.down["infra"] = true
	w.apply()
	w.file = strings.ReplaceAll(longRunning, "infra", "other")
	r := w.apply()
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Text, "infra") || !strings.Contains(r.Problems[0].Text, idOlder) {
		t.Errorf("problems %v, want one that names the channel and the instance", r.Problems)
	}
	want(t, "problems of the run after", []app.Problem(nil), w.apply().Problems)
}

// dying is a Notifier whose process ends while it sends.
type dying struct{}

func (dying) Send(context.Context, []view.Digest) []notify.Delivery { panic("killed") }

func TestResultsOutlastARunThatDiesWhileItTellsPeople(t *testing.T) {
	w := newWorld(t, longRunning)
	w.launch(idOlder, 15*day, nil)
	p := w.plan()
	func() {
		defer func() { _ = recover() }()
		a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Ledger: w.ledger, Notifier: dying{}, Region: region})
		_, err := a.Apply(t.Context(), p, w.aws.Clock().Now())
		t.Error("the run went on:", err)
	}()
	want(t, "state", "stopped", w.state(idOlder))
	w.apply()
	want(t, "told by the next run", []string{"infra " + idOlder + " result"}, w.told(0))
	w.aws.Clock().Advance(time.Hour)
	w.apply()
	want(t, "digests in all", 1, len(w.post.sent))
}

// Two policies of one run were held and released. A run that judges one of them
// alone uses that one's release up, and the other's is still there.
func TestAReleaseOfOnePolicyIsNotUsedUpByAnother(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {stop: 1, share: 100%}}
policies:
  - {name: a, resource: ec2:instance, mode: enforce, match: 'tag("P") == "a" && resource.state == "running"', enforce: [stop]}
  - {name: b, resource: ec2:instance, mode: enforce, match: 'tag("P") == "b" && resource.state == "running"', enforce: [stop]}
`)
	for n, id := range ids(4) {
		w.launch(id, day, tag.Set{"P": []string{"a", "b"}[n%2]})
	}
	held := w.apply().Plan
	now := w.aws.Clock().Now()
	if _, err := w.app().Release(t.Context(), held.Run, now); err != nil {
		t.Fatal(err)
	}
	p, err := w.app().Plan(t.Context(), app.Request{Run: "only-a", Now: now, Only: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	done := w.applyPlan(p).Plan
	for _, id := range []string{ids(4)[0], ids(4)[2]} {
		want(t, id, plan.Done, find(t, done, id, action.Stop).State)
	}
	w.aws.Clock().Advance(time.Minute)
	done = w.apply().Plan
	for _, id := range []string{ids(4)[1], ids(4)[3]} {
		want(t, id, plan.Done, find(t, done, id, action.Stop).State)
	}
}
