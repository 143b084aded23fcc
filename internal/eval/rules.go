package eval

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// check collects what the tag rules of one policy say of one resource.
type check struct {
	faults  []Reason // violations nobody can repair
	mended  []Reason // faults that fix repairs
	unknown []Reason
	needs   []need.Fact
	fix     tag.Diff
	keeps   tag.Set  // what overwriting rules find as they want it
	rests   []string // the keys that fix deletes other spellings of
}

// rules judges the tags of a resource in scope and sets the status.
func (v *Verdict) rules(in expr.Input) {
	var c check
	for i := range v.Policy.Tags {
		c.rule(&v.Policy.Tags[i], in)
	}
	v.Needs = append(v.Needs, c.needs...)
	if why := c.trim(in.Resource); why != nil {
		c.faults = append(append(c.faults, c.mended...), *why)
		c.mended = nil
	}
	if no := resource.Untaggable(in.Resource); no != "" && !c.fix.Empty() {
		c.fix = tag.Diff{}
		c.faults = append(append(c.faults, c.mended...), Reason{Code: reason.Untaggable, Text: "the repair cannot be made: " + no})
		c.mended = nil
	}
	v.Fix, v.Keeps = c.fix, c.keeps
	if len(c.fix.Delete) > 0 {
		v.Rests = c.rests
	}
	v.Reasons = append(append(append(v.Reasons, c.faults...), c.unknown...), c.mended...)
	switch {
	case len(c.faults) > 0:
		v.Status = Violating
	case len(c.unknown) > 0:
		v.Status = Unknown
	case !c.fix.Empty():
		v.Status = Fixable
	default:
		v.Status = Compliant
	}
}

// trim leaves of a repair that does not fit what takes no room, and says why: a
// tag too many fails the whole call. Values that overwrite others are written
// all the same, or whoever fills a resource with tags could forge its owner.
func (c *check) trim(r resource.Resource) *Reason {
	err := fits(r, c.fix)
	if err == nil {
		return nil
	}
	whole := c.fix
	c.fix = tag.Diff{}
	for k, v := range whole.Set {
		one := tag.Set{k: v}
		if _, there := r.Tags()[k]; there && fits(r, tag.Diff{Set: one}) == nil {
			c.put(k, v)
		}
	}
	return &Reason{Code: reason.TagLimit, Text: "the repair does not fit: " + err.Error()}
}

// fits says whether AWS would take the change; the mark counts as the user
// tag that it is.
func fits(r resource.Resource, d tag.Diff) error {
	if d.Empty() {
		return nil
	}
	have := r.Tags()
	if r.MarkValue() != "" {
		have = have.Clone()
		have[""] = r.MarkValue()
	}
	return tag.Fits(have, d)
}

// rule judges one tag.
func (c *check) rule(rule *policy.TagRule, in expr.Input) {
	tags := in.Resource.Tags()
	value, present := tags[rule.Key]
	empty := present && strings.TrimSpace(value) == ""
	lacking := !present || empty && !rule.AllowEmpty

	renamed, aliases, clash := c.aliases(rule, tags)
	if clash {
		c.overrule(rule, in)
		return
	}
	overwrite := overwrites(rule, in)
	w, ok := c.want(rule, in, lacking, overwrite, renamed, empty)
	want := w.value
	if ok && w.known && overwrite && !lacking && want == value {
		c.keep(rule.Key, want)
	}
	switch {
	case !ok:
		return
	case w.known && (lacking || overwrite && want != value):
		c.repair(rule, want, aliases, w.because(repair(rule.Key, present, want, renamed, aliases)))
	case !present:
		if rule.Required {
			c.faults = append(c.faults, w.because(missing(rule, tags)))
		}
	case lacking:
		c.faults = append(c.faults, w.because(Reason{Code: reason.TagEmpty, Tag: rule.Key, Text: fmt.Sprintf("tag %s is empty", rule.Key)}))
	case empty && renamed != "":
		// An empty value will do, but not in place of the only one there is.
		c.repair(rule, renamed, aliases, repair(rule.Key, true, renamed, renamed, aliases))
	default:
		c.there(rule, value, empty, aliases)
	}
}

// repair gives the tag a value, if that is allowed.
func (c *check) repair(rule *policy.TagRule, want string, aliases []string, why Reason) {
	if c.unsure(rule, want) {
		return
	}
	if fault, bad := refused(rule, want); bad {
		fault.Text = "the value it would get is not allowed: " + fault.Text
		c.faults = append(c.faults, fault)
		return
	}
	c.set(rule.Key, want, aliases, why)
}

// overwrites says whether a rule replaces a value that is there. Where the
// creator may only have changed the resource, what was there before stays.
func overwrites(rule *policy.TagRule, in expr.Input) bool {
	if !rule.Overwrite || rule.Value == nil {
		return rule.Overwrite
	}
	o, err := in.Resource.Origin()
	return err != nil || !o.Unsure
}

// overrule writes what an overwriting rule wants although other keys disagree:
// a second spelling must not keep a forged owner. Those keys stay, for a person
// to look at.
func (c *check) overrule(rule *policy.TagRule, in expr.Input) {
	if rule.Value == nil || !overwrites(rule, in) {
		return
	}
	want, _, ok := c.compute(rule, in)
	value, present := in.Resource.Tags()[rule.Key]
	switch {
	case !ok || want == "":
	case present && value == want:
		c.keep(rule.Key, want)
	default:
		c.repair(rule, want, nil, repair(rule.Key, present, want, "", nil))
	}
}

