package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/report"
)

// errSaved is the mistake of saying again, and differently, what a saved plan
// says.
var errSaved = errors.New("a saved plan says itself which regions and policies it is for: make another plan, or leave --region and --only away")

// applyFlags are apply's own.
type applyFlags struct {
	flags
	yes bool
}

func newApply(e Env) *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "apply [PLAN]",
		Short: "Do what a plan says, after asking",
		Long: `apply makes a plan, shows it, asks, and does what it says: repairs tags, stops
and terminates what is due, records everything in the ledger and tells people.
With PLAN, a file that "tagwarden plan --out" saved, it applies that one: if it
is for this account and these policies, not older than 24 hours and unchanged.

Every resource is read and judged again just before something is done to it;
what no longer holds is skipped. Interrupting (Ctrl-C) ends after the call that
is under way, records and reports what was done, and leaves the rest for the
next run; a second Ctrl-C ends at once.`,
		Example: `  tagwarden apply
  tagwarden apply --yes -o jsonl      # in a script
  tagwarden apply plan.json`,
		Args: atMost(1),
		RunE: func(c *cobra.Command, args []string) error { return runApply(c, e, &f, args) },
	}
	f.policyFlag(c)
	f.judgeFlags(c, "act as of this `TIME`, now or later: only on the embedded account, or where AWS_ENDPOINT_URL names a test endpoint")
	f.accountFlags(c)
	f.reportFlags(c)
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return c
}

func runApply(c *cobra.Command, e Env, f *applyFlags, args []string) (err error) {
	switch {
	case !f.yes && !e.StdinTerminal:
		return errNobody
	case len(args) == 1 && len(f.regions)+len(f.only) > 0:
		return &mistake{verb: c.CommandPath(), err: errSaved}
	}
	j, err := openJob(c, e, &f.flags, true)
	if err != nil {
		return err
	}
	defer j.close(&err)
	p, err := j.plan(c, f, args)
	j.progress.end()
	if err != nil {
		return err
	}
	if !f.yes {
		if err := confirm(c, e, f, j, p); err != nil {
			return err
		}
	}
	return j.apply(c, e, f, p)
}

// plan is the saved plan, or one made now.
func (j *job) plan(c *cobra.Command, f *applyFlags, args []string) (*plan.Plan, error) {
	if len(args) == 1 {
		return loadPlan(args[0])
	}
	return j.app.Plan(c.Context(), j.request(&f.flags))
}

// confirm shows the plan and asks, if there is anything to ask about. What goes to standard output is data: where
// it is not a table, the plan is shown on standard error.
func confirm(c *cobra.Command, e Env, f *applyFlags, j *job, p *plan.Plan) error {
	if report.Summary(p) == report.Nothing {
		return nil
	}
	w, shown := e.Stdout, f.flags
	if f.format != string(report.Table) {
		w, shown.format, shown.noColor = e.Stderr, string(report.Table), f.noColor || !e.StderrTerminal
	}
	if err := show(w, e, &shown, p, nil, j.set.Settings.Zone); err != nil {
		return err
	}
	if err := ask(c.Context(), e, p); err != nil {
		return err
	}
	if f.at == "" {
		j.now = j.account.now() // the answer may have taken a while
	}
	fmt.Fprintln(e.Stderr)
	return nil
}

// apply applies the plan and shows what came of it. A report is shown even
// where there is an error as well: it says what was done before.
func (j *job) apply(c *cobra.Command, e Env, f *applyFlags, p *plan.Plan) error {
	r, err := j.app.Apply(c.Context(), p, j.now)
	if r == nil {
		return err
	}
	err = errors.Join(err, show(e.Stdout, e, &f.flags, r.Plan, outcome(r), j.set.Settings.Zone))
	if j.account.outbox != nil {
		if n := j.account.outbox.total(); n > 0 {
			fmt.Fprintf(e.Stderr, "the account is the embedded one: %s made and not sent\n", plural(n, "message was", "messages were"))
		}
	}
	if err != nil {
		return err
	}
	return applied(r)
}
