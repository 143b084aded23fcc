package plan

import (
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// deadline is the earliest one of a resource, and what must happen in this
// run for it to be one.
type deadline struct {
	action  action.Kind
	step    string
	at      time.Time
	policy  string
	needs   string
	finding int
}

// NoticeNeeded is the value of Action.Needs for a deadline that begins with a
// notice of this very run.
const NoticeNeeded = "notice"

// consider takes a waiting step's time into account for the mark.
func (d *decision) consider(f *Finding, t cases.Timing, a Action) {
	if a.State != Waiting || t.At.IsZero() || t.At.Before(d.c.Now) || strings.HasPrefix(a.Reason, willBeHeld) {
		return
	}
	needs := ""
	if !t.Clock {
		switch t.Why.Code {
		case "awaiting-notice":
			needs = NoticeNeeded
		case "awaiting-step":
			needs = t.Step.Step.Since
			if !will(f, needs) {
				return
			}
		default:
			return
		}
	}
	if d.deadline == nil || t.At.Before(d.deadline.at) {
		d.deadline = &deadline{action: a.Action, step: a.Step, at: t.At, policy: f.Policy, needs: needs, finding: len(d.findings)}
	}
}

// will says whether a step is to be done in this run.
func will(f *Finding, step string) bool {
	for i := range f.Actions {
		a := &f.Actions[i]
		if a.Step == step {
			return a.State == Planned || a.Code == reason.Already
		}
	}
	return false
}

// mark makes the resource show its earliest deadline: the tag is written where
// it is missing, out of date or was edited, and removed where there is nothing
// to show any more.
func (d *decision) mark() {
	key := d.c.Set.Settings.Mark
	if key == "" {
		return
	}
	r := d.g.resource
	d.others()
	switch {
	case d.deadline != nil:
		want := cases.Mark(d.deadline.action, d.deadline.at, d.c.Set.Settings.Zone, d.deadline.policy)
		if want == r.MarkValue() || d.ending() {
			return
		}
		a := Action{Action: action.Mark, State: Planned, Tags: tag.Set{key: want}, Needs: d.deadline.needs, Step: d.deadline.step, At: d.c.Now}
		if r.MarkValue() == "" && len(r.Tags().User()) >= tag.MaxPerResource {
			a.State, a.Code, a.Reason = Skipped, reason.TagLimit, "it has all the tags that AWS allows, so the deadline cannot be shown on it"
		}
		d.attach(d.deadline.finding, a)
	case d.c.staleMark(r) && !d.observed() && !d.ending():
		d.attach(0, Action{Action: action.Unmark, State: Planned, Keys: []string{key}, At: d.c.Now})
	}
}

// others takes the announced deadlines of policies into account that are not
// judged in this run.
func (d *decision) others() {
	if len(d.c.Only) == 0 {
		return
	}
	judged := map[string]bool{}
	for _, name := range d.c.Only {
		judged[name] = true
	}
	for name, k := range d.c.Cases.Of(d.g.resource.Ref().ARN) {
		p := d.c.policy(name)
		if judged[name] || !k.Open() || p == nil {
			continue
		}
		for step, at := range k.Deadlines {
			s, ok := p.Step(step)
			if ok && at.After(d.c.Now) && (d.deadline == nil || at.Before(d.deadline.at)) {
				d.deadline = &deadline{action: s.Action, step: step, at: at, policy: name}
			}
		}
	}
}

// ending says whether the resource is about to be ended, after which no mark
// is read by anybody.
func (d *decision) ending() bool {
	end := false
	d.planned(func(_ *Finding, a *Action) { end = end || a.Action == action.Terminate })
	return end
}

// observed says whether an observing policy is all that concerns the mark:
// what only observes writes nothing.
func (d *decision) observed() bool {
	p := d.c.policy(markPolicy(d.g.resource.MarkValue()))
	return p != nil && p.Mode == policy.Observe && d.c.Cases.Get(p.Name, d.g.resource.Ref().ARN) == nil
}

// attach adds an action to a finding, or to one made for it where the resource
// has none.
func (d *decision) attach(i int, a Action) {
	if i < len(d.findings) {
		d.findings[i].Actions = append(d.findings[i].Actions, a)
		return
	}
	r := d.g.resource
	d.findings = append(d.findings, Finding{
		Policy: markPolicy(r.MarkValue()), Mode: policy.Enforce, Status: eval.Compliant, Reasons: []eval.Reason{}, Actions: []Action{a},
		Resource: Resource{Ref: r.Ref(), Name: r.Tags()["Name"], Tags: r.Tags().Clone()},
	})
}

// staleMark says whether the resource bears a mark of ours. Marks are never
// read to decide what is due, but one that names a policy or case of ours is
// ours to remove.
func (c *Context) staleMark(r resource.Resource) bool {
	if c.Set.Settings.Mark == "" || r.MarkValue() == "" {
		return false
	}
	name := markPolicy(r.MarkValue())
	if len(c.Only) > 0 {
		return c.judged(name)
	}
	return name != "" && (c.policy(name) != nil || c.Cases.Get(name, r.Ref().ARN) != nil)
}

func (c *Context) judged(name string) bool {
	for _, n := range c.Only {
		if n == name {
			return true
		}
	}
	return false
}

func (c *Context) policy(name string) *policy.Policy {
	for _, p := range c.Set.Policies {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// markPolicy is the policy that a mark names: what follows " by ".
func markPolicy(mark string) string {
	if i := strings.LastIndex(mark, " by "); i >= 0 {
		return mark[i+len(" by "):]
	}
	return ""
}
