package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trail"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// standard is the name of a file that stands for standard input.
const standard = "-"

func newInspect(e Env) *cobra.Command {
	var (
		f      flags
		output string
	)
	c := &cobra.Command{
		Use:   "inspect EVENT.json",
		Short: "Say what an event tells: what was created, by whom, which policies it wakes",
		Long: `inspect reads one event from a file, or from standard input as "-": a record of
CloudTrail by itself, or in an event of EventBridge, a message of SQS or SNS or
the output of "aws cloudtrail lookup-events"; or any other event that wakes
tagwarden. It says which resources the call created, who made it and which
policies would wake. It asks nobody: not AWS, not the ledger. Without a policy
file it leaves the policies out.

It fails for what is no event. An event that nothing comes of is no failure: a
call that failed, one that creates nothing, an event of another kind.`,
		Example: `  tagwarden inspect event.json
  aws cloudtrail lookup-events --max-results 1 | tagwarden inspect - -o json`,
		Args: needs("a file"),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := perhapsLoad(c, e, &f)
			if err != nil {
				return err
			}
			batch, err := readEvent(e, args[0])
			if err != nil {
				return err
			}
			return inspect(e, set, batch, output)
		},
	}
	f.policyFlag(c)
	textOrJSON(c, &output)
	return c
}

// needs is the Args of a command that takes the name of something to read.
func needs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &mistake{verb: c.CommandPath(), err: fmt.Errorf("%s needs the name of %s, or - for standard input", c.Name(), what)}
		}
		return atMost(1)(c, args)
	}
}

// readEvent reads what a file delivers, packed or not.
func readEvent(e Env, name string) (b trigger.Batch, err error) {
	r, closed, err := openFile(e, name)
	if err != nil {
		return b, fmt.Errorf("reading an event: %w", err)
	}
	defer func() { err = errors.Join(err, closed()) }()
	if r, err = trail.Unpack(r, trail.MaxUnpacked); err != nil {
		return b, fmt.Errorf("reading %s: %w", name, err)
	}
	data, err := io.ReadAll(io.LimitReader(r, trigger.MaxSize+1))
	switch {
	case err != nil:
		return b, fmt.Errorf("reading %s: %w", name, err)
	case len(data) > trigger.MaxSize:
		return b, fmt.Errorf("reading %s: it has more than %d MB; replay reads log files of any size", name, trigger.MaxSize>>20)
	}
	if b, err = trigger.Read(bytes.TrimPrefix(data, []byte("\ufeff"))); err != nil {
		return b, fmt.Errorf("reading %s: %w", name, err)
	}
	return b, nil
}

// openFile opens a file, or standard input, which closing leaves open.
func openFile(e Env, name string) (io.Reader, func() error, error) {
	if name == standard {
		return e.Stdin, func() error { return nil }, nil
	}
	f, err := os.Open(name) // #nosec G304 -- the user names it
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// inspect writes what the events of a delivery tell.
func inspect(e Env, set *policy.Set, b trigger.Batch, output string) error {
	events := make([]told, 0, len(b.Messages))
	wrong := false
	for _, m := range b.Messages {
		events = append(events, tell(set, m))
		wrong = wrong || m.Err != nil
	}
	switch {
	case output != "json":
		for i, t := range events {
			if i > 0 {
				fmt.Fprintln(e.Stdout)
			}
			t.write(e.Stdout, set != nil)
		}
		if len(events) == 0 {
			fmt.Fprintln(e.Stdout, "there is no event in it")
		}
	case len(events) == 1:
		if err := writeHostile(e.Stdout, events[0], "  "); err != nil {
			return err
		}
	default:
		if err := writeHostile(e.Stdout, map[string][]told{"events": events}, "  "); err != nil {
			return err
		}
	}
	if wrong {
		return exit(exitFailed)
	}
	return nil
}
