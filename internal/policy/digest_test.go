package policy

import (
	"strings"
	"testing"
)

func digestOf(t *testing.T, texts ...string) string {
	t.Helper()
	var sources []Source
	for _, s := range texts {
		sources = append(sources, Source{Name: "p.yaml", Data: []byte(s)})
	}
	set, list := Load(sources, environ)
	if set == nil {
		t.Fatal(list)
	}
	if !strings.HasPrefix(set.Digest, "sha256:") || len(set.Digest) != len("sha256:")+64 {
		t.Fatalf("the digest is %q", set.Digest)
	}
	return set.Digest
}

func TestTheDigestFollowsTheContentAlone(t *testing.T) {
	const base = `version: 1
settings: {name: central, limits: {stop: 7}}
channels:
  a: {file: {dir: x}}
  b: {file: {dir: y}}
policies:
  - {name: one, resource: ec2:instance, match: 'tag("a") == "b"'}
  - {name: two, resource: ec2:instance, match: 'tag("a") == "c"'}
`
	same := map[string][]string{
		"comments and layout": {strings.ReplaceAll(base, "{name: central,", "{ # why\n  \"name\": 'central',")},
		"a variable":          {strings.Replace(base, "stop: 7", "stop: ${NUMBER}", 1)},
		"the order of channels": {strings.Replace(strings.Replace(base, "  a: {file: {dir: x}}\n", "", 1),
			"  b: {file: {dir: y}}\n", "  b: {file: {dir: y}}\n  a: {file: {dir: x}}\n", 1)},
		"another file": {strings.Replace(base, "  b: {file: {dir: y}}\n", "", 1), "version: 1\nchannels: {b: {file: {dir: y}}}\n"},
		"an alias":     {strings.Replace(strings.Replace(base, "{dir: x}", "&d {dir: x}", 1)+"", "  b: {file: {dir: y}}", "  b: {file: {dir: y}}", 1)},
	}
	want := digestOf(t, base)
	for name, texts := range same {
		if got := digestOf(t, texts...); got != want {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, change := range map[string][2]string{
		"a value":     {"central", "centre"},
		"a key":       {"stop: 7", "start: 7"},
		"a number":    {"stop: 7", "stop: 8"},
		"a variable":  {"central", "${NUMBER}"},
		"a policy":    {"name: two", "name: three"},
		"a moved cut": {`'tag("a") == "b"'}`, `'tag("a") == "b"', description: ''}`},
	} {
		if digestOf(t, strings.Replace(base, change[0], change[1], 1)) == want {
			t.Errorf("%s does not change the digest", name)
		}
	}
}
