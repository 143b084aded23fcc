package deploy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"pgregory.net/rapid"
)

// hostile is text as a policy file can have it.
func hostile() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`[ -~]{0,20}`), rapid.StringMatching(`[$%{}~"\\\n\r\tu0]{0,8}`), rapid.String(),
		rapid.SampledFrom([]string{"", "${", "$${", "%{ if true }", "%%{", "${var.region}", `"`, `\`, `\n`, "a\nb", "\r\n", "EOT", "<<EOT", "#", "//", "/*", "$", "%", "日本", "\u2028", "\ufeff"}))
}

// scope is what the expressions of a test refer to.
var scope = &hcl.EvalContext{
	Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{"region": cty.StringVal("eu-west-1")})},
	Functions: map[string]function.Function{"jsonencode": stdlib.JSONEncodeFunc, "jsondecode": stdlib.JSONDecodeFunc},
}

// attribute reads an attribute of the only block of a file as Terraform would.
func evaluated(t interface{ Fatalf(string, ...any) }, file []byte, name string) cty.Value {
	f, diags := hclsyntax.ParseConfig(file, "x.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, file)
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok || len(body.Blocks) != 1 || len(body.Attributes) != 0 {
		t.Fatalf("not one block:\n%s", file)
	}
	v, diags := body.Blocks[0].Body.Attributes[name].Expr.Value(scope)
	if diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, file)
	}
	return v
}

// Whatever is in a policy file, Terraform reads it as it was, wherever it
// stands.
func TestTerraformReadsEveryTextAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(hostile().Filter(normal), 1, 5).Draw(t, "values")
		key := values[0]
		var l list
		want := make([]cty.Value, len(values))
		var parts template
		joined := ""
		for i, v := range values {
			l, want[i] = append(l, v), cty.StringVal(v)
			parts = append(parts, v, expr("var.region"))
			joined += v + "eu-west-1"
		}
		w := &hclWriter{}
		file := w.hcl("a head\n"+key, []block{{kind: "b", labels: []string{"l"}, comment: key, body: object{
			{key: "text", value: key},
			{key: "list", value: l, comment: key},
			{key: "object", value: object{{key: key, value: key}}},
			{key: "template", value: parts},
			{key: "json", value: encoded{object{{key: key, value: list{object{{key: "a", value: parts}}}}}}},
			{key: "inner", value: nested{{key: "text", value: key}}, comment: key},
		}}})
		if len(w.errs) != 0 { // an accent that the text before it would join
			t.SkipNow()
		}
		for name, v := range map[string]cty.Value{
			"text": want[0], "list": cty.TupleVal(want), "object": cty.ObjectVal(map[string]cty.Value{key: want[0]}), "template": cty.StringVal(joined),
		} {
			if got := evaluated(t, file, name); !got.RawEquals(v) {
				t.Fatalf("%s is %#v, not %#v:\n%s", name, got, v, file)
			}
		}
		decoded, err := stdlib.JSONDecode(evaluated(t, file, "json"))
		if err != nil || !decoded.RawEquals(cty.ObjectVal(map[string]cty.Value{key: cty.TupleVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"a": cty.StringVal(joined)})})})) {
			t.Fatalf("%#v, %v:\n%s", decoded, err, file)
		}
	})
}

func TestTextThatTerraformWouldReadOtherwiseIsRefused(t *testing.T) {
	for name, v := range map[string]any{
		"an accent of its own":           "Mu\u0308ller",
		"one that JSON joins to another": "<\u0301",
		"one that a reference comes to":  template{expr("var.region"), "\u0301"},
		"no text":                        "\xff",
		"a key":                          object{{key: "u\u0308", value: 1}},
	} {
		w := &hclWriter{}
		w.hcl("", []block{{kind: "b", body: object{{key: "a", value: v}}}})
		if len(w.errs) != 1 || !errors.Is(w.errs[0], errNormal) {
			t.Errorf("%s: %v", name, w.errs)
		}
	}
}

func TestHCLIsLaidOutForPeople(t *testing.T) {
	w := &hclWriter{}
	long := strings.Repeat("a", 70)
	got := string(w.hcl("Head.", []block{
		{kind: "locals", body: object{{key: "a", value: expr("var.b")}}, comment: "One.\nTwo."},
		{kind: "resource", labels: []string{"t", "n"}, body: object{
			{key: "name", value: "x"}, {key: "longer", value: list{"a", 1, true}}, {key: "lines", value: list{long, long}},
			{key: "policy", value: encoded{object{{key: "S", value: list{object{{key: "aws:x", value: template{"a/", expr("var.b")}}, {key: "for", value: "y"}}}}}}},
			{key: "inner", value: nested{{key: "k", value: object{{key: "one", value: 1}}}}},
			{key: "last", value: list{object{{key: "one", value: 1}}}},
		}},
	}))
	want := `# Head.

# One.
# Two.
locals {
  a = var.b
}

resource "t" "n" {
  name   = "x"
  longer = ["a", 1, true]
  lines = [
    "` + long + `",
    "` + long + `",
  ]
  policy = jsonencode({
    S = [{
      "aws:x" = "a/${var.b}"
      "for"   = "y"
    }]
  })

  inner {
    k = { one = 1 }
  }

  last = [{ one = 1 }]
}
`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
