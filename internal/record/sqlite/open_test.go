//go:build unix

package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/sqlite"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// fixture saves something of everything that is read back by contents.
func fixture(t *testing.T, l *sqlite.Ledger) {
	t.Helper()
	c := &cases.Case{Policy: "p", Resource: resource.Ref{ARN: "arn:a"}, Seen: noon}
	if err := errors.Join(
		l.SaveCases(t.Context(), scope, []*cases.Case{c}),
		l.Finish(t.Context(), scope, []record.Entry{{Run: "r", At: noon, Policy: "p", ARN: "arn:a", Action: stops.Action, State: "done"}}),
		l.Hold(t.Context(), scope, []record.Hold{{Run: "r", At: noon, Policy: "p", Action: stops.Action, ARNs: []string{"arn:b"}}}),
		l.Post(t.Context(), scope, []record.Parcel{{Channel: "mail", At: noon, Item: []byte("{}")}}),
	); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, l *sqlite.Ledger) []any {
	t.Helper()
	cs, err1 := l.Cases(t.Context(), scope, noon, 0)
	es, err2 := l.History(t.Context(), scope, "", "", 10)
	hs, err3 := l.Holds(t.Context(), scope, noon)
	ps, err4 := l.Parcels(t.Context(), scope)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return []any{cs, es, hs, ps}
}

func TestALedgerPersists(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagwarden.db")
	l := open(t, path)
	fixture(t, l)
	want := contents(t, l)
	shut(t, l)
	l = open(t, path)
	defer shut(t, l)
	if diff := cmp.Diff(want, contents(t, l)); diff != "" {
		t.Errorf("after it was opened again (-before +after):\n%s", diff)
	}
}

func shut(t *testing.T, l io.Closer) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestOnlyTheOwnerCanReadALedger(t *testing.T) {
	dir := t.TempDir()
	l := open(t, filepath.Join(dir, "tagwarden.db"))
	fixture(t, l)
	if err := l.Begin(t.Context(), scope, record.RunInfo{ID: "r", Started: noon}); err != nil {
		t.Fatal(err)
	}
	defer shut(t, l)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, want 0600 (%v)", f.Name(), info.Mode(), err)
		}
	}
	if len(files) != 4 { // the database, its log, the index of that, and the lock
		t.Errorf("there are %v", files)
	}
}

func TestAPathIsTakenLiterally(t *testing.T) {
	for _, name := range []string{":memory:", "file:x.db?mode=memory", "a b%20c#d&e.db", "ünï\xffcode", "-", "'quote\"d\\.db"} {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) {
			t.Chdir(t.TempDir())
			l := open(t, name)
			fixture(t, l)
			shut(t, l)
			info, err := os.Stat(name)
			if err != nil || info.Size() == 0 {
				t.Errorf("the ledger is not in its file: %v", err)
			}
		})
	}
}

// write makes a file and returns its path.
func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tagwarden.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// database makes a database with some other program's statements.
func database(t *testing.T, statements string) string {
	t.Helper()
	return alter(t, filepath.Join(t.TempDir(), "tagwarden.db"), statements)
}

// ledgerWith makes a ledger and changes it behind its back.
func ledgerWith(t *testing.T, statements string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tagwarden.db")
	shut(t, open(t, path))
	return alter(t, path, statements)
}

