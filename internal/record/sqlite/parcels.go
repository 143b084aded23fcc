package sqlite

import (
	"context"
	"database/sql"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Post implements record.Ledger.
func (l *Ledger) Post(ctx context.Context, s record.Scope, ps []record.Parcel) error {
	const statement = `INSERT INTO parcels (scope, channel, address, run, at, policy, step, item)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	return l.write(ctx, "keeping news to tell", func(tx *sql.Tx) error {
		return each(ctx, tx, statement, ps, func(p record.Parcel) ([]any, error) {
			return []any{scopeKey(s), p.Channel, p.Address, p.Run, stamp(p.At), p.Policy, p.Step, p.Item}, nil
		})
	})
}

// Parcels implements record.Ledger.
func (l *Ledger) Parcels(ctx context.Context, s record.Scope) ([]record.Parcel, error) {
	ps, err := list(ctx, l.db, func(rows *sql.Rows) (p record.Parcel, err error) {
		err = rows.Scan(&p.ID, &p.Channel, &p.Address, &p.Run, moment{&p.At}, &p.Policy, &p.Step, &p.Item)
		return p, err
	}, `SELECT id, channel, address, run, at, policy, step, item FROM parcels WHERE scope = ? ORDER BY id`, scopeKey(s))
	return ps, l.wrap("reading news to tell", err)
}

// Delivered implements record.Ledger.
func (l *Ledger) Delivered(ctx context.Context, s record.Scope, ids []int64) error {
	return l.write(ctx, "forgetting news that was told", func(tx *sql.Tx) error {
		return each(ctx, tx, `DELETE FROM parcels WHERE scope = ? AND id = ?`, ids, func(id int64) ([]any, error) {
			return []any{scopeKey(s), id}, nil
		})
	})
}
