package plan_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// One call writes what all policies want, and a tag too many fails it.
func TestWhatSeveralPoliciesWriteFitsTogether(t *testing.T) {
	const one = `version: 1
policies:
  - {name: a, resource: ec2:instance, mode: enforce, tags: {A: {default: a}}}
  - {name: b, resource: ec2:instance, mode: enforce, tags: {B: {default: b}}}
`
	const step = `version: 1
policies:
  - {name: a, resource: ec2:instance, mode: enforce, tags: {A: {default: a}}}
  - {name: b, resource: ec2:instance, mode: enforce, match: '!("B" in resource.tags)', enforce: [{tag: {B: b}}]}
`
	const overwrites = `version: 1
policies:
  - {name: a, resource: ec2:instance, mode: enforce, tags: {A: {default: a}}}
  - {name: b, resource: ec2:instance, mode: enforce, tags: {Forged: {value: resource.id, overwrite: true}, B: {default: b}}}
`
	const marked = `version: 1
channels: {ops: {ses: {from: a@example.com, to: [b@example.com]}}}
policies:
  - {name: a, resource: ec2:instance, mode: enforce, tags: {A: {default: a}}}
  - name: b
    resource: ec2:instance
    mode: enforce
    match: '!("B" in resource.tags)'
    enforce: [{notify: ops}, {stop: {after: 7d}}]
`
	const renames = `version: 1
policies:
  - {name: a, resource: ec2:instance, mode: enforce, tags: {A: {default: a}}}
  - {name: b, resource: ec2:instance, mode: enforce, tags: {B: {aliases: [filler-01]}}}
`
	const rivals = `version: 1
policies:
  - {name: a, resource: ec2:instance, mode: enforce, match: 'true', tags: {B: {default: a}}}
  - {name: b, resource: ec2:instance, mode: enforce, tags: {B: {aliases: [filler-01]}}}
`
	for name, c := range map[string]struct {
		file string
		tags int
		want []string
	}{
		"both fit":                       {one, 48, []string{"a tag planned ", "b tag planned "}},
		"only one does":                  {one, 49, []string{"a tag planned ", "b tag held " + reason.TagLimit}},
		"a step counts too":              {step, 49, []string{"a tag planned ", "b tag held " + reason.TagLimit}},
		"what replaces a value is first": {overwrites, 49, []string{"a tag held " + reason.TagLimit, "b tag planned "}},
		"a rename has no room":           {renames, 49, []string{"a tag planned ", "b tag held " + reason.TagLimit, "b untag held " + reason.RenameIncomplete}},
		"a rename is disputed":           {rivals, 9, []string{"a tag held " + reason.Conflict, "b tag held " + reason.Conflict, "b untag held " + reason.RenameIncomplete}},
		"so does a mark":                 {marked, 49, []string{"a tag planned ", "b mark skipped " + reason.TagLimit}},
		"and a mark has room":            {marked, 48, []string{"a tag planned ", "b mark planned "}},
	} {
		tags := tag.Set{"Forged": "x"}
		for i := len(tags); i < c.tags; i++ {
			tags[fmt.Sprintf("filler-%02d", i)] = "v"
		}
		r := &resource.Instance{Base: resource.Base{TagSet: tags, Reference: resource.Ref{ID: "i-1", Type: resource.EC2Instance, Account: "1", Region: "r", ARN: "arn:i-1"}}, State: "running", RootDevice: "ebs"}
		var got []string
		for _, f := range build(load(t, c.file), cases.NewIndex(nil, nil), []resource.Resource{r}).Findings {
			for _, a := range f.Actions {
				if a.Action == action.Tag || a.Action == action.Untag || a.Action == action.Mark {
					got = append(got, fmt.Sprintf("%s %s %s %s", f.Policy, a.Action, a.State, a.Code))
				}
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
