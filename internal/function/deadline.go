package function

import (
	"context"
	"time"
)

// deadline is when Lambda ends the function, and how much of the time before is
// kept back to record what was done and to answer.
type deadline struct {
	at    time.Time // zero: never
	kept  time.Duration
	clock func() time.Time
}

const (
	// A tenth of the time is kept back, between these bounds, and never more than
	// a third.
	leastKept = 2 * time.Second
	mostKept  = 20 * time.Second
	// forever is how long an invocation without a deadline may take: as long as any
	// ("Lambda quotas").
	forever = 15 * time.Minute
)

// deadline reads that of an invocation.
func (f *Function) deadline(ctx context.Context) deadline {
	d := deadline{clock: f.world.Now}
	if at, ok := ctx.Deadline(); ok {
		left := at.Sub(d.clock())
		d.at, d.kept = at, max(0, min(max(left/10, leastKept), mostKept, left/3))
	}
	return d
}

// bound ends the work, as distinct from what is done to end it well.
func (d deadline) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.at.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, d.at.Add(-d.kept))
}

// left is how long the work may still take.
func (d deadline) left() time.Duration {
	if d.at.IsZero() {
		return forever
	}
	return d.at.Sub(d.clock()) - d.kept
}

// late says that it is too late to begin with anything.
func (d deadline) late() bool { return d.left() < d.kept }

// lease is how long what is claimed is ours: until we are ended.
func (d deadline) lease() time.Duration { return max(d.left()+d.kept, time.Second) }
