package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/iam"
)

func newAccess(e Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "access",
		Short: "Write what lets people act on what is their own, by tag",
		Args:  verbs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAccessPolicy(e), newAccessSCP(e), newAccessGroups(e), newAccessCosts(e))
	return c
}

func newAccessPolicy(e Env) *cobra.Command {
	var (
		f       flags
		account string
	)
	c := &cobra.Command{
		Use:   "policy",
		Short: "Write the IAM policy of the people who own things",
		Long: `policy writes a managed policy for a group of users, or for the roles of people
who come from elsewhere, as the access section says: they look at everything and
launch, stop, start, reboot and terminate only instances whose owner's tag is
their own aws:userid, and so with volumes, snapshots and images. They tag what
they are making, and neither set nor change nor delete the tags that access
protects, whatever else they are given. It asks nobody.`,
		Example: `  tagwarden access policy > people.json
  aws iam create-policy --policy-name owners --policy-document file://people.json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkAccount(c, account); err != nil {
				return err
			}
			set, err := load(e, &f)
			if err != nil {
				return err
			}
			d, err := iam.AccessPolicy(set, iam.Options{Account: account})
			if err != nil {
				return err
			}
			b, err := d.JSON()
			return write(e.Stdout, b, err)
		},
	}
	f.policyFlag(c)
	accountFlag(c, &account)
	return c
}

func newAccessSCP(e Env) *cobra.Command {
	var (
		f       flags
		account string
		exempt  []string
	)
	c := &cobra.Command{
		Use:   "scp",
		Short: "Write the service control policy that demands tags at creation",
		Long: `scp writes a service control policy for AWS Organizations. It denies making an
instance, a volume, a snapshot or an image without the tags that
access.require_at_creation names, spelled as they are there, and allows nothing by
itself. Where one policy cannot hold it all, several are written one after the
other, and standard error says so. It asks nobody.`,
		Example: `  tagwarden access scp > require.json
  tagwarden access scp --exempt tagwarden --exempt backup/nightly`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkAccount(c, account); err != nil {
				return err
			}
			set, err := load(e, &f)
			if err != nil {
				return err
			}
			docs, err := iam.CreationPolicies(set, iam.Options{Account: account}, exempt)
			if err != nil {
				return err
			}
			return writeControls(e, docs)
		},
	}
	f.policyFlag(c)
	accountFlag(c, &account)
	c.Flags().StringSliceVar(&exempt, "exempt", []string{iam.DefaultRole}, "`ROLE` that may make things without the tags: a name with its path, or an ARN; may be given several times")
	return c
}

// writeControls writes service control policies.
func writeControls(e Env, docs []iam.Document) error {
	for i := range docs {
		b, err := docs[i].Control()
		if err := write(e.Stdout, b, err); err != nil {
			return err
		}
	}
	if len(docs) > 1 {
		fmt.Fprintf(e.Stderr, "note: these are %d documents, because a service control policy holds %d characters: make a policy of each, and attach all\n", len(docs), iam.MaxControl)
	}
	return nil
}

func newAccessCosts(e Env) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "costs",
		Short: "Write the command that makes tags count in the reports of costs",
		Long: `costs writes the command of the AWS CLI that activates for cost allocation the
tags that say whose something is and those that are required at creation. It runs
nothing itself: the command is for the account that pays, and for a day later,
when the tags have been seen there.`,
		Example: `  tagwarden access costs | sh`,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			set, err := load(e, &f)
			if err != nil {
				return err
			}
			keys, err := iam.CostTags(set)
			if err != nil {
				return err
			}
			return writeActivation(e.Stdout, keys)
		},
	}
	f.policyFlag(c)
	return c
}

// mostActivated is how many tags one call activates
// (UpdateCostAllocationTagsStatus in the reference of Cost Explorer).
const mostActivated = 20

// writeActivation writes the commands that activate tags, for a shell.
func writeActivation(w io.Writer, keys []string) error {
	type status struct{ TagKey, Status string }
	for len(keys) > 0 {
		n := min(mostActivated, len(keys))
		var list []status
		for _, k := range keys[:n] {
			list = append(list, status{k, "Active"})
		}
		keys = keys[n:]
		var b strings.Builder
		if err := writeHostile(&b, list, ""); err != nil {
			return err
		}
		quoted := strings.ReplaceAll(strings.TrimSpace(b.String()), "'", `'\''`)
		if _, err := fmt.Fprintf(w, "aws ce update-cost-allocation-tags-status --cost-allocation-tags-status '%s'\n", quoted); err != nil {
			return err
		}
	}
	return nil
}

// accountFlag registers the flag of the account for ARNs.
func accountFlag(c *cobra.Command, into *string) {
	c.Flags().StringVar(into, "account", "", "the `ID` of the account, for the ARNs (default: any account)")
}

// checkAccount refuses what is no account.
func checkAccount(c *cobra.Command, account string) error {
	if account != "" && !accountID.MatchString(account) {
		return &mistake{verb: c.CommandPath(), err: fmt.Errorf("--account: %q is no account: it has 12 digits", account)}
	}
	return nil
}

// write writes a document that could be made, in characters that leave a
// terminal as it is.
func write(w io.Writer, b []byte, err error) error {
	if err == nil {
		_, err = w.Write(diag.JSON(b))
	}
	return err
}
