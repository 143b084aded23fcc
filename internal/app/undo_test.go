package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const undoable = `
settings: {limits: {share: 100%}, mark: off}
policies:
  - name: rules
    resource: ec2:instance
    mode: enforce
    tags:
      Project: {default: none}
      CostCenter: {aliases: [costcenter], required: false}
      Team: {value: '"platform"', overwrite: true}
  - name: stop
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running" && tag("Stop") == "yes"
    enforce: [stop]
  - name: steps
    resource: ec2:instance
    mode: enforce
    match: tag("Old") != "" || tag("Seen") == ""
    enforce:
      - tag: {Seen: "yes"}
      - untag: [Old]
`

// undo plans to take a run back.
func (w *world) undo(run string) *plan.Plan {
	w.t.Helper()
	w.runs++
	p, err := w.app().Undo(w.t.Context(), app.Request{Run: fmt.Sprintf("run-%d", w.runs), Now: w.aws.Clock().Now()}, run)
	if err != nil {
		w.t.Fatalf("planning to take back %s: %v", run, err)
	}
	return p
}

// planned are the actions of a plan that are to be done.
func planned(p *plan.Plan) []string {
	return slices.DeleteFunc(did(p), func(s string) bool { return !strings.HasSuffix(s, " planned") })
}

func TestUndoStartsWhatWasStoppedAndGivesTagsBack(t *testing.T) {
	w := newWorld(t, undoable)
	was := tag.Set{"Stop": "yes", "costcenter": "42", "Team": "search", "Old": "x", "Project": ""}
	id := w.launch("", day, was)
	other := w.launch("", day, nil)
	// A stop that is due supersedes the repairs, which follow in the next run.
	first := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	second := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	for _, run := range []string{second, first} {
		sent := len(w.post.sent)
		r := w.applyPlan(w.undo(run))
		if len(r.Problems) > 0 || len(w.post.sent) != sent {
			t.Errorf("problems %v, %d messages", r.Problems, len(w.post.sent)-sent)
		}
	}
	if got := w.state(id); got != "running" {
		t.Errorf("it is %s", got)
	}
	want(t, "its tags", was, w.tagsOf(id))
	want(t, "the tags of the other one", tag.Set{}, w.tagsOf(other))
	for _, run := range []string{second, first} {
		if p := w.undo(run); len(planned(p)) != 0 {
			t.Errorf("taking %s back again would do %v", run, planned(p))
		}
	}
}

func TestUndoIsARunThatIsRecordedAndCanBeTakenBackItself(t *testing.T) {
	w := newWorld(t, undoable)
	id := w.launch("", day, tag.Set{"Team": "search", "Project": "a", "Seen": "yes"})
	r := w.apply()
	back := w.applyPlan(w.undo(r.Plan.Run))
	es, err := w.ledger.History(t.Context(), w.scope(), "", back.Plan.Run, 10)
	if err != nil || len(es) != 1 || es[0].State != plan.Done || es[0].Action != action.Tag || es[0].RequestID == "" {
		t.Fatalf("recorded: %+v, %v", es, err)
	}
	w.applyPlan(w.undo(back.Plan.Run))
	want(t, "its tags", "platform", w.tagsOf(id)["Team"])
}

func TestWhatChangedSinceTheRunIsLeftAsItIs(t *testing.T) {
	w := newWorld(t, undoable)
	id := w.launch("", day, tag.Set{"Team": "search", "Project": "", "Seen": "yes"})
	run := w.apply().Plan.Run
	w.aws.SetTags(id, tag.Set{"Team": "platform", "Project": "chosen", "Seen": "yes"})
	p := w.undo(run)
	want(t, "planned", []string{id + " tag planned"}, planned(p))
	a := find(t, p, id, action.Untag)
	if a.State != plan.Skipped || a.Code != reason.ChangedSince || a.Reason != "the tag Project is no longer as the run left it" {
		t.Errorf("%s, %s: %s", a.State, a.Code, a.Reason)
	}
	// Between the plan and its run everything may change once more.
	w.aws.SetTags(id, tag.Set{"Team": "mine", "Seen": "yes"})
	w.applyPlan(p)
	want(t, "its tags", tag.Set{"Team": "mine", "Seen": "yes"}, w.tagsOf(id))
}

func TestWhatWasStoppedAgainSinceIsNotStarted(t *testing.T) {
	w := newWorld(t, undoable)
	id := w.launch("", day, tag.Set{"Stop": "yes"})
	first := w.apply().Plan.Run
	early := w.undo(first)
	if a := find(t, early, id, action.Start); a.State != plan.Held || a.Code != reason.Settling {
		t.Errorf("while it is stopping: %s: %s", a.State, a.Reason)
	}
	w.aws.Clock().Advance(time.Minute)
	w.applyPlan(w.undo(first))
	w.aws.Clock().Advance(time.Minute)
	w.apply()
	w.aws.Clock().Advance(time.Minute)
	if a := find(t, w.undo(first), id, action.Start); a.State != plan.Skipped || a.Code != reason.ChangedSince {
		t.Errorf("%s: %s", a.State, a.Reason)
	}
	if got := w.state(id); got != "stopped" {
		t.Errorf("it is %s", got)
	}
}

