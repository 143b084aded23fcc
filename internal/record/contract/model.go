package contract

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

// model is a scope as plainly as it can be said: maps that are walked whole,
// and each rule written out here again instead of taken from package record.
type model struct {
	cases    map[cases.Key]*cases.Case
	open     string
	entries  map[place]record.Entry
	reserved map[place]record.Entry // one for each action, with a number for its Step
	holds    map[place]record.Hold
	parcels  []record.Parcel
	claims   map[string]claimed
}

// claimed is who has a key, or has done what it stands for.
type claimed struct {
	run   string
	done  bool
	until time.Time
}

// place is what one thing of a run is known by. Fields that do not apply are
// left empty.
type place struct {
	run, policy, arn string
	action           action.Kind
	step             string
}

func newModel() *model {
	return &model{
		cases: map[cases.Key]*cases.Case{}, entries: map[place]record.Entry{},
		reserved: map[place]record.Entry{}, holds: map[place]record.Hold{},
		claims: map[string]claimed{},
	}
}

func placeOf(e record.Entry) place { return place{e.Run, e.Policy, e.ARN, e.Action, e.Step} }

func (m *model) used(since time.Time) map[record.LimitKey]int {
	out := map[record.LimitKey]int{}
	for _, e := range m.entries {
		if (e.State == plan.Planned || e.State == plan.Done) && e.At.After(since) {
			out[record.LimitKey{Policy: e.Policy, Action: e.Action}]++
		}
	}
	for _, e := range m.reserved {
		if e.At.After(since) {
			out[record.LimitKey{Policy: e.Policy, Action: e.Action}]++
		}
	}
	return out
}

// reserve takes room one action at a time and says whether there was enough.
func (m *model) reserve(run string, rs []record.Reservation, number func() string, now time.Time) bool {
	used := m.used(now.Add(-24 * time.Hour))
	for _, r := range rs {
		used[r.LimitKey] += r.N
	}
	for _, r := range rs {
		if r.N > 0 && r.Limit >= 0 && used[r.LimitKey] > r.Limit {
			return false
		}
	}
	for _, r := range rs {
		for p, e := range m.reserved { // what a run reserves has one age
			if p.run == run && p.policy == r.Policy && p.action == r.Action {
				e.At = now
				m.reserved[p] = e
			}
		}
		for range r.N {
			e := record.Entry{Run: run, Policy: r.Policy, Action: r.Action, Step: number(), At: now}
			m.reserved[placeOf(e)] = e
		}
	}
	return true
}

func (m *model) intend(run string, i record.Intent, now time.Time) {
	e := record.Entry{Run: run, At: now, Policy: i.Policy, ARN: i.ARN, Action: i.Action, Step: i.Step, State: plan.Planned}
	before, ok := m.entries[placeOf(e)]
	m.entries[placeOf(e)] = e
	if ok && (before.State == plan.Planned || before.State == plan.Done) {
		return
	}
	for p := range m.reserved {
		if p.run == run && p.policy == i.Policy && p.action == i.Action {
			delete(m.reserved, p)
			return
		}
	}
}

func (m *model) end(run string) {
	if m.open == run {
		m.open = ""
	}
	for p := range m.reserved {
		if p.run == run {
			delete(m.reserved, p)
		}
	}
}

func (m *model) hold(h record.Hold) {
	p := place{run: h.Run, policy: h.Policy, action: h.Action}
	h.Released, h.Used = m.holds[p].Released, m.holds[p].Used
	m.holds[p] = h
}

func (m *model) release(run string, now time.Time) []record.Hold {
	var out []record.Hold
	for p, h := range m.holds {
		if p.run == run && h.Used.IsZero() && now.Sub(h.At) <= 24*time.Hour {
			h.Released = now
			if now.Before(h.At) {
				h.Released = h.At
			}
			m.holds[p] = h
			out = append(out, h)
		}
	}
	return out
}

func (m *model) use(k record.HoldKey, now time.Time) {
	for p, h := range m.holds {
		if p.run == k.Run && p.policy == k.Policy && p.action == k.Action && !h.Released.IsZero() && h.Used.IsZero() && now.Sub(h.Released) <= 24*time.Hour {
			h.Used = now
			m.holds[p] = h
		}
	}
}

func (m *model) remembered(now time.Time, remember time.Duration) []*cases.Case {
	var out []*cases.Case
	for _, c := range m.cases {
		if c.Closed.IsZero() || now.Sub(c.Closed) <= remember {
			out = append(out, c)
		}
	}
	return out
}

// claim hands a key out unless somebody has it, or has done it.
func (m *model) claim(key, run string, now, until time.Time) record.Claimed {
	if c, ok := m.claims[key]; ok && c.until.After(now) {
		if c.done {
			return record.Concluded
		}
		if c.run != run {
			return record.Taken
		}
	}
	m.claims[key] = claimed{run: run, until: until}
	return record.Yours
}

// conclude says whether the claim was the run's still.
func (m *model) conclude(key, run string, done bool, until time.Time) bool {
	c, ok := m.claims[key]
	if ok && c.run != run {
		return false
	}
	if done {
		m.claims[key] = claimed{run, true, until}
	} else if !c.done {
		delete(m.claims, key)
	}
	return true
}
