package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Covered implements record.Ledger.
func (l *Ledger) Covered(ctx context.Context, s record.Scope, w record.Sweep) ([]record.Stretch, error) {
	ss, err := covered(ctx, l.db, scopeKey(s), w)
	return ss, l.wrap("reading how far creators are known", err)
}

func covered(ctx context.Context, q querier, scope string, w record.Sweep) ([]record.Stretch, error) {
	return list(ctx, q, func(rows *sql.Rows) (s record.Stretch, err error) {
		err = rows.Scan(moment{&s.From}, moment{&s.To})
		return s, err
	}, `SELECT since, until FROM stretches WHERE scope = ? AND region = ? AND name = ? ORDER BY since`, scope, w.Region, w.Name)
}

// Learn implements record.Ledger. The stretches of a sweep are few, because
// those that touch are one, and are written anew as a whole.
func (l *Ledger) Learn(ctx context.Context, s record.Scope, w record.Sweep, read record.Stretch, made []record.Made) error {
	scope := scopeKey(s)
	return l.write(ctx, "recording who made what", func(tx *sql.Tx) error {
		before, err := covered(ctx, tx, scope, w)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM stretches WHERE scope = ? AND region = ? AND name = ?`, scope, w.Region, w.Name); err != nil {
			return err
		}
		err = each(ctx, tx, `INSERT INTO stretches (scope, region, name, since, until) VALUES (?, ?, ?, ?, ?)`, record.Join(before, read),
			func(s record.Stretch) ([]any, error) {
				return []any{scope, w.Region, w.Name, stamp(s.From), stamp(s.To)}, nil
			})
		if err != nil {
			return err
		}
		return each(ctx, tx, `INSERT OR REPLACE INTO creators (scope, key, at, event, by_whom) VALUES (?, ?, ?, ?, ?)`, made,
			func(m record.Made) ([]any, error) {
				by, err := json.Marshal(m.By)
				return []any{scope, m.Key, stamp(m.At), m.Event, string(by)}, err
			})
	})
}

// Makers implements record.Ledger.
func (l *Ledger) Makers(ctx context.Context, s record.Scope, keys []string) (map[string][]record.Made, error) {
	out := map[string][]record.Made{}
	err := l.ask(ctx, keys, `SELECT key, at, event, by_whom FROM creators WHERE scope = ?1
		AND key IN (SELECT value FROM json_each(?2)) ORDER BY key, at, event`, scopeKey(s), func(rows *sql.Rows) error {
		var m record.Made
		var by string
		if err := rows.Scan(&m.Key, moment{&m.At}, &m.Event, &by); err != nil {
			return err
		}
		out[m.Key] = append(out[m.Key], m)
		return json.Unmarshal([]byte(by), &out[m.Key][len(out[m.Key])-1].By)
	})
	return out, l.wrap("reading who made what", err)
}

// Wonder implements record.Ledger.
func (l *Ledger) Wonder(ctx context.Context, s record.Scope, keys []string, now time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	if len(keys) == 0 {
		return out, nil
	}
	err := l.write(ctx, "recording whose creator is sought", func(tx *sql.Tx) error {
		return each(ctx, tx, `INSERT OR IGNORE INTO wondered (scope, key, at) VALUES (?, ?, ?)`, keys, func(k string) ([]any, error) {
			return []any{scopeKey(s), k, stamp(now)}, nil
		})
	})
	if err != nil {
		return nil, err
	}
	err = l.ask(ctx, keys, `SELECT key, at FROM wondered WHERE scope = ?1 AND key IN (SELECT value FROM json_each(?2))`, scopeKey(s), func(rows *sql.Rows) error {
		var key string
		var at time.Time
		err := rows.Scan(&key, moment{&at})
		out[key] = at
		return err
	})
	return out, l.wrap("reading whose creator is sought", err)
}

// asked is how many keys one query is about.
const asked = 1000

// ask queries by keys, some at a time. The second parameter of the query is a
// JSON array of them.
func (l *Ledger) ask(ctx context.Context, keys []string, query, scope string, row func(*sql.Rows) error) error {
	for some := range slices.Chunk(keys, asked) {
		text, err := json.Marshal(some)
		if err != nil {
			return err
		}
		rows, err := l.db.QueryContext(ctx, query, scope, string(text))
		if err != nil {
			return err
		}
		for rows.Next() {
			if err := row(rows); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}
