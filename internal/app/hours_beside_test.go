package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

// beside is a policy of its own next to the office hours.
const beside = office + `
  - name: untagged
    resource: ec2:instance
    mode: enforce
    match: tag("Team") == ""
    enforce: [stop]
`

// A start of nothing but what the policy has stopped is no wish to keep running
// what it never stopped.
func TestAStartOfOursDoesNotContradictAnotherPolicysStop(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, beside)
	w.launch(id, day, nil)
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 11:05")
	w.apply()
	want(t, "in the hours", "stopped", w.state(id))
	for _, at := range []string{"01 19:05", "02 08:05", "03 08:05"} {
		w.berlin(at)
		w.apply()
		want(t, "at "+at, "stopped", w.state(id))
	}
}

// racing is an account in which somebody stops an instance just before we do.
type racing struct{ *world }

func (r racing) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	if c.Action == action.Stop {
		if _, err := r.aws.Do(ctx, c); err != nil {
			return execute.Answer{}, err
		}
	}
	return r.aws.Do(ctx, c)
}

func TestWhatSomebodyStoppedJustBeforeUsIsNotOurs(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, office)
	w.launch(id, day, nil)
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 19:05")
	o := app.Options{Set: w.set(), Source: w.aws, Actor: racing{w}, Ledger: w.ledger, Notifier: w.post, Region: region}
	if _, err := app.New(o).Apply(t.Context(), w.plan(), w.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	want(t, "in the evening", "stopped", w.state(id))
	w.berlin("02 08:05")
	w.apply()
	want(t, "in the morning", "stopped", w.state(id))
}

// A policy with a ladder and hours tells when a step comes that is ahead, and
// does not call what waits for the hours held.
func TestHoursDoNotHideTheLadder(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, strings.NewReplacer("notify: infra", "notify: {to: infra, before: [1d]}", "start: {at: open, only: stopped_by_us}", "terminate: {after: 9d}").Replace(office))
	w.launch(id, day, nil)
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 11:05")
	w.apply()
	for _, it := range w.post.sent[0].Sections[0].Items {
		for _, l := range it.Next {
			want(t, "that the "+l.Action.String()+" to come will be held", false, l.WillBeHeld)
		}
	}
	w.berlin("09 12:00")
	before := len(w.post.sent)
	w.apply()
	if got := w.told(before); len(got) == 0 || !strings.HasSuffix(got[0], "reminder") {
		t.Errorf("a day before the end people are told %v", got)
	}
}

// What counts from a stop in the evening counts only while the stop stands.
func TestNothingCountsFromAStopThatWasUndone(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, strings.Replace(office, "start: {at: open, only: stopped_by_us}", "terminate: {after: 5d, since: stop}", 1))
	w.launch(id, day, nil)
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 11:05")
	w.apply() // people are told
	w.berlin("01 19:05")
	w.apply()
	w.berlin("02 07:00")
	w.hand(action.Start, id)
	w.aws.SetTags(id, tag.Set{"Schedule": "always"})
	for _, at := range []string{"04 12:00", "07 12:00", "09 12:00"} {
		w.berlin(at)
		w.apply()
		want(t, "at "+at, "running", w.state(id))
	}
}

// A failure of another evening is news again.
func TestAFailureAtALaterEdgeIsToldAgain(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, office)
	w.launch(id, day, nil)
	w.aws.Clock().Advance(time.Minute)
	for i, at := range []string{"01 19:05", "01 19:35", "01 20:05", "02 08:05", "02 19:05", "02 19:35"} {
		w.berlin(at)
		switch i {
		case 0, 4:
			w.aws.Deny("ec2:StopInstances")
		case 2:
			w.aws.Mend()
		}
		w.apply()
		want(t, "messages by "+at, []int{1, 1, 2, 3, 4, 4}[i], len(w.post.sent))
		w.aws.Clock().Advance(2 * time.Minute)
	}
}

// A share of everything is no limit: the run of an evening may come a little
// earlier than that of the evening before.
func TestAShareOfEverythingHoldsNoSecondEvening(t *testing.T) {
	w := newWorld(t, office)
	for _, id := range ids(20) {
		w.launch(id, day, nil)
	}
	w.aws.Clock().Advance(time.Minute)
	for _, at := range []string{"01 19:10", "02 08:05", "02 19:05"} {
		w.berlin(at)
		w.apply()
	}
	for _, id := range ids(20) {
		want(t, "state of "+id, "stopped", w.state(id))
	}
}

// What waits for hours does not move with a plan that waits to be applied.
func TestASavedPlanShowsTheEdgeItWasMadeWith(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, office)
	w.launch(id, day, tag.Set{"aws:autoscaling:groupName": "g"})
	w.aws.Clock().Advance(time.Minute)
	w.berlin("01 11:05")
	p := w.plan()
	w.berlin("01 13:05")
	w.applyPlan(p)
	want(t, "the stop", time.Date(2026, 6, 1, 17, 0, 0, 0, time.UTC), find(t, p, id, action.Stop).At.UTC())
}

// Where steps only wait for hours nobody does anything wrong, and nobody was
// told that they did.
func TestOfficeHoursCountNoViolations(t *testing.T) {
	w := newWorld(t, office)
	w.launch("i-00000000000000001", day, nil)
	w.launch("i-00000000000000002", day, tag.Set{"Schedule": "always"})
	w.aws.Clock().Advance(time.Minute)
	for _, at := range []string{"01 11:05", "01 19:05"} {
		w.berlin(at)
		w.apply()
	}
	d := w.post.sent[0]
	want(t, "subject", "[tagwarden] office: 1 stopped", d.Subject)
	want(t, "numbers", view.Counts{Done: 1}, d.Totals())
	want(t, "numbers of the section", view.Counts{Done: 1}, d.Sections[0].Counts)
	want(t, "told earlier", 0, d.Sections[0].Known)
}

func TestWhatIsHeldAtALaterEdgeIsToldOnce(t *testing.T) {
	const id = "i-00000000000000001"
	w := newWorld(t, office)
	w.launch(id, day, nil)
	w.aws.Clock().Advance(time.Minute)
	for i, at := range []string{"01 19:05", "02 08:05", "02 19:05", "02 19:35", "02 20:05", "03 19:05"} {
		w.berlin(at)
		if i == 2 {
			w.aws.Protect(id, true, false)
		}
		w.apply()
		want(t, "messages by "+at, []int{1, 2, 3, 3, 3, 3}[i], len(w.post.sent))
		w.aws.Clock().Advance(2 * time.Minute)
	}
}
