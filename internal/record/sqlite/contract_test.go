package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/contract"
	"github.com/tagwarden/tagwarden/internal/record/sqlite"
)

var (
	noon  = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	scope = record.Scope{Name: "central", Account: "123456789012"}
	stops = record.LimitKey{Policy: "cost-center", Action: action.Stop}
)

// open opens the ledger and fails the test if it cannot.
func open(t *testing.T, path string) *sqlite.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	contract.Run(t, func(t *testing.T) record.Ledger {
		return open(t, filepath.Join(t.TempDir(), "tagwarden.db"))
	})
}
