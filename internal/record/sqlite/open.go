// Package sqlite keeps the ledger in one SQLite file. It is apart from package
// record so that a program that keeps its ledger elsewhere does not carry
// SQLite with it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Ledger is a record.Ledger in a SQLite file. Any number of processes on one
// machine may have the same file open; the file must not be on a network
// share, where SQLite's locks are not reliable.
type Ledger struct {
	path string // absolute, without symbolic links
	db   *sql.DB

	mu   sync.Mutex
	held map[string]held // by scope, the runs this Ledger has begun
}

var _ record.Ledger = (*Ledger)(nil)

// busyTimeout is for how many milliseconds a call waits for another process
// that is writing. The longest write, the cases of a first run over a very
// large account, takes some seconds.
const busyTimeout = 30_000

// Open opens the ledger in the file, or makes it, readable by its owner only;
// its folder must exist. The error names the path and says what is wrong with
// it: a folder that is not there (fs.ErrNotExist), a file that is no database,
// or another program's, or cannot be written, or was written by a newer
// tagwarden (record.ErrNewer). A file that is refused is left as it was.
func Open(ctx context.Context, path string) (*Ledger, error) {
	l, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger %s: %w", path, explain(err))
	}
	return l, nil
}

func open(ctx context.Context, path string) (*Ledger, error) {
	path, err := prepare(path)
	if err != nil {
		return nil, err
	}
	// FULL syncs each commit: an intent that a power cut takes back would be an
	// action nobody knows of.
	db, err := connect(path, fmt.Sprintf("busy_timeout(%d)", busyTimeout), "synchronous(FULL)", "trusted_schema(OFF)")
	if err != nil {
		return nil, err
	}
	l := &Ledger{path: path, db: db, held: map[string]held{}}
	if err := l.setUp(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return l, nil
}

// setUp recognises the file before anything writes to it. The transaction is
// also what finds out that the file cannot be written.
func (l *Ledger) setUp(ctx context.Context) error {
	if _, err := recognise(ctx, l.db); err != nil {
		return err
	}
	if err := l.transact(ctx, func(tx *sql.Tx) error { return migrate(ctx, tx) }); err != nil {
		return err
	}
	// With a write-ahead log readers do not wait for writers. The switch is kept
	// in the file; while others use the file it is refused, and the next to open
	// it will switch.
	if _, err := l.db.ExecContext(ctx, "PRAGMA journal_mode = WAL"); err != nil && !busy(err) {
		return err
	}
	return nil
}

// prepare returns the file's one true name, by which runs exclude each other,
// and makes the file where there is none: SQLite would make it readable by
// others. It must not open one that exists, because to close a file that
// SQLite has open elsewhere in this process would drop SQLite's locks on it
// (https://sqlite.org/howtocorrupt.html, section 2.2).
func prepare(path string) (string, error) {
	if path == "" {
		return "", errors.New("no file is named")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if folder := filepath.Dir(path); !isFolder(folder) {
		return "", fmt.Errorf("there is no folder %s: %w", folder, fs.ErrNotExist)
	}
	if err := create(path); err != nil {
		return "", err
	}
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a file")
	}
	return path, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// create makes an empty file, readable by its owner only, if there is none.
// SQLite gives the files it makes beside a database the permissions of it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// connect opens one connection to a file with pragmas. One is enough: a run
// does one thing at a time with its ledger, and what several goroutines ask
// for waits here instead of in SQLite, which would let them poll.
func connect(path string, pragmas ...string) (*sql.DB, error) {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/… is file:///C:/…
	}
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// Close closes the file. A run that was not ended counts as one whose process
// has died.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for scope, h := range l.held {
		errs = append(errs, h.lock.release())
		delete(l.held, scope)
	}
	if err := errors.Join(append(errs, l.db.Close())...); err != nil {
		return fmt.Errorf("closing the ledger %s: %w", l.path, err)
	}
	return nil
}
