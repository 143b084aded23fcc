package trigger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

const (
	stateChange = `{"version":"0","id":"e-1","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"111122223333",
		"time":"2026-11-02T10:00:00Z","region":"eu-west-1","resources":["arn:aws:ec2:eu-west-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa"],
		"detail":{"instance-id":"i-0aaaaaaaaaaaaaaaa","state":"running"}}`
	record = `{"eventVersion":"1.08","eventID":"c-1","eventSource":"ec2.amazonaws.com","eventName":"CreateVolume","eventTime":"2026-11-02T10:00:01Z",
		"awsRegion":"eu-west-1","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","userName":"ada","principalId":"AIDAEXAMPLE"},
		"responseElements":{"volumeId":"vol-0aaaaaaaaaaaaaaaa"}}`
	tagChange = `{"id":"t-1","detail-type":"Tag Change on Resource","source":"aws.tag","account":"111122223333","time":"2026-11-02T10:00:00Z","region":"eu-west-1",
		"resources":["arn:aws:ec2:eu-west-1::snapshot/snap-0aaaaaaaaaaaaaaaa"],
		"detail":{"changed-tag-keys":["Project","Owner"],"service":"ec2","resource-type":"snapshot","version":3,"tags":{"Owner":"ada"}}}`
	item = `{"messageType":"ConfigurationItemChangeNotification","configurationItem":{"configurationItemStatus":"OK","configurationItemCaptureTime":"2026-11-02T10:00:00Z",
		"awsAccountId":"111122223333","awsRegion":"eu-west-1","resourceType":"AWS::EC2::Instance","resourceId":"i-0aaaaaaaaaaaaaaaa",
		"ARN":"arn:aws:ec2:eu-west-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa"}}`
)

var (
	home     = resource.Place{Account: "111122223333", Region: "eu-west-1"}
	instance = resource.EC2Ref(home, resource.EC2Instance, "i-0aaaaaaaaaaaaaaaa")
	snapshot = resource.EC2Ref(home, resource.EC2Snapshot, "snap-0aaaaaaaaaaaaaaaa")
	ten      = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
)

const configChange = "Config Configuration Item Change"

// withoutRaw leaves the text of an event out of comparisons.
var withoutRaw = cmpopts.IgnoreFields(trigger.Request{}, "Raw")

