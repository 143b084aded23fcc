package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record/sqlite"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// manyCases are cases as an account has them a week after its first notice.
func manyCases(n int) []*cases.Case {
	cs := make([]*cases.Case, n)
	for i := range cs {
		id := fmt.Sprintf("i-%017x", i)
		cs[i] = &cases.Case{
			Policy: "cost-center",
			Resource: resource.Ref{
				ID: id, ARN: "arn:aws:ec2:eu-central-1:123456789012:instance/" + id,
				Type: "ec2:instance", Account: "123456789012", Region: "eu-central-1",
			},
			Seen: noon, Opened: noon, Accepted: noon, LastAccepted: noon,
			Told:      map[string]time.Time{"violation/owner": noon, "reminder/stop/owner": noon.Add(72 * time.Hour)},
			Deadlines: map[string]time.Time{"stop": noon.Add(168 * time.Hour), "terminate": noon.Add(720 * time.Hour)},
			Mark:      "stop 2026-03-21 by cost-center",
		}
	}
	return cs
}

func benchLedger(b *testing.B) *sqlite.Ledger {
	b.Helper()
	l, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "tagwarden.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	return l
}

func BenchmarkSaveCases10000(b *testing.B) {
	l, cs := benchLedger(b), manyCases(10_000)
	for b.Loop() {
		if err := l.SaveCases(b.Context(), scope, cs); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCases10000(b *testing.B) {
	l := benchLedger(b)
	if err := l.SaveCases(b.Context(), scope, manyCases(10_000)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got, err := l.Cases(b.Context(), scope, noon, time.Hour); err != nil || len(got) != 10_000 {
			b.Fatal(len(got), err)
		}
	}
}
