package contract

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

// reserve asks for room for n of one kind.
func reserve(t *testing.T, l record.Ledger, run string, k record.LimitKey, n, limit int) error {
	t.Helper()
	return l.Reserve(t.Context(), scope, run, []record.Reservation{{LimitKey: k, N: n, Limit: limit}}, noon)
}

// uses checks how many of each kind count at noon.
func uses(t *testing.T, l record.Ledger, want map[record.LimitKey]int) {
	t.Helper()
	same(t, "used", want, get(l.Used(t.Context(), scope, noon.Add(-record.Window)))(t))
}

// intents are n of one kind, on n resources.
func intents(k record.LimitKey, n int) []record.Intent {
	out := make([]record.Intent, n)
	for i := range out {
		out[i] = record.Intent{Policy: k.Policy, ARN: fmt.Sprint("arn:", i), Action: k.Action, Step: "stop"}
	}
	return out
}

// outcome is how the intent ended.
func outcome(run string, i record.Intent, s plan.State, at time.Time) record.Entry {
	return record.Entry{Run: run, At: at, Policy: i.Policy, ARN: i.ARN, Action: i.Action, Step: i.Step, State: s}
}

func reserveTakes(t *testing.T, l record.Ledger) {
	must(t, reserve(t, l, "r", stops, 3, 5))
	must(t, reserve(t, l, "r", stops, 2, 5))
	must(t, reserve(t, l, "r", stops, 0, 0))
	uses(t, l, map[record.LimitKey]int{stops: 5})
	for _, run := range []string{"r", "another"} {
		if err := reserve(t, l, run, stops, 1, 5); !errors.Is(err, record.ErrOverLimit) {
			t.Errorf("a sixth of five, for run %s: %v, want ErrOverLimit", run, err)
		}
	}
	must(t, reserve(t, l, "r", terminates, 5, 5))
	must(t, reserve(t, l, "r", record.LimitKey{Policy: "another", Action: stops.Action}, 5, 5))
	must(t, reserve(t, l, "r", stops, 1000, -1))
	if err := reserve(t, l, "r", stops, -1000, 5); err == nil {
		t.Error("a negative reservation was taken, which makes room for others")
	}
	uses(t, l, map[record.LimitKey]int{stops: 1005, terminates: 5, {Policy: "another", Action: stops.Action}: 5})
}

func reserveAllOrNone(t *testing.T, l record.Ledger) {
	for _, rs := range [][]record.Reservation{
		{{LimitKey: stops, N: 2, Limit: 5}, {LimitKey: terminates, N: 2, Limit: 1}},
		{{LimitKey: terminates, N: 2, Limit: 1}, {LimitKey: stops, N: 2, Limit: 5}},
		{{LimitKey: stops, N: 3, Limit: 5}, {LimitKey: stops, N: 3, Limit: 5}},
	} {
		if err := l.Reserve(t.Context(), scope, "r", rs, noon); !errors.Is(err, record.ErrOverLimit) {
			t.Errorf("reserving %v: %v, want ErrOverLimit", rs, err)
		}
		uses(t, l, nil)
	}
}

func reserveRace(t *testing.T, l record.Ledger) {
	const n, each, limit = 40, 3, 50
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = reserve(t, l, fmt.Sprint("run", i%4), stops, each, limit) })
	}
	wg.Wait()
	taken := 0
	for i, err := range errs {
		switch {
		case err == nil:
			taken += each
		case !errors.Is(err, record.ErrOverLimit):
			t.Errorf("reservation %d: %v", i, err)
		}
	}
	if want := limit / each * each; taken != want {
		t.Errorf("%d were reserved of %d, want %d", taken, limit, want)
	}
	uses(t, l, map[record.LimitKey]int{stops: taken})
}

func reserveGivenBack(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, reserve(t, l, "another", stops, 1, 10))
	must(t, l.Begin(ctx, scope, run("r")))
	must(t, reserve(t, l, "r", stops, 5, 10))
	must(t, reserve(t, l, "r", terminates, 5, 10))
	must(t, l.Intend(ctx, scope, "r", intents(stops, 2), noon))
	uses(t, l, map[record.LimitKey]int{stops: 6, terminates: 5})
	must(t, l.End(ctx, scope, "r", noon))
	uses(t, l, map[record.LimitKey]int{stops: 3})
	used := get(l.Used(ctx, scope, noon))(t)
	same(t, "used since the reservation was made", map[record.LimitKey]int{}, used)
}

