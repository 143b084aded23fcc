package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record"
)

// Cases implements record.Ledger.
func (l *Ledger) Cases(ctx context.Context, s record.Scope, now time.Time, remember time.Duration) ([]*cases.Case, error) {
	var body sql.RawBytes
	cs, err := list(ctx, l.db, func(rows *sql.Rows) (*cases.Case, error) {
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		c := new(cases.Case)
		if err := json.Unmarshal(body, c); err != nil {
			return nil, fmt.Errorf("reading a case: %w", err)
		}
		return c, nil
	}, `SELECT body FROM cases WHERE scope = ? AND (closed = '' OR closed >= ?)`,
		scopeKey(s), stamp(now.Add(-remember)))
	return cs, l.wrap("reading cases", err)
}

// SaveCases implements record.Ledger.
func (l *Ledger) SaveCases(ctx context.Context, s record.Scope, cs []*cases.Case) error {
	const statement = `INSERT INTO cases (scope, policy, arn, closed, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET closed = excluded.closed, body = excluded.body`
	return l.write(ctx, "saving cases", func(tx *sql.Tx) error {
		scope := scopeKey(s)
		return each(ctx, tx, statement, cs, func(c *cases.Case) ([]any, error) {
			body, err := json.Marshal(inUTC(c))
			return []any{scope, valid(c.Policy), valid(c.Resource.ARN), stamp(c.Closed), string(body)}, err
		})
	})
}

// valid replaces each byte that is not UTF-8 as encoding/json does, so that a
// case that was read is still the one that was saved.
func valid(s string) string { return string([]rune(s)) }

// inUTC returns the case with each time in UTC, so that the file does not
// depend on the time zone of who wrote it.
func inUTC(c *cases.Case) *cases.Case {
	c = c.Clone()
	for _, t := range []*time.Time{&c.Seen, &c.Opened, &c.Resumed, &c.Closed, &c.Accepted, &c.LastAccepted} {
		*t = t.UTC()
	}
	for _, m := range []map[string]time.Time{c.Told, c.Deadlines} {
		for k, t := range m {
			m[k] = t.UTC()
		}
	}
	for k, o := range c.Steps {
		o.At = o.At.UTC()
		c.Steps[k] = o
	}
	return c
}
