package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// This file reads tag policies of AWS Organizations: "Tag policy syntax and
// examples" in the Organizations user guide. They say how a key is spelled and
// which values are good, and never that a tag must be there.

// assign and the other operators of policies that inherit.
const (
	assign = "@@assign"
	add    = "@@append"
	remove = "@@remove"
	// allowed says which operators child policies may use; it is nothing to us.
	allowed = "@@operators_allowed_for_child_policies"
)

// effectiveHint is how to get what a file alone does not say.
const effectiveHint = "save the effective policy: aws organizations describe-effective-policy --policy-type TAG_POLICY --query EffectivePolicy.PolicyContent --output text"

// statements are the keys under one tag of a tag policy.
var statements = []string{"tag_key", "tag_value", "enforced_for", "report_required_tag_for", allowed}

// tagPolicy adds the rules of a tag policy.
func (l *loader) tagPolicy(p *policyDraft, file val[string]) {
	data, err := readAll(file.at.src, file.v, MaxFile)
	switch {
	case err != nil:
		why, hint := unreadable(err)
		l.fault(file.at, hint, "the tag policy %s cannot be read: %s", file.at.show(), why)
		return
	case len(data) > MaxFile:
		l.fault(file.at, "", "the tag policy %s is larger than 1 MiB", file.at.show())
		return
	}
	root := l.json(file.at.shownPath(), data)
	if root == nil {
		return
	}
	tags := l.tagsOf(root)
	if tags == nil {
		return
	}
	seen := map[string]*node{}
	for _, pair := range tags.pairs {
		if pair.key.text == allowed {
			continue
		}
		lower := strings.ToLower(pair.key.text)
		if first, dup := seen[lower]; dup {
			l.fault(pair.key, "keep one", "the policy key %s is there twice (first in line %d)", pair.key.show(), first.line)
			continue
		}
		seen[lower] = pair.key
		l.statement(p, pair)
	}
	if len(seen) == 0 {
		l.fault(tags, "", "the tag policy says nothing of any tag")
	}
}

// shownPath is the path of a file that a policy file names, for messages about
// places in it.
func (n *node) shownPath() string {
	if n.secret() {
		return n.written
	}
	return beside(n.src.dir, n.text)
}

// tagsOf is the mapping under "tags", the one key of a tag policy.
func (l *loader) tagsOf(root *node) *node {
	tags := root.child("tags")
	switch {
	case root.shape != mapping:
		l.wrong(root, "a mapping", `a tag policy begins with {"tags": {`)
		return nil
	case tags == nil:
		l.fault(root, `a tag policy begins with {"tags": {`, `a tag policy has no "tags"`)
		return nil
	case tags.shape != mapping:
		l.wrong(tags, "a mapping", "")
		return nil
	}
	for _, p := range root.pairs {
		if p.key.text != "tags" {
			l.fault(p.key, "delete it", "a tag policy has no key %q", p.key.text)
		}
	}
	return tags
}

// statement makes a rule of what is said of one tag.
func (l *loader) statement(p *policyDraft, of pair) {
	if of.value.shape != mapping {
		l.wrong(of.value, "a mapping", "its keys: tag_key, tag_value, enforced_for")
		return
	}
	seen := map[string]*node{}
	for _, s := range of.value.pairs {
		if !l.twice(s.key, seen) && !slices.Contains(statements, s.key.text) {
			l.fault(s.key, meant(s.key.text, statements), "a tag policy says nothing of %q", s.key.text)
		}
	}
	for _, name := range []string{"enforced_for", "report_required_tag_for"} {
		if n := of.value.child(name); n != nil {
			l.operators(n)
		}
	}
	key := l.statedKey(of)
	values, some := l.statedValues(of.value.child("tag_value"))
	if key == nil {
		return
	}
	if _, ok := tagKey.read(l.reporter, key); !ok {
		return
	}
	l.notMark(key)
	l.checkOwn(p, key)
	l.checkCase(p, key)
	rule := TagRule{Key: key.text, AnyCase: true, AllowEmpty: !some, Pos: key.pos()}
	if some {
		rule.constrain(values)
	}
	p.Tags = append(p.Tags, rule)
}

// checkCase refuses a rule of the policy's own for a key that differs only in
// case, which the two would rename to and fro.
func (l *loader) checkCase(p *policyDraft, key *node) {
	for _, own := range p.Tags[:p.own] {
		if own.Key != key.text && strings.EqualFold(own.Key, key.text) {
			l.fault(key, "write it the same in both", "the policy file has a rule for %q, in line %d, which differs only in case", own.Key, own.Pos.Line)
		}
	}
}

