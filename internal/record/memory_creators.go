package record

import (
	"context"
	"slices"
	"time"
)

// Covered implements Ledger.
func (m *Memory) Covered(ctx context.Context, s Scope, w Sweep) ([]Stretch, error) {
	var out []Stretch
	err := m.in(ctx, s, func(mem *memory) error {
		out = slices.Clone(mem.covered[w])
		return nil
	})
	return out, err
}

// Learn implements Ledger.
func (m *Memory) Learn(ctx context.Context, s Scope, w Sweep, read Stretch, made []Made) error {
	return m.in(ctx, s, func(mem *memory) error {
		mem.covered[w] = Join(mem.covered[w], read)
		for _, e := range made {
			at := slices.IndexFunc(mem.made[e.Key], func(o Made) bool { return byAge(o, e) == 0 })
			if at < 0 {
				mem.made[e.Key] = append(mem.made[e.Key], e)
				continue
			}
			mem.made[e.Key][at] = e
		}
		return nil
	})
}

// Makers implements Ledger.
func (m *Memory) Makers(ctx context.Context, s Scope, keys []string) (map[string][]Made, error) {
	out := map[string][]Made{}
	err := m.in(ctx, s, func(mem *memory) error {
		for _, k := range keys {
			if es := mem.made[k]; len(es) > 0 {
				out[k] = slices.SortedFunc(slices.Values(es), byAge)
			}
		}
		return nil
	})
	return out, err
}

// Wonder implements Ledger.
func (m *Memory) Wonder(ctx context.Context, s Scope, keys []string, now time.Time) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	err := m.in(ctx, s, func(mem *memory) error {
		for _, k := range keys {
			if _, ok := mem.wondered[k]; !ok {
				mem.wondered[k] = now.UTC()
			}
			out[k] = mem.wondered[k]
		}
		return nil
	})
	return out, err
}
