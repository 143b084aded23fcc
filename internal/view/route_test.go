package view_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

var (
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	deadline = noon.AddDate(0, 0, 7)
)

func instance(id string) plan.Resource {
	return plan.Resource{Ref: resource.Ref{
		ID: id, ARN: resource.InstanceARN("eu-west-1", "111122223333", id), Type: resource.EC2Instance,
		Account: "111122223333", Region: "eu-west-1",
	}}
}

// notice is a planned notification with news of these kinds.
func notice(kinds ...plan.NewsKind) plan.Action {
	a := plan.Action{Action: action.Notify, State: plan.Planned, Step: "notify", To: "infra"}
	for _, k := range kinds {
		a.News = append(a.News, plan.News{Kind: k, Key: "key-" + string(k), Also: []string{"also-" + string(k)}})
	}
	return a
}

func finding(status eval.Status, actions ...plan.Action) plan.Finding {
	return plan.Finding{
		Policy: "p", Mode: policy.Enforce, Resource: instance("i-1"), Status: status,
		Reasons: []eval.Reason{{Code: "tag-missing", Tag: "Project", Text: "tag Project is missing"}}, Actions: actions,
	}
}

func TestWhatAFindingTells(t *testing.T) {
	stop := func(s plan.State) plan.Action {
		return plan.Action{Action: action.Stop, State: s, Step: "stop", Reason: "because", At: deadline}
	}
	stopped := view.Line{Action: action.Stop, State: plan.Done, Reason: "because", At: deadline}
	held := view.Line{Action: action.Stop, State: plan.Held, Reason: "because", At: deadline}
	waiting := view.Line{Action: action.Stop, State: plan.Waiting, Reason: "because", At: deadline}
	doomed, doomedLine := stop(plan.Waiting), waiting
	doomed.Code, doomedLine.WillBeHeld = "managed", true
	gone := plan.Action{Action: action.Stop, State: plan.Skipped, Code: "no-longer-holds"}
	tagged := plan.Action{Action: action.Tag, State: plan.Done, Tags: tag.Set{"b": "2", "a": "1"}}
	for _, tt := range []struct {
		name    string
		finding plan.Finding
		want    []view.Routed // the fields under test
	}{
		{"news is told with its keys and what follows",
			finding(eval.Violating, notice(plan.NewViolation), stop(plan.Waiting)),
			[]view.Routed{{Keys: []string{"also-violation", "key-violation"}, Item: view.Item{Kind: plan.NewViolation, Next: []view.Line{waiting}}}}},
		{"what will be held says so",
			finding(eval.Violating, notice(plan.NewViolation), doomed),
			[]view.Routed{{Keys: []string{"also-violation", "key-violation"}, Item: view.Item{Kind: plan.NewViolation, Next: []view.Line{doomedLine}}}}},
		{"the weightiest news names the item",
			finding(eval.Violating, notice(plan.HeldNews, plan.Reminder), stop(plan.Held)),
			[]view.Routed{{Keys: []string{"also-held", "also-reminder", "key-held", "key-reminder"}, Item: view.Item{Kind: plan.Reminder, Results: []view.Line{held}}}}},
		{"a result is told without news",
			finding(eval.Violating, notice(), stop(plan.Done)),
			[]view.Routed{{Item: view.Item{Kind: plan.ResultNews, Results: []view.Line{stopped}}}}},
		{"held alone is no news, having been told",
			finding(eval.Violating, notice(), stop(plan.Held)), nil},
		{"held is told with what else there is",
			finding(eval.Violating, notice(), stop(plan.Held), tagged),
			[]view.Routed{{Item: view.Item{Kind: plan.ResultNews, Results: []view.Line{held, {Action: action.Tag, State: plan.Done, Detail: "a=1, b=2"}}}}}},
		{"nothing new is not told", finding(eval.Violating, notice(), stop(plan.Waiting)), nil},
		{"what changed meanwhile is not told",
			finding(eval.Violating, notice(plan.NewViolation), gone, stop(plan.Waiting)), nil},
		{"what was done is told though the rest changed",
			finding(eval.Violating, notice(plan.NewViolation), gone, tagged, stop(plan.Held), stop(plan.Waiting)),
			[]view.Routed{{Item: view.Item{Kind: plan.ResultNews, Results: []view.Line{{Action: action.Tag, State: plan.Done, Detail: "a=1, b=2"}}}}}},
		{"a failure that was told is not told at every run", finding(eval.Violating, notice(), stop(plan.Failed)), nil},
		{"what was so already is no result",
			finding(eval.Violating, notice(), plan.Action{Action: action.Stop, State: plan.Done, Code: "already"}), nil},
		{"marks are not told",
			finding(eval.Violating, notice(), plan.Action{Action: action.Mark, State: plan.Done}), nil},
		{"a notification that is held sends nothing",
			finding(eval.Violating, plan.Action{Action: action.Notify, State: plan.Held, News: notice(plan.NewViolation).News}), nil},
		{"each step that notifies is told on its own",
			finding(eval.Violating, notice(plan.NewViolation), notice(plan.Standing)),
			[]view.Routed{
				{Keys: []string{"also-violation", "key-violation"}, Item: view.Item{Kind: plan.NewViolation}},
				{Keys: []string{"also-standing", "key-standing"}, Item: view.Item{Kind: plan.Standing}},
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.want {
				w, f := &tt.want[i], tt.finding
				w.Channel, w.Policy, w.Step = "infra", "p", "notify"
				w.Item.Policy, w.Item.Mode, w.Item.Resource = f.Policy, f.Mode, f.Resource
				w.Item.Status, w.Item.Reasons = f.Status, f.Reasons
			}
			got := view.Route(&plan.Plan{Findings: []plan.Finding{tt.finding}})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAGracePeriodIsToldWhereItsEndIsNotKnown(t *testing.T) {
	f := finding(eval.Violating, notice(plan.NewViolation),
		plan.Action{Action: action.Stop, State: plan.Waiting, After: time.Hour},
		plan.Action{Action: action.Terminate, State: plan.Waiting, After: time.Hour, At: deadline})
	got := view.Route(&plan.Plan{Findings: []plan.Finding{f}})[0].Item.Next
	want := []view.Line{
		{Action: action.Stop, State: plan.Waiting, After: time.Hour},
		{Action: action.Terminate, State: plan.Waiting, At: deadline},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestKnownCountsViolationsThatAreNotToldAgain(t *testing.T) {
	gone := plan.Action{Action: action.Stop, State: plan.Skipped, Code: "no-longer-holds"}
	known := func(f plan.Finding) plan.Finding { f.Known = true; return f }
	other := known(finding(eval.Violating))
	other.Policy = "q"
	p := &plan.Plan{Findings: []plan.Finding{
		known(finding(eval.Violating)), // its notice was dropped: nothing to tell
		known(finding(eval.Violating, notice())),
		known(finding(eval.Violating, notice(), notice(plan.Standing))), // told now
		known(finding(eval.Violating, gone)),                            // perhaps no violation any more
		known(finding(eval.Fixable)),
		finding(eval.Violating), // never told
		other,
	}}
	if diff := cmp.Diff(map[string]int{"p": 2, "q": 1}, view.Known(p)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
