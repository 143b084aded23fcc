package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

var (
	scope = record.Scope{Name: "central", Account: "123456789012"}
	stops = record.LimitKey{Policy: "cost-center", Action: action.Stop}
)

func run(id string) record.RunInfo { return record.RunInfo{ID: id, Started: noon} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// after lets virtual time pass.
func after(d time.Duration) { <-time.After(d) }

func TestARunCountsAsAliveForAsLongAsItSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newTable()
		long, other := dynamo.New("ledger", table, time.Now), dynamo.New("ledger", table, time.Now)
		must(t, long.Begin(t.Context(), scope, run("long")))
		after(6 * time.Hour)
		if err := other.Begin(t.Context(), scope, run("other")); !errors.Is(err, record.ErrBusy) {
			t.Fatalf("beginning beside a run of six hours: %v", err)
		}
		must(t, long.End(t.Context(), scope, "long", noon))
		must(t, other.Begin(t.Context(), scope, run("other")))
		must(t, other.Close())
		must(t, long.Begin(t.Context(), scope, run("after a closed one")))
		must(t, long.Close())
	})
}

// A process that is frozen, or cut off from DynamoDB, counts as dead; when it
// comes back it does nothing further.
func TestARunThatWasTakenOverDoesNothingFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := newTable()
		var cutOff atomic.Bool
		lost := &fault.Error{Class: fault.TimedOut, Call: "dynamodb:TransactWriteItems"}
		frozen, next := dynamo.New("ledger", failing{table, func() error {
			if cutOff.Load() {
				return lost
			}
			return nil
		}}, time.Now), dynamo.New("ledger", table, time.Now)
		intents := []record.Intent{{Policy: stops.Policy, ARN: "arn:a", Action: stops.Action}}
		must(t, frozen.Begin(t.Context(), scope, run("frozen")))
		must(t, frozen.Reserve(t.Context(), scope, "frozen", []record.Reservation{{LimitKey: stops, N: 5, Limit: 5}}, noon))
		must(t, frozen.Intend(t.Context(), scope, "frozen", intents, noon))
		cutOff.Store(true)
		after(4 * time.Minute)
		if err := next.Begin(t.Context(), scope, run("next")); !errors.Is(err, record.ErrBusy) {
			t.Fatalf("beginning while the other may be alive: %v", err)
		}
		after(2 * time.Minute)
		must(t, next.Begin(t.Context(), scope, run("next")))
		used, err := next.Used(t.Context(), scope, noon.Add(-time.Hour))
		if err != nil || used[stops] != 1 {
			t.Errorf("what the dead run had reserved counts still: %v, %v", used, err)
		}
		cutOff.Store(false)
		intents[0].ARN = "arn:b"
		if err := frozen.Intend(t.Context(), scope, "frozen", intents, noon); !errors.Is(err, record.ErrLost) {
			t.Errorf("an intent of the run that was taken over: %v, want ErrLost", err)
		}
		reservation := []record.Reservation{{LimitKey: stops, N: 1, Limit: 5}}
		if err := frozen.Reserve(t.Context(), scope, "frozen", reservation, noon); !errors.Is(err, record.ErrLost) {
			t.Errorf("a reservation of the run that was taken over: %v, want ErrLost", err)
		}
		// What it did is recorded, and its end does not end the other.
		must(t, frozen.Finish(t.Context(), scope, []record.Entry{{Run: "frozen", At: noon, Policy: stops.Policy, ARN: "arn:a", Action: stops.Action, State: "done"}}))
		must(t, frozen.End(t.Context(), scope, "frozen", noon))
		if err := frozen.Begin(t.Context(), scope, run("third")); !errors.Is(err, record.ErrBusy) {
			t.Errorf("beginning beside the run that took over: %v", err)
		}
		must(t, frozen.Close())
		must(t, next.Close())
	})
}

// failing is a table whose transactions may fail before they are made.
type failing struct {
	*table
	why func() error
}

func (f failing) Write(ctx context.Context, ws []dynamo.Write) error {
	if err := f.why(); err != nil {
		return err
	}
	return f.table.Write(ctx, ws)
}

func TestWhatAlwaysMeetsOthersGivesUpInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := dynamo.New("ledger", failing{newTable(), func() error { return dynamo.ErrConflict }}, time.Now)
		_, err := l.Claim(t.Context(), scope, "event", "r", noon, noon.Add(time.Hour))
		if fault.ClassOf(err) != fault.Passing {
			t.Errorf("%v: want an error that passes", err)
		}
	})
}

