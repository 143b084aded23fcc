package trigger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// What tagwarden sends to itself: by a schedule whose input a deployment sets,
// and through a queue when a policy lets late tags settle. In both "tagwarden"
// says which.
const (
	ownSchedule = "schedule"
	ownSettled  = "settled"
)

// ownEvent is the JSON of it.
type ownEvent struct {
	Tagwarden string         `json:"tagwarden"`
	ID        string         `json:"id,omitempty"`
	Time      string         `json:"time,omitempty"`
	Account   string         `json:"account,omitempty"`
	Region    string         `json:"region,omitempty"`
	Name      string         `json:"name,omitempty"`
	Source    string         `json:"source,omitempty"`
	Policies  []string       `json:"policies,omitempty"`
	Refs      []resource.Ref `json:"resources,omitempty"`
}

// ScheduleInput is the input that a schedule for these policies sends. A time
// that EventBridge Scheduler is to fill in is its own variable.
func ScheduleInput(policies []string) ([]byte, error) {
	return marshal(ownEvent{Tagwarden: ownSchedule, ID: "<aws.scheduler.execution-id>", Time: "<aws.scheduler.scheduled-time>", Policies: policies})
}

// SettledInput is what is sent to be delivered when a policy's settle is over,
// so that the resources of a request are judged again.
func SettledInput(r *Request, policies []string, refs []resource.Ref) ([]byte, error) {
	at := ""
	if !r.Time.IsZero() {
		at = r.Time.UTC().Format(time.RFC3339)
	}
	return marshal(ownEvent{Tagwarden: ownSettled, ID: r.ID, Time: at, Account: r.Account, Region: r.Region,
		Name: r.Name, Source: r.Source, Policies: policies, Refs: refs})
}

// marshal writes < and > as they are: EventBridge Scheduler looks for them.
func marshal(e ownEvent) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return bytes.TrimSpace(b.Bytes()), err
}

// own reads either.
func own(v loose.Value) Message {
	var e ownEvent
	if err := json.Unmarshal(v.Raw(), &e); err != nil {
		return malformed("tagwarden's own event is not as it makes them")
	}
	r := &Request{ID: e.ID, Time: timeOf(v.Field("time")), Account: e.Account, Region: e.Region, Policies: e.Policies, Refs: e.Refs}
	switch e.Tagwarden {
	case ownSchedule:
		r.Cause = Schedule
		r.Refs = nil
	case ownSettled:
		r.Cause, r.Name, r.Source = Settled, e.Name, e.Source
		if len(r.Refs) == 0 || len(r.Policies) == 0 {
			return malformed("what has settled names no resource or no policy")
		}
	default:
		return Message{Err: fmt.Errorf("reading an event: %w: tagwarden sends nothing called %q", ErrMalformed, e.Tagwarden)}
	}
	return Message{Request: r}
}
