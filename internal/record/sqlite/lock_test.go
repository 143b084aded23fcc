//go:build unix

package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/record"
)

func TestTwoLedgersOnOneFileExcludeEachOther(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "tagwarden.db"), filepath.Join(dir, "link.db")
	first := open(t, path)
	if err := os.Symlink("tagwarden.db", link); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := first.Begin(ctx, scope, record.RunInfo{ID: "first", Started: noon}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link, filepath.Join(dir, "..", filepath.Base(dir), "link.db")} {
		second := open(t, name)
		err := second.Begin(ctx, scope, record.RunInfo{ID: "second", Started: noon})
		if !errors.Is(err, record.ErrBusy) || !strings.Contains(err.Error(), "run first,") {
			t.Errorf("beginning by the name %s: %v, want ErrBusy", name, err)
		}
		// The other run is not this ledger's to end.
		if err := second.End(ctx, scope, "first", noon); err != nil {
			t.Error(err)
		}
		shut(t, second)
	}
	if err := first.Begin(ctx, scope, record.RunInfo{ID: "third", Started: noon}); !errors.Is(err, record.ErrBusy) || !strings.Contains(err.Error(), "run first,") {
		t.Errorf("after others were closed: %v, want ErrBusy", err)
	}
	// Closing a ledger without ending its run is what a process does that dies.
	shut(t, first)
	second := open(t, path)
	defer shut(t, second)
	if err := second.Begin(ctx, scope, record.RunInfo{ID: "second", Started: noon}); err != nil {
		t.Errorf("beginning after the other ledger was closed: %v", err)
	}
	if err := second.End(ctx, scope, "second", noon); err != nil {
		t.Error(err)
	}
}

func TestALockFileThatIsSomethingElseIsAnError(t *testing.T) {
	dir := t.TempDir()
	l := open(t, filepath.Join(dir, "tagwarden.db"))
	defer shut(t, l)
	begin := func() error { return l.Begin(t.Context(), scope, record.RunInfo{ID: "r", Started: noon}) }
	if err := errors.Join(begin(), l.End(t.Context(), scope, "r", noon)); err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob(filepath.Join(dir, "*.lock-*"))
	if err != nil || len(locks) != 1 {
		t.Fatalf("the locks are %v, %v", locks, err)
	}
	if info, err := os.Stat(locks[0]); err != nil || info.Size() != 0 {
		t.Errorf("the lock is not empty: %v, %v", info.Size(), err)
	}
	if err := os.WriteFile(locks[0], []byte(strings.Repeat("something else\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := begin(); err == nil || errors.Is(err, record.ErrBusy) || !strings.Contains(err.Error(), locks[0]) {
		t.Errorf("%v: want an error that names the lock", err)
	}
}
