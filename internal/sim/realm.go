package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
)

// Realm is several accounts in memory, the roles that can be taken on in them,
// and the organization that they are in. It is as strict as STS: what is not
// trusted is denied, and not told apart from what is not there.
type Realm struct {
	mu    sync.Mutex
	trust map[string]trust // by the ARN of the role
	roots []string
	units map[string][]string          // by parent
	lists map[string][]accounts.Listed // by parent
	calls map[string]int
	down  map[string]bool
}

// trust is a role, by what it opens and what it asks for.
type trust struct {
	account    *Account
	externalID string
}

var _ accounts.Realm = (*Realm)(nil)

// NewRealm returns a realm in which no role is trusted, and no organization.
func NewRealm() *Realm {
	return &Realm{trust: map[string]trust{}, units: map[string][]string{}, lists: map[string][]accounts.Listed{}, calls: map[string]int{}, down: map[string]bool{}}
}

// Trust lets a role of an account be taken on, by its name with its path;
// externalID is what it asks for, "" for nothing.
func (r *Realm) Trust(a *Account, role, externalID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trust["arn:aws:iam::"+a.id+":role/"+role] = trust{a, externalID}
}

// Distrust ends that.
func (r *Realm) Distrust(a *Account, role string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.trust, "arn:aws:iam::"+a.id+":role/"+role)
}

// AddUnit puts an organizational unit into another or into a root; "" for the
// parent makes it a root.
func (r *Realm) AddUnit(parent, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if parent == "" {
		r.roots = append(r.roots, id)
		return
	}
	r.units[parent] = append(r.units[parent], id)
}

// Join puts an account into a unit or root; a second time it changes what is
// listed of it.
func (r *Realm) Join(parent string, l accounts.Listed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, list := range r.lists {
		r.lists[p] = slices.DeleteFunc(list, func(o accounts.Listed) bool { return o.ID == l.ID })
	}
	r.lists[parent] = append(r.lists[parent], l)
}

// Deny refuses calls of an operation: organizations:ListRoots.
func (r *Realm) Deny(op string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down[op] = true
}

// Calls is how often each operation was called.
func (r *Realm) Calls() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.calls)
}

// Assume implements accounts.Realm.
func (r *Realm) Assume(ctx context.Context, as accounts.Role) (accounts.Door, inventory.Caller, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const op = "sts:AssumeRole"
	if err := r.begin(ctx, op); err != nil {
		return accounts.Door{}, inventory.Caller{}, err
	}
	t, ok := r.trust[as.ARN]
	if !ok || t.externalID != "" && t.externalID != as.ExternalID {
		return accounts.Door{}, inventory.Caller{}, &fault.Error{Class: fault.Denied, Call: op, Code: "AccessDenied",
			Message: "not authorized to perform: sts:AssumeRole on resource: " + as.ARN, Hint: "let the role's trust policy name these credentials"}
	}
	if t.account.id != as.Account {
		return accounts.Door{}, inventory.Caller{}, &fault.Error{Class: fault.Invalid, Call: op, Message: fmt.Sprintf("the role is of account %s, not of %s", t.account.id, as.Account)}
	}
	name := as.ARN[strings.LastIndex(as.ARN, "/")+1:]
	who := inventory.Caller{Account: as.Account, ARN: "arn:aws:sts::" + as.Account + ":assumed-role/" + name + "/" + as.Session}
	return accounts.Door{Source: t.account, Actor: t.account, Trail: t.account}, who, nil
}

// Roots implements accounts.Realm.
func (r *Realm) Roots(ctx context.Context) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.begin(ctx, "organizations:ListRoots"); err != nil {
		return nil, err
	}
	if len(r.roots) == 0 {
		return nil, &fault.Error{Class: fault.Unsupported, Call: "organizations:ListRoots", Code: "AWSOrganizationsNotInUseException",
			Message: "the account is not a member of an organization", Hint: "list the accounts in the settings"}
	}
	return slices.Clone(r.roots), nil
}

// Units implements accounts.Realm.
func (r *Realm) Units(ctx context.Context, parent string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.units[parent]), r.begin(ctx, "organizations:ListOrganizationalUnitsForParent")
}

// Accounts implements accounts.Realm.
func (r *Realm) Accounts(ctx context.Context, parent string) ([]accounts.Listed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lists[parent]), r.begin(ctx, "organizations:ListAccountsForParent")
}

// begin counts a call, and refuses what is denied. r.mu is held.
func (r *Realm) begin(ctx context.Context, op string) error {
	r.calls[op]++
	switch {
	case ctx.Err() != nil:
		return &fault.Error{Class: fault.Cancelled, Call: op, Err: ctx.Err()}
	case r.down[op]:
		return &fault.Error{Class: fault.Denied, Call: op, Code: "AccessDeniedException", Message: "not authorized to perform: " + op}
	}
	return nil
}
