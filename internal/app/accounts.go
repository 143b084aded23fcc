package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// errNoAccounts is for whoever assembles an App.
var errNoAccounts = errors.New("the settings name accounts, and nothing leads to them")

// govern finds out which accounts the run is about; with anew, as of now.
func (a *App) govern(ctx context.Context, s *session, anew bool) error {
	switch {
	case a.o.Accounts == nil && a.o.Set.Settings.Accounts != nil:
		return errNoAccounts
	case a.o.Accounts == nil:
		return nil
	}
	members, err := a.o.Accounts.Load(ctx, s.caller, s.build.Now, anew)
	if err != nil {
		return err
	}
	s.members, s.build.Accounts, s.known = members, make([]string, len(members)), make(map[string]*expr.Account, len(members))
	for i, m := range members {
		s.build.Accounts[i] = m.ID
		s.known[m.ID] = &expr.Account{Name: m.Name, OU: m.OU}
	}
	s.judge = s.judge.Among(s.known)
	return nil
}

// entering is how many accounts are entered at once: each is two calls at most.
const entering = 8

// places says what a run reads: each region of each account, and which accounts
// cannot be entered. r narrows both down.
func (a *App) places(ctx context.Context, s *session, r Request) error {
	if a.o.Accounts == nil {
		regions, err := inventory.Regions(ctx, a.o.Source, r.Regions, a.o.Set.Settings.Regions, a.o.Region)
		s.read(s.caller.Account, regions)
		return err
	}
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		slots = make(chan struct{}, entering)
		errs  []error
	)
	for _, m := range s.members {
		if r.Account != "" && m.ID != r.Account {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			regions, err := a.enter(ctx, m, r)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				s.read(m.ID, regions)
			case errors.Is(err, inventory.ErrNoRegion):
				errs = append(errs, err)
			default:
				s.shut = append(s.shut, plan.Unread{Account: m.ID, Call: callOf(err), Reason: err.Error(), Hint: fault.HintOf(err)})
			}
		})
	}
	group.Wait()
	slices.Sort(s.build.Regions)
	s.build.Regions = slices.Compact(s.build.Regions)
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(errs) > 0 {
		return errs[0]
	}
	for _, u := range s.shut {
		a.o.Log.Warn("account not entered", "account", u.Account, "error", u.Reason)
	}
	return nil
}

// enter opens an account and says which of its regions are read.
func (a *App) enter(ctx context.Context, m accounts.Member, r Request) ([]string, error) {
	door, _, err := a.o.Accounts.Enter(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	return inventory.Regions(ctx, door.Source, r.Regions, a.o.Set.Settings.Regions, a.o.Region)
}

// callOf is the call that failed, as far as the error tells.
func callOf(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Call != "" {
		return f.Call
	}
	return "enter the account"
}

// read adds regions of an account to what the run reads.
func (s *session) read(account string, regions []string) {
	s.build.Places = append(s.build.Places, inventory.Places(account, regions)...)
	s.build.Regions = append(s.build.Regions, regions...)
}

// makersOf is under what it is remembered who made what in an account. Which
// events were read is known for each account alone.
func (s *session) makersOf(account string) record.Scope {
	return record.Scope{Name: s.scope.Name, Account: account}
}

// elsewhere says why an event is not for this run because of its account, and
// else has the run see to that account. A schedule and a rule of AWS Config are
// answered where they are: by the caller's own account.
func (a *App) elsewhere(ctx context.Context, s *session, e Event) (string, error) {
	r := e.Request.Subject()
	of, home := r.Account, s.caller.Account
	// Whoever can put an event on the bus could else act for tagwarden.
	if r.Sender != "" && r.Sender != home {
		return fmt.Sprintf("it is an outcome that account %s published, and this is %s", r.Sender, home), nil
	}
	bound := a.o.Accounts == nil || e.Request.Evaluation != nil || r.Cause == trigger.Schedule
	if of == "" {
		of = home
	}
	if other := Elsewhere(r, home); bound && other != "" {
		return other, nil
	}
	if a.o.Accounts == nil || r.Cause == trigger.Schedule {
		return "", nil
	}
	_, who, err := a.o.Accounts.Enter(ctx, of)
	switch {
	case errors.Is(err, accounts.ErrForeign):
		return fmt.Sprintf("it is about account %s, which is not among the accounts of the settings", of), nil
	case err != nil:
		return "", fmt.Errorf("entering account %s: %w", of, err)
	}
	s.at = who
	return "", nil
}