func intentConsumes(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, reserve(t, l, "r", stops, 2, 10))
	must(t, reserve(t, l, "another", stops, 2, 10))
	uses(t, l, map[record.LimitKey]int{stops: 4})
	must(t, l.Intend(ctx, scope, "r", intents(stops, 1), noon))
	uses(t, l, map[record.LimitKey]int{stops: 4})
	must(t, l.Intend(ctx, scope, "r", intents(stops, 3)[1:], noon))
	uses(t, l, map[record.LimitKey]int{stops: 5}) // the third had no room of its own
	must(t, l.Finish(ctx, scope, []record.Entry{outcome("r", intents(stops, 1)[0], plan.Failed, noon)}))
	uses(t, l, map[record.LimitKey]int{stops: 4})
	must(t, l.End(ctx, scope, "another", noon))
	uses(t, l, map[record.LimitKey]int{stops: 2})
}

func intentRepeated(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	must(t, reserve(t, l, "r", stops, 3, 3))
	one := intents(stops, 1)
	must(t, l.Intend(ctx, scope, "r", append(one, one...), noon))
	must(t, l.Intend(ctx, scope, "r", one, noon))
	uses(t, l, map[record.LimitKey]int{stops: 3})
	must(t, l.Finish(ctx, scope, []record.Entry{outcome("r", one[0], plan.Failed, noon)}))
	uses(t, l, map[record.LimitKey]int{stops: 2})
	must(t, l.Intend(ctx, scope, "r", one, noon))
	uses(t, l, map[record.LimitKey]int{stops: 2}) // again at the cost of what is reserved
	must(t, l.End(ctx, scope, "r", noon))
	uses(t, l, map[record.LimitKey]int{stops: 1})
	must(t, l.Intend(ctx, scope, "another", one, noon))
	uses(t, l, map[record.LimitKey]int{stops: 2})
}

func usedStates(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	five := intents(stops, 5)
	must(t, l.Intend(ctx, scope, "r", five, noon))
	for i, s := range []plan.State{plan.Done, plan.Failed, plan.Skipped, plan.Held} {
		must(t, l.Finish(ctx, scope, []record.Entry{outcome("r", five[i], s, noon)}))
	}
	uses(t, l, map[record.LimitKey]int{stops: 2}) // the one done, and the one nobody knows of
	must(t, l.End(ctx, scope, "r", noon))
	uses(t, l, map[record.LimitKey]int{stops: 2})
	if err := reserve(t, l, "next", stops, 1, 2); !errors.Is(err, record.ErrOverLimit) {
		t.Errorf("a third of two: %v, want ErrOverLimit", err)
	}
}

func usedWindow(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	four := intents(stops, 4)
	must(t, l.Intend(ctx, scope, "r", four[:1], noon))
	must(t, l.Intend(ctx, scope, "r", four[1:2], noon.Add(time.Nanosecond)))
	must(t, l.Finish(ctx, scope, []record.Entry{
		outcome("r", four[2], plan.Done, noon.In(elsewhere)),
		outcome("r", four[3], plan.Done, noon.Add(time.Nanosecond).In(elsewhere)),
	}))
	must(t, l.Reserve(ctx, scope, "lost", []record.Reservation{{LimitKey: terminates, N: 1, Limit: 1}}, noon))
	for _, test := range []struct {
		after             time.Duration
		stops, terminates int
	}{
		{0, 4, 1},
		{record.Window - time.Nanosecond, 4, 1},
		{record.Window, 2, 0}, // a day later, to the nanosecond, is another day
		{record.Window + time.Nanosecond, 0, 0},
	} {
		now := noon.Add(test.after).In(elsewhere)
		used := get(l.Used(ctx, scope, now.Add(-record.Window)))(t)
		if used[stops] != test.stops || used[terminates] != test.terminates {
			t.Errorf("used %v later: %v, want %d and %d", test.after, used, test.stops, test.terminates)
		}
		err := l.Reserve(ctx, scope, "next", []record.Reservation{{LimitKey: stops, N: 2, Limit: test.stops + 1}}, now)
		if !errors.Is(err, record.ErrOverLimit) {
			t.Errorf("reserving two where one has room, %v later: %v, want ErrOverLimit", test.after, err)
		}
		must(t, l.Reserve(ctx, scope, "next", []record.Reservation{{LimitKey: stops, N: 1, Limit: test.stops + 1}}, now))
		must(t, l.End(ctx, scope, "next", now))
	}
}
