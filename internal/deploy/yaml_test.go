package deploy

import (
	"testing"

	goccy "github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Whatever is in a policy file, a YAML reader of somebody else's reads it as it
// was.
func TestAllTextSurvives(t *testing.T) {
	word := rapid.OneOf(rapid.StringMatching(`[ -~]{0,20}`), rapid.SampledFrom([]string{"", "yes", "No", "null", "~", "1", "0x1", "1e3", "2010-09-09", "a: b", "a #b", "- a", "!Ref x", "&a", "*",
		"{a}", "[a]", "a,b", "'", `"`, "a\nb", "\t", " a", "a ", "ä", "日本", "<<", "=", "arn:aws:iam::aws:policy/x", "a:", "${A}", "%"}))
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(word, 1, 6).Draw(t, "values")
		var o, inner object
		var l list
		for _, v := range values {
			l = append(l, v)
			inner.put("k"+camel(v), v)
		}
		seen := map[string]bool{}
		want := map[string]any{"list": anys(values), "deep": []any{map[string]any{"a": anys(values)}}}
		members := object{}
		in := map[string]any{}
		for _, m := range inner {
			if !seen[m.key] {
				seen[m.key] = true
				members = append(members, m)
				in[m.key] = m.value
			}
		}
		want["inner"] = in
		o.put("list", l)
		o.put("deep", list{attributes("a", l)})
		o.put("inner", members, "a comment")
		var got map[string]any
		if err := goccy.Unmarshal(yaml(o), &got); err != nil {
			t.Fatalf("%v\n%s", err, yaml(o))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s\n%s", d, yaml(o))
		}
	})
}
