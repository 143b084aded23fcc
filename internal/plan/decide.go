package plan

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// group is one resource and the verdicts on it about which there is something
// to say. Everything that is weighed against each other is in one group.
type group struct {
	resource resource.Resource
	verdicts []eval.Verdict
	keeps    []keep
	rests    []keep        // only where something is deleted
	of       *resource.Ref // what a child belongs to
}

// keep is what an enforced policy relies on: tags that are as it overwrites
// them, or keys that it wants to be there.
type keep struct {
	policy string
	tags   tag.Set
	keys   []string
}

// group keeps the verdicts worth keeping, nil where there is none and the mark
// is as it should be.
func (c *Context) group(r resource.Resource, verdicts []eval.Verdict) *group {
	if r.Ended() {
		return nil
	}
	g := group{resource: r}
	for i := range verdicts {
		v := &verdicts[i]
		if v.Keeps != nil && v.Policy.Mode == policy.Enforce {
			g.keeps = append(g.keeps, keep{policy: v.Policy.Name, tags: v.Keeps})
		}
		if notable(v) {
			g.verdicts = append(g.verdicts, *v)
		}
	}
	if len(g.verdicts) == 0 && !c.staleMark(r) {
		return nil
	}
	g.wants(verdicts)
	kept := g // only what is kept is put on the heap
	return &kept
}

// wants gathers the keys that enforced policies want to be there, where some
// policy deletes any.
func (g *group) wants(verdicts []eval.Verdict) {
	if !slices.ContainsFunc(g.verdicts, deletes) {
		return
	}
	for i := range verdicts {
		v := &verdicts[i]
		if v.Policy.Mode != policy.Enforce || v.Status == eval.OutOfScope || v.Status == eval.Exempt {
			continue
		}
		keys := slices.Clone(v.Rests)
		for j := range v.Policy.Tags {
			if rule := &v.Policy.Tags[j]; rule.Required || rule.Value != nil {
				keys = append(keys, rule.Key)
			}
		}
		g.rests = append(g.rests, keep{policy: v.Policy.Name, keys: keys})
	}
}

// deletes says whether a policy may delete tags of the resource.
func deletes(v eval.Verdict) bool {
	return len(v.Fix.Delete) > 0 || slices.ContainsFunc(v.Steps, func(s eval.StepVerdict) bool { return len(s.Step.Keys) > 0 })
}

// notable says whether a verdict makes a finding. An exemption does only when
// there is something to write, or something that a person should look at.
func notable(v *eval.Verdict) bool {
	switch v.Status {
	case eval.Violating, eval.Fixable, eval.Unknown:
		return true
	case eval.Exempt:
		// The first reason is that of the exemption, any other why it is not
		// stamped.
		return !v.Fix.Empty() || len(v.Reasons) > 1 || len(v.Reasons) > 0 && v.Reasons[0].Code == reason.ExemptUnknown
	default:
		return false
	}
}

// decide makes the findings of one resource: what each policy wants, then what
// is left of it when they are weighed against each other.
func (c *Context) decide(g *group) []Finding {
	d := decision{c: c, g: g}
	for i := range g.verdicts {
		d.want(&g.verdicts[i])
	}
	d.conflicts()
	d.supersede()
	d.room()
	d.renames()
	d.mark()
	return d.findings
}

// decision is the work on one group.
type decision struct {
	c        *Context
	g        *group
	findings []Finding
	deadline *deadline
}

// want lists what one policy wants done to the resource. Of the tags of what is
// unknown those that are certain are repaired, and people are told: an owner is
// stamped though the table of departments cannot be read.
func (d *decision) want(v *eval.Verdict) {
	k := d.c.Cases.Get(v.Policy.Name, d.g.resource.Ref().ARN)
	f := d.c.finding(v, k)
	f.Of = d.g.of
	if v.Policy.Mode == policy.Enforce {
		f.Actions = append(f.Actions, fixes(v, Planned)...)
		d.steps(&f, v, k)
	} else {
		f.Actions = append(f.Actions, fixes(v, Would)...)
		if v.Status != eval.Unknown {
			d.forecast(&f, v, k)
		}
	}
	d.findings = append(d.findings, f)
}

