package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/record"
)

func newHolds(e Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "holds",
		Short: "Show what limits held back, and let it pass",
		Long: `A run that would do more of one kind than the limits allow does none of it and
holds it. "holds list" shows what was held in the last 24 hours, and "holds
release RUN" lets the next run do what that run held: once, within 24 hours.`,
		Args: verbs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newHoldsList(e), newHoldsRelease(e))
	return c
}

// holdsFlags are those of both verbs.
type holdsFlags struct {
	flags
	output string
}

func newHoldsList(e Env) *cobra.Command {
	var f holdsFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "Show what was held in the last 24 hours",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withHolds(c, e, &f, func(ctx context.Context, b books) error {
				hs, err := b.ledger.Holds(ctx, b.scope, b.now.Add(-record.Window))
				if err != nil {
					return fmt.Errorf("reading holds: %w", err)
				}
				if f.output == "json" {
					return writeJSON(e, append([]record.Hold{}, hs...))
				}
				listHolds(e, hs, b.zone)
				return nil
			})
		},
	}
	f.register(c)
	textOrJSON(c, &f.output)
	return c
}

func newHoldsRelease(e Env) *cobra.Command {
	var f holdsFlags
	c := &cobra.Command{
		Use:   "release RUN",
		Short: "Let the next run do what RUN held, once, within 24 hours",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &mistake{verb: c.CommandPath(), err: errors.New(`which run is to be released? "tagwarden holds list" shows them`)}
			}
			return atMost(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			return withHolds(c, e, &f, func(ctx context.Context, b books) error {
				hs, err := b.ledger.Release(ctx, b.scope, args[0], b.now)
				if err != nil {
					return fmt.Errorf("releasing what run %s held: %w", args[0], err)
				}
				for _, h := range hs {
					fmt.Fprintf(e.Stdout, "released: %s of %s by %s\n", h.Action, plural(len(h.ARNs), "resource", "resources"), diag.Printable(h.Policy))
				}
				fmt.Fprintln(e.Stderr, "the next apply does it, if it still holds then")
				return nil
			})
		},
	}
	f.register(c)
	return c
}

func (f *holdsFlags) register(c *cobra.Command) {
	f.policyFlag(c)
	c.Flags().StringVar(&f.profile, "profile", "", "`NAME` of the profile in the AWS configuration")
}

// books are a ledger and what its records are found by.
type books struct {
	ledger record.Ledger
	scope  record.Scope
	now    time.Time
	zone   *time.Location
}

// withHolds opens the ledger of the policy file's settings, for the account of
// the caller.
func withHolds(c *cobra.Command, e Env, f *holdsFlags, do func(context.Context, books) error) (err error) {
	ctx := c.Context()
	set, err := load(e, &f.flags)
	if err != nil {
		return err
	}
	a, err := openAccount(ctx, e, &f.flags, set)
	if err != nil {
		return err
	}
	caller, err := a.source.Caller(ctx)
	if err != nil {
		return fmt.Errorf("asking whose account this is: %w", err)
	}
	ledger, err := openLedger(ctx, e, set, a, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	return do(ctx, books{ledger, record.Scope{Name: set.Settings.Name, Account: caller.Account}, a.now(), set.Settings.Zone})
}

// listHolds writes holds for people: a line each, and below it why.
func listHolds(e Env, hs []record.Hold, zone *time.Location) {
	if len(hs) == 0 {
		fmt.Fprintln(e.Stdout, "nothing was held in the last 24 hours")
		return
	}
	for _, h := range hs {
		fmt.Fprintf(e.Stdout, "%s  %s  %s of %s by %s  %s\n", diag.Printable(h.Run), h.At.In(zone).Format("2006-01-02 15:04 MST"), h.Action,
			plural(len(h.ARNs), "resource", "resources"), diag.Printable(h.Policy), standing(h))
		fmt.Fprintf(e.Stdout, "    %s\n", diag.Printable(h.Reason))
		for i, arn := range h.ARNs {
			if i == maxARNs {
				fmt.Fprintf(e.Stdout, "      and %d more\n", len(h.ARNs)-i)
				break
			}
			fmt.Fprintf(e.Stdout, "      %s\n", diag.Printable(arn[strings.LastIndex(arn, ":")+1:]))
		}
	}
}

// maxARNs is how many resources of a hold are listed; -o json has all.
const maxARNs = 5

func standing(h record.Hold) string {
	switch {
	case !h.Used.IsZero():
		return "released and done"
	case !h.Released.IsZero():
		return "released"
	default:
		return "held"
	}
}
