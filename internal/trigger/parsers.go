package trigger

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// envelope is what EventBridge puts around every event.
type envelope struct {
	ID, Source, Account, Region string
	Time                        time.Time
	ARNs                        []string // "resources"
	Detail                      loose.Value
}

// parser reads one kind of event. It returns a request, or why the event is
// none of ours, or an error that wraps ErrMalformed.
type parser func(envelope) (*Request, string, error)

// parsers is every kind of event that can wake us, by its detail-type.
var parsers = map[string]parser{
	"AWS API Call via CloudTrail":            apiCall,
	"AWS Service Event via CloudTrail":       apiCall,
	"EC2 Instance State-change Notification": stateChange,
	"Scheduled Event":                        scheduled,
	"Tag Change on Resource":                 tagChange,
	itemKind:                                 configItem,
	OutcomeKind:                              outcome,
}

// What tagwarden's own events are called.
const (
	OutcomeSource = "tagwarden"
	OutcomeKind   = "tagwarden Outcome"
)

func apiCall(e envelope) (*Request, string, error) {
	r, ignored, err := record(e.Detail)
	if err != nil || ignored != "" {
		return nil, ignored, err
	}
	return r, "", nil
}

// stateChange reads what EC2 says of an instance ("Instance state change
// events" in the EC2 user guide).
func stateChange(e envelope) (*Request, string, error) {
	id, state := e.Detail.Field("instance-id").Text(), e.Detail.Field("state").Text()
	switch {
	case id == "":
		return nil, "", missing("detail.instance-id")
	case state == "":
		return nil, "", missing("detail.state")
	case e.Account == "" || e.Region == "":
		return nil, "", missing("account or region")
	}
	ref := resource.EC2Ref(resource.Place{Account: e.Account, Region: e.Region}, resource.EC2Instance, id)
	return &Request{Cause: State, Refs: []resource.Ref{ref}, State: state}, "", nil
}

// scheduled reads what a rule with a schedule sends, and what EventBridge
// Scheduler sends where no input is set, in which "detail" is a string. The
// policies are in the input that a deployment sets, which own reads.
func scheduled(envelope) (*Request, string, error) {
	return &Request{Cause: Schedule}, "", nil
}

// tagChange reads "Tag Change on Resource" ("Tag change events" in the guide
// of Tag Editor).
func tagChange(e envelope) (*Request, string, error) {
	r := &Request{Cause: TagsChanged}
	for key := range e.Detail.Field("changed-tag-keys").Items() {
		if k := key.Text(); k != "" {
			r.Keys = append(r.Keys, k)
		}
	}
	if len(r.Keys) == 0 {
		return nil, "", missing("detail.changed-tag-keys")
	}
	r.Tags = tagsOf(e.Detail.Field("tags"), r.Keys)
	for _, arn := range e.ARNs {
		if ref, ok := e.ref(arn); ok {
			r.Refs = append(r.Refs, ref)
		}
	}
	if len(r.Refs) == 0 {
		return nil, "", missing("ARN in resources")
	}
	return r, "", nil
}

// tagsOf are those of the keys among tags, nil where there are none to be told.
func tagsOf(tags loose.Value, keys []string) tag.Set {
	if !tags.IsObject() {
		return nil
	}
	changed := make(map[string]bool, len(keys))
	for _, k := range keys {
		changed[k] = true
	}
	set := tag.Set{}
	for k, v := range tags.Fields() {
		if _, twice := set[k]; changed[k] && !twice && v.IsText() {
			set[k] = v.Text()
		}
	}
	return set
}

// ref names a resource by its ARN, with the event's account and region where
// the ARN has none.
func (e envelope) ref(arn string) (resource.Ref, bool) {
	ref, ok := resource.FromARN(arn)
	ref.Account, ref.Region = cmp.Or(ref.Account, e.Account), cmp.Or(ref.Region, e.Region)
	return ref, ok
}

// missing is the error of an event that lacks what its kind must have.
func missing(what string) error { return fmt.Errorf("%w: it has no %s", ErrMalformed, what) }

// timeOf reads a time as AWS writes it, the zero time where it is none.
func timeOf(v loose.Value) time.Time {
	t, err := time.Parse(time.RFC3339, v.Text())
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
