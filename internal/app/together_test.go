package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/view"
)

// lockedPost is post for several runs at a time.
type lockedPost struct {
	mu sync.Mutex
	*post
}

func (l *lockedPost) Send(ctx context.Context, ds []view.Digest) []notify.Delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.post.Send(ctx, ds)
}

// together handles events at the same time, each by a function of its own, and
// again as a queue delivers what failed, until nothing is left. It returns how
// many were handled and not ignored.
func (w *world) together(payloads ...string) int {
	w.t.Helper()
	mail := &lockedPost{post: w.post}
	var mu sync.Mutex
	handled := 0
	for round := 0; len(payloads) > 0; round++ {
		if round == 20 {
			w.t.Fatalf("%d events are left after %d rounds", len(payloads), round)
		}
		var left []string
		var wg sync.WaitGroup
		for _, payload := range payloads {
			e := w.event(payload)
			a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: mail, Region: region})
			wg.Go(func() {
				h, _, err := a.Handle(w.t.Context(), e)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, app.ErrTaken), err == nil && !h.Done():
					left = append(left, payload)
				case err != nil:
					w.t.Errorf("handling an event: %v", err)
				case h.Ignored == "":
					handled++
				}
			})
		}
		wg.Wait()
		payloads = left
		w.aws.Clock().Advance(time.Second)
	}
	return handled
}

func TestAnEventThatComesFiveTimesAtOnceIsHandledOnce(t *testing.T) {
	w := newWorld(t, unexcepted)
	event := running(w.launch("i-00000000000000001", time.Hour, nil))
	handled := w.together(event, event, event, event, event)
	if made := w.aws.Calls(); handled != 1 || made["ec2:StopInstances"] != 1 || len(w.post.sent) != 1 {
		t.Errorf("handled %d times, %d stops, %d digests", handled, made["ec2:StopInstances"], len(w.post.sent))
	}
}

// A fleet's launch is told twice, by two calls, and its instance's start by a
// third event.
func TestALaunchThatIsToldTwiceIsTaggedOnce(t *testing.T) {
	w := newWorld(t, stamp)
	var ids []string
	for i := range 3 {
		ids = append(ids, w.aws.Launch(sim.Instance{ID: fmt.Sprintf("i-0%016x", i+1), Region: region, Volumes: []string{fmt.Sprintf("vol-1%016x", i)}}))
	}
	fleet := strings.Replace(call("CreateFleet", `null`, fmt.Sprintf(`{"CreateFleetResponse":{"fleetId":"fleet-0aaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa","fleetInstanceSet":{"item":{"instanceIds":{"item":[%q,%q,%q]}}}}}`, ids[0], ids[1], ids[2])), `"c-1"`, `"c-2"`, 1)
	w.together(fleet, launched(ids...), fleet, launched(ids...))
	if made := w.aws.Calls(); made["ec2:CreateTags"] != 1 {
		t.Errorf("%d CreateTags", made["ec2:CreateTags"])
	}
	for _, id := range ids {
		if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "ada" || w.tagsOf(i.Volumes[0])["Owner"] != "ada" {
			t.Errorf("%s has the tags %v, its volume %v", id, i.TagSet, w.tagsOf(i.Volumes[0]))
		}
	}
}

// Limits are of all who work, not of each.
func TestTheLimitsHoldForEventsThatAreHandledTogether(t *testing.T) {
	const limit, starts = 4, 16
	w := newWorld(t, strings.Replace(unexcepted, "settings: {", fmt.Sprintf("settings: {limits: {stop: %d, share: 100%%}, ", limit), 1))
	var events []string
	var ids []string
	for i := range starts {
		id := w.launch(fmt.Sprintf("i-%017x", i+1), time.Hour, tag.Set{"n": fmt.Sprint(i)})
		ids, events = append(ids, id), append(events, strings.Replace(running(id), "e-1", fmt.Sprintf("e-%d", i), 1))
	}
	w.together(events...)
	stopped := 0
	for _, id := range ids {
		if w.stateNow(id) != "running" {
			stopped++
		}
	}
	if stopped != limit {
		t.Errorf("%d are stopped, of which %d may be", stopped, limit)
	}
}

// quicker is a ledger of which another run takes room just before.
type quicker struct {
	record.Ledger
	other func(record.Ledger)
}

func (q *quicker) Reserve(ctx context.Context, s record.Scope, run string, rs []record.Reservation, at time.Time) error {
	if q.other != nil {
		q.other(q.Ledger)
		q.other = nil
	}
	return q.Ledger.Reserve(ctx, s, run, rs, at)
}

func TestWhatAnotherRunHasJustTakenTheRoomOfIsHeld(t *testing.T) {
	w := newWorld(t, strings.Replace(unexcepted, "settings: {", "settings: {limits: {stop: 1}, ", 1))
	now, ledger := w.aws.Clock().Now(), w.ledger
	w.ledger = &quicker{Ledger: ledger, other: func(l record.Ledger) {
		stop := record.LimitKey{Policy: "stop-what-has-no-exception", Action: action.Stop}
		if err := errors.Join(l.Begin(t.Context(), w.scope(), record.RunInfo{ID: "other", Started: now, Event: true}),
			l.Reserve(t.Context(), w.scope(), "other", []record.Reservation{{LimitKey: stop, N: 1, Limit: 1}}, now)); err != nil {
			t.Fatal(err)
		}
	}}
	id := w.launch("i-00000000000000001", time.Hour, nil)
	h, _ := w.happens(running(id))
	if a := h.Plan.Findings[0].Actions[0]; a.State != plan.Held || a.Code != reason.OverLimit || !h.Done() || w.stateNow(id) != "running" {
		t.Errorf("%s %s, done: %t, and it is %s", a.State, a.Code, h.Done(), w.stateNow(id))
	}
	holds, err := ledger.Holds(t.Context(), w.scope(), now.Add(-time.Hour))
	if err != nil || len(holds) != 1 || len(holds[0].ARNs) != 1 {
		t.Errorf("holds: %+v, %v", holds, err)
	}
}
