// Package guard says which actions of a plan may be done: whether the plan is
// still the one that was made, for this account and these policies, and how
// much may happen at once. What it lets through is an Approved, and nothing
// else can be executed.
package guard

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Errors of Check, each with what to do about it.
var (
	ErrUnsealed = errors.New("the plan has no digest")
	ErrExpired  = errors.New("the plan has expired; make a new one")
	ErrEarly    = errors.New("the plan was made for a later time")
	ErrAccount  = errors.New("the plan is for another account")
	ErrPolicies = errors.New("the policies have changed since the plan was made; make a new one")
)

// Input is what a plan is checked against.
type Input struct {
	Set     *policy.Set
	Account string
	// Accounts are those that are governed, nil for Account alone.
	Accounts []string
	Now      time.Time
	// Used is what was done in the last 24 hours.
	Used map[plan.Subject]int
	// Released are the resources, by ARN, for which a human has let held
	// actions through.
	Released map[plan.Subject]map[string]bool
}

// Hold is what Check did not let through because of a limit.
type Hold struct {
	plan.Subject
	Reason string
	ARNs   []string
}

// Room is what an approved plan takes of one limit.
type Room struct {
	plan.Subject
	N     int
	Limit int // negative: none
	// Released says that a human has let these through.
	Released bool
}

// Approved is permission to carry out certain actions of one plan. Only Check
// makes one; the zero value permits nothing.
type Approved struct {
	plan    *plan.Plan
	digest  string
	account string
	until   time.Time
	refs    []ref
	rooms   []Room
}

type ref struct{ finding, action int }

// Check holds what must not be done, by writing so into the plan, and approves
// the rest. The plan must be sealed.
func Check(p *plan.Plan, in Input) (Approved, []Hold, error) {
	switch {
	case p.Digest == "":
		return Approved{}, nil, ErrUnsealed
	case p.Account != in.Account:
		return Approved{}, nil, fmt.Errorf("%w: it is for %s, and these credentials are for %s", ErrAccount, p.Account, in.Account)
	case p.Policies != in.Set.Digest:
		return Approved{}, nil, ErrPolicies
	case in.Now.After(p.Expires):
		return Approved{}, nil, fmt.Errorf("%w (it was made on %s)", ErrExpired, p.Created.UTC().Format(time.RFC3339))
	case in.Now.Before(p.Created):
		return Approved{}, nil, fmt.Errorf("%w: %s", ErrEarly, p.Created.UTC().Format(time.RFC3339))
	}
	if of := beyond(p, in); of != "" {
		return Approved{}, nil, fmt.Errorf("%w: it is about account %s, which is not governed now", ErrAccount, of)
	}
	holds, rooms := Limit(p, in)
	a := Approved{plan: p, digest: p.Digest, account: p.Account, until: p.Expires, rooms: rooms}
	for i := range p.Findings {
		for j := range p.Findings[i].Actions {
			if p.Findings[i].Actions[j].State == plan.Planned {
				a.refs = append(a.refs, ref{i, j})
			}
		}
	}
	return a, holds, nil
}

// beyond is an account that the plan would change and that is not governed, or
// no longer; "" for none.
func beyond(p *plan.Plan, in Input) string {
	for i := range p.Findings {
		f := &p.Findings[i]
		of := f.Resource.Account
		if of == "" || of == in.Account && in.Accounts == nil || slices.Contains(in.Accounts, of) {
			continue
		}
		if slices.ContainsFunc(f.Actions, func(a plan.Action) bool { return a.State == plan.Planned }) {
			return of
		}
	}
	return ""
}

// Valid says whether the approval permits anything on this account at this
// time; the error is one of Check's.
func (a Approved) Valid(account string, now time.Time) error {
	switch {
	case a.plan == nil || a.digest == "" || a.plan.Digest != a.digest:
		return ErrUnsealed
	case a.account != account:
		return ErrAccount
	case now.After(a.until):
		return ErrExpired
	default:
		return nil
	}
}

// Rooms are the limits that must be reserved before anything is done.
func (a Approved) Rooms() []Room { return a.rooms }

// Run is the id of the run whose plan it is.
func (a Approved) Run() string {
	if a.plan == nil {
		return ""
	}
	return a.plan.Run
}

// Actions yields what may be done, in the order of the plan, those of the
// given kinds alone. Outcomes are written into what it yields.
func (a Approved) Actions(kinds ...action.Kind) iter.Seq2[*plan.Finding, *plan.Action] {
	return func(yield func(*plan.Finding, *plan.Action) bool) {
		for _, r := range a.refs {
			f := &a.plan.Findings[r.finding]
			act := &f.Actions[r.action]
			for _, k := range kinds {
				if act.Action == k && !yield(f, act) {
					return
				}
			}
		}
	}
}
