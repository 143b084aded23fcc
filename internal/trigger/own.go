package trigger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

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
	Policies  []string       `json:"policies,omitempty"`
	Refs      []resource.Ref `json:"resources,omitempty"`
	// Name and Source are of what settles without its event, Due and Event of what
	// settles.
	Name   string          `json:"name,omitempty"`
	Source string          `json:"source,omitempty"`
	Due    string          `json:"due,omitempty"`
	Event  json.RawMessage `json:"event,omitempty"`
}

// ScheduleInput is the input that a schedule for these policies sends. A time
// that EventBridge Scheduler is to fill in is its own variable.
func ScheduleInput(policies []string) ([]byte, error) {
	return marshal(ownEvent{Tagwarden: ownSchedule, ID: "<aws.scheduler.execution-id>", Time: "<aws.scheduler.scheduled-time>", Policies: policies})
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
func own(v loose.Value, depth int) Message {
	var e ownEvent
	if err := json.Unmarshal(v.Raw(), &e); err != nil {
		return malformed("tagwarden's own event is not as it makes them")
	}
	switch e.Tagwarden {
	case ownSchedule:
		return Message{Request: &Request{Cause: Schedule, ID: filledIn(e.ID), Time: timeOf(v.Field("time")), Account: e.Account, Region: e.Region, Policies: e.Policies, Raw: v.Raw()}}
	case ownSettled:
		return settled(v, &e, depth)
	default:
		return Message{Err: fmt.Errorf("reading an event: %w: tagwarden sends nothing called %.100q", ErrMalformed, e.Tagwarden)}
	}
}

// filledIn is the id of a schedule's event, "" where nobody filled it in: a rule
// of EventBridge sends its input as it is, and the second of its events would be
// taken for the first.
func filledIn(id string) string {
	if strings.HasPrefix(id, "<aws.scheduler.") {
		return ""
	}
	return id
}
