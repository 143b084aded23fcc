package accounts

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Source reads each place through the door of its account. Whose credentials
// they are, and which regions there are, is told of the caller's own account.
func (a *Accounts) Source() inventory.Source { return &source{a.own.Source, a} }

// Actor changes each place through the door of its account.
func (a *Accounts) Actor() execute.Actor { return actor{a} }

// Trail asks the event history of each place through the door of its account.
func (a *Accounts) Trail() creators.Trail { return trail{a} }

type source struct {
	inventory.Source // of the caller's own account, for Caller and Regions
	all              *Accounts
}

// List implements inventory.Source.
func (s *source) List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error {
	door, _, err := s.all.Enter(ctx, at.Account)
	if err != nil {
		return err
	}
	return door.Source.List(ctx, at, t, page)
}

// Get implements inventory.Source.
func (s *source) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	door, _, err := s.all.Enter(ctx, at.Account)
	if err != nil {
		return nil, err
	}
	return door.Source.Get(ctx, at, t, ids)
}

// Fill implements inventory.Source.
func (s *source) Fill(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource) {
	door, _, err := s.all.Enter(ctx, at.Account)
	if err != nil {
		unread(f, rs, err)
		return
	}
	door.Source.Fill(ctx, at, f, rs)
}

// Measure implements inventory.Source.
func (s *source) Measure(ctx context.Context, at resource.Place, m need.Metric, now time.Time, rs []resource.Resource) {
	// Where it cannot be entered the metric stays missing, which is unknown.
	if door, _, err := s.all.Enter(ctx, at.Account); err == nil {
		door.Source.Measure(ctx, at, m, now, rs)
	}
}

// unread says of resources whose account cannot be entered that their tags were
// not read: having none would be an answer. A fact that is missing is unknown by
// itself.
func unread(f need.Fact, rs []resource.Resource, err error) {
	for _, r := range rs {
		if x, ok := r.(*resource.Anything); ok && f == need.Tags {
			x.TagsErr = err
		}
	}
}

type actor struct{ all *Accounts }

// Do implements execute.Actor.
func (a actor) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	door, _, err := a.all.Enter(ctx, c.At.Account)
	if err != nil {
		return execute.Answer{}, err
	}
	return door.Actor.Do(ctx, c)
}

type trail struct{ all *Accounts }

// Lookup implements creators.Trail.
func (t trail) Lookup(ctx context.Context, at resource.Place, event string, from, to time.Time, page func([]creators.Event) error) error {
	door, _, err := t.all.Enter(ctx, at.Account)
	if err != nil {
		return err
	}
	return door.Trail.Lookup(ctx, at, event, from, to, page)
}
