package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trail"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// maxComplaints is how many problems are shown one by one; the rest is counted.
const maxComplaints = 20

func newReplay(e Env) *cobra.Command {
	var (
		f      flags
		output string
	)
	c := &cobra.Command{
		Use:   "replay PATH",
		Short: "Say what the events in files tell, and which policies they would have woken",
		Long: `replay reads the log files of CloudTrail below a folder, or one file, or standard
input as "-", and says which of the calls created something, who made them and
which policies they would have woken. Files may be packed with gzip, and of any
size; events may also stand one after another, or in a list. In a folder these
are read: *.json, *.jsonl, *.ndjson and *.gz.

It changes nothing and asks nobody: not AWS, not the ledger. What a policy would
then do rests on what its resources are like, which records do not tell. Without
a policy file it leaves the policies out. What cannot be read is reported, and
the rest goes on; the exit code is then 3.`,
		Example: `  tagwarden replay AWSLogs/
  tagwarden replay -o json AWSLogs/ | jq 'select(.creator.kind == "unknown")'`,
		Args: needs("a file or folder"),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := perhapsLoad(c, e, &f)
			if err != nil {
				return err
			}
			r := &replay{env: e, set: set, lines: output == "json", sum: newTally(), progress: newProgress(e, false)}
			err = r.path(c.Context(), args[0])
			r.progress.end()
			if err != nil {
				return err
			}
			return r.end()
		},
	}
	f.policyFlag(c)
	words(c, &output, "output", "o", "write the result as `FORMAT`: text, a table of calls; json, a line for each event", "text", "json")
	return c
}

// replay goes through files of events.
type replay struct {
	env      Env
	set      *policy.Set // nil for none
	lines    bool
	sum      *tally
	progress *progress
	problems int
}

// replayed is what one event tells, as replay -o json writes it.
type replayed struct {
	File    string `json:"file"`
	Event   string `json:"event"` // "" where it is ignored or could not be read
	ID      string `json:"id"`
	Time    string `json:"time"`
	Account string `json:"account"`
	Region  string `json:"region"`
	told
}

// file goes through one file. What is wrong in it is counted and said; the
// errors are those of interrupting and of writing.
func (r *replay) file(ctx context.Context, name string) error {
	in, closed, err := openFile(r.env, name)
	if err != nil {
		r.problem(name, err)
		return nil
	}
	defer func() { _ = closed() }() // it was only read
	r.sum.files++
	n := 0
	for data, err := range trail.Events(in, trail.MaxUnpacked) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.problem(name, err)
			return nil
		}
		n++
		batch, err := trigger.Read(data)
		if err != nil {
			batch.Messages = []trigger.Message{{Err: err}}
		}
		for _, m := range batch.Messages {
			if err := r.event(name, n, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// event takes one event, the n-th of the file.
func (r *replay) event(file string, n int, m trigger.Message) error {
	t := tell(r.set, m)
	if m.Err != nil {
		r.problem(fmt.Sprintf("%s: event %d", file, n), m.Err)
	}
	r.sum.add(&t)
	r.progress.note(fmt.Sprintf("reading: %d events in %d files", r.sum.events, r.sum.files), r.sum.events)
	if !r.lines {
		return nil
	}
	l := replayed{File: file, told: t}
	if q := t.request; q != nil {
		l.Event, l.ID, l.Account, l.Region = eventName(q), q.ID, q.Account, q.Region
		if !q.Time.IsZero() {
			l.Time = q.Time.UTC().Format(time.RFC3339)
		}
	}
	return writeHostile(r.env.Stdout, l, "")
}

// problem says what could not be read.
func (r *replay) problem(where string, err error) {
	if r.problems++; r.problems <= maxComplaints {
		fmt.Fprintf(r.env.Stderr, "tagwarden: reading %s\n", diag.Printable(fmt.Sprintf("%s: %v", where, err)))
	}
}

// end writes the summary, and says whether everything was read.
func (r *replay) end() error {
	if r.problems > maxComplaints {
		fmt.Fprintf(r.env.Stderr, "tagwarden: and %d more that could not be read\n", r.problems-maxComplaints)
	}
	if !r.lines {
		if err := r.sum.write(r.env.Stdout, r.set != nil); err != nil {
			return fmt.Errorf("writing the summary: %w", err)
		}
	}
	switch {
	case r.problems == 0:
		return nil
	case r.sum.events == r.sum.unread:
		return errors.New("nothing could be read")
	default:
		return exit(exitIncomplete)
	}
}
