package function

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const (
	account1 = "111122223333"
	region   = "us-east-1"
)

var start = time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)

// unexcepted is the policy of a function that stops what runs without an
// exception.
const unexcepted = `version: 1
settings: {mark: off, ledger: {dynamodb: tagwarden}, limits: {share: 100%}, exempt: [{tag: "${EXCEPTION_TAG:-SPECIAL_EXCEPTION}"}]}
channels: {managers: {sns: {topic: "arn:aws:sns:us-east-1:111122223333:managers"}}}
policies:
  - name: stop-what-has-no-exception
    resource: ec2:instance
    on: {state: running}
    mode: enforce
    match: resource.state == "running"
    enforce: [stop, {notify: managers}]
`

// lambda is a function on the embedded account, with the policy file of its
// package, and what surrounds both.
type lambda struct {
	t         *testing.T
	aws       *sim.Account
	ledger    *record.Memory
	published []notify.Publication
	announced []notify.Event
	evaluated []notify.Compliance
	// objects and parameters are what is kept outside the package, and reads
	// counts the times that one of them was sent.
	objects, parameters map[string]string
	reads               int
	tables              []string // opened as the ledger
	log                 bytes.Buffer
	dir                 string
	env                 []string
	timer               queue.Timer
	queues              []string // those that were opened
	// during is what happens while a resource is looked at.
	during func()
	*Function
}

func newLambda(t *testing.T, policy string, env ...string) *lambda {
	t.Helper()
	l := &lambda{t: t, aws: sim.New(account1, start), ledger: record.NewMemory(), dir: t.TempDir(), objects: map[string]string{}, parameters: map[string]string{}}
	l.aws.AddRegion(region)
	if policy != "" {
		if err := os.WriteFile(filepath.Join(l.dir, defaultPolicy), []byte(policy), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.env = append([]string{varRoot + "=" + l.dir}, env...)
	l.renew()
	return l
}

// renew is another process of the same function.
func (l *lambda) renew() {
	l.Function = New(World{Environ: l.env, Open: func(p string) (fs.File, error) { return os.Open(p) }, Log: &l.log, Now: time.Now, account: l.account}, "test")
}

func (l *lambda) account() *account {
	return &account{source: l.aws, actor: l.aws, trail: l.aws, ways: notify.Transports{Topics: l, Events: l, Audit: l, Now: l.aws.Clock().Now}, library: l.aws,
		object: l.object, parameter: l.parameter, region: region, now: l.aws.Clock().Now,
		ledger: func(_ context.Context, name string) (record.Ledger, error) {
			l.tables = append(l.tables, name)
			return l.ledger, nil
		},
		later: func(_ context.Context, address, _ string) (queue.Keeper, error) {
			l.queues = append(l.queues, address)
			return &l.timer, nil
		},
		wait: func(ctx context.Context, d time.Duration) error {
			l.aws.Clock().Advance(d)
			if l.during != nil {
				l.during()
			}
			return ctx.Err()
		}}
}

// Publish implements notify.Publisher.
func (l *lambda) Publish(_ context.Context, p notify.Publication) (string, error) {
	l.published = append(l.published, p)
	return "m-1", nil
}

// PutEvents implements notify.Bus.
func (l *lambda) PutEvents(_ context.Context, _ string, es []notify.Event) ([]error, error) {
	l.announced = append(l.announced, es...)
	return make([]error, len(es)), nil
}

// PutEvaluations implements notify.Auditor.
func (l *lambda) PutEvaluations(_ context.Context, _ notify.Question, cs []notify.Compliance) ([]error, error) {
	l.evaluated = append(l.evaluated, cs...)
	return make([]error, len(cs)), nil
}

func (l *lambda) object(_ context.Context, r document.Ref, version string, _ int64) ([]byte, string, error) {
	text, ok := l.objects[r.String()]
	if !ok {
		return nil, "", &fault.Error{Class: fault.NotFound, Call: "s3:GetObject", Code: "NoSuchKey"}
	}
	if etag := fmt.Sprintf("%q", text); etag != version {
		l.reads++
		return []byte(text), etag, nil
	}
	return nil, version, nil
}

func (l *lambda) parameter(_ context.Context, name string) ([]byte, error) {
	text, ok := l.parameters[name]
	if !ok {
		return nil, &fault.Error{Class: fault.NotFound, Call: "ssm:GetParameter", Code: "ParameterNotFound"}
	}
	l.reads++
	return []byte(text), nil
}

// invoke hands the function an event, as Lambda does: with a minute for it.
func (l *lambda) invoke(payload string) (*Answer, error) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	return l.Invoke(ctx, "3f2a9c1b-0000-4000-8000-000000000000", []byte(payload))
}

// done is invoke where no error is expected.
func (l *lambda) done(payload string) *Answer {
	l.t.Helper()
	a, err := l.invoke(payload)
	if err != nil {
		l.t.Fatalf("%v\n%s", err, l.log.String())
	}
	return a
}

func (l *lambda) launch(id string, tags tag.Set) string {
	return l.aws.Launch(sim.Instance{ID: id, Region: region, LaunchedAt: l.aws.Clock().Now().Add(-time.Hour), Tags: tags})
}

func (l *lambda) runs(id string) bool {
	l.t.Helper()
	i, ok := l.aws.Instance(id)
	if !ok {
		l.t.Fatalf("there is no %s", id)
	}
	return i.State == "running"
}

// logged are the lines with a message, each decoded.
func (l *lambda) logged(msg string) []map[string]any {
	l.t.Helper()
	var out []map[string]any
	for line := range strings.Lines(l.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			l.t.Fatalf("the log has a line that is no JSON: %s", line)
		}
		if m["msg"] == msg {
			out = append(out, m)
		}
	}
	return out
}

func running(event, id string) string {
	return fmt.Sprintf(`{"id":%q,"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":%q,"time":"2026-11-02T10:00:00Z","region":%q,"resources":[],"detail":{"instance-id":%q,"state":"running"}}`,
		event, account1, region, id)
}

// queued is a batch of a queue.
func queued(bodies ...string) string {
	var records []string
	for n, body := range bodies {
		text, _ := json.Marshal(body)
		records = append(records, fmt.Sprintf(`{"messageId":"m-%d","eventSource":"aws:sqs","body":%s}`, n+1, text))
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}
