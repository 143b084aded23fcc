package record

import (
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/plan"
)

// What follows are the rules that every Ledger keeps and none should write
// again: each stores in its own way, and asks these.

// Counts says whether an entry in this state counts towards limits: what was
// done does, and what was about to be done and may have been.
func Counts(s plan.State) bool { return s == plan.Planned || s == plan.Done }

// Releasable says whether a human can let the next run do what was held: it
// was not done since, and is not older than Window, because what was true of a
// resource longer ago says nothing about it now.
func (h Hold) Releasable(now time.Time) bool {
	return h.Used.IsZero() && !now.After(h.At.Add(Window))
}

// ReleaseAt is the time of a release made now: never before the hold itself. A
// run that was rehearsed as of a later time holds things at that time, and a
// release must count 24 hours from there to be of use to the next one.
func (h Hold) ReleaseAt(now time.Time) time.Time {
	if now.Before(h.At) {
		return h.At.UTC()
	}
	return now.UTC()
}

// Usable says whether the run at now may do what was held: it was released
// within Window, and no run has used the release.
func (h Hold) Usable(now time.Time) bool {
	return !h.Released.IsZero() && h.Used.IsZero() && !now.After(h.Released.Add(Window))
}

// Fit says whether there is room for every reservation beside what is used.
// Reservations of one key add up, and each that asks for something is held to
// its own limit.
// Otherwise the error wraps ErrOverLimit and says how it was exceeded. A
// negative N is an error too: it would make room instead of taking it.
func Fit(used map[LimitKey]int, rs []Reservation) error {
	asked := make(map[LimitKey]int, len(rs))
	for _, r := range rs {
		if r.N < 0 {
			return fmt.Errorf("a reservation for %d actions of kind %s", r.N, r.Action)
		}
		asked[r.LimitKey] += r.N
	}
	for _, r := range rs {
		n := asked[r.LimitKey]
		if r.N > 0 && r.Limit >= 0 && used[r.LimitKey]+n > r.Limit {
			return fmt.Errorf("%w: %s by policy %s is limited to %d, %d are used and %d more were asked for",
				ErrOverLimit, r.Action, r.Policy, r.Limit, used[r.LimitKey], n)
		}
	}
	return nil
}

// Busy is the error of Begin while another run is open. A run whose id is
// empty is one of which only its lock is known.
func Busy(other RunInfo) error {
	if other.ID == "" {
		return ErrBusy
	}
	return fmt.Errorf("%w: run %s, started %s", ErrBusy, other.ID, other.Started.UTC().Format(time.RFC3339))
}

// Answer is that to a claim by a run, where a claim that has not ended is held
// by one (held), which has done it or not.
func Answer(held bool, by string, done bool, run string) Claimed {
	switch {
	case held && done:
		return Concluded
	case held && by != run:
		return Taken
	default:
		return Yours
	}
}

// clone returns a hold that shares nothing with h.
func (h Hold) clone() Hold {
	h.ARNs = slices.Clone(h.ARNs)
	return h
}
