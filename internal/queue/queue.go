// Package queue is what waits to be looked at: messages that were delivered and
// stay in a queue until they are acknowledged, and notes that are kept until it
// is time for them. It knows nothing of what is in either.
package queue

import (
	"context"
	"time"
)

// Note is something to be delivered later.
type Note struct {
	// Key is the same for the same note; letters, digits, - and _, 1 to 40 of them.
	Key string
	// At is when it is to be delivered, not before.
	At time.Time
	// Body is ASCII, at most 256 KiB.
	Body []byte
}

// Keeper keeps notes until their time. A note is delivered at least once, to
// whoever takes messages from where the keeper puts them. aws.Delayed,
// aws.Scheduled and Timer implement it, under one contract suite
// (internal/queue/contract). It is safe for concurrent use.
type Keeper interface {
	// Keep takes a note. What is due at now or before is delivered as soon as can
	// be. To keep a note again is no error, and may deliver it once more.
	Keep(ctx context.Context, n Note, now time.Time) error
}

// Split keeps what is due within a time in one place and the rest in another.
type Split struct {
	Soon, Late Keeper
	Within     time.Duration
}

// Keep keeps the note where it belongs.
func (s Split) Keep(ctx context.Context, n Note, now time.Time) error {
	if n.At.Sub(now) <= s.Within {
		return s.Soon.Keep(ctx, n, now)
	}
	return s.Late.Keep(ctx, n, now)
}

// Message is one message of a queue.
type Message struct {
	ID   string
	Body []byte
	// Receipt is what this delivery of it is acknowledged by.
	Receipt string
	// Times is how often it was delivered, this time included.
	Times int
}

// Inbox is a queue that we take messages from; aws.Queue is one. A message that
// was received is hidden from others for a while, and comes again unless it is
// deleted by then. It is safe for concurrent use.
type Inbox interface {
	// Receive waits for messages, for 20 seconds at most, and returns up to ten of
	// them, hidden for hide; none is no error.
	Receive(ctx context.Context, hide time.Duration) ([]Message, error)
	// Delete acknowledges a message: it does not come again.
	Delete(ctx context.Context, m Message) error
	// Hide keeps a message hidden for so long from now, to go on working at it or
	// to have it come again then; 0 is at once. Twelve hours after it was received
	// it comes again whatever is done.
	Hide(ctx context.Context, m Message, d time.Duration) error
}

// Manner is how a queue is set up.
type Manner struct {
	ARN string
	// DeadLetters says that what is not acknowledged after some deliveries is put
	// into another queue, for people to look at.
	DeadLetters bool
	// Ordered says that it is a FIFO queue, which delays no single message.
	Ordered bool
}
