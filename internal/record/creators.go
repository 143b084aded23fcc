package record

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// Sweep names something that is read for who made what, piece by piece: the
// events of one name in one region, or an archive of such events.
type Sweep struct {
	Region string
	Name   string
}

// Stretch is a length of time that was read: From is in it and To is not.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Empty says that there is nothing in it.
func (s Stretch) Empty() bool { return !s.From.Before(s.To) }

// Made is an event that made a resource.
type Made struct {
	// Key names the resource as the caller likes; see package creators.
	Key string
	// At is when it was made, to the second, and Event the name of the call.
	At    time.Time
	Event string
	// By is who made the call; of UnknownCreator where the event does not say.
	By resource.Creator
}

// Join returns the stretches with one more, sorted, none touching another. It
// is for implementations of Ledger.
func Join(ss []Stretch, s Stretch) []Stretch {
	if s.Empty() {
		return ss
	}
	all := append(slices.Clone(ss), s)
	slices.SortFunc(all, func(a, b Stretch) int { return a.From.Compare(b.From) })
	out := all[:1]
	for _, s := range all[1:] {
		last := &out[len(out)-1]
		switch {
		case s.From.After(last.To):
			out = append(out, s)
		case s.To.After(last.To):
			last.To = s.To
		}
	}
	return out
}

// Gaps returns what of a stretch is in none of those that Join made, newest
// first.
func Gaps(ss []Stretch, of Stretch) []Stretch {
	var out []Stretch
	for _, s := range slices.Backward(ss) {
		if gap := (Stretch{later(of.From, s.To), of.To}); !gap.Empty() {
			out = append(out, gap)
		}
		of.To = earlier(of.To, s.From)
	}
	if !of.Empty() {
		out = append(out, of)
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// byAge orders events of one resource, oldest first.
func byAge(a, b Made) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Event, b.Event)) }
