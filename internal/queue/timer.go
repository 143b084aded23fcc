package queue

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// MaxTimed is how many notes a Timer keeps.
const MaxTimed = 100_000

// ErrFull says that a Timer keeps as many notes as it can.
var ErrFull = errors.New("too many notes are waiting")

// Timer keeps notes in memory: they are forgotten when the process ends. It has
// no clock; who owns it asks for what is due. The zero value is ready for use.
type Timer struct {
	mu      sync.Mutex
	notes   map[string]Note
	changed chan struct{}
}

// Keep takes a note. One of the same key replaces it where that is due earlier;
// a new one is refused with ErrFull beyond MaxTimed.
func (t *Timer) Keep(_ context.Context, n Note, _ time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, known := t.notes[n.Key]
	switch {
	case known && !n.At.Before(old.At):
		return nil
	case !known && len(t.notes) >= MaxTimed:
		return ErrFull
	case t.notes == nil:
		t.notes = map[string]Note{}
	}
	t.notes[n.Key] = n
	select {
	case t.signal() <- struct{}{}:
	default:
	}
	return nil
}

// Take returns the notes that are due at now and forgets them, and when the next
// of the others is due, zero for none. The earliest comes first.
func (t *Timer) Take(now time.Time) (due []Note, next time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, n := range t.notes {
		switch {
		case !n.At.After(now):
			due = append(due, n)
			delete(t.notes, key)
		case next.IsZero() || n.At.Before(next):
			next = n.At
		}
	}
	slices.SortFunc(due, func(a, b Note) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	return due, next
}

// Changed delivers when a note was kept since it last did.
func (t *Timer) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.signal()
}

// Len is how many notes wait.
func (t *Timer) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.notes)
}

// signal returns the channel of Changed; the lock is held.
func (t *Timer) signal() chan struct{} {
	if t.changed == nil {
		t.changed = make(chan struct{}, 1)
	}
	return t.changed
}
