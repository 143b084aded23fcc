package contract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record"
)

func run(id string) record.RunInfo {
	return record.RunInfo{ID: id, Started: noon, Digest: "sha256:0", By: "arn:aws:iam::123456789012:user/someone"}
}

func runsExclude(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, l.Begin(ctx, scope, run("first")))
	for _, id := range []string{"second", "first"} {
		err := l.Begin(ctx, scope, run(id))
		if !errors.Is(err, record.ErrBusy) {
			t.Fatalf("beginning %s beside first: %v, want ErrBusy", id, err)
		}
		if text := err.Error(); !strings.Contains(text, "run first") || !strings.Contains(text, "2026-03-14T12:00:00Z") {
			t.Errorf("the error does not name the run that is open and its start: %v", err)
		}
	}
	must(t, l.Begin(ctx, record.Scope{Name: "other", Account: scope.Account}, run("second")))
	must(t, l.End(ctx, scope, "first", noon))
	must(t, l.Begin(ctx, scope, run("second")))
	must(t, l.End(ctx, scope, "second", noon))
	must(t, l.Begin(ctx, scope, run("first")))
}

func runsRace(t *testing.T, l record.Ledger) {
	const n = 20
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = l.Begin(t.Context(), scope, run(fmt.Sprint("run", i))) })
	}
	wg.Wait()
	began := ""
	for i, err := range errs {
		switch {
		case err == nil && began == "":
			began = fmt.Sprint("run", i)
		case !errors.Is(err, record.ErrBusy):
			t.Errorf("run %d: %v, want ErrBusy as %q has begun", i, err, began)
		}
	}
	for i, err := range errs {
		if err != nil && !strings.Contains(err.Error(), "run "+began+",") {
			t.Errorf("run %d: %v, which does not name %s", i, err, began)
		}
	}
}

func runsEnd(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, l.End(ctx, scope, "never begun", noon))
	must(t, l.Begin(ctx, scope, run("first")))
	must(t, l.End(ctx, scope, "another", noon))
	if err := l.Begin(ctx, scope, run("second")); !errors.Is(err, record.ErrBusy) {
		t.Fatalf("beginning after another run's end: %v, want ErrBusy", err)
	}
	must(t, l.End(ctx, scope, "first", noon))
	must(t, l.End(ctx, scope, "first", noon))
	must(t, l.Begin(ctx, scope, run("second")))
	must(t, l.End(ctx, scope, "first", noon))
	if err := l.Begin(ctx, scope, run("third")); !errors.Is(err, record.ErrBusy) {
		t.Fatalf("beginning after an earlier run's second end: %v, want ErrBusy", err)
	}
}

func runsForEvents(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	event := func(id string) record.RunInfo {
		r := run(id)
		r.Event = true
		return r
	}
	must(t, l.Begin(ctx, scope, event("event 1")))
	must(t, l.Begin(ctx, scope, event("event 2")))
	must(t, reserve(t, l, "event 1", stops, 2, 6))
	must(t, l.Begin(ctx, scope, run("sweep")))
	must(t, l.Begin(ctx, scope, event("event 3")))
	if err := l.Begin(ctx, scope, run("another")); !errors.Is(err, record.ErrBusy) || !strings.Contains(err.Error(), "run sweep,") {
		t.Errorf("a second sweep: %v, want ErrBusy that names the first", err)
	}
	uses(t, l, map[record.LimitKey]int{stops: 2}) // a sweep that begins takes nothing from runs for events
	must(t, reserve(t, l, "event 2", stops, 2, 6))
	must(t, reserve(t, l, "sweep", stops, 2, 6))
	if err := reserve(t, l, "event 3", stops, 1, 6); !errors.Is(err, record.ErrOverLimit) {
		t.Errorf("a seventh of six: %v, want ErrOverLimit", err)
	}
	must(t, l.Intend(ctx, scope, "event 1", intents(stops, 1), noon))
	must(t, l.End(ctx, scope, "event 1", noon))
	uses(t, l, map[record.LimitKey]int{stops: 5})
	must(t, l.End(ctx, scope, "sweep", noon))
	uses(t, l, map[record.LimitKey]int{stops: 3})
	must(t, l.Begin(ctx, scope, run("another")))
	uses(t, l, map[record.LimitKey]int{stops: 3})
	must(t, l.End(ctx, scope, "event 2", noon))
	must(t, l.End(ctx, scope, "event 3", noon))
	uses(t, l, map[record.LimitKey]int{stops: 1})
}

func cancelled(t *testing.T, l record.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	held := record.Hold{Run: "r", At: noon, Policy: "p", Action: stops.Action}
	for what, err := range map[string]error{
		"SaveCases": l.SaveCases(ctx, scope, []*cases.Case{newCase("p", "arn:a")}),
		"Begin":     l.Begin(ctx, scope, run("r")),
		"Reserve":   l.Reserve(ctx, scope, "r", []record.Reservation{{LimitKey: stops, N: 1, Limit: 1}}, noon),
		"Intend":    l.Intend(ctx, scope, "r", []record.Intent{{Policy: "p", ARN: "arn:a", Action: stops.Action}}, noon),
		"Finish":    l.Finish(ctx, scope, []record.Entry{{Run: "r", At: noon, Action: stops.Action, State: "done"}}),
		"Hold":      l.Hold(ctx, scope, []record.Hold{held}),
		"Learn":     l.Learn(ctx, scope, sweep, record.Stretch{From: noon, To: noon.Add(time.Hour)}, []record.Made{{Key: "k", At: noon}}),
		"Conclude":  l.Conclude(ctx, scope, "k", "r", true, noon.Add(lease)),
		"Post":      l.Post(ctx, scope, []record.Parcel{{Run: "r"}}),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want that the context has ended", what, err)
		}
	}
	if _, err := l.Claim(ctx, scope, "k", "r", noon, noon.Add(lease)); !errors.Is(err, context.Canceled) {
		t.Errorf("Claim: %v, want that the context has ended", err)
	}
	ctx = t.Context()
	claims(t, l, "k", "another", noon, record.Yours)
	same(t, "cases", []*cases.Case{}, allCases(t, l, scope))
	same(t, "history", []record.Entry{}, get(l.History(ctx, scope, "", "", 100))(t))
	same(t, "used", map[record.LimitKey]int{}, get(l.Used(ctx, scope, time.Time{}))(t))
	same(t, "holds", []record.Hold{}, get(l.Holds(ctx, scope, time.Time{}))(t))
	same(t, "parcels", []record.Parcel{}, get(l.Parcels(ctx, scope))(t))
	same(t, "stretches", []record.Stretch{}, get(l.Covered(ctx, scope, sweep))(t))
	same(t, "makers", map[string][]record.Made{}, get(l.Makers(ctx, scope, []string{"k"}))(t))
	must(t, l.Begin(ctx, scope, run("r")))
}
