// Package cases keeps the history of a violation: when it was first seen, who
// has been told what, which deadlines were announced and what was done; and
// says from that what is due. It is pure: the ledger stores cases, this
// package reads them.
package cases

import (
	"maps"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// Key names a case.
type Key struct {
	Policy string `json:"policy"`
	ARN    string `json:"arn"`
}

// Case is one violation of one policy by one resource, from its first finding
// until well after it is closed, so that one that comes back is recognised.
type Case struct {
	Policy   string       `json:"policy"`
	Resource resource.Ref `json:"resource"`
	// Seen is when it was first found, in whatever mode.
	Seen time.Time `json:"seen"`
	// Opened is its first finding under enforce, which is where clocks start
	// that need no notice. Zero while it was only observed.
	Opened time.Time `json:"opened,omitzero"`
	// Resumed is when it last came back after it was closed; its clock goes on,
	// but nothing is due before a notice was accepted since. Zero: never.
	Resumed time.Time `json:"resumed,omitzero"`
	// Closed is when it ended, and Why a reason's code. Zero: it is open.
	Closed time.Time `json:"closed,omitzero"`
	Why    string    `json:"why,omitempty"`
	// Accepted is when a channel first accepted a notice of it under enforce;
	// LastAccepted is the latest time.
	Accepted     time.Time `json:"accepted,omitzero"`
	LastAccepted time.Time `json:"last_accepted,omitzero"`
	// Told holds what has been said, by news key, and when.
	Told map[string]time.Time `json:"told,omitempty"`
	// Deadlines are those announced, by step id. One never comes nearer.
	Deadlines map[string]time.Time `json:"deadlines,omitempty"`
	// Steps is the last outcome of each step, by step id.
	Steps map[string]Outcome `json:"steps,omitempty"`
	// Mark is the value of the mark last written to the resource for any case.
	Mark string `json:"mark,omitempty"`
}

// Outcome is how a step ended.
type Outcome struct {
	At   time.Time `json:"at"`
	Done bool      `json:"done"` // otherwise it failed
	// Reason says why it failed, or that the effect was there already.
	Reason string `json:"reason,omitempty"`
	// Already is when the step was last due and there was nothing to do; At where
	// it never did anything. Zero: there always was.
	Already   time.Time `json:"already,omitzero"`
	Run       string    `json:"run"`
	RequestID string    `json:"request_id,omitempty"`
}

// Key returns the case's key.
func (c *Case) Key() Key { return Key{Policy: c.Policy, ARN: c.Resource.ARN} }

// Open says whether the case is open under enforce.
func (c *Case) Open() bool { return c != nil && !c.Opened.IsZero() && c.Closed.IsZero() }

// Pause says that the policy of an open case only observes now. Should it be
// enforced again, its clock goes on, and people are told first.
func (c *Case) Pause(now time.Time) {
	if !c.Open() {
		return
	}
	c.Resumed = now
	maps.DeleteFunc(c.Told, func(key string, _ time.Time) bool { return !strings.HasPrefix(key, observed) })
}

// Overcome forgets that people were told of troubles with a step, which is done
// by now. A step that comes again at each edge of the hours may fail again
// weeks later, in a case that never closed, and that is news.
func (c *Case) Overcome(step string) {
	maps.DeleteFunc(c.Told, func(key string, _ time.Time) bool {
		return strings.Contains(key, "|held|"+step+"|") || strings.Contains(key, "|failed|"+step+"|")
	})
}

// Clone returns a copy that shares nothing with c.
func (c *Case) Clone() *Case {
	d := *c
	d.Told, d.Deadlines, d.Steps = maps.Clone(c.Told), maps.Clone(c.Deadlines), maps.Clone(c.Steps)
	return &d
}

// ToldOf returns when an open case was told under a key.
func (c *Case) ToldOf(key string) (time.Time, bool) {
	if c == nil || !c.Closed.IsZero() {
		return time.Time{}, false
	}
	at, ok := c.Told[key]
	return at, ok
}
