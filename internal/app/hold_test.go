package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func untagCall(r resource.Ref, keys []string) execute.Call {
	return execute.Call{Action: action.Untag, Type: r.Type, At: r.Place(), IDs: []string{r.ID}, Keys: keys}
}

// stopAll stops every running instance that has no Project tag, at once.
const stopAll = `
settings: {limits: {stop: 3, share: 100%}}
policies:
  - name: stop-all
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    tags: {Project: {}}
    enforce: [stop]
`

func ids(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("i-%017x", i+1)
	}
	return out
}

func TestOverALimitNothingIsDoneUntilAHumanReleasesIt(t *testing.T) {
	w := newWorld(t, stopAll)
	for _, id := range ids(4) {
		w.launch(id, day, nil)
	}
	r := w.apply()
	for _, id := range ids(4) {
		a := find(t, r.Plan, id, action.Stop)
		want(t, "state", plan.Held, a.State)
		want(t, "code", "over-limit", a.Code)
	}
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])

	holds, err := w.app().Holds(t.Context(), w.aws.Clock().Now())
	if err != nil || len(holds) != 1 {
		t.Fatalf("holds %v, %v; want one", holds, err)
	}
	if _, err := w.app().Release(t.Context(), "run-99", w.aws.Clock().Now()); !errors.Is(err, record.ErrNoRun) {
		t.Errorf("releasing an unknown run: %v", err)
	}
	if _, err := w.app().Release(t.Context(), holds[0].Run, w.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	r = w.apply()
	for _, id := range ids(4) {
		want(t, "state once released", plan.Done, find(t, r.Plan, id, action.Stop).State)
	}

	// The release was for once, and what was done counts for 24 hours.
	more := "i-00000000000000aaa"
	w.aws.Clock().Advance(time.Hour)
	w.launch(more, day, nil)
	r = w.apply()
	want(t, "state of one more", plan.Held, find(t, r.Plan, more, action.Stop).State)
	w.aws.Clock().Advance(24 * time.Hour)
	r = w.apply()
	want(t, "state a day later", plan.Done, find(t, r.Plan, more, action.Stop).State)
}

func TestAReleaseExpires(t *testing.T) {
	w := newWorld(t, stopAll)
	for _, id := range ids(4) {
		w.launch(id, day, nil)
	}
	w.apply()
	if _, err := w.app().Release(t.Context(), "run-1", w.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	w.aws.Clock().Advance(25 * time.Hour)
	r := w.apply()
	want(t, "state", plan.Held, find(t, r.Plan, ids(1)[0], action.Stop).State)
}

func TestShareLimit(t *testing.T) {
	for _, tt := range []struct {
		name           string
		bad, good      int
		wantCode       string
		wantExecutions int
	}{
		{"a quarter is allowed", 5, 15, "", 5},
		{"more than a quarter is held", 6, 14, "over-limit", 0},
		{"of fewer than 20 a share says nothing", 10, 9, "", 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, strings.Replace(stopAll, "{stop: 3, share: 100%}", "{stop: 50}", 1))
			all := ids(tt.bad + tt.good)
			for i, id := range all {
				tags := tag.Set{"Project": "x"}
				if i < tt.bad {
					tags = nil
				}
				w.launch(id, day, tags)
			}
			r := w.apply()
			want(t, "code", tt.wantCode, find(t, r.Plan, all[0], action.Stop).Code)
			done := 0
			for _, line := range did(r.Plan) {
				if strings.HasSuffix(line, "stop done") {
					done++
				}
			}
			want(t, "stopped", tt.wantExecutions, done)
		})
	}
}

