package cli

import (
	"context"
	"sync"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/view"
)

// oneByOne is a notifier for several runs at once, which a notifier alone is
// not: what each has to tell is told by itself.
type oneByOne struct {
	mu sync.Mutex
	to *notify.Notifier
}

var (
	_ app.Notifier = (*oneByOne)(nil)
	_ app.Systems  = (*oneByOne)(nil)
)

// Send sends the digests of one run.
func (o *oneByOne) Send(ctx context.Context, ds []view.Digest) []notify.Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Send(ctx, ds)
}

// Announce announces the outcomes of one run.
func (o *oneByOne) Announce(ctx context.Context, bus string, es []notify.Event) []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Announce(ctx, bus, es)
}

// Answer gives the answers of one run.
func (o *oneByOne) Answer(ctx context.Context, q notify.Question, cs []notify.Compliance) []error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.to.Answer(ctx, q, cs)
}
