package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Wanted are the tags that a policy wants on a resource as they will be once
// its repair is made: what its rules know a value for, and what is there
// already. own are those of ownership rules alone (overwrite), which are all
// that an exempt resource has. Both are nil where the resource is out of scope
// or its verdict is open or unknown.
func (v *Verdict) Wanted() (all, own tag.Set) {
	if v.Status == OutOfScope || v.Status == Unknown || len(v.Needs) > 0 {
		return nil, nil
	}
	have := v.Resource.Tags()
	for i := range v.Policy.Tags {
		rule := &v.Policy.Tags[i]
		value, known := v.Fix.Set[rule.Key]
		if !known {
			value = have[rule.Key]
		}
		if strings.TrimSpace(value) == "" || v.Status == Exempt && !rule.Overwrite || slices.Contains(v.Fix.Delete, rule.Key) {
			continue
		}
		if !allowed(rule, value) {
			continue
		}
		if all == nil {
			all = tag.Set{}
		}
		all[rule.Key] = value
		if rule.Overwrite {
			if own == nil {
				own = tag.Set{}
			}
			own[rule.Key] = value
		}
	}
	return all, own
}

// allowed says whether it is known that a value is allowed. What is not stays
// on the parent alone, where it can be put right: on a child it would be there
// for good.
func allowed(rule *policy.TagRule, value string) bool {
	_, err := rule.Lists(value)
	_, bad := refused(rule, value)
	return err == nil && !bad
}

// Child is the verdict on what belongs to the resource of a verdict and gets
// the same tags: it is given the keys that it lacks, and with fresh, for what
// has just been made with its parent, the ownership tags whatever it has. It is
// false where there is nothing to write.
func (v *Verdict) Child(child resource.Resource, fresh bool) (Verdict, bool) {
	all, own := v.Wanted()
	have := child.Tags()
	var fix tag.Set
	for _, k := range all.Keys() {
		value, there := have[k]
		forced := fresh && own[k] != "" && value != own[k]
		if there && strings.TrimSpace(value) != "" && !forced {
			continue
		}
		if fix == nil {
			fix = tag.Set{}
		}
		fix[k] = all[k]
	}
	if fix == nil {
		return Verdict{}, false
	}
	c := Verdict{Policy: v.Policy, Resource: child, Status: Fixable, Fix: tag.Diff{Set: fix}}
	if v.Status == Exempt {
		c.Status = Exempt
	}
	parent := v.Resource.Ref()
	c.Reasons = []Reason{{Code: reason.ChildTag, Tag: fix.Keys()[0], Text: fmt.Sprintf("it belongs to %s and lacks its %s", parent.ID, strings.Join(fix.Keys(), ", "))}}
	if err := fits(child, c.Fix); err != nil {
		c.Fix, c.Status = tag.Diff{}, Violating
		c.Reasons = append(c.Reasons, Reason{Code: reason.TagLimit, Text: "its tags do not fit: " + err.Error()})
	}
	return c, true
}
