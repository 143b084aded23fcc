// Package outside reads the documents that policy files name and do not hold
// themselves, and keeps the tables of rules among them in order. It knows the
// services by the ports of this package alone.
package outside

import (
	"context"

	"github.com/tagwarden/tagwarden/internal/document"
)

// Reader reads documents. The AWS adapter and the embedded account do. Errors
// are *fault.Error.
type Reader interface {
	// Items reads all items of a table, every page of it. A table with more than
	// document.MaxItems is an error.
	Items(ctx context.Context, r document.Ref) ([]document.Item, error)
	// Object reads an object. One that is larger than document.MaxObject is an
	// error.
	Object(ctx context.Context, r document.Ref) ([]byte, error)
}

// Read reads documents, one after the other, each once. What cannot be read has
// the error in its place; whoever needs it decides what that means.
func Read(ctx context.Context, from Reader, refs []document.Ref) document.Shelf {
	shelf := document.Shelf{}
	for _, r := range refs {
		if _, ok := shelf[r]; ok {
			continue
		}
		var c document.Content
		if r.Table != "" {
			c.Items, c.Err = from.Items(ctx, r)
		} else {
			c.Data, c.Err = from.Object(ctx, r)
		}
		if c.Err != nil {
			c = document.Content{Err: c.Err}
		}
		shelf[r] = c
	}
	return shelf
}
