package eval

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Judge compares resources with the policies of one set. It holds no state of
// its own and is safe for concurrent use.
type Judge struct {
	set      *policy.Set
	policies []*policy.Policy
	event    *expr.Event
	accounts map[string]*expr.Account
}

// New returns a judge for the policies of a set, or for those named in only.
func New(set *policy.Set, only []string) *Judge {
	j := &Judge{set: set}
	for _, p := range set.Policies {
		if len(only) == 0 || slices.Contains(only, p.Name) {
			j.policies = append(j.policies, p)
		}
	}
	return j
}

// During returns the same judge for what an event asks: its expressions see the
// event, nil for none.
func (j *Judge) During(e *expr.Event) *Judge {
	during := *j
	during.event = e
	return &during
}

// Among returns the same judge with what its expressions see of accounts, by
// their IDs.
func (j *Judge) Among(accounts map[string]*expr.Account) *Judge {
	among := *j
	among.accounts = accounts
	return &among
}

// Policies are those the judge applies, in the order of the files.
func (j *Judge) Policies() []*policy.Policy { return j.policies }

// Types are the resource types that these policies concern, sorted.
func (j *Judge) Types() []resource.Type {
	var types []resource.Type
	for _, p := range j.policies {
		types = append(types, p.Types...)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Resource appends to dst a verdict for every policy that concerns the type of
// the resource. One that has ended is no longer judged and gives none.
func (j *Judge) Resource(dst []Verdict, r resource.Resource, now time.Time) []Verdict {
	if r.Ended() {
		return dst
	}
	t := resource.KindOf(r)
	for _, p := range j.policies {
		if p.Concerns(t) {
			dst = append(dst, j.one(p, r, now))
		}
	}
	return dst
}

// one is the order of judgement: match, exempt, tag rules, steps.
func (j *Judge) one(p *policy.Policy, r resource.Resource, now time.Time) Verdict {
	v := Verdict{Policy: p, Resource: r, Status: OutOfScope}
	in := expr.Input{Resource: r, Now: now, Event: j.event, Account: j.accounts[r.Ref().Account]}
	if err := resource.TagsUnread(r); err != nil {
		v.open(reason.TagsUnread, "how it is tagged", err)
		return v
	}
	if p.Match != nil {
		ok, err := p.Match.Bool(in)
		if err != nil {
			v.open(reason.MatchUnknown, "whether it is in scope", err)
			return v
		}
		if !ok {
			return v
		}
	}
	exempt, notes := j.exemption(&v, in)
	if len(v.Needs) > 0 {
		return v
	}
	if exempt {
		v.Status = Exempt
		v.stamp(in)
		return v
	}
	if len(p.Tags) == 0 && p.TagsFrom == "" {
		v.Status = Violating
		v.Reasons = append(v.Reasons, matched(p))
	} else {
		v.rules(in)
	}
	if len(v.Needs) > 0 || v.Status == Compliant {
		return v
	}
	v.measured(in)
	v.Reasons = append(v.Reasons, notes...)
	j.steps(&v, in)
	return v
}

// matched is the reason of a policy without tag rules.
func matched(p *policy.Policy) Reason {
	switch {
	case p.Description != "":
		return Reason{Code: reason.Matched, Text: p.Description}
	case p.Match != nil:
		return Reason{Code: reason.Matched, Text: "it matches " + p.Match.Source()}
	default:
		return Reason{Code: reason.Matched, Text: "the policy concerns every one"}
	}
}

// measured adds the metrics that the resource is in scope for, so that who is
// told of a machine that does nothing sees how little that is.
func (v *Verdict) measured(in expr.Input) {
	if v.Policy.Match == nil {
		return
	}
	for _, m := range v.Policy.Match.Metrics() {
		if value, err := resource.Measure(in.Resource, m, in.Now); err == nil {
			v.Reasons = append(v.Reasons, Reason{Code: reason.Measured,
				Text: fmt.Sprintf("%s (%s over %s) is %s", m.Name, m.Statistic, span.Format(m.Over), resource.MeasureText(value))})
		}
	}
}

// open records an expression that could not be decided: facts to fetch, or
// where none would help the status unknown with its reason.
func (v *Verdict) open(code, what string, err error) {
	if missing := missingFacts(err); len(missing) > 0 {
		v.Needs = append(v.Needs, missing...)
		return
	}
	v.Status = Unknown
	v.Reasons = append(v.Reasons, Reason{Code: code, Text: fmt.Sprintf("%s cannot be told: %v", what, err)})
}

func missingFacts(err error) []need.Fact {
	if u, ok := errors.AsType[*expr.Unknown](err); ok {
		return u.Facts
	}
	return nil
}

// steps decides the expressions of the steps that concern the status: all where
// it is violating, else those that tell people of what is repaired.
func (j *Judge) steps(v *Verdict, in expr.Input) {
	for i := range v.Policy.Steps {
		s := &v.Policy.Steps[i]
		if v.Status != Violating && (s.Action != action.Notify || v.Fix.Empty()) {
			continue
		}
		sv := StepVerdict{Step: s, Applies: true}
		if s.When != nil {
			ok, err := s.When.Bool(in)
			sv.Applies = ok && err == nil
			v.undecided(&sv, reason.WhenUnknown, "whether "+s.ID+" applies", err)
		}
		if sv.Applies && s.After != nil {
			sv.HasAfter, sv.After = true, s.After.Fixed
			if s.After.Prog != nil {
				d, err := s.After.Prog.Length(in)
				sv.After = d
				v.undecided(&sv, reason.AfterUnknown, "the grace period of "+s.ID, err)
			}
		}
		if sv.Applies && s.At != policy.NoEdge && !v.edge(&sv, in) {
			return
		}
		if sv.Applies && s.Action == action.Revoke {
			v.rulesOf(&sv, in)
		}
		if sv.Applies && s.Action == action.Notify {
			j.address(v, &sv, in)
		}
		v.Steps = append(v.Steps, sv)
	}
}

// undecided records that a step's expression failed; such a step never
// applies.
func (v *Verdict) undecided(sv *StepVerdict, code, what string, err error) {
	if err == nil {
		return
	}
	sv.Applies = false
	if missing := missingFacts(err); len(missing) > 0 {
		v.Needs = append(v.Needs, missing...)
		return
	}
	sv.Unknown = &Reason{Code: code, Text: fmt.Sprintf("%s cannot be told: %v", what, err)}
}

// stamp finds what the ownership rules of an exempt resource write: an
// exemption blocks findings and steps, never ownership.
func (v *Verdict) stamp(in expr.Input) {
	var c check
	for i := range v.Policy.Tags {
		if v.Policy.Tags[i].Overwrite {
			c.rule(&v.Policy.Tags[i], in)
		}
	}
	v.Needs = append(v.Needs, c.needs...)
	v.Reasons = append(v.Reasons, c.unknown...)
	c.fix.Delete = nil
	if resource.Untaggable(in.Resource) != "" {
		c.fix = tag.Diff{}
	}
	if why := c.trim(in.Resource); why != nil {
		v.Reasons = append(v.Reasons, *why)
	}
	v.Fix, v.Keeps = c.fix, c.keeps
}
