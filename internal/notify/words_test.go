package notify

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

func TestWhatReadersCanDo(t *testing.T) {
	stop := func(s plan.State, days int) view.Line {
		return view.Line{Action: action.Stop, State: s, At: noon.AddDate(0, 0, days)}
	}
	blocked := func(l view.Line) view.Line {
		l.WillBeHeld = true
		return l
	}
	item := func(next ...view.Line) view.Item {
		i := violation(1, "web", "ann")
		i.Next = next
		return i
	}
	other := item()
	other.Reasons = []eval.Reason{{Tag: "CostCenter"}, {Tag: "Team"}}
	untagged := item()
	untagged.Reasons = []eval.Reason{{Text: "it is public"}}
	result := item()
	result.Kind = plan.ResultNews
	heldBack := item()
	heldBack.Results = []view.Line{stop(plan.Held, 0)}
	const terminate = "Or terminate what is no longer needed."
	for _, tt := range []struct {
		name  string
		mode  policy.Mode
		steps []view.Step
		items []view.Item
		want  []string
	}{
		{"nothing about results", policy.Enforce, nil, []view.Item{result}, nil},
		{"one tag, one time", policy.Enforce, nil, []view.Item{item(stop(plan.Waiting, 1))},
			[]string{"Set the tag Project.", terminate, "Otherwise it is stopped on Sun 22 Nov 2026 13:00 CET."}},
		{"several tags", policy.Enforce, nil, []view.Item{item(), other},
			[]string{"Set the tags CostCenter, Project and Team, as each needs it.", terminate}},
		{"no tag at all", policy.Enforce, nil, []view.Item{untagged},
			[]string{"Put right what is named under “Why”.", terminate}},
		{"several times", policy.Enforce, nil, []view.Item{item(stop(plan.Waiting, 2)), item(stop(plan.Waiting, 1))},
			[]string{"Set the tag Project.", terminate, "Otherwise they are stopped, the first on Sun 22 Nov 2026 13:00 CET."}},
		{"some of them", policy.Enforce, nil, []view.Item{item(stop(plan.Waiting, 1)), item()},
			[]string{"Set the tag Project.", terminate, "Otherwise 1 of them is stopped on Sun 22 Nov 2026 13:00 CET."}},
		{"no time is known yet", policy.Enforce, []view.Step{
			{Action: action.Stop, After: "7d"}, {Action: action.Terminate, After: "14d", Since: "stop", When: "!prod"}, {Action: action.Tag}},
			[]view.Item{item(), item()},
			[]string{"Set the tag Project.", terminate,
				"Otherwise they are stopped 7d after the first notice; they are terminated 14d after stop when !prod."}},
		{"what will be held is not threatened", policy.Enforce, []view.Step{{Action: action.Stop, After: "7d"}},
			[]view.Item{item(stop(plan.Waiting, 1)), item(blocked(stop(plan.Waiting, 1)))},
			[]string{"Set the tag Project.", terminate, "Otherwise 1 of them is stopped on Sun 22 Nov 2026 13:00 CET."}},
		{"all of them will be held", policy.Enforce, []view.Step{{Action: action.Stop, After: "7d"}},
			[]view.Item{item(blocked(stop(plan.Waiting, 1)))}, []string{"Set the tag Project.", terminate}},
		{"what is held is not threatened", policy.Enforce, []view.Step{{Action: action.Stop, After: "7d"}},
			[]view.Item{heldBack, item()},
			[]string{"Set the tag Project.", terminate, "Otherwise 1 of them is stopped 7d after the first notice."}},
		{"observing", policy.Observe, []view.Step{{Action: action.Stop, When: "resource.age > days(9)"}}, []view.Item{item()},
			[]string{"Set the tag Project.", terminate, "Otherwise it would be stopped when resource.age > days(9)."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &writer{d: one(), zone: berlin(t)}
			got := w.advice(&view.Section{Mode: tt.mode, Steps: tt.steps, Items: tt.items})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatIsSaidOfAnAction(t *testing.T) {
	w := &writer{d: one(), zone: time.UTC}
	for _, tt := range []struct {
		line view.Line
		want remark
	}{
		{view.Line{Action: action.Stop, State: plan.Done, At: noon}, remark{good, "Done", "stopped"}},
		{view.Line{Action: action.Stop, State: plan.Done, At: noon.AddDate(0, 0, -1), Reason: "it was due"},
			remark{good, "Done", "stopped on Fri 20 Nov 2026 12:00 UTC: it was due"}},
		{view.Line{Action: action.Untag, State: plan.Failed, Detail: "costcenter", Reason: "denied", Hint: "allow it"},
			remark{bad, "Failed", "untag costcenter: denied; allow it"}},
		{view.Line{Action: action.Terminate, State: plan.Held, At: noon.AddDate(0, 0, -1), Reason: "over the limit"},
			remark{warn, "Held", "terminate: over the limit"}},
	} {
		if got := w.result(tt.line); got != tt.want {
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
	for _, tt := range []struct {
		line view.Line
		want remark
	}{
		{view.Line{Action: action.Stop, State: plan.Would}, remark{soon, "Would", "stop"}},
		{view.Line{Action: action.Tag, State: plan.Would, Detail: "A=b", At: noon}, remark{soon, "Would", "tag A=b on Sat 21 Nov 2026 12:00 UTC"}},
		{view.Line{Action: action.Stop, State: plan.Waiting, After: 36 * time.Hour}, remark{soon, "Next", "stop 1d12h after the first notice"}},
		{view.Line{Action: action.Start, State: plan.Planned}, remark{soon, "Next", "start"}},
		{view.Line{Action: action.Stop, State: plan.Waiting, At: noon, Reason: "it will be held: a group owns it", WillBeHeld: true},
			remark{warn, "Next", "stop on Sat 21 Nov 2026 12:00 UTC: it will be held: a group owns it"}},
	} {
		if got := w.next(tt.line); got != tt.want {
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
}
