// Package accounts leads to the accounts that are governed: which they are, and
// what each is read and changed through. What belongs to any other account is
// refused, never read or changed with the credentials of one that is at hand.
package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Door is what one account is read and changed through.
type Door struct {
	Source inventory.Source
	Actor  execute.Actor
	Trail  creators.Trail
}

// Role is a role to take on.
type Role struct {
	Account    string // that it is in
	ARN        string
	ExternalID string // "" for none
	// Session names what is done with the role in CloudTrail.
	Session string
}

// Realm takes roles on and knows the organization of the caller's own account.
// aws and sim implement it. Every error is or wraps a *fault.Error.
type Realm interface {
	// Assume takes a role on and returns the door to its account, with whose
	// credentials it is opened. Credentials that run out are renewed behind it. The
	// same role again is the same door, without a call while they last.
	Assume(ctx context.Context, r Role) (Door, inventory.Caller, error)
	// Roots are the IDs of the organization's roots, of which AWS has one.
	Roots(ctx context.Context) ([]string, error)
	// Units are the IDs of the organizational units directly in a root or unit.
	Units(ctx context.Context, parent string) ([]string, error)
	// Accounts are those directly in a root or unit.
	Accounts(ctx context.Context, parent string) ([]Listed, error)
}

// Listed is an account as the organization lists it.
type Listed struct {
	ID, Name string
	// Active is false for one that is suspended, or not yet or no longer there.
	Active bool
}

// Member is an account that is governed.
type Member struct {
	policy.Account
	// OU is the ID of the unit or root that it is directly in, "" where the
	// accounts are no organization's.
	OU string
	// Absent says that the settings include it and the organization does not have
	// it: it is not entered, whatever its role trusts.
	Absent bool
}

// ErrForeign says that an account is not among those that are governed.
var ErrForeign = errors.New("it is not among the accounts of the settings")

// Accounts are those that one policy set governs. It is safe for concurrent use.
type Accounts struct {
	set     *policy.Accounts
	session string
	own     Door
	realm   Realm

	mu      sync.Mutex
	caller  inventory.Caller
	listed  time.Time // as of when members are, zero before they were loaded
	members []Member  // sorted by ID, perhaps none
}

// sessionPrefix begins the names of sessions, so that whoever reads CloudTrail
// sees whose calls they are.
const sessionPrefix = "tagwarden-"

// longestSession is how many characters STS takes (RoleSessionName in the
// AssumeRole page of the STS API reference).
const longestSession = 64

// New returns the accounts of settings that name some, reached from the caller's
// own, and nil for settings that name none.
func New(s *policy.Settings, own Door, realm Realm) *Accounts {
	if s.Accounts == nil {
		return nil
	}
	name := sessionPrefix + s.Name
	return &Accounts{set: s.Accounts, session: name[:min(len(name), longestSession)], own: own, realm: realm}
}

// current is how long a list of an organization's accounts serves for events:
// listing takes two calls for each unit.
const current = 10 * time.Minute

// Load finds out which accounts are governed, as of now, and returns them sorted
// by ID; caller is whose credentials lead there. Those of an organization are listed again where the last list is older
// than ten minutes, or with anew, than now; its errors wrap a *fault.Error, but for
// an ID in the settings that the organization does not have.
func (a *Accounts) Load(ctx context.Context, caller inventory.Caller, now time.Time, anew bool) ([]Member, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	age := now.Sub(a.listed)
	if !a.listed.IsZero() && caller == a.caller && (a.set.Organization == nil || age == 0 || !anew && age > 0 && age < current) {
		return a.members, nil
	}
	var members []Member
	var err error
	if a.set.Organization == nil {
		for _, one := range a.set.List {
			members = append(members, Member{Account: one})
		}
	} else if members, err = listOrganization(ctx, a.realm, a.set.Organization, caller.Account); err != nil {
		return nil, fmt.Errorf("listing the accounts of the organization: %w", err)
	}
	slices.SortFunc(members, func(x, y Member) int { return cmp.Compare(x.ID, y.ID) })
	a.caller, a.listed, a.members = caller, now, members
	return members, nil
}

// Find returns the account of that ID among those that were loaded last.
func (a *Accounts) Find(id string) (Member, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := slices.BinarySearchFunc(a.members, id, func(m Member, id string) int { return cmp.Compare(m.ID, id) })
	if !ok {
		return Member{}, false
	}
	return a.members[i], true
}

// Enter opens the door to one of the accounts that were loaded last and says
// with whose credentials. The error wraps ErrForeign for any other account, and
// else says why it cannot be entered.
func (a *Accounts) Enter(ctx context.Context, id string) (Door, inventory.Caller, error) {
	m, ok := a.Find(id)
	a.mu.Lock()
	caller := a.caller
	a.mu.Unlock()
	switch {
	case !ok:
		return Door{}, inventory.Caller{}, foreign(id)
	case m.Absent:
		return Door{}, inventory.Caller{}, &fault.Error{Class: fault.Invalid, Call: "organizations:ListAccountsForParent",
			Message: "the organization has no account " + id, Hint: "take it out of the settings' accounts"}
	case m.Role == "" && m.ID == caller.Account:
		return a.own, caller, nil
	case m.Role == "":
		return Door{}, inventory.Caller{}, &fault.Error{Class: fault.Invalid, Call: "sts:AssumeRole",
			Message: fmt.Sprintf("no role is named for account %s, and the credentials are of account %s", id, caller.Account),
			Hint:    "name the account's role in the settings"}
	}
	return a.realm.Assume(ctx, Role{Account: id, ARN: policy.RoleARN(partition(caller.ARN), id, m.Role), ExternalID: m.ExternalID, Session: a.session})
}

// foreign is the error of an account that is not governed.
func foreign(id string) error {
	return &fault.Error{Class: fault.Invalid, Call: "sts:AssumeRole", Message: fmt.Sprintf("account %q is not read or changed: %v", id, ErrForeign), Err: ErrForeign}
}

// partition is the one that an ARN is in.
func partition(arn string) string {
	parts := strings.SplitN(arn, ":", 3)
	if len(parts) < 3 || parts[1] == "" {
		return "aws"
	}
	return parts[1]
}
