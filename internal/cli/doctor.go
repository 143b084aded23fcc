package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/aws"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// doctorFlags are doctor's own.
type doctorFlags struct {
	flags
	queues []string
	output string
}

func newDoctor(e Env) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say whether what the policy file needs is there, and change nothing",
		Long: `doctor asks AWS whether tagwarden can work with this policy file: the credentials,
this machine's clock, the accounts, the regions, a trail that logs where policies wait for
calls, every permission that "tagwarden iam" writes, and the ledger, tables, objects,
senders of mail, topics, buses and queues that are used. It asks about nothing
else, launches nothing and changes nothing.

Permissions of EC2 are asked for by dry runs of calls about ids that do not
exist, all others and what that leaves open by IAM's policy simulator, which
takes iam:SimulatePrincipalPolicy.

Each line is ok, missing or unknown: the last is what could not be asked. The
exit code is 0 where all is ok, 1 where something is missing, and 3 where nothing
is but something is unknown.`,
		Example: `  tagwarden doctor
  tagwarden doctor --queue https://sqs.eu-west-1.amazonaws.com/111122223333/tagwarden -o json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runDoctor(c, e, &f) },
	}
	f.policyFlag(c)
	c.Flags().StringVar(&f.profile, "profile", "", "`NAME` of the profile in the AWS configuration")
	c.Flags().StringSliceVar(&f.regions, "region", nil, "`REGION` to look at, or all; may be given several times (default: as the policy file says)")
	c.Flags().StringArrayVar(&f.queues, "queue", nil, "look at the queue with this `URL` too; may be given several times")
	textOrJSON(c, &f.output)
	return c
}

func runDoctor(c *cobra.Command, e Env, f *doctorFlags) error {
	if err := checkRegions(c, f.regions); err != nil {
		return err
	}
	set, err := load(e, &f.flags)
	if err != nil {
		return err
	}
	o, err := examination(c, e, f, set)
	if err != nil {
		return err
	}
	r, err := doctor.Examine(c.Context(), o)
	if err != nil {
		return err
	}
	if f.output == "json" {
		if err := writeHostile(e.Stdout, r, "  "); err != nil {
			return err
		}
	} else {
		showReport(e, r)
	}
	switch r.Worst() {
	case doctor.Missing:
		return exit(exitFailed)
	case doctor.Unknown:
		return exit(exitIncomplete)
	default:
		return nil
	}
}

// examination is what doctor looks at. The ledger is where apply would look for
// it, whatever --region says.
func examination(c *cobra.Command, e Env, f *doctorFlags, set *policy.Set) (doctor.Options, error) {
	open := func(regions []string) (*aws.Session, error) {
		return aws.Open(c.Context(), aws.Options{Profile: f.profile, FallbackRegion: fallback(regions, set.Settings.Regions), Version: version()})
	}
	s, err := open(f.regions)
	if err != nil {
		return doctor.Options{}, err
	}
	l, err := open(nil)
	if err != nil {
		return doctor.Options{}, err
	}
	door := accounts.Door{Source: s.Source(), Actor: s.Actor(), Trail: s.Trail()}
	return doctor.Options{Set: set, Account: aws.CheckupOf(s), Accounts: accounts.New(&set.Settings, door, s.Realm()), Regions: f.regions, Region: s.Region(), LedgerRegion: l.Region(), Queues: f.queues, Now: e.Now}, nil
}

// showReport writes a table, and below it what is to be done. The permissions
// that are there share a line.
func showReport(e Env, r *doctor.Report) {
	var rows [][]string
	have := 0
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.What == doctor.AboutPermission && c.Outcome == doctor.OK {
			have++
			continue
		}
		found := c.Found
		if len(c.Regions) > 0 {
			found += " (" + strings.Join(c.Regions, ", ") + ")"
		}
		rows = append(rows, []string{string(c.Outcome), c.What, diag.Printable(c.Name), diag.Printable(found)})
	}
	if have > 0 {
		rows = append(rows, []string{string(doctor.OK), doctor.AboutPermission, "", plural(have, "permission is there", "permissions are there")})
	}
	grid(e, []string{"RESULT", "CHECK", "OF", "FOUND"}, rows)
	for _, line := range advice(r) {
		prose(e, line)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(e.Stderr, "note: "+diag.Printable(n))
	}
}

// advice says what is to be done, each thing once, and about what.
func advice(r *doctor.Report) []string {
	var order []string
	about := map[string][]string{}
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.Do == "" {
			continue
		}
		if about[c.Do] == nil {
			order = append(order, c.Do)
		}
		if of := strings.TrimSpace(c.What + " " + c.Name); !slices.Contains(about[c.Do], of) {
			about[c.Do] = append(about[c.Do], of)
		}
	}
	lines := make([]string, 0, len(order))
	for _, do := range order {
		lines = append(lines, diag.Printable("to do: "+do+" (for "+strings.Join(about[do], ", ")+")"))
	}
	if len(lines) > 0 {
		lines[0] = "\n" + lines[0]
	}
	return lines
}
