package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/record"
)

// querier is what a transaction and the database have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// write does all that one call writes, in one transaction.
func (l *Ledger) write(ctx context.Context, doing string, f func(*sql.Tx) error) error {
	return l.wrap(doing, l.transact(ctx, f))
}

func (l *Ledger) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			return errors.Join(err, back)
		}
		return err
	}
	return tx.Commit()
}

// wrap says what was being done, and to which file.
func (l *Ledger) wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s in the ledger %s: %w", doing, l.path, explain(err))
}

// each runs one statement for each item.
func each[T any](ctx context.Context, tx *sql.Tx, statement string, items []T, args func(T) ([]any, error)) error {
	if len(items) == 0 {
		return nil
	}
	st, err := tx.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	for _, item := range items {
		values, err := args(item)
		if err == nil {
			_, err = st.ExecContext(ctx, values...)
		}
		if err != nil {
			return errors.Join(err, st.Close())
		}
	}
	return st.Close()
}

// list returns what scan makes of each row.
func list[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var out []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, item)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// scopeKey writes a scope so that no two are alike, whatever they are named.
func scopeKey(s record.Scope) string { return fmt.Sprintf("%q %q", s.Account, s.Name) }

// layout has a fixed width and is written in UTC only, so that the order of
// the texts is that of the times.
const layout = "2006-01-02T15:04:05.000000000Z"

// stamp writes a time; the zero time is "", which is before all others.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// moment reads into a time what stamp wrote.
type moment struct{ t *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("reading a time: it is a %T", v)
	}
	if s == "" {
		*m.t = time.Time{}
		return nil
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return fmt.Errorf("reading a time: %w", err)
	}
	*m.t = t.UTC()
	return nil
}

// word reads into a kind of action its word.
type word struct{ k *action.Kind }

// Scan implements sql.Scanner.
func (w word) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("reading an action: it is a %T", v)
	}
	return w.k.UnmarshalText([]byte(s))
}
