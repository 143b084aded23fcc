package trigger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

var due = ten.Add(5 * time.Minute)

// one reads a delivery of one event.
func one(t *testing.T, payload string) *trigger.Request {
	t.Helper()
	b, err := trigger.Read([]byte(payload))
	if err != nil || len(b.Messages) != 1 || b.Messages[0].Request == nil {
		t.Fatalf("reading %s: %+v, %v", payload, b, err)
	}
	return b.Messages[0].Request
}

func TestWhatSettlesIsReadBackAsItWas(t *testing.T) {
	for name, payload := range map[string]string{
		"an instance runs": stateChange, "a call": record, "a call in its envelope": event("AWS API Call via CloudTrail", "aws.ec2", record),
		"tags": tagChange, "through a queue": `{"Records":[` + inSQS("m-1", notification(stateChange)) + `]}`,
		"hostile text": strings.Replace(record, `"ada"`, `"<aws.scheduler.schedule-arn>\u0000 ünï`+"\U0001f600\uffff\u007f"+`"`, 1),
	} {
		was := one(t, payload)
		id, body, err := trigger.SettledInput(was, due, []string{"p", "q"}, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, b := range body {
			if b < 0x20 || b >= 0x7f || b == '<' || b == '>' {
				t.Fatalf("%s: byte %#x would be refused or replaced: %s", name, b, body)
			}
		}
		is := one(t, string(body))
		if is.Cause != trigger.Settled || is.ID != id || !is.Due.Equal(due) || is.Subject().Cause != was.Cause || is.Account != was.Account || is.Region != was.Region || !is.Time.Equal(was.Time) {
			t.Errorf("%s: it came back as %+v", name, is)
		}
		if diff := cmp.Diff([]string{"p", "q"}, is.Policies); diff != "" {
			t.Errorf("%s: policies (-want +got)\n%s", name, diff)
		}
		if was.Record == nil {
			if diff := cmp.Diff(was, is.Subject(), withoutRaw); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", name, diff)
			}
			continue
		}
		if diff := cmp.Diff(was.Record.CreatedBy(), is.Subject().Record.CreatedBy()); diff != "" {
			t.Errorf("%s: the creator (-want +got)\n%s", name, diff)
		}
	}
}

func TestAJudgementThatWaitsHasOneNameHoweverOftenItsEventComes(t *testing.T) {
	id := func(payload string, policies ...string) string {
		id, _, err := trigger.SettledInput(one(t, payload), due, policies, nil)
		if err != nil || len(id) != 32 {
			t.Fatalf("%q, %v", id, err)
		}
		return id
	}
	same := id(stateChange, "p")
	if got := id(`{"Records":[`+inSQS("m-9", stateChange)+`]}`, "p"); got != same {
		t.Errorf("through a queue it is %s, else %s", got, same)
	}
	nameless := strings.Replace(stateChange, `"id":"e-1"`, `"id":""`, 1)
	seen := map[string]string{}
	for name, got := range map[string]string{
		"this": same, "other policies": id(stateChange, "p", "q"), "other names": id(stateChange, "pq"), "another event": id(strings.Replace(stateChange, "e-1", "e-2", 1), "p"),
		"without an id": id(nameless, "p"), "another without": id(strings.Replace(nameless, "10:00:00", "10:00:01", 1), "p"),
	} {
		if was, ok := seen[got]; ok {
			t.Errorf("%s and %s have one name", name, was)
		}
		seen[got] = name
	}
}

func TestWhatCannotBeSentOnIsReplacedByItsResources(t *testing.T) {
	large := strings.Replace(stateChange, `"version"`, `"padding":"`+strings.Repeat("x", trigger.MaxSettled)+`","version"`, 1)
	for name, payload := range map[string]string{"too large": large, "with a secret": configRule(item)} {
		was := one(t, payload)
		_, body, err := trigger.SettledInput(was, due, []string{"p"}, []resource.Ref{instance})
		if err != nil || len(body) > trigger.MaxSettled || strings.Contains(string(body), "token") {
			t.Fatalf("%s: %d bytes, %v", name, len(body), err)
		}
		is := one(t, string(body))
		if diff := cmp.Diff([]resource.Ref{instance}, is.Refs); diff != "" || is.Of != nil || is.Account != was.Account || !is.Time.Equal(was.Time) {
			t.Errorf("%s: %+v (-want +got)\n%s", name, is, diff)
		}
	}
	if _, _, err := trigger.SettledInput(one(t, configRule(item)), due, []string{"p"}, make([]resource.Ref, 10_000)); err == nil {
		t.Error("10,000 resources are accepted, and no queue takes them")
	}
}

// The name in a message is not believed: else one message could be made to count
// as another that was handled.
func TestANameThatWasSentIsNotBelieved(t *testing.T) {
	_, body, err := trigger.SettledInput(one(t, stateChange), due, []string{"p"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	honest := one(t, string(body))
	forged := one(t, strings.Replace(string(body), honest.ID, "0123", 1))
	if forged.ID != honest.ID {
		t.Errorf("it is called %s", forged.ID)
	}
}

// sentOn sends whatever was read on, and reads it again.
func sentOn(t *testing.T, r *trigger.Request) {
	if r.Cause == trigger.Schedule {
		return
	}
	_, body, err := trigger.SettledInput(r, due, []string{"p"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := trigger.Read(body)
	if len(body) > trigger.MaxSettled || err == nil && b.Messages[0].Ignored != "" {
		t.Fatalf("%d bytes, ignored %q: %s", len(body), b.Messages[0].Ignored, body)
	}
	if err == nil && b.Messages[0].Request.Subject().Cause != r.Subject().Cause {
		t.Fatalf("%s came back as %s", r.Subject().Cause, b.Messages[0].Request.Subject().Cause)
	}
}
