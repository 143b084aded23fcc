package eval_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// full are so many tags, with those given among them.
func full(n int, with tag.Set) tag.Set {
	tags := with.Clone()
	if tags == nil {
		tags = tag.Set{}
	}
	for i := 0; len(tags) < n; i++ {
		tags[fmt.Sprintf("filler-%02d", i)] = "v"
	}
	return tags
}

func TestAnAliasIsNeverDeletedWithTheOnlyValue(t *testing.T) {
	const rule = "tags: {Project: {allow_empty: true, aliases: [project, PROJECT]}}"
	for name, c := range map[string]struct {
		tags   tag.Set
		status eval.Status
		fix    tag.Diff
	}{
		"the empty key takes the alias's value": {tag.Set{"Project": "", "project": "payments"}, eval.Fixable,
			tag.Diff{Set: tag.Set{"Project": "payments"}, Delete: []string{"project"}}},
		"both are empty":            {tag.Set{"Project": "", "project": ""}, eval.Fixable, tag.Diff{Delete: []string{"project"}}},
		"two aliases disagree":      {tag.Set{"Project": "", "project": "payments", "PROJECT": "search"}, eval.Violating, tag.Diff{}},
		"a blank is an empty value": {tag.Set{"Project": " "}, eval.Compliant, tag.Diff{}},
		"no alias":                  {tag.Set{"Project": ""}, eval.Compliant, tag.Diff{}},
	} {
		v := judgeOne(t, onePolicy(rule), instance(c.tags))
		if v.Status != c.status {
			t.Errorf("%s: %s %v", name, v.Status, v.Reasons)
		}
		if diff := cmp.Diff(c.fix, v.Fix); diff != "" {
			t.Errorf("%s: its repair (-want +got):\n%s", name, diff)
		}
	}
}

// Whoever writes the tags of a new instance must not be able to keep a forged
// owner, neither by a second spelling nor by leaving no room.
func TestNoTagKeepsAForgedOwner(t *testing.T) {
	const file = `
exempt: [{tag: Exempt}]
tags:
  PrincipalId: {value: creator.principal_id, overwrite: true, aliases: [principal]}
  Stamped: {value: creator.name, overwrite: true}
  Maker: {value: creator.name, overwrite: true}`
	for name, tags := range map[string]tag.Set{
		"aliases that disagree": {"PrincipalId": "forged", "principal": "another"},
		"no room":               full(50, tag.Set{"PrincipalId": "forged"}),
		"room for one of two":   full(49, tag.Set{"PrincipalId": "forged"}),
	} {
		for _, exempt := range []bool{false, true} {
			tags := tags.Clone()
			if exempt {
				delete(tags, "filler-00")
				tags["Exempt"] = ""
			}
			i := instance(tags)
			i.SetOrigin(byAda)
			v := judgeOne(t, onePolicy(file), i)
			if v.Fix.Set["PrincipalId"] != "AROA:ada" || len(v.Fix.Delete) > 0 {
				t.Errorf("%s, exempt %t: %s %v, writes %v", name, exempt, v.Status, v.Reasons, v.Fix)
			}
			if err := tag.Fits(tags, v.Fix); err != nil {
				t.Errorf("%s, exempt %t: %v", name, exempt, err)
			}
		}
	}
}

func TestAnExemptResourceSaysWhyItIsNotStamped(t *testing.T) {
	const file = "exempt: [{tag: Exempt}]\ntags: {PrincipalId: {value: creator.principal_id, overwrite: true}}"
	for _, c := range []struct {
		tags   tag.Set
		origin resource.Lazy[resource.Origin]
		want   []string
	}{
		{full(50, tag.Set{"Exempt": ""}), byAda, []string{reason.ExemptTag, reason.TagLimit}},
		{tag.Set{"Exempt": ""}, resource.Unread[resource.Origin](errors.New("denied")), []string{reason.ExemptTag, reason.ValueUnknown}},
		{tag.Set{"Exempt": ""}, byNobody, []string{reason.ExemptTag}},
	} {
		i := instance(c.tags)
		i.SetOrigin(c.origin)
		v := judgeOne(t, onePolicy(file), i)
		if diff := cmp.Diff(c.want, codes(v.Reasons)); diff != "" || v.Status != eval.Exempt || !v.Fix.Empty() {
			t.Errorf("%s, writes %v (-want +got):\n%s", v.Status, v.Fix, diff)
		}
	}
}
