package contract

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

// harness runs the same calls on a ledger and on models of two scopes.
type harness struct {
	ctx    context.Context
	ledger record.Ledger
	scopes []record.Scope
	models map[record.Scope]*model
	now    time.Time
	serial int // of what must differ
	turn   int // whose scope is compared
}

// machine holds a ledger to the model over random sequences of calls. Each
// sequence has two scopes of its own, so that one ledger serves them all.
func machine(t *testing.T, l record.Ledger) {
	sequences := 0
	rapid.Check(t, func(rt *rapid.T) {
		sequences++
		h := &harness{ctx: t.Context(), ledger: l, now: noon, models: map[record.Scope]*model{}}
		for _, account := range []string{"123456789012", "210987654321"} {
			s := record.Scope{Name: fmt.Sprint("sequence ", sequences), Account: account}
			h.scopes = append(h.scopes, s)
			h.models[s] = newModel()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"time passes": h.timePasses, "SaveCases": h.saveCases, "Begin": h.begin, "End": h.end, "Reserve": h.reserve,
			"Intend": h.intend, "Finish": h.finish, "Hold": h.hold, "Release": h.release, "UseReleases": h.useReleases,
			"Post": h.post, "Delivered": h.delivered, "History": h.history, "Claim": h.claim, "Conclude": h.conclude, "": h.compare,
		})
	})
}

// The values are few, so that calls meet.
func pick[T any](t *rapid.T, what string, from ...T) T { return rapid.SampledFrom(from).Draw(t, what) }

func (h *harness) scope(t *rapid.T) (record.Scope, *model) {
	s := pick(t, "scope", h.scopes...)
	return s, h.models[s]
}

func aRun(t *rapid.T) string    { return pick(t, "run", "run 1", "run'2", "run\x003") }
func aPolicy(t *rapid.T) string { return pick(t, "policy", "cost-center", "o'wner") }
func anARN(t *rapid.T) string   { return pick(t, "arn", "arn:a", "arn:b", "arn:\"c") }
func anAction(t *rapid.T) action.Kind {
	return pick(t, "action", action.Tag, action.Stop, action.Terminate)
}

func some[T any](t *rapid.T, what string, draw func(*rapid.T) T) []T {
	return rapid.SliceOfN(rapid.Custom(draw), 0, 4).Draw(t, what)
}

// aTime is around now, and often on the edge of the window.
func (h *harness) aTime(t *rapid.T) time.Time {
	return h.now.Add(-pick(t, "ago", 0, 1, time.Hour, record.Window-1, record.Window, record.Window+1))
}

func (h *harness) timePasses(t *rapid.T) {
	h.now = h.now.Add(pick(t, "time passes", 1, time.Minute, 12*time.Hour, record.Window-1, record.Window))
}

func (h *harness) saveCases(t *rapid.T) {
	s, m := h.scope(t)
	c := newCase(aPolicy(t), anARN(t))
	if rapid.Bool().Draw(t, "closed") {
		c.Closed = h.aTime(t)
	}
	c.Mark = strconv.Itoa(rapid.Int().Draw(t, "mark"))
	must(t, h.ledger.SaveCases(h.ctx, s, one(c.Clone())))
	m.cases[c.Key()] = c
}

func one[T any](v T) []T { return []T{v} }

func (h *harness) begin(t *rapid.T) {
	s, m := h.scope(t)
	id := aRun(t)
	event := rapid.Bool().Draw(t, "for an event")
	err := h.ledger.Begin(h.ctx, s, record.RunInfo{ID: id, Started: h.now, Event: event})
	if event { // it changes nothing for anyone
		must(t, err)
		return
	}
	if busy := m.open != ""; errors.Is(err, record.ErrBusy) != busy || err != nil && !busy {
		t.Fatalf("beginning %q while %q is open: %v", id, m.open, err)
	}
	if err == nil {
		m.open = id
	}
}

func (h *harness) end(t *rapid.T) {
	s, m := h.scope(t)
	id := aRun(t)
	must(t, h.ledger.End(h.ctx, s, id, h.now))
	m.end(id)
}

func (h *harness) reserve(t *rapid.T) {
	s, m := h.scope(t)
	id := aRun(t)
	rs := some(t, "reservations", func(t *rapid.T) record.Reservation {
		return record.Reservation{
			LimitKey: record.LimitKey{Policy: aPolicy(t), Action: anAction(t)},
			N:        rapid.IntRange(0, 3).Draw(t, "n"), Limit: rapid.IntRange(-1, 8).Draw(t, "limit"),
		}
	})
	err := h.ledger.Reserve(h.ctx, s, id, rs, h.now)
	number := func() string { h.serial++; return strconv.Itoa(h.serial) }
	room := m.reserve(id, rs, number, h.now)
	if errors.Is(err, record.ErrOverLimit) == room || err != nil && room {
		t.Fatalf("reserving %v where there is room is %t: %v", rs, room, err)
	}
}

func (h *harness) intend(t *rapid.T) {
	s, m := h.scope(t)
	id := aRun(t)
	is := some(t, "intents", func(t *rapid.T) record.Intent {
		return record.Intent{Policy: aPolicy(t), ARN: anARN(t), Action: anAction(t), Step: pick(t, "step", "", "stop")}
	})
	must(t, h.ledger.Intend(h.ctx, s, id, is, h.now))
	for _, i := range is {
		m.intend(id, i, h.now)
	}
}

