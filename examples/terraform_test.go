package examples_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// terraformPlugins names the variable that says where Terraform finds its
// provider for AWS without a network: a folder that has the provider under the
// name of where it comes from, as "terraform providers mirror" makes it. Where it is set, no test of Terraform is skipped.
const terraformPlugins = "TAGWARDEN_TERRAFORM_PLUGINS"

// terraform runs the program in folders of a test.
type terraform struct {
	t   *testing.T
	env []string
}

// newTerraform finds the program, and where its provider is. Without them the
// test is skipped.
func newTerraform(t *testing.T, env ...string) *terraform {
	t.Helper()
	plugins := os.Getenv(terraformPlugins)
	if plugins == "" {
		t.Skipf("%s names no folder with Terraform's provider for AWS", terraformPlugins)
	}
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Fatalf("%s is set, and there is no terraform: %v", terraformPlugins, err)
	}
	if found, err := filepath.Glob(filepath.Join(plugins, "*", "hashicorp", "aws")); err != nil || len(found) == 0 {
		t.Fatalf("%s: %s has no provider for AWS: %v", terraformPlugins, plugins, err)
	}
	config := filepath.Join(t.TempDir(), "terraformrc")
	mirror := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(plugins))
	if err := os.WriteFile(config, []byte(mirror), 0o600); err != nil {
		t.Fatal(err)
	}
	return &terraform{t: t, env: append(append(os.Environ(), env...), "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "AWS_MAX_ATTEMPTS=3")}
}

// patience is how long one run of Terraform may take, of which some wait for
// what AWS would take as long for. What hangs fails in words.
const patience = 6 * time.Minute

// try runs a command in a folder, and returns its exit code and what it says.
func (x *terraform) try(dir string, args ...string) (int, string) {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "terraform", args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its providers
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir, cmd.Env = dir, x.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil || ctx.Err() != nil {
		x.t.Fatalf("terraform %v: %v\n%s", args, err, out.String())
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// run runs a command that must succeed, and returns what it says.
func (x *terraform) run(dir string, args ...string) string {
	x.t.Helper()
	code, out := x.try(dir, args...)
	if code != 0 {
		x.t.Fatalf("terraform %v: exit code %d\n%s", args, code, out)
	}
	return out
}

func (x *terraform) read(path string) string {
	x.t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		x.t.Fatal(err)
	}
	return string(b)
}

// inputs ends the call of a module with the variables that it asks for in a file.
func (x *terraform) inputs(main *strings.Builder, path string) {
	x.t.Helper()
	for variable, value := range asked(x.t, path) {
		fmt.Fprintf(main, "  %s = %s\n", variable, value)
	}
	main.WriteString("}\n")
}

// write puts a file into a folder.
func (x *terraform) write(path, text string) {
	x.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

// terraformed writes the Terraform files of the user's policy file into a folder.
func (u *user) terraformed(dir string, args ...string) {
	u.t.Helper()
	u.unwatched = true // nothing is called
	if code, _, errs := u.run(append([]string{"deploy", "terraform", "--out", dir}, args...)...); code != 0 {
		u.t.Fatal(code, errs)
	}
}

// given are values of variables that are held to a form.
var given = map[string]string{"region": "eu-west-1", "organization_id": "o-abcdefghij", "central_role": "arn:aws:iam::111122223333:role/function",
	"central_bus": "arn:aws:events:eu-west-1:111122223333:event-bus/tagwarden"}

// asked are the variables in a file without a default, each with a value of its
// type.
func asked(t *testing.T, path string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for block := range strings.SplitSeq(string(b), "\nvariable \"") {
		block, _, _ = strings.Cut(block, "\n}\n")
		name, rest, _ := strings.Cut(block, `" {`)
		switch {
		case strings.Contains(rest, "\n  default "):
		case given[name] != "":
			out[name] = fmt.Sprintf("%q", given[name])
		case strings.Contains(rest, "= bool\n"):
			out[name] = "true"
		case strings.Contains(rest, "= string\n"):
			out[name] = fmt.Sprintf("%q", strings.ReplaceAll(name, "_", "-"))
		}
	}
	return out
}

// aliased are the names of providers in a folder.
var aliased = regexp.MustCompile(`alias += "([a-z0-9_]+)"`)

// To look at every example by itself would take Terraform a provider each, and
// minutes. As modules of one root, which has the only provider, all are looked at
// as closely in one go.
func TestTerraformFindsEveryExampleValid(t *testing.T) {
	x := newTerraform(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	root := t.TempDir()
	var main strings.Builder
	main.WriteString("provider \"aws\" {\n  region = \"eu-west-1\"\n}\n")
	for _, file := range files {
		newUser(t, file, nil).terraformed(filepath.Join(root, strings.TrimSuffix(file, ".yaml")))
	}
	x.run(root, "fmt", "-check", "-recursive", "-diff")
	for _, file := range files {
		name := strings.TrimSuffix(file, ".yaml")
		x.module(&main, filepath.Join(root, name), name)
	}
	x.write(filepath.Join(root, "main.tf"), main.String())
	if !strings.Contains(main.String(), "-member\" {") {
		t.Error("no example is about other accounts")
	}
	x.run(root, "init")
	x.run(root, "validate")
}

// module makes a module of a folder, whose providers are its caller's, and adds
// its call.
func (x *terraform) module(main *strings.Builder, dir, name string) {
	x.t.Helper()
	providers := filepath.Join(dir, "providers.tf")
	text := x.read(providers)
	if err := os.Remove(providers); err != nil {
		x.t.Fatal(err)
	}
	fmt.Fprintf(main, "\nmodule %q {\n  source = \"./%s\"\n  providers = {\n    aws = aws\n", name, name)
	var names []string
	for _, m := range aliased.FindAllStringSubmatch(text, -1) {
		names = append(names, "aws."+m[1])
		fmt.Fprintf(main, "    aws.%s = aws\n", m[1])
	}
	main.WriteString("  }\n")
	x.inputs(main, filepath.Join(dir, "variables.tf"))
	// That of other accounts is a module of its own, which the folder does not call.
	if member := filepath.Join(dir, "member", "main.tf"); strings.Contains(x.read(member), "\nresource ") {
		fmt.Fprintf(main, "\nmodule \"%s-member\" {\n  source = \"./%s/member\"\n", name, name)
		x.inputs(main, member)
	}
	x.write(filepath.Join(dir, "providers_override.tf"), "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      configuration_aliases = ["+
		strings.Join(slices.Compact(names), ", ")+"]\n    }\n  }\n}\n")
}
