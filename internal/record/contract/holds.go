package contract

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/record"
)

// hold is a hold of a run at noon.
func hold(run string, k record.LimitKey) record.Hold {
	return record.Hold{Run: run, At: noon, Policy: k.Policy, Action: k.Action, Reason: "over the limit", ARNs: []string{"arn:a", "arn:b"}}
}

// released is the hold after its release.
func released(h record.Hold, at time.Time) record.Hold {
	h.Released = at
	return h
}

// ofAction sorts holds of one time by the action.
var ofAction = cmpopts.SortSlices(func(a, b record.Hold) bool { return a.Action < b.Action })

func allHolds(t *testing.T, l record.Ledger) []record.Hold {
	t.Helper()
	return get(l.Holds(t.Context(), scope, time.Time{}))(t)
}

func holdRoundTrip(t *testing.T, l record.Ledger) {
	whole := full[record.Hold]()
	bare := record.Hold{Run: "bare", Policy: "p", Action: stops.Action}
	want := []record.Hold{whole}
	for i, s := range hostile() {
		h := record.Hold{Run: "r" + s, Policy: "p" + s, Action: stops.Action, Reason: s, ARNs: []string{s, "z" + s}}
		h.At = whole.At.Add(-time.Duration(i + 1))
		want = append(want, h)
	}
	want = append(want, bare)
	must(t, l.Hold(t.Context(), scope, want))
	must(t, l.Hold(t.Context(), scope, nil))
	want[0].Released, want[0].Used = time.Time{}, time.Time{} // nobody but the ledger releases
	same(t, "holds", want, allHolds(t, l))
}

func holdsOrder(t *testing.T, l record.Ledger) {
	at := func(run string, after time.Duration) record.Hold {
		h := hold(run, stops)
		h.At = noon.Add(after)
		return h
	}
	old, edge, late := at("old", -time.Nanosecond), at("edge", 0), at("late", time.Hour)
	must(t, l.Hold(t.Context(), scope, []record.Hold{edge, late, old}))
	same(t, "holds", []record.Hold{late, edge, old}, allHolds(t, l))
	same(t, "holds since noon", []record.Hold{late, edge}, get(l.Holds(t.Context(), scope, noon.In(elsewhere)))(t))
}

func holdAgain(t *testing.T, l record.Ledger) {
	h := hold("r", stops)
	must(t, l.Hold(t.Context(), scope, []record.Hold{h}))
	get(l.Release(t.Context(), scope, "r", noon))(t)
	h.Reason, h.ARNs, h.At = "another reason", []string{"arn:c"}, noon.Add(time.Minute)
	must(t, l.Hold(t.Context(), scope, []record.Hold{h}))
	same(t, "holds", []record.Hold{released(h, noon)}, allHolds(t, l))
}

func releaseOnce(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	mine := []record.Hold{hold("r", stops), hold("r", terminates)}
	other := hold("other", stops)
	other.At = noon.Add(-time.Hour)
	must(t, l.Hold(ctx, scope, append(mine, other)))
	at := noon.Add(time.Hour)
	both := []record.HoldKey{mine[0].Key(), mine[1].Key()}
	must(t, l.UseReleases(ctx, scope, both, at))
	same(t, "holds, of which none is released", append(mine, other), allHolds(t, l), ofAction)

	want := []record.Hold{released(mine[0], at), released(mine[1], at)}
	same(t, "what was released", want, get(l.Release(ctx, scope, "r", at))(t), ofAction)
	same(t, "holds", append(want, other), allHolds(t, l), ofAction)
	must(t, l.UseReleases(ctx, scope, nil, at))
	must(t, l.UseReleases(ctx, scope, []record.HoldKey{{Run: "unknown", LimitKey: stops}}, at))
	same(t, "holds, of which none is used", append(want, other), allHolds(t, l), ofAction)

	use := at.Add(time.Hour)
	must(t, l.UseReleases(ctx, scope, append(both, other.Key()), use))
	must(t, l.UseReleases(ctx, scope, both, use.Add(time.Minute)))
	want[0].Used, want[1].Used = use, use
	same(t, "holds, of which two are used", append(want, other), allHolds(t, l), ofAction)
	if _, err := l.Release(ctx, scope, "r", use); !errors.Is(err, record.ErrNoRun) {
		t.Errorf("releasing what was used: %v, want ErrNoRun", err)
	}
}