// fixes are the actions that repair tags: what is written before what is
// deleted, so that a value being renamed is never nowhere.
func fixes(v *eval.Verdict, s State) []Action {
	var out []Action
	if len(v.Fix.Set) > 0 {
		out = append(out, Action{Action: action.Tag, State: s, Tags: v.Fix.Set.Clone()})
	}
	if len(v.Fix.Delete) > 0 {
		keys := slices.Sorted(slices.Values(v.Fix.Delete))
		out = append(out, Action{Action: action.Untag, State: s, Keys: slices.Compact(keys)})
	}
	return out
}

// steps adds the policy's steps under enforce.
func (d *decision) steps(f *Finding, v *eval.Verdict, k *cases.Case) {
	for i := range v.Steps {
		if u := v.Steps[i].Unknown; u != nil {
			s := v.Steps[i].Step
			f.Actions = append(f.Actions, Action{Action: s.Action, Step: s.ID, State: Skipped, Code: u.Code, Reason: u.Text})
		}
	}
	timings := cases.Schedule(v, k, d.c.Now)
	for _, t := range timings {
		if t.Step.Step.Action == action.Notify {
			if t.Due {
				f.Actions = append(f.Actions, d.notice(v, t.Step, k, timings))
			} else {
				a := d.stepAction(t)
				a.State, a.Clock, a.To, a.Address = Waiting, t.Clock, t.Step.Channel, t.Step.Address
				f.Actions = append(f.Actions, a)
			}
			continue
		}
		a := d.stepAction(t)
		d.settle(&a, v, t)
		if backup := d.insure(&a, t, k); backup != nil {
			f.Actions = append(f.Actions, *backup)
		}
		f.Actions = append(f.Actions, a)
		d.consider(f, t, a)
	}
}

// settle decides the state of a step's action from its timing alone and from
// what the resource allows.
func (d *decision) settle(a *Action, v *eval.Verdict, t cases.Timing) {
	no := d.g.resource.Refuses(a.Action)
	if no != nil && no.Managed && v.Policy.IncludeManaged {
		no = no.Beneath
	}
	if cannot := aim(a, t.Step, d.g.resource); no == nil {
		no = cannot
	}
	switch {
	case t.Held:
		a.State, a.Code, a.Reason = Held, t.Why.Code, t.Why.Text
	case !t.Due:
		a.State, a.Code, a.Reason, a.Clock = Waiting, t.Why.Code, t.Why.Text, t.Clock
		if no != nil && no.Fact == "" {
			a.Code, a.Reason = no.Code, willBeHeld+no.Text
		}
	case t.Spent:
		a.State, a.Code, a.Reason = Skipped, reason.Already, "it was done for this violation, and is done once"
	case a.Action == action.Revoke && len(a.Rules) == 0, cases.Already(v, t.Step.Step):
		a.State, a.Code, a.Reason = Skipped, reason.Already, "there is nothing left to do"
	case no != nil:
		a.State, a.Code, a.Reason = Held, no.Code, no.Text
	default:
		a.State = Planned
	}
}

// willBeHeld begins the reason of an action that WillBeHeld.
const willBeHeld = "it will be held: "

// forecast adds what an observing policy would do.
func (d *decision) forecast(f *Finding, v *eval.Verdict, k *cases.Case) {
	timings := cases.Forecast(v, d.c.Now)
	for _, t := range timings {
		if t.Step.Step.Action == action.Notify {
			a := d.notice(v, t.Step, k, timings)
			if t.Step.Address != "" {
				a.State, a.News, a.Code, a.Reason = Would, nil, reason.Observing, "owners hear nothing while a policy only observes"
			} else if t.Step.HasAfter && t.Step.After > 0 {
				a.State, a.News, a.At = Would, nil, t.At
			}
			f.Actions = append(f.Actions, a)
			continue
		}
		a := d.stepAction(t)
		aim(&a, t.Step, d.g.resource)
		if a.Action == action.Revoke && len(a.Rules) == 0 {
			continue // there is nothing that it would do
		}
		a.State = Would
		if r, ok := d.g.resource.(resource.Backable); ok && t.Step.Step.Backup {
			f.Actions = append(f.Actions, Action{Action: action.Backup, State: Would, At: t.At, After: t.Step.After, Volumes: r.Disks()})
		}
		f.Actions = append(f.Actions, a)
	}
}

