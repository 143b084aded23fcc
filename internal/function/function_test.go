package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestWhatRunsWithoutAnExceptionIsStoppedOnceAndTheAnswerSaysSo(t *testing.T) {
	l := newLambda(t, unexcepted)
	id := l.launch("i-00000000000000001", tag.Set{"Name": "web"})
	a := l.done(running("e-1", id))
	if l.runs(id) || len(l.published) != 1 {
		t.Errorf("runs: %t, %d publications", l.runs(id), len(l.published))
	}
	want := &Answer{StatusCode: 200, Body: "1 violation; 2 actions done, 0 failed, 0 held", Violations: 1, Resources: []Violation{}, Warnings: []string{}, Failures: []Failure{},
		Instances: []Violation{{ID: id, ARN: "arn:aws:ec2:us-east-1:111122223333:instance/" + id, Type: "ec2:instance", Account: account1, Region: region,
			Policy: "stop-what-has-no-exception", Actions: map[string]plan.State{"stop": "done", "notify": "done"}}},
		Actions: map[string]map[plan.State]int{"stop": {"done": 1}, "notify": {"done": 1}},
		Events:  []Event{{Cause: "state", ID: "e-1", Run: "20261102T100000Z-3f2a9c1b", Policies: []string{"stop-what-has-no-exception"}}}}
	if len(a.Instances) == 1 {
		d := a.Instances[0].Details
		if d["name"] != "web" || d["owner"] != "Unknown" || d["launched_utc"] != "2026-11-02 09:00" || d["days_running"] != "0" || d["private_ip"] == "" || d["type"] == "" {
			t.Errorf("its details: %v", d)
		}
		if len(a.Instances[0].Reasons) == 0 {
			t.Error("it has no reason")
		}
		want.Instances[0].Details, want.Instances[0].Reasons = d, a.Instances[0].Reasons
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("the answer (-want +got)\n%s", diff)
	}
	// Delivered again, to another process even, it is acknowledged without effect.
	calls := len(l.aws.Log())
	for range 2 {
		a = l.done(running("e-1", id))
		if a.Events[0].Ignored != "it was handled before" || a.StatusCode != statusDone || a.Body != "nothing to do: it was handled before" {
			t.Errorf("the second time: %+v", a)
		}
		l.renew()
	}
	if len(l.published) != 1 || len(l.aws.Log()) != calls {
		t.Errorf("%d publications, %d changes instead of %d", len(l.published), len(l.aws.Log()), calls)
	}
}

func TestWhatHasTheExceptionIsLeftAlone(t *testing.T) {
	l := newLambda(t, unexcepted, "EXCEPTION_TAG=Approved")
	id := l.launch("i-00000000000000001", tag.Set{"Approved": ""})
	a := l.done(running("e-1", id))
	if !l.runs(id) || len(l.published) != 0 || a.Violations != 0 || a.StatusCode != statusDone {
		t.Errorf("runs: %t, %d publications, %+v", l.runs(id), len(l.published), a)
	}
}

