// Package cli is tagwarden's command line: each verb, in a file of its own,
// turns flags into a request to the pipeline and shows what comes of it. Data
// goes to standard output, everything else to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/fault"
)

// The exit codes; docs/cli.md describes them.
const (
	exitDone       = 0
	exitFailed     = 1
	exitViolations = 2
	exitIncomplete = 3
)

// Env is the world a command runs in. OS makes that of this process.
type Env struct {
	// Args are the arguments without the program's name.
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// StdinTerminal, StdoutTerminal and StderrTerminal say which of the streams
	// are terminals: only there a question is asked, colours and progress shown.
	StdinTerminal, StdoutTerminal, StderrTerminal bool
	// Width is that of the terminal in columns; 0 where there is none.
	Width int
	// LookupEnv reads the environment, for policy files and NO_COLOR. AWS's own
	// variables are read by its SDK.
	LookupEnv func(string) (string, bool)
	// Now is the clock.
	Now func() time.Time

	// open replaces the account that the flags name; tests set it.
	open func() *account
}

// exit is an exit code other than 0 and 1. It is no failure and prints nothing.
type exit int

// Error names the code.
func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// mistake is a wrong use of the command line: the error, and where to read on.
type mistake struct {
	err  error
	verb string
}

// Error is the error's text.
func (m *mistake) Error() string { return m.err.Error() }

// Unwrap returns the error.
func (m *mistake) Unwrap() error { return m.err }

// Main runs one command line and returns the exit code.
func Main(ctx context.Context, e Env) int {
	root := newRoot(e)
	root.SetArgs(e.Args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	complain(ctx, e.Stderr, err)
	return exitFailed
}

// complain writes an error for a person, and what they can do about it.
func complain(ctx context.Context, w io.Writer, err error) {
	if list, ok := errors.AsType[diag.List](err); ok {
		fmt.Fprintln(w, list) // a diagnostic makes itself printable
		return
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		fmt.Fprintln(w, "tagwarden: interrupted: "+diag.Printable(err.Error()))
		return
	}
	fmt.Fprintln(w, "tagwarden: "+printable(err.Error()))
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(w, "  "+diag.Printable(hint))
	}
	if fault.ClassOf(err) == fault.Credentials {
		fmt.Fprintln(w, "  to try tagwarden without AWS: tagwarden demo, or --embedded")
	}
	if m, ok := errors.AsType[*mistake](err); ok {
		fmt.Fprintf(w, "  %s --help says how it is used\n", m.verb)
	}
}

// printable is diag.Printable for text of several lines, which joined errors
// have.
func printable(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = diag.Printable(l)
	}
	return strings.Join(lines, "\n  ")
}

// newRoot makes the whole tree of commands.
func newRoot(e Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "tagwarden",
		Short: "Keeps the tags of an AWS account as a policy file wants them",
		Long: `tagwarden reads an AWS account, compares it with a policy file, and says or
does what follows: it repairs tags, tells people, and stops or terminates what
nobody takes care of, after the grace period the policy gives.

To begin: "tagwarden demo" shows everything on an account that exists only in
memory; "tagwarden init" writes a policy file to start from; "tagwarden plan"
says what would be done, and changes nothing.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          verbs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	root.SetFlagErrorFunc(flagMistake)
	root.AddCommand(newInit(e), newValidate(e), newPlan(e), newApply(e), newUndo(e), newHolds(e), newLedger(e), newRules(e), newSchema(e),
		newInspect(e), newHandle(e), newReplay(e), newServe(e), newIAM(e), newAccess(e), newDeploy(e), newDoctor(e), newDemo(e), newVersion(e))
	return root
}

// verbs is the Args of a command that only has commands below it.
func verbs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return &mistake{verb: c.CommandPath(), err: fmt.Errorf("there is no command %q%s", args[0], suggestion(args[0], names))}
}

// noArgs is the Args of a command that takes none.
func noArgs(c *cobra.Command, args []string) error { return atMost(0)(c, args) }

func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		return &mistake{verb: c.CommandPath(), err: fmt.Errorf("%s has no use for %q", c.Name(), args[n])}
	}
}

// flagMistake adds to an unknown flag the one that was probably meant.
func flagMistake(c *cobra.Command, err error) error {
	hint := ""
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok && e.GetSpecifiedShortnames() == "" {
		hint = flagSuggestion(c, e.GetSpecifiedName())
	}
	return &mistake{verb: c.CommandPath(), err: fmt.Errorf("%w%s", err, hint)}
}

// suggestion is ": did you mean …?", or a list of what there is.
func suggestion(word string, candidates []string) string {
	if n := near(word, candidates); n != "" || len(candidates) == 0 {
		return n
	}
	return "; there are: " + strings.Join(candidates, ", ")
}

// near is ": did you mean …?", or "" where nothing is near.
func near(word string, candidates []string) string {
	if n := diag.Suggest(word, candidates); n != "" {
		return fmt.Sprintf(": did you mean %q?", n)
	}
	return ""
}
