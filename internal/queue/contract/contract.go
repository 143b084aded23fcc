// Package contract is what every keeper of notes must do (queue.Keeper).
package contract

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/queue"
)

// Backend is a keeper and its clock.
type Backend struct {
	Keeper queue.Keeper
	Now    time.Time
	// Soon is how long it may take for what is due at once.
	Soon time.Duration
	// Longest is how far ahead it takes a note.
	Longest time.Duration
	// Delivered lets time pass until then, and returns the bodies of all notes that
	// were delivered since it was last asked, in the order of their delivery.
	Delivered func(t *testing.T, until time.Time) []string
}

// Run runs the suite; open makes a new keeper for each test of it.
func Run(t *testing.T, open func(*testing.T) Backend) {
	for name, test := range map[string]func(*testing.T, Backend){
		"nothing comes before its time":   early,
		"what is due comes at once":       overdue,
		"each comes at its own time":      order,
		"a note kept twice is no error":   twice,
		"a body comes back as it was":     bodies,
		"what is far ahead is kept whole": far,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// keep keeps a note due after d.
func (b *Backend) keep(t *testing.T, key string, d time.Duration, body string) {
	t.Helper()
	if err := b.Keeper.Keep(t.Context(), queue.Note{Key: key, At: b.Now.Add(d), Body: []byte(body)}, b.Now); err != nil {
		t.Fatalf("keeping %s: %v", key, err)
	}
}

func (b *Backend) comes(t *testing.T, after time.Duration, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.Delivered(t, b.Now.Add(after))); diff != "" {
		t.Errorf("after %s (-want +got)\n%s", after, diff)
	}
}

func early(t *testing.T, b Backend) {
	b.keep(t, "a", 2*time.Minute, "a")
	b.comes(t, 2*time.Minute-time.Second)
	b.comes(t, 2*time.Minute, "a")
	b.comes(t, 10*time.Minute)
	// A part of a second is none too early either.
	b.Now = b.Now.Add(10 * time.Minute)
	b.keep(t, "b", 2*time.Minute+300*time.Millisecond, "b")
	b.comes(t, 2*time.Minute)
	b.comes(t, 2*time.Minute+time.Second, "b")
}

func overdue(t *testing.T, b Backend) {
	b.keep(t, "now", 0, "now")
	b.comes(t, b.Soon+time.Second, "now")
	b.Now = b.Now.Add(b.Soon + time.Second)
	b.keep(t, "past", -time.Hour, "past")
	b.comes(t, b.Soon+time.Second, "past")
}

func order(t *testing.T, b Backend) {
	for i, d := range []time.Duration{5, 1, 4, 2, 3} {
		b.keep(t, fmt.Sprint("k", i), d*time.Minute, d.String()) // 1ns, 2ns, …
	}
	b.comes(t, 3*time.Minute, "1ns", "2ns", "3ns")
	b.comes(t, 5*time.Minute, "4ns", "5ns")
}

func twice(t *testing.T, b Backend) {
	b.keep(t, "k", 3*time.Minute, "k")
	b.keep(t, "k", 3*time.Minute, "k")
	got := b.Delivered(t, b.Now.Add(time.Hour))
	if len(got) == 0 || len(got) > 2 || strings.Join(got, "") != strings.Repeat("k", len(got)) {
		t.Errorf("delivered %q", got)
	}
}

func bodies(t *testing.T, b Backend) {
	all := []string{`{"a":"\u0000\ud83d\ude00 & %41 + ; ' \" \\"}`, strings.Repeat("x", 256<<10), " {} "}
	for i, body := range all {
		b.keep(t, fmt.Sprint("body-", i), time.Duration(i+1)*time.Minute, body)
	}
	b.comes(t, time.Hour, all...)
}

func far(t *testing.T, b Backend) {
	b.keep(t, strings.Repeat("k", 40), b.Longest, "far")
	b.comes(t, b.Longest-time.Second)
	b.comes(t, b.Longest, "far")
}
