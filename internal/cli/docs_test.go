package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tagwarden/tagwarden/internal/policy"
)

const (
	cliPage = "../../docs/cli.md"
	marker  = "<!-- what follows is generated: go test ./internal/cli -update -->\n"
)

// TestDocsDescribeTheCommandsAsTheyAre compares the generated part of
// docs/cli.md with the commands.
func TestDocsDescribeTheCommandsAsTheyAre(t *testing.T) {
	page, err := os.ReadFile(cliPage)
	if err != nil {
		t.Fatal(err)
	}
	head, got, ok := strings.Cut(string(page), marker)
	if !ok {
		t.Fatalf("%s has no marker", cliPage)
	}
	var b strings.Builder
	describe(&b, newRoot(Env{}), 3)
	if *update {
		if err := os.WriteFile(cliPage, []byte(head+marker+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(b.String(), got); d != "" {
		t.Errorf("%s (-commands +page; -update writes it anew):\n%s", cliPage, d)
	}
}

// describe writes a command and those below it. What cobra adds is left out.
func describe(b *strings.Builder, c *cobra.Command, level int) {
	if c.HasParent() {
		fmt.Fprintf(b, "\n%s %s\n\n%s.\n", strings.Repeat("#", level), c.CommandPath(), c.Short)
		if c.Runnable() {
			fmt.Fprintf(b, "\n```\n%s\n```\n", c.UseLine())
		}
		if c.Long != "" {
			fmt.Fprintf(b, "\n%s\n", c.Long)
		}
		if c.Example != "" {
			fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimSpace(c.Example), "\n  ", "\n"))
		}
		describeFlags(b, c)
	}
	subs := slices.Clone(c.Commands())
	slices.SortFunc(subs, func(x, y *cobra.Command) int { return strings.Compare(x.Name(), y.Name()) })
	for _, sub := range subs {
		describe(b, sub, level+min(1, strings.Count(c.CommandPath(), " ")))
	}
}

func describeFlags(b *strings.Builder, c *cobra.Command) {
	if !c.HasAvailableLocalFlags() {
		return
	}
	b.WriteString("\n| flag | meaning |\n|---|---|\n")
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, strings.ReplaceAll(usage, "|", `\|`))
	})
}

// TestTheExitCodesAreDocumented keeps the table of exit codes whole.
func TestTheExitCodesAreDocumented(t *testing.T) {
	page, err := os.ReadFile(cliPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{exitDone, exitFailed, exitViolations, exitIncomplete} {
		if !strings.Contains(string(page), fmt.Sprintf("\n| `%d` |", code)) {
			t.Errorf("exit code %d is not in %s", code, cliPage)
		}
	}
}

// TestEveryCommandAndFlagSaysWhatItIsFor finds what was forgotten.
func TestEveryCommandAndFlagSaysWhatItIsFor(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: its short text is %q", c.CommandPath(), c.Short)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s says nothing", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	root := newRoot(Env{})
	root.SetContext(context.Background())
	walk(root)
}

// TestTheReadmeShowsWhatPlanSays plans with the policy file in the README. Its
// sample leaves findings out, but changes nothing in those it shows.
func TestTheReadmeShowsWhatPlanSays(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(fence string) string {
		_, after, _ := strings.Cut(string(page), fence)
		text, _, ok := strings.Cut(after, "```\n")
		if !ok {
			t.Fatalf("the README has no %q", fence)
		}
		return text
	}
	w := newWorld(t, block("```yaml\n"))
	var out, errs bytes.Buffer
	code := Main(t.Context(), Env{Args: []string{"plan", "--embedded", "-f", filepath.Join(w.dir, defaultPolicy)}, Stdin: strings.NewReader(""),
		Stdout: &out, Stderr: &errs, Now: w.sim.Clock().Now, LookupEnv: func(string) (string, bool) { return "", false }})
	if code != exitDone {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	said := strings.Split(strings.TrimSpace(out.String()), "\n\n")
	for _, part := range strings.Split(strings.TrimSpace(block("```console\n$ tagwarden plan --embedded\n")), "\n\n") {
		if part != "  ..." && !slices.Contains(said, part) {
			t.Errorf("plan does not say:\n%s", part)
		}
	}
}

// TestTheReadmesFivePoliciesLoad loads the file that shows the five systems.
func TestTheReadmesFivePoliciesLoad(t *testing.T) {
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "<!-- five-policies -->\n```yaml\n")
	text, _, _ := strings.Cut(after, "```\n")
	set, problems := policy.Load([]policy.Source{{Name: "README.md", Data: []byte(text)}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	if len(set.Policies) != 5 {
		t.Errorf("%d policies", len(set.Policies))
	}
}