func TestWhatIsMalformedIsAnsweredAndNotRetried(t *testing.T) {
	l := newLambda(t, unexcepted)
	for name, payload := range map[string]string{
		"without an instance":   strings.Replace(running("e-1", "i-1"), `"instance-id":"i-1",`, "", 1),
		"no JSON":               `{"detail`,
		"nothing":               ``,
		"a test of the console": `{"key1":"value1"}`,
	} {
		a, err := l.invoke(payload)
		if err != nil || a.StatusCode != statusMalformed || len(a.Events) != 1 || a.Events[0].Error != Malformed || !strings.Contains(a.Body, "malformed event") {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if a := l.done(strings.Replace(running("e-1", "i-1"), `"instance-id":"i-1",`, "", 1)); !strings.Contains(a.Body, "detail.instance-id") {
		t.Errorf("it does not say what is missing: %s", a.Body)
	}
}

func TestWhatIsNotForUsIsAcknowledgedWithTheReason(t *testing.T) {
	l := newLambda(t, unexcepted)
	for payload, want := range map[string]string{
		`{"id":"e-1","detail-type":"AWS Health Event","source":"aws.health","detail":{}}`:   `events of the kind "AWS Health Event" wake nothing`,
		strings.Replace(running("e-1", "i-1"), `"state":"running"`, `"state":"pending"`, 1): "no policy is woken by it",
		strings.Replace(running("e-1", "i-1"), account1, "999988887777", 1):                 "it is about account 999988887777, and this is " + account1,
	} {
		if a := l.done(payload); a.StatusCode != statusDone || a.Events[0].Ignored != want || a.Body != "nothing to do: "+want {
			t.Errorf("%+v, want %q", a, want)
		}
	}
}

func TestOnlyTheMessagesThatFailedAreDeliveredAgain(t *testing.T) {
	l := newLambda(t, unexcepted)
	good, busy := l.launch("i-00000000000000001", nil), l.launch("i-00000000000000002", nil)
	key := fmt.Sprintf("resource/%s/%s/ec2:instance/%s", account1, region, busy)
	scope := record.Scope{Name: "default", Account: account1}
	if _, err := l.ledger.Claim(t.Context(), scope, key, "other", l.aws.Clock().Now(), l.aws.Clock().Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	a := l.done(queued(running("e-1", good), `{"no":"event"}`, running("e-2", busy)))
	if diff := cmp.Diff([]Failure{{"m-3"}}, a.Failures); diff != "" {
		t.Errorf("to be delivered again (-want +got)\n%s", diff)
	}
	if l.runs(good) || !l.runs(busy) || a.StatusCode != statusMalformed {
		t.Errorf("%t, %t, %d", l.runs(good), l.runs(busy), a.StatusCode)
	}
	want := []Event{
		{Message: "m-1", Cause: "state", ID: "e-1", Run: "20261102T100000Z-3f2a9c1b-1", Policies: []string{"stop-what-has-no-exception"}},
		{Message: "m-2", Policies: []string{}, Error: Malformed},
		{Message: "m-3", Cause: "state", ID: "e-2", Run: "20261102T100000Z-3f2a9c1b-3", Policies: []string{}, Error: Unfinished, Again: true},
	}
	for i := range a.Events {
		if (a.Events[i].Text != "") != (want[i].Error != "") {
			t.Errorf("event %d: %q", i, a.Events[i].Text)
		}
		a.Events[i].Text = ""
	}
	if diff := cmp.Diff(want, a.Events); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
	// The other run has died, and the message comes again.
	l.aws.Clock().Advance(time.Minute)
	if a := l.done(queued(running("e-2", busy))); len(a.Failures) != 0 || l.runs(busy) {
		t.Errorf("the second time: %+v", a)
	}
	body, err := a.Encode()
	if err != nil || !strings.Contains(string(body), `"batchItemFailures":[{"itemIdentifier":"m-3"}]`) {
		t.Errorf("%s, %v", body, err)
	}
}

// A message may hold several events, and is delivered again as a whole.
func TestAMessageOfWhichTwoEventsFailedIsNamedOnce(t *testing.T) {
	l := newLambda(t, unexcepted)
	one, two := l.launch("i-00000000000000001", nil), l.launch("i-00000000000000002", nil)
	l.aws.Throttle("ec2:StopInstances", 1000)
	a := l.done(queued(`{"Records":[`+running("e-1", one)+`,`+running("e-2", two)+`]}`, running("e-3", one)))
	if diff := cmp.Diff([]Failure{{"m-1"}, {"m-2"}}, a.Failures); diff != "" || len(a.Events) != 3 {
		t.Errorf("%d events, to be delivered again (-want +got)\n%s", len(a.Events), diff)
	}
}

func TestWhatFailsForAPassingReasonIsTriedAgainAtOnce(t *testing.T) {
	l := newLambda(t, unexcepted)
	id := l.launch("i-00000000000000001", nil)
	l.aws.Throttle("ec2:StopInstances", 1)
	if a := l.done(running("e-1", id)); l.runs(id) || a.StatusCode != statusDone || a.Violations != 1 {
		t.Errorf("%+v", a)
	}
	if len(l.logged("an event is tried again")) != 1 {
		t.Errorf("the log does not say so:\n%s", l.log.String())
	}
}

func TestWhatGoesOnFailingIsAnErrorAndDeliveredAgain(t *testing.T) {
	l := newLambda(t, unexcepted)
	id := l.launch("i-00000000000000001", nil)
	l.aws.Throttle("ec2:StopInstances", 1000)
	_, err := l.invoke(running("e-1", id))
	if e, ok := errors.AsType[*Error](err); !ok || e.Name != Unfinished {
		t.Fatalf("%v", err)
	}
	l.aws.Throttle("ec2:StopInstances", 0)
	if a := l.done(running("e-1", id)); l.runs(id) || a.Events[0].Ignored != "" {
		t.Errorf("delivered again: %+v", a)
	}
}

func TestWhatFailsForGoodIsReportedAndNotTriedAgain(t *testing.T) {
	l := newLambda(t, unexcepted)
	id := l.launch("i-00000000000000001", nil)
	l.aws.Deny("ec2:StopInstances")
	a := l.done(running("e-1", id))
	if a.StatusCode != statusFailed || a.Actions["stop"]["failed"] != 1 || len(l.logged("an event is tried again")) != 0 {
		t.Errorf("%+v", a)
	}
}

func TestWhatCannotBeSeenYetIsWaitedForAndWhatIsGoneIsNot(t *testing.T) {
	l := newLambda(t, unexcepted)
	const id = "i-00000000000000001"
	late := 0
	l.during = func() {
		if late == 0 && l.aws.Clock().Now().Sub(start) >= 3*time.Second {
			l.launch(id, nil)
			late++
		}
	}
	if a := l.done(running("e-1", id)); l.runs(id) || a.Violations != 1 || len(l.logged("an event is tried again")) != 0 {
		t.Errorf("%+v", a)
	}
	l.during = nil
	_, err := l.invoke(running("e-2", "i-00000000000000002"))
	if e, ok := errors.AsType[*Error](err); !ok || e.Name != Unfinished || !strings.Contains(e.Error(), "i-00000000000000002") {
		t.Errorf("%v", err)
	}
	l.aws.Clock().Advance(2 * time.Minute)
	if a := l.done(running("e-2", "i-00000000000000002")); a.StatusCode != statusDone || a.Events[0].Again {
		t.Errorf("two minutes later: %+v", a)
	}
}

const nightly = `version: 1
settings: {mark: off, ledger: {dynamodb: tagwarden}, limits: {share: 100%}}
policies:
  - {name: untagged, resource: ec2:instance, on: {schedule: rate(1 day)}, mode: enforce, match: '!("Project" in resource.tags)', enforce: [stop]}
`

func TestAScheduleSweepsTheAccount(t *testing.T) {
	l := newLambda(t, nightly)
	a1, a2 := l.launch("i-00000000000000001", nil), l.launch("i-00000000000000002", tag.Set{"Project": ""})
	daily := `{"id":"s-1","detail-type":"Scheduled Event","source":"aws.events","account":"111122223333","time":"2026-11-02T10:00:00Z","region":"us-east-1","detail":{}}`
	a := l.done(daily)
	if l.runs(a1) || !l.runs(a2) || a.Violations != 1 || len(a.Instances) != 1 || a.Events[0].Cause != "schedule" {
		t.Errorf("%t, %t, %+v", l.runs(a1), l.runs(a2), a)
	}
	if a = l.done(daily); a.Events[0].Ignored != "it was handled before" {
		t.Errorf("the same event again: %+v", a)
	}
}

func TestASweepThatRunsIntoTheDeadlineIsGoneOnWith(t *testing.T) {
	l := newLambda(t, nightly)
	for i := range 3 {
		l.launch(fmt.Sprintf("i-%017d", i+1), nil)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	block := &slow{Account: l.aws}
	l.Function.world.account = func() *account { a := l.account(); a.source = block; return a }
	_, err := l.Invoke(ctx, "1", []byte(`{"tagwarden":"schedule","id":"s-1"}`))
	if e, ok := errors.AsType[*Error](err); !ok || e.Name != Unfinished {
		t.Fatalf("%v", err)
	}
	if end, _ := ctx.Deadline(); !block.end.Before(end) || block.end.IsZero() {
		t.Errorf("the work may last until %s, and the function is ended at %s", block.end, end)
	}
	l.renew()
	if a := l.done(`{"tagwarden":"schedule","id":"s-1"}`); a.Actions["stop"]["done"] != 3 {
		t.Errorf("delivered again: %+v", a)
	}
}

// slow is an account that answers no question about itself before the time is
// over.
type slow struct {
	*sim.Account
	end time.Time // of the time it was given
}

func (s *slow) List(ctx context.Context, _ resource.Place, _ resource.Type, _ func([]resource.Resource) error) error {
	s.end, _ = ctx.Deadline()
	<-ctx.Done()
	return ctx.Err()
}

func TestABusHearsOfOutcomesAndARuleOfAWSConfigIsAnswered(t *testing.T) {
	l := newLambda(t, strings.NewReplacer("limits: {share: 100%}", "limits: {share: 100%}, outcomes: {eventbridge: default}", "on: {state: running}", "on: config").Replace(unexcepted))
	id := l.launch("i-00000000000000001", nil)
	const token = "a-token-that-is-a-secret"
	for kind, item := range map[string]string{
		"ConfigurationItemChangeNotification": fmt.Sprintf(`,"configurationItem":{"resourceType":"AWS::EC2::Instance","resourceId":%q,"ARN":"arn:aws:ec2:us-east-1:111122223333:instance/%s","awsAccountId":%q,"awsRegion":%q,"configurationItemCaptureTime":"2026-11-02T10:00:00Z","configurationItemStatus":"OK"}`, id, id, account1, region),
		"ScheduledNotification":               fmt.Sprintf(`,"awsAccountId":%q,"notificationCreationTime":"2026-11-02T10:00:00Z"`, account1),
	} {
		l.evaluated = nil
		inner, _ := json.Marshal(fmt.Sprintf(`{"messageType":%q%s}`, kind, item))
		a := l.done(fmt.Sprintf(`{"invokingEvent":%s,"configRuleName":"r","configRuleArn":"arn:aws:config:us-east-1:111122223333:config-rule/config-rule-1","resultToken":%q,"accountId":%q,"eventLeftScope":false}`, inner, token, account1))
		if len(l.evaluated) != 1 || a.StatusCode != statusDone || a.Events[0].Cause != "config" {
			t.Errorf("%s: evaluated %v, %+v", kind, l.evaluated, a)
		}
	}
	if len(l.announced) == 0 || l.runs(id) {
		t.Errorf("announced %v, it runs: %t", l.announced, l.runs(id))
	}
	if strings.Contains(l.log.String(), token) {
		t.Error("the log has the token")
	}
}

func TestNothingIsBegunThatCannotBeEnded(t *testing.T) {
	l := newLambda(t, unexcepted)
	id := l.launch("i-00000000000000001", nil)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	l.Warm(t.Context())
	a, err := l.Invoke(ctx, "1", []byte(queued(running("e-1", id))))
	if err != nil || len(a.Failures) != 1 || !l.runs(id) {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestEveryLineOfTheLogNamesTheRequestAndNothingHostileIsInIt(t *testing.T) {
	l := newLambda(t, unexcepted, "EXCEPTION_TAG=Approved")
	l.Warm(t.Context())
	l.log.Reset()
	l.done(`{"id":"e-\u001b[2J\u202e","detail-type":"AWS \u001b[31mHealth","detail":{}}`)
	for line := range strings.Lines(l.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil || m["requestId"] != "3f2a9c1b-0000-4000-8000-000000000000" {
			t.Errorf("%s: %v", line, err)
		}
	}
	if strings.ContainsAny(l.log.String(), "\x1b\u202e") {
		t.Errorf("%q", l.log.String())
	}
}
