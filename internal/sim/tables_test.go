package sim_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/rules"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/sim/contract"
)

// library is an account with a region, and how time passes in it.
func library() (*sim.Account, outside.Wait) {
	a := sim.New("111122223333", time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC))
	a.AddRegion(sim.Home)
	return a, func(ctx context.Context, d time.Duration) error {
		a.Clock().Advance(d)
		return ctx.Err()
	}
}

func TestTheContractOfTablesHolds(t *testing.T) {
	contract.RunTables(t, func(*testing.T) contract.Shelf {
		a, wait := library()
		return contract.Shelf{Tables: a, Wait: wait,
			Make: func(_ *testing.T, name string, hash outside.Key, items ...document.Item) {
				a.AddTable(sim.Home, name, hash, items...)
			},
			Object: func(_ *testing.T, key, text string) string {
				a.AddObject("a-bucket", key, []byte(text))
				return "s3://a-bucket/" + key
			},
		}
	})
}

func TestATableIsLookedAtUntilItCanBeUsed(t *testing.T) {
	a, wait := library()
	r := document.Ref{Table: "acme-rules"}
	var waited []time.Duration
	made, err := outside.Init(t.Context(), a, r, func(ctx context.Context, d time.Duration) error {
		waited = append(waited, d)
		return wait(ctx, d)
	})
	if !made || err != nil || len(waited) != 3 || waited[2] != 4*time.Second {
		t.Errorf("made %v after %v: %v", made, waited, err)
	}
	if n := a.Calls()["dynamodb:DescribeTable"]; n != 5 {
		t.Errorf("%d looks", n)
	}
	other := document.Ref{Table: "other-rules"}
	stop := func(context.Context, time.Duration) error { return context.DeadlineExceeded }
	if _, err := outside.Init(t.Context(), a, other, stop); err == nil || !strings.Contains(err.Error(), "waiting for the table other-rules, which is CREATING") {
		t.Errorf("a wait that ends: %v", err)
	}
	if _, err := a.Items(t.Context(), other); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("a table that is being made is read: %v", err)
	}
}

func TestWhatAWSRefusesOfTablesIsRefused(t *testing.T) {
	a, _ := library()
	a.AddTable(sim.Home, "there", outside.Key{Name: rules.RuleID, Type: "N"})
	code := func(err error) string {
		f, _ := err.(*fault.Error)
		if f == nil {
			return ""
		}
		return f.Code
	}
	_, denied := func() (any, error) {
		b, _ := library()
		b.Deny("dynamodb:Scan")
		return b.Items(t.Context(), document.Ref{Table: "there"})
	}()
	_, elsewhere := a.Items(t.Context(), document.Ref{Table: "there", Region: "eu-west-1"})
	for want, err := range map[string]error{
		"ResourceInUseException": a.Create(t.Context(), document.Ref{Table: "there"}),
		"ValidationException":    a.Create(t.Context(), document.Ref{Table: "a b"}),
		"UnauthorizedOperation":  denied,
		"AuthFailure":            elsewhere,
	} {
		if code(err) != want {
			t.Errorf("%v, and not %s", err, want)
		}
	}
	if err := a.Put(t.Context(), document.Ref{Table: "there"}, nil, document.Item{rules.RuleID: document.String("1")}); code(err) != "ValidationException" {
		t.Errorf("a key of another type: %v", err)
	}
}
