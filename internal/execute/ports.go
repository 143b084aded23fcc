package execute

import (
	"context"
	"encoding/json"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Call is one API call that changes resources. It has the shape of the API:
// many ids, one change for all of them.
type Call struct {
	Action action.Kind
	Type   resource.Type
	At     resource.Place
	IDs    []string
	Tags   tag.Set  // of Tag and Mark
	Keys   []string // of Untag and Unmark
	// Groups are, of Isolate, the security group that each network interface of a
	// resource gets, by the resource's id and the interface's.
	Groups map[string]map[string]string
	// Former are, of Restore, the security groups that each network interface of
	// an instance gets back, by the instance's id and the interface's.
	Former map[string]map[string][]string
	// Rules are, of Revoke, those that are taken away, by id; of Restore, those
	// that are made anew.
	Rules map[string][]resource.Rule
	// Policy and Step are, of RunCommand and Invoke, whose call it is; of Backup,
	// which names one resource, Policy is one that asked for it.
	Policy, Step string
	// Document and Parameters are RunCommand's. The values may be secrets.
	Document   string
	Parameters map[string][]string
	// Function is what Invoke calls, and Payloads the JSON it is given, by id.
	Function string
	Payloads map[string][]byte
}

// Answer is what a call that succeeded said.
type Answer struct {
	RequestID string
	// RequestIDs are those of each resource, by id, where the API takes one at a
	// time.
	RequestIDs map[string]string
	// Previous is the state of each resource before the call, by id, where the
	// API tells it (StopInstances, StartInstances, TerminateInstances).
	Previous map[string]string
	// Notes are, by id, what there is to say of what was done: the id of the
	// command that was sent.
	Notes map[string]string
	// Before is, by id, what was there before the call, as JSON for the ledger,
	// where the action can only be taken back with it. A resource in Failed has
	// it where part of its change was made.
	Before map[string]json.RawMessage
	// Failed are the resources, by id, for which the call did nothing although
	// it succeeded as a whole, where the API tells (TagResources). Each is or
	// wraps a *fault.Error.
	Failed map[string]error
}

// Actor makes calls. aws and sim implement it; both are safe for concurrent
// use, and both do as AWS does: a call with one bad id fails as a whole and
// changes nothing unless they are done one by one (Answer.Failed), and
// except that TerminateInstances ends the instances of those
// availability zones that hold no protected one, and fails all the same. Every
// error is or wraps a *fault.Error. The context's deadline bounds each call.
type Actor interface {
	Do(ctx context.Context, c Call) (Answer, error)
}
