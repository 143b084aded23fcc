package plan

import (
	"slices"
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
	if a.State != Waiting || a.At.IsZero() || t.At.Before(d.c.Now) || a.WillBeHeld() {
		return
	}
	needs := ""
	if !t.Clock {
		switch t.Why.Code {
		case reason.AwaitingNotice:
			needs = NoticeNeeded
		case reason.AwaitingStep:
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
		if r.MarkValue() == "" && d.full() {
			a.State, a.Code, a.Reason = Skipped, reason.TagLimit, "it has all the tags that AWS allows, so the deadline cannot be shown on it"
		}
		d.attach(d.deadline.finding, a)
	case d.c.staleMark(r) && !d.observed() && !d.ending():
		d.attach(0, Action{Action: action.Unmark, State: Planned, Keys: []string{key}, At: d.c.Now})
	}
}

// others takes the announced deadlines of policies into account that say
// nothing of the resource in this run: they are not judged, or what they look
// at could not be read. Their order is that of the policy files, so that of
// equal deadlines it is always the same that is shown.
func (d *decision) others() {
	of := d.c.Cases.Of(d.g.resource.Ref().ARN)
	if len(of) == 0 {
		return
	}
	for _, p := range d.c.Set.Policies {
		k := of[p.Name]
		if !k.Open() || p.Mode != policy.Enforce || !d.silent(p.Name) {
			continue
		}
		for i := range p.Steps {
			s := &p.Steps[i]
			at := k.Deadlines[s.ID]
			if at.After(d.c.Now) && (d.deadline == nil || at.Before(d.deadline.at)) {
				d.deadline = &deadline{action: s.Action, step: s.ID, at: at, policy: p.Name}
			}
		}
	}
}

// silent says whether a policy says nothing of the resource in this run.
func (d *decision) silent(name string) bool {
	if len(d.c.Only) > 0 && !slices.Contains(d.c.Only, name) {
		return true
	}
	return slices.ContainsFunc(d.g.verdicts, func(v eval.Verdict) bool {
		return v.Policy.Name == name && v.Status == eval.Unknown
	})
}

// ending says whether the resource is about to be ended, after which no mark
// is read by anybody.
func (d *decision) ending() bool {
	end := false
	d.planned(func(_ *Finding, a *Action) { end = end || a.Action == action.Terminate || a.Action == action.Delete })
	return end
}

// observed says whether an observing policy is all that concerns the mark:
// what only observes writes nothing.
func (d *decision) observed() bool {
	p := d.c.Set.Policy(markPolicy(d.g.resource.MarkValue()))
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
		return slices.Contains(c.Only, name)
	}
	return name != "" && (c.Set.Policy(name) != nil || c.renamed(name) || c.Cases.Get(name, r.Ref().ARN) != nil)
}

// renamed says whether a name is an earlier one of some policy.
func (c *Context) renamed(name string) bool {
	return slices.ContainsFunc(c.Set.Policies, func(p *policy.Policy) bool { return slices.Contains(p.Was, name) })
}

// markPolicy is the policy that a mark names: what follows " by ".
func markPolicy(mark string) string {
	if i := strings.LastIndex(mark, " by "); i >= 0 {
		return mark[i+len(" by "):]
	}
	return ""
}
