package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/aws"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/serve"
)

// Where what settles is kept.
const (
	settleQueue  = "queue"
	settleMemory = "memory"
)

// Mistakes of serve.
var (
	errNothingToServe = errors.New("there is nothing to serve: no policy has a schedule or a daily sweep, and without --queue no event comes")
	errRoleAlone      = errors.New("--scheduler-role and --scheduler-group are about what settles in the queue: they need --queue and --settle queue")
	errGroupAlone     = errors.New("--scheduler-group is about the schedules that --scheduler-role makes")
	errOrdered        = errors.New("a FIFO queue delays no single message, so that nothing can settle in it: use --settle memory")
	errMoved          = errors.New("settings.name and settings.ledger cannot change while it runs: start it again")
	errNoQueues       = errors.New("this account has no queues")
)

// noListener is the value of --listen for none.
const noListener = "none"

// serveFlags are serve's own.
type serveFlags struct {
	flags
	queue, settle, role, group, listen string
	drain                              time.Duration
}

func newServe(e Env) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Handle events from a queue and run what is scheduled, until it is told to end",
		Long: `serve is for those who run tagwarden on a machine of their own: it takes events
from a queue of SQS (--queue), into which EventBridge puts them, and runs every
policy at the times of its schedule, or once a day where it has none. It acts as
"apply --yes" does. Without --queue it only does what is scheduled.

A message is acknowledged once it was handled. What fails comes again: after half
a minute, then later and later. Of the times of a schedule that were missed, the
last one is caught up with. Two sweeps never run at once.

SIGTERM or Ctrl-C ends it: nothing new is begun, and what is under way has the
time of --drain, after which it is handed back to the queue.`,
		Example: `  tagwarden serve --queue https://sqs.eu-west-1.amazonaws.com/111122223333/tagwarden
  tagwarden serve --listen none`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runServe(c, e, &f) },
	}
	f.policyFlag(c)
	c.Flags().StringVar(&f.profile, "profile", "", "`NAME` of the profile in the AWS configuration")
	c.Flags().StringVar(&f.queue, "queue", "", "take events from the queue of this `URL`")
	words(c, &f.settle, "settle", "", "keep what a policy lets settle in this `PLACE`: queue, as a delayed message, or memory, where it is forgotten at the end", settleQueue, settleMemory)
	c.Flags().StringVar(&f.role, "scheduler-role", "", "keep what settles for more than 15 minutes in EventBridge Scheduler, which puts it into the queue with the role of this `ARN`")
	c.Flags().StringVar(&f.group, "scheduler-group", "", "make those schedules in the group of this `NAME` (default: Scheduler's default group)")
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1:9340", "serve /healthz, /readyz and /metrics at this `ADDRESS`, or none")
	c.Flags().DurationVar(&f.drain, "drain", 25*time.Second, "how long what is under way may go on at the end, at most")
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log more")
	return c
}

func (f *serveFlags) check() error {
	switch {
	case f.group != "" && f.role == "":
		return errGroupAlone
	case f.role != "" && (f.queue == "" || f.settle != settleQueue):
		return errRoleAlone
	case f.drain < 0:
		return errors.New("--drain is a length of time from now")
	case !listenable(f.listen):
		return fmt.Errorf("--listen %q is no address: write one such as 127.0.0.1:9340, or none", f.listen)
	default:
		return nil
	}
}

// listenable says whether it can be listened at an address, whose host is not
// looked up. Nothing at all would be every interface of the machine, at any port.
func listenable(address string) bool {
	if address == noListener {
		return true
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false
	}
	_, err = net.LookupPort("tcp", port) //nolint:noctx // a number, or a name of /etc/services
	return err == nil
}

