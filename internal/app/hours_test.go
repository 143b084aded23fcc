package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// office is a policy that tells infra what it did. The clock begins on Monday,
// 2026-06-01, at 09:00 UTC, which is 11:00 in Berlin; Thursday is a holiday in
// Bavaria.
const office = `
settings: {limits: {share: 100%}}
channels: {infra: {sns: {topic: "arn:aws:sns:us-east-1:111122223333:t"}}}
policies:
  - name: office
    resource: ec2:instance
    mode: enforce
    hours: {default: "Mon-Fri 08:00-19:00", zone: Europe/Berlin, holidays: DE-BY, tag: Schedule}
    enforce:
      - notify: infra
      - stop: {at: close}
      - start: {at: open, only: stopped_by_us}
`

// berlin moves the clock on to a time of June 2026 in Berlin: "01 19:05".
func (w *world) berlin(s string) {
	w.t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		w.t.Fatal(err)
	}
	to, err := time.ParseInLocation("2006-01-02 15:04", "2026-06-"+s, zone)
	if err != nil {
		w.t.Fatal(err)
	}
	w.aws.Clock().Advance(to.Sub(w.aws.Clock().Now()))
}

// hand does to an instance what a person does at a console.
func (w *world) hand(k action.Kind, id string) {
	w.t.Helper()
	at := resource.Place{Account: account, Region: region}
	if _, err := w.aws.Do(w.t.Context(), execute.Call{Action: k, Type: resource.EC2Instance, At: at, IDs: []string{id}}); err != nil {
		w.t.Fatal(err)
	}
	w.aws.Clock().Advance(2 * time.Minute)
}

func TestOfficeHoursAreKeptAtTheirEdges(t *testing.T) {
	const id = "i-00000000000000001"
	// Each line is a moment and what a run then does, or what a person does.
	for name, script := range map[string]string{
		"stopped in the evening and started in the morning": `
			01 11:05 -, 01 18:59 -, 01 19:00 stop, 01 19:30 -, 02 07:59 -, 02 08:00 start, 02 09:00 -, 02 19:05 stop`,
		"late runs catch up while the hours last": `
			01 23:40 stop, 02 12:15 start`,
		"an edge that was missed until the next is past": `
			02 10:00 -, 02 18:00 -`,
		"nothing opens on a holiday or a weekend": `
			03 19:05 stop, 04 08:05 -, 04 19:05 -, 05 08:05 start, 05 19:05 stop, 06 12:00 -, 07 12:00 -, 08 08:01 start`,
		"what a person starts at night runs until the hours close again": `
			01 19:05 stop, 01 22:00 hand-start, 01 22:05 -, 02 03:00 -, 02 08:05 -, 02 19:05 stop`,
		"also where no run saw the evening": `
			01 22:00 hand-stop, 01 22:10 hand-start, 01 22:15 -, 02 19:05 stop`,
		"what a person stops stays stopped": `
			01 12:00 hand-stop, 01 19:05 -, 02 08:05 -, 02 19:05 -, 03 08:05 -`,
		"also where we had stopped and started it before": `
			01 19:05 stop, 02 08:05 start, 02 12:00 hand-stop, 02 12:05 -, 02 19:05 -, 03 08:05 -, 03 12:00 hand-start, 03 19:05 stop, 05 08:05 start`,
		"also where a person had started it meanwhile": `
			01 19:05 stop, 01 22:00 hand-start, 01 23:00 hand-stop, 02 08:05 -`,
		"also where that was before the hours opened": `
			01 19:05 stop, 02 07:00 hand-start, 02 08:05 -, 02 12:00 hand-stop, 02 12:05 -, 03 08:05 -`,
		"what was stopped over two evenings is still ours": `
			03 19:05 stop, 05 19:05 -, 08 08:05 start`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, office)
			w.launch(id, day, nil)
			w.aws.Clock().Advance(time.Minute)
			for _, moment := range strings.Split(strings.TrimSpace(script), ", ") {
				at, what := moment[:len("01 11:05")], moment[len("01 11:05 "):]
				w.berlin(at)
				if hand, ok := strings.CutPrefix(what, "hand-"); ok {
					k, _ := action.Parse(hand)
					w.hand(k, id)
					continue
				}
				got := "-"
				for _, f := range w.apply().Plan.Findings {
					for _, a := range f.Actions {
						if a.State == plan.Done && a.Action != action.Notify {
							got = a.Action.String()
						}
					}
				}
				want(t, "done at "+at, what, got)
				w.aws.Clock().Advance(2 * time.Minute)
			}
		})
	}
}

func TestOfficeHoursTellResultsAndNothingElse(t *testing.T) {
	w := newWorld(t, office)
	w.launch("i-00000000000000001", day, nil)
	w.aws.Clock().Advance(time.Minute)
	for i, at := range []string{"01 11:05", "01 19:05", "01 20:05", "02 07:05", "02 08:05", "02 12:05", "02 19:05"} {
		w.berlin(at)
		w.apply()
		want(t, "messages at "+at, []int{0, 1, 1, 1, 2, 2, 3}[i], len(w.post.sent))
		w.aws.Clock().Advance(2 * time.Minute)
	}
	want(t, "calls that write tags", 0, w.aws.Calls()["ec2:CreateTags"])
}

