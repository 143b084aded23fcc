package aws

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
)

var twoEvents = []notify.Event{
	{Source: "tagwarden", Kind: "tagwarden Outcome", Time: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), Resources: []string{"arn:aws:s3:::b"}, Detail: `{"policy":"p"}`},
	{Source: "tagwarden", Kind: "tagwarden Outcome", Time: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), Resources: []string{"arn:aws:s3:::c"}, Detail: `{"policy":"q"}`},
}

func TestEventsArePutWithAllTheyHaveWhereTheBusIs(t *testing.T) {
	isolate(t)
	for bus, host := range map[string]string{
		"default": "events.eu-west-1.amazonaws.com",
		"arn:aws:events:us-west-2:111122223333:event-bus/audit": "events.us-west-2.amazonaws.com",
	} {
		s, fake := open(t, func(int, request) reply {
			return reply{body: `{"FailedEntryCount":0,"Entries":[{"EventId":"1"},{"EventId":"2"}]}`}
		})
		failed, err := s.PutEvents(t.Context(), bus, twoEvents)
		if err != nil || len(failed) != 2 || failed[0] != nil || failed[1] != nil {
			t.Fatal(failed, err)
		}
		r := fake.requests[0]
		if r.URL.Host != host || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" {
			t.Errorf("%s of %s", r.Header.Get("X-Amz-Target"), r.URL.Host)
		}
		var got, want any
		if err := json.Unmarshal(r.body, &got); err != nil {
			t.Fatal(err)
		}
		entry := func(arn, detail string) string {
			d, _ := json.Marshal(detail)
			return `{"Time":1793613600,"Source":"tagwarden","DetailType":"tagwarden Outcome","Resources":["` + arn + `"],"EventBusName":"` + bus + `","Detail":` + string(d) + `}`
		}
		if err := json.Unmarshal([]byte(`{"Entries":[`+entry("arn:aws:s3:::b", `{"policy":"p"}`)+`,`+entry("arn:aws:s3:::c", `{"policy":"q"}`)+`]}`), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestEachEventThatWasNotTakenSaysWhy(t *testing.T) {
	isolate(t)
	for name, tt := range map[string]struct {
		body  string
		first fault.Class
	}{
		"throttled": {`{"FailedEntryCount":2,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"Rate exceeded"},{"ErrorCode":"AccessDeniedException"}]}`, fault.Throttled},
		"failed":    {`{"FailedEntryCount":2,"Entries":[{"ErrorCode":"InternalFailure"},{"ErrorCode":"AccessDeniedException"}]}`, fault.Passing},
		"new":       {`{"FailedEntryCount":2,"Entries":[{"ErrorCode":"MalformedDetail"},{"ErrorCode":"AccessDeniedException"}]}`, fault.Other},
	} {
		s, _ := open(t, func(int, request) reply { return reply{body: tt.body} })
		failed, err := s.PutEvents(t.Context(), "default", twoEvents)
		if err != nil || len(failed) != 2 || fault.ClassOf(failed[0]) != tt.first || fault.ClassOf(failed[1]) != fault.Denied {
			t.Fatalf("%s: %v, %v", name, failed, err)
		}
		if hint := fault.HintOf(failed[1]); !strings.Contains(hint, "allow events:PutEvents") {
			t.Errorf("the hint is %q", hint)
		}
	}
	s, _ := open(t, func(int, request) reply { return reply{body: `{"FailedEntryCount":1,"Entries":[{"EventId":"1"}]}`} })
	if failed, err := s.PutEvents(t.Context(), "default", twoEvents); err != nil || failed[0] != nil || failed[1] == nil {
		t.Errorf("an answer that lacks one: %v, %v", failed, err)
	}
}

func TestABusThatIsNotThereIsSaid(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(int, request) reply {
			return reply{status: 400, body: `{"__type":"ResourceNotFoundException","message":"Event bus audit does not exist."}`}
		})
		_, err := s.PutEvents(t.Context(), "audit", twoEvents)
		if f := asFault(t, err); f.Class != fault.NotFound || f.Call != "events:PutEvents" || len(fake.requests) != 1 {
			t.Errorf("%#v after %d requests", f, len(fake.requests))
		}
	})
}