// there judges a value that is there and stays: whether it is allowed, and
// whether other keys repeat it.
func (c *check) there(rule *policy.TagRule, value string, empty bool, aliases []string) {
	if !empty && c.unsure(rule, value) {
		return
	}
	if fault, bad := refused(rule, value); bad && !empty {
		c.faults = append(c.faults, fault)
		return
	}
	if len(aliases) > 0 {
		c.drop(rule.Key, aliases)
		c.mended = append(c.mended, Reason{Code: reason.TagAlias, Tag: rule.Key,
			Text: fmt.Sprintf("%s repeats tag %s", strings.Join(aliases, ", "), rule.Key)})
	}
}

func (c *check) keep(key, value string) {
	if c.keeps == nil {
		c.keeps = tag.Set{}
	}
	c.keeps[key] = value
}

func (c *check) put(key, value string) {
	if c.fix.Set == nil {
		c.fix.Set = tag.Set{}
	}
	c.fix.Set[key] = value
}

func (c *check) set(key, value string, aliases []string, why Reason) {
	c.put(key, value)
	c.drop(key, aliases)
	c.mended = append(c.mended, why)
}

// drop deletes other spellings of a key.
func (c *check) drop(key string, aliases []string) {
	if len(aliases) > 0 {
		c.fix.Delete = append(c.fix.Delete, aliases...)
		c.rests = append(c.rests, key)
	}
}

// aliases finds the other keys that mean this one: the value they give where
// the key itself has none, and the keys to delete once it has. Values that
// disagree are a fault that only a person can settle.
func (c *check) aliases(rule *policy.TagRule, tags tag.Set) (value string, keys []string, clash bool) {
	if v := tags[rule.Key]; strings.TrimSpace(v) != "" {
		value = v
	}
	for _, alias := range spellings(rule, tags) {
		v, ok := tags[alias]
		if !ok {
			continue
		}
		keys = append(keys, alias)
		switch {
		case strings.TrimSpace(v) == "" || v == value:
		case value == "":
			value = v
		default:
			c.faults = append(c.faults, Reason{Code: reason.TagAliasesDisagree, Tag: rule.Key,
				Text: fmt.Sprintf("tag %s: %s says %q where another key says %q", rule.Key, alias, v, value)})
			return "", nil, true
		}
	}
	if strings.TrimSpace(tags[rule.Key]) != "" {
		return "", keys, false
	}
	return value, keys, false
}

// unsure says whether it cannot be told that a value is allowed, because the
// table that says so was not read.
func (c *check) unsure(rule *policy.TagRule, value string) bool {
	_, err := rule.Lists(value)
	if err != nil {
		c.unknown = append(c.unknown, Reason{Code: reason.ValueUnknown, Tag: rule.Key,
			Text: fmt.Sprintf("whether tag %s may be %q cannot be told: %v", rule.Key, value, err)})
	}
	return err != nil
}

// refused says why a value is not allowed.
func refused(rule *policy.TagRule, value string) (Reason, bool) {
	listed, err := rule.Lists(value)
	switch {
	case !listed && err == nil:
		among := "one of " + list(rule.Allowed)
		if rule.AllowedBy != nil {
			among = "in the table " + rule.AllowedBy.Name
		}
		return Reason{Code: reason.TagNotAllowed, Tag: rule.Key,
			Text: fmt.Sprintf("tag %s is %q, which is not %s", rule.Key, value, among)}, true
	case rule.Pattern != nil && !rule.Pattern.MatchString(value):
		return Reason{Code: reason.TagPattern, Tag: rule.Key,
			Text: fmt.Sprintf("tag %s is %q, which does not match %s", rule.Key, value, rule.PatternSource)}, true
	default:
		return Reason{}, false
	}
}

// list shows at most five of the allowed values.
func list(values []string) string {
	const most = 5
	if n := len(values) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(values[:most], ", "), n)
	}
	return strings.Join(values, ", ")
}

// missing is the fault of a required tag that is not there; a key that differs
// only in case is named, because that is most often the cause.
func missing(rule *policy.TagRule, tags tag.Set) Reason {
	for _, k := range tags.Keys() {
		if strings.EqualFold(k, rule.Key) {
			return Reason{Code: reason.TagCase, Tag: rule.Key, Text: fmt.Sprintf("tag %s is missing; there is %q, and tag keys are case-sensitive", rule.Key, k)}
		}
	}
	return Reason{Code: reason.TagMissing, Tag: rule.Key, Text: fmt.Sprintf("tag %s is missing", rule.Key)}
}

// repair says what a repair does.
func repair(key string, present bool, want, renamed string, aliases []string) Reason {
	switch {
	case renamed != "" && want == renamed && len(aliases) > 0:
		return Reason{Code: reason.TagAlias, Tag: key, Text: fmt.Sprintf("tag %s is written %s", key, strings.Join(aliases, ", "))}
	case present:
		return Reason{Code: reason.TagWrong, Tag: key, Text: fmt.Sprintf("tag %s is not %q", key, want)}
	default:
		return Reason{Code: reason.TagMissing, Tag: key, Text: fmt.Sprintf("tag %s is missing", key)}
	}
}
