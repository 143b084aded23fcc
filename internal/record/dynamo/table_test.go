package dynamo_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// table is a table in memory that refuses what DynamoDB refuses.
type table struct {
	mu    sync.Mutex
	items map[dynamo.Key]dynamo.Item
	// partitions are the keys of the items that have a value as the hash key of
	// the table or of an index, by that key's name.
	partitions map[[2]string]map[dynamo.Key]bool
	// before, where there is one, is called before each transaction; its error is
	// the transaction's.
	before func(ws []dynamo.Write) error
	writes int // the transactions
	reads  int // the calls that read
}

func newTable() *table {
	return &table{items: map[dynamo.Key]dynamo.Item{}, partitions: map[[2]string]map[dynamo.Key]bool{}}
}

// set puts an item in its place, or takes it out where it is nil.
func (t *table) set(k dynamo.Key, i dynamo.Item) {
	for _, name := range []string{dynamo.AttrPK, dynamo.AttrHistory, dynamo.AttrResource} {
		if v, ok := t.items[k][name].(string); ok {
			delete(t.partitions[[2]string{name, v}], k)
		}
		if v, ok := i[name].(string); ok {
			place := [2]string{name, v}
			if t.partitions[place] == nil {
				t.partitions[place] = map[dynamo.Key]bool{}
			}
			t.partitions[place][k] = true
		}
	}
	if i == nil {
		delete(t.items, k)
	} else {
		t.items[k] = i
	}
}

// errRefused is what DynamoDB calls a ValidationException.
var errRefused = errors.New("DynamoDB refuses the request")

func (t *table) Get(ctx context.Context, keys []dynamo.Key) ([]dynamo.Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads++
	seen := map[dynamo.Key]bool{}
	var out []dynamo.Item
	for _, k := range keys {
		if seen[k] {
			return nil, fmt.Errorf("%w: %v is asked for twice", errRefused, k)
		}
		seen[k] = true
		if i, ok := t.items[k]; ok {
			out = append(out, maps.Clone(i))
		}
	}
	return out, ctx.Err()
}

func (t *table) Query(ctx context.Context, q dynamo.Query) ([]dynamo.Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads++
	pk, sk := dynamo.AttrPK, dynamo.AttrSK
	switch q.Index {
	case dynamo.IndexByTime:
		pk, sk = dynamo.AttrHistory, dynamo.AttrAt
	case dynamo.IndexByResource:
		pk, sk = dynamo.AttrResource, dynamo.AttrAt
	}
	var out []dynamo.Item
	for k := range t.partitions[[2]string{pk, q.PK}] {
		i := t.items[k]
		if at, ok := i[sk].(string); ok && at >= q.From && (q.To == "" || at <= q.To) {
			out = append(out, maps.Clone(i))
		}
	}
	slices.SortFunc(out, func(a, b dynamo.Item) int { return cmp.Compare(a[sk].(string), b[sk].(string)) })
	if q.Newest {
		slices.Reverse(out)
	}
	if q.Limit > 0 {
		out = out[:min(len(out), q.Limit)]
	}
	return out, ctx.Err()
}

func (t *table) Write(ctx context.Context, ws []dynamo.Write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.before != nil {
		if err := t.before(ws); err != nil {
			return err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	if len(ws) == 0 || len(ws) > dynamo.MaxWrites {
		return fmt.Errorf("%w: %d writes", errRefused, len(ws))
	}
	after := map[dynamo.Key]dynamo.Item{}
	for n, w := range ws {
		if _, again := after[w.Key]; again {
			return fmt.Errorf("%w: %v is written twice", errRefused, w.Key)
		}
		before := t.items[w.Key]
		if len(w.If) > 0 && !slices.ContainsFunc(w.If, func(tests []dynamo.Test) bool { return holds(before, tests) }) {
			return &dynamo.ConditionError{At: n}
		}
		i, err := changed(before, w)
		if err != nil {
			return err
		}
		after[w.Key] = i
	}
	for k, i := range after {
		t.set(k, i)
	}
	return nil
}

func holds(i dynamo.Item, tests []dynamo.Test) bool {
	for _, test := range tests {
		v, there := i[test.Attr]
		ok := !there
		if test.Is != dynamo.Absent {
			c := compare(v, test.Value)
			ok = there && (c == 0 || test.Is == dynamo.AtMost && c < 0 || test.Is == dynamo.AtLeast && c > 0)
		}
		if !ok {
			return false
		}
	}
	return true
}

// compare is 2 for values of two types, which DynamoDB finds neither equal nor
// in order.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	}
	return 2
}

// changed is the item after a write; nil where there is none.
func changed(before dynamo.Item, w dynamo.Write) (dynamo.Item, error) {
	i := dynamo.Item{}
	switch w.Kind {
	case dynamo.Check:
		if len(w.If) == 0 {
			return nil, fmt.Errorf("%w: a check of nothing", errRefused)
		}
		return before, nil
	case dynamo.Delete:
		return nil, nil
	case dynamo.Update:
		if len(w.Set)+len(w.Add) == 0 {
			return nil, fmt.Errorf("%w: an update of nothing", errRefused)
		}
		maps.Copy(i, before)
	}
	maps.Copy(i, w.Set)
	i[dynamo.AttrPK], i[dynamo.AttrSK] = w.PK, w.SK
	for name, n := range w.Add {
		old, _ := i[name].(int64)
		i[name] = old + n
	}
	return i, acceptable(i)
}

// acceptable says what DynamoDB has against an item.
func acceptable(i dynamo.Item) error {
	size := 0
	for name, v := range i {
		size += len(name)
		switch v := v.(type) {
		case string:
			size += len(v)
			if !utf8.ValidString(v) {
				return fmt.Errorf("%w: %s is not UTF-8", errRefused, name)
			}
		case []byte:
			size += len(v)
		case int64:
			size += 21
		default:
			return fmt.Errorf("%w: %s is a %T", errRefused, name, v)
		}
	}
	if size > 400<<10 {
		return fmt.Errorf("%w: an item of %d bytes", errRefused, size)
	}
	for name, most := range map[string]int{dynamo.AttrPK: 2048, dynamo.AttrSK: 1024, dynamo.AttrHistory: 2048, dynamo.AttrResource: 2048, dynamo.AttrAt: 1024} {
		v, there := i[name]
		if s, ok := v.(string); there && (!ok || s == "" || len(s) > most) {
			return fmt.Errorf("%w: the key %s is %q", errRefused, name, v)
		}
	}
	return nil
}

func (t *table) Put(ctx context.Context, items []dynamo.Item) error {
	for _, i := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := acceptable(i); err != nil {
			return err
		}
		t.mu.Lock()
		t.set(i.Key(), maps.Clone(i))
		t.mu.Unlock()
	}
	return nil
}

func (t *table) Update(ctx context.Context, sets map[dynamo.Key]dynamo.Item) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, set := range sets {
		if err := ctx.Err(); err != nil {
			return err
		}
		i, err := changed(t.items[k], dynamo.Write{Key: k, Kind: dynamo.Update, Set: set})
		if err != nil {
			return err
		}
		t.set(k, i)
	}
	return nil
}

func (t *table) Delete(ctx context.Context, keys []dynamo.Key) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() == nil {
		for _, k := range keys {
			t.set(k, nil)
		}
	}
	return ctx.Err()
}

func (t *table) Count(ctx context.Context, k dynamo.Key, attr string, n int64) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	i, err := changed(t.items[k], dynamo.Write{Key: k, Kind: dynamo.Update, Add: map[string]int64{attr: n}})
	t.set(k, i)
	return i[attr].(int64), err
}
