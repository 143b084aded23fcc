package record

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Hold implements Ledger.
func (m *Memory) Hold(ctx context.Context, s Scope, hs []Hold) error {
	return m.in(ctx, s, func(mem *memory) error {
		for _, h := range hs {
			h = h.clone()
			h.Released, h.Used = time.Time{}, time.Time{}
			at := slices.IndexFunc(mem.holds, func(o Hold) bool {
				return o.Run == h.Run && o.Policy == h.Policy && o.Action == h.Action
			})
			if at < 0 {
				mem.holds = append(mem.holds, h)
				continue
			}
			h.Released, h.Used = mem.holds[at].Released, mem.holds[at].Used
			mem.holds[at] = h
		}
		return nil
	})
}

// Holds implements Ledger.
func (m *Memory) Holds(ctx context.Context, s Scope, since time.Time) ([]Hold, error) {
	var out []Hold
	err := m.in(ctx, s, func(mem *memory) error {
		for _, h := range slices.Backward(mem.holds) {
			if !h.At.Before(since) {
				out = append(out, h.clone())
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Hold) int { return b.At.Compare(a.At) })
	return out, err
}

// Release implements Ledger.
func (m *Memory) Release(ctx context.Context, s Scope, run string, now time.Time) ([]Hold, error) {
	var out []Hold
	err := m.in(ctx, s, func(mem *memory) error {
		for i := range mem.holds {
			if h := &mem.holds[i]; h.Run == run && h.Releasable(now) {
				h.Released = h.ReleaseAt(now)
				out = append(out, h.clone())
			}
		}
		if len(out) == 0 {
			return fmt.Errorf("releasing what run %s held: %w", run, ErrNoRun)
		}
		return nil
	})
	return out, err
}

// UseReleases implements Ledger.
func (m *Memory) UseReleases(ctx context.Context, s Scope, ks []HoldKey, now time.Time) error {
	return m.in(ctx, s, func(mem *memory) error {
		for i := range mem.holds {
			if h := &mem.holds[i]; slices.Contains(ks, h.Key()) && h.Usable(now) {
				h.Used = now
			}
		}
		return nil
	})
}

// Post implements Ledger.
func (m *Memory) Post(ctx context.Context, s Scope, ps []Parcel) error {
	return m.in(ctx, s, func(mem *memory) error {
		for _, p := range ps {
			m.parcel++
			p.ID, p.Item = m.parcel, slices.Clone(p.Item)
			mem.parcels = append(mem.parcels, p)
		}
		return nil
	})
}

// Parcels implements Ledger.
func (m *Memory) Parcels(ctx context.Context, s Scope) ([]Parcel, error) {
	var out []Parcel
	err := m.in(ctx, s, func(mem *memory) error {
		for _, p := range mem.parcels {
			p.Item = slices.Clone(p.Item)
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// Delivered implements Ledger.
func (m *Memory) Delivered(ctx context.Context, s Scope, ids []int64) error {
	return m.in(ctx, s, func(mem *memory) error {
		mem.parcels = slices.DeleteFunc(mem.parcels, func(p Parcel) bool { return slices.Contains(ids, p.ID) })
		return nil
	})
}

// Close implements Ledger; there is nothing to let go.
func (m *Memory) Close() error { return nil }
