package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/report"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// handleFlags are handle's own.
type handleFlags struct {
	flags
	apply, yes, exitCode bool
}

// errOnlyApply is the mistake of a flag that is about doing something.
var errOnlyApply = errors.New("--yes says that --apply need not ask, and without --apply nothing is done")

func newHandle(e Env) *cobra.Command {
	var f handleFlags
	c := &cobra.Command{
		Use:   "handle EVENT.json",
		Short: "Say what an event would bring about, and with --apply do it",
		Long: `handle reads an event as inspect does, takes it through the policies that it
wakes, and says what would be done to the resources it is about. It changes
nothing. Several events in one file are handled one after the other.

With --apply it does so, after asking: each event once, however often it is
given, and never while another run is at one of its resources. An event of which
a resource could not be seen yet, or where something failed that may succeed a
little later, can be given again.

A policy with "settle" judges at once here: whoever runs this by hand does not
wait, and is told.`,
		Example: `  tagwarden handle event.json
  tagwarden handle event.json --apply
  tagwarden handle launch.json --embedded -o json`,
		Args: needs("a file"),
		RunE: func(c *cobra.Command, args []string) error { return runHandle(c, e, &f, args[0]) },
	}
	f.policyFlag(c)
	c.Flags().StringVar(&f.at, "at", "", "judge as of this `TIME`: 2026-06-30, 2026-06-30T09:00:00Z or, from now, +8d; with --apply as apply takes it")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log what is done to standard error")
	f.accountFlags(c)
	f.reportFlags(c)
	c.Flags().BoolVar(&f.apply, "apply", false, "do it")
	c.Flags().BoolVar(&f.yes, "yes", false, "with --apply, do not ask")
	c.Flags().BoolVar(&f.exitCode, "exit-code", false, "exit with 2 where there are violations")
	c.MarkFlagsMutuallyExclusive("apply", "exit-code")
	return c
}

func runHandle(c *cobra.Command, e Env, f *handleFlags, name string) (err error) {
	switch {
	case f.yes && !f.apply:
		return &mistake{verb: c.CommandPath(), err: errOnlyApply}
	case f.apply && !f.yes && !e.StdinTerminal:
		return errNobody
	}
	batch, err := readEvent(e, name)
	if err != nil {
		return err
	}
	j, err := openJob(c, e, &f.flags, f.apply)
	if err != nil {
		return err
	}
	defer j.close(&err)
	h := &handler{env: e, flags: f, job: j, total: len(batch.Messages)}
	for _, m := range batch.Messages {
		if err := h.message(c.Context(), m); err != nil {
			return err
		}
	}
	if err := h.end(); err != nil {
		return err
	}
	if h.code != exitDone {
		return exit(h.code)
	}
	return nil
}

// handler handles the events of one delivery.
type handler struct {
	env   Env
	flags *handleFlags
	job   *job
	total int
	n     int // the events so far
	code  int
	all   []handled
}

// message handles one event, and goes on after whatever concerns it alone.
func (h *handler) message(ctx context.Context, m trigger.Message) error {
	h.n++
	d := newHandled(m)
	err := m.Err
	if err == nil && m.Request != nil {
		err = h.request(ctx, m.Request, &d)
	}
	if err != nil {
		d.Error = err.Error()
		h.worse(exitFailed)
		h.complain(m.ID, err)
	}
	if ctx.Err() != nil {
		h.worse(exitFailed)
		return errors.Join(h.show(&d), ctx.Err())
	}
	return h.show(&d)
}

// request handles what can be handled, and keeps what came of it.
func (h *handler) request(ctx context.Context, r *trigger.Request, d *handled) error {
	if names, why := sweeps(h.job.set, r); why != "" && !(h.flags.apply && r.Evaluation != nil) {
		d.Policies, d.Ignored = names, why
		return nil
	}
	run := h.job.account.run(h.job.now)
	if h.total > 1 {
		run = fmt.Sprintf("%s-%d", run, h.n)
	}
	e := app.Event{Run: run, Now: h.job.now, Request: r, AtOnce: true}
	if !h.flags.apply {
		got, err := h.job.app.Judge(ctx, e)
		if err != nil {
			return err
		}
		d.take(got, nil)
		if got.Plan != nil {
			h.worse(codeOf(planned(got.Plan, h.flags.exitCode)))
		}
		h.unseen(got)
		return nil
	}
	if !h.flags.yes {
		e.Confirm = func(got *app.Handling) error { return h.confirm(ctx, got, d) }
	}
	got, report, err := h.job.app.Handle(ctx, e)
	if got != nil {
		d.take(got, report)
		h.unseen(got)
	}
	if report != nil {
		h.worse(codeOf(applied(report)))
	}
	return err
}

// unseen notes that an event is not wholly done.
func (h *handler) unseen(got *app.Handling) {
	if len(got.Unseen) > 0 {
		h.worse(exitIncomplete)
	}
}

// confirm shows what would be done and asks, if there is anything to ask about.
func (h *handler) confirm(ctx context.Context, got *app.Handling, d *handled) error {
	if report.Summary(got.Plan) == report.Nothing {
		return nil
	}
	shown := *d
	shown.take(got, nil)
	f := h.flags.flags
	w := h.env.Stdout
	if f.format != string(report.Table) {
		w, f.format, f.noColor = h.env.Stderr, string(report.Table), f.noColor || !h.env.StderrTerminal
	}
	shown.write(w)
	if err := show(w, h.env, &f, got.Plan, nil, h.job.set.Settings.Zone); err != nil {
		return err
	}
	if err := ask(ctx, h.env, got.Plan); err != nil {
		return err
	}
	fmt.Fprintln(h.env.Stderr)
	return nil
}

// complain says what is wrong with an event, and which it is.
func (h *handler) complain(id string, err error) {
	var which string
	switch {
	case h.total > 1 && id != "":
		which = fmt.Sprintf("event %d of %d, message %s: ", h.n, h.total, id)
	case h.total > 1:
		which = fmt.Sprintf("event %d of %d: ", h.n, h.total)
	case id != "":
		which = fmt.Sprintf("message %s: ", id)
	}
	fmt.Fprintln(h.env.Stderr, "tagwarden: "+printable(which+err.Error()))
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintln(h.env.Stderr, "  "+diag.Printable(hint))
	}
}

// worse keeps the exit code that says most: a failure before violations before
// what is incomplete.
func (h *handler) worse(code int) {
	order := []int{exitDone, exitIncomplete, exitViolations, exitFailed}
	if slices.Index(order, code) > slices.Index(order, h.code) {
		h.code = code
	}
}

// codeOf is the exit code that an error is.
func codeOf(err error) int {
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	return exitDone
}

// end writes what is written once for all events.
func (h *handler) end() error {
	if h.total == 0 && h.flags.format == string(report.Table) {
		fmt.Fprintln(h.env.Stdout, "there is no event in it")
	}
	if h.flags.format == string(report.JSON) {
		if err := writeHandled(h.env.Stdout, h.all); err != nil {
			return err
		}
	}
	if box := h.job.account.outbox; box != nil && box.total() > 0 {
		fmt.Fprintf(h.env.Stderr, "the account is the embedded one: %s made and not sent\n", plural(box.total(), "message was", "messages were"))
	}
	return nil
}

// sweepAdvice says how what an event asks for is done.
func sweepAdvice(names []string) string {
	return "it asks for a look at everything: tagwarden apply --only " + strings.Join(names, ",")
}
