package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// patience is how long rules init waits for a table. DynamoDB makes an empty
// one within seconds.
const patience = 5 * time.Minute

// Errors about which table is meant.
var (
	errNoTable    = errors.New("no policy in the policy file has tags_from: {dynamodb: TABLE}: name the table")
	errWhichTable = errors.New("the policy file names several tables of rules: name one of them")
	errAskPush    = errors.New("there is nobody to ask: standard input is no terminal. Give --yes to write without asking")
)

func newRules(e Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "Keep tag rules in a DynamoDB table",
		Long: `A policy with tags_from: {dynamodb: TABLE} takes its tag rules from a table, where
they can be changed without touching the policy file. These commands make such a
table, show it, and bring it to where a file says it should be.

TABLE is the one that the policy file names, unless it is given.`,
		Args: verbs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRulesInit(e), newRulesList(e), newRulesPush(e), newRulesPull(e))
	return c
}

// rulesFlags are those of all these verbs.
type rulesFlags struct {
	flags
	region string
	output string
	yes    bool
	prune  bool
}

func (f *rulesFlags) register(c *cobra.Command) {
	f.policyFlag(c)
	f.accountFlags(c)
	c.Flags().StringVar(&f.region, "region", "", "`REGION` of a TABLE that is given (default: that of the AWS configuration)")
}

// ruleTable is a table of rules, and how to reach it.
type ruleTable struct {
	ref     document.Ref
	account *account
	// set and sources are the policies that name the table; nil where it was
	// named by hand.
	set     *policy.Set
	sources []policy.Source
	env     func(string) (string, bool)
}

// openRules finds out which table is meant, and opens the account that has it.
func openRules(c *cobra.Command, e Env, f *rulesFlags, args []string) (*ruleTable, error) {
	t := &ruleTable{env: e.LookupEnv}
	set := &policy.Set{}
	if len(args) > 0 {
		t.ref = document.TableRef(args[0], f.region)
		if t.ref.Region != "" {
			f.regions = []string{t.ref.Region}
		}
	} else {
		sources, loaded, err := loadSources(e, &f.flags)
		if err != nil {
			return nil, err
		}
		if t.ref, err = onlyTable(loaded); err != nil {
			return nil, &mistake{verb: c.CommandPath(), err: err}
		}
		if f.region != "" && f.region != t.ref.Region {
			return nil, &mistake{verb: c.CommandPath(), err: errors.New("the policy file says where its table is: give --region with a TABLE alone")}
		}
		set, t.set, t.sources = loaded, loaded, sources
	}
	a, err := openAccount(c.Context(), e, &f.flags, set)
	t.account = a
	return t, err
}

// onlyTable is the one table of rules that policies name.
func onlyTable(set *policy.Set) (document.Ref, error) {
	var found document.Ref
	for _, o := range set.Outside {
		switch {
		case o.Policy == "":
		case found.Table != "" && found != o.Ref:
			return found, errWhichTable
		default:
			found = o.Ref
		}
	}
	if found.Table == "" {
		return found, errNoTable
	}
	return found, nil
}

// rows reads the table, with what is wrong with each rule.
func (t *ruleTable) rows(ctx context.Context) ([]rules.Row, error) {
	rows, err := outside.Rows(ctx, t.account.library, t.ref)
	if err != nil {
		return nil, err
	}
	t.check(rows)
	return rows, nil
}

// check adds the faults of expressions: for the types of the policies that use
// the table, with the definitions and lookups they have; else for any type, in
// UTC.
func (t *ruleTable) check(rows []rules.Row) {
	types := [][]resource.Type{}
	if t.set != nil {
		for _, o := range t.set.Outside {
			if p := t.set.Policy(o.Policy); p != nil && o.Ref == t.ref {
				types = append(types, p.Types)
			}
		}
		rules.CheckFunctions(rows, func(source string) (string, string) {
			for _, of := range types {
				if wrong, hint := wrongFunction(t.set.Compiler, source, of); wrong != "" {
					return wrong, hint
				}
			}
			return "", ""
		})
		return
	}
	compiler := expr.NewCompiler(time.UTC, nil)
	rules.CheckFunctions(rows, func(source string) (wrong, hint string) {
		for _, s := range resource.Schemas() {
			if wrong, hint = wrongFunction(compiler, source, []resource.Type{s.Type}); wrong == "" {
				return "", ""
			}
		}
		return wrong, hint
	})
}

