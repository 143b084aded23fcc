package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/plan"
)

// planFlags are plan's own.
type planFlags struct {
	flags
	out      string
	exitCode bool
}

func newPlan(e Env) *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say what would be done, and why; change nothing",
		Long: `plan reads the account, judges it by the policy file and says what apply would
do, to which resource and why, and why not where it would not. It changes
nothing: not the account, no case in the ledger, and nobody is told.

With --out the plan is saved. "tagwarden apply FILE" then does what it says, in
the next 24 hours, and looks at every resource again before it acts.`,
		Example: `  tagwarden plan
  tagwarden plan --at +14d            # what would be due in two weeks
  tagwarden plan --out plan.json      # to read, and to apply later
  tagwarden plan -o markdown --exit-code`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runPlan(c, e, &f) },
	}
	f.policyFlag(c)
	f.judgeFlags(c, "judge as of this `TIME`: 2026-06-30, 2026-06-30T09:00:00Z or, from now, +8d")
	f.accountFlags(c)
	f.reportFlags(c)
	c.Flags().StringVar(&f.out, "out", "", "save the plan to this `FILE`")
	c.Flags().BoolVar(&f.exitCode, "exit-code", false, "exit with 2 where there are violations")
	return c
}

func runPlan(c *cobra.Command, e Env, f *planFlags) (err error) {
	if err := notPolicy(f.out, f.policies); err != nil {
		return err
	}
	j, err := openJob(c, e, &f.flags, false)
	if err != nil {
		return err
	}
	defer j.close(&err)
	p, err := j.app.Plan(c.Context(), j.request(&f.flags))
	j.progress.end()
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := savePlan(f.out, p); err != nil {
			return err
		}
	}
	if err := show(e.Stdout, e, &f.flags, p, nil, j.set.Settings.Zone); err != nil {
		return err
	}
	if f.out != "" {
		fmt.Fprintf(e.Stderr, "saved as %s: \"tagwarden apply %s\" applies it until %s\n", f.out, f.out,
			p.Expires.In(j.set.Settings.Zone).Format("2006-01-02 15:04 MST"))
	}
	return planned(p, f.exitCode)
}

// errIsPolicy refuses to lose a policy file.
var errIsPolicy = errors.New("that is a policy file, which a plan must not replace")

// notPolicy makes sure that a plan's place is none of the policy files, named
// or in a folder that is.
func notPolicy(out string, policies []string) error {
	there, err := os.Stat(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // replaces nothing
	case err != nil:
		return fmt.Errorf("saving the plan as %s: %w", out, err)
	}
	for _, p := range policies {
		for _, path := range []string{p, filepath.Join(p, filepath.Base(out))} {
			if file, err := os.Stat(path); err == nil && !file.IsDir() && os.SameFile(there, file) {
				return fmt.Errorf("saving the plan as %s: %w", out, errIsPolicy)
			}
		}
	}
	return nil
}

// savePlan writes the plan beside its place first, so that nobody ever reads
// half of one, and for its owner alone: it tells much of an account.
func savePlan(path string, p *plan.Plan) (err error) {
	fail := func(err error) error { return fmt.Errorf("saving the plan as %s: %w", path, err) }
	f, err := os.CreateTemp(filepath.Dir(path), ".plan-*")
	if err != nil {
		return fail(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	err = p.Encode(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fail(err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fail(err)
	}
	return nil
}

// loadPlan reads a saved plan.
func loadPlan(path string) (*plan.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	p, err := plan.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
