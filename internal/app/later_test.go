package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// settling is a policy that stops what runs, after a time for late tags.
var settling = strings.Replace(unexcepted, "    mode: enforce\n", "    mode: enforce\n    settle: 5m\n", 1)

// waits is a world in which what settles is kept by a timer.
func waits(t *testing.T, text string) (*world, *queue.Timer) {
	t.Helper()
	w := newWorld(t, text)
	timer := &queue.Timer{}
	w.later = timer
	return w, timer
}

// runs is the event that an instance came to run just now.
func (w *world) runsNow(id, event string) string {
	at := w.aws.Clock().Now().Format(time.RFC3339)
	return strings.Replace(strings.Replace(running(id), "e-1", event, 1), "2026-11-02T10:00:00Z", at, 1)
}

// deliver hands over what the timer has for this time.
func (w *world) deliver(timer *queue.Timer) []*app.Handling {
	w.t.Helper()
	notes, _ := timer.Take(w.aws.Clock().Now())
	var hs []*app.Handling
	for _, n := range notes {
		h, _ := w.happens(string(n.Body))
		hs = append(hs, h)
	}
	return hs
}

// stateNow is an instance's state, without letting time pass.
func (w *world) stateNow(id string) string {
	i, _ := w.aws.Instance(id)
	return i.State
}

func TestAPolicyThatLetsTagsSettleJudgesLater(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	event := w.runsNow(id, "e-1")
	if h, _ := w.happens(event); len(h.Later) != 1 || h.Later[0].After != 5*time.Minute || h.Plan != nil || !h.Done() {
		t.Fatalf("%+v", h)
	}
	w.aws.Clock().Advance(5*time.Minute - time.Second)
	if hs := w.deliver(timer); len(hs) != 0 || w.stateNow(id) != "running" {
		t.Fatalf("before its time: %d judged, it is %s", len(hs), w.stateNow(id))
	}
	w.aws.Clock().Advance(time.Second)
	if hs := w.deliver(timer); len(hs) != 1 || w.stateNow(id) == "running" {
		t.Errorf("when the time is over: %d judged, it is %s", len(hs), w.stateNow(id))
	}
}

func TestATagThatComesWithinTheTimeIsInTime(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.happens(w.runsNow(id, "e-1"))
	w.aws.Clock().Advance(30 * time.Second)
	w.aws.SetTags(id, tag.Set{"SPECIAL_EXCEPTION": "yes"})
	w.aws.Clock().Advance(10 * time.Minute)
	if hs := w.deliver(timer); len(hs) != 1 || hs[0].Ignored != "" || w.stateNow(id) != "running" {
		t.Errorf("%d judged, it is %s", len(hs), w.stateNow(id))
	}
}

func TestAnEventThatComesAgainSettlesOnce(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	event := w.runsNow(id, "e-1")
	for range 3 {
		w.happens(event)
		w.aws.Clock().Advance(time.Minute)
	}
	if timer.Len() != 1 {
		t.Errorf("%d notes wait", timer.Len())
	}
	w.aws.Clock().Advance(10 * time.Minute)
	notes, _ := timer.Take(w.aws.Clock().Now())
	body := string(notes[0].Body)
	for n, want := range []string{"", "it was handled before", "it was handled before"} {
		if h, _ := w.happens(body); h.Ignored != want {
			t.Errorf("delivery %d: %q, want %q", n+1, h.Ignored, want)
		}
	}
}

func TestATimeThatIsOverWhenTheEventComesIsNotWaitedForAgain(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	event := w.runsNow(id, "e-1")
	w.aws.Clock().Advance(2 * time.Minute)
	if h, _ := w.happens(event); !h.Later[0].At.Equal(w.aws.Clock().Now().Add(3 * time.Minute)) {
		t.Errorf("two minutes late it waits until %v", h.Later[0].At)
	}
	timer.Take(w.aws.Clock().Now().Add(time.Hour))
	w.aws.Clock().Advance(time.Hour)
	if h, _ := w.happens(strings.Replace(event, "e-1", "e-2", 1)); len(h.Later) != 0 || timer.Len() != 0 || w.stateNow(id) == "running" {
		t.Errorf("an hour late: %+v, it is %s", h.Later, w.stateNow(id))
	}
}

func TestWhatComesTooEarlyIsKeptAgain(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.happens(w.runsNow(id, "e-1"))
	at := w.aws.Clock().Now().Add(5 * time.Minute)
	notes, _ := timer.Take(at)
	if h, _ := w.happens(string(notes[0].Body)); h.Plan != nil || w.stateNow(id) != "running" {
		t.Fatalf("it is judged: %+v", h)
	}
	again, _ := timer.Take(at)
	if diff := cmp.Diff(notes, again); diff != "" {
		t.Fatalf("what is kept again (-want +got)\n%s", diff)
	}
	w.aws.Clock().Set(at)
	if h, _ := w.happens(string(again[0].Body)); h.Ignored != "" || w.stateNow(id) == "running" {
		t.Errorf("in time it is %q, and the instance is %s", h.Ignored, w.stateNow(id))
	}
}

