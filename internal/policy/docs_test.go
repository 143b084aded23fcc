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
		return "https://example.com/", strings.HasSuffix(name, "_WEBHOOK") || strings.HasSuffix(name, "_SECRET")
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	disk := fstest.MapFS{"people.csv": {Data: []byte("person,department\n")}, "cost-centers.csv": {Data: []byte("number\n")}}
	loaded := 0
	for _, p := range pages {
		for _, block := range strings.Split(page(t, filepath.Base(p)), "```yaml\n")[1:] {
			text, _, _ := strings.Cut(block, "```")
			if text = asFile(text); text == "" {
				continue
			}
			loaded++
			if set, list := Load([]Source{{Name: filepath.Base(p), Data: []byte(text), Open: disk.Open}}, env); set == nil {
				t.Errorf("%s\n%s", list.Error(), text)
			}
		}
	}
	if loaded < 30 {
		t.Errorf("only %d examples were found", loaded)
	}
}

// asFile makes a policy file of an example, "" of what is none, or is about
// several types at once.
func asFile(text string) string {
	const (
		head     = "version: 1\n"
		channels = "channels: {infra: {ses: {from: a@example.com, to: b@example.com}}}\n"
		policies = "policies: [{name: one, resource: ec2:instance, match: 'true'}]\n"
		named    = "policies:\n  - name: one\n"
		inPolicy = named + "    resource: ec2:instance\n"
	)
	inside := "    " + strings.TrimRight(strings.ReplaceAll(text, "\n", "\n    "), " ")
	first, _, _ := strings.Cut(strings.TrimSpace(text), ":")
	switch first {
	case "version":
		return text
	case "policies":
		return head + channels + text
	case "settings":
		return head + text + channels + policies
	case "channels", "define", "lookups", "access":
		if strings.Contains(text, "\npolicies:") {
			return head + text
		}
		return head + text + policies
	case "exempt", "tags", "match", "hours", "limits":
		return head + inPolicy + inside
	case "resource":
		return head + named + inside
	case "enforce":
		return head + "settings: {owner: {tags: Owner, via: infra}}\ndefine: {prod: 'true'}\n" + channels + inPolicy + "    match: prod\n" + inside
	case "- name":
		return head + channels + "policies:\n" + text
	case "- tag", "- isolate", "- run_command", "- invoke":
		return head + "define: {prod: 'true'}\n" + inPolicy + "    match: prod\n    enforce:\n" + inside
	default:
		return ""
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
