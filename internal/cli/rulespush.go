package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// ruleJSON is one rule as rules list -o json writes it.
type ruleJSON struct {
	RuleID   string      `json:"rule_id"`
	TagKey   string      `json:"tag_key"`
	Action   string      `json:"action"`
	Required string      `json:"required"`
	Default  string      `json:"default"`
	Faults   []faultJSON `json:"faults"`
}

type faultJSON struct {
	Attribute string `json:"attribute"`
	Summary   string `json:"summary"`
	Hint      string `json:"hint"`
}

func newRulesList(e Env) *cobra.Command {
	var f rulesFlags
	c := &cobra.Command{
		Use:   "list [TABLE]",
		Short: "Show the rules in the table, the wrong ones too",
		Long: `list shows every rule, and beside a wrong one what is wrong with it. The exit code
is 1 where one is wrong: a policy that uses the table does not load then.`,
		Args: atMost(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := openRules(c, e, &f, args)
			if err != nil {
				return err
			}
			rows, err := t.rows(c.Context())
			if err != nil {
				return err
			}
			if f.output == "json" {
				err = writeJSON(e, rulesJSON(rows))
			} else {
				listRules(e, rows)
			}
			if err == nil && len(rules.Faults(rows)) > 0 {
				return exit(exitFailed)
			}
			return err
		},
	}
	f.register(c)
	textOrJSON(c, &f.output)
	return c
}

func rulesJSON(rows []rules.Row) []ruleJSON {
	out := make([]ruleJSON, 0, len(rows))
	for _, row := range rows {
		text := func(name string) string { return row.Item[name].Text }
		r := ruleJSON{text(rules.RuleID), text(rules.TagKey), text(rules.ActionAs), text(rules.Required), text(rules.Default), []faultJSON{}}
		for _, f := range row.Faults {
			r.Faults = append(r.Faults, faultJSON{f.Attribute, f.Summary, f.Hint})
		}
		out = append(out, r)
	}
	return out
}

func newRulesPush(e Env) *cobra.Command {
	var f rulesFlags
	c := &cobra.Command{
		Use:   "push FILE [TABLE]",
		Short: "Write the rules of a file into the table, after asking",
		Long: `push reads rules from a CSV file, as "rules pull" writes them, and makes the table
say the same: new rules are added and those that differ are changed, by RuleId.
Rules that the file does not have stay, unless --prune deletes them. Everything is
checked before anything is written, and what would change is shown.

A rule is written only if it is still as it was read, so that nobody else's change
is lost; push ends at the first that is not. FILE is - for standard input.`,
		Example: `  tagwarden rules push rules.csv
  tagwarden rules push rules.csv --yes --prune     # in a script: the file is all there is`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &mistake{verb: c.CommandPath(), err: errors.New("which file has the rules?")}
			}
			return atMost(2)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return runPush(c, e, &f, args[0], args[1:]) },
	}
	f.register(c)
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&f.prune, "prune", false, "delete the rules that the file does not have")
	return c
}

func runPush(c *cobra.Command, e Env, f *rulesFlags, path string, args []string) error {
	if !f.yes && (!e.StdinTerminal || path == "-") {
		return errAskPush
	}
	file, err := readRules(e, path)
	if err != nil {
		return err
	}
	t, err := openRules(c, e, f, args)
	if err != nil {
		return err
	}
	rows, err := t.rows(c.Context())
	if err != nil {
		return err
	}
	changes := rules.Changes(rows, file, f.prune)
	if err := t.accept(rules.After(rows, changes)); err != nil {
		return err
	}
	if len(changes) == 0 {
		fmt.Fprintln(e.Stdout, "the table says the same already: nothing to change")
		return nil
	}
	for _, change := range changes {
		fmt.Fprintln(e.Stdout, shownChange(change))
	}
	if !f.yes {
		if err := question(c.Context(), e, fmt.Sprintf("Write %s to the table %s?", plural(len(changes), "change", "changes"), diag.Printable(t.ref.Table))); err != nil {
			return err
		}
	}
	return t.push(c.Context(), e, changes)
}

// accept says what would be wrong with the table as it is to be.
func (t *ruleTable) accept(rows []rules.Row) error {
	t.check(rows)
	if err := faulty(t.ref.Table, rules.Faults(rows)).Err(); err != nil {
		return err
	}
	if t.set == nil || len(rows) == 0 {
		return nil
	}
	var items []document.Item
	for _, row := range rows {
		items = append(items, row.Item)
	}
	_, list := policy.LoadWith(t.sources, t.env, document.Shelf{t.ref: {Items: items}})
	return list.Err()
}

// push makes the changes, and says how far it came.
func (t *ruleTable) push(ctx context.Context, e Env, changes []rules.Change) error {
	results := outside.Push(ctx, t.account.library, t.ref, changes)
	done := len(results)
	if last := results[done-1]; last.Err != nil {
		done--
		fmt.Fprintf(e.Stderr, "%d of %s written\n", done, plural(len(changes), "change was", "changes were"))
		if fault.ClassOf(last.Err) == fault.WrongState {
			return fmt.Errorf("RuleId %s was changed by somebody else meanwhile; push again to see what is left: %w", last.Change.ID(), last.Err)
		}
		return fmt.Errorf("writing RuleId %s: %w", last.Change.ID(), last.Err)
	}
	fmt.Fprintf(e.Stderr, "%s written to the table %s\n", plural(done, "change", "changes"), diag.Printable(t.ref.Table))
	return nil
}

// shownChange is a change in a line or two.
func shownChange(c rules.Change) string {
	id := diag.Printable(c.ID())
	old := diag.Printable(rules.Describe(c.Old))
	switch {
	case c.New == nil:
		return fmt.Sprintf("- %s: %s", id, old)
	case c.Old == nil:
		return fmt.Sprintf("+ %s: %s", id, diag.Printable(rules.Describe(rules.Encode(*c.New))))
	default:
		return fmt.Sprintf("~ %s: %s, was %s", id, diag.Printable(rules.Describe(rules.Encode(*c.New))), old)
	}
}
