package execute_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const account, region = "111122223333", "us-east-1"

var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// bench is a plan for an embedded account and the runner that carries it out.
type bench struct {
	t      *testing.T
	aws    *sim.Account
	plan   *plan.Plan
	log    *journal
	runner *execute.Runner
}

// journal keeps what it is told, and fails when asked to.
type journal struct {
	intended, finished []string
	failIntend         error
}

func (j *journal) Intend(_ context.Context, os []execute.Outcome) error {
	if j.failIntend != nil {
		return j.failIntend
	}
	for _, o := range os {
		j.intended = append(j.intended, o.Finding.Resource.ID+" "+string(o.Action.State))
	}
	return nil
}

func (j *journal) Finish(_ context.Context, os []execute.Outcome) error {
	for _, o := range os {
		j.finished = append(j.finished, o.Finding.Resource.ID+" "+string(o.Action.State))
	}
	return nil
}

// newBench launches n instances, each of which is to get the actions.
func newBench(t *testing.T, n int, actions ...plan.Action) *bench {
	t.Helper()
	b := &bench{t: t, aws: sim.New(account, start), log: &journal{}}
	b.aws.AddRegion(region)
	b.plan = &plan.Plan{Version: plan.Version, Run: "r", Created: start, Expires: start.Add(plan.Lifetime), Account: account, Policies: "d"}
	for i := range n {
		id := b.aws.Launch(sim.Instance{ID: fmt.Sprintf("i-%017x", i+1), Region: region, Zone: zone(i)})
		ref := resource.Ref{ID: id, Type: resource.EC2Instance, Account: account, Region: region, ARN: resource.InstanceARN(region, account, id)}
		b.plan.Findings = append(b.plan.Findings, plan.Finding{Policy: "p", Resource: plan.Resource{Ref: ref}, Actions: slices.Clone(actions)})
	}
	b.runner = &execute.Runner{Reader: b.aws, Actor: b.aws, Journal: b.log, Again: b.unchanged}
	return b
}

func zone(i int) string { return region + string(rune('a'+i%2)) }

// unchanged judges as the plan did.
func (b *bench) unchanged(context.Context, resource.Place, []resource.Resource) map[string][]plan.Finding {
	out := map[string][]plan.Finding{}
	for _, f := range b.plan.Findings {
		f.Actions = slices.Clone(f.Actions)
		out[f.Resource.ARN] = []plan.Finding{f}
	}
	return out
}

func (b *bench) approve() guard.Approved {
	b.t.Helper()
	if err := b.plan.Seal(); err != nil {
		b.t.Fatal(err)
	}
	set := &policy.Set{Digest: "d", Settings: policy.Settings{Limits: policy.Limits{Share: 100, Counts: map[action.Kind]int{
		action.Stop: 10000, action.Terminate: 10000, action.Start: 10000, action.Tag: 10000, action.Untag: 10000}}}}
	ok, holds, err := guard.Check(b.plan, guard.Input{Set: set, Account: account, Now: start})
	if err != nil || len(holds) > 0 {
		b.t.Fatalf("not approved: %v %v", holds, err)
	}
	return ok
}

func (b *bench) run() {
	b.t.Helper()
	if err := b.runner.Run(b.t.Context(), b.approve(), account, start); err != nil {
		b.t.Fatal(err)
	}
}

// states counts the actions of the plan by state.
func (b *bench) states() map[plan.State]int {
	out := map[plan.State]int{}
	for _, f := range b.plan.Findings {
		for _, a := range f.Actions {
			out[a.State]++
		}
	}
	return out
}

var stop = plan.Action{Action: action.Stop, Step: "stop", State: plan.Planned}

