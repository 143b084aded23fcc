package trigger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// A list of records comes through a queue or a topic as well as by itself, and a
// message with one is one message still.
func TestAListIsReadInWhateverItComes(t *testing.T) {
	second := strings.Replace(record, `"c-1"`, `"c-2"`, 1)
	list := `{"Records":[` + record + `,` + second + `]}`
	found := `{"Events":[{"CloudTrailEvent":` + quote(record) + `},{"CloudTrailEvent":` + quote(second) + `}]}`
	for name, tt := range map[string]struct {
		payload, message string
	}{
		"by itself":                     {list, ""},
		"found":                         {found, ""},
		"in a queue":                    {`{"Records":[` + inSQS("m-1", list) + `]}`, "m-1"},
		"found, and in a queue":         {`{"Records":[` + inSQS("m-1", found) + `]}`, "m-1"},
		"through a topic":               {`{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quote(list) + `}}]}`, ""},
		"through a topic and a queue":   {`{"Records":[` + inSQS("m-1", notification(list)) + `]}`, "m-1"},
		"as the body of a notification": {notification(list), ""},
	} {
		b, err := trigger.Read([]byte(tt.payload))
		var got []string
		for _, m := range b.Messages {
			if m.Request == nil {
				t.Fatalf("%s: %+v", name, m)
			}
			got = append(got, m.ID+" "+m.Request.ID)
		}
		if diff := cmp.Diff([]string{tt.message + " c-1", tt.message + " c-2"}, got); diff != "" || err != nil || b.Queue != (tt.message != "") {
			t.Errorf("%s: %v, of a queue: %v (-want +got)\n%s", name, err, b.Queue, diff)
		}
	}
}

func TestListsWithinMessagesAreBoundedTogether(t *testing.T) {
	half := `{"Records":[0` + strings.Repeat(",0", trigger.MaxEvents/2) + `]}`
	b, err := trigger.Read([]byte(`{"Records":[` + inSQS("m-1", half) + `,` + inSQS("m-2", half) + `]}`))
	if !errors.Is(err, trigger.ErrMalformed) || len(b.Messages) != 0 {
		t.Errorf("%d messages, %v", len(b.Messages), err)
	}
	deep := `{"Records":[` + strings.Repeat(`{"Records":[`, 20) + record + strings.Repeat(`]}`, 20) + `]}`
	if b, err = trigger.Read([]byte(deep)); err != nil || len(b.Messages) != 1 || !errors.Is(b.Messages[0].Err, trigger.ErrMalformed) {
		t.Errorf("lists within lists: %+v, %v", b, err)
	}
}

// What other services send to a queue or a function is none of ours, and is so
// whether it comes by itself or in a message.
func TestWhatOtherServicesSendIsNoneOfOurs(t *testing.T) {
	object := `{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2026-11-02T10:00:00Z","eventName":"ObjectCreated:Put","s3":{}}`
	for name, payload := range map[string]string{
		"S3": `{"Records":[` + object + `]}`, "S3 in a queue": `{"Records":[` + inSQS("m-1", `{"Records":[`+object+`]}`) + `]}`,
		"DynamoDB": `{"Records":[{"eventID":"1","eventName":"INSERT","eventSource":"aws:dynamodb","awsRegion":"eu-west-1","dynamodb":{}}]}`,
		"Kinesis":  `{"Records":[{"eventSource":"aws:kinesis","eventName":"aws:kinesis:record","kinesis":{"data":""}}]}`,
	} {
		b, err := trigger.Read([]byte(payload))
		if err != nil || len(b.Messages) != 1 || !strings.HasSuffix(b.Messages[0].Ignored, " wake nothing") {
			t.Errorf("%s: %+v, %v", name, b.Messages, err)
		}
	}
}

// Whoever may put events on a bus chooses their source, but none that begins
// with "aws.": a record of CloudTrail from elsewhere is somebody's invention, and
// so is its creator.
func TestWhatIsNotFromAWSIsNotBelieved(t *testing.T) {
	kinds := map[string]string{
		"AWS API Call via CloudTrail": record, "AWS Service Event via CloudTrail": record,
		"EC2 Instance State-change Notification": `{"instance-id":"i-0aaaaaaaaaaaaaaaa","state":"running"}`,
		"Tag Change on Resource":                 `{"changed-tag-keys":["Owner"]}`, "Scheduled Event": `{}`, configChange: item,
	}
	for kind, detail := range kinds {
		for _, source := range []string{"my.app", "aws", "awsome.ec2", "AWS.ec2", "aws.partner/example.com/1"} {
			b, err := trigger.Read([]byte(event(kind, source, detail)))
			want := fmt.Sprintf("it is called %q, but is from %q", kind, source)
			if err != nil || len(b.Messages) != 1 || b.Messages[0].Ignored != want {
				t.Errorf("%s from %s: %+v, %v", kind, source, b.Messages, err)
			}
		}
	}
}

// A rule of EventBridge sends its input as it is: only EventBridge Scheduler
// fills in its variables. What is the same every day is no event's id.
func TestAVariableThatNobodyFilledInIsNoID(t *testing.T) {
	input, err := trigger.ScheduleInput([]string{"p"})
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{string(input), `{"tagwarden":"schedule","id":"<aws.scheduler.attempt-number>"}`} {
		if r := one(t, payload); r.ID != "" || !r.Time.IsZero() {
			t.Errorf("%s: %+v", payload, r)
		}
	}
}

