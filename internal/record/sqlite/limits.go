package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

// counted are the states for which record.Counts holds, in SQL.
const counted = `('` + string(plan.Planned) + `', '` + string(plan.Done) + `')`

// Used implements record.Ledger.
func (l *Ledger) Used(ctx context.Context, s record.Scope, since time.Time) (map[record.LimitKey]int, error) {
	out, err := used(ctx, l.db, scopeKey(s), since)
	return out, l.wrap("counting what limits count", err)
}

func used(ctx context.Context, q querier, scope string, since time.Time) (map[record.LimitKey]int, error) {
	type sum struct {
		record.LimitKey
		n int
	}
	sums, err := list(ctx, q, func(rows *sql.Rows) (s sum, err error) {
		return s, rows.Scan(&s.Policy, word{&s.Action}, &s.n)
	}, `SELECT policy, action, count(*) FROM entries
			WHERE scope = ?1 AND at > ?2 AND state IN `+counted+` GROUP BY policy, action
		UNION ALL
		SELECT policy, action, sum(n) FROM reservations
			WHERE scope = ?1 AND at > ?2 AND n > 0 GROUP BY policy, action`, scope, stamp(since))
	if err != nil {
		return nil, err
	}
	out := make(map[record.LimitKey]int, len(sums))
	for _, s := range sums {
		out[s.LimitKey] += s.n
	}
	return out, nil
}

// Reserve implements record.Ledger.
func (l *Ledger) Reserve(ctx context.Context, s record.Scope, run string, rs []record.Reservation, now time.Time) error {
	const statement = `INSERT INTO reservations (scope, run, policy, action, at, n) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET at = excluded.at, n = n + excluded.n`
	return l.write(ctx, "reserving room under the limits", func(tx *sql.Tx) error {
		scope := scopeKey(s)
		taken, err := used(ctx, tx, scope, now.Add(-record.Window))
		if err != nil {
			return err
		}
		if err := record.Fit(taken, rs); err != nil {
			return err
		}
		return each(ctx, tx, statement, rs, func(r record.Reservation) ([]any, error) {
			kind, err := r.Action.MarshalText()
			return []any{scope, run, r.Policy, string(kind), stamp(now), r.N}, err
		})
	})
}

// Intend implements record.Ledger.
func (l *Ledger) Intend(ctx context.Context, s record.Scope, run string, is []record.Intent, now time.Time) error {
	// Only an entry that did not count before takes from what is reserved.
	const consume = `UPDATE reservations SET n = n - 1
		WHERE scope = ?1 AND run = ?2 AND policy = ?3 AND action = ?5 AND n > 0 AND NOT EXISTS (
			SELECT 1 FROM entries WHERE scope = ?1 AND run = ?2 AND policy = ?3 AND arn = ?4
			AND action = ?5 AND step = ?6 AND state IN ` + counted + `)`
	return l.write(ctx, "recording what is about to be done", func(tx *sql.Tx) error {
		scope := scopeKey(s)
		for _, i := range is {
			e := record.Entry{Run: run, At: now, Policy: i.Policy, ARN: i.ARN, Action: i.Action, Step: i.Step, State: plan.Planned}
			kind, err := e.Action.MarshalText()
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, consume, scope, run, e.Policy, e.ARN, string(kind), e.Step); err != nil {
				return err
			}
			if err := put(ctx, tx, scope, []record.Entry{e}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Finish implements record.Ledger.
func (l *Ledger) Finish(ctx context.Context, s record.Scope, es []record.Entry) error {
	return l.write(ctx, "recording what was done", func(tx *sql.Tx) error {
		return put(ctx, tx, scopeKey(s), es)
	})
}

// put writes entries in the place of those of the same action.
func put(ctx context.Context, tx *sql.Tx, scope string, es []record.Entry) error {
	const statement = `INSERT INTO entries (scope, run, at, policy, arn, action, step, state, reason, request_id, before)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		at = excluded.at, state = excluded.state, reason = excluded.reason, request_id = excluded.request_id,
		before = excluded.before`
	return each(ctx, tx, statement, es, func(e record.Entry) ([]any, error) {
		kind, err := e.Action.MarshalText()
		return []any{scope, e.Run, stamp(e.At), e.Policy, e.ARN, string(kind), e.Step, string(e.State), e.Reason,
			e.RequestID, string(e.Before)}, err
	})
}

// History implements record.Ledger.
func (l *Ledger) History(ctx context.Context, s record.Scope, arn, run string, limit int) ([]record.Entry, error) {
	where, args := "scope = ?", []any{scopeKey(s)}
	if arn != "" {
		where, args = where+" AND arn = ?", append(args, arn)
	}
	if run != "" {
		where, args = where+" AND run = ?", append(args, run)
	}
	es, err := list(ctx, l.db, scanEntry, `SELECT run, at, policy, arn, action, step, state, reason, request_id, before
		FROM entries WHERE `+where+` ORDER BY at DESC, seq DESC LIMIT ?`, append(args, max(limit, 0))...)
	return es, l.wrap("reading the history", err)
}

func scanEntry(rows *sql.Rows) (e record.Entry, err error) {
	var before string
	err = rows.Scan(&e.Run, moment{&e.At}, &e.Policy, &e.ARN, word{&e.Action}, &e.Step, &e.State, &e.Reason, &e.RequestID, &before)
	if before != "" {
		e.Before = json.RawMessage(before)
	}
	return e, err
}