func releaseApart(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	another := stops
	another.Policy += " too"
	mine := []record.Hold{hold("r", stops), hold("r", another), hold("r", terminates)}
	must(t, l.Hold(ctx, scope, mine))
	get(l.Release(ctx, scope, "r", noon))(t)
	use := noon.Add(time.Minute)
	must(t, l.UseReleases(ctx, scope, []record.HoldKey{mine[0].Key()}, use))
	for _, h := range allHolds(t, l) {
		if used := h.Key() == mine[0].Key(); h.Usable(use) == used || h.Used.IsZero() == used {
			t.Errorf("%s of %s: used %v", h.Action, h.Policy, h.Used)
		}
	}
}

func releaseNothing(t *testing.T, l record.Ledger) {
	must(t, l.Hold(t.Context(), scope, []record.Hold{hold("r", stops)}))
	for _, run := range []string{"", "unknown", "%"} {
		if hs, err := l.Release(t.Context(), scope, run, noon); !errors.Is(err, record.ErrNoRun) || len(hs) > 0 {
			t.Errorf("releasing run %q: %v and %v, want ErrNoRun", run, hs, err)
		}
	}
}

func releaseWindow(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	late := hold("r", terminates)
	late.At = noon.Add(time.Nanosecond)
	must(t, l.Hold(ctx, scope, []record.Hold{hold("r", stops), late}))
	at := noon.Add(record.Window)
	same(t, "released on the edge", []record.Hold{released(hold("r", stops), at), released(late, at)},
		get(l.Release(ctx, scope, "r", at.In(elsewhere)))(t), ofAction)
	after := at.Add(time.Nanosecond)
	same(t, "released after the first is too old", []record.Hold{released(late, after)},
		get(l.Release(ctx, scope, "r", after))(t))
	if _, err := l.Release(ctx, scope, "r", after.Add(time.Nanosecond)); !errors.Is(err, record.ErrNoRun) {
		t.Errorf("releasing what is too old: %v, want ErrNoRun", err)
	}
}

func releaseUsable(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	early := hold("late", stops)
	early.At = noon.Add(-time.Hour)
	must(t, l.Hold(ctx, scope, []record.Hold{hold("edge", stops), early}))
	edge := noon.Add(record.Window)
	get(l.Release(ctx, scope, "edge", noon))(t)
	get(l.Release(ctx, scope, "late", noon.Add(-time.Nanosecond)))(t)
	must(t, l.UseReleases(ctx, scope, []record.HoldKey{{Run: "edge", LimitKey: stops}, early.Key()}, edge))
	for _, h := range allHolds(t, l) {
		if h.Used.Equal(edge) != (h.Run == "edge") {
			t.Errorf("run %s, released %v before: used %v", h.Run, edge.Sub(h.Released), h.Used)
		}
		if h.Usable(edge) {
			t.Errorf("run %s is usable after it was used or is too old", h.Run)
		}
	}
}

func releaseAhead(t *testing.T, l record.Ledger) {
	must(t, l.Hold(t.Context(), scope, []record.Hold{hold("r", stops)}))
	want := []record.Hold{released(hold("r", stops), noon)}
	same(t, "what was released before it was held", want, get(l.Release(t.Context(), scope, "r", noon.Add(-30*record.Window)))(t))
	if !want[0].Usable(noon.Add(record.Window)) {
		t.Error("it cannot be used")
	}
}

func releaseAgain(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, l.Hold(ctx, scope, []record.Hold{hold("r", stops)}))
	for _, after := range []time.Duration{time.Hour, 2 * time.Hour} {
		want := []record.Hold{released(hold("r", stops), noon.Add(after))}
		same(t, "what was released", want, get(l.Release(ctx, scope, "r", noon.Add(after)))(t))
		same(t, "holds", want, allHolds(t, l))
	}
}
