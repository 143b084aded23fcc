package creators_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	noon  = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	place = resource.Place{Account: "111122223333", Region: "eu-west-1"}
	scope = record.Scope{Name: "default", Account: place.Account}
)

// ago is so long before noon.
func ago(d time.Duration) time.Time { return noon.Add(-d) }

// event is one call that made instances or a volume.
type event struct {
	at   time.Time
	name string
	who  string // a user
	ids  []string
}

// record is the event as CloudTrail writes it.
func (e event) record() []byte {
	who := fmt.Sprintf(`{"type":"IAMUser","principalId":"AIDA%[1]s","arn":"arn:aws:iam::111122223333:user/%[1]s","userName":%[1]q}`, e.who)
	switch e.who {
	case "":
		who = `{}`
	case "ec2fleet.amazonaws.com":
		who = `{"type":"AWSService","invokedBy":"ec2fleet.amazonaws.com"}`
	}
	var answer string
	switch e.name {
	case "RunInstances":
		for i, id := range e.ids {
			if i > 0 {
				answer += ","
			}
			answer += fmt.Sprintf(`{"instanceId":%q}`, id)
		}
		answer = `{"instancesSet":{"items":[` + answer + `]}}`
	case "CreateFleet":
		answer = fmt.Sprintf(`{"CreateFleetResponse":{"fleetId":"fleet-1","fleetInstanceSet":{"item":{"instanceIds":{"item":%q}}}}}`, e.ids[0])
	case "CreateVolume":
		answer = fmt.Sprintf(`{"volumeId":%q}`, e.ids[0])
	case "CreateSecurityGroup":
		answer = fmt.Sprintf(`{"groupId":%q}`, e.ids[0])
	}
	return fmt.Appendf(nil, `{"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":%q,"awsRegion":%q,"recipientAccountId":%q,"userIdentity":%s,"responseElements":%s}`,
		e.at.Format(time.RFC3339), e.name, place.Region, place.Account, who, answer)
}

// request is one look-up.
type request struct {
	name     string
	from, to time.Time
}

// trail is an event history with pages of a few events, which can break off.
type trail struct {
	events []event
	now    time.Time
	size   int
	// pages is after how many pages in all it fails, negative: never; and err how.
	pages    int
	err      error
	requests []request
	read     int // pages
}

func newTrail(events ...event) *trail { return &trail{events: events, now: noon, size: 2, pages: -1} }

var errBroken = &fault.Error{Class: fault.Denied, Call: "cloudtrail:LookupEvents", Message: "not allowed", Hint: "allow it"}

func (t *trail) Lookup(_ context.Context, at resource.Place, name string, from, to time.Time, page func([]creators.Event) error) error {
	t.requests = append(t.requests, request{name, from, to})
	if at != place {
		return fmt.Errorf("a look-up in %s", at)
	}
	var found []creators.Event
	for _, e := range t.events {
		if e.name == name && !e.at.Before(from) && e.at.Before(to) && !e.at.Before(t.now.Add(-creators.Reach)) {
			found = append(found, creators.Event{Time: e.at, Record: e.record()})
		}
	}
	slices.SortStableFunc(found, func(a, b creators.Event) int { return cmp.Compare(b.Time.Unix(), a.Time.Unix()) })
	for first := 0; first == 0 || first < len(found); first += t.size {
		if t.pages >= 0 && t.read >= t.pages {
			return t.err
		}
		t.read++
		if err := page(found[first:min(first+t.size, len(found))]); err != nil {
			return err
		}
	}
	return nil
}

// finder is a Finder over a trail and a book of its own.
func finder(t *trail) (*creators.Finder, *record.Memory) {
	book := record.NewMemory()
	return creators.New(t, nil, book), book
}

func instance(id string, made time.Time) *resource.Instance {
	return &resource.Instance{Base: resource.Base{Reference: resource.EC2Ref(place, resource.EC2Instance, id)}, CreatedAt: made}
}

func volume(id, of string, made time.Time) *resource.Volume {
	return &resource.Volume{Base: resource.Base{Reference: resource.EC2Ref(place, resource.EC2Volume, id)}, Instance: of, CreatedAt: made}
}

func group(id string) *resource.SecurityGroup {
	return &resource.SecurityGroup{Base: resource.Base{Reference: resource.EC2Ref(place, resource.EC2SecurityGroup, id)}}
}

// says is what is known of who made a resource: a name, or why there is none.
func says(t *testing.T, r resource.Resource) string {
	t.Helper()
	o, err := r.Origin()
	switch {
	case err != nil:
		return "unread: " + err.Error()
	case o.Unfound != "":
		return "nobody: " + o.Unfound
	default:
		return o.Name
	}
}

func fill(t *testing.T, f *creators.Finder, now time.Time, rs ...resource.Resource) []string {
	t.Helper()
	f.Fill(t.Context(), scope, place, rs, now)
	var out []string
	for _, r := range rs {
		out = append(out, says(t, r))
	}
	return out
}
