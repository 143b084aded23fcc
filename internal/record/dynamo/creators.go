package dynamo

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func sweepKey(s record.Scope, w record.Sweep) Key { return Key{of("sweeps", s), key(w.Region, w.Name)} }
func madeKey(s record.Scope, k string) Key        { return Key{of("made", s, k), "made"} }
func wonderKey(s record.Scope, k string) Key      { return Key{of("wonder", s, k), "wonder"} }

// eventPrefix begins the attributes of a made item, of which each is an event.
// To learn it again is to write the same attribute again, so that nothing must
// be read first.
const eventPrefix = "event "

// Covered implements record.Ledger.
func (l *Ledger) Covered(ctx context.Context, s record.Scope, w record.Sweep) ([]record.Stretch, error) {
	ss, _, err := l.covered(ctx, sweepKey(s, w))
	return ss, l.wrap("reading how far creators are known", err)
}

func (l *Ledger) covered(ctx context.Context, k Key) (ss []record.Stretch, version int64, err error) {
	items, err := l.get(ctx, []Key{k})
	i, there := items[k]
	if err != nil || !there {
		return nil, 0, err
	}
	return ss, i.number("version"), unpackJSON(i["stretches"], &ss)
}

// Learn implements record.Ledger. That the stretch was read is written last.
func (l *Ledger) Learn(ctx context.Context, s record.Scope, w record.Sweep, read record.Stretch, made []record.Made) error {
	err := l.made(ctx, s, made)
	if err == nil && !read.Empty() {
		err = again(ctx, func() error { return l.cover(ctx, sweepKey(s, w), read) })
	}
	return l.wrap("recording who made what", err)
}

func (l *Ledger) cover(ctx context.Context, k Key, read record.Stretch) error {
	before, version, err := l.covered(ctx, k)
	if err != nil {
		return err
	}
	ss := record.Join(before, read)
	for n, one := range ss {
		ss[n] = record.Stretch{From: one.From.UTC(), To: one.To.UTC()}
	}
	body, err := packJSON(ss)
	if err != nil {
		return err
	}
	was := Test{Attr: "version", Is: Equal, Value: version}
	if version == 0 {
		was = Test{Attr: AttrPK, Is: Absent}
	}
	return l.table.Write(ctx, []Write{{Key: k, Set: Item{"stretches": body, "version": version + 1}, If: [][]Test{{was}}}})
}

// known is what is kept of an event.
type known struct {
	At    time.Time        `json:"at"`
	Event string           `json:"event"`
	By    resource.Creator `json:"by"`
}

func (l *Ledger) made(ctx context.Context, s record.Scope, made []record.Made) error {
	items := map[Key]Item{}
	for _, m := range made {
		k := madeKey(s, m.Key)
		body, err := packJSON(known{m.At.UTC(), m.Event, m.By})
		if err != nil {
			return err
		}
		if items[k] == nil {
			items[k] = Item{}
		}
		items[k][eventPrefix+stamp(m.At)+between+part(m.Event)] = body
	}
	if len(items) == 0 {
		return ctx.Err()
	}
	return l.table.Update(ctx, items)
}

// Makers implements record.Ledger.
func (l *Ledger) Makers(ctx context.Context, s record.Scope, keys []string) (map[string][]record.Made, error) {
	out := map[string][]record.Made{}
	places := make([]Key, len(keys))
	for n, k := range keys {
		places[n] = madeKey(s, k)
	}
	items, err := l.get(ctx, places)
	if err != nil {
		return out, l.wrap("reading who made what", err)
	}
	for n, k := range keys {
		if out[k] != nil {
			continue
		}
		for name, v := range items[places[n]] {
			if !strings.HasPrefix(name, eventPrefix) {
				continue
			}
			var e known
			if err := unpackJSON(v, &e); err != nil {
				return out, l.wrap("reading who made what", err)
			}
			out[k] = append(out[k], record.Made{Key: k, At: e.At, Event: e.Event, By: e.By})
		}
		slices.SortFunc(out[k], func(a, b record.Made) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Event, b.Event)) })
	}
	return out, nil
}

// Wonder implements record.Ledger.
func (l *Ledger) Wonder(ctx context.Context, s record.Scope, keys []string, now time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for some := range slices.Chunk(keys, MaxWrites) {
		err := again(ctx, func() error { return l.wonder(ctx, s, some, now, out) })
		if err != nil {
			return nil, l.wrap("recording whose creator is sought", err)
		}
	}
	return out, nil
}

func (l *Ledger) wonder(ctx context.Context, s record.Scope, keys []string, now time.Time, out map[string]time.Time) error {
	places := make([]Key, len(keys))
	for n, k := range keys {
		places[n] = wonderKey(s, k)
	}
	items, err := l.get(ctx, places)
	if err != nil {
		return err
	}
	fresh := map[Key]Write{}
	for n, k := range keys {
		if i, there := items[places[n]]; there {
			out[k] = moment(i.text("since"))
			continue
		}
		out[k] = now.UTC()
		fresh[places[n]] = Write{Key: places[n], Set: Item{"since": stamp(now)}, If: [][]Test{{{Attr: AttrPK, Is: Absent}}}}
	}
	if len(fresh) == 0 {
		return nil
	}
	return l.table.Write(ctx, slices.Collect(maps.Values(fresh)))
}
