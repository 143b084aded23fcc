package policy

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiled is the schema as an editor would use it.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("policy.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("policy.schema.json") // checks it against its own draft's schema
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// written is a file's content as an editor sees it, variables as they stand.
func written(t *testing.T, path string) any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := &reporter{}
	root := r.parse(Source{Name: path, Data: data}, environ)
	if root == nil {
		t.Fatalf("not YAML: %v", r.list)
	}
	return plainly(root)
}

func plainly(n *node) any {
	switch {
	case n.shape == mapping:
		m := map[string]any{}
		for _, p := range n.pairs {
			m[p.key.text] = plainly(p.value)
		}
		return m
	case n.shape == sequence:
		var l []any
		for _, i := range n.items {
			l = append(l, plainly(i))
		}
		return l
	case n.null:
		return nil
	case n.isText():
		return n.written
	case resolve(n.text) == plainBool:
		return strings.EqualFold(n.text, "true")
	default:
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			return n.text
		}
		return f
	}
}

func TestEditorsAcceptWhatLoads(t *testing.T) {
	s := compiled(t)
	for _, path := range samples(t, "good") {
		if err := s.Validate(written(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestEditorsRefuseWhatHasTheWrongShape(t *testing.T) {
	s := compiled(t)
	marked := 0
	for _, path := range samples(t, "wrong") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(string(data), "# the schema refuses it too\n") {
			continue
		}
		marked++
		if s.Validate(written(t, path)) == nil {
			t.Errorf("%s: the schema takes it", path)
		}
	}
	if marked < 30 {
		t.Errorf("only %d samples are marked as wrong in shape", marked)
	}
}

func TestTheSchemaInTheDocumentationIsThisOne(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "policy.schema.json"), string(JSONSchema()))
}

func TestEveryKeyIsExplainedToEditors(t *testing.T) {
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for k, p := range properties {
					if d, _ := p.(map[string]any)["description"].(string); d == "" {
						t.Errorf("%s.%s has no description", path, k)
					}
				}
			}
			for k, x := range v {
				walk(path+"."+k, x)
			}
		case []any:
			for _, x := range v {
				walk(path, x)
			}
		}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	walk("", doc)
}
