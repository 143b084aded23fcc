// Package pause lets real time pass. Whoever waits is given For, or something in
// its place where a test has a clock of its own.
package pause

import (
	"context"
	"time"
)

// For waits so long, or returns the error of a context that ends before.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
