// Package app is the one pipeline: inventory, eval, plan, guard, execute,
// record, notify. The command line and every other way to run tagwarden differ
// only in who makes the Request.
package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Notifier sends digests; notify.Notifier is one.
type Notifier interface {
	// Send sends every digest and says of each, in order, how it went.
	Send(ctx context.Context, ds []view.Digest) []notify.Delivery
}

// Systems tells other systems; notify.Notifier is one.
type Systems interface {
	// Announce puts events on a bus and says of each, in order, why it was not
	// taken, nil where it was.
	Announce(ctx context.Context, bus string, es []notify.Event) []error
	// Answer tells a rule of AWS Config of resources, and says of each, in order,
	// why that was not taken, nil where it was.
	Answer(ctx context.Context, q notify.Question, cs []notify.Compliance) []error
}

// Options are what an App is made of. All that do not say what nil means are needed.
type Options struct {
	Set    *policy.Set
	Source inventory.Source
	Actor  execute.Actor
	// Accounts are those that the set's settings name, nil where they name none.
	// Source, Actor and Trail are then of the caller's own account.
	Accounts *accounts.Accounts
	// Ledger is used, not closed.
	Ledger   record.Ledger
	Notifier Notifier
	// Systems tells other systems what was done; nil: where the policy file asks
	// for it, that they were not told is a problem of the run.
	Systems Systems
	// Trail is where it is found out who made resources, and Archive what is
	// older; nil: that cannot be read, and is unread.
	Trail   creators.Trail
	Archive creators.Archive
	// Later keeps what policies judge once late tags have had their time; nil:
	// nobody does, and Handling.Later says what waits.
	Later queue.Keeper
	// Clock is the present time in the account, which a request may be far from;
	// nil: the request's time.
	Clock func() time.Time
	// Wait waits so long for what an event made to be found, and is false where
	// there is no time left for that, or the context has ended; nil: there is none.
	Wait func(context.Context, time.Duration) bool
	// Region is the one that is read where neither the request nor the settings
	// name any.
	Region string
	// Log gets what is useful to follow a run; nil: nothing.
	Log *slog.Logger
	// Progress is told how a listing goes, from several goroutines; nil: nobody.
	Progress func(Progress)
}

// Progress is how far the listing of one region has come.
type Progress struct {
	Region    string
	Resources int  // so far
	Done      bool // nothing more will come
}

// Request is why and what to judge.
type Request struct {
	// Run names the run in the ledger and everywhere it is shown.
	Run string
	// Now is the time as of which everything is judged.
	Now time.Time
	// Regions overrides the settings' regions; "all" is every enabled one.
	Regions []string
	// Account narrows to one of the accounts that are governed, "" for all.
	Account string
	// Only judges these policies alone; a name that is none is an error.
	Only []string
}

// Report is what applying a plan came to.
type Report struct {
	// Plan is the plan with every planned action done, failed, held or skipped.
	Plan *plan.Plan
	// Deliveries are the digests sent, or not.
	Deliveries []notify.Delivery
	// Problems are what went wrong beside single actions and deliveries: a
	// ledger that could not be written, …
	Problems []Problem
	// Interrupted says that the run was ended before its time; what was not
	// reached is skipped, and says so.
	Interrupted bool
}

// Problem is something that went wrong and changes nothing that was decided.
type Problem struct {
	What string `json:"what"` // a resource's ARN, a channel, …
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}
