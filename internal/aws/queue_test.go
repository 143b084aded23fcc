package aws

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/queue/contract"
)

const (
	eventsURL   = "https://sqs.eu-west-1.amazonaws.com/111122223333/events"
	eventsARN   = "arn:aws:sqs:eu-west-1:111122223333:events"
	deliverRole = "arn:aws:iam::111122223333:role/deliver"
)

// later stands in for SQS and Scheduler: it refuses what they refuse, and
// delivers when they would.
type later struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiting
	names   map[string]bool
	inputs  []map[string]any
}

type waiting struct {
	at   time.Time
	body string
}

func (l *later) answer(_ int, r request) reply {
	l.mu.Lock()
	defer l.mu.Unlock()
	var in map[string]any
	if err := json.Unmarshal(r.body, &in); err != nil {
		return reply{status: 400, body: `{"__type":"ValidationException","message":"no JSON"}`}
	}
	l.inputs = append(l.inputs, in)
	if strings.HasPrefix(r.URL.Path, "/schedules/") {
		return l.schedule(strings.TrimPrefix(r.URL.Path, "/schedules/"), in)
	}
	body, _ := in["MessageBody"].(string)
	delay, _ := in["DelaySeconds"].(float64)
	if target := r.Header.Get("X-Amz-Target"); target != "AmazonSQS.SendMessage" || delay < 0 || delay > 900 || body == "" || len(body) > 1<<20 {
		return reply{status: 400, body: fmt.Sprintf(`{"__type":"com.amazonaws.sqs#InvalidParameterValue","message":"%s delay %v, %d bytes"}`, target, delay, len(body))}
	}
	l.waiting = append(l.waiting, waiting{l.now.Add(time.Duration(delay) * time.Second), body})
	sum := md5.Sum([]byte(body)) // as SQS sums what it got
	return reply{body: fmt.Sprintf(`{"MessageId":"m-%d","MD5OfMessageBody":%q}`, len(l.waiting), hex.EncodeToString(sum[:]))}
}