func TestWhatMustNotBeStoppedIsHeldWithTheReason(t *testing.T) {
	tests := []struct {
		name     string
		instance sim.Instance
		code     string
	}{
		{"member of an Auto Scaling group", sim.Instance{Tags: tag.Set{"aws:autoscaling:groupName": "web"}}, "managed"},
		{"run by AWS", sim.Instance{Operator: "eks.amazonaws.com"}, "managed-by-aws"},
		{"one-time spot", sim.Instance{Lifecycle: "spot"}, "one-time-spot"},
		{"instance store", sim.Instance{RootDevice: "instance-store"}, "instance-store"},
		{"stop protection", sim.Instance{StopProtected: true}, "stop-protection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, stopAll)
			tt.instance.Region, tt.instance.LaunchedAt = region, start.Add(-day)
			id := w.aws.Launch(tt.instance)
			free := w.launch("i-00000000000000fff", day, nil)
			r := w.apply()
			a := find(t, r.Plan, id, action.Stop)
			want(t, "state", plan.Held, a.State)
			want(t, "code", tt.code, a.Code)
			want(t, "the other one", plan.Done, find(t, r.Plan, free, action.Stop).State)
			want(t, "its state", "running", w.state(id))
		})
	}
}

func TestPersistentSpotIsStopped(t *testing.T) {
	w := newWorld(t, stopAll)
	id := w.aws.Launch(sim.Instance{Region: region, Lifecycle: "spot", Persistent: true})
	want(t, "stop", plan.Done, find(t, w.apply().Plan, id, action.Stop).State)
}

func TestIncludeManagedStopsMembersOfGroups(t *testing.T) {
	w := newWorld(t, strings.Replace(stopAll, "mode: enforce", "mode: enforce\n    include_managed: true", 1))
	id := w.aws.Launch(sim.Instance{Region: region, Tags: tag.Set{"aws:autoscaling:groupName": "web"}})
	aws := w.aws.Launch(sim.Instance{Region: region, Operator: "eks.amazonaws.com"})
	p := w.apply().Plan
	want(t, "member", plan.Done, find(t, p, id, action.Stop).State)
	want(t, "run by AWS", plan.Held, find(t, p, aws, action.Stop).State)
}

func TestAConflictHoldsBoth(t *testing.T) {
	w := newWorld(t, `
policies:
  - name: a
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    tags: {Project: {default: one}}
  - name: b
    resource: ec2:instance
    mode: enforce
    match: resource.vpc == ""
    tags: {Project: {default: two}}
`)
	w.launch(idOld, day, nil)
	p := w.apply().Plan
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			want(t, f.Policy+" state", plan.Held, a.State)
			want(t, f.Policy+" code", "conflict", a.Code)
		}
	}
	want(t, "calls", 0, w.aws.Calls()["ec2:CreateTags"])
}

