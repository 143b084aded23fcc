package app_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// saved is a plan as it comes back from its file.
func saved(t *testing.T, p *plan.Plan) *plan.Plan {
	t.Helper()
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		t.Fatal(err)
	}
	again, err := plan.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func TestASavedPlanAppliedTwiceTellsOnce(t *testing.T) {
	w := newWorld(t, longRunning)
	w.launch(idOld, 8*day, nil)
	w.launch(idOlder, 15*day, nil)
	p := w.plan()
	w.aws.Clock().Advance(time.Hour)
	w.applyPlan(saved(t, p))
	want(t, "digests", 1, len(w.post.sent))
	w.aws.Clock().Advance(time.Hour)
	w.applyPlan(saved(t, p))
	want(t, "digests after the second time", 1, len(w.post.sent))
	want(t, "stop calls", 1, w.aws.Calls()["ec2:StopInstances"])
}

func TestWhatWasPutRightSinceThePlanWasSavedOpensNoCaseAndMailsNobody(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.launch(idNew, 40*day, tag.Set{"Owner": "bob"})
	p := w.plan()
	w.aws.Clock().Advance(time.Hour)
	w.aws.SetTags(idOld, tag.Set{"Owner": "alice", "Cost": "1"})
	r := w.applyPlan(saved(t, p))
	want(t, "told", []string{"bob@example.com " + idNew + " violation"}, w.told(0))
	want(t, "notice", "no-longer-holds", find(t, r.Plan, idOld, action.Notify).Code)
	known, err := w.ledger.Cases(t.Context(), w.scope(), w.aws.Clock().Now(), day)
	if err != nil || len(known) != 1 || known[0].Resource.ID != idNew {
		t.Errorf("cases %v, %v; want that of %s alone", known, err, idNew)
	}
}

func TestAGracePeriodBeginsWhenPeopleAreToldNotWhenThePlanWasSaved(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, nil)
	p := w.plan()
	w.aws.Clock().Advance(20 * time.Hour)
	r := w.applyPlan(saved(t, p))
	want(t, "deadline", w.aws.Clock().Now().Add(7*day), find(t, r.Plan, idOld, action.Stop).At)
	want(t, "mark", "stop 2026-06-09 by cost", w.mark(idOld))
}

func TestASavedPlanClosesNoCaseThatAnotherRunHasOpenedSince(t *testing.T) {
	w := newWorld(t, ladder)
	w.launch(idOld, 40*day, tag.Set{"Owner": "alice"})
	w.apply()
	w.aws.SetTags(idOld, tag.Set{"Owner": "alice", "Cost": "1"})
	w.aws.Clock().Advance(time.Hour)
	p := w.plan()
	want(t, "closing", 1, len(p.Closing))
	w.apply()
	w.aws.Clock().Advance(time.Hour)
	w.untag(idOld, "Cost")
	w.apply()
	w.applyPlan(saved(t, p))
	known, err := w.ledger.Cases(t.Context(), w.scope(), w.aws.Clock().Now(), day)
	if err != nil || len(known) != 1 || !known[0].Open() {
		t.Errorf("cases %+v, %v; want one that is open", known, err)
	}
}
