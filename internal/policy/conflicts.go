package policy

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// checkPolicies looks for what contradicts itself whatever the resources are,
// and for what needs a ledger where there is none.
func (l *loader) checkPolicies() {
	all := rivals{}
	for _, p := range l.policies {
		l.checkSteps(p)
		l.checkLadder(p)
		l.checkWrites(p)
		if l.set.Settings.Ledger.None {
			l.checkMemoryless(p)
		}
		if p.at.child("match") == nil { // everything is in scope
			for _, t := range p.Types {
				l.checkRivals(p, all.of(t))
			}
		}
	}
}

// always says whether the step is done for every violation.
func (s *rawStep) always(at *node) bool { return !s.when.set() && !s.names("when", at) }

// states are the steps that every violation gets and that change whether the
// resource runs; the first of each kind.
func (p *policyDraft) states() []rawStep {
	var out []rawStep
	for _, e := range p.raw.steps.v {
		change := e.v.action == action.Start || e.v.action.Destructive()
		if change && e.v.always(e.at) && !slices.ContainsFunc(out, func(s rawStep) bool { return s.action == e.v.action }) {
			out = append(out, e.v)
		}
	}
	return out
}

// checkSteps looks for two steps of which one undoes the other.
func (l *loader) checkSteps(p *policyDraft) {
	states := p.states()
	for i, b := range states {
		for _, a := range states[:i] {
			if a.opposes(&b) {
				l.fault(b.word, "give one of them a when", "the steps %s (line %d) and %s contradict each other", a.action, a.word.line, b.action)
			}
		}
	}
}

// runFields are the fields that stopping a resource changes.
var runFields = []string{"running_for", "state"}

// checkLadder warns of a step that waits for a stop which takes the resource
// out of the policy's scope: it would never come.
func (l *loader) checkLadder(p *policyDraft) {
	if p.Match == nil || !slices.ContainsFunc(p.Match.Fields(), func(f string) bool { return slices.Contains(runFields, f) }) {
		return
	}
	for _, e := range p.raw.steps.v {
		since := e.v.since
		if !since.set() || !e.v.action.Stronger(action.Stop) {
			continue
		}
		if s, ok := p.Step(since.v); ok && s.Action == action.Stop {
			l.warn(since.at, "leave the state out of match, and put it into the when of stop",
				"what is stopped may no longer match this policy, and then %s never comes", e.v.action)
		}
	}
}

// opposes says whether one step undoes the other. At two edges of the hours
// they are never due at one time.
func (s *rawStep) opposes(b *rawStep) bool {
	return s.action.Opposes(b.action) && (!s.at.set() || !b.at.set() || s.at.v == b.at.v)
}

// write is one tag value, or a deletion, that is fixed in the file.
type write struct {
	key    string
	shown  string // the key as messages may repeat it
	value  string
	delete bool
	at     *node
}

// writes are what the policy writes and deletes whatever the resource is.
// Rules give what is missing, steps what a violation gets.
func (p *policyDraft) writes() []write {
	var out []write
	for _, e := range p.raw.tags.v {
		if e.v.def.set() && (!e.v.required.set() || e.v.required.v) {
			out = append(out, write{key: e.key.text, shown: e.key.show(), value: e.v.def.v, at: e.v.def.at})
		}
	}
	for _, e := range p.raw.steps.v {
		if !e.v.always(e.at) {
			continue
		}
		for _, t := range e.v.tags.v {
			if t.set() {
				out = append(out, write{key: t.key.text, shown: t.key.show(), value: t.v, at: t.val.at})
			}
		}
		for _, k := range e.v.keys.v {
			out = append(out, write{key: k.v, shown: k.at.show(), delete: true, at: k.at})
		}
	}
	return out
}

