package dynamo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// What limits count is in three kinds of items. A reservation is what a run has
// taken and not intended yet. A tally is how many actions of one run and one
// time count. A gate is how full a limit is at the most: no fewer than are
// reserved and tallied since a time. To reserve is to add to the gates, on the
// condition that they have room; no two can take the same. The gate forgets
// nothing by itself, so where it seems full it is counted anew, and that count
// is taken only if nobody added meanwhile.

// maxAsks is how many limits one transaction reserves under: a gate and a
// reservation for each, beside the check of the lock.
const maxAsks = (MaxWrites - 1) / 2

// keepCounted is how long what counts towards limits is kept.
const keepCounted = 3 * record.Window

// limit writes the key of a limit as a key of the table.
func limit(k record.LimitKey) (string, error) {
	kind, err := k.Action.MarshalText()
	return key(k.Policy, string(kind)), err
}

// ask is all that one call reserves under one limit.
type ask struct {
	record.LimitKey
	name, word        string // of the key, and the action
	n                 int64
	limit             int64 // the lowest; negative: none
	gate, reservation Key
}

// asks puts the reservations of each key together, in the order they come in.
func asks(s record.Scope, run string, rs []record.Reservation) ([]ask, error) {
	var out []ask
	place := map[record.LimitKey]int{}
	for _, r := range rs {
		at, ok := place[r.LimitKey]
		if !ok {
			name, err := limit(r.LimitKey)
			if err != nil {
				return nil, err
			}
			at = len(out)
			place[r.LimitKey] = at
			out = append(out, ask{LimitKey: r.LimitKey, name: name, word: r.Action.String(), limit: -1,
				gate: Key{of("gates", s), name}, reservation: Key{of("reserved", s), part(run) + between + name}})
		}
		a := &out[at]
		a.n += int64(r.N)
		if r.N > 0 && r.Limit >= 0 && (a.limit < 0 || int64(r.Limit) < a.limit) {
			a.limit = int64(r.Limit)
		}
	}
	return out, nil
}

// Reserve implements record.Ledger. What does not fit into one transaction is
// reserved in several, and given back where a later one finds no room.
func (l *Ledger) Reserve(ctx context.Context, s record.Scope, run string, rs []record.Reservation, now time.Time) error {
	const doing = "reserving room under the limits"
	if err := record.Fit(nil, rs); err != nil {
		return l.wrap(doing, err)
	}
	all, err := asks(s, run, rs)
	if err != nil {
		return l.wrap(doing, err)
	}
	if len(all) == 0 {
		return l.wrap(doing, ctx.Err())
	}
	for from := 0; from < len(all) && err == nil; from += maxAsks {
		some := all[from:min(from+maxAsks, len(all))]
		if err = again(ctx, func() error { return l.reserve(ctx, s, run, some, now) }); err != nil {
			err = errors.Join(err, l.takeBack(context.WithoutCancel(ctx), all[:from]))
		}
	}
	return l.wrap(doing, err)
}

// reserve takes room for some, or returns record.ErrOverLimit, or a condition
// that failed because others took room too: the gates are then read again.
func (l *Ledger) reserve(ctx context.Context, s record.Scope, run string, some []ask, now time.Time) error {
	var keys []Key
	for _, a := range some {
		keys = append(keys, a.gate, a.reservation)
	}
	items, err := l.get(ctx, keys)
	if err != nil {
		return err
	}
	since := stamp(now.Add(-record.Window))
	var ws []Write
	var full []ask
	for _, a := range some {
		gate, there := items[a.gate]
		from := gate.text("from")
		if there && (from == "" || from > since || a.limit >= 0 && gate.number("n")+a.n > a.limit) {
			full = append(full, a)
			continue
		}
		ws = append(ws, a.take(gate, items[a.reservation], since), a.note(run, now))
	}
	if len(full) == 0 {
		return l.fenced(ctx, s, run, ws)
	}
	if err := l.recount(ctx, s, full, items, now); err != nil {
		return err
	}
	return l.reserve(ctx, s, run, some, now)
}

// take adds to a gate that has room. What the run had reserved so long ago that
// the gate no longer counts it will have the age of now, and counts again.
func (a *ask) take(gate, before Item, since string) Write {
	if gate == nil {
		return Write{Key: a.gate, If: [][]Test{{{Attr: AttrPK, Is: Absent}}},
			Set: Item{"policy": valid(a.Policy), "action": a.word, "n": a.n, "from": since, "version": int64(1)}}
	}
	n := a.n
	if before.text(AttrAt) <= gate.text("from") {
		n += before.number("n")
	}
	tests := []Test{{Attr: "from", Is: Equal, Value: gate.text("from")}}
	if a.limit >= 0 {
		tests = append(tests, Test{Attr: "n", Is: AtMost, Value: a.limit - a.n})
	}
	return Write{Key: a.gate, Kind: Update, Add: map[string]int64{"n": n, "version": 1}, If: [][]Test{tests}}
}

// note writes down what the run has reserved.
func (a *ask) note(run string, now time.Time) Write {
	return Write{Key: a.reservation, Kind: Update, Add: map[string]int64{"n": a.n}, Set: Item{"run": valid(run), "policy": valid(a.Policy),
		"action": a.word, "limit": a.name, AttrAt: stamp(now), AttrTTL: forget(now.Add(keepCounted))}}
}

