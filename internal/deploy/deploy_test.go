package deploy_test

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// requireLint names the variable that, set to 1, makes a test fail where
// cfn-lint is missing, instead of being skipped.
const requireLint = "TAGWARDEN_REQUIRE_CFN_LINT"

// everything is a policy file with all that a deployment can have.
const everything = `version: 1
settings:
  name: all.of-it
  zone: Europe/Berlin
  regions: [us-east-1, ap-south-1]
  ledger: {dynamodb: "${LEDGER:-cases}"}
channels:
  pay: {slack: {webhook: "${PAY_WEBHOOK}"}}
  hook: {webhook: {url: "https://example.com/${TOKEN}", secret: "${HOOK_SECRET}"}}
  ops: {sns: {topic: "${OPS}"}}
  made: {sns: {}}
  mail: {ses: {from: "Governance <${SES_FROM:-gov@example.com}>", to: ["${SES_TO}"], region: eu-west-1}}
policies:
  - name: everything-made
    resource: [ec2:instance, ec2:volume, s3:bucket]
    on: [created, tags_changed, config]
    mode: enforce
    tags: {Owner: {value: creator.name}}
    enforce: [{notify: pay}, {notify: hook}, {notify: ops}, {notify: made}, {notify: mail}]
  - name: stop-it
    resource: ec2:instance
    on: [{state: running}, {schedule: cron(0 6 * * ? *)}, {api: [ec2:ModifyInstanceAttribute]}]
    mode: enforce
    match: '!("${EXCEPTION:-keep}" in resource.tags)'
    enforce: [stop]
  - name: after-it
    resource: ec2:instance
    on: [{outcome: {policy: stop-it, action: stop}}, {schedule: cron(0  6 * * ? *)}]
    match: "true"
    enforce: [{notify: ops}]
`

// none is an empty environment.
func none(string) (string, bool) { return "", false }

// read loads one policy file.
func read(t testing.TB, env deploy.Lookup, sources ...policy.Source) (*policy.Set, []deploy.Variable, diag.List) {
	t.Helper()
	return deploy.Read(sources, env, func(env deploy.Lookup) (*policy.Set, diag.List) { return policy.Load(sources, env) })
}

func text(yaml string) policy.Source { return policy.Source{Name: "p.yaml", Data: []byte(yaml)} }

// deployed works out a deployment that must be possible.
func deployed(t testing.TB, env deploy.Lookup, sources ...policy.Source) *deploy.Deployment {
	t.Helper()
	set, vars, list := read(t, env, sources...)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	d, err := deploy.For(set, deploy.Options{Files: []string{"tagwarden.yaml"}, Variables: vars})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func rendered(t testing.TB, d *deploy.Deployment) []deploy.File {
	t.Helper()
	files, err := deploy.CloudFormation(d)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// examples are the policy files in examples, by name.
func examples(t testing.TB) map[string]policy.Source {
	t.Helper()
	paths, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(paths) < 10 {
		t.Fatal(len(paths), err)
	}
	out := map[string]policy.Source{}
	for _, p := range paths {
		s, err := policy.ReadFiles(func(path string) (fs.File, error) { return os.Open(path) }, p)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(p), ".yaml")] = s[0]
	}
	return out
}

func TestTemplatesAreAsInTheFiles(t *testing.T) {
	all := examples(t)
	for name, source := range map[string]policy.Source{"s2-dynamodb": all["s2-dynamodb"], "s3-creator-tags": all["s3-creator-tags"], "everything": text(everything), "accounts": text(governing(list))} {
		for _, f := range rendered(t, deployed(t, none, source)) {
			asInTheFile(t, filepath.Join("testdata", name+"-"+f.Name), f.Data)
		}
	}
}

// asInTheFile compares what was made with a file, which -update writes anew.
func asInTheFile(t *testing.T, path string, made []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(made)); d != "" {
		t.Errorf("%s (-file +made; -update writes it anew):\n%s", path, d)
	}
}

func TestTheSamePolicyFilesGiveTheSameBytes(t *testing.T) {
	all := examples(t)
	all["everything"], all["accounts"] = text(everything), text(governing(list))
	for name, source := range all {
		made := func() []deploy.File {
			return slices.Concat(rendered(t, deployed(t, none, source)), terraformed(t, deployed(t, none, source)))
		}
		first := made()
		for range 3 {
			if d := cmp.Diff(first, made()); d != "" {
				t.Errorf("%s:\n%s", name, d)
			}
		}
	}
}

func TestLintFindsNothingInAnyTemplate(t *testing.T) {
	lint, err := exec.LookPath("cfn-lint")
	if err != nil {
		if os.Getenv(requireLint) == "1" {
			t.Fatal(err)
		}
		t.Skip("cfn-lint is not installed")
	}
	dir := t.TempDir()
	all := examples(t)
	all["everything"], all["accounts"], all["organization"], all["topicless"] = text(everything), text(governing(list)), text(governing(organization)), text(topicless)
	all["long-wait"], all["roles"] = text(small("zone: UTC", "", ", on: created, settle: 1h")), text(governing(strings.Replace(list, "ops/warden", "other", 1)))
	var args []string
	for name, source := range all {
		for _, f := range rendered(t, deployed(t, none, source)) {
			path := filepath.Join(dir, name+"-"+f.Name)
			if err := os.WriteFile(path, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	if out, err := exec.CommandContext(t.Context(), lint, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
