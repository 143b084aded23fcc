package cli

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The words that schema takes beside the types.
const (
	schemaFunctions = "functions"
	schemaPolicy    = "policy"
)

func newSchema(e Env) *cobra.Command {
	words := append(typeNames(), schemaFunctions, schemaPolicy)
	return &cobra.Command{
		Use:   "schema [TYPE | functions | policy]",
		Short: "Show what expressions can use, or the JSON schema of a policy file",
		Long: `schema lists the types of resources. With a TYPE it shows the fields that
expressions can use, and what each costs in API calls; with "functions" the
variables and functions. "schema policy" writes the JSON schema of the policy
file, for editors.`,
		Example: `  tagwarden schema ec2:instance
  tagwarden schema policy > tagwarden.schema.json`,
		ValidArgs: words,
		Args:      atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				listTypes(e)
				return nil
			}
			switch args[0] {
			case schemaFunctions:
				listFunctions(e)
				return nil
			case schemaPolicy:
				_, err := e.Stdout.Write(policy.JSONSchema())
				return err
			}
			s, ok := resource.SchemaOf(resource.Type(args[0]))
			if !ok {
				return unknown(c, "type", args[0], words)
			}
			showType(e, s)
			return nil
		},
	}
}

func listTypes(e Env) {
	rows := [][]string{}
	for _, s := range resource.Schemas() {
		rows = append(rows, []string{string(s.Type), s.Title, plural(len(s.Fields), "field", "fields")})
	}
	grid(e, []string{"TYPE", "WHAT IT IS", ""}, rows)
	fmt.Fprintf(e.Stderr, "\"tagwarden schema %s\" shows its fields, \"tagwarden schema functions\" what else expressions can use\n", resource.Schemas()[0].Type)
}

func listFunctions(e Env) {
	rows := [][]string{}
	for _, f := range expr.Functions() {
		rows = append(rows, []string{f.Signature, f.Doc, f.Example})
	}
	grid(e, []string{"FUNCTION", "MEANING", "EXAMPLE"}, rows)
}

func showType(e Env, s *resource.Schema) {
	can := make([]string, len(s.Actions))
	for i, a := range s.Actions {
		can[i] = a.String()
	}
	prose(e, fmt.Sprintf("%s: %s. %s", s.Type, s.Title, s.Doc))
	prose(e, fmt.Sprintf("Actions: notify, %s.\n", strings.Join(can, ", ")))
	rows, facts := [][]string{}, []need.Fact{}
	seen := map[need.Fact]bool{}
	for _, f := range s.Fields {
		rows = append(rows, []string{f.Name, string(f.Type), string(f.Fact), f.Doc})
		if !seen[f.Fact] {
			seen[f.Fact] = true
			facts = append(facts, f.Fact)
		}
	}
	for _, f := range resource.CreatorFields() {
		rows = append(rows, []string{"creator." + f.Name, string(resource.String), string(need.Creator), "of who made it: " + f.Doc})
	}
	facts = append(facts, need.Creator)
	grid(e, []string{"FIELD", "TYPE", "COSTS", "MEANING"}, rows)
	fmt.Fprintln(e.Stdout)
	if m := s.Metrics; m != nil {
		prose(e, fmt.Sprintf("metric() knows what CloudWatch has of it in %s by %s: %s.\n", m.Namespace, m.Dimension, strings.Join(m.Names, ", ")))
		facts = append(facts, need.Metrics)
	}
	for _, f := range facts {
		c, _ := need.Of(f) // every fact has a cost
		calls := make([]string, len(c.Calls))
		for i, call := range c.Calls {
			calls[i] = call.String()
		}
		when := "always"
		if c.Lazy {
			when = "where the rest of an expression leaves the answer open"
		}
		prose(e, fmt.Sprintf("The cost of %s: %s, %s, %s.", f, strings.Join(calls, " and "), c.Per, when))
	}
}

// prose writes text, broken to the terminal's width.
func prose(e Env, s string) {
	if e.Width > 0 {
		s = lipgloss.Wrap(s, e.Width, "")
	}
	fmt.Fprintln(e.Stdout, s)
}

// grid writes rows in columns, without lines, as wide as the terminal.
func grid(e Env, header []string, rows [][]string) {
	t := table.New().Headers(header...).Rows(rows...).Border(lipgloss.HiddenBorder()).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).Wrap(true).
		StyleFunc(func(int, int) lipgloss.Style { return lipgloss.NewStyle().PaddingRight(1) })
	if e.Width > 0 {
		t = t.Width(e.Width)
	}
	for line := range strings.Lines(t.String() + "\n") {
		fmt.Fprintln(e.Stdout, strings.TrimRight(line, " \n"))
	}
}