// recount sets gates to what really counts. It returns ErrOverLimit where that
// leaves too little room too.
func (l *Ledger) recount(ctx context.Context, s record.Scope, full []ask, gates map[Key]Item, now time.Time) error {
	since := now.Add(-record.Window)
	names := make([]string, len(full))
	for n, a := range full {
		names[n] = a.name
	}
	counts, err := l.count(ctx, s, names, since)
	if err != nil {
		return err
	}
	var ws []Write
	for _, a := range full {
		n := counts[a.name]
		if a.limit >= 0 && n+a.n > a.limit {
			return record.Fit(map[record.LimitKey]int{a.LimitKey: int(n)},
				[]record.Reservation{{LimitKey: a.LimitKey, N: int(a.n), Limit: int(a.limit)}})
		}
		ws = append(ws, Write{Key: a.gate, Kind: Update, Set: Item{"n": n, "from": stamp(since)}, Add: map[string]int64{"version": 1},
			If: [][]Test{{{Attr: "version", Is: Equal, Value: gates[a.gate].number("version")}}}})
	}
	return l.write(ctx, ws...)
}

// looks is how often count reads before it takes what may be too many.
const looks = 5

// count counts what is reserved and tallied under limits after a time. What
// goes from one to the other meanwhile could be seen twice, though never
// missed, so all is read until nothing has moved. Where much is done at once
// that may not come about, and then too many are counted rather than too few.
func (l *Ledger) count(ctx context.Context, s record.Scope, names []string, since time.Time) (map[string]int64, error) {
	before, err := l.reserved(ctx, s, names, since)
	if err != nil {
		return nil, err
	}
	for look := 1; ; look++ {
		counts := maps.Clone(before)
		for _, name := range names {
			tallies, err := l.table.Query(ctx, Query{PK: of("used", s) + between + name, From: stamp(since.Add(1))})
			if err != nil {
				return nil, err
			}
			for _, t := range tallies {
				counts[name] += t.number("n")
			}
		}
		after, err := l.reserved(ctx, s, names, since)
		if err != nil || look == looks || maps.Equal(before, after) {
			return counts, err
		}
		before = after
	}
}

// reserved is what is reserved under limits after a time.
func (l *Ledger) reserved(ctx context.Context, s record.Scope, names []string, since time.Time) (map[string]int64, error) {
	out := map[string]int64{}
	for _, name := range names {
		out[name] = 0
	}
	items, err := l.table.Query(ctx, Query{PK: of("reserved", s)})
	for _, r := range items {
		name := r.text("limit")
		if _, asked := out[name]; asked && r.text(AttrAt) > stamp(since) {
			out[name] += r.number("n")
		}
	}
	return out, err
}

// takeBack gives back what was reserved before the rest found no room, unless
// another has taken over and given it back. The gates stay as full as they seem,
// until they are counted anew.
func (l *Ledger) takeBack(ctx context.Context, all []ask) error {
	var ws []Write
	for _, a := range all {
		if a.n > 0 {
			ws = append(ws, Write{Key: a.reservation, Kind: Update, Add: map[string]int64{"n": -a.n}, If: [][]Test{{{Attr: "n", Is: AtLeast, Value: a.n}}}})
		}
	}
	for some := range slices.Chunk(ws, MaxWrites) {
		err := l.write(ctx, some...)
		if _, gone := errors.AsType[*ConditionError](err); err != nil && !gone {
			return err
		}
	}
	return nil
}

// giveBack forgets what a run has reserved.
func (l *Ledger) giveBack(ctx context.Context, s record.Scope, run string) error {
	prefix := part(run) + between
	items, err := l.table.Query(ctx, Query{PK: of("reserved", s), From: prefix, To: prefix + "\U0010ffff"})
	if err != nil || len(items) == 0 {
		return err
	}
	keys := make([]Key, len(items))
	for n, i := range items {
		keys[n] = i.Key()
	}
	return l.table.Delete(ctx, keys)
}

// Used implements record.Ledger. What is older than three Windows may be
// forgotten.
func (l *Ledger) Used(ctx context.Context, s record.Scope, since time.Time) (map[record.LimitKey]int, error) {
	out, err := l.used(ctx, s, since)
	return out, l.wrap("counting what limits count", err)
}

func (l *Ledger) used(ctx context.Context, s record.Scope, since time.Time) (map[record.LimitKey]int, error) {
	gates, err := l.table.Query(ctx, Query{PK: of("gates", s)})
	if err != nil {
		return nil, err
	}
	names := make([]string, len(gates))
	for n, g := range gates {
		names[n] = g.text(AttrSK)
	}
	counts, err := l.count(ctx, s, names, since)
	if err != nil {
		return nil, err
	}
	out := map[record.LimitKey]int{}
	for _, g := range gates {
		k := record.LimitKey{Policy: g.text("policy")}
		if err := k.Action.UnmarshalText([]byte(g.text("action"))); err != nil {
			return nil, fmt.Errorf("reading a limit: %w", err)
		}
		if n := counts[g.text(AttrSK)]; n > 0 {
			out[k] = int(n)
		}
	}
	return out, nil
}
