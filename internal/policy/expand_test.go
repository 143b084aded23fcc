package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
)

func TestVariablesAreFilledIn(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"A": "x", "EMPTY": "", "YAML": "a: [b\n- c", "DOLLAR": "${A}", "BAD": "\xff"}[name]
		return v, ok
	}
	for _, c := range []struct{ written, want, trouble string }{
		{"", "", ""},
		{"no variables, $5 and $A", "no variables, $5 and $A", ""},
		{"${A}", "x", ""},
		{"<${A}${A}>", "<xx>", ""},
		{"é${A}é", "éxé", ""},
		{"${EMPTY}", "", ""},
		{"${EMPTY:-d}", "d", ""},
		{"${NONE:-d}", "d", ""},
		{"${NONE:-}", "", ""},
		{"${NONE:-a:-b}", "a:-b", ""},
		{"${A:-d}", "x", ""},
		{"$${A}", "${A}", ""},
		{"$$${A}", "$${A}", ""},
		{"$${A} ${A}", "${A} x", ""},
		{"${DOLLAR}", "${A}", ""},
		{"${YAML}", "a: [b\n- c", ""},
		{"a${NONE}b", "ab", "the environment variable NONE is not set"},
		{"${BAD}", "", "the environment variable BAD is not valid UTF-8"},
		{"${}", "${}", `"${" does not begin a variable here`},
		{"${1A}", "${1A}", `"${" does not begin a variable here`},
		{"${A-d}", "${A-d}", `"${" does not begin a variable here`},
		{"${A", "${A", `"${" does not begin a variable here`},
		{"${A:-{}}", "${A:-{}}", `"${" does not begin a variable here`},
	} {
		got, _, troubles := expand(c.written, env)
		trouble := ""
		for _, x := range troubles {
			trouble += x.summary
		}
		if got != c.want || trouble != c.trouble {
			t.Errorf("%q: %q, %q; want %q, %q", c.written, got, trouble, c.want, c.trouble)
		}
	}
}

// load loads one file's text with the environment of the samples.
func load(text string) (*Set, string) {
	set, list := Load([]Source{{Name: "p.yaml", Data: []byte(text), Dir: "conf"}}, environ)
	return set, list.Error()
}

const onePolicy = `
policies: [{name: one, resource: ec2:instance, match: 'resource.name != "x"'}]
`

func TestAVariableCannotBringStructure(t *testing.T) {
	env := func(string) (string, bool) { return "x, zone: Europe/Berlin}\nversion: 2\n#", true }
	text := "version: 1\nchannels: {a: {file: {dir: ${A}}}}" + onePolicy
	set, list := Load([]Source{{Name: "p.yaml", Data: []byte(text)}}, env)
	if set == nil {
		t.Fatal(list)
	}
	if got, want := set.Channels["a"].File.Dir, "x, zone: Europe/Berlin}\nversion: 2\n#"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAVariableIsReadAsWhatItStandsFor(t *testing.T) {
	set, said := load(`version: ${ONE:-1}
settings: {limits: {stop: ${NUMBER}, start: "${NUMBER}0", share: ${SHARE:-5%}}, name: ${NUMBER}}
policies:
  - {name: one, resource: [${TYPE:-ec2:instance}], match: 'resource.name == "${PAY_WEBHOOK}"', include_managed: ${YES:-true}}
`)
	if set == nil {
		t.Fatal(said)
	}
	s := set.Settings
	got := []any{s.Name, s.Limits.Counts[action.Stop], s.Limits.Counts[action.Start], s.Limits.Share, set.Policies[0].IncludeManaged, string(set.Policies[0].Types[0])}
	if diff := cmp.Diff([]any{"7", 7, 70, 5.0, true, "ec2:instance"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestKeysAreLeftAsTheyAre(t *testing.T) {
	set, said := load("version: 1\nchannels: {infra: {ses: {from: a@example.com, to: b@example.com}}}\npolicies:\n  - name: one\n    resource: ec2:instance\n    tags: {'${NUMBER}': {}}\n")
	if set == nil {
		t.Fatal(said)
	}
	if got := set.Policies[0].Tags[0].Key; got != "${NUMBER}" {
		t.Errorf("the key became %q", got)
	}
}
