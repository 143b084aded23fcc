package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/sim"
)

// EC2 may still show the state before the one that its event tells of: who is
// judged by that is let off, since no other event comes.
func TestAnEventIsNotJudgedByAStateThatIsOver(t *testing.T) {
	w := newWorld(t, strings.Replace(unexcepted, "match: '", `match: 'resource.state == "running" && `, 1))
	w.aws.Clock().Advance(time.Hour)
	id := w.aws.Launch(sim.Instance{ID: "i-00000000000000001", Region: region, State: "pending", LaunchedAt: w.aws.Clock().Now()})
	if w.stateNow(id) != "pending" {
		t.Fatalf("it is %s", w.stateNow(id))
	}
	h, _ := w.happens(running(id))
	if len(h.Unseen) != 1 || h.Done() {
		t.Fatalf("while it is not seen to run: %+v", h)
	}
	w.aws.Clock().Advance(sim.Transition)
	if h, _ = w.happens(running(id)); !h.Done() || w.stateNow(id) == "running" {
		t.Errorf("it is %s, unseen: %v", w.stateNow(id), h.Unseen)
	}
	// Who waits sees it in the same handling.
	id = w.aws.Launch(sim.Instance{ID: "i-00000000000000002", Region: region, State: "pending", LaunchedAt: w.aws.Clock().Now()})
	h, looks := w.waiting(strings.Replace(running(id), "e-1", "e-2", 1), func(int) { w.aws.Clock().Advance(sim.Transition) })
	if !h.Done() || w.stateNow(id) == "running" || looks != 1 {
		t.Errorf("it is %s after %d looks, unseen: %v", w.stateNow(id), looks, h.Unseen)
	}
}

// What has gone on from there is judged as it is.
func TestAnEventIsJudgedByAStateThatCameAfter(t *testing.T) {
	w := newWorld(t, strings.Replace(unexcepted, "{state: running}", "{state: pending}", 1))
	id := w.launch("i-00000000000000001", time.Hour, nil)
	if h, _ := w.happens(strings.Replace(running(id), `"running"`, `"pending"`, 1)); !h.Done() || w.stateNow(id) == "running" {
		t.Errorf("it is %s, unseen: %v", w.stateNow(id), h.Unseen)
	}
}