func TestWhatIsForGoodIsListedAndLeft(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {share: 100%}, mark: off}
policies:
  - name: end
    resource: ec2:instance
    mode: enforce
    match: tag("Keep") == ""
    enforce: [terminate: {after: 0d}]
`)
	id := w.launch("", day, nil)
	run := w.apply().Plan.Run
	p := w.undo(run)
	if a := find(t, p, id, action.Terminate); a.State != plan.Skipped || a.Code != reason.NotReversible || len(planned(p)) != 0 {
		t.Errorf("%s: %s", a.State, a.Reason)
	}
}

func TestUndoIsHeldToTheLimitOfStarts(t *testing.T) {
	w := newWorld(t, strings.Replace(undoable, "share: 100%", "share: 100%, start: 2", 1))
	for range 3 {
		w.launch("", day, tag.Set{"Stop": "yes"})
	}
	run := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	p := w.undo(run)
	for _, f := range p.Findings {
		if f.Policy == "stop" && (f.Actions[0].State != plan.Held || f.Actions[0].Code != reason.OverLimit) {
			t.Errorf("%s: %+v", f.Resource.ID, f.Actions)
		}
	}
	w.applyPlan(p)
	if n := w.aws.Calls()["ec2:StartInstances"]; n != 0 {
		t.Errorf("%d starts where 3 are over the limit", n)
	}
}

func TestWhatCannotBeReadIsNotTakenBack(t *testing.T) {
	w := newWorld(t, undoable)
	id := w.launch("", day, tag.Set{"Team": "search"})
	run := w.apply().Plan.Run
	w.aws.Deny("ec2:DescribeInstances")
	p := w.undo(run)
	if len(p.Unread) != 1 || len(planned(p)) != 0 || find(t, p, id, action.Untag).Code != reason.FactUnread {
		t.Errorf("unread %+v, planned %v", p.Unread, planned(p))
	}
}

func TestARunThatIsNotRecordedCannotBeTakenBack(t *testing.T) {
	w := newWorld(t, undoable)
	_, err := w.app().Undo(t.Context(), app.Request{Run: "x", Now: start}, "run-99")
	if !errors.Is(err, app.ErrNothingRecorded) {
		t.Error(err)
	}
}

// A step that was taken back is not done: what counts from it waits until it is
// done again.
func TestWhatCountsFromAStepThatWasTakenBackWaits(t *testing.T) {
	w := newWorld(t, `
settings: {limits: {share: 100%}, mark: off}
policies:
  - name: ladder
    resource: ec2:instance
    mode: enforce
    tags: {Project: {}}
    enforce:
      - stop: {when: 'tag("Spare") == ""'}
      - terminate: {after: 7d, since: stop}
`)
	id := w.launch("", day, nil)
	run := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	w.applyPlan(w.undo(run))
	w.aws.SetTags(id, tag.Set{"Spare": "yes"})
	w.aws.Clock().Advance(30 * day)
	w.apply()
	if got := w.state(id); got != "running" {
		t.Errorf("it is %s", got)
	}
}

// Taking back what a run did leaves everything as if it had not been: the next
// plan wants the same again.
func TestUndoLeavesThePlanAsItWasBefore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, undoable)
		for range rapid.IntRange(1, 4).Draw(rt, "instances") {
			tags := tag.Set{}
			for _, k := range []string{"Stop", "costcenter", "CostCenter", "Team", "Old", "Project", "Seen"} {
				if v := rapid.SampledFrom([]string{"", "-", "yes", "platform"}).Draw(rt, k); v != "-" {
					tags[k] = v
				}
			}
			w.launch("", day, tags)
		}
		before := w.plan()
		state := map[string]tag.Set{}
		for _, i := range w.aws.Instances() {
			state[i.Reference.ID] = i.TagSet
		}
		if len(planned(before)) == 0 {
			return // and nothing to take back
		}
		run := w.applyPlan(before).Plan.Run
		w.aws.Clock().Advance(time.Minute)
		w.applyPlan(w.undo(run))
		w.aws.Clock().Advance(time.Minute)
		for _, i := range w.aws.Instances() {
			if diff := cmp.Diff(state[i.Reference.ID], i.TagSet, cmpopts.EquateEmpty()); diff != "" || i.State != "running" {
				rt.Fatalf("%s is %s, tags (-before +after):\n%s", i.Reference.ID, i.State, diff)
			}
		}
		again := w.plan()
		if diff := cmp.Diff(wants(before), wants(again)); diff != "" {
			rt.Fatalf("plans (-before +after):\n%s", diff)
		}
	})
}

// wants is what a plan wants done, and how.
func wants(p *plan.Plan) []string {
	var out []string
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			out = append(out, fmt.Sprint(f.Policy, f.Resource.ID, a.Action, a.Step, a.Tags, a.Keys))
		}
	}
	return out
}