func (h *harness) finish(t *rapid.T) {
	s, m := h.scope(t)
	es := some(t, "entries", func(t *rapid.T) record.Entry {
		return record.Entry{
			Run: aRun(t), At: h.aTime(t), Policy: aPolicy(t), ARN: anARN(t), Action: anAction(t), Step: pick(t, "step", "", "stop"),
			State: pick(t, "state", plan.Done, plan.Failed, plan.Skipped), Reason: pick(t, "reason", "", "it's gone"),
			Before: pick(t, "before", nil, json.RawMessage(`{"rules":["it's"]}`)),
		}
	})
	must(t, h.ledger.Finish(h.ctx, s, es))
	for _, e := range es {
		m.entries[placeOf(e)] = e
	}
}

func (h *harness) hold(t *rapid.T) {
	s, m := h.scope(t)
	hs := some(t, "holds", func(t *rapid.T) record.Hold {
		return record.Hold{Run: aRun(t), At: h.aTime(t), Policy: aPolicy(t), Action: anAction(t), ARNs: one(anARN(t))}
	})
	must(t, h.ledger.Hold(h.ctx, s, hs))
	for _, hold := range hs {
		m.hold(hold)
	}
}

func (h *harness) release(t *rapid.T) {
	s, m := h.scope(t)
	id := aRun(t)
	got, err := h.ledger.Release(h.ctx, s, id, h.now)
	want := m.release(id, h.now)
	if errors.Is(err, record.ErrNoRun) != (len(want) == 0) || err != nil && len(want) > 0 {
		t.Fatalf("releasing %q: %v, want %v", id, err, want)
	}
	same(t, "released", want, got, anyOrder)
}

func (h *harness) useReleases(t *rapid.T) {
	s, m := h.scope(t)
	ks := some(t, "holds", func(t *rapid.T) record.HoldKey {
		return record.HoldKey{Run: aRun(t), LimitKey: record.LimitKey{Policy: aPolicy(t), Action: anAction(t)}}
	})
	must(t, h.ledger.UseReleases(h.ctx, s, ks, h.now))
	for _, k := range ks {
		m.use(k, h.now)
	}
}

func (h *harness) post(t *rapid.T) {
	s, m := h.scope(t)
	ps := some(t, "parcels", func(t *rapid.T) record.Parcel {
		h.serial++
		return record.Parcel{Channel: pick(t, "channel", "mail", "chat"), At: h.now, Item: []byte(strconv.Itoa(h.serial))}
	})
	must(t, h.ledger.Post(h.ctx, s, ps))
	m.parcels = append(m.parcels, ps...)
}

func (h *harness) delivered(t *rapid.T) {
	s, m := h.scope(t)
	var ids []int64
	for i, p := range get(h.ledger.Parcels(h.ctx, s))(t) {
		if rapid.Bool().Draw(t, "delivered") {
			ids = append(ids, p.ID)
			m.parcels[i].Channel = "" // no parcel has none
		}
	}
	must(t, h.ledger.Delivered(h.ctx, s, ids))
	m.parcels = slices.DeleteFunc(m.parcels, func(p record.Parcel) bool { return p.Channel == "" })
}

// history compares what a filter finds. Among entries of one time the order is
// free, and so is which of them a limit cuts off.
func (h *harness) history(t *rapid.T) {
	s, m := h.scope(t)
	arn, run := pick(t, "arn", "", "arn:a", "arn:\"c"), pick(t, "run", "", "run'2")
	limit := rapid.IntRange(0, 6).Draw(t, "limit")
	got := get(h.ledger.History(h.ctx, s, arn, run, limit))(t)
	want := slices.SortedFunc(maps.Values(m.entries), func(a, b record.Entry) int { return b.At.Compare(a.At) })
	want = slices.DeleteFunc(want, func(e record.Entry) bool {
		return arn != "" && e.ARN != arn || run != "" && e.Run != run
	})
	for _, e := range got {
		same(t, "an entry of the history", m.entries[placeOf(e)], e)
	}
	times := func(es []record.Entry) (out []int64) {
		for _, e := range es {
			out = append(out, e.At.UnixNano())
		}
		return out
	}
	same(t, "the times of the history", times(want[:min(limit, len(want))]), times(got))
	if len(byPlace(got)) != len(got) {
		t.Fatalf("the history says something twice: %v", got)
	}
}

func byPlace(es []record.Entry) map[place]record.Entry {
	out := map[place]record.Entry{}
	for _, e := range es {
		out[placeOf(e)] = e
	}
	return out
}

// anyOrder compares holds without their order.
var anyOrder = cmpopts.SortSlices(func(a, b record.Hold) bool {
	return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Action, b.Action)) < 0
})

// compare holds everything that can be read of one scope, of each in its turn,
// against its model.
func (h *harness) compare(t *rapid.T) {
	h.turn++
	s := h.scopes[h.turn%len(h.scopes)]
	m := h.models[s]
	for _, since := range []time.Time{h.now.Add(-record.Window), {}} {
		same(t, "used", m.used(since), get(h.ledger.Used(h.ctx, s, since))(t))
	}
	remembered := get(h.ledger.Cases(h.ctx, s, h.now, record.Window))(t)
	same(t, "cases", sorted(m.remembered(h.now, record.Window)), sorted(remembered))
	holds := get(h.ledger.Holds(h.ctx, s, time.Time{}))(t)
	same(t, "holds", slices.Collect(maps.Values(m.holds)), holds, anyOrder)
	if !slices.IsSortedFunc(holds, func(a, b record.Hold) int { return b.At.Compare(a.At) }) {
		t.Fatalf("holds are not newest first: %v", holds)
	}
	same(t, "parcels", m.parcels, get(h.ledger.Parcels(h.ctx, s))(t), withoutID)
	all := get(h.ledger.History(h.ctx, s, "", "", 1000))(t)
	same(t, "history", m.entries, byPlace(all))
}