// stepAction is the action of a step, its state not yet decided.
func (d *decision) stepAction(t cases.Timing) Action {
	s := t.Step.Step
	a := Action{Action: s.Action, Step: s.ID, At: t.At, After: t.Step.After, Keys: slices.Clone(s.Keys)}
	for k, v := range s.Tags {
		if a.Tags == nil {
			a.Tags = tag.Set{}
		}
		a.Tags[k] = resource.Taken(d.g.resource.Ref().Type, v)
	}
	return a
}

// notice is the action of a notify step, with what it has to tell now. What
// is held is added once everything has been weighed.
func (d *decision) notice(v *eval.Verdict, sv *eval.StepVerdict, k *cases.Case, timings []cases.Timing) Action {
	a := Action{Action: action.Notify, State: Planned, Step: sv.Step.ID, At: d.c.Now, To: sv.Channel, Address: sv.Address}
	if sv.Channel == "" {
		a.State, a.Code, a.Reason = Skipped, reason.NoChannel, "no channel is given for it"
		return a
	}
	for _, it := range cases.News(sv, v, k, timings, d.c.Now) {
		a.News = append(a.News, News{Kind: NewsKind(it.Kind), Key: it.Key, Also: it.Also})
	}
	return a
}

// finding is the part of a finding that says what was found.
func (c *Context) finding(v *eval.Verdict, k *cases.Case) Finding {
	r := v.Resource
	f := Finding{
		Policy: v.Policy.Name, Mode: v.Policy.Mode, Status: v.Status, Reasons: slices.Clone(v.Reasons), Actions: []Action{},
		Owner:    eval.OwnerOf(r, c.Set.Settings.Owner),
		Evidence: evidence(v, c.Event, c.Now),
		Resource: Resource{Ref: r.Ref(), Name: r.Tags()["Name"], Tags: r.Tags().Clone()},
	}
	if f.Reasons == nil {
		f.Reasons = []eval.Reason{}
	}
	if k.Live(c.Now, v.Policy.Memory) {
		f.Known, f.Since = k.Closed.IsZero(), k.Opened
	}
	if schema, ok := resource.SchemaOf(resource.KindOf(r)); ok {
		for _, col := range schema.Columns {
			f.Resource.Details = append(f.Resource.Details, Detail{Title: col.Title, Text: col.Get(r, c.Now)})
		}
	}
	return f
}

// supersede leaves only the strongest of the destructive actions that are due,
// and no repair of tags beside one.
func (d *decision) supersede() {
	var best *Action
	var by string
	d.planned(func(f *Finding, a *Action) {
		if a.Action.Destructive() && (best == nil || a.Action.Stronger(best.Action)) {
			best, by = a, f.Policy
		}
	})
	if best == nil {
		return
	}
	d.planned(func(_ *Finding, a *Action) {
		repair := a.Step == "" && (a.Action == action.Tag || a.Action == action.Untag)
		if a != best && (a.Action.Destructive() || repair) {
			a.State, a.Code = Superseded, reason.Superseded
			a.Reason = fmt.Sprintf("policy %s is to %s it", by, best.Action)
		}
	})
}

func (d *decision) planned(f func(*Finding, *Action)) {
	for i := range d.findings {
		for j := range d.findings[i].Actions {
			if d.findings[i].Actions[j].State == Planned {
				f(&d.findings[i], &d.findings[i].Actions[j])
			}
		}
	}
}
