package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tagwarden/tagwarden/internal/action"
)

// page is a page of the documentation.
func page(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheExamplesOfTheDocumentationLoad(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"PAY_WEBHOOK": "https://example.com/p", "SIEM_SECRET": "s"}[name]
		return v, ok
	}
	const (
		channels = "channels: {infra: {ses: {from: a@example.com, to: b@example.com}}}\n"
		policies = "policies: [{name: one, resource: ec2:instance, match: 'true'}]\n"
		inPolicy = "policies:\n  - name: one\n    resource: ec2:instance\n"
	)
	disk := fstest.MapFS{"people.csv": {Data: []byte("person,department\n")}, "cost-centers.csv": {Data: []byte("number\n")}}
	loaded := 0
	for _, block := range strings.Split(page(t, "policy-file.md"), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		first, _, _ := strings.Cut(text, ":")
		inside := func(s string) string { return "    " + strings.TrimRight(strings.ReplaceAll(s, "\n", "\n    "), " ") }
		switch first {
		case "version":
		case "settings":
			text = "version: 1\n" + text + channels + policies
		case "channels", "define", "lookups", "access":
			text = "version: 1\n" + text + policies
		case "hours":
			text = "version: 1\n" + inPolicy + inside(text)
		case "exempt", "tags", "match":
			text = "version: 1\n" + inPolicy + inside(text)
		case "enforce":
			text = "version: 1\nsettings: {owner: {tags: Owner, via: infra}}\ndefine: {prod: 'true'}\n" + channels + inPolicy + "    match: prod\n" + inside(text)
		default:
			continue
		}
		loaded++
		if set, list := Load([]Source{{Name: "example.yaml", Data: []byte(text), Open: disk.Open}}, env); set == nil {
			t.Errorf("%s\n%s", list.Error(), text)
		}
	}
	if loaded < 8 {
		t.Errorf("only %d examples were found", loaded)
	}
}

// TestTheDocumentationNamesEveryKey takes the keys from the JSON Schema, which is
// made of what reads them.
func TestTheDocumentationNamesEveryKey(t *testing.T) {
	var schema any
	if err := json.Unmarshal(JSONSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	properties(schema, keys)
	if len(keys) < 100 {
		t.Fatalf("the schema has only %d keys", len(keys))
	}
	doc := page(t, "policy-file.md") + page(t, "tag-rules.md")
	for k := range keys {
		if !strings.Contains(doc, "`"+k+"`") && !strings.Contains(doc, "`"+k+": ") && !strings.Contains(doc, "{"+k+": ") && !strings.Contains(doc, ", "+k+": ") {
			t.Errorf("docs/policy-file.md does not name %q", k)
		}
	}
}

// properties collects the names of all properties in a schema.
func properties(schema any, into map[string]bool) {
	switch s := schema.(type) {
	case map[string]any:
		for k, v := range s {
			if names, ok := v.(map[string]any); ok && k == "properties" {
				for name, of := range names {
					into[name] = true
					properties(of, into)
				}
				continue
			}
			properties(v, into)
		}
	case []any:
		for _, v := range s {
			properties(v, into)
		}
	}
}

func TestTheDocumentationHasEveryLimit(t *testing.T) {
	for _, name := range []string{"policy-file.md", "limits.md"} {
		doc := page(t, name)
		for _, k := range action.All() {
			if k.DefaultLimit() == 0 {
				continue
			}
			row := regexp.MustCompile("(?m)^\\| `?" + k.String() + "\\b[^|]*\\| ([0-9,]+)").FindStringSubmatch(doc)
			if row == nil || strings.ReplaceAll(row[1], ",", "") != strconv.Itoa(k.DefaultLimit()) {
				t.Errorf("docs/%s does not say that the limit of %s is %d", name, k, k.DefaultLimit())
			}
		}
	}
}
