package dynamo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

// atOnce is how many entries are looked at for one transaction; how many of
// them it writes depends on how much of limits they change.
const atOnce = 90

// Intend implements record.Ledger.
func (l *Ledger) Intend(ctx context.Context, s record.Scope, run string, is []record.Intent, now time.Time) error {
	es := make([]record.Entry, len(is))
	for n, i := range is {
		es[n] = record.Entry{Run: run, At: now, Policy: i.Policy, ARN: i.ARN, Action: i.Action, Step: i.Step, State: plan.Planned}
	}
	err := l.enter(ctx, s, es, true, func(ws []Write) error { return l.fenced(ctx, s, run, ws) })
	return l.wrap("recording what is about to be done", err)
}

// Finish implements record.Ledger.
func (l *Ledger) Finish(ctx context.Context, s record.Scope, es []record.Entry) error {
	err := l.enter(ctx, s, es, false, func(ws []Write) error { return l.table.Write(ctx, ws) })
	return l.wrap("recording what was done", err)
}

// enter writes entries in the place of those of the same action, and with them
// in one transaction what they change of what limits count.
func (l *Ledger) enter(ctx context.Context, s record.Scope, es []record.Entry, consume bool, write func([]Write) error) error {
	for len(es) > 0 {
		var n int
		err := again(ctx, func() error {
			b, err := l.batch(ctx, s, es[:min(len(es), atOnce)], consume)
			if err != nil {
				return err
			}
			n = b.n
			return write(b.writes())
		})
		if err != nil {
			return err
		}
		es = es[n:]
	}
	return ctx.Err()
}

// batch is a transaction that is being put together.
type batch struct {
	scope   record.Scope
	n       int           // the entries that are in it
	items   map[Key]Item  // what there was
	entries map[Key]Write // what there will be
	size    int
	counts  map[Key]*Write // of tallies, gates and reservations
}

// batch reads what there is of entries, and puts as many as fit into a batch.
func (l *Ledger) batch(ctx context.Context, s record.Scope, es []record.Entry, consume bool) (*batch, error) {
	var keys []Key
	var lines []line
	for _, e := range es {
		ln, err := newLine(s, e)
		if err != nil {
			return nil, err
		}
		lines = append(lines, ln)
		keys = append(keys, ln.key)
		if consume {
			keys = append(keys, ln.reservation)
		}
	}
	items, err := l.get(ctx, keys)
	if err != nil {
		return nil, err
	}
	b := &batch{scope: s, items: items, entries: map[Key]Write{}, counts: map[Key]*Write{}}
	for _, ln := range lines {
		// An entry, its tally and the one before, a gate and a reservation.
		if len(b.entries)+len(b.counts)+5 >= MaxWrites || b.n > 0 && b.size+ln.item.size() > maxBytes {
			break
		}
		b.add(ln, consume)
	}
	return b, nil
}

// line is an entry as it will be written.
type line struct {
	record.Entry
	key, gate, reservation Key
	limit, word            string
	item                   Item
}

func newLine(s record.Scope, e record.Entry) (line, error) {
	ln := line{Entry: e, word: e.Action.String()}
	name, err := limit(record.LimitKey{Policy: e.Policy, Action: e.Action})
	if err != nil {
		return ln, err
	}
	ln.limit = name
	ln.key = Key{of("run", s, e.Run), key(e.Policy, e.ARN, ln.word, e.Step)}
	ln.gate = Key{of("gates", s), name}
	ln.reservation = Key{of("reserved", s), part(e.Run) + between + name}
	before, err := pack(e.Before) // kept to the letter, which JSON within JSON is not
	if err != nil {
		return ln, err
	}
	e.Before = nil
	body, err := packJSON(e)
	ln.item = Item{AttrPK: ln.key.PK, AttrSK: ln.key.SK, AttrHistory: of("history", s), AttrResource: of("resource", s, e.ARN),
		AttrAt: stamp(e.At), "state": string(e.State), "body": body, "before": before}
	return ln, err
}