func runServe(c *cobra.Command, e Env, f *serveFlags) (err error) {
	if err := f.check(); err != nil {
		return &mistake{verb: c.CommandPath(), err: err}
	}
	ctx := c.Context()
	set, a, err := loadAll(ctx, e, &f.flags, func(set *policy.Set) (*account, error) { return openAccount(ctx, e, &f.flags, set) })
	if err != nil {
		return err
	}
	if f.queue == "" && idle(set) {
		return &mistake{verb: c.CommandPath(), err: errNothingToServe}
	}
	d := &daemon{env: e, flags: f, account: a, log: serveLog(e, f.verbose)}
	o := serve.Options{Load: d.load(set), Run: a.each(), Clock: a.now, Drain: f.drain, Log: d.log}
	if err := d.queue(ctx, &o); err != nil {
		return err
	}
	caller, err := a.source.Caller(ctx)
	if err != nil {
		return fmt.Errorf("asking whose account this is: %w", err)
	}
	if d.ledger, err = openLedger(ctx, e, set, a, true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.ledger.Close()) }()
	o.Ledger, o.Scope = d.ledger, record.Scope{Name: set.Settings.Name, Account: caller.Account}
	if o.Listener, err = d.listen(ctx); err != nil {
		return err
	}
	return serve.New(o).Run(ctx)
}

// idle says that no policy would ever be run.
func idle(set *policy.Set) bool {
	for _, p := range set.Policies {
		if p.Schedule != "" || !p.NoSweep {
			return false
		}
	}
	return true
}

// serveLog writes to standard error, at any rate.
func serveLog(e Env, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: level}))
}

// daemon is what serve puts together.
type daemon struct {
	env     Env
	flags   *serveFlags
	account *account
	ledger  record.Ledger
	log     *slog.Logger
	later   queue.Keeper
}

// load reads the policies anew, which must be of the same ledger as at first.
// Their warnings were shown then.
func (d *daemon) load(first *policy.Set) func(context.Context) (*serve.Loaded, error) {
	quiet := d.env
	quiet.Stderr = io.Discard
	return func(ctx context.Context) (*serve.Loaded, error) {
		a := d.account
		set, _, err := loadAll(ctx, quiet, &d.flags.flags, func(*policy.Set) (*account, error) { return a, nil })
		if err != nil {
			return nil, err
		}
		if set.Settings.Name != first.Settings.Name || set.Settings.Ledger != first.Settings.Ledger {
			return nil, errMoved
		}
		notifier := &oneByOne{to: notify.New(set, a.ways, nil)}
		return &serve.Loaded{Set: set, App: app.New(app.Options{Set: set, Source: a.source, Actor: a.actor, Trail: a.trail, Accounts: a.governs(set), Archive: a.archive, Clock: a.now,
			Ledger: d.ledger, Notifier: notifier, Systems: notifier, Later: d.later, Region: a.region, Log: d.log})}, nil
	}
}

// queue opens the queue, and where what settles is kept.
func (d *daemon) queue(ctx context.Context, o *serve.Options) error {
	f := d.flags
	if f.queue == "" {
		return nil
	}
	if d.account.queue == nil {
		return errNoQueues
	}
	q, err := d.account.queue(f.queue)
	if err != nil {
		return err
	}
	if o.Manner, err = q.Manner(ctx); err != nil {
		return fmt.Errorf("reading how the queue is set up: %w", err)
	}
	o.Inbox = q
	if !o.Manner.DeadLetters {
		d.log.Warn("the queue has no queue for dead letters: what cannot be read is logged and dropped")
	}
	switch {
	case f.settle == settleMemory:
		o.Notes = &queue.Timer{}
		d.later = o.Notes
	case o.Manner.Ordered:
		return errOrdered
	case f.role == "":
		d.later = aws.Delayed{Queue: q}
	default:
		late, err := d.account.schedule(o.Manner.ARN, f.role, f.group)
		if err != nil {
			return err
		}
		d.later = queue.Split{Soon: aws.Delayed{Queue: q}, Late: late, Within: aws.DelayMost}
	}
	return nil
}

// listen opens the address of health and metrics.
func (d *daemon) listen(ctx context.Context) (net.Listener, error) {
	if d.flags.listen == noListener {
		return nil, nil
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", d.flags.listen)
	if err != nil {
		return nil, fmt.Errorf("listening for health and metrics, which --listen is about: %w", err)
	}
	d.log.Info("health and metrics", "address", l.Addr().String())
	return l, nil
}

// each names runs of one process, of which several can begin in one second.
func (a *account) each() func(time.Time) string {
	return func(now time.Time) string { return a.run(now) + "-" + random() }
}
