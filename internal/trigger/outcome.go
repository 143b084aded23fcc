package trigger

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// OutcomeDetail is what became of one step for one resource, as it is published. No
// parameter of a command, no address and no text of a message is in it.
type OutcomeDetail struct {
	// ID is the same however often the outcome is published; JSON sets it.
	ID      string `json:"id"`
	Name    string `json:"name"` // of the settings: whose outcome it is
	Run     string `json:"run"`
	Policy  string `json:"policy"`
	Action  string `json:"action"`
	Step    string `json:"step,omitempty"` // "" for the repair of tags
	State   string `json:"state"`          // done, failed, held
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Channel string `json:"channel,omitempty"` // of notify
	// Resource is its ARN.
	Resource     string        `json:"resource"`
	ResourceID   string        `json:"resource_id"`
	ResourceType resource.Type `json:"resource_type"`
	Account      string        `json:"account"`
	Region       string        `json:"region"`
	At           time.Time     `json:"at"`
	RequestID    string        `json:"request_id,omitempty"`
	// Tags were written, or were to be, Keys deleted.
	Tags tag.Set  `json:"tags,omitempty"`
	Keys []string `json:"keys,omitempty"`
	// Truncated names the fields that were cut off or left out for want of room.
	Truncated []string `json:"truncated,omitempty"`
}

const (
	// MaxDetail is how long the detail of an outcome may be, in bytes. EventBridge
	// took 256 KB for all events of one PutEvents for years, and takes 1 MB
	// ("Amazon EventBridge quotas"); targets such as queues take no more than 256 KB.
	MaxDetail = 240 << 10
	// maxSentence is how long a reason or a hint may be, in characters.
	maxSentence = 1000
)

// JSON is the outcome as the detail of an event of the kind OutcomeKind, with
// at most MaxDetail bytes. A sentence that is too long is cut off, and tags and
// keys that do not fit are left out; Truncated says so.
func (o OutcomeDetail) JSON() ([]byte, error) {
	o.ID = o.id()
	o.Truncated = nil
	o.cut("reason", &o.Reason)
	o.cut("hint", &o.Hint)
	b, err := json.Marshal(o)
	if err != nil || len(b) <= MaxDetail {
		return b, err
	}
	if len(o.Tags) > 0 {
		o.Tags, o.Truncated = nil, append(o.Truncated, "tags")
	}
	if len(o.Keys) > 0 {
		o.Keys, o.Truncated = nil, append(o.Truncated, "keys")
	}
	if b, err = json.Marshal(o); err == nil && len(b) > MaxDetail {
		err = fmt.Errorf("writing an outcome: it has %d bytes, and %d can be published", len(b), MaxDetail)
	}
	return b, err
}

// cut shortens a sentence that is too long.
func (o *OutcomeDetail) cut(field string, s *string) {
	if utf8.RuneCountInString(*s) <= maxSentence {
		return
	}
	*s = string([]rune(*s)[:maxSentence-1]) + "…"
	o.Truncated = append(o.Truncated, field)
}

// id names the outcome: a run does a step to a resource once.
func (o *OutcomeDetail) id() string {
	h := sha256.Sum256([]byte(strings.Join([]string{o.Name, o.Account, o.Run, o.Policy, o.Action, o.Step, o.Channel, o.Resource}, "\x00")))
	return hex.EncodeToString(h[:16])
}

// outcome reads what tagwarden published. The same outcome may have been
// published twice, in two events: it is known by its own id.
func outcome(e envelope) (*Request, string, error) {
	if e.Source != OutcomeSource {
		return nil, fmt.Sprintf("it is called an outcome, but is from %.100q", e.Source), nil
	}
	d := e.Detail
	done := &Done{Name: d.Field("name").Text(), Policy: d.Field("policy").Text(), Action: d.Field("action").Text(), State: d.Field("state").Text(), Run: d.Field("run").Text()}
	if done.Policy == "" || done.Action == "" {
		return nil, "", missing("detail.policy or detail.action")
	}
	// The bus may be in another region than the resource, whose ARN may have none.
	sender := e.Account
	e.Account, e.Region = cmp.Or(d.Field("account").Text(), e.Account), cmp.Or(d.Field("region").Text(), e.Region)
	r := &Request{Cause: Outcome, ID: d.Field("id").Text(), Account: e.Account, Done: done, Sender: sender}
	if ref, ok := e.ref(d.Field("resource").Text()); ok {
		r.Refs = []resource.Ref{ref}
	}
	if len(r.Refs) == 0 {
		return nil, "", missing("detail.resource")
	}
	return r, "", nil
}