// contradicts reports two writes of one key that differ.
func (l *loader) contradicts(a, b write, other string) {
	if a.key != b.key || a.delete == b.delete && a.value == b.value {
		return
	}
	what := "is given two values"
	if a.delete != b.delete {
		what = "is both written and deleted"
	}
	if other != "" {
		l.fault(b.at, "give one of the policies a match, or let them agree", "the tag %s %s: here and by the policy %s (at %s)", b.shown, what, other, a.at.pos())
		return
	}
	l.fault(b.at, "decide for one, or give a step a when", "the tag %s %s: here and in line %d", b.shown, what, a.at.line)
}

// checkWrites looks for a key that one policy writes in two ways, and for steps
// that break the policy's own rules. Each write is compared with the first of
// its key, so that many of them are as many messages.
func (l *loader) checkWrites(p *policyDraft) {
	all := p.writes()
	first := map[string]write{}
	for _, w := range all {
		if a, ok := first[w.key]; ok {
			l.contradicts(a, w, "")
		} else {
			first[w.key] = w
		}
	}
	for _, w := range all {
		for i := range p.Tags {
			rule := &p.Tags[i]
			if rule.Key != w.key || rule.Default != nil {
				continue // a default was compared above
			}
			switch {
			case w.delete && rule.Required:
				l.fault(w.at, "drop the rule or the step", "the step deletes the tag %s, which the rule in line %d requires", w.shown, rule.Pos.Line)
			case !w.delete && !rule.accepts(w.value):
				l.fault(w.at, "change the value or the rule", "the step gives %s a value that the rule in line %d does not allow", w.shown, rule.Pos.Line)
			}
		}
	}
}

// accepts says whether the rule is content with a value.
func (t *TagRule) accepts(value string) bool {
	if value == "" {
		return t.AllowEmpty
	}
	listed, err := t.Lists(value)
	return (listed || err != nil) && (t.Pattern == nil || t.Pattern.MatchString(value))
}

// rivals are, for each type, what the policies that concern all its resources
// want; the first policy that wants it, each.
type rivals map[resource.Type]*wishes

type wishes struct {
	writes map[string]claim[write]
	states []claim[rawStep]
}

// claim is what a policy wants.
type claim[T any] struct {
	by   *node
	what T
}

func (r rivals) of(t resource.Type) *wishes {
	if r[t] == nil {
		r[t] = &wishes{writes: map[string]claim[write]{}}
	}
	return r[t]
}

// checkRivals looks for what a policy wants otherwise than those before it. A
// start or a stop is compared only between policies without tag rules: with
// rules they may judge different resources.
func (l *loader) checkRivals(p *policyDraft, w *wishes) {
	by := whereName(p)
	for _, mine := range p.writes() {
		if theirs, ok := w.writes[mine.key]; !ok {
			w.writes[mine.key] = claim[write]{by, mine}
		} else if theirs.by != by {
			l.contradicts(theirs.what, mine, theirs.by.show())
		}
	}
	if p.at.child("tags") != nil {
		return
	}
	for _, mine := range p.states() {
		for _, theirs := range w.states {
			if theirs.by != by && theirs.what.opposes(&mine) {
				l.fault(mine.word, "give one of the policies a match", "%s contradicts the %s of the policy %s (at %s)",
					mine.action, theirs.what.action, theirs.by.show(), theirs.what.word.pos())
			}
		}
		if !slices.ContainsFunc(w.states, func(c claim[rawStep]) bool { return c.what.action == mine.action }) {
			w.states = append(w.states, claim[rawStep]{by, mine})
		}
	}
}

// checkMemoryless refuses what needs to know what happened before.
func (l *loader) checkMemoryless(p *policyDraft) {
	refuse := func(at *node, key string) {
		l.fault(at, "leave it out, or write ledger: {sqlite: PATH}", "%q needs a ledger, and the settings say ledger: none", key)
	}
	for _, e := range p.raw.steps.v {
		s := e.v
		for _, x := range []struct {
			at  *node
			key string
		}{{s.after.at, "after"}, {s.since.at, "since"}, {s.before.at, "before"}, {s.every.at, "every"}, {s.at.at, "at"}} {
			if x.at != nil {
				refuse(x.at, x.key)
			}
		}
	}
	if p.raw.memory.set() {
		refuse(p.raw.memory.at, "memory")
	}
}