// Config waits for an answer about everything it asks about, and has ARNs neither
// for every type nor for everything that is gone.
func TestARuleThatAsksAboutWhatHasNoARNIsAnswered(t *testing.T) {
	bare := strings.Replace(item, `,
		"ARN":"arn:aws:ec2:eu-west-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa"`, "", 1)
	for name, invoking := range map[string]string{
		"none": bare, "null": strings.Replace(item, `"arn:aws:ec2:eu-west-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa"`, "null", 1),
		"gone": strings.Replace(bare, `"OK"`, `"ResourceDeleted"`, 1),
	} {
		r := one(t, configRule(invoking))
		want := &trigger.Evaluation{Rule: "tags", Region: home.Region, Token: "token", ResourceType: "AWS::EC2::Instance", ResourceID: "i-0aaaaaaaaaaaaaaaa", Left: true}
		if diff := cmp.Diff(want, r.Evaluation); diff != "" || len(r.Refs) != 0 || r.Account != home.Account {
			t.Errorf("%s: %+v (-want +got)\n%s", name, r, diff)
		}
	}
	b, err := trigger.Read([]byte(event(configChange, "aws.config", bare)))
	if want := `configuration items of the type "AWS::EC2::Instance" name no ARN`; err != nil || b.Messages[0].Ignored != want {
		t.Errorf("where nobody asks: %+v, %v", b, err)
	}
}

func TestWhatConfigTellsItsTopicIsRead(t *testing.T) {
	want := one(t, event(configChange, "aws.config", item))
	want.ID = ""
	for name, payload := range map[string]string{
		"raw": item, "in a notification": notification(item), "to a function": `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quote(item) + `}}]}`,
	} {
		if diff := cmp.Diff(want, one(t, payload), withoutRaw); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	for payload, want := range map[string]string{
		`{"messageType":"ComplianceChangeNotification"}`:      `messages of the type "ComplianceChangeNotification" from AWS Config wake nothing`,
		strings.Replace(item, `"OK"`, `"ResourceDeleted"`, 1): "the resource was deleted",
	} {
		if b, err := trigger.Read([]byte(notification(payload))); err != nil || b.Messages[0].Ignored != want {
			t.Errorf("%s: %+v, %v", payload, b, err)
		}
	}
}

// Somebody who can write to a queue must not make answers and logs as long as
// they like: an answer that is too long fails for all messages of its batch.
func TestWhatIsSaidOfAnEventIsShort(t *testing.T) {
	long := strings.Repeat("\\u001bx", 100_000)
	for name, payload := range map[string]string{
		"its kind": event("EC2 "+strings.Repeat("x", 100_000), "aws.ec2", "{}"), "its source": event("Scheduled Event", strings.Repeat("x", 100_000), "{}"),
		"an outcome's source": event(trigger.OutcomeKind, strings.Repeat("x", 100_000), "{}"),
		"its id":              strings.Replace(stateChange, `"e-1"`, `"`+long+`"`, 1), "its account": strings.Replace(stateChange, `"account":"`, `"account":"`+long, 1),
		"its region": strings.Replace(stateChange, `"region":"`, `"region":"`+long, 1), "a schedule's id": `{"tagwarden":"schedule","id":"` + long + `"}`,
		"a call": strings.Replace(record, "CreateVolume", long, 1), "a call's service": strings.Replace(record, "ec2.amazonaws.com", long, 1),
		"a call that reads": strings.Replace(record, `"eventName":"CreateVolume"`, `"readOnly":true,"eventName":"`+long+`"`, 1),
		"why a call failed": strings.Replace(record, `"eventID"`, `"errorCode":"`+long+`","eventID"`, 1),
		"a call's id":       strings.Replace(record, `"c-1"`, `"`+long+`"`, 1), "another service": `{"eventSource":"aws:` + long + `","eventName":"x"}`,
		"our own": `{"tagwarden":"` + long + `"}`, "Config": `{"messageType":"` + long + `"}`,
		"a type of Config": strings.Replace(strings.Replace(item, "AWS::EC2::Instance", long, 1), `"ARN"`, `"no"`, 1),
		"an outcome's id":  event(trigger.OutcomeKind, trigger.OutcomeSource, `{"id":"`+long+`","policy":"p","action":"stop","state":"done","resource":"`+instance.ARN+`"}`),
	} {
		b, err := trigger.Read([]byte(payload))
		if err == nil {
			m := b.Messages[0]
			if m.Request != nil || m.Ignored == "" {
				t.Errorf("%s: it is read", name)
			}
			err = errors.New(m.Ignored)
		}
		if n := len(err.Error()); n > 1000 {
			t.Errorf("%s: %d bytes are said of it", name, n)
		}
	}
}

// Keys of tags differ by their case, which those of events do not always.
func TestTheTagsOfAnEventAreThoseOfItsKeys(t *testing.T) {
	payload := strings.NewReplacer(`["Project","Owner"]`, `["Project","Owner","Empty"]`, `{"Owner":"ada"}`, `{"project":"x","Owner":"ada","Other":"y","Owner":"bob","Empty":""}`).Replace(tagChange)
	if diff := cmp.Diff(tag.Set{"Owner": "ada", "Empty": ""}, one(t, payload).Tags); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// It is read in one pass: with one for each key these would take hours.
func TestManyKeysTakeNoLongerThanManyBytes(t *testing.T) {
	var keys, tags []string
	for i := range 120_000 {
		keys, tags = append(keys, fmt.Sprintf(`"k%d"`, i)), append(tags, fmt.Sprintf(`"k%d":"v"`, i))
	}
	payload := strings.NewReplacer(`["Project","Owner"]`, "["+strings.Join(keys, ",")+"]", `{"Owner":"ada"}`, "{"+strings.Join(tags, ",")+"}").Replace(tagChange)
	if r := one(t, payload); len(r.Keys) != 120_000 || len(r.Tags) != 120_000 {
		t.Errorf("%d keys and %d tags", len(r.Keys), len(r.Tags))
	}
}
