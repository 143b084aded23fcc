package dynamo

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// keepHolds is how long a hold is kept. It can be released for one Window.
const keepHolds = 90 * record.Window

// held is of a hold what can be long.
type held struct {
	Reason string   `json:"reason"`
	ARNs   []string `json:"arns"`
}

// Hold implements record.Ledger. Attributes that it does not write, which are
// those of a release, stay as they are.
func (l *Ledger) Hold(ctx context.Context, s record.Scope, hs []record.Hold) error {
	err := ctx.Err()
	for _, h := range hs {
		if err == nil {
			err = l.hold(ctx, s, h)
		}
	}
	return l.wrap("recording what was held", err)
}

func (l *Ledger) hold(ctx context.Context, s record.Scope, h record.Hold) error {
	name, err := limit(record.LimitKey{Policy: h.Policy, Action: h.Action})
	if err != nil {
		return err
	}
	set := Item{"run": valid(h.Run), "policy": valid(h.Policy), "action": h.Action.String(), AttrAt: stamp(h.At),
		AttrTTL: forget(h.At.Add(keepHolds))}
	if err := l.fill(ctx, s, set, held{h.Reason, h.ARNs}); err != nil {
		return err
	}
	return l.write(ctx, Write{Key: Key{of("holds", s), part(h.Run) + between + name}, Kind: Update, Set: set})
}

// fill puts a body into an item: what is too long for one into pieces that are
// found by its digest, before anything refers to them.
func (l *Ledger) fill(ctx context.Context, s record.Scope, set Item, body held) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	packed, err := pack(data)
	if err != nil {
		return err
	}
	whole, ok := packed.([]byte)
	if !ok || len(whole) <= maxItem {
		set["body"], set["pieces"] = packed, int64(0)
		return nil
	}
	digest := sha256.Sum256(whole)
	name := hex.EncodeToString(digest[:])
	var items []Item
	for piece := range slices.Chunk(whole, maxItem) {
		items = append(items, Item{AttrPK: of("pieces", s, name), AttrSK: fmt.Sprintf("%06d", len(items)), "body": piece, AttrTTL: set[AttrTTL]})
	}
	set["body"], set["pieces"] = name, int64(len(items))
	return l.table.Put(ctx, items)
}

// body reads what fill wrote.
func (l *Ledger) body(ctx context.Context, s record.Scope, i Item) (b held, err error) {
	packed := i["body"]
	if n := i.number("pieces"); n > 0 {
		items, err := l.table.Query(ctx, Query{PK: of("pieces", s, i.text("body"))})
		if err != nil {
			return b, err
		}
		if int64(len(items)) != n {
			return b, fmt.Errorf("reading a hold: %d of its %d pieces are there", len(items), n)
		}
		var whole []byte
		for _, p := range items {
			piece, _ := p["body"].([]byte)
			whole = append(whole, piece...)
		}
		packed = whole
	}
	return b, unpackJSON(packed, &b)
}

// row is a hold and its place.
type row struct {
	key Key
	record.Hold
}

// holds reads holds that were made since, newest first.
func (l *Ledger) holds(ctx context.Context, s record.Scope, q Query, since time.Time) ([]row, error) {
	q.PK = of("holds", s)
	items, err := l.table.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []row
	for _, i := range items {
		at := moment(i.text(AttrAt))
		if at.Before(since) {
			continue
		}
		r := row{i.Key(), record.Hold{Run: i.text("run"), At: at, Policy: i.text("policy"),
			Released: moment(i.text("released")), Used: moment(i.text("spent"))}}
		body, err := l.body(ctx, s, i)
		if err = errors.Join(err, r.Action.UnmarshalText([]byte(i.text("action")))); err != nil {
			return nil, err
		}
		r.Reason, r.ARNs = body.Reason, body.ARNs
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b row) int { return b.At.Compare(a.At) })
	return out, nil
}

// Holds implements record.Ledger.
func (l *Ledger) Holds(ctx context.Context, s record.Scope, since time.Time) ([]record.Hold, error) {
	rows, err := l.holds(ctx, s, Query{}, since)
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
	err := l.change(ctx, s, run, func(h *record.Hold) bool {
		if !h.Releasable(now) {
			return false
		}
		h.Released = h.ReleaseAt(now)
		return true
	}, &out)
	if err == nil && len(out) == 0 {
		err = record.ErrNoRun
	}
	return out, l.wrap("releasing what run "+run+" held", err)
}

// UseReleases implements record.Ledger.
func (l *Ledger) UseReleases(ctx context.Context, s record.Scope, ks []record.HoldKey, now time.Time) error {
	runs := map[string][]record.HoldKey{}
	for _, k := range ks {
		runs[k.Run] = append(runs[k.Run], k)
	}
	err := ctx.Err()
	for run, keys := range runs {
		err = cmp.Or(err, l.change(ctx, s, run, func(h *record.Hold) bool {
			if !slices.Contains(keys, h.Key()) || !h.Usable(now) {
				return false
			}
			h.Used = now
			return true
		}, nil))
	}
	return l.wrap("using releases up", err)
}

// change writes back the holds of a run that f changes, as it says, and only
// if nobody else has changed them since they were read. Up to MaxWrites of them
// are changed as a whole.
func (l *Ledger) change(ctx context.Context, s record.Scope, run string, f func(*record.Hold) bool, changed *[]record.Hold) error {
	prefix := part(run) + between
	return again(ctx, func() error {
		rows, err := l.holds(ctx, s, Query{From: prefix, To: prefix + "\U0010ffff"}, time.Time{})
		if err != nil {
			return err
		}
		var ws []Write
		var out []record.Hold
		for _, r := range rows {
			before := r.Hold
			if !f(&r.Hold) {
				continue
			}
			out = append(out, r.Hold)
			ws = append(ws, Write{Key: r.key, Kind: Update, Set: marks(r.Hold), If: unchanged(before)})
		}
		for some := range slices.Chunk(ws, MaxWrites) {
			if err := l.table.Write(ctx, some); err != nil {
				return err
			}
		}
		if changed != nil {
			*changed = out
		}
		return nil
	})
}

// marks are a release and its use, as far as they are there.
func marks(h record.Hold) Item {
	i := Item{}
	if !h.Released.IsZero() {
		i["released"] = stamp(h.Released)
	}
	if !h.Used.IsZero() {
		i["spent"] = stamp(h.Used)
	}
	return i
}

func unchanged(h record.Hold) [][]Test {
	tests := []Test{{Attr: AttrAt, Is: Equal, Value: stamp(h.At)}}
	is := marks(h)
	for _, name := range []string{"released", "spent"} {
		if v, there := is[name]; there {
			tests = append(tests, Test{Attr: name, Is: Equal, Value: v})
		} else {
			tests = append(tests, Test{Attr: name, Is: Absent})
		}
	}
	return [][]Test{tests}
}
