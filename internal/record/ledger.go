// Package record is the ledger: what tagwarden remembers between runs. Cases,
// what was done and is about to be done, holds and what is still to be told
// live here; nothing else decides what is due.
package record

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/plan"
)

// Scope is whose records these are: settings of one name in one account. Two
// scopes share nothing.
type Scope struct {
	Name    string
	Account string
}

// Errors that a Ledger returns, wrapped with what it was doing.
var (
	// ErrBusy: another run of the same scope is under way.
	ErrBusy = errors.New("another run of these policies on this account is under way")
	// ErrOverLimit: a reservation would exceed its limit.
	ErrOverLimit = errors.New("over the limit")
	// ErrNoRun: there is no run of that id with something to release.
	ErrNoRun = errors.New("no such run holds anything")
	// ErrLost: what a run had taken is another run's by now, because the time for
	// which it was taken has ended.
	ErrLost = errors.New("another run has taken over")
	// ErrNewer: the ledger was written by a newer tagwarden.
	ErrNewer = errors.New("written by a newer version of tagwarden")
)

// Window is how far back limits count, and how long a release can be used.
const Window = 24 * time.Hour

// LimitKey is what a limit counts.
type LimitKey struct {
	Policy string
	Action action.Kind
}

// Reservation asks for room under a limit for n more actions.
type Reservation struct {
	LimitKey
	N     int
	Limit int // negative: no limit
}

// Intent is an action about to be done, written before the call.
type Intent struct {
	Policy string
	ARN    string
	Action action.Kind
	Step   string
}

// Entry is one line of the history: an action and how it ended.
type Entry struct {
	Run       string      `json:"run"`
	At        time.Time   `json:"at"`
	Policy    string      `json:"policy"`
	ARN       string      `json:"arn"`
	Action    action.Kind `json:"action"`
	Step      string      `json:"step,omitempty"`
	State     plan.State  `json:"state"` // planned: an intent whose outcome was never recorded
	Reason    string      `json:"reason,omitempty"`
	RequestID string      `json:"request_id,omitempty"`
	// Before is what was there before, as JSON of whoever did it, where the
	// action can be taken back and not from its words alone. A failed action has
	// it where part of it was done.
	Before json.RawMessage `json:"before,omitempty"`
}

// Hold is what one run did not do because a limit forbade it, for one policy
// and kind.
type Hold struct {
	Run    string      `json:"run"`
	At     time.Time   `json:"at"`
	Policy string      `json:"policy"`
	Action action.Kind `json:"action"`
	Reason string      `json:"reason"`
	ARNs   []string    `json:"arns"` // sorted
	// Released is when a human let the next run do it; zero: not yet. Used is
	// when a run did.
	Released time.Time `json:"released,omitzero"`
	Used     time.Time `json:"used,omitzero"`
}

// HoldKey names a hold: a run holds what is over a limit at most once.
type HoldKey struct {
	Run string
	LimitKey
}

// Key names the hold.
func (h *Hold) Key() HoldKey {
	return HoldKey{Run: h.Run, LimitKey: LimitKey{Policy: h.Policy, Action: h.Action}}
}

// Parcel is news that no channel has accepted yet: the JSON of one item of a
// digest, kept until it is delivered so that no result is lost.
type Parcel struct {
	ID      int64     `json:"id"` // given by the ledger
	Channel string    `json:"channel"`
	Address string    `json:"address"`
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Policy  string    `json:"policy"`
	Step    string    `json:"step"`
	Item    []byte    `json:"item"`
}

// RunInfo describes a run.
type RunInfo struct {
	ID      string
	Started time.Time
	Digest  string // of the plan
	By      string // the caller's ARN
	// Event says that the run is for one event. Many such run at once, beside
	// each other and beside a sweep; what they must not do twice they Claim.
	Event bool
}

// Claimed is what became of a claim.
type Claimed int

// The answers to Claim.
const (
	// Taken: another run is at it. It may die, so that what asked must ask again
	// later.
	Taken Claimed = iota
	// Yours: do it, and Conclude.
	Yours
	// Concluded: it was done, and not long enough ago to be forgotten.
	Concluded
)

