package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// held is a run this Ledger has begun and not ended.
type held struct {
	run  string
	lock *lock
}

// Begin implements record.Ledger. Whether a run is open is what its lock says;
// the row says which one it is, and outlives a process that dies. Both change
// within one write transaction, which only one process can have, so that they
// never contradict each other for anyone who looks within another.
func (l *Ledger) Begin(ctx context.Context, s record.Scope, r record.RunInfo) error {
	scope := scopeKey(s)
	if r.Event {
		return l.beginEvent(ctx, scope, r)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken *lock
	err := l.write(ctx, "beginning run "+r.ID, func(tx *sql.Tx) (err error) {
		if taken, err = take(ctx, lockPath(l.path, scope)); err != nil {
			return err
		}
		if taken == nil {
			return busyWith(ctx, tx, scope)
		}
		return begin(ctx, tx, scope, r)
	})
	if taken == nil {
		return err
	}
	if err != nil {
		return errors.Join(err, taken.release())
	}
	l.held[scope] = held{run: r.ID, lock: taken}
	return nil
}

// beginEvent records a run that excludes nobody.
func (l *Ledger) beginEvent(ctx context.Context, scope string, r record.RunInfo) error {
	return l.write(ctx, "beginning run "+r.ID, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO runs (scope, id, started, digest, by_arn, state, ended, event)
			VALUES (?, ?, ?, ?, ?, 'open', '', 1)`, scope, r.ID, stamp(r.Started), r.Digest, r.By)
		return err
	})
}

// begin records the run. Runs that are still open are those of processes that
// died, or this one would not have the lock: what they reserved is free, and
// what they intended may have been done and stays. Of runs for events nobody
// can tell whether they died, so that what they reserved counts until it is too
// old to count.
func begin(ctx context.Context, tx *sql.Tx, scope string, r record.RunInfo) error {
	const (
		free = `DELETE FROM reservations WHERE scope = ?1
			AND run IN (SELECT id FROM runs WHERE scope = ?1 AND state = 'open' AND event = 0)`
		lose = `UPDATE runs SET state = 'lost', ended = ? WHERE scope = ? AND state = 'open' AND event = 0`
		open = `INSERT OR REPLACE INTO runs (scope, id, started, digest, by_arn, state, ended)
			VALUES (?, ?, ?, ?, ?, 'open', '')`
	)
	if _, err := tx.ExecContext(ctx, free, scope); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, lose, stamp(r.Started), scope); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, open, scope, r.ID, stamp(r.Started), r.Digest, r.By)
	return err
}

// busyWith is the error that names the run that is open.
func busyWith(ctx context.Context, q querier, scope string) error {
	var r record.RunInfo
	err := q.QueryRowContext(ctx, `SELECT id, started FROM runs WHERE scope = ? AND state = 'open' AND event = 0
		ORDER BY seq DESC LIMIT 1`, scope).Scan(&r.ID, moment{&r.Started})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return record.Busy(r)
}

// End implements record.Ledger. The lock is released within the transaction,
// for the reason that Begin gives.
func (l *Ledger) End(ctx context.Context, s record.Scope, run string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	scope := scopeKey(s)
	return l.write(ctx, "ending run "+run, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM reservations WHERE scope = ? AND run = ?`, scope, run); err != nil {
			return err
		}
		h, ok := l.held[scope]
		if !ok || h.run != run {
			_, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'ended', ended = ?
				WHERE scope = ? AND id = ? AND state = 'open' AND event = 1`, stamp(now), scope, run)
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'ended', ended = ? WHERE scope = ? AND id = ?`,
			stamp(now), scope, run); err != nil {
			return err
		}
		delete(l.held, scope)
		return h.lock.release()
	})
}
