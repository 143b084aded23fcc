// Package view is the one model of what people are told about a run: from a
// plan that was applied it makes digests, one for each channel (or owner).
// How a digest looks in a mail, a card or a terminal is decided elsewhere.
package view

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// Digest is everything one channel, or one owner, is told about one run.
type Digest struct {
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Name    string    `json:"name"` // of the settings
	Account string    `json:"account"`
	Channel string    `json:"channel"` // never a router
	// Address replaces the channel's recipients; "" for the channel's own.
	Address  string    `json:"address,omitempty"`
	Subject  string    `json:"subject"`
	Sections []Section `json:"sections"` // sorted by policy
	// Unread is what could not be read in this run.
	Unread []plan.Unread `json:"unread,omitempty"`
}

// Section is what one notify step of one policy has to say in a digest.
type Section struct {
	Policy      string      `json:"policy"`
	Step        string      `json:"step"`
	Description string      `json:"description,omitempty"`
	Mode        policy.Mode `json:"mode"`
	// Text is the step's own text, "" for none.
	Text string `json:"text,omitempty"`
	// Notes say what is wrong with the message itself: a text that could not be
	// made.
	Notes  []string `json:"notes,omitempty"`
	Counts Counts   `json:"counts"`
	// Steps are what the policy has in store for what keeps violating.
	Steps []Step `json:"steps,omitempty"`
	Items []Item `json:"items"` // open ones first, then results; each sorted
	// Known is how many violations of the policy were told earlier and still
	// stand; 0 in an owner's digest.
	Known int `json:"known,omitempty"`
}

// Step is one step of a policy as people read it.
type Step struct {
	Action action.Kind `json:"action"`
	// When and After are as in the policy file, "" for none. Since is the step
	// that After counts from, "" for the first notice.
	When  string `json:"when,omitempty"`
	After string `json:"after,omitempty"`
	Since string `json:"since,omitempty"`
}

// Counts are the numbers of a section or digest.
type Counts struct {
	Violations int `json:"violations"` // resources still violating, new or reminded
	Fixed      int `json:"fixed"`      // resources that were repaired
	Done       int `json:"done"`       // actions, without the repairs of those fixed
	Failed     int `json:"failed"`     // actions
	Held       int `json:"held"`       // actions
	// Would is how many actions a policy that only observes would do.
	Would int `json:"would,omitempty"`
}

// Item is one line of a digest: one resource under one policy.
type Item struct {
	Kind     plan.NewsKind `json:"kind"`
	Policy   string        `json:"policy"`
	Mode     policy.Mode   `json:"mode"`
	Resource plan.Resource `json:"resource"`
	Owner    string        `json:"owner,omitempty"`
	Status   eval.Status   `json:"status"`
	Reasons  []eval.Reason `json:"reasons,omitempty"`
	// Results are what was done, failed or held in this run.
	Results []Line `json:"results,omitempty"`
	// Next is what will follow, or would.
	Next []Line `json:"next,omitempty"`
}

// Open says whether the item asks for something, rather than tell what was
// done.
func (i *Item) Open() bool { return i.Kind != plan.ResultNews && i.Status != eval.Fixed }

// Line is one action of an item.
type Line struct {
	Action    action.Kind `json:"action"`
	State     plan.State  `json:"state"`
	At        time.Time   `json:"at,omitzero"`
	Reason    string      `json:"reason,omitempty"`
	Detail    string      `json:"detail,omitempty"` // what was tagged, …
	Hint      string      `json:"hint,omitempty"`   // what a person can do about it
	RequestID string      `json:"request_id,omitempty"`
	// After is the grace period of a step to come whose time is not known yet,
	// because nobody was told so far. In nanoseconds.
	After time.Duration `json:"after,omitempty"`
	// WillBeHeld says that a step to come must not be done when its time comes,
	// for the Reason.
	WillBeHeld bool `json:"will_be_held,omitempty"`
}

// Routed is an item on its way to a channel.
type Routed struct {
	Channel string
	Address string
	Policy  string
	Step    string
	Item    Item
	// Keys are remembered in the case once the channel has accepted it.
	Keys []string
	// Parcel is the ledger's id of an item that was not delivered by an earlier
	// run, 0 for one of this run.
	Parcel int64
}
