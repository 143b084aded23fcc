package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

const unwelcome = `
settings: {mark: off}
policies:
  - name: stop-at-start
    resource: ec2:instance
    on: {state: running}
    mode: enforce
    match: event.source == "aws.ec2" && event.name.contains("State-change") && now - event.time < hours(1)
    enforce: [stop]
`

func TestAPolicySeesTheEventThatWokeItAndASweepHasNone(t *testing.T) {
	w := newWorld(t, unwelcome)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	p := w.apply().Plan
	if p.Summary.Unknown != 1 || len(p.Findings) != 1 || p.Findings[0].Status != eval.Unknown || len(p.Findings[0].Actions) > 0 {
		t.Fatalf("a sweep: %+v, %+v", p.Summary, p.Findings)
	}
	if why := p.Findings[0].Reasons[0].Text; !strings.Contains(why, "no event is judged") {
		t.Errorf("a sweep says %q", why)
	}
	h, _ := w.happens(running(id))
	if len(h.Plan.Findings) != 1 {
		t.Fatalf("the event: %+v", h.Plan)
	}
	if got := h.Plan.Findings[0].Evidence["event.name"]; got != "EC2 Instance State-change Notification" {
		t.Errorf("the plan shows %v", h.Plan.Findings[0].Evidence)
	}
	if i, _ := w.aws.Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}

func TestALateEventIsJudgedByItsOwnTime(t *testing.T) {
	w := newWorld(t, unwelcome)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.aws.Clock().Set(time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)) // two hours after it
	e := w.event(running(id))
	if h, _, err := w.app().Handle(t.Context(), e); err != nil || len(h.Plan.Findings) != 0 {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestWhatHasSettledIsJudgedByTheEventItWaitedAfter(t *testing.T) {
	w := newWorld(t, strings.Replace(unwelcome, "    mode: enforce\n", "    mode: enforce\n    settle: 5m\n", 1))
	id := w.launch("i-00000000000000001", time.Hour, nil)
	h, _ := w.happens(running(id))
	later := h.Later[0]
	_, input, err := trigger.SettledInput(w.event(running(id)).Request, later.At, []string{later.Policy}, later.Refs)
	if err != nil {
		t.Fatal(err)
	}
	w.aws.Clock().Advance(5 * time.Minute)
	w.happens(string(input))
	if i, _ := w.aws.Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}