// Ledger is what tagwarden remembers. sqlite.Ledger, dynamo.Ledger and Memory
// implement it, under one contract suite (internal/record/contract). Methods
// are safe for concurrent use; what one call writes is written whole or not at
// all (dynamo.Ledger says how far that goes there). now is the run's time, never
// the system's. Text is UTF-8; of any other each broken byte may come back as
// U+FFFD.
type Ledger interface {
	// Cases returns every case of the scope that is open or closed no longer
	// ago than remember, in no order. One that was only observed is open.
	Cases(ctx context.Context, s Scope, now time.Time, remember time.Duration) ([]*cases.Case, error)
	// SaveCases writes cases, replacing those of the same key.
	SaveCases(ctx context.Context, s Scope, cs []*cases.Case) error
	// Begin opens a run and makes sure it is the only one of its scope that
	// changes anything, until End, or until the process ends however it does.
	// It returns ErrBusy, with the other run's id and start, if there is one.
	// A run for an event (RunInfo.Event) excludes no other and is excluded by
	// none; limits hold for it as for all, because Reserve takes room in one step.
	Begin(ctx context.Context, s Scope, r RunInfo) error
	// End closes the run, and gives back what it reserved and did not intend. It
	// is no error if the run is not open.
	End(ctx context.Context, s Scope, run string, now time.Time) error
	// Used returns how many actions of each kind were done, or are reserved or
	// intended, after since: what is exactly Window old no longer counts, so that
	// a run at the same time every day has its whole limit. An intent without an
	// outcome counts: it may have been done.
	Used(ctx context.Context, s Scope, since time.Time) (map[LimitKey]int, error)
	// Reserve takes room for all reservations or for none, in which case the
	// error wraps ErrOverLimit; what other runs have reserved takes room too.
	// What is not followed by an Intent of the same run and key until End is
	// given back; where a process died, when the next run begins, and what a run
	// for an event had reserved when it died, after a Window.
	Reserve(ctx context.Context, s Scope, run string, rs []Reservation, now time.Time) error
	// Intend records actions about to be done. It does not ask for room: that is
	// Reserve's. An intent repeated by the same run replaces itself.
	Intend(ctx context.Context, s Scope, run string, is []Intent, now time.Time) error
	// Finish records how actions ended, in the place of their intents where there
	// were any. Failed and skipped ones do not count towards limits. To finish
	// twice is to finish once; the last outcome stays.
	Finish(ctx context.Context, s Scope, es []Entry) error
	// History returns entries, newest first, at most limit; none where that is
	// not positive. Empty arn or run means any.
	History(ctx context.Context, s Scope, arn, run string, limit int) ([]Entry, error)
	// Hold records what a run held. Released and Used are not taken from the
	// caller; a hold recorded again keeps those it has.
	Hold(ctx context.Context, s Scope, hs []Hold) error
	// Holds returns holds made at since or later, newest first. One that can be
	// used now (Hold.Usable) was made no longer ago than twice the Window.
	Holds(ctx context.Context, s Scope, since time.Time) ([]Hold, error)
	// Release lets the next run do what that run held (Hold.Releasable says
	// which), and returns that; ErrNoRun if there is nothing. Releasing again what
	// no run has used starts its Window again. Hold.ReleaseAt says as of when.
	Release(ctx context.Context, s Scope, run string, now time.Time) ([]Hold, error)
	// UseReleases marks those of these holds whose release is usable now as used
	// up, and no others of their runs.
	UseReleases(ctx context.Context, s Scope, ks []HoldKey, now time.Time) error
	// Post keeps parcels until they are delivered.
	Post(ctx context.Context, s Scope, ps []Parcel) error
	// Parcels returns what is not delivered yet, in the order it was posted.
	Parcels(ctx context.Context, s Scope) ([]Parcel, error)
	// Delivered forgets parcels; those already forgotten are no error.
	Delivered(ctx context.Context, s Scope, ids []int64) error
	// Claim asks for something that one run must do and no other beside it or
	// after it: an event that may be delivered twice, or an effect on a resource.
	// It is Yours where nobody has it, where the time of whoever had it ended at
	// now or before, and where this run has it already; until then nobody else
	// gets it. until is after now.
	Claim(ctx context.Context, s Scope, key, run string, now, until time.Time) (Claimed, error)
	// Conclude ends a claim. What is done is remembered as such until a time, and
	// a claim before then answers Concluded; what is not done anybody can claim at
	// once. The error wraps ErrLost where the claim has ended and another run has
	// made it since, unless that too ended more than a Window ago and is forgotten.
	// To conclude twice is to conclude once.
	Conclude(ctx context.Context, s Scope, key, run string, done bool, until time.Time) error
	// Covered returns what of a sweep was read, as Join makes it.
	Covered(ctx context.Context, s Scope, w Sweep) ([]Stretch, error)
	// Learn records what was found in a stretch of a sweep and, with it, that the
	// stretch was read; an empty one says nothing. An event learnt again replaces
	// itself. What is known of creators is a cache of what others record: no run
	// must be open, and nothing of it is ever wrong for being there.
	Learn(ctx context.Context, s Scope, w Sweep, read Stretch, made []Made) error
	// Makers returns the events that made the resources of these keys, oldest
	// first; a key of which nothing was learnt is not in it.
	Makers(ctx context.Context, s Scope, keys []string) (map[string][]Made, error)
	// Wonder returns when it was first asked with each of these keys, which is now
	// for those that are new.
	Wonder(ctx context.Context, s Scope, keys []string, now time.Time) (map[string]time.Time, error)
	// Close lets go of the ledger. A run that is still open counts as one whose
	// process died.
	Close() error
}