// add puts an entry into the batch.
func (b *batch) add(ln line, consume bool) {
	b.n++
	b.size += ln.item.size()
	before, there := b.items[ln.key]
	w, again := b.entries[ln.key]
	if !again {
		w.Key = ln.key
		w.If = [][]Test{{{Attr: AttrPK, Is: Absent}}}
		if there {
			w.If = [][]Test{{{Attr: "state", Is: Equal, Value: before["state"]}, {Attr: AttrAt, Is: Equal, Value: before[AttrAt]}}}
		}
	}
	w.Set = ln.item
	b.entries[ln.key] = w
	b.items[ln.key] = ln.item

	counted := there && record.Counts(plan.State(before.text("state")))
	counts := record.Counts(ln.State)
	if counted {
		b.tally(ln, before.text(AttrAt), -1)
	}
	if !counts {
		return
	}
	b.tally(ln, stamp(ln.At), 1)
	reserved := b.items[ln.reservation]
	switch {
	case counted && before.text(AttrAt) >= stamp(ln.At): // it takes no more room than it did
	case counted || !consume || reserved.number("n") <= 0:
		b.fill(ln)
	default:
		left := maps.Clone(reserved)
		left["n"] = reserved.number("n") - 1
		b.items[ln.reservation] = left
		c := b.change(ln.reservation, nil, map[string]int64{"n": -1})
		c.If = [][]Test{{{Attr: "n", Is: AtLeast, Value: -c.Add["n"]}}}
		if reserved.text(AttrAt) < stamp(ln.At) { // it may have been too old to count
			b.fill(ln)
		}
	}
}

// fill adds what takes room and was not reserved to its gate.
func (b *batch) fill(ln line) {
	b.change(ln.gate, Item{"policy": valid(ln.Policy), "action": ln.word}, map[string]int64{"n": 1, "version": 1})
}

// tally counts an entry at a time, or no longer.
func (b *batch) tally(ln line, at string, n int64) {
	k := Key{of("used", b.scope) + between + ln.limit, at + between + part(ln.Run)}
	b.change(k, Item{AttrTTL: forget(moment(at).Add(keepCounted))}, map[string]int64{"n": n})
}

// change adds to numbers of an item.
func (b *batch) change(k Key, set Item, add map[string]int64) *Write {
	w := b.counts[k]
	if w == nil {
		w = &Write{Key: k, Kind: Update, Set: set, Add: map[string]int64{}}
		b.counts[k] = w
	}
	for name, n := range add {
		w.Add[name] += n
	}
	return w
}

func (b *batch) writes() []Write {
	ws := slices.Collect(maps.Values(b.entries))
	for _, w := range b.counts {
		if len(w.Add) == 1 && w.Add["n"] == 0 {
			continue // it comes out as it was
		}
		ws = append(ws, *w)
	}
	return ws
}

// History implements record.Ledger. That of all resources and of one is read
// from an index, which may be a second behind; that of a run is not.
func (l *Ledger) History(ctx context.Context, s record.Scope, arn, run string, limit int) ([]record.Entry, error) {
	if limit <= 0 {
		return nil, l.wrap("reading the history", ctx.Err())
	}
	q := Query{Index: IndexByTime, PK: of("history", s), Newest: true, Limit: limit}
	switch {
	case run != "":
		q = Query{PK: of("run", s, run)}
	case arn != "":
		q = Query{Index: IndexByResource, PK: of("resource", s, arn), Newest: true, Limit: limit}
	}
	items, err := l.table.Query(ctx, q)
	if err != nil {
		return nil, l.wrap("reading the history", err)
	}
	var out []record.Entry
	for _, i := range items {
		if arn != "" && i.text(AttrResource) != of("resource", s, arn) {
			continue
		}
		e, err := entry(i)
		if err != nil {
			return nil, l.wrap("reading the history", err)
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b record.Entry) int { return b.At.Compare(a.At) })
	return out[:min(len(out), limit)], nil
}

// entry reads what newLine wrote.
func entry(i Item) (e record.Entry, err error) {
	before, err := unpack(i["before"])
	if err = errors.Join(err, unpackJSON(i["body"], &e)); err != nil {
		return e, err
	}
	if len(before) > 0 {
		e.Before = before
	}
	return e, nil
}
