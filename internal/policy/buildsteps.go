package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// buildSteps makes the policy's steps.
func (l *loader) buildSteps(p *policyDraft) {
	had := map[action.Kind]int{}
	for _, e := range p.raw.steps.v {
		raw := e.v
		s := Step{ID: raw.id(had[raw.action]), Action: raw.action, Pos: raw.word.pos(), To: raw.to.v, Every: raw.every.v,
			At: Edge(raw.at.v), Ours: raw.only.set(), Backup: raw.backup.v}
		had[raw.action]++
		l.checkAction(p, &raw)
		l.checkBackup(p, &raw)
		if len(p.Types) > 0 {
			s.When = l.compile(raw.when, expr.Bool, p.Types)
			s.After = l.after(raw.after, p.Types)
		}
		s.Since = l.since(&raw, s.ID, p.Steps)
		s.Before = l.before(&raw)
		s.Subject = l.compile(raw.subject, expr.Text, nil)
		s.Text = l.compile(raw.text, expr.Text, nil)
		l.buildTags(&raw, &s)
		l.buildDetails(p, &raw, &s)
		if ends(raw.action) && !raw.after.set() && !raw.names("after", e.at) {
			l.fault(raw.word, "write after: 14d; after: 0d where it is to happen at once", `the step "%s" has no "after"`, raw.action)
		}
		p.Steps = append(p.Steps, s)
	}
	l.checkReminders(p)
}

// names says whether the step at least tries to give a key, so that what is
// wrong with it is already reported.
func (s *rawStep) names(key string, at *node) bool {
	if at.child(key) != nil {
		return true
	}
	inner := at.child(s.action.String())
	return inner != nil && inner.child(key) != nil
}

// checkAction refuses what cannot be done to a type.
func (l *loader) checkAction(p *policyDraft, raw *rawStep) {
	if raw.action == action.Notify {
		return
	}
	for _, t := range p.Types {
		if s, ok := resource.SchemaOf(t); ok && !slices.Contains(s.Actions, raw.action) {
			l.fault(raw.word, possible(s, len(p.Types) > 1), "%s cannot be done to %s", raw.action, t)
		}
	}
}

// checkBackup refuses a backup where there is nothing to take one of.
func (l *loader) checkBackup(p *policyDraft, raw *rawStep) {
	if !raw.backup.set() || !raw.backup.v {
		return
	}
	if !ends(raw.action) {
		l.fault(raw.backup.at, "leave it out", `"backup" goes with the steps terminate and delete`)
		return
	}
	for _, t := range p.Types {
		if !resource.CanBackUp(t) {
			hint := "only instances and volumes are; leave it out"
			if len(p.Types) > 1 {
				hint += ", or give the other types a policy of their own"
			}
			l.fault(raw.backup.at, hint, "%s cannot be backed up before it is ended", t)
		}
	}
}

// possible says which steps a type takes, and what to do where the policy is
// about others too.
func possible(s *resource.Schema, others bool) string {
	words := []string{action.Notify.String()}
	for _, k := range s.Actions {
		words = append(words, k.String())
	}
	last := len(words) - 1
	hint := "its steps are " + strings.Join(words[:last], ", ") + " and " + words[last]
	if others {
		hint += "; give the other types a policy of their own"
	}
	return hint
}

// lengthLike is what was meant as a length of time, right or wrong.
var lengthLike = regexp.MustCompile(`^[-+]?[0-9][0-9A-Za-z. ]*$`)

// after reads a length of time or compiles an expression that gives one.
func (l *loader) after(raw val[string], types []resource.Type) *After {
	if !raw.set() {
		return nil
	}
	if d, err := span.Parse(raw.v); err == nil {
		return &After{Fixed: d}
	}
	if lengthLike.MatchString(raw.v) {
		l.fault(raw.at, span.ErrSyntax.Error(), "%s is no length of time", raw.at.show())
		return nil
	}
	p := l.compile(raw, expr.Length, types)
	if p == nil {
		return nil
	}
	return &After{Prog: p}
}

// since checks the step that a clock starts with.
func (l *loader) since(raw *rawStep, id string, earlier []Step) string {
	if !raw.since.set() {
		return ""
	}
	name, at := raw.since.v, raw.since.at
	var ids []string
	for _, s := range earlier {
		if s.Action != action.Notify {
			ids = append(ids, s.ID)
		}
	}
	switch {
	case slices.Contains(ids, name):
		if !raw.after.set() {
			l.fault(at, "write after with it", `"since" says what "after" counts from, and there is no "after"`)
		}
		return name
	case name == id:
		l.fault(at, "name an earlier step", "the step would wait for itself")
	case strings.HasPrefix(name, action.Notify.String()):
		l.fault(at, "leave since out: the clock starts with the first accepted notice", "a step cannot count from a notify step")
	default:
		hint := "there is no earlier step to count from"
		if len(ids) > 0 {
			hint = meant(name, ids)
		}
		l.fault(at, hint, "%s is not an earlier step of this policy", at.show())
	}
	return ""
}

// before are the reminders, longest first.
func (l *loader) before(raw *rawStep) []time.Duration {
	var out []time.Duration
	for _, b := range raw.before.v {
		if slices.Contains(out, b.v) {
			l.fault(b.at, "delete one", "the reminder %s is there twice", b.at.show())
			continue
		}
		out = append(out, b.v)
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out
}

// buildTags takes over what a tag or untag step writes or deletes.
func (l *loader) buildTags(raw *rawStep, s *Step) {
	for _, e := range raw.tags.v {
		l.notMark(e.key)
		if e.set() {
			if s.Tags == nil {
				s.Tags = tag.Set{}
			}
			s.Tags[e.key.text] = e.v
		}
	}
	for _, k := range raw.keys.v {
		l.notMark(k.at)
		if slices.Contains(s.Keys, k.v) {
			l.fault(k.at, "delete one", "the key %s is there twice", k.at.show())
			continue
		}
		s.Keys = append(s.Keys, k.v)
	}
}

// checkReminders checks that reminders have a step to remind of, and that they
// come after the notice that starts its clock.
func (l *loader) checkReminders(p *policyDraft) {
	for i, e := range p.raw.steps.v {
		if !e.v.before.set() {
			continue
		}
		next := slices.IndexFunc(p.raw.steps.v[i+1:], func(s val[rawStep]) bool { return s.v.after.set() && s.v.action != action.Notify })
		if next < 0 {
			l.fault(e.v.before.at, "write after: … in a later step", `"before" reminds of a later step with "after", and there is none`)
			continue
		}
		after := p.Steps[i+1+next].After
		for _, b := range e.v.before.v {
			if after != nil && after.Prog == nil && b.v >= after.Fixed {
				l.warn(b.at, "write less than the next step's after", "the reminder would come before the notice, which the next step follows sooner")
			}
		}
	}
}
