package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

// lock is what one run of a scope holds while it is open: an exclusive
// transaction on an empty database beside the ledger, in which nothing is ever
// written. The operating system takes it back when the process ends, however
// it ends, which no row in a table can promise; and it is SQLite that knows how
// to lock a file on each system, between processes and within one.
type lock struct {
	db   *sql.DB
	conn *sql.Conn
}

// lockPath is the file of a scope's lock. It is left in place when the lock is
// released: to delete it would let two runs lock two files of one name.
func lockPath(ledger, scope string) string {
	sum := sha256.Sum256([]byte(scope))
	return ledger + ".lock-" + hex.EncodeToString(sum[:6])
}

// take takes the lock, or returns nil where another run has it.
func take(ctx context.Context, path string) (*lock, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("making the lock: %w", err)
	}
	// The journal stays in memory: one on disk would outlive a killed process.
	db, err := connect(path, "busy_timeout(0)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
	}
	if err == nil {
		return &lock{db: db, conn: conn}, nil
	}
	if conn != nil {
		err = errors.Join(err, conn.Close())
	}
	err = errors.Join(err, db.Close())
	if busy(err) {
		return nil, nil
	}
	return nil, fmt.Errorf("locking %s: %w", path, err)
}

// release gives the lock back.
func (l *lock) release() error {
	_, err := l.conn.ExecContext(context.Background(), "ROLLBACK")
	return errors.Join(err, l.conn.Close(), l.db.Close())
}
