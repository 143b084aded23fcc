package dynamo

import (
	"context"
	"fmt"

	"github.com/tagwarden/tagwarden/internal/record"
)

// numbers counts parcels over all scopes, so that an id names one forever.
var numbers = Key{"numbers", "parcels"}

func parcelKey(s record.Scope, id int64) Key {
	return Key{of("parcels", s), fmt.Sprintf("%019d", id)}
}

// Post implements record.Ledger.
func (l *Ledger) Post(ctx context.Context, s record.Scope, ps []record.Parcel) error {
	return l.wrap("keeping news to tell", l.post(ctx, s, ps))
}

func (l *Ledger) post(ctx context.Context, s record.Scope, ps []record.Parcel) error {
	if len(ps) == 0 {
		return ctx.Err()
	}
	last, err := l.table.Count(ctx, numbers, "n", int64(len(ps)))
	if err != nil {
		return err
	}
	items := make([]Item, len(ps))
	for n, p := range ps {
		p.ID = last - int64(len(ps)-1-n)
		body, err := packJSON(p)
		if err != nil {
			return err
		}
		k := parcelKey(s, p.ID)
		items[n] = Item{AttrPK: k.PK, AttrSK: k.SK, "body": body}
	}
	return l.put(ctx, items)
}

// Parcels implements record.Ledger.
func (l *Ledger) Parcels(ctx context.Context, s record.Scope) ([]record.Parcel, error) {
	items, err := l.table.Query(ctx, Query{PK: of("parcels", s)})
	if err != nil {
		return nil, l.wrap("reading news to tell", err)
	}
	var out []record.Parcel
	for _, i := range items {
		var p record.Parcel
		if err := unpackJSON(i["body"], &p); err != nil {
			return nil, l.wrap("reading news to tell", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// Delivered implements record.Ledger.
func (l *Ledger) Delivered(ctx context.Context, s record.Scope, ids []int64) error {
	seen := map[int64]bool{}
	var keys []Key
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			keys = append(keys, parcelKey(s, id))
		}
	}
	if len(keys) == 0 {
		return l.wrap("forgetting news that was told", ctx.Err())
	}
	return l.wrap("forgetting news that was told", l.table.Delete(ctx, keys))
}
