package contract

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/record"
)

// withoutID compares parcels but for what the ledger gives them.
var withoutID = cmpopts.IgnoreFields(record.Parcel{}, "ID")

func parcelsOrder(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	want := []record.Parcel{full[record.Parcel]()}
	want[0].At = noon
	for i, s := range hostile() {
		want = append(want, record.Parcel{
			Channel: s, Address: s, Run: s, Policy: s, Step: s, Item: []byte(s), At: noon.Add(time.Duration(i) * time.Second),
		})
	}
	want = append(want, record.Parcel{At: noon.Add(time.Hour), Item: []byte{0, 0xff, 0xfe, '"'}}, record.Parcel{At: noon.Add(time.Hour)})
	must(t, l.Post(ctx, scope, want[:3]))
	must(t, l.Post(ctx, scope, nil))
	must(t, l.Post(ctx, scope, want[3:]))
	got := get(l.Parcels(ctx, scope))(t)
	same(t, "parcels", want, got, withoutID)
	ids := map[int64]bool{}
	for _, p := range got {
		ids[p.ID] = true
	}
	if len(ids) != len(want) || ids[0] {
		t.Errorf("%d parcels have the ids %v", len(want), ids)
	}
	same(t, "parcels read again", got, get(l.Parcels(ctx, scope))(t))
}

func parcelsDelivered(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	var posted []record.Parcel
	for i := range 5 {
		posted = append(posted, record.Parcel{Run: fmt.Sprint(i), At: noon})
	}
	must(t, l.Post(ctx, scope, posted))
	got := get(l.Parcels(ctx, scope))(t)
	gone := []int64{got[1].ID, got[4].ID}
	for range 2 {
		must(t, l.Delivered(ctx, scope, gone))
		must(t, l.Delivered(ctx, scope, nil))
		same(t, "parcels", []record.Parcel{got[0], got[2], got[3]}, get(l.Parcels(ctx, scope))(t))
	}
	// A parcel posted later is never mistaken for one delivered before.
	must(t, l.Post(ctx, scope, posted[:2]))
	must(t, l.Delivered(ctx, scope, gone))
	same(t, "parcels", []record.Parcel{got[0], got[2], got[3], posted[0], posted[1]},
		get(l.Parcels(ctx, scope))(t), withoutID)
}
