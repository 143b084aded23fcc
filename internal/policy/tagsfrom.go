package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// rawTagsFrom is where a policy has more tag rules from.
type rawTagsFrom struct{ dynamodb, tagPolicy, region val[string] }

var tagsFromSection = section[rawTagsFrom]{name: "tags_from", doc: "Where more tag rules are: one of dynamodb and tag_policy.", fields: []field[rawTagsFrom]{
	key("dynamodb", "The name of a DynamoDB table of rules, with RuleId, TagKey, Action, Required and Default.", tableName,
		func(t *rawTagsFrom) *val[string] { return &t.dynamodb }),
	key("tag_policy", "A file with a tag policy of AWS Organizations, in JSON; a relative path starts at the policy file.", filled,
		func(t *rawTagsFrom) *val[string] { return &t.tagPolicy }),
	key("region", "Where the table is; the region of the AWS configuration unless set.", region, func(t *rawTagsFrom) *val[string] { return &t.region }),
}, check: func(r *reporter, n *node, t *rawTagsFrom) {
	r.exactlyOne(n, "tags_from", "dynamodb", "tag_policy")
	if t.region.set() && t.tagPolicy.set() {
		r.fault(t.region.at, "leave it out", "a file has no region")
	}
}, refine: oneOf("dynamodb", "tag_policy")}

// exactlyOne reports a mapping that has none of these keys, or several.
func (r *reporter) exactlyOne(n *node, name string, keys ...string) {
	var first *node
	for _, p := range n.pairs {
		switch {
		case !slices.Contains(keys, p.key.text):
			if near := diag.Suggest(p.key.text, keys); near != "" {
				return // was reported, and is probably meant
			}
		case first != nil:
			r.fault(p.key, "write one of them", "%s has %q and %q, which are two places", name, first.text, p.key.text)
		default:
			first = p.key
		}
	}
	if first == nil {
		r.fault(n, "write "+strings.Join(keys, ": …, or ")+": …", "%s has none of %s", name, strings.Join(keys, ", "))
	}
}

// oneOf adds to a JSON Schema that one of these keys must be there.
func oneOf(keys ...string) func(object) {
	return func(o object) {
		var each []any
		for _, k := range keys {
			each = append(each, object{"required": []string{k}})
		}
		o["oneOf"] = each
	}
}

// tableName is the name of a DynamoDB table ("Naming rules" in the DynamoDB
// developer guide), or its ARN.
var tableName = text.that(func(s string) (string, string) {
	name := s
	if rest, arn := strings.CutPrefix(s, "arn:"); arn {
		name = rest[strings.LastIndex(rest, "/")+1:]
	}
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.", r)
	}
	if len(name) < 3 || len(name) > 255 || strings.TrimFunc(name, plain) != "" {
		return "is not the name of a DynamoDB table", "3 to 255 letters, digits, underscores, hyphens and dots"
	}
	return "", ""
}).with(object{"minLength": 3})

// buildTagsFrom adds the rules that a policy has from elsewhere.
func (l *loader) buildTagsFrom(p *policyDraft) {
	p.own = len(p.Tags)
	raw := p.raw.tagsFrom
	if !raw.set() {
		return
	}
	switch t := raw.v; {
	case t.dynamodb.set():
		p.TagsFrom = t.dynamodb.at.bare()
		ref := document.TableRef(t.dynamodb.v, t.region.v)
		l.set.Outside = append(l.set.Outside, Outside{Ref: ref, Shown: p.TagsFrom, Policy: p.Name})
		l.ruleTable(p, t.dynamodb.at, ref)
	case t.tagPolicy.set():
		p.TagsFrom = t.tagPolicy.at.bare()
		l.tagPolicy(p, t.tagPolicy)
	}
}