// wrongFunction is the first thing that is wrong with an expression.
func wrongFunction(c *expr.Compiler, source string, types []resource.Type) (wrong, hint string) {
	if _, problems := c.Compile(source, expr.TagValue, types); len(problems) > 0 {
		return problems[0].Summary, problems[0].Hint
	}
	return "", ""
}

func newRulesInit(e Env) *cobra.Command {
	var f rulesFlags
	c := &cobra.Command{
		Use:   "init [TABLE]",
		Short: "Make the table, and wait until it can be used",
		Long: `init makes a table with the hash key RuleId (a number) and on-demand billing, and
waits until it can be used. A table that is there already is left as it is; one
with other keys is refused.`,
		Args: atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := openRules(c, e, &f, args)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), patience)
			defer cancel()
			made, err := outside.Init(ctx, t.account.library, t.ref, t.account.wait)
			if err != nil {
				return err
			}
			if !made {
				fmt.Fprintf(e.Stdout, "the table %s is there already, with the right key\n", diag.Printable(t.ref.Table))
				return nil
			}
			fmt.Fprintf(e.Stdout, "made the table %s\n", diag.Printable(t.ref.Table))
			fmt.Fprintln(e.Stderr, `next: write rules into a file and "tagwarden rules push FILE"`)
			return nil
		},
	}
	f.register(c)
	return c
}

func newRulesPull(e Env) *cobra.Command {
	var f rulesFlags
	c := &cobra.Command{
		Use:   "pull [TABLE]",
		Short: "Write the table as CSV, as push reads it",
		Long: `pull writes the rules as CSV to standard output: a line with RuleId, TagKey,
Action, Required and Default, and one for each rule. "rules push" of it changes
nothing. A table with wrong rules is refused; "rules list" shows them.`,
		Example: `  tagwarden rules pull > rules.csv`,
		Args:    atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := openRules(c, e, &f, args)
			if err != nil {
				return err
			}
			rows, err := t.rows(c.Context())
			if err != nil {
				return err
			}
			if err := faulty(t.ref.Table, rules.Faults(rows)).Err(); err != nil {
				return err
			}
			var list []rules.Rule
			for _, row := range rows {
				list = append(list, row.Rule)
			}
			return rules.Write(e.Stdout, list)
		},
	}
	f.register(c)
	return c
}

// faulty are the faults of a table as diagnostics.
func faulty(table string, faults []rules.Fault) diag.List {
	var list diag.List
	for _, f := range faults {
		list.Add(diag.Diagnostic{Pos: diag.Pos{File: "the table " + table + ", RuleId " + f.ID}, Summary: f.Summary, Hint: f.Hint})
	}
	return list
}

// readRules reads a file of rules, "-" being standard input.
func readRules(e Env, path string) ([]rules.Rule, error) {
	in := e.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("reading rules: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, rules.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading rules: %w", err)
	}
	name := path
	if path == "-" {
		name = "standard input"
	}
	list, problems := rules.Read(name, data)
	return list, problems.Err()
}

// listRules writes a table for people, and below it what is wrong.
func listRules(e Env, rows []rules.Row) {
	if len(rows) == 0 {
		fmt.Fprintln(e.Stdout, "the table is empty")
		return
	}
	var cells [][]string
	for _, row := range rows {
		line := make([]string, 0, len(rules.Attributes)+1)
		for _, name := range rules.Attributes {
			line = append(line, diag.Printable(row.Item[name].Text))
		}
		said := make([]string, 0, len(row.Faults))
		for _, f := range row.Faults {
			said = append(said, diag.Printable(f.Summary))
		}
		cells = append(cells, append(line, strings.Join(said, "; ")))
	}
	grid(e, []string{"RULEID", "TAG", "ACTION", "REQUIRED", "DEFAULT", "WRONG"}, cells)
}