func event(kind, source, detail string) string {
	return fmt.Sprintf(`{"id":"e-1","detail-type":%q,"source":%q,"account":"111122223333","time":"2026-11-02T10:00:00Z","region":"eu-west-1","resources":[],"detail":%s}`, kind, source, detail)
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

func inSQS(id, body string) string {
	return fmt.Sprintf(`{"messageId":%q,"eventSource":"aws:sqs","body":%s}`, id, quote(body))
}

func notification(message string) string {
	return fmt.Sprintf(`{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","Message":%s}`, quote(message))
}

func configRule(invoking string) string {
	return fmt.Sprintf(`{"invokingEvent":%s,"resultToken":"token","eventLeftScope":false,"configRuleName":"tags","configRuleArn":"arn:aws:config:eu-west-1:111122223333:config-rule/config-rule-0a1b2c","accountId":"111122223333"}`, quote(invoking))
}

var running = &trigger.Request{Cause: trigger.State, ID: "e-1", Time: ten, Account: home.Account, Region: home.Region, Refs: []resource.Ref{instance}, State: "running",
	Name: "EC2 Instance State-change Notification", Source: "aws.ec2"}

var requests = map[string]struct {
	payload string
	want    *trigger.Request
}{
	"an instance runs": {stateChange, running},
	"a tag was removed": {tagChange, &trigger.Request{Cause: trigger.TagsChanged, ID: "t-1", Time: ten, Account: home.Account, Region: home.Region,
		Refs: []resource.Ref{snapshot}, Keys: []string{"Project", "Owner"}, Tags: tag.Set{"Owner": "ada"}, Name: "Tag Change on Resource", Source: "aws.tag"}},
	"a rule's schedule":                   {event("Scheduled Event", "aws.events", `{}`), &trigger.Request{Cause: trigger.Schedule, ID: "e-1", Time: ten, Account: home.Account, Region: home.Region}},
	"EventBridge Scheduler without input": {event("Scheduled Event", "aws.scheduler", `"{}"`), &trigger.Request{Cause: trigger.Schedule, ID: "e-1", Time: ten, Account: home.Account, Region: home.Region}},
	"a schedule with the input of a deployment": {`{"tagwarden":"schedule","id":"x-1","time":"2026-11-02T10:00:00Z","policies":["a","b"]}`,
		&trigger.Request{Cause: trigger.Schedule, ID: "x-1", Time: ten, Policies: []string{"a", "b"}}},
	"Config saw a change": {event("Config Configuration Item Change", "aws.config", item),
		&trigger.Request{Cause: trigger.Config, ID: "e-1", Time: ten, Account: home.Account, Region: home.Region, Refs: []resource.Ref{instance}, Name: configChange, Source: "aws.config"}},
	"a rule of Config asks": {configRule(item), &trigger.Request{Cause: trigger.Config, Time: ten, Account: home.Account, Region: home.Region, Refs: []resource.Ref{instance},
		Evaluation: &trigger.Evaluation{Rule: "tags", Region: home.Region, Token: "token", ResourceType: "AWS::EC2::Instance", ResourceID: "i-0aaaaaaaaaaaaaaaa"}, Name: configChange, Source: "aws.config"}},
	"a rule of Config asks about what is gone": {configRule(strings.Replace(item, `"OK"`, `"ResourceDeleted"`, 1)),
		&trigger.Request{Cause: trigger.Config, Time: ten, Account: home.Account, Region: home.Region, Refs: []resource.Ref{instance},
			Evaluation: &trigger.Evaluation{Rule: "tags", Region: home.Region, Token: "token", ResourceType: "AWS::EC2::Instance", ResourceID: "i-0aaaaaaaaaaaaaaaa", Left: true}, Name: configChange, Source: "aws.config"}},
	"a rule of Config asks for all": {configRule(`{"messageType":"ScheduledNotification","notificationCreationTime":"2026-11-02T10:00:00Z","awsAccountId":"111122223333"}`),
		&trigger.Request{Cause: trigger.Config, Time: ten, Account: home.Account, Region: home.Region, Evaluation: &trigger.Evaluation{Rule: "tags", Region: home.Region, Token: "token"}}},
	"an oversized item": {configRule(`{"messageType":"OversizedConfigurationItemChangeNotification",` + strings.TrimPrefix(strings.Replace(item, `"configurationItem"`, `"configurationItemSummary"`, 1), `{"messageType":"ConfigurationItemChangeNotification",`)),
		&trigger.Request{Cause: trigger.Config, Time: ten, Account: home.Account, Region: home.Region, Refs: []resource.Ref{instance},
			Evaluation: &trigger.Evaluation{Rule: "tags", Region: home.Region, Token: "token", ResourceType: "AWS::EC2::Instance", ResourceID: "i-0aaaaaaaaaaaaaaaa"}, Name: configChange, Source: "aws.config"}},
	"our own doing": {event(trigger.OutcomeKind, trigger.OutcomeSource, `{"policy":"p","action":"stop","state":"done","run":"r","resource":"`+instance.ARN+`"}`),
		&trigger.Request{Cause: trigger.Outcome, ID: "e-1", Time: ten, Account: home.Account, Region: home.Region, Refs: []resource.Ref{instance},
			Done: &trigger.Done{Policy: "p", Action: "stop", State: "done", Run: "r"}, Name: trigger.OutcomeKind, Source: trigger.OutcomeSource, Sender: home.Account}},
	"through a topic":             {`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quote(stateChange) + `}}]}`, running},
	"through a queue":             {`{"Records":[` + inSQS("m-1", stateChange) + `]}`, running},
	"through a topic and a queue": {`{"Records":[` + inSQS("m-1", notification(stateChange)) + `]}`, running},
}

func TestEveryKindOfEventIsRead(t *testing.T) {
	for name, tt := range requests {
		t.Run(name, func(t *testing.T) {
			b, err := trigger.Read([]byte(tt.payload))
			if err != nil || len(b.Messages) != 1 {
				t.Fatalf("%v, %v", b, err)
			}
			m := b.Messages[0]
			if diff := cmp.Diff(tt.want, m.Request, withoutRaw); diff != "" || m.Err != nil || m.Ignored != "" {
				t.Errorf("%v, %q (-want +got)\n%s", m.Err, m.Ignored, diff)
			}
		})
	}
}

func TestARecordIsReadBareAndInItsEnvelopes(t *testing.T) {
	call := event("AWS API Call via CloudTrail", "aws.ec2", record)
	for name, payload := range map[string]string{
		"bare": record, "EventBridge": call, "a service's": event("AWS Service Event via CloudTrail", "aws.ec2", record),
		"a log file": `{"Records":[` + record + `]}`, "looked up": `{"Events":[{"EventId":"c-1","CloudTrailEvent":` + quote(record) + `}]}`,
		"one looked up": `{"EventId":"c-1","CloudTrailEvent":` + quote(record) + `}`, "a queue": `{"Records":[` + inSQS("m-1", call) + `]}`,
	} {
		b, err := trigger.Read([]byte(payload))
		if err != nil || len(b.Messages) != 1 || b.Messages[0].Request == nil {
			t.Fatalf("%s: %+v, %v", name, b, err)
		}
		r := b.Messages[0].Request
		want := &trigger.Request{Cause: trigger.Call, ID: "c-1", Time: ten.Add(time.Second), Account: home.Account, Region: home.Region, Name: "CreateVolume", Source: "aws.ec2"}
		if diff := cmp.Diff(want, r, cmpopts.IgnoreFields(trigger.Request{}, "Record", "Raw")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		made, ignored := r.Record.Creation()
		if ignored != nil || len(made.Made) != 1 || made.Made[0].Ref != resource.EC2Ref(home, resource.EC2Volume, "vol-0aaaaaaaaaaaaaaaa") {
			t.Errorf("%s: it made %+v, %v", name, made, ignored)
		}
	}
}

func TestABatchKeepsItsMessagesApart(t *testing.T) {
	b, err := trigger.Read([]byte(`{"Records":[` + inSQS("m-1", stateChange) + `,` + inSQS("m-2", `{"detail-type":`) + `,` + inSQS("m-3", event("Spot Interruption", "aws.ec2", "{}")) + `]}`))
	if err != nil || !b.Queue || len(b.Messages) != 3 {
		t.Fatalf("%+v, %v", b, err)
	}
	one, two, three := b.Messages[0], b.Messages[1], b.Messages[2]
	if one.ID != "m-1" || one.Request == nil || two.ID != "m-2" || !errors.Is(two.Err, trigger.ErrMalformed) || three.ID != "m-3" || three.Ignored == "" {
		t.Errorf("%+v", b.Messages)
	}
}

func TestABatchMayBeAsLargeAsAFunctionTakes(t *testing.T) {
	body := strings.Replace(stateChange, `"version"`, `"padding":"`+strings.Repeat("x", 200<<10)+`","version"`, 1)
	var records []string
	for i := range 10 {
		records = append(records, inSQS(fmt.Sprint(i), body))
	}
	b, err := trigger.Read([]byte(`{"Records":[` + strings.Join(records, ",") + `]}`))
	if err != nil || len(b.Messages) != 10 || b.Messages[9].Request == nil {
		t.Errorf("%d messages, %v", len(b.Messages), err)
	}
	if _, err := trigger.Read(make([]byte, trigger.MaxSize+1)); !errors.Is(err, trigger.ErrMalformed) {
		t.Errorf("more than that: %v", err)
	}
}

func TestWhatIsNotForUsSaysWhy(t *testing.T) {
	for name, tt := range map[string]struct{ payload, want string }{
		"another kind":     {event("EC2 Spot Instance Interruption Warning", "aws.ec2", `{}`), `events of the kind "EC2 Spot Instance Interruption Warning" wake nothing`},
		"a read":           {strings.Replace(record, `"eventVersion"`, `"readOnly":true,"eventVersion"`, 1), "ec2:CreateVolume changes nothing"},
		"an insight":       {strings.Replace(record, `"eventVersion"`, `"insightDetails":{"state":"Start"},"eventVersion"`, 1), "an insight of CloudTrail is about many calls, and is none of them"},
		"gone from Config": {event("Config Configuration Item Change", "aws.config", strings.Replace(item, `"OK"`, `"ResourceDeleted"`, 1)), "the resource was deleted"},
		"another message":  {event("Config Configuration Item Change", "aws.config", `{"messageType":"ConfigurationSnapshotDeliveryCompleted"}`), `messages of the type "ConfigurationSnapshotDeliveryCompleted" from AWS Config wake nothing`},
		"a confirmation":   {`{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","Token":"t"}`, `messages of the type "SubscriptionConfirmation" from SNS wake nothing`},
		"another account's record": {event("AWS API Call via CloudTrail", "aws.ec2", strings.Replace(record, `"recipientAccountId":"111122223333"`, `"recipientAccountId":"222233334444"`, 1)),
			`it is an event of account "111122223333", and says that it is about "222233334444"`},
		"another account's caller": {event("AWS API Call via CloudTrail", "aws.ec2", strings.Replace(record, `"recipientAccountId":"111122223333","userIdentity":{`, `"userIdentity":{"accountId":"222233334444",`, 1)),
			`it is an event of account "111122223333", and says that it is about "222233334444"`},
		"another account's item": {event("Config Configuration Item Change", "aws.config", strings.ReplaceAll(item, "111122223333", "222233334444")),
			`it is an event of account "111122223333", and says that it is about "222233334444"`},
		"a forged outcome": {event(trigger.OutcomeKind, "elsewhere", `{}`), `it is called an outcome, but is from "elsewhere"`},
	} {
		b, err := trigger.Read([]byte(tt.payload))
		if err != nil || len(b.Messages) != 1 || b.Messages[0].Ignored != tt.want {
			t.Errorf("%s: %+v, %v", name, b.Messages, err)
		}
	}
}