// What an event tells of who made something is known when it settles too: nobody
// has to look for it in CloudTrail.
func TestWhoMadeItIsKnownWhenItSettles(t *testing.T) {
	w, timer := waits(t, strings.Replace(stamp, "    on: created\n", "    on: created\n    settle: 2m\n", 1))
	id := w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region, Tags: tag.Set{"Owner": "forged"}})
	at := w.aws.Clock().Now().Format(time.RFC3339)
	w.happens(strings.Replace(launched(id), "2026-11-02T10:00:00Z", at, 1))
	w.aws.Clock().Advance(2 * time.Minute)
	before := w.aws.Calls()["cloudtrail:LookupEvents"]
	w.deliver(timer)
	i, _ := w.aws.Instance(id)
	if asked := w.aws.Calls()["cloudtrail:LookupEvents"] - before; i.TagSet["Owner"] != "ada" || asked != 0 {
		t.Errorf("it has the tags %v, and CloudTrail was asked %d times", i.TagSet, asked)
	}
	for _, v := range i.Volumes {
		if r, _ := w.aws.Resource(v); r.Tags()["Owner"] != "ada" {
			t.Errorf("its volume has the tags %v", r.Tags())
		}
	}
}

func TestPoliciesThatWaitEquallyLongJudgeTogether(t *testing.T) {
	w, timer := waits(t, `
policies:
  - {name: now, resource: ec2:instance, on: {state: running}, mode: enforce, match: 'false'}
  - {name: a, resource: ec2:instance, on: {state: running}, settle: 2m, mode: enforce, match: 'true', enforce: [stop]}
  - {name: b, resource: ec2:instance, on: {state: running}, settle: 2m, mode: enforce, match: 'true', enforce: [start]}
  - {name: c, resource: ec2:instance, on: {state: running}, settle: 1h, mode: enforce, match: 'false'}
`)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	h, _ := w.happens(w.runsNow(id, "e-1"))
	if diff := cmp.Diff([]string{"now"}, h.Policies); diff != "" || timer.Len() != 2 {
		t.Fatalf("%d notes; at once (-want +got)\n%s", timer.Len(), diff)
	}
	w.aws.Clock().Advance(2 * time.Minute)
	hs := w.deliver(timer)
	if len(hs) != 1 || w.stateNow(id) != "running" {
		t.Fatalf("%d judged, it is %s", len(hs), w.stateNow(id))
	}
	if diff := cmp.Diff([]string{"a", "b"}, hs[0].Policies); diff != "" {
		t.Errorf("together (-want +got)\n%s", diff)
	}
}

// Whoever can write to the queue cannot have a policy judge what does not wake
// it, nor what is in another account.
func TestWhatSettlesIsBelievedNoMoreThanItsEvent(t *testing.T) {
	w, _ := waits(t, settling+`
  - {name: nightly, resource: ec2:instance, on: {schedule: rate(1 day)}, mode: enforce, match: 'true', enforce: [stop]}
`)
	id := w.launch("i-00000000000000001", time.Hour, tag.Set{"SPECIAL_EXCEPTION": "yes"})
	for name, tt := range map[string]struct{ policy, event, want string }{
		"a policy that it does not wake": {"nightly", w.runsNow(id, "e-1"), "no policy is woken by it"},
		"a policy that is not there":     {"gone", w.runsNow(id, "e-2"), "no policy is woken by it"},
		"another account":                {"stop-what-has-no-exception", strings.Replace(w.runsNow(id, "e-3"), account, "999988887777", 1), "it is about account 999988887777, and this is " + account},
	} {
		h, _ := w.happens(fmt.Sprintf(`{"tagwarden":"settled","policies":[%q],"account":%q,"event":%s}`, tt.policy, account, tt.event))
		if h.Ignored != tt.want {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if w.stateNow(id) != "running" {
		t.Errorf("it is %s", w.stateNow(id))
	}
}

func TestAnEventThatCannotBeKeptIsNotDone(t *testing.T) {
	w := newWorld(t, settling)
	timer := &queue.Timer{}
	for i := range queue.MaxTimed {
		if err := timer.Keep(t.Context(), queue.Note{Key: fmt.Sprint(i)}, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	w.later = timer
	event := w.event(w.runsNow(w.launch("i-00000000000000001", time.Hour, nil), "e-1"))
	if _, _, err := w.app().Handle(t.Context(), event); !errors.Is(err, queue.ErrFull) {
		t.Fatalf("it is handled: %v", err)
	}
	w.later = &queue.Timer{}
	event.Run = "again"
	if h, _, err := w.app().Handle(t.Context(), event); err != nil || h.Ignored != "" {
		t.Errorf("again: %+v, %v", h, err)
	}
}

func TestWithoutAKeeperItIsSaidWhatWaits(t *testing.T) {
	w := newWorld(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	h, report := w.happens(w.runsNow(id, "e-1"))
	if len(h.Later) != 1 || report != nil || w.stateNow(id) != "running" {
		t.Fatalf("%+v", h)
	}
	ref := resource.EC2Ref(resource.Place{Account: account, Region: region}, resource.EC2Instance, id)
	if diff := cmp.Diff([]resource.Ref{ref}, h.Later[0].Refs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatSettlesIsNotLostWhereItsPolicyNoLongerWaits(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.happens(w.runsNow(id, "e-1"))
	w.aws.Clock().Advance(time.Minute)
	notes, _ := timer.Take(w.aws.Clock().Now().Add(time.Hour))
	w.file, w.later = unexcepted, queue.Keeper(nil)
	w.happens(string(notes[0].Body))
	if w.stateNow(id) == "running" {
		t.Error("it runs, and nobody will look again")
	}
}

func TestWhatSettlesIsJudgedByItsPolicyUnderANewName(t *testing.T) {
	w, timer := waits(t, settling)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.happens(w.runsNow(id, "e-1"))
	w.file = strings.Replace(settling, "name: stop-what-has-no-exception", "name: stop-what-breaks-policy\n    was: [stop-what-has-no-exception]", 1)
	w.aws.Clock().Advance(5 * time.Minute)
	w.deliver(timer)
	if w.stateNow(id) == "running" {
		t.Error("it runs")
	}
}
