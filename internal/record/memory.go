package record

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// Memory is a Ledger that forgets everything with the process: what
// "ledger: none" asks for, and what rehearsals use. Its runs exclude those of
// the same Memory only.
type Memory struct {
	mu     sync.Mutex
	scopes map[Scope]*memory
	parcel int64 // the last id given
}

var _ Ledger = (*Memory)(nil)

// NewMemory returns an empty ledger.
func NewMemory() *Memory { return &Memory{scopes: map[Scope]*memory{}} }

// memory is what is known of one scope.
type memory struct {
	cases    map[cases.Key]*cases.Case
	run      *RunInfo // the open one
	entries  []Entry  // oldest first
	index    map[entryKey]int
	reserved map[reserveKey]reserved
	holds    []Hold
	parcels  []Parcel
	covered  map[Sweep][]Stretch
	made     map[string][]Made
	wondered map[string]time.Time
	claims   map[string]claim
}

// entryKey is what an intent and its outcome have in common.
type entryKey struct {
	run, policy, arn string
	action           action.Kind
	step             string
}

func (e Entry) key() entryKey {
	return entryKey{run: e.Run, policy: e.Policy, arn: e.ARN, action: e.Action, step: e.Step}
}

type reserveKey struct {
	run string
	LimitKey
}

// reserved is room that was taken and not intended yet.
type reserved struct {
	n  int
	at time.Time
}

// in runs f on the scope's memory, alone. A call whose context has ended does
// nothing, as with a ledger that is further away.
func (m *Memory) in(ctx context.Context, s Scope, f func(*memory) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("using the ledger: %w", err)
	}
	mem := m.scopes[s]
	if mem == nil {
		mem = &memory{
			cases:    map[cases.Key]*cases.Case{},
			index:    map[entryKey]int{},
			reserved: map[reserveKey]reserved{},
			covered:  map[Sweep][]Stretch{},
			made:     map[string][]Made{},
			wondered: map[string]time.Time{},
			claims:   map[string]claim{},
		}
		m.scopes[s] = mem
	}
	return f(mem)
}

// Cases implements Ledger.
func (m *Memory) Cases(ctx context.Context, s Scope, now time.Time, remember time.Duration) ([]*cases.Case, error) {
	var out []*cases.Case
	err := m.in(ctx, s, func(mem *memory) error {
		for _, c := range mem.cases {
			if c.Closed.IsZero() || !c.Closed.Before(now.Add(-remember)) {
				out = append(out, c.Clone())
			}
		}
		return nil
	})
	return out, err
}

// SaveCases implements Ledger.
func (m *Memory) SaveCases(ctx context.Context, s Scope, cs []*cases.Case) error {
	return m.in(ctx, s, func(mem *memory) error {
		for _, c := range cs {
			mem.cases[c.Key()] = c.Clone()
		}
		return nil
	})
}

// Begin implements Ledger.
func (m *Memory) Begin(ctx context.Context, s Scope, r RunInfo) error {
	return m.in(ctx, s, func(mem *memory) error {
		if r.Event {
			return nil
		}
		if mem.run != nil {
			return fmt.Errorf("beginning run %s: %w", r.ID, Busy(*mem.run))
		}
		mem.run = &r
		return nil
	})
}

// End implements Ledger.
func (m *Memory) End(ctx context.Context, s Scope, run string, _ time.Time) error {
	return m.in(ctx, s, func(mem *memory) error {
		if mem.run != nil && mem.run.ID == run {
			mem.run = nil
		}
		for k := range mem.reserved {
			if k.run == run {
				delete(mem.reserved, k)
			}
		}
		return nil
	})
}

// Used implements Ledger.
func (m *Memory) Used(ctx context.Context, s Scope, since time.Time) (map[LimitKey]int, error) {
	var out map[LimitKey]int
	err := m.in(ctx, s, func(mem *memory) error {
		out = mem.used(since)
		return nil
	})
	return out, err
}

func (mem *memory) used(since time.Time) map[LimitKey]int {
	out := map[LimitKey]int{}
	for _, e := range mem.entries {
		if Counts(e.State) && e.At.After(since) {
			out[LimitKey{Policy: e.Policy, Action: e.Action}]++
		}
	}
	for k, r := range mem.reserved {
		if r.n > 0 && r.at.After(since) {
			out[k.LimitKey] += r.n
		}
	}
	return out
}

// Reserve implements Ledger.
func (m *Memory) Reserve(ctx context.Context, s Scope, run string, rs []Reservation, now time.Time) error {
	return m.in(ctx, s, func(mem *memory) error {
		if err := Fit(mem.used(now.Add(-Window)), rs); err != nil {
			return fmt.Errorf("reserving room under the limits: %w", err)
		}
		for _, r := range rs {
			k := reserveKey{run: run, LimitKey: r.LimitKey}
			mem.reserved[k] = reserved{n: mem.reserved[k].n + r.N, at: now}
		}
		return nil
	})
}

// Intend implements Ledger.
func (m *Memory) Intend(ctx context.Context, s Scope, run string, is []Intent, now time.Time) error {
	return m.in(ctx, s, func(mem *memory) error {
		for _, i := range is {
			e := Entry{Run: run, At: now, Policy: i.Policy, ARN: i.ARN, Action: i.Action, Step: i.Step, State: plan.Planned}
			if at, ok := mem.index[e.key()]; !ok || !Counts(mem.entries[at].State) {
				mem.consume(reserveKey{run: run, LimitKey: LimitKey{Policy: i.Policy, Action: i.Action}})
			}
			mem.put(e)
		}
		return nil
	})
}

// consume turns one reserved action into an intended one.
func (mem *memory) consume(k reserveKey) {
	if r := mem.reserved[k]; r.n > 0 {
		r.n--
		mem.reserved[k] = r
	}
}

// put writes an entry in the place of the one with the same key.
func (mem *memory) put(e Entry) {
	e.Before = slices.Clone(e.Before)
	if at, ok := mem.index[e.key()]; ok {
		mem.entries[at] = e
		return
	}
	mem.index[e.key()] = len(mem.entries)
	mem.entries = append(mem.entries, e)
}

// Finish implements Ledger.
func (m *Memory) Finish(ctx context.Context, s Scope, es []Entry) error {
	return m.in(ctx, s, func(mem *memory) error {
		for _, e := range es {
			mem.put(e)
		}
		return nil
	})
}

// History implements Ledger.
func (m *Memory) History(ctx context.Context, s Scope, arn, run string, limit int) ([]Entry, error) {
	var out []Entry
	err := m.in(ctx, s, func(mem *memory) error {
		for _, e := range slices.Backward(mem.entries) {
			if (arn == "" || e.ARN == arn) && (run == "" || e.Run == run) {
				e.Before = slices.Clone(e.Before)
				out = append(out, e)
			}
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Entry) int { return b.At.Compare(a.At) })
	return out[:min(len(out), max(limit, 0))], err
}
