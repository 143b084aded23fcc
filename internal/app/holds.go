package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
)

// Holds lists what was held in the last days for a human to release.
func (a *App) Holds(ctx context.Context, now time.Time) ([]record.Hold, error) {
	scope, err := a.scope(ctx)
	if err != nil {
		return nil, err
	}
	return a.o.Ledger.Holds(ctx, scope, now.Add(-7*record.Window))
}

// Release lets the next run do what the run held, once, within 24 hours. It
// returns what was released; record.ErrNoRun where there is nothing.
func (a *App) Release(ctx context.Context, runID string, now time.Time) ([]record.Hold, error) {
	scope, err := a.scope(ctx)
	if err != nil {
		return nil, err
	}
	return a.o.Ledger.Release(ctx, scope, runID, now)
}

func (a *App) scope(ctx context.Context) (record.Scope, error) {
	caller, err := a.o.Source.Caller(ctx)
	if err != nil {
		return record.Scope{}, fmt.Errorf("asking whose account this is: %w", err)
	}
	return record.Scope{Name: a.o.Set.Settings.Name, Account: caller.Account}, nil
}