func TestManyLimitsAreReservedAllOrNone(t *testing.T) {
	table := newTable()
	l := dynamo.New("ledger", table, at(noon))
	var rs []record.Reservation
	for i := range 120 {
		k := record.LimitKey{Policy: fmt.Sprint("policy ", i), Action: action.Stop}
		rs = append(rs, record.Reservation{LimitKey: k, N: 2, Limit: 2})
	}
	last := &rs[len(rs)-1]
	must(t, l.Reserve(t.Context(), scope, "other", []record.Reservation{{LimitKey: last.LimitKey, N: 1, Limit: 2}}, noon))
	if err := l.Reserve(t.Context(), scope, "r", rs, noon); !errors.Is(err, record.ErrOverLimit) {
		t.Fatalf("reserving two where one has room: %v", err)
	}
	used, err := l.Used(t.Context(), scope, noon.Add(-time.Hour))
	if err != nil || len(used) != 1 || used[last.LimitKey] != 1 {
		t.Errorf("used after reservations that failed: %v, %v", used, err)
	}
	must(t, l.End(t.Context(), scope, "other", noon))
	must(t, l.Reserve(t.Context(), scope, "r", rs, noon))
	if used, err = l.Used(t.Context(), scope, noon.Add(-time.Hour)); err != nil || len(used) != len(rs) {
		t.Errorf("%d limits are used of %d, %v", len(used), len(rs), err)
	}
}

// To reserve where there is room is one read and one transaction, however much
// was done before: the events of a day do not make the last of them slow.
func TestToReserveWhereThereIsRoomCostsTwoCalls(t *testing.T) {
	table := newTable()
	l := dynamo.New("ledger", table, at(noon))
	for i := range 200 {
		id := fmt.Sprint("event ", i)
		reads, writes := table.reads, table.writes
		must(t, l.Reserve(t.Context(), scope, id, []record.Reservation{{LimitKey: stops, N: 1, Limit: 1000}}, noon))
		if r, w := table.reads-reads, table.writes-writes; r != 1 || w != 1 {
			t.Fatalf("reservation %d took %d reads and %d writes", i, r, w)
		}
		reads, writes = table.reads, table.writes
		must(t, l.Intend(t.Context(), scope, id, []record.Intent{{Policy: stops.Policy, ARN: id, Action: stops.Action}}, noon))
		if r, w := table.reads-reads, table.writes-writes; r != 1 || w != 1 {
			t.Fatalf("intent %d took %d reads and %d writes", i, r, w)
		}
		must(t, l.End(t.Context(), scope, id, noon))
	}
}

func TestMoreThanATransactionHoldsIsWritten(t *testing.T) {
	l := dynamo.New("ledger", newTable(), at(noon))
	var is []record.Intent
	var es []record.Entry
	for i := range 1000 {
		is = append(is, record.Intent{Policy: stops.Policy, ARN: fmt.Sprint("arn:", i), Action: stops.Action, Step: "stop"})
		es = append(es, record.Entry{Run: "r", At: noon, Policy: stops.Policy, ARN: fmt.Sprint("arn:", i), Action: stops.Action, Step: "stop", State: "done"})
	}
	must(t, l.Reserve(t.Context(), scope, "r", []record.Reservation{{LimitKey: stops, N: 1000, Limit: 1000}}, noon))
	must(t, l.Intend(t.Context(), scope, "r", is, noon))
	must(t, l.Finish(t.Context(), scope, es[:400]))
	history, err := l.History(t.Context(), scope, "", "r", 5000)
	if err != nil || len(history) != 1000 {
		t.Errorf("%d entries, %v", len(history), err)
	}
	must(t, l.End(t.Context(), scope, "r", noon))
	if used, err := l.Used(t.Context(), scope, noon.Add(-time.Hour)); err != nil || used[stops] != 1000 {
		t.Errorf("used: %v, %v", used, err)
	}
}

// A hold of more resources than an item has room for comes back whole.
func TestALongHoldIsKeptInPieces(t *testing.T) {
	table := newTable()
	l := dynamo.New("ledger", table, at(noon))
	h := record.Hold{Run: "r", At: noon, Policy: stops.Policy, Action: stops.Action, Reason: "over the limit"}
	for i := range 100_000 {
		// As random as the ids of instances.
		h.ARNs = append(h.ARNs, fmt.Sprintf("arn:aws:ec2:eu-west-1:123456789012:instance/i-%016x", uint64(i)*0x9e3779b97f4a7c15))
	}
	must(t, l.Hold(t.Context(), scope, []record.Hold{h}))
	if len(table.items) < 3 {
		t.Errorf("%d items hold it, want several", len(table.items))
	}
	released, err := l.Release(t.Context(), scope, "r", noon)
	if err != nil || len(released) != 1 || len(released[0].ARNs) != len(h.ARNs) || released[0].ARNs[99_999] != h.ARNs[99_999] {
		t.Errorf("it does not come back whole: %v", err)
	}
	h.ARNs = h.ARNs[:1]
	must(t, l.Hold(t.Context(), scope, []record.Hold{h}))
	if hs, err := l.Holds(t.Context(), scope, noon); err != nil || len(hs) != 1 || len(hs[0].ARNs) != 1 || hs[0].Released.IsZero() {
		t.Errorf("recorded again and shorter: %v, %v", hs, err)
	}
}

func TestWhatIsTooLongForAnItemIsRefusedInWords(t *testing.T) {
	l := dynamo.New("ledger", newTable(), at(noon))
	noise := make([]byte, 1<<20)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	if err := l.Post(t.Context(), scope, []record.Parcel{{Run: "r", Item: noise}}); err == nil || errors.Is(err, errRefused) {
		t.Errorf("a parcel of 1 MB: %v", err)
	}
}
