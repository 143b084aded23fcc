package sim

import (
	"github.com/tagwarden/tagwarden/internal/fault"
)

// trouble is what is made to go wrong.
type trouble struct {
	denied    map[string]bool
	throttled map[string]int         // calls still to be throttled
	regions   map[string]fault.Class // where nothing answers
	pages     map[string]int         // pages of a listing before it fails
	lost      map[string]lost
	unseen    map[string]int // calls about a resource that do not find it yet
	untagged  bool           // what has no tags is hidden from listings of everything
}

// lost is answers that do not come back.
type lost struct {
	calls int
	done  bool
}

func noTrouble() trouble {
	return trouble{denied: map[string]bool{}, throttled: map[string]int{}, regions: map[string]fault.Class{},
		pages: map[string]int{}, lost: map[string]lost{}, unseen: map[string]int{}}
}

// Deny takes the permission for an operation (ec2:StopInstances) from the
// caller.
func (a *Account) Deny(op string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.denied[op] = true
}

// Throttle makes AWS refuse the next n calls of an operation as too many.
func (a *Account) Throttle(op string, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.throttled[op] = n
}

// Unreachable makes nothing answer at the endpoints of a region.
func (a *Account) Unreachable(region string) { a.cutOff(region, fault.Unreachable) }

// TimeOut makes no call to a region get an answer in time. Nothing is done.
func (a *Account) TimeOut(region string) { a.cutOff(region, fault.TimedOut) }

func (a *Account) cutOff(region string, c fault.Class) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.regions[region] = c
}

// FailPages makes every listing in a region fail after so many pages.
func (a *Account) FailPages(region string, after int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.pages[region] = after
}

// LoseAnswers makes the answers to the next n calls of an operation that
// changes something time out. done says whether the calls are carried out all
// the same.
func (a *Account) LoseAnswers(op string, n int, done bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.lost[op] = lost{calls: n, done: done}
}

// AppearLate makes the next n calls about a resource not find it, as happens in
// the first seconds after it was made.
func (a *Account) AppearLate(id string, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.unseen[id] = n
}

// late says that a call does not find a resource yet. a.mu is held.
func (a *Account) late(id string) bool {
	if a.trouble.unseen[id] == 0 {
		return false
	}
	a.trouble.unseen[id]--
	return true
}

// HideUntagged makes listings of everything leave out what has no tags, as they
// do where neither AWS Config nor Resource Explorer is on.
func (a *Account) HideUntagged() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble.untagged = true
}

// Mend ends all trouble.
func (a *Account) Mend() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble = noTrouble()
}

// pageFails returns the error of a listing that has come to its failing page.
func (a *Account) pageFails(c *call, pages int) error {
	if after, ok := a.trouble.pages[c.region]; ok && pages >= after {
		return c.refused(internalError, "the listing")
	}
	return nil
}

// loses says whether the answer to a call is lost, and whether the call is
// carried out then.
func (a *Account) loses(op string) (is, done bool) {
	l := a.trouble.lost[op]
	if l.calls == 0 {
		return false, false
	}
	l.calls--
	a.trouble.lost[op] = l
	return true, l.done
}
