package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Hold implements record.Ledger.
func (l *Ledger) Hold(ctx context.Context, s record.Scope, hs []record.Hold) error {
	const statement = `INSERT INTO holds (scope, run, at, policy, action, reason, arns, released, used)
		VALUES (?, ?, ?, ?, ?, ?, ?, '', '') ON CONFLICT DO UPDATE SET
		at = excluded.at, reason = excluded.reason, arns = excluded.arns`
	return l.write(ctx, "recording what was held", func(tx *sql.Tx) error {
		return each(ctx, tx, statement, hs, func(h record.Hold) ([]any, error) {
			kind, err := h.Action.MarshalText()
			if err != nil {
				return nil, err
			}
			arns, err := json.Marshal(h.ARNs)
			return []any{scopeKey(s), h.Run, stamp(h.At), h.Policy, string(kind), h.Reason, string(arns)}, err
		})
	})
}

// row is a hold and its place.
type row struct {
	seq int64
	record.Hold
}

func holds(ctx context.Context, q querier, where string, args ...any) ([]row, error) {
	return list(ctx, q, func(rows *sql.Rows) (r row, err error) {
		var arns []byte
		if err := rows.Scan(&r.seq, &r.Run, moment{&r.At}, &r.Policy, word{&r.Action}, &r.Reason, &arns,
			moment{&r.Released}, moment{&r.Used}); err != nil {
			return r, err
		}
		if err := json.Unmarshal(arns, &r.ARNs); err != nil {
			return r, fmt.Errorf("reading a hold: %w", err)
		}
		return r, nil
	}, `SELECT seq, run, at, policy, action, reason, arns, released, used FROM holds
		WHERE `+where+` ORDER BY at DESC, seq DESC`, args...)
}

// Holds implements record.Ledger.
func (l *Ledger) Holds(ctx context.Context, s record.Scope, since time.Time) ([]record.Hold, error) {
	rows, err := holds(ctx, l.db, `scope = ? AND at >= ?`, scopeKey(s), stamp(since))
	if err != nil {
		return nil, l.wrap("reading what was held", err)
	}
	var out []record.Hold
	for _, r := range rows {
		out = append(out, r.Hold)
	}
	return out, nil
}

// Release implements record.Ledger.
func (l *Ledger) Release(ctx context.Context, s record.Scope, run string, now time.Time) ([]record.Hold, error) {
	var out []record.Hold
	err := l.write(ctx, "releasing what run "+run+" held", func(tx *sql.Tx) error {
		return change(ctx, tx, scopeKey(s), run, func(h *record.Hold) bool {
			if !h.Releasable(now) {
				return false
			}
			h.Released = h.ReleaseAt(now)
			out = append(out, *h)
			return true
		})
	})
	if err == nil && len(out) == 0 {
		err = l.wrap("releasing what run "+run+" held", record.ErrNoRun)
	}
	return out, err
}

// UseReleases implements record.Ledger.
func (l *Ledger) UseReleases(ctx context.Context, s record.Scope, ks []record.HoldKey, now time.Time) error {
	return l.write(ctx, "using releases up", func(tx *sql.Tx) error {
		for _, k := range ks {
			if err := change(ctx, tx, scopeKey(s), k.Run, func(h *record.Hold) bool {
				if h.Key() != k || !h.Usable(now) {
					return false
				}
				h.Used = now
				return true
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// change writes back the holds of a run that f changes, as it says.
func change(ctx context.Context, tx *sql.Tx, scope, run string, f func(*record.Hold) bool) error {
	rows, err := holds(ctx, tx, `scope = ? AND run = ?`, scope, run)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if !f(&r.Hold) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `UPDATE holds SET released = ?, used = ? WHERE seq = ?`,
			stamp(r.Released), stamp(r.Used), r.seq); err != nil {
			return err
		}
	}
	return nil
}
