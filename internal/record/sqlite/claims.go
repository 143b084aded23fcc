package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Claim implements record.Ledger. What has ended for long is forgotten. The
// transaction is what makes a claim one's alone, among processes too.
func (l *Ledger) Claim(ctx context.Context, s record.Scope, key, run string, now, until time.Time) (answer record.Claimed, err error) {
	err = l.write(ctx, "claiming", func(tx *sql.Tx) error {
		scope := scopeKey(s)
		if _, err := tx.ExecContext(ctx, `DELETE FROM claims WHERE scope = ? AND until <= ?`, scope, stamp(now.Add(-record.Window))); err != nil {
			return err
		}
		by, done, ends, err := claimant(ctx, tx, scope, key)
		if err != nil {
			return err
		}
		if answer = record.Answer(now.Before(ends), by, done, run); answer != record.Yours {
			return nil
		}
		return setClaim(ctx, tx, scope, key, run, false, until)
	})
	if err != nil {
		return record.Taken, err
	}
	return answer, nil
}

// Conclude implements record.Ledger.
func (l *Ledger) Conclude(ctx context.Context, s record.Scope, key, run string, done bool, until time.Time) error {
	return l.write(ctx, "concluding what run "+run+" had claimed", func(tx *sql.Tx) error {
		scope := scopeKey(s)
		by, _, ends, err := claimant(ctx, tx, scope, key)
		switch {
		case err != nil:
			return err
		case !ends.IsZero() && by != run:
			return record.ErrLost
		case done:
			return setClaim(ctx, tx, scope, key, run, true, until)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM claims WHERE scope = ? AND key = ? AND done = 0`, scope, key)
		return err
	})
}

// claimant is which run has a key, whether it has done it, and when that ends;
// the zero time where nobody has it.
func claimant(ctx context.Context, tx *sql.Tx, scope, key string) (by string, done bool, ends time.Time, err error) {
	err = tx.QueryRowContext(ctx, `SELECT run, done, until FROM claims WHERE scope = ? AND key = ?`, scope, key).
		Scan(&by, &done, moment{&ends})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return by, done, ends, err
}

func setClaim(ctx context.Context, tx *sql.Tx, scope, key, run string, done bool, until time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO claims (scope, key, run, done, until) VALUES (?, ?, ?, ?, ?)`,
		scope, key, run, done, stamp(until))
	return err
}