func TestWhatIsMalformedIsANamedError(t *testing.T) {
	for name, payload := range map[string]string{
		"nothing":             ``,
		"no JSON":             `detail`,
		"no object":           `[]`,
		"an empty object":     `{}`,
		"no instance":         strings.Replace(stateChange, `"instance-id":"i-0aaaaaaaaaaaaaaaa",`, ``, 1),
		"a number for it":     strings.Replace(stateChange, `"instance-id":"i-0aaaaaaaaaaaaaaaa"`, `"instance-id":7`, 1),
		"a number for a kind": `{"detail-type":7,"detail":{}}`,
		"no detail":           `{"detail-type":"EC2 Instance State-change Notification"}`,
		"no keys":             strings.Replace(tagChange, `["Project","Owner"]`, `[]`, 1),
		"no ARN":              strings.Replace(tagChange, `"arn:aws:ec2:eu-west-1::snapshot/snap-0aaaaaaaaaaaaaaaa"`, `"arn"`, 1),
		"no token":            strings.Replace(configRule(item), `"token"`, `""`, 1),
		"no invoking event":   configRule(`{`),
		"a record of nothing": `{"eventSource":"","eventName":""}`,
		"an outcome of none":  event(trigger.OutcomeKind, trigger.OutcomeSource, `{}`),
		"our own, unheard of": `{"tagwarden":"restart"}`,
		"settled nothing":     `{"tagwarden":"settled","policies":["p"]}`,
		"settled no resource": `{"tagwarden":"settled","policies":["p"],"resources":[{}]}`,
		"settled for nobody":  `{"tagwarden":"settled","event":` + record + `}`,
		"settled twice":       `{"tagwarden":"settled","policies":["p"],"event":{"tagwarden":"settled","policies":["p"],"event":` + record + `}}`,
		"settled a schedule":  `{"tagwarden":"settled","policies":["p"],"event":{"tagwarden":"schedule"}}`,
		"settled a fragment":  `{"tagwarden":"settled","policies":["p"],"event":{"detail-type":"Tag Change on Resource"}}`,
		"wrapped for ever":    notification(notification(notification(notification(notification(notification(notification(stateChange))))))),
	} {
		b, err := trigger.Read([]byte(payload))
		if !errors.Is(err, trigger.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, b.Messages, err)
		}
	}
}

