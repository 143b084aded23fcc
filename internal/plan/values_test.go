package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// spellings are keys that rules may rename to each other.
var spellings = []string{"Cost", "cost", "COST", "Team", "Other"}

// anyRule is a rule for a key, in the form of the file.
func anyRule(t *rapid.T, key string) string {
	var parts []string
	say := func(s string) { parts = append(parts, s) }
	if rapid.Bool().Draw(t, "optional") {
		say("required: false")
	}
	if rapid.Bool().Draw(t, "allow empty") {
		say("allow_empty: true")
	}
	if rapid.Bool().Draw(t, "limited") {
		say("allowed: [a, d, v]")
	}
	say(rapid.SampledFrom([]string{"default: d", `value: '"v"'`, `value: tag("Other")`, `value: tag("Other"), fallback: d`, "required: true", `value: '"v"', overwrite: true`}).Draw(t, "kind"))
	var others []string
	for _, k := range spellings {
		if k != key && rapid.Bool().Draw(t, "alias "+k) {
			others = append(others, k)
		}
	}
	if len(others) > 0 {
		say("aliases: [" + strings.Join(others, ", ") + "]")
	}
	if len(parts) > 1 && slices.Contains(parts, "required: true") {
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "required: false" })
	}
	return fmt.Sprintf("%s: {%s}", key, strings.Join(parts, ", "))
}

// Whatever rules policies have and whatever is there: what is written fits, and
// what is deleted is still there under another key. Made again and again, the
// repairs come to an end.
func TestNoRepairLosesAValue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		file := "version: 1\npolicies:\n"
		for i := range rapid.IntRange(1, 3).Draw(rt, "policies") {
			key := rapid.SampledFrom(spellings[:4]).Draw(rt, "key")
			file += fmt.Sprintf("  - {name: p%d, resource: ec2:instance, mode: enforce, match: 'true', tags: {%s}}\n", i, anyRule(rt, key))
		}
		tags := tag.Set{}
		for _, k := range spellings {
			if v := rapid.SampledFrom([]string{"none", "", " ", "a", "b", "d", "v"}).Draw(rt, k); v != "none" {
				tags[k] = v
			}
		}
		for i := range rapid.SampledFrom([]int{0, 44, 45, 46, 47, 48, 49}).Draw(rt, "others") {
			if len(tags) < tag.MaxPerResource {
				tags[fmt.Sprintf("filler-%02d", i)] = "x"
			}
		}
		set := load(t, file)
		for round := 0; ; round++ {
			r := &resource.Instance{Base: resource.Base{TagSet: tags, Reference: resource.Ref{ID: "i-1", Type: resource.EC2Instance, Account: "1", Region: "r", ARN: "arn:i-1"}}, State: "running", RootDevice: "ebs"}
			var d tag.Diff
			for _, f := range build(set, cases.NewIndex(nil, nil), []resource.Resource{r}).Findings {
				for _, a := range f.Actions {
					if a.State != plan.Planned {
						continue
					}
					if a.Action == action.Tag {
						if d.Set == nil {
							d.Set = tag.Set{}
						}
						maps.Copy(d.Set, a.Tags)
					}
					d.Delete = append(d.Delete, a.Keys...)
				}
			}
			if d.Empty() {
				return
			}
			if err := tag.Fits(tags, d); err != nil {
				rt.Fatalf("%s%v\nwrites %v: %v", file, tags, d, err)
			}
			after := d.Apply(tags)
			left := slices.Collect(maps.Values(after))
			for _, k := range d.Delete {
				if v := strings.TrimSpace(tags[k]); v != "" && !strings.Contains(file, "overwrite") && !slices.ContainsFunc(left, func(l string) bool { return strings.TrimSpace(l) == v }) {
					rt.Fatalf("%s%v\nloses %s=%s by %v", file, tags, k, tags[k], d)
				}
			}
			if round == 10 {
				rt.Fatalf("%s%v\nstill does %v", file, tags, d)
			}
			tags = after
		}
	})
}
