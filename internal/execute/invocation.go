package execute

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// InvocationVersion is that of the JSON an invoked function is given. It
// changes when a field changes its meaning, not when one is added.
const InvocationVersion = 1

// Invocation is what a function is told of a resource; docs/invoke.md describes
// it. Names, tags and reasons are as whoever can tag wrote them.
type Invocation struct {
	Version  int           `json:"version"`
	Run      string        `json:"run"`
	At       time.Time     `json:"at"`
	Policy   string        `json:"policy"`
	Step     string        `json:"step"`
	Status   eval.Status   `json:"status"`
	Reasons  []eval.Reason `json:"reasons"`
	Resource plan.Resource `json:"resource"`
	// Owner is the value of the first owner tag, and Since when the case was
	// opened; left out where there is none.
	Owner string    `json:"owner,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// apart says that each step's action is a call of its own: two documents, or
// two functions, are not one change.
func apart(k action.Kind) bool { return k == action.RunCommand || k == action.Invoke }

// fill writes what an action does to one resource into a call that is about
// that resource alone. A false answer means that it was failed.
func (x *Runner) fill(c *Call, p *part, o Outcome) bool {
	id, a := o.Finding.Resource.ID, o.Action
	switch a.Action {
	case action.Backup:
		c.Policy = o.Finding.Policy
	case action.Isolate:
		c.Groups = map[string]map[string]string{id: a.Groups}
	case action.Revoke, action.Restore:
		if a.Former != nil {
			c.Former = map[string]map[string][]string{id: a.Former}
			break
		}
		if c.Rules == nil {
			c.Rules = map[string][]resource.Rule{}
		}
		for _, r := range a.Rules {
			if !slices.Contains(c.Rules[id], r) {
				c.Rules[id] = append(c.Rules[id], r)
			}
		}
	case action.RunCommand:
		given, ok := x.parameters(o)
		if !ok {
			fail(a, fmt.Errorf("what %s gives the document %s is not what was planned", a.Step, a.Document))
			return false
		}
		c.Policy, c.Step, c.Document, c.Parameters = o.Finding.Policy, a.Step, a.Document, given
	case action.Invoke:
		payload, err := p.payload(o)
		if err != nil {
			fail(a, err)
			return false
		}
		c.Policy, c.Step, c.Function, c.Payloads = o.Finding.Policy, a.Step, a.Function, map[string][]byte{id: payload}
	}
	return true
}

// parameters are what the policy's step gives its document; a plan only names
// them.
func (x *Runner) parameters(o Outcome) (map[string][]string, bool) {
	var s *policy.Step
	if x.Step != nil {
		s = x.Step(o.Finding.Policy, o.Action.Step)
	}
	if s == nil || s.Document != o.Action.Document || !slices.Equal(slices.Sorted(maps.Keys(s.Parameters)), o.Action.Parameters) {
		return nil, false
	}
	return s.Parameters, true
}

// payload is the invocation about one resource.
func (p *part) payload(o Outcome) ([]byte, error) {
	f := o.Finding
	b, err := json.Marshal(Invocation{
		Version: InvocationVersion, Run: p.run, At: p.now, Policy: f.Policy, Step: o.Action.Step,
		Status: f.Status, Reasons: f.Reasons, Resource: f.Resource, Owner: f.Owner, Since: f.Since,
	})
	if err != nil {
		return nil, fmt.Errorf("writing what the function is told: %w", err)
	}
	return diag.JSON(b), nil
}

// join makes one call of two that make the same change.
func (c *Call) join(other *Call) {
	c.IDs = append(c.IDs, other.IDs...)
	maps.Copy(c.Groups, other.Groups)
	maps.Copy(c.Former, other.Former)
	maps.Copy(c.Rules, other.Rules)
	maps.Copy(c.Payloads, other.Payloads)
}

// concerns says whether the call is about an action.
func (c *Call) concerns(o Outcome) bool {
	return o.Action.Action == c.Action && o.Action.State == plan.Planned &&
		(!apart(c.Action) || o.Finding.Policy == c.Policy && o.Action.Step == c.Step)
}