func TestWhatWeSendOurselvesIsReadBack(t *testing.T) {
	input, err := trigger.ScheduleInput([]string{"p"})
	// Scheduler fills in the variables only where it finds them as they are.
	if err != nil || !strings.Contains(string(input), `"<aws.scheduler.scheduled-time>"`) {
		t.Fatalf("%s, %v", input, err)
	}
	if b, err := trigger.Read(input); err != nil || b.Messages[0].Request.Cause != trigger.Schedule {
		t.Errorf("schedule: %+v, %v", b, err)
	}
}

// What cannot be read costs more memory than it has bytes.
func TestADeliveryHasNoMoreEventsThanAQueueDelivers(t *testing.T) {
	many := func(n int) []byte { return []byte(`{"Records":[0` + strings.Repeat(",0", n-1) + `]}`) }
	if b, err := trigger.Read(many(trigger.MaxEvents)); err != nil || len(b.Messages) != trigger.MaxEvents {
		t.Errorf("%d messages, %v", len(b.Messages), err)
	}
	b, err := trigger.Read(many(trigger.MaxEvents + 1))
	if !errors.Is(err, trigger.ErrMalformed) || len(b.Messages) != 0 || !strings.Contains(err.Error(), "more than 10000 events") {
		t.Errorf("%d messages, %v", len(b.Messages), err)
	}
}

// Whatever comes: nothing panics, and every message is exactly one of the
// three.
func FuzzRead(f *testing.F) {
	for _, tt := range requests {
		f.Add([]byte(tt.payload))
	}
	f.Add([]byte(record))
	f.Add([]byte(`{"tagwarden":"settled","policies":["p"],"due":"2026-11-02T10:05:00Z","event":` + record + `}`))
	f.Add([]byte(`{"Records":[null,7,"",{"Sns":{}},{"eventSource":"aws:sqs"}]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, err := trigger.Read(payload)
		if err != nil && (!errors.Is(err, trigger.ErrMalformed) || len(b.Messages) > 0) {
			t.Fatalf("%v beside %v", err, b.Messages)
		}
		for _, m := range b.Messages {
			n := 0
			for _, is := range []bool{m.Request != nil, m.Ignored != "", m.Err != nil} {
				if is {
					n++
				}
			}
			if n != 1 || m.Err != nil && !errors.Is(m.Err, trigger.ErrMalformed) {
				t.Fatalf("%+v", m)
			}
			if m.Request == nil {
				continue
			}
			if record := m.Request.Subject().Record; record != nil {
				record.Creation()
			}
			if m.Request.Raw != nil {
				sentOn(t, m.Request)
			}
		}
	})
}
