package creators

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Note keeps who made what a record tells of, so that it is known before the
// event history has it: what a service makes for it a moment later has the same
// creator. A record of anything else, or without a time, is none to keep.
func (f *Finder) Note(ctx context.Context, s record.Scope, r *creation.Record) error {
	made := madeIn(r, s.Account, r.Time)
	if len(made) == 0 || r.Time.IsZero() {
		return nil
	}
	return f.book.Learn(ctx, s, record.Sweep{Region: r.Region, Name: r.Name}, record.Stretch{}, made)
}

// Recall sets who made resources where that is kept already and is somebody
// nearer to a person than a service: the events of one launch, a fleet's and
// that of its instances, come in any order. It asks nobody else.
func (f *Finder) Recall(ctx context.Context, s record.Scope, rs []resource.Resource, now time.Time) error {
	var names []string
	for _, r := range rs {
		names = append(names, keys(r.Ref())...)
	}
	book, err := f.book.Makers(ctx, s, names)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if o, ok := ask(r, now).answer(book, false, now); ok && ranks[o.Kind] > ranks[resource.ServiceCreator] {
			r.SetOrigin(resource.Known(o))
		}
	}
	return nil
}
