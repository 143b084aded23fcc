package execute_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// piecemeal does as TagResources does: it succeeds as a whole and says of each
// resource for which it did nothing why.
type piecemeal struct {
	aws   *sim.Account
	fails map[string][]fault.Class // by id, the class of each attempt
	calls [][]string
}

func (p *piecemeal) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	p.calls = append(p.calls, c.IDs)
	failed := map[string]error{}
	var good []string
	for _, id := range c.IDs {
		if left := p.fails[id]; len(left) > 0 {
			p.fails[id] = left[1:]
			failed[id] = &fault.Error{Class: left[0], Call: "tag:TagResources"}
			continue
		}
		good = append(good, id)
	}
	answer := execute.Answer{RequestID: "r"}
	if c.IDs = good; len(good) > 0 {
		var err error
		if answer, err = p.aws.Do(ctx, c); err != nil {
			return answer, err
		}
	}
	answer.Failed = failed
	return answer, nil
}

func TestWhatASuccessfulCallLeftOutIsSeen(t *testing.T) {
	const one, two, three, four = "i-00000000000000001", "i-00000000000000002", "i-00000000000000003", "i-00000000000000004"
	b := newBench(t, 4, plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "atlas"}})
	actor := &piecemeal{aws: b.aws, fails: map[string][]fault.Class{
		one: {fault.Denied}, two: {fault.Throttled}, three: {fault.Throttled, fault.Passing},
	}}
	b.runner.Actor = actor
	b.run()
	got := map[string]plan.State{}
	for _, f := range b.plan.Findings {
		got[f.Resource.ID] = f.Actions[0].State
		r, _ := b.aws.Resource(f.Resource.ID)
		if tagged := r.Tags()["Project"] == "atlas"; tagged != (f.Actions[0].State == plan.Done) {
			t.Errorf("%s is %s, and its tag is there: %v", f.Resource.ID, f.Actions[0].State, tagged)
		}
	}
	want := map[string]plan.State{one: plan.Failed, two: plan.Done, three: plan.Failed, four: plan.Done}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	// Those that may pass are asked for once more, in one call.
	if diff := cmp.Diff([][]string{{one, two, three, four}, {two, three}}, actor.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestWhatIsFoundGonePieceByPieceIsSkipped(t *testing.T) {
	b := newBench(t, 1, plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "atlas"}})
	id := b.plan.Findings[0].Resource.ID
	b.runner.Actor = &piecemeal{aws: b.aws, fails: map[string][]fault.Class{id: {fault.NotFound}}}
	b.run()
	if a := b.plan.Findings[0].Actions[0]; a.State != plan.Skipped {
		t.Errorf("%s: %s", a.State, a.Reason)
	}
}

// withBefore says what was there before of every resource but one, and fails
// for two: for one after a part of its change.
type withBefore struct {
	none, half string
	calls      int
}

func (w *withBefore) Do(_ context.Context, c execute.Call) (execute.Answer, error) {
	w.calls++
	a := execute.Answer{Before: map[string]json.RawMessage{}, Failed: map[string]error{}}
	for _, id := range c.IDs {
		if id == w.none || id == w.half {
			a.Failed[id] = &fault.Error{Class: fault.Passing, Call: "ec2:ModifyNetworkInterfaceAttribute"}
		}
		if id != w.none {
			a.Before[id] = json.RawMessage(`{"was": "` + id + `"}`)
		}
	}
	return a, nil
}

func TestWhatWasThereBeforeIsKeptOfWhatWasDoneAndOfWhatWasHalfDone(t *testing.T) {
	const done, half, none = "i-00000000000000001", "i-00000000000000002", "i-00000000000000003"
	b := newBench(t, 3, plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "atlas"}})
	actor := &withBefore{none: none, half: half}
	b.runner.Actor = actor
	b.run()
	type outcome struct {
		State  plan.State
		Before string
	}
	got := map[string]outcome{}
	for _, f := range b.plan.Findings {
		got[f.Resource.ID] = outcome{f.Actions[0].State, string(f.Actions[0].Before)}
	}
	want := map[string]outcome{
		done: {plan.Done, `{"was": "` + done + `"}`},
		half: {plan.Failed, `{"was": "` + half + `"}`}, // and not tried again
		none: {plan.Failed, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if actor.calls != 2 {
		t.Errorf("%d calls, want 2", actor.calls)
	}
}

// A service that does not find what was made a moment ago does not find it yet.
func TestWhatIsTooNewToBeFoundIsTriedAgainTogether(t *testing.T) {
	const one, two, three, four = "i-00000000000000001", "i-00000000000000002", "i-00000000000000003", "i-00000000000000004"
	for name, tt := range map[string]struct {
		patience int
		want     map[string]plan.State
		calls    [][]string
	}{
		"there is time": {3, map[string]plan.State{one: plan.Done, two: plan.Done, three: plan.Done, four: plan.Failed},
			[][]string{{one, two, three, four}, {two, three, four}, {three, four}, {four}}},
		"there is little": {1, map[string]plan.State{one: plan.Done, two: plan.Done, three: plan.Failed, four: plan.Failed},
			[][]string{{one, two, three, four}, {two, three, four}}},
		"there is none": {0, map[string]plan.State{one: plan.Done, two: plan.Failed, three: plan.Failed, four: plan.Failed},
			[][]string{{one, two, three, four}}},
	} {
		b := newBench(t, 4, plan.Action{Action: action.Tag, State: plan.Planned, Tags: tag.Set{"Project": "atlas"}})
		actor := &piecemeal{aws: b.aws, fails: map[string][]fault.Class{
			two: {fault.NotFound}, three: {fault.Invalid, fault.NotFound}, four: {fault.NotFound, fault.NotFound, fault.NotFound, fault.NotFound},
		}}
		b.runner.Actor = actor
		b.runner.New = func(resource.Ref) bool { return true }
		left := tt.patience
		b.runner.Patience = func(context.Context) bool { left--; return left >= 0 }
		b.run()
		got := map[string]plan.State{}
		for _, f := range b.plan.Findings {
			got[f.Resource.ID] = f.Actions[0].State
			if a := f.Actions[0]; a.State == plan.Failed && fault.Class(a.Code) != fault.NotFound && fault.Class(a.Code) != fault.Invalid {
				t.Errorf("%s: %s failed with %s", name, f.Resource.ID, a.Code)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: states (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(tt.calls, actor.calls); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", name, diff)
		}
	}
}
