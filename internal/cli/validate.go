package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
)

func newValidate(e Env) *cobra.Command {
	var (
		f      flags
		output string
	)
	c := &cobra.Command{
		Use:   "validate",
		Short: "Check the policy file, and show every mistake in it",
		Long: `validate reads the policy file and shows every mistake with its place, the line
and what would be right. It asks nobody: not AWS, not the ledger. Tables and objects
outside the files are not read; it says which, and plan reads them.`,
		Args: noArgs,
		RunE: func(_ *cobra.Command, _ []string) error {
			_, set, list, err := read(e, &f)
			if err != nil {
				return err
			}
			if output == "json" {
				return validateJSON(e, list)
			}
			if err := list.Err(); err != nil {
				return err
			}
			for _, d := range list {
				fmt.Fprintln(e.Stderr, d)
			}
			fmt.Fprintf(e.Stdout, "%s: %s\n", diag.Printable(strings.Join(set.Files, ", ")), contents(set))
			for _, o := range set.Outside {
				fmt.Fprintf(e.Stderr, "not read: %s\n", unreadDocument(o))
			}
			return nil
		},
	}
	f.policyFlag(c)
	textOrJSON(c, &output)
	return c
}

// unreadDocument says what a document is for.
func unreadDocument(o policy.Outside) string {
	if o.Lookup != "" {
		return fmt.Sprintf("%s, the lookup %s", diag.Printable(o.Shown), diag.Printable(o.Lookup))
	}
	return fmt.Sprintf("the table %s, rules of the policy %s", diag.Printable(o.Shown), diag.Printable(o.Policy))
}

// contents says in a line what a set holds.
func contents(set *policy.Set) string {
	return plural(len(set.Policies), "policy", "policies") + ", " + plural(len(set.Channels), "channel", "channels") + ": ok"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// diagnostic is one mistake as validate -o json writes it.
type diagnostic struct {
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Summary  string `json:"summary"`
	Hint     string `json:"hint"`
	Source   string `json:"source"`
}

func validateJSON(e Env, list diag.List) error {
	out := make([]diagnostic, 0, len(list))
	for _, d := range list {
		out = append(out, diagnostic{d.Severity.String(), d.Pos.File, d.Pos.Line, d.Pos.Column, d.Summary, d.Hint, d.Source})
	}
	if err := writeJSON(e, out); err != nil {
		return err
	}
	if list.Err() != nil {
		return exit(exitFailed)
	}
	return nil
}

// writeJSON writes a value to standard output.
func writeJSON(e Env, v any) error {
	enc := json.NewEncoder(e.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