func alter(t *testing.T, path, statements string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, db)
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFileThatIsNoLedgerIsRefusedAndLeftAlone(t *testing.T) {
	for _, test := range []struct {
		name string
		path func(*testing.T) string
		want string
		is   error
	}{
		{"a text", func(t *testing.T) string { return write(t, bytes.Repeat([]byte("not a database\n"), 100)) }, "is not a SQLite database", nil},
		{"a short text", func(t *testing.T) string { return write(t, []byte("xy")) }, "is not a SQLite database", nil},
		{"another program's", func(t *testing.T) string { return database(t, "CREATE TABLE bookmarks (url)") }, "not a ledger of tagwarden", nil},
		{"another program's, by its mark", func(t *testing.T) string { return database(t, "PRAGMA application_id = 7") }, "not a ledger of tagwarden", nil},
		{"another program's, by its version", func(t *testing.T) string { return database(t, "PRAGMA user_version = 1") }, "not a ledger of tagwarden", nil},
		{"a ledger of version 0", func(t *testing.T) string { return ledgerWith(t, "PRAGMA user_version = 0") }, "not a ledger of tagwarden", nil},
		{"a ledger of a negative version", func(t *testing.T) string { return ledgerWith(t, "PRAGMA user_version = -5") }, "not a ledger of tagwarden", nil},
		{"a newer ledger", func(t *testing.T) string { return ledgerWith(t, "PRAGMA user_version = 1000") }, "version 1000", record.ErrNewer},
		{"a damaged schema", func(t *testing.T) string {
			return ledgerWith(t, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999")
		}, "is damaged", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := test.path(t)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := sqlite.Open(t.Context(), path)
			if err == nil {
				shut(t, l)
				t.Fatal("it was opened")
			}
			if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, test.want) {
				t.Errorf("%v: does not name the path or %q", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v: is not %v", err, test.is)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func TestALedgerOfTheFirstVersionIsReadAndCarriedOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagwarden.db")
	l := open(t, path)
	fixture(t, l)
	shut(t, l)
	alter(t, path, firstVersion)

	l = open(t, path)
	defer shut(t, l)
	old, err := l.History(t.Context(), scope, "", "", 10)
	if err != nil || len(old) != 1 || old[0].Before != nil {
		t.Fatalf("the history of version 1: %v, %v", old, err)
	}
	e := record.Entry{Run: "next", At: noon.Add(time.Hour), Policy: "p", ARN: "arn:a", Action: stops.Action, State: "done", Before: []byte(`{"a": 1}`)}
	if err := l.Finish(t.Context(), scope, []record.Entry{e}); err != nil {
		t.Fatal(err)
	}
	now, err := l.History(t.Context(), scope, "", "", 10)
	if diff := cmp.Diff(append([]record.Entry{e}, old...), now); diff != "" || err != nil {
		t.Errorf("history, %v (-want +got):\n%s", err, diff)
	}
}

func TestAPathThatCannotBeIsRefused(t *testing.T) {
	dir := t.TempDir()
	dangling := filepath.Join(dir, "dangling.db")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), dangling); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path, want string
		is               error
	}{
		{"no path", "", "no file is named", nil},
		{"a folder that is not there", filepath.Join(dir, "missing", "tagwarden.db"), "there is no folder " + dir, fs.ErrNotExist},
		{"a file for a folder", filepath.Join(write(t, nil), "tagwarden.db"), "there is no folder", fs.ErrNotExist},
		{"a folder", dir, "it is not a file", nil},
		{"a link to nothing", dangling, "nowhere", fs.ErrNotExist},
		{"a zero byte", filepath.Join(dir, "a\x00b"), "invalid argument", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := sqlite.Open(t.Context(), test.path)
			if err == nil {
				shut(t, l)
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v: does not say %q, or is not %v", err, test.want, test.is)
			}
		})
	}
}

// TestALedgerThatCannotBeWrittenIsRefused opens ledgers in another process, as
// a user to whom permissions apply.
func TestALedgerThatCannotBeWrittenIsRefused(t *testing.T) {
	// The folders that the testing package makes are closed to other users.
	dir, err := os.MkdirTemp("", "tagwarden-ledger-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(os.Chmod(dir, 0o700), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "tagwarden.db")
	shut(t, open(t, path))
	for _, test := range []struct {
		name         string
		folder, file fs.FileMode
		want         string // "": it is opened
	}{
		{"all may be written", 0o777, 0o666, ""},
		{"the file is read-only", 0o777, 0o444, "cannot be written"},
		{"the folder is read-only", 0o555, 0o666, "cannot be"},
		{"the file is closed", 0o777, 0o000, "cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := errors.Join(os.Chmod(path, test.file), os.Chmod(dir, test.folder)); err != nil {
				t.Fatal(err)
			}
			out, err := child(t, os.Args[0], "open", path).Output()
			if (err == nil) != (test.want == "") || test.want != "" &&
				(!strings.Contains(string(out), test.want) || !strings.Contains(string(out), path)) {
				t.Errorf("%v: %s: want %q and the path", err, out, test.want)
			}
		})
	}
}

func TestADamagedLedgerIsAnErrorThatNamesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagwarden.db")
	l := open(t, path)
	fixture(t, l)
	shut(t, l)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for at := page; at < len(content); at += page { // all but the schema
		copy(content[at:], bytes.Repeat([]byte{0xa5}, 64))
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err = sqlite.Open(t.Context(), path)
	if err == nil {
		defer shut(t, l)
		_, err = l.Cases(t.Context(), scope, noon, 0)
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("%v: want an error that names the file and says that it is damaged", err)
	}
}
