package policy

import (
	"regexp"
	"slices"

	"github.com/tagwarden/tagwarden/internal/expr"
)

// buildRules makes the policy's tag rules.
func (l *loader) buildRules(p *policyDraft) {
	keys := map[string]*node{}
	for _, e := range p.raw.tags.v {
		keys[e.key.text] = e.key
	}
	aliases := map[string]*node{}
	for _, e := range p.raw.tags.v {
		if _, ok := tagKey.read(l.reporter, quoted(e.key)); ok {
			l.notMark(e.key)
		}
		if !e.set() {
			continue
		}
		rule := l.buildRule(p, e)
		l.checkAliases(e, keys, aliases)
		p.Tags = append(p.Tags, rule)
	}
}

// quoted is a key as if it were in quotes: a key may look like a number.
func quoted(key *node) *node {
	n := *key
	n.style = double
	return &n
}

// notMark refuses to write or delete the tag that is the mark.
func (l *loader) notMark(key *node) {
	if mark := l.set.Settings.Mark; mark != "" && key.text == mark {
		l.fault(key, "settings.mark gives the mark another key", "%s is the mark, which only tagwarden itself writes", key.show())
	}
}

func (l *loader) buildRule(p *policyDraft, e entry[rawRule]) TagRule {
	raw := e.v
	rule := TagRule{Key: e.key.text, Required: true, AllowEmpty: raw.allowEmpty.v, Overwrite: raw.overwrite.v,
		PatternSource: raw.pattern.v, Allowed: values(val[[]val[string]]{raw.allowed.v.values, raw.allowed.at}), Aliases: values(raw.aliases), Pos: e.key.pos()}
	if raw.required.set() {
		rule.Required = raw.required.v
	}
	if raw.def.set() {
		rule.Default = &raw.def.v
	}
	if raw.fallback.set() {
		rule.Fallback = &raw.fallback.v
	}
	if raw.value.set() && len(p.Types) > 0 {
		rule.Value = l.compile(raw.value, expr.TagValue, p.Types)
	}
	if raw.pattern.set() {
		rule.Pattern = l.pattern(raw.pattern)
	}
	if raw.def.set() && raw.value.set() {
		l.fault(raw.def.at, "write one of them", `"default" and "value" both say what is written`)
	}
	if raw.overwrite.v && !raw.value.set() && e.at.child("value") == nil {
		l.fault(raw.overwrite.at, `give value, for example value: '"shared"'`, `"overwrite" needs a "value" to write`)
	}
	if name := raw.allowed.v.lookup; name.set() {
		rule.AllowedBy = l.table(name)
	}
	l.checkAllowed(&rule, raw)
	l.checkLiteral(&rule, raw, raw.def, "default")
	l.checkFallback(&rule, e, raw)
	return rule
}

// pattern compiles a pattern so that it matches the whole value.
func (l *loader) pattern(source val[string]) *regexp.Regexp {
	if _, err := regexp.Compile(source.v); err != nil {
		l.fault(source.at, "the syntax is RE2: no look-around, no back-references; \\ needs single quotes around the pattern",
			"%s is not a regular expression", source.at.show())
		return nil
	}
	re, err := regexp.Compile(`\A(?:` + source.v + `)\z`)
	if err != nil { // only size can be wrong now
		l.fault(source.at, "repeat less", "%s is too large a regular expression", source.at.show())
		return nil
	}
	return re
}

// checkAllowed compares what a rule allows with its own pattern.
func (l *loader) checkAllowed(rule *TagRule, raw rawRule) {
	for i, a := range raw.allowed.v.values {
		switch {
		case slices.Contains(rule.Allowed[:i], a.v):
			l.fault(a.at, "delete one", "the value %s is there twice", a.at.show())
		case rule.Pattern != nil && !rule.Pattern.MatchString(a.v):
			l.fault(a.at, "change it or the pattern", "%s does not match the rule's own pattern", a.at.show())
		}
	}
}

// checkLiteral compares a rule's default or fallback with what it allows.
func (l *loader) checkLiteral(rule *TagRule, raw rawRule, d val[string], word string) {
	if !d.set() {
		return
	}
	listed, err := rule.Lists(d.v)
	switch {
	case d.v == "" && !rule.AllowEmpty:
		l.fault(d.at, "write allow_empty: true with it", "an empty %s is itself a violation", word)
	case rule.AllowedBy == nil && !listed && !(d.v == "" && rule.AllowEmpty):
		l.fault(d.at, "add it to allowed, or write another", "the %s %s is not among the allowed values", word, d.at.show())
	case rule.AllowedBy != nil && !listed && err == nil && d.v != "":
		l.fault(d.at, "add it to the table, or write another", "the %s %s is not among the keys of the table %s", word, d.at.show(), raw.allowed.v.lookup.at.show())
	case rule.Pattern != nil && !rule.Pattern.MatchString(d.v) && !(d.v == "" && rule.AllowEmpty):
		l.fault(d.at, "change it or the pattern", "the %s %s does not match the pattern", word, d.at.show())
	}
}

// checkFallback makes sure that there is something to fall back from.
func (l *loader) checkFallback(rule *TagRule, e entry[rawRule], raw rawRule) {
	f := raw.fallback
	if f.set() && !raw.value.set() && e.at.child("value") == nil {
		l.fault(f.at, "use default alone", `"fallback" belongs to "value": it is written where that has no answer`)
		return
	}
	if f.set() && f.v == "" {
		l.fault(f.at, "leave it out, and the tag stays missing", "an empty fallback says nothing")
		return
	}
	l.checkLiteral(rule, raw, f, "fallback")
}

// checkAliases compares a rule's other spellings with all keys and with those
// of the rules before it.
func (l *loader) checkAliases(e entry[rawRule], keys, aliases map[string]*node) {
	for _, a := range e.v.aliases.v {
		switch {
		case a.v == e.key.text:
			l.fault(a.at, "leave it out", "the alias %s is the key itself", a.at.show())
		case keys[a.v] != nil:
			l.fault(a.at, "drop the rule or the alias", "the alias %s has a rule of its own in line %d", a.at.show(), keys[a.v].line)
		case aliases[a.v] != nil:
			l.fault(a.at, "a key can be renamed to one other", "the alias %s is there twice (first in line %d)", a.at.show(), aliases[a.v].line)
		default:
			aliases[a.v] = a.at
			l.notMark(a.at)
		}
	}
}