func (l *later) schedule(name string, in map[string]any) reply {
	refuse := func(code string, format string, args ...any) reply {
		return reply{status: 400, body: fmt.Sprintf(`{"__type":%q,"Message":%q}`, code, fmt.Sprintf(format, args...))}
	}
	at, err := time.Parse("at(2006-01-02T15:04:05)", fmt.Sprint(in["ScheduleExpression"]))
	target, _ := in["Target"].(map[string]any)
	window, _ := in["FlexibleTimeWindow"].(map[string]any)
	switch {
	case err != nil || !at.After(l.now) || in["ScheduleExpressionTimezone"] != "UTC":
		return refuse("ValidationException", "no time ahead: %v", in["ScheduleExpression"])
	case len(name) > 64 || strings.Trim(name, "-_.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return refuse("ValidationException", "no name: %q", name)
	case target["Arn"] != eventsARN || target["RoleArn"] != deliverRole || window["Mode"] != "OFF" || in["ActionAfterCompletion"] != "DELETE":
		return refuse("ValidationException", "%v", in)
	case l.names[name]:
		return refuse("ConflictException", "there is a schedule %s", name)
	case l.names == nil:
		l.names = map[string]bool{}
	}
	l.names[name] = true
	l.waiting = append(l.waiting, waiting{at, fmt.Sprint(target["Input"])})
	return reply{body: `{"ScheduleArn":"arn:aws:scheduler:eu-west-1:111122223333:schedule/default/x"}`}
}

func (l *later) delivered(_ *testing.T, until time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = until
	slices.SortStableFunc(l.waiting, func(a, b waiting) int { return a.at.Compare(b.at) })
	var bodies []string
	for len(l.waiting) > 0 && !l.waiting[0].at.After(until) {
		bodies, l.waiting = append(bodies, l.waiting[0].body), l.waiting[1:]
	}
	return bodies
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func openQueue(t *testing.T) (*Session, *Queue, *later) {
	t.Helper()
	isolate(t)
	l := &later{now: noon}
	s, _ := open(t, l.answer)
	q, err := s.Queue(eventsURL)
	if err != nil {
		t.Fatal(err)
	}
	return s, q, l
}

func TestTheContractHoldsOfAQueueThatHoldsBack(t *testing.T) {
	contract.Run(t, func(t *testing.T) contract.Backend {
		_, q, l := openQueue(t)
		return contract.Backend{Keeper: Delayed{q}, Now: noon, Longest: DelayMost, Delivered: l.delivered}
	})
}

func TestTheContractHoldsOfSchedules(t *testing.T) {
	contract.Run(t, func(t *testing.T) contract.Backend {
		s, _, l := openQueue(t)
		k, err := s.Scheduled(eventsARN, deliverRole, "")
		if err != nil {
			t.Fatal(err)
		}
		return contract.Backend{Keeper: k, Now: noon, Soon: scheduleAhead, Longest: 300 * 24 * time.Hour, Delivered: l.delivered}
	})
}

func TestWhatIsDueLaterThanAQueueHoldsBackComesEarlyAndNotLate(t *testing.T) {
	_, q, l := openQueue(t)
	if err := (Delayed{q}).Keep(t.Context(), queue.Note{Key: "k", At: noon.Add(time.Hour), Body: []byte("{}")}, noon); err != nil {
		t.Fatal(err)
	}
	if got := l.delivered(t, noon.Add(DelayMost)); len(got) != 1 {
		t.Errorf("after %s: %q", DelayMost, got)
	}
}

func TestAScheduleGoesIntoItsGroup(t *testing.T) {
	s, _, l := openQueue(t)
	k, err := s.Scheduled(eventsARN, deliverRole, "late-tags")
	if err == nil {
		err = k.Keep(t.Context(), queue.Note{Key: "k", At: noon.Add(time.Hour), Body: []byte("{}")}, noon)
	}
	if err != nil || l.inputs[0]["GroupName"] != "late-tags" || l.inputs[0]["ClientToken"] != "k" {
		t.Errorf("%v, %v", l.inputs, err)
	}
}

func TestWhatIsNoQueueAndNoRoleIsRefusedInWords(t *testing.T) {
	isolate(t)
	s, requests := open(t, func(int, request) reply { return reply{} })
	for _, wrong := range []string{"", "events", "https://sqs.eu-west-1.amazonaws.com/events", "ftp://sqs.eu-west-1.amazonaws.com/1/events", "https://k:s@sqs.eu-west-1.amazonaws.com/1/e", eventsARN, "https://sqs.ev!l.amazonaws.com/1/e"} {
		if _, err := s.Queue(wrong); fault.ClassOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for _, tt := range [][2]string{{eventsURL, deliverRole}, {eventsARN, "deliver"}, {eventsARN, "arn:aws:iam::111122223333:user/ada"}, {"arn:aws:sns:eu-west-1:111122223333:x", deliverRole}} {
		if _, err := s.Scheduled(tt[0], tt[1], ""); fault.ClassOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%q: %v", tt, err)
		}
	}
	if n := len(requests.calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestAQueueIsWhereItsURLSays(t *testing.T) {
	for host, want := range map[string]string{
		"sqs.eu-west-1.amazonaws.com": "eu-west-1", "sqs.cn-north-1.amazonaws.com.cn": "cn-north-1", "ap-south-1.queue.amazonaws.com": "ap-south-1",
		"localhost": "", "sqs.eu-west-1.example.com": "", "queue.amazonaws.com": "",
	} {
		if got := queueRegion(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

func TestWhatSQSSaysIsClassified(t *testing.T) {
	isolate(t)
	for code, want := range map[string]fault.Class{
		"com.amazonaws.sqs#QueueDoesNotExist": fault.NotFound, "com.amazonaws.sqs#ReceiptHandleIsInvalid": fault.WrongState, "com.amazonaws.sqs#KmsAccessDenied": fault.Denied,
		"com.amazonaws.sqs#OverLimit": fault.Quota, "AccessDeniedException": fault.Denied,
	} {
		s, _ := open(t, func(int, request) reply {
			return reply{status: 400, body: fmt.Sprintf(`{"__type":%q,"message":"no"}`, code)}
		})
		q, err := s.Queue(eventsURL)
		if err == nil {
			_, err = q.Receive(t.Context(), time.Minute)
		}
		if fault.ClassOf(err) != want {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestMotoMessagesAreHiddenDeletedAndComeAgain(t *testing.T) {
	s, account, _ := openMoto(t)
	url, arn := account.Queue(t, "events", 2)
	q, err := s.Queue(url)
	if err != nil {
		t.Fatal(err)
	}
	manner, err := q.Manner(t.Context())
	if diff := gocmp.Diff(queue.Manner{ARN: arn, DeadLetters: true}, manner); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	for _, body := range []string{"one", "two"} {
		account.Send(t, url, body)
	}
	ms, err := q.Receive(t.Context(), time.Minute)
	if err != nil || len(ms) != 2 {
		t.Fatalf("%d messages, %v", len(ms), err)
	}
	slices.SortFunc(ms, func(a, b queue.Message) int { return cmp.Compare(string(a.Body), string(b.Body)) })
	if string(ms[0].Body) != "one" || ms[0].Times != 1 || ms[0].ID == "" {
		t.Errorf("%+v", ms[0])
	}
	if err := q.Delete(t.Context(), ms[0]); err != nil {
		t.Fatal(err)
	}
	if err := q.Hide(t.Context(), ms[1], 0); err != nil {
		t.Fatal(err)
	}
	again, err := q.Receive(t.Context(), time.Minute)
	if err != nil || len(again) != 1 || string(again[0].Body) != "two" || again[0].Times != 2 {
		t.Fatalf("%+v, %v", again, err)
	}
	if _, err := s.Queue(url + "-gone"); err != nil {
		t.Fatal(err)
	}
	gone, _ := s.Queue(url + "-gone")
	if _, err := gone.Manner(t.Context()); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("a queue that is not there: %v", err)
	}
}

func TestMotoANoteComesBackThroughItsQueue(t *testing.T) {
	s, account, _ := openMoto(t)
	url, _ := account.Queue(t, "notes", 5)
	q, err := s.Queue(url)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := (Delayed{q}).Keep(t.Context(), queue.Note{Key: "k", At: now.Add(time.Second), Body: []byte(`{"a":1}`)}, now); err != nil {
		t.Fatal(err)
	}
	ms, err := q.Receive(t.Context(), time.Minute)
	if err != nil || len(ms) != 1 || string(ms[0].Body) != `{"a":1}` || time.Since(now) < 900*time.Millisecond {
		t.Errorf("after %s: %+v, %v", time.Since(now), ms, err)
	}
}
