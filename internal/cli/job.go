package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
)

// job is a policy set, an account and a ledger, opened for one command.
type job struct {
	set     *policy.Set
	account *account
	ledger  record.Ledger
	app     *app.App
	// now is the time as of which everything is judged.
	now      time.Time
	progress *progress
}

// openJob opens what plan and apply need. acts says that something will be
// done, and so that --at is bound to what apply may do.
func openJob(c *cobra.Command, e Env, f *flags, acts bool) (*job, error) {
	if err := checkRegions(c, f.regions); err != nil {
		return nil, err
	}
	set, a, err := loadAll(c.Context(), e, f, func(set *policy.Set) (*account, error) {
		if err := checkOnly(c, set, f.only); err != nil {
			return nil, err
		}
		return openAccount(c.Context(), e, f, set)
	})
	if err != nil {
		return nil, err
	}
	now, err := moment(f.at, a, set.Settings.Zone, acts)
	if err != nil {
		return nil, &mistake{verb: c.CommandPath(), err: err}
	}
	ledger, err := openLedger(c.Context(), e, set, a, acts)
	if err != nil {
		return nil, err
	}
	j := &job{set: set, account: a, ledger: ledger, now: now, progress: newProgress(e, f.verbose)}
	notifier := notify.New(set, a.ways, nil)
	j.app = app.New(app.Options{Set: set, Source: a.source, Actor: a.actor, Trail: a.trail, Accounts: a.governs(set), Archive: a.archive, Clock: a.now, Ledger: ledger, Notifier: notifier, Systems: notifier,
		Region: a.region, Log: logger(e, f.verbose), Progress: j.progress.show, Wait: patiently(a)})
	return j, nil
}

// spare is what is left of a command's time for recording what was done.
const spare = 10 * time.Second

// patiently waits in the account's own time, where the command has that time.
func patiently(a *account) func(context.Context, time.Duration) bool {
	return func(ctx context.Context, d time.Duration) bool {
		if end, ok := ctx.Deadline(); ok && time.Until(end) < d+spare {
			return false
		}
		return a.wait(ctx, d) == nil
	}
}

// moment is the time as of which to judge, and moves the clock of an account
// that has one there.
func moment(at string, a *account, zone *time.Location, acts bool) (time.Time, error) {
	now := a.now()
	if at == "" {
		return now, nil
	}
	t, err := parseAt(at, now, zone)
	if err != nil {
		return t, err
	}
	if acts {
		if err := mayApplyAt(t, now, a.rehearsal); err != nil {
			return t, err
		}
	}
	if a.advance != nil {
		a.advance(t)
	}
	return t, nil
}

// request is what the flags ask for.
func (j *job) request(f *flags) app.Request {
	return app.Request{Run: j.account.run(j.now), Now: j.now, Regions: f.regions, Only: f.only}
}

// close closes the ledger; its error is joined to that of the work.
func (j *job) close(err *error) {
	j.progress.end()
	if cerr := j.ledger.Close(); cerr != nil {
		*err = errors.Join(*err, fmt.Errorf("closing the ledger: %w", cerr))
	}
}

// logger writes text to standard error, or nothing.
func logger(e Env, verbose bool) *slog.Logger {
	if !verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
