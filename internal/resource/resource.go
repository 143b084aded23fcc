// Package resource holds what tagwarden knows of things in an AWS account: a
// reference to one, a typed snapshot of one, and for each type a table of its
// fields from which the expressions' types, the documentation, the JSON and
// the embedded account are derived. A type is one file here.
package resource

import (
	"fmt"
	"reflect"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Type is a kind of resource, written service:thing as in a policy file.
type Type string

// Ref names one resource. ARN alone identifies it.
type Ref struct {
	ID      string `json:"id"`
	ARN     string `json:"arn"`
	Type    Type   `json:"type"`
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Place is where calls for a resource go.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// String is account/region.
func (p Place) String() string { return p.Account + "/" + p.Region }

// Place returns where calls for the resource go.
func (r Ref) Place() Place { return Place{Account: r.Account, Region: r.Region} }

// Resource is a snapshot of one resource as it was read. It does not change
// but for facts that are filled in on demand.
type Resource interface {
	// Ref names it.
	Ref() Ref
	// Tags are its tags, without the mark and with those under "aws:".
	Tags() tag.Set
	// MarkValue is the value of the mark on it, "" without one.
	MarkValue() string
	// HideMark takes the tag with this key out of Tags and keeps it as the mark.
	HideMark(key string)
	// Ended says that it is gone for good and only its record is still listed.
	Ended() bool
	// Refuses returns why the action cannot or must not be done to it, or nil.
	Refuses(action.Kind) *Refusal
	// Origin is who made it; *MissingFact or *UnreadFact where that is not known.
	Origin() (Origin, error)
	// SetOrigin says who made it, or why that could not be read.
	SetOrigin(Lazy[Origin])
	// Already says that the action's effect is there: a stop of what is stopped.
	Already(action.Kind) bool
	// Measured is what was read of a metric. Measure is the way to ask for it.
	Measured(need.Metric) Lazy[float64]
	// SetMeasured sets it once it was read, or could not be.
	SetMeasured(need.Metric, Lazy[float64])
}

// Refusal is why an action cannot or must not be done.
type Refusal struct {
	// Code is one of the reason codes in docs/reasons.md.
	Code string
	// Text is a sentence without a full stop.
	Text string
	// Managed refusals are lifted by include_managed; the others by nothing.
	Managed bool
	// Beneath is what still refuses where a Managed refusal is lifted, nil where
	// nothing does.
	Beneath *Refusal
	// Fact, where set, is not known yet and decides whether there is a refusal.
	Fact need.Fact
}

// Base is what every snapshot begins with; types embed it.
type Base struct {
	Reference Ref
	TagSet    tag.Set
	Mark      string
	// Made is who made it.
	Made Lazy[Origin]
	// Measures are the metrics that were read, nil for none.
	Measures map[need.Metric]Lazy[float64]
	// TagsErr is why its tags could not be read, nil where they were. TagSet is
	// empty then and says nothing.
	TagsErr error
}

// Ref names the resource.
func (b *Base) Ref() Ref { return b.Reference }

// Tags are its tags, without the mark.
func (b *Base) Tags() tag.Set { return b.TagSet }

// MarkValue is the value of the mark on it, "" without one.
func (b *Base) MarkValue() string { return b.Mark }

// TagsUnread is why its tags could not be read, nil where they were.
func (b *Base) TagsUnread() error { return b.TagsErr }

// TagsUnread is why the tags of a resource could not be read, nil where they
// were. Nothing can be said then of what it is tagged with.
func TagsUnread(r Resource) error {
	if b, ok := r.(interface{ TagsUnread() error }); ok {
		return b.TagsUnread()
	}
	return nil
}

// HideMark takes the tag with this key out of Tags and keeps it as the mark.
func (b *Base) HideMark(key string) {
	if v, ok := b.TagSet[key]; ok && key != "" {
		b.TagSet = b.TagSet.Clone()
		delete(b.TagSet, key)
		b.Mark = v
	}
}

// Lazy is a fact that is fetched on demand: unknown, known, or known to be
// unreadable. The zero value is unknown.
type Lazy[T any] struct {
	value T
	err   error
	known bool
}

// Known returns a fact that was read.
func Known[T any](v T) Lazy[T] { return Lazy[T]{value: v, known: true} }

// Unread returns a fact that could not be read, and why.
func Unread[T any](err error) Lazy[T] { return Lazy[T]{err: err} }

// Get returns the value; *MissingFact where it was not fetched, *UnreadFact
// where it could not be.
func (l Lazy[T]) Get(f need.Fact) (T, error) {
	switch {
	case l.known:
		return l.value, nil
	case l.err != nil:
		return l.value, &UnreadFact{Fact: f, Err: l.err}
	default:
		return l.value, &MissingFact{Fact: f}
	}
}

// Equal says whether both say the same: nothing, the same value, or that it
// could not be read for the same reason.
func (l Lazy[T]) Equal(other Lazy[T]) bool {
	return l.known == other.known && reflect.DeepEqual(l.value, other.value) && fmt.Sprint(l.err) == fmt.Sprint(other.err)
}

// MissingFact is the error of a getter whose fact was not fetched.
type MissingFact struct{ Fact need.Fact }

// Error names the fact.
func (e *MissingFact) Error() string { return fmt.Sprintf("%s was not fetched", e.Fact) }

// UnreadFact is the error of a getter whose fact could not be read.
type UnreadFact struct {
	Fact need.Fact
	Err  error
}

// Error names the fact and the cause.
func (e *UnreadFact) Error() string { return fmt.Sprintf("reading %s: %v", e.Fact, e.Err) }

// Unwrap returns the cause.
func (e *UnreadFact) Unwrap() error { return e.Err }

// Parent is what a resource belongs to. Both parts are "" where it belongs to
// nothing.
type Parent struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// sinceOr returns how long ago t was, and an error that names what is unknown
// where t is zero.
func sinceOr(t, now time.Time, what string) (any, error) {
	if t.IsZero() {
		return nil, fmt.Errorf("%s is not known", what)
	}
	return now.Sub(t), nil
}