func TestManyAreStoppedInFewCalls(t *testing.T) {
	b := newBench(t, 450, stop)
	b.run()
	if diff := cmp.Diff(map[plan.State]int{plan.Done: 450}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	calls := b.aws.Calls()
	if got := calls["ec2:StopInstances"]; got != 3 {
		t.Errorf("%d StopInstances calls for 450 instances, want 3", got)
	}
	if got := calls["ec2:DescribeInstances"]; got != 3 {
		t.Errorf("%d fresh reads, want 3", got)
	}
}

// spoiled is an Actor whose account changes just before the first call, after
// everything was looked at again.
type spoiled struct {
	*sim.Account
	spoil func()
}

func (s *spoiled) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	if s.spoil != nil {
		s.spoil()
		s.spoil = nil
	}
	return s.Account.Do(ctx, c)
}

func TestOneBadIDCostsOnlyItself(t *testing.T) {
	b := newBench(t, 64, stop)
	bad := b.plan.Findings[37].Resource.ID
	b.runner.Actor = &spoiled{b.aws, func() { b.aws.Protect(bad, true, false) }}
	b.run()
	if diff := cmp.Diff(map[plan.State]int{plan.Done: 63, plan.Failed: 1}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	failed := b.plan.Findings[37].Actions[0]
	if failed.State != plan.Failed || failed.Code != string(fault.Protected) {
		t.Errorf("the protected one is %s (%s)", failed.State, failed.Code)
	}
	// Halving 64 six times: one call at the top and two at each level.
	if got := b.aws.Calls()["ec2:StopInstances"]; got != 13 {
		t.Errorf("%d calls, want 13", got)
	}
}

func TestADeniedCallIsHalvedOnlyUntilItIsPlainThatNobodyIsLetThrough(t *testing.T) {
	b := newBench(t, 200, stop)
	b.aws.Deny("ec2:StopInstances")
	b.run()
	if got := b.aws.Calls()["ec2:StopInstances"]; got > 20 {
		t.Errorf("%d calls to learn that a permission is missing, want at most 20", got)
	}
	if diff := cmp.Diff(map[plan.State]int{plan.Failed: 200}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// conditional is an Actor whose caller may not touch one instance, as when a
// condition of IAM asks for a tag.
type conditional struct {
	*sim.Account
	forbidden string
}

func (c *conditional) Do(ctx context.Context, call execute.Call) (execute.Answer, error) {
	if slices.Contains(call.IDs, c.forbidden) {
		return execute.Answer{}, &fault.Error{Class: fault.Denied, Call: "ec2:StopInstances", Code: "UnauthorizedOperation"}
	}
	return c.Account.Do(ctx, call)
}

func TestAnInstanceThatIsDeniedCostsOnlyItself(t *testing.T) {
	b := newBench(t, 64, stop)
	b.runner.Actor = &conditional{b.aws, b.plan.Findings[5].Resource.ID}
	b.run()
	if diff := cmp.Diff(map[plan.State]int{plan.Done: 63, plan.Failed: 1}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestAMixedTerminateIsLookedAtAgain(t *testing.T) {
	b := newBench(t, 8, plan.Action{Action: action.Terminate, Step: "terminate", State: plan.Planned})
	bad := b.plan.Findings[0].Resource.ID // in the first of two zones
	b.runner.Actor = &spoiled{b.aws, func() { b.aws.Protect(bad, false, true) }}
	b.run()
	if diff := cmp.Diff(map[plan.State]int{plan.Done: 7, plan.Failed: 1}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if b.plan.Findings[0].Actions[0].State != plan.Failed {
		t.Error("the protected one is not the one that failed")
	}
}

func TestAnAnswerThatIsLostIsLookedUp(t *testing.T) {
	for _, arrived := range []bool{true, false} {
		b := newBench(t, 3, stop)
		b.aws.LoseAnswers("ec2:StopInstances", 1, arrived)
		b.run()
		want := map[plan.State]int{plan.Done: 3}
		if !arrived {
			want = map[plan.State]int{plan.Failed: 3}
		}
		if diff := cmp.Diff(want, b.states()); diff != "" {
			t.Errorf("arrived %v: states (-want +got):\n%s", arrived, diff)
		}
	}
}

func TestEqualTagsGoInOneCallAndOneResourceGetsOne(t *testing.T) {
	tags := plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"A": "1"}}
	more := plan.Action{Action: action.Tag, Step: "tag", State: plan.Planned, Tags: tag.Set{"B": "2"}}
	b := newBench(t, 10, tags, more)
	b.plan.Findings[3].Actions[0].Tags = tag.Set{"A": "other"}
	b.run()
	if got := b.aws.Calls()["ec2:CreateTags"]; got != 2 {
		t.Errorf("%d calls, want 2: one for each different set", got)
	}
	i, _ := b.aws.Instance(b.plan.Findings[3].Resource.ID)
	if diff := cmp.Diff(tag.Set{"A": "other", "B": "2"}, i.TagSet); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestARenameDeletesTheOldKeyOnlyOnceTheNewOneIsThere(t *testing.T) {
	fix := []plan.Action{
		{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "x"}},
		{Action: action.Untag, State: plan.Planned, Keys: []string{"project"}},
	}
	b := newBench(t, 2, fix...)
	for _, f := range b.plan.Findings {
		b.aws.SetTags(f.Resource.ID, tag.Set{"project": "x"})
	}
	b.aws.Deny("ec2:CreateTags")
	b.run()
	i, _ := b.aws.Instance(b.plan.Findings[0].Resource.ID)
	if i.TagSet["project"] != "x" {
		t.Error("the old key was deleted although the new one was never written")
	}
	if a := b.plan.Findings[0].Actions[1]; a.State != plan.Skipped || a.Code != "rename-incomplete" {
		t.Errorf("the deletion is %s (%s)", a.State, a.Code)
	}
}

func TestNothingIsDoneThatCannotBeRecorded(t *testing.T) {
	b := newBench(t, 3, stop)
	b.log.failIntend = errors.New("disk full")
	err := b.runner.Run(t.Context(), b.approve(), account, start)
	if !errors.Is(err, b.log.failIntend) {
		t.Errorf("error %v, want the journal's", err)
	}
	if got := b.aws.Calls()["ec2:StopInstances"]; got != 0 {
		t.Errorf("%d calls", got)
	}
	if diff := cmp.Diff(map[plan.State]int{plan.Skipped: 3}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestTheZeroApprovalExecutesNothing(t *testing.T) {
	b := newBench(t, 1, stop)
	if err := b.runner.Run(t.Context(), guard.Approved{}, account, start); err == nil {
		t.Error("no error")
	}
	ok := b.approve()
	if err := b.runner.Run(t.Context(), ok, "999988887777", start); !errors.Is(err, guard.ErrAccount) {
		t.Errorf("another account: %v", err)
	}
	if err := b.runner.Run(t.Context(), ok, account, start.Add(25*time.Hour)); !errors.Is(err, guard.ErrExpired) {
		t.Errorf("after its time: %v", err)
	}
	if got := len(b.aws.Log()); got != 0 {
		t.Errorf("%d calls were made", got)
	}
}

func TestAFreshReadThatFailsChangesNothing(t *testing.T) {
	b := newBench(t, 2, stop)
	b.aws.Unreachable(region)
	b.run()
	if diff := cmp.Diff(map[plan.State]int{plan.Failed: 2}, b.states()); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestIntentComesBeforeAndOutcomeAfter(t *testing.T) {
	b := newBench(t, 2, stop)
	b.run()
	a, z := b.plan.Findings[0].Resource.ID, b.plan.Findings[1].Resource.ID
	if diff := cmp.Diff([]string{a + " planned", z + " planned"}, b.log.intended); diff != "" {
		t.Errorf("intended (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{a + " done", z + " done"}, b.log.finished); diff != "" {
		t.Errorf("finished (-want +got):\n%s", diff)
	}
}
