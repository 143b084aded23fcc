package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// call is one API call under way.
type call struct {
	op     string // service:Operation
	region string
	id     string // its request id

	action action.Kind // of a call that is to change something
	kind   resource.Type
	ids    []string
	tags   tag.Set
	keys   []string
	// found are the records of the ids that are there, each once, and things what
	// is no instance of them; missing are the ids that are not.
	found   []*record
	things  []*thing
	missing []string

	// Of calls about one resource: what they name beside it, and whether it is
	// there.
	face          resource.Interface
	group         string
	quarantine    *resource.SecurityGroup
	rules         []resource.Rule
	document      string
	knownDocument bool
	function      string
	knownFunction bool
	payload       []byte

	in *region // where they are looked for
}

// begin counts a call and refuses it where it does not come to its operation:
// cut off, denied, throttled or in a region that is not enabled. a.mu is held.
func (a *Account) begin(ctx context.Context, op string, at resource.Place) (*call, error) {
	a.settle()
	c := &call{op: op, region: at.Region}
	if err := ctx.Err(); err != nil {
		return nil, &fault.Error{Class: fault.Cancelled, Call: op, Region: at.Region, Err: err}
	}
	if at.Account != a.id {
		return nil, &fault.Error{Class: fault.Invalid, Call: op, Region: at.Region,
			Message: fmt.Sprintf("the call is for account %q, and this is %s", at.Account, a.id)}
	}
	a.calls[op]++
	if class, ok := a.trouble.regions[at.Region]; ok {
		return nil, &fault.Error{Class: class, Call: op, Region: at.Region, Message: "no answer"}
	}
	a.requests++
	c.id = fmt.Sprintf("00000000-0000-4000-8000-%012d", a.requests)
	global := op == getCallerIdentity || op == describeRegions
	if _, ok := a.regions[at.Region]; !ok && !global {
		return nil, c.refused(notEnabled, strconv.Quote(at.Region))
	}
	if a.trouble.denied[op] {
		return nil, c.refused(denied, op)
	}
	if a.trouble.throttled[op] > 0 {
		a.trouble.throttled[op]--
		return nil, c.refused(throttled, op)
	}
	return c, nil
}

// refused is the error of a refusal. what names what is wrong.
func (c *call) refused(r Refusal, what string) *fault.Error {
	return &fault.Error{Class: r.Class, Call: c.op, Region: c.region, Code: r.Code,
		Message: what + ": " + r.Condition, RequestID: c.id}
}

// knows refuses a type of resource that the account does not have.
func (c *call) knows(t resource.Type) error {
	if t == resource.EC2Instance || kindFor(t) != nil {
		return nil
	}
	return c.unknown(t)
}

func (c *call) unknown(t resource.Type) error {
	return &fault.Error{Class: fault.Invalid, Call: c.op, Region: c.region, RequestID: c.id,
		Message: fmt.Sprintf("there is no such call for resources of type %q in the embedded account", t)}
}

// lists refuses a type that no service lists by itself.
func (c *call) lists(t resource.Type) error {
	if kindFor(t) == anyKind {
		return c.unknown(t)
	}
	return c.knows(t)
}

// look finds what a call names.
func (a *Account) look(c *call) {
	seen := map[string]bool{}
	c.in = a.regions[c.region]
	for _, id := range c.ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		switch x := c.in.item(id).(type) {
		case *record:
			c.found = append(c.found, x)
		case *thing:
			c.things = append(c.things, x)
		default:
			c.missing = append(c.missing, id)
		}
	}
}

// items are everything that a call names and that is there.
func (c *call) items() []item {
	items := make([]item, 0, len(c.found)+len(c.things))
	for _, r := range c.found {
		items = append(items, r)
	}
	for _, x := range c.things {
		items = append(items, x)
	}
	return items
}

// Entry is one call that was to change something, as it reached AWS.
type Entry struct {
	At        time.Time
	Operation string // ec2:StopInstances
	Region    string
	IDs       []string
	Tags      tag.Set
	Keys      []string
	RequestID string // "" where no answer came
	// Document and Parameters are of a command, Function and Payload of an
	// invocation.
	Document   string
	Parameters map[string][]string
	Function   string
	Payload    []byte
	// Code and Class say why it failed; both are "" where it did not.
	Code  string
	Class fault.Class
	// Changed are the resources that it changed, also where it failed.
	Changed []string
}

// Log returns every call that was to change something, oldest first. The
// entries share their slices and maps with the account's own: read them only.
func (a *Account) Log() []Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.log)
}

// Calls returns how often each operation was called, by service:Operation, one
// for each page of a listing, also where it was refused.
func (a *Account) Calls() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.calls)
}
