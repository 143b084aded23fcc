package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// errWhichRun is the mistake of not naming the run.
var errWhichRun = errors.New("which run is to be taken back? Each apply shows the name of its run in its second line")

func newUndo(e Env) *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "undo RUN",
		Short: "Take back what a run did, after asking",
		Long: `undo shows how the effects of an earlier run would be taken back, asks, and does
it: what the run stopped is started, what it isolated gets its security groups
back, rules that it revoked are made anew, tags that it wrote get their former
values or are deleted, tags that it deleted are written again. What was
terminated or deleted is gone, and is listed as such.

What somebody has changed since is left as it is. Every resource is read again
just before something is done to it. undo is a run of its own: the limits of the
policies hold for it, and it is recorded; nobody is told. It changes no policy:
what still breaks one is found, and acted on, by the next run.`,
		Example: `  tagwarden undo 20260601T090000Z-1f2e3d
  tagwarden undo 20260601T090000Z-1f2e3d --yes -o json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &mistake{verb: c.CommandPath(), err: errWhichRun}
			}
			return atMost(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error { return runUndo(c, e, &f, args[0]) },
	}
	f.policyFlag(c)
	f.accountFlags(c)
	f.reportFlags(c)
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	return c
}

func runUndo(c *cobra.Command, e Env, f *applyFlags, run string) (err error) {
	if !f.yes && !e.StdinTerminal {
		return errNobody
	}
	j, err := openJob(c, e, &f.flags, true)
	if err != nil {
		return err
	}
	defer j.close(&err)
	p, err := j.app.Undo(c.Context(), j.request(&f.flags), run)
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
