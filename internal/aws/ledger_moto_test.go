package aws

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/contract"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// oneAtATime lets requests through one after the other: moto has no isolation,
// and takes a transaction that fails back by putting the whole table back as it
// was, with whatever others have written meanwhile. What comes between the
// requests of one call still does.
type oneAtATime struct {
	mu sync.Mutex
	http.RoundTripper
}

func (o *oneAtATime) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.RoundTripper.RoundTrip(r)
}

// newLedgerTable makes a table in an account of its own.
func newLedgerTable(t *testing.T) *LedgerTable {
	t.Helper()
	openMoto(t)                   // for the environment
	t.Setenv("AWS_CA_BUNDLE", "") // which only the SDK's own client takes
	s, err := Open(t.Context(), Options{HTTP: &http.Client{Transport: &oneAtATime{RoundTripper: http.DefaultTransport}}})
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.LedgerTable("tagwarden")
	if err != nil {
		t.Fatal(err)
	}
	if made, err := table.Init(t.Context()); err != nil || !made {
		t.Fatalf("making the table: %t, %v", made, err)
	}
	return table
}

// fewer makes properties be tried less often: over HTTP a call takes
// milliseconds, and package dynamo tries them in memory as often as is due.
func fewer(t *testing.T, checks string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return // somebody asks for as many
	}
	if err := flag.Set("rapid.checks", checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set("rapid.checks", f.DefValue) })
}

func TestTheLedgersContractHoldsOverMoto(t *testing.T) {
	fewer(t, "2")
	contract.Run(t, func(t *testing.T) record.Ledger {
		return dynamo.New("tagwarden", newLedgerTable(t), time.Now)
	})
}

// Workers of several processes reserve, intend and finish at the same time.
func TestWorkersShareALimitOverMoto(t *testing.T) {
	table := newLedgerTable(t)
	const workers, limit = 8, 20
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	scope := record.Scope{Name: "central", Account: "123456789012"}
	stops := record.LimitKey{Policy: "cost-center", Action: action.Stop}
	taken := make([]int, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			l := dynamo.New("tagwarden", table, time.Now)
			for n := 0; ; n++ {
				run := fmt.Sprintf("run %d %d", w, n)
				err := l.Reserve(t.Context(), scope, run, []record.Reservation{{LimitKey: stops, N: 2, Limit: limit}}, now)
				if errors.Is(err, record.ErrOverLimit) {
					return
				}
				arn := "arn:" + run
				err = errors.Join(err,
					l.Intend(t.Context(), scope, run, []record.Intent{{Policy: stops.Policy, ARN: arn, Action: stops.Action}}, now),
					l.Finish(t.Context(), scope, []record.Entry{{Run: run, At: now, Policy: stops.Policy, ARN: arn, Action: stops.Action, State: "done"}}),
					l.End(t.Context(), scope, run, now)) // gives one of two back
				if err != nil {
					t.Errorf("run %s: %v", run, err)
					return
				}
				taken[w]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range taken {
		total += n
	}
	// Each run has two for a while and keeps one, so that the last to ask finds
	// room for fewer than two.
	used, err := dynamo.New("tagwarden", table, time.Now).Used(t.Context(), scope, now.Add(-record.Window))
	if err != nil || used[stops] != total || total > limit || total < limit-workers {
		t.Errorf("%d of %d were done, used are %v, %v", total, limit, used, err)
	}
}

func TestATableIsMadeOnceAndNoOtherIsTaken(t *testing.T) {
	s, account, _ := openMoto(t)
	table, err := s.LedgerTable("tagwarden")
	if err != nil {
		t.Fatal(err)
	}
	ledger := dynamo.New("tagwarden", table, time.Now)
	_, err = ledger.Parcels(t.Context(), record.Scope{Name: "central", Account: account.ID})
	if fault.ClassOf(err) != fault.NotFound || !strings.Contains(err.Error(), "there is no table tagwarden") || !strings.Contains(fault.HintOf(err), "tagwarden ledger init") {
		t.Errorf("a table that is not there: %v (%s)", err, fault.HintOf(err))
	}
	for i, want := range []bool{true, false} {
		if made, err := table.Init(t.Context()); err != nil || made != want {
			t.Errorf("init %d: %t, %v", i, made, err)
		}
	}
	account.Table(t, "rules", "RuleId", "S")
	if table, err = s.LedgerTable("rules"); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Init(t.Context()); fault.ClassOf(err) != fault.Invalid || !strings.Contains(fault.HintOf(err), "table of its own") {
		t.Errorf("another's table: %v (%s)", err, fault.HintOf(err))
	}
}