// ruleTable adds the rules of a table. All that is wrong with it is told at the
// place where the file names it.
func (l *loader) ruleTable(p *policyDraft, at *node, ref document.Ref) {
	content, read := l.shelf[ref]
	switch {
	case !read:
		l.set.Unread = true
	case content.Err != nil:
		why, hint := notRead(content.Err, at.secret())
		if fault.ClassOf(content.Err) == fault.NotFound {
			hint = `write region: where it is in another, or make it: "tagwarden rules init"`
		}
		l.fault(at, hint, "the table of rules %s cannot be read: %s", at.show(), why)
	case len(content.Items) == 0:
		l.fault(at, `"tagwarden rules push" writes rules into it; a policy without rules would call everything right`, "the table of rules %s is empty", at.show())
	case len(content.Items) > rules.MaxRules:
		l.fault(at, "name the table of rules", "the table %s has %d items: that is no table of rules, which has at most %d", at.show(), len(content.Items), rules.MaxRules)
	default:
		for _, row := range rules.Decode(content.Items) {
			l.ruleRow(p, at, row)
		}
	}
}

// notRead says why a document could not be read. A service's own text names the
// document, and is left out where that name is the environment's.
func notRead(err error, secret bool) (why, hint string) {
	hint = fault.HintOf(err)
	switch class := fault.ClassOf(err); {
	case class == fault.NotFound:
		return "there is none of that name in this region and account", hint
	case class == fault.Denied:
		return "permission denied", hint
	case secret:
		return string(class), hint
	default:
		return err.Error(), hint
	}
}

// ruleRow adds the rule of one row, or tells its faults.
func (l *loader) ruleRow(p *policyDraft, at *node, row rules.Row) {
	where := fmt.Sprintf("the table of rules %s, RuleId %s", at.show(), row.ID())
	if row.ID() == "" {
		where = fmt.Sprintf("the table of rules %s, an item without RuleId", at.show())
	}
	for _, f := range row.Faults {
		l.fault(at, f.Hint, "%s: %s", where, f.Summary)
	}
	if len(row.Faults) > 0 {
		return
	}
	r := row.Rule
	src := &source{name: where}
	raw := rawRule{required: val[bool]{r.Required, at}}
	literal := func(s string) val[string] { return val[string]{s, src.scalar(s)} }
	switch r.Action {
	case rules.UserLookup:
		raw.value, raw.fallback = literal(r.Value()), literal(rules.Undefined)
	case rules.Function:
		raw.value = literal(r.Value())
	default:
		raw.def = literal(r.Default)
	}
	l.outsideRule(p, at, where, src.scalar(r.TagKey), raw)
}

// scalar is a node for text that no file has.
func (s *source) scalar(text string) *node {
	s.lines = append(s.lines, text)
	return &node{src: s, line: len(s.lines), col: 1, width: max(1, utf8.RuneCountInString(text)), text: text, written: text}
}

// outsideRule makes a rule from elsewhere as those of the file are made. What is
// wrong with it is told at the place where the file names the document.
func (l *loader) outsideRule(p *policyDraft, at *node, where string, key *node, raw rawRule) {
	l.aside(at, where, func() {
		tagKey.read(l.reporter, quoted(key))
		l.notMark(key)
		rule := l.buildRule(p, entry[rawRule]{key: key, val: val[rawRule]{raw, key}})
		rule.Pos = at.pos()
		p.Tags = append(p.Tags, rule)
		l.checkOwn(p, key)
	})
}

// checkOwn compares the key of a rule from elsewhere with the policy's own.
func (l *loader) checkOwn(p *policyDraft, key *node) {
	for _, own := range p.Tags[:p.own] {
		switch {
		case own.Key == key.text:
			l.fault(key, "drop one of the two rules", "the tag %q has a rule in the policy file too, in line %d", own.Key, own.Pos.Line)
		case slices.Contains(own.Aliases, key.text):
			l.fault(key, "drop the rule or the alias", "%q is an alias of %q in the policy file, in line %d", key.text, own.Key, own.Pos.Line)
		}
	}
}

// aside collects what is said of text that no file has, and says it again at a
// place that one has.
func (l *loader) aside(at *node, where string, do func()) {
	outer := l.reporter
	l.reporter = &reporter{}
	do()
	said := l.list
	l.reporter = outer
	for _, d := range said {
		summary := where + ": " + d.Summary
		if d.Source != "" && !strings.Contains(d.Summary, d.Source) {
			summary += fmt.Sprintf(" (in %s, at character %d)", shorten(d.Source), d.Pos.Column)
		}
		l.at(at.src, at.pos(), at.width, d.Hint, summary, d.Severity)
	}
}
