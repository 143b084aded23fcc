package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// manual is docs/policy-file.md.
func manual(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "policy-file.md"))
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
	for _, block := range strings.Split(manual(t), "```yaml\n")[1:] {
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

func TestTheDocumentationNamesEveryKey(t *testing.T) {
	doc := manual(t)
	keys := policyFile.keys()
	for _, more := range [][]string{settingsSection.keys(), ownerSection.keys(), exemptSection.keys(), limitsSection.keys(), channelSection.keys(),
		sesSection.keys(), snsSection.keys(), slackSection.keys(), webhookSection.keys(), fileSection.keys(), policySection.keys(), ruleSection.keys(),
		notifySection.keys(), hoursSection.keys(), lookupSection.keys(), accessSection.keys(), allowedSection.keys(), stepTiming.keys(), triggerSection.keys(), accountSection.keys(), organizationSection.keys(), wholeSection.keys(), outcomeSection.keys(), stepWords(true)} {
		keys = append(keys, more...)
	}
	for _, k := range keys {
		if !strings.Contains(doc, "`"+k+"`") && !strings.Contains(doc, "`"+k+": ") && !strings.Contains(doc, "{"+k+": ") {
			t.Errorf("docs/policy-file.md does not name %q", k)
		}
	}
}
