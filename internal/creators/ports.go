// Package creators finds out who made resources: from what is known already,
// then from CloudTrail's event history, one sweep for each region and event and
// never twice over the same stretch of time, and where a trail's archived logs
// are named, from these for what is older. What is found, and how far was read,
// is kept in a book that outlives the run.
package creators

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Event is one call as CloudTrail's event history has it.
type Event struct {
	// Time is when the call was made, to the second.
	Time time.Time
	// Record is what package creation parses. It comes from outside.
	Record []byte
}

// Trail is the event history of the last Reach. aws and sim implement it; both
// are safe for concurrent use. Every error is or wraps a *fault.Error.
type Trail interface {
	// Lookup hands over the events of one name in a place, from from on and before
	// to, both whole seconds: newest first, a page at a time. An error of page ends
	// it and is returned as it is. Pages already handed over stand even when a
	// later one fails.
	Lookup(ctx context.Context, at resource.Place, event string, from, to time.Time, page func([]Event) error) error
}

// Archive is the logs that a trail has left in a bucket. Every error is or
// wraps a *fault.Error.
type Archive interface {
	// Name tells it from other archives.
	Name() string
	// Logs hands over the log files of a day (UTC) in a place, unpacked: each is a
	// JSON object with a list Records. An error of file ends it and is returned
	// as it is.
	Logs(ctx context.Context, at resource.Place, day time.Time, file func([]byte) error) error
}

// Book keeps what was found and what was read. record.Ledger is one, and says
// what the methods promise.
type Book interface {
	Covered(ctx context.Context, s record.Scope, w record.Sweep) ([]record.Stretch, error)
	Learn(ctx context.Context, s record.Scope, w record.Sweep, read record.Stretch, made []record.Made) error
	Makers(ctx context.Context, s record.Scope, keys []string) (map[string][]record.Made, error)
	Wonder(ctx context.Context, s record.Scope, keys []string, now time.Time) (map[string]time.Time, error)
}

const (
	// Reach is how far back CloudTrail's event history goes ("Working with
	// CloudTrail event history" in the CloudTrail user guide).
	Reach = 90 * 24 * time.Hour
	// Lag is how late an event may turn up in the history (the same page: events
	// are "typically available within 15 minutes").
	Lag = 15 * time.Minute
)