func TestATagGivesAResourceHoursOfItsOwn(t *testing.T) {
	w := newWorld(t, office)
	for id, schedule := range map[string]string{
		"i-00000000000000001": "Mon-Fri 08:00-22:00", "i-00000000000000002": "always", "i-00000000000000003": "never",
		"i-00000000000000004": "office hours\x1b[31m", "i-00000000000000005": "",
	} {
		w.launch(id, day, tag.Set{"Schedule": schedule})
	}
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 19:05")
	r := w.apply()
	for id, state := range map[string]plan.State{
		"i-00000000000000001": plan.Waiting, "i-00000000000000002": plan.Waiting, "i-00000000000000003": plan.Done, "i-00000000000000005": plan.Done,
	} {
		want(t, "stop of "+id, state, find(t, r.Plan, id, action.Stop).State)
	}
	want(t, "the next closing", time.Date(2026, 6, 1, 20, 0, 0, 0, time.UTC), find(t, r.Plan, "i-00000000000000001", action.Stop).At.UTC())
	want(t, "that of always", time.Time{}, find(t, r.Plan, "i-00000000000000002", action.Stop).At)
	for _, f := range r.Plan.Findings {
		if f.Resource.ID != "i-00000000000000004" {
			continue
		}
		want(t, "status", eval.Unknown, f.Status)
		want(t, "code", "hours-unknown", f.Reasons[0].Code)
		want(t, "actions", 0, len(f.Actions))
		if text := f.Reasons[0].Text; !strings.Contains(text, `tag Schedule is "office hours\x1b[31m", which is no hours`) {
			t.Errorf("the reason is %q", text)
		}
	}
}

func TestLimitsHoldAtTheEdgesToo(t *testing.T) {
	w := newWorld(t, strings.Replace(office, "{share: 100%}", "{stop: 2}", 1))
	for _, id := range ids(3) {
		w.launch(id, day, nil)
	}
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 19:05")
	r := w.apply()
	for _, id := range ids(3) {
		want(t, "code", "over-limit", find(t, r.Plan, id, action.Stop).Code)
	}
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])
	w.file = office
	w.berlin("01 23:05")
	r = w.apply()
	want(t, "with more room", plan.Done, find(t, r.Plan, ids(1)[0], action.Stop).State)
}

func TestAnObservedOfficeSaysWhatItWouldDo(t *testing.T) {
	w := newWorld(t, strings.Replace(office, "mode: enforce", "mode: observe", 1))
	w.launch("i-00000000000000001", day, nil)
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 11:05")
	f := find(t, w.plan(), "i-00000000000000001", action.Stop)
	want(t, "state", plan.Would, f.State)
	want(t, "when", time.Date(2026, 6, 1, 17, 0, 0, 0, time.UTC), f.At.UTC())
	w.apply()
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])
}

// A plan that was saved before an edge stops nothing behind the next.
func TestASavedPlanDoesNotStopWhatIsOpenAgain(t *testing.T) {
	w := newWorld(t, office)
	w.launch("i-00000000000000001", day, nil)
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 19:05")
	p := w.plan()
	want(t, "planned", plan.Planned, find(t, p, "i-00000000000000001", action.Stop).State)
	w.berlin("02 08:05")
	r := w.applyPlan(p)
	want(t, "applied", plan.Skipped, find(t, r.Plan, "i-00000000000000001", action.Stop).State)
	want(t, "stop calls", 0, w.aws.Calls()["ec2:StopInstances"])
}

// What is kept open or closed by its hours breaks no rule, and must not fail a
// build that asks for violations.
func TestHoursAloneAreNoViolations(t *testing.T) {
	w := newWorld(t, office)
	w.launch("i-00000000000000001", day, nil)
	w.berlin("01 19:05")
	p := w.plan()
	want(t, "the stop", plan.Planned, find(t, p, "i-00000000000000001", action.Stop).State)
	want(t, "summary", plan.Summary{Examined: 1, Compliant: 1}, p.Summary)
	w.file = strings.Replace(office, "    hours:", "    tags: {Project: {}}\n    hours:", 1)
	want(t, "summary of a policy with tags", plan.Summary{Examined: 1, Violating: 1}, w.plan().Summary)
}

// An exemption for a night ends the case. What we stopped before it is still
// ours to start in the morning, unless somebody else had a hand in it.
func TestWhatIsExemptForANightIsStartedInTheMorning(t *testing.T) {
	const id = "i-00000000000000001"
	for name, tt := range map[string]struct {
		until string // when the exemption ends
		hand  bool   // somebody starts and stops it meanwhile
		then  string // what a run does after that
		does  plan.State
	}{
		"before the hours open":           {"02 07:00", false, "02 08:05", plan.Done},
		"after a holiday and a weekend":   {"08 07:00", false, "08 08:05", plan.Done},
		"late":                            {"02 09:00", false, "02 09:05", plan.Done},
		"used meanwhile by somebody else": {"02 07:00", true, "02 08:05", plan.Waiting},
		"after weeks":                     {"29 07:00", false, "29 08:05", plan.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, strings.Replace(office, "    hours:", "    exempt: [{tag: Keep}]\n    hours:", 1))
			w.launch(id, day, nil)
			w.aws.Clock().Advance(time.Minute)
			w.berlin("01 19:05")
			want(t, "the stop", plan.Done, find(t, w.apply().Plan, id, action.Stop).State)
			w.berlin("01 22:00")
			w.aws.SetTags(id, tag.Set{"Keep": "tonight"})
			want(t, "done while it is exempt", []string(nil), did(w.apply().Plan))
			if tt.hand {
				w.hand(action.Start, id)
				w.hand(action.Stop, id)
			}
			w.berlin(tt.until)
			w.aws.SetTags(id, nil)
			w.berlin(tt.then)
			want(t, "the start", tt.does, find(t, w.apply().Plan, id, action.Start).State)
		})
	}
}
