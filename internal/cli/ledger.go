package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// errNoLedgerTable is said where there is nothing to make.
var errNoLedgerTable = errors.New("the policy file names no table as its ledger: settings: {ledger: {dynamodb: TABLE}}; a file needs no preparation")

func newLedger(e Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Prepare the ledger in DynamoDB",
		Args:  verbs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newLedgerInit(e))
	return c
}

func newLedgerInit(e Env) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "init",
		Short: "Make the table of the ledger, and wait until it can be used",
		Long: `init makes the DynamoDB table that settings.ledger names, in the region of the AWS
configuration: paid by the request, with its two indexes, deletion of what may be
forgotten, and backups of the last 35 days (point-in-time recovery). A table that
is there already keeps what is in it; one that is no ledger's is refused.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			set, err := load(e, &f)
			if err != nil {
				return err
			}
			if set.Settings.Ledger.DynamoDB == "" {
				return errNoLedgerTable
			}
			ctx, cancel := context.WithTimeout(c.Context(), patience)
			defer cancel()
			table, err := ledgerTable(&f, set)(ctx)
			if err != nil {
				return err
			}
			made, err := table.Init(ctx)
			if err != nil {
				return fmt.Errorf("making the ledger's table: %w", err)
			}
			if !made {
				fmt.Fprintf(e.Stdout, "the table %s is there already\n", diag.Printable(set.Settings.Ledger.DynamoDB))
				return nil
			}
			fmt.Fprintf(e.Stdout, "made the table %s\n", diag.Printable(set.Settings.Ledger.DynamoDB))
			return nil
		},
	}
	f.policyFlag(c)
	c.Flags().StringVar(&f.profile, "profile", "", "`NAME` of the profile in the AWS configuration")
	return c
}