func TestTheStrongestWinsAndRepairsAreSuperseded(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {share: 100%}}
policies:
  - name: a
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    tags: {Project: {default: one}}
  - name: b
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    enforce: [stop]
  - name: c
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    enforce: [{terminate: {after: 0d}}]
`)
	w.launch(idOld, day, nil)
	p := w.apply().Plan
	want(t, "actions", []string{idOld + " tag superseded", idOld + " stop superseded", idOld + " terminate done"}, did(p))
}

func TestAFailedStepLetsLaterOnesWait(t *testing.T) {
	w := newWorld(t, enforced(`tags: {Project: {}}`, `enforce: [stop, {terminate: {after: 1d}}]`))
	w.launch(idOld, day, nil)
	w.aws.Deny("ec2:StopInstances")
	r := w.apply()
	a := find(t, r.Plan, idOld, action.Stop)
	want(t, "stop", plan.Failed, a.State)
	want(t, "code", "denied", a.Code)
	w.aws.Clock().Advance(2 * day)
	r = w.apply()
	want(t, "stop, tried again", plan.Failed, find(t, r.Plan, idOld, action.Stop).State)
	want(t, "terminate", "earlier-step-failed", find(t, r.Plan, idOld, action.Terminate).Code)
	want(t, "terminate calls", 0, w.aws.Calls()["ec2:TerminateInstances"])
	w.aws.Mend()
	w.apply()
	want(t, "state", "stopped", w.state(idOld))
}

func TestWhatChangedSinceThePlanIsSkipped(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	w.launch(idOlder, day, nil)
	w.launch(idNew, day, nil)
	p := w.plan()
	w.aws.SetTags(idOld, tag.Set{"Project": "x"})
	w.aws.Protect(idNew, true, false)
	r := w.applyPlan(p)
	want(t, "tagged meanwhile", "no-longer-holds", find(t, r.Plan, idOld, action.Stop).Code)
	want(t, "protected meanwhile", "no-longer-holds", find(t, r.Plan, idNew, action.Stop).Code)
	want(t, "the other", plan.Done, find(t, r.Plan, idOlder, action.Stop).State)
}

func TestASavedPlanIsBound(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	var file bytes.Buffer
	if err := w.plan().Encode(&file); err != nil {
		t.Fatal(err)
	}
	load := func() *plan.Plan {
		p, err := plan.Decode(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	now := w.aws.Clock().Now()
	if _, err := plan.Decode(strings.NewReader(strings.Replace(file.String(), idOld, idOlder, 1))); !errors.Is(err, plan.ErrDigest) {
		t.Errorf("a changed plan: %v", err)
	}
	if _, err := w.app().Apply(t.Context(), load(), now.Add(25*time.Hour)); !errors.Is(err, guard.ErrExpired) {
		t.Errorf("an expired plan: %v", err)
	}
	old := w.file
	w.file = strings.Replace(stopAll, "Project", "Owner", 1)
	if _, err := w.app().Apply(t.Context(), load(), now); !errors.Is(err, guard.ErrPolicies) {
		t.Errorf("other policies: %v", err)
	}
	w.file = old
	other := sim.New("999988887777", start)
	a := app.New(app.Options{Set: w.set(), Source: other, Actor: other, Ledger: w.ledger, Notifier: w.post, Region: region})
	if _, err := a.Apply(t.Context(), load(), now); !errors.Is(err, guard.ErrAccount) {
		t.Errorf("another account: %v", err)
	}
	r := w.applyPlan(load())
	want(t, "stop", plan.Done, find(t, r.Plan, idOld, action.Stop).State)
}

func TestARegionThatFailsIsUnreadAndTheRestGoesOn(t *testing.T) {
	w := newWorld(t, strings.Replace(stopAll, "settings: {", "settings: {regions: [us-east-1, eu-west-1], ", 1))
	w.aws.AddRegion("eu-west-1")
	w.launch(idOld, day, nil)
	far := w.aws.Launch(sim.Instance{Region: "eu-west-1"})
	r := w.apply()
	want(t, "both are stopped", []string{far + " stop done", idOld + " stop done"}, did(r.Plan))

	w = newWorld(t, strings.Replace(ladder, "settings:", "settings:\n  regions: [us-east-1, eu-west-1]", 1))
	w.aws.AddRegion("eu-west-1")
	far = w.aws.Launch(sim.Instance{Region: "eu-west-1"})
	w.apply()
	w.aws.Clock().Advance(8 * day)
	w.aws.TimeOut("eu-west-1")
	w.launch(idOld, day, nil)
	r = w.apply()
	want(t, "unread", 1, r.Plan.Summary.Unread)
	want(t, "region", "eu-west-1", r.Plan.Unread[0].Region)
	want(t, "call", "ec2:DescribeInstances", r.Plan.Unread[0].Call)
	want(t, "closing", []plan.Closing(nil), r.Plan.Closing)
	w.aws.Mend()
	r = w.apply()
	want(t, "its case stayed as it was", plan.Done, find(t, r.Plan, far, action.Stop).State)
}

func TestAnInterruptedRunHasAnOutcomeForEveryAction(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	p := w.plan()
	ctx, cancel := context.WithCancel(t.Context())
	a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: cancelling{w.aws, cancel}, Ledger: w.ledger, Notifier: w.post, Region: region})
	w.launch(idOlder, day, nil)
	r, err := a.Apply(ctx, p, w.aws.Clock().Now())
	if err != nil {
		t.Fatal(err)
	}
	want(t, "interrupted", true, r.Interrupted)
	want(t, "the call under way was finished", []string{idOld + " stop done"}, did(r.Plan))
	want(t, "state", "stopped", w.state(idOld))
}

// cancelling is an Actor whose user presses Ctrl-C during the first call.
type cancelling struct {
	*sim.Account
	cancel context.CancelFunc
}

func (c cancelling) Do(ctx context.Context, call execute.Call) (execute.Answer, error) {
	c.cancel()
	return c.Account.Do(ctx, call)
}

func TestAPolicyThatIsGoneLeavesNoMarks(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	if w.mark(idOld) == "" {
		t.Fatal("no mark was written")
	}
	w.file = strings.Replace(ladder, "name: cost", "name: other", 1)
	w.file = strings.Replace(w.file, "tags: {Cost: {}}", "match: 'false'", 1)
	r := w.apply()
	want(t, "closing", []plan.Closing{{Policy: "cost", ARN: resource.InstanceARN(region, account, idOld), Why: "policy-removed"}}, r.Plan.Closing)
	want(t, "mark", "", w.mark(idOld))
}

func TestARenamedPolicyKeepsItsCases(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.aws.Clock().Advance(7 * day)
	w.file = strings.Replace(ladder, "name: cost", "name: cost-center\n    was: [cost]", 1)
	r := w.apply()
	want(t, "stop", plan.Done, find(t, r.Plan, idOld, action.Stop).State)
}

func TestALongerGracePeriodMovesADeadlineAndAShorterDoesNot(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.aws.Clock().Advance(2 * day)
	w.file = strings.Replace(ladder, "stop: {after: 7d}", "stop: {after: 1d}", 1)
	want(t, "shorter", start.Add(7*day), find(t, w.apply().Plan, idOld, action.Stop).At)
	w.file = strings.Replace(ladder, "stop: {after: 7d}", "stop: {after: 10d}", 1)
	want(t, "longer", start.Add(10*day), find(t, w.apply().Plan, idOld, action.Stop).At)
}

func TestEditedMarksAreRenewedAndNeverRead(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	w.apply()
	w.aws.SetTags(idOld, tag.Set{"tagwarden": "stop 2099-01-01 by cost"})
	w.aws.Clock().Advance(day)
	r := w.apply()
	want(t, "deadline", start.Add(7*day), find(t, r.Plan, idOld, action.Stop).At)
	want(t, "mark", "stop 2026-06-08 by cost", w.mark(idOld))
}

func TestTwoRunsAtOnceExcludeEachOther(t *testing.T) {
	w := newWorld(t, stopAll)
	w.launch(idOld, day, nil)
	p := w.plan()
	if err := w.ledger.Begin(t.Context(), w.scope(), record.RunInfo{ID: "other", Started: start}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app().Apply(t.Context(), p, start); !errors.Is(err, record.ErrBusy) {
		t.Errorf("applying beside another run: %v", err)
	}
}

func TestWhatWillBeHeldSaysSoFromTheBeginningAndShowsNoDeadline(t *testing.T) {
	w := newWorld(t, ladder)
	id := w.aws.Launch(sim.Instance{Region: region, Tags: tag.Set{"aws:autoscaling:groupName": "web"}})
	a := find(t, w.apply().Plan, id, action.Stop)
	want(t, "state", plan.Waiting, a.State)
	want(t, "code", "managed", a.Code)
	want(t, "mark", "", w.mark(id))
	w.aws.Clock().Advance(8 * day)
	want(t, "state when it is due", plan.Held, find(t, w.apply().Plan, id, action.Stop).State)
}