// statedKey is how the key is to be spelled: as tag_key says, and else in lower
// case, which is what AWS takes where nothing is said.
func (l *loader) statedKey(of pair) *node {
	lower := *of.key
	lower.text = strings.ToLower(of.key.text)
	n := of.value.child("tag_key")
	if n == nil {
		if lower.text != of.key.text {
			l.warn(of.key, `write "tag_key": {"@@assign": "`+of.key.text+`"} if that is meant`,
				"no tag_key says how %s is spelled, so that %q is: AWS takes lower case then", of.key.show(), lower.text)
		}
		return &lower
	}
	list, ok := l.operators(n)
	switch {
	case !ok:
		return nil
	case len(list) != 1:
		l.fault(n, `write {"@@assign": "`+of.key.text+`"}`, "tag_key is one key")
		return nil
	case !strings.EqualFold(list[0].text, of.key.text):
		l.fault(list[0], "they may differ in case alone", "the tag key %s is another one than the policy key %q", list[0].show(), of.key.text)
		return nil
	}
	return list[0]
}

// statedValues are the values that will do; false where any does.
func (l *loader) statedValues(n *node) ([]*node, bool) {
	if n == nil {
		return nil, false
	}
	list, ok := l.operators(n)
	if !ok || len(list) == 0 {
		return nil, false
	}
	for i, v := range list {
		switch {
		case strings.Count(v.text, "*") > 1:
			l.fault(v, "AWS takes one in each value", "%s has more than one *", v.show())
		case tag.CheckValue(v.text) != nil:
			_, hint := wrongTag(tag.CheckValue(v.text), tag.MaxValue)
			l.fault(v, hint, "%s is no value of a tag", v.show())
		case slices.ContainsFunc(list[:i], func(o *node) bool { return o.text == v.text }):
			l.fault(v, "delete one", "the value %s is there twice", v.show())
		}
	}
	return list, true
}

// operators reads what operators say: a text or a list of them. An effective
// policy has the value itself in place of operators.
func (l *loader) operators(n *node) ([]*node, bool) {
	if n.shape != mapping {
		return l.texts(n)
	}
	var list []*node
	assigned, good := false, true
	seen := map[string]*node{}
	for _, op := range n.pairs {
		if l.twice(op.key, seen) {
			good = false
			continue
		}
		switch op.key.text {
		case assign:
			assigned = true
			found, ok := l.texts(op.value)
			list, good = found, good && ok
		case add, remove, allowed:
		default:
			l.fault(op.key, meant(op.key.text, []string{assign, add, remove, allowed}), "%q is no operator", op.key.text)
			good = false
		}
	}
	for _, op := range n.pairs {
		if op.key.text != add && op.key.text != remove {
			continue
		}
		if !assigned {
			l.fault(op.key, effectiveHint, "%s changes what a parent policy says, which is not in this file", op.key.bare())
			return nil, false
		}
		some, ok := l.texts(op.value)
		good = good && ok
		list = combine(list, some, op.key.text == add)
	}
	if good && !assigned {
		l.fault(n, `write {"@@assign": …}`, "%q has no %s", n.label, assign)
		return nil, false
	}
	return list, good
}

// combine adds values to others, or takes them away.
func combine(list, some []*node, more bool) []*node {
	among := func(in []*node, v *node) bool {
		return slices.ContainsFunc(in, func(o *node) bool { return o.text == v.text })
	}
	if !more {
		return slices.DeleteFunc(slices.Clone(list), func(v *node) bool { return among(some, v) })
	}
	for _, v := range some {
		if !among(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// texts is a text, or a list of texts.
func (l *loader) texts(n *node) ([]*node, bool) {
	items := []*node{n}
	if n.shape == sequence {
		items = n.items
	}
	good := true
	for _, item := range items {
		if item.shape != scalar || item.style != double {
			hint := ""
			if item.shape == scalar && !item.null {
				hint = "put it in quotes: \"" + item.text + "\""
			}
			l.wrong(item, "a text", hint)
			good = false
		}
	}
	return items, good
}

// constrain lets these values alone pass. A * in one stands for any text.
func (t *TagRule) constrain(values []*node) {
	wild := false
	for _, v := range values {
		t.Allowed = append(t.Allowed, v.text)
		wild = wild || strings.Contains(v.text, "*")
		t.AllowEmpty = t.AllowEmpty || v.text == "" || v.text == "*"
	}
	if !wild {
		return
	}
	alternatives := make([]string, len(t.Allowed))
	for i, v := range t.Allowed {
		before, after, star := strings.Cut(v, "*")
		alternatives[i] = regexp.QuoteMeta(before)
		if star {
			alternatives[i] += "(?s:.*)" + regexp.QuoteMeta(after)
		}
	}
	t.PatternSource = "any of " + strings.Join(t.Allowed, ", ")
	t.Pattern, t.Allowed = regexp.MustCompile(`\A(?:`+strings.Join(alternatives, "|")+`)\z`), nil
}
