package doctor_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/rules"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

const (
	region = "eu-west-1"
	role   = "arn:aws:sts::111122223333:assumed-role/tagwarden/session"
)

// fake is an account that answers as AWS does.
type fake struct {
	mu    sync.Mutex
	asked []string // what was asked for, with its name
	// fails are the errors of what is asked for, by its word.
	fails map[string]fault.Class

	time       time.Time
	regions    []string
	disabled   []string
	silent     []string                  // do not answer
	dry        map[string]doctor.Verdict // by permission; Open unless set
	simulated  map[string]doctor.Verdict // Allowed unless set
	questions  []doctor.Question
	trails     []doctor.Trail
	identities map[string]bool // whether they are verified
	sending    doctor.Sending
	sets       []string
	topics     map[string]int
	ledger     doctor.Ledger
	tables     map[string]outside.Description
	objects    []string
	buses      []string
	queues     map[string]queue.Manner
}

// whole has everything that the policy file whole needs.
func whole() *fake {
	ruled := outside.Description{Status: outside.Active, Hash: outside.Key{Name: rules.RuleID, Type: "N"}}
	return &fake{
		fails: map[string]fault.Class{}, time: now, regions: []string{"eu-central-1", "eu-west-1"},
		dry: map[string]doctor.Verdict{}, simulated: map[string]doctor.Verdict{},
		trails:     []doctor.Trail{{ARN: "arn:aws:cloudtrail:eu-west-1:111122223333:trail/all", Logging: true, Changes: true}},
		identities: map[string]bool{"example.com": true},
		sending:    doctor.Sending{Enabled: true, Sent: 3, Most: 50000},
		sets:       []string{"reports"},
		topics:     map[string]int{"arn:aws:sns:eu-west-1:111122223333:finops": 2},
		ledger:     doctor.Ledger{Ready: true, Forgets: true},
		tables:     map[string]outside.Description{"rules": ruled, "people": {Status: outside.Active}},
		objects:    []string{"s3://tables/centres.csv"},
		buses:      []string{"audit"},
		queues:     map[string]queue.Manner{queueURL: {DeadLetters: true}},
	}
}

const queueURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/tagwarden"

func (f *fake) ask(what, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, strings.TrimSpace(what+" "+name))
	if class, ok := f.fails[what]; ok {
		return &fault.Error{Class: class, Call: what, Message: "no"}
	}
	return nil
}

func missing(there bool, what string) error {
	if there {
		return nil
	}
	return &fault.Error{Class: fault.NotFound, Call: what, Message: "there is none"}
}

func (f *fake) Identify(_ context.Context, in string) (doctor.Identity, error) {
	if err := f.ask("identify", in); err != nil {
		return doctor.Identity{}, err
	}
	if slices.Contains(f.silent, in) {
		return doctor.Identity{}, &fault.Error{Class: fault.Unreachable, Call: "identify", Region: in}
	}
	if slices.Contains(f.disabled, in) {
		return doctor.Identity{}, &fault.Error{Class: fault.Credentials, Call: "identify", Region: in}
	}
	return doctor.Identity{Account: "111122223333", ARN: role, Time: f.time}, nil
}

func (f *fake) Regions(context.Context) ([]string, error) { return f.regions, f.ask("regions", "") }

func (f *fake) DryRun(_ context.Context, q doctor.Question) doctor.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.questions = append(f.questions, q)
	if v, ok := f.dry[q.Permission]; ok {
		return doctor.Answer{Verdict: v, Why: "so it says"}
	}
	return doctor.Answer{Verdict: doctor.Open, Why: "not told"}
}

func (f *fake) Simulate(_ context.Context, caller string, qs []doctor.Question) ([]doctor.Answer, error) {
	if err := f.ask("simulate", caller); err != nil {
		return nil, err
	}
	var out []doctor.Answer
	for _, q := range qs {
		v, ok := f.simulated[q.Permission]
		if !ok {
			v = doctor.Allowed
		}
		out = append(out, doctor.Answer{Verdict: v, Why: "no policy allows it"})
	}
	return out, nil
}

func (f *fake) Trails(_ context.Context, in string) ([]doctor.Trail, error) {
	return f.trails, f.ask("trails", in)
}

func (f *fake) Archived(_ context.Context, bucket, prefix, in string, of resource.Place) error {
	return f.ask("archive", bucket+" "+prefix+" "+in+" "+of.String())
}

func (f *fake) Sender(_ context.Context, in, identity string) (bool, error) {
	if err := f.ask("sender", in+" "+identity); err != nil {
		return false, err
	}
	verified, ok := f.identities[identity]
	return verified, missing(ok, "sender")
}

func (f *fake) Sending(_ context.Context, in string) (doctor.Sending, error) {
	return f.sending, f.ask("sending", in)
}

func (f *fake) ConfigurationSet(_ context.Context, _, name string) error {
	if err := f.ask("set", name); err != nil {
		return err
	}
	return missing(slices.Contains(f.sets, name), "set")
}

func (f *fake) Topic(_ context.Context, arn, _ string) (doctor.Topic, error) {
	if err := f.ask("topic", arn); err != nil {
		return doctor.Topic{}, err
	}
	n, ok := f.topics[arn]
	return doctor.Topic{Confirmed: n}, missing(ok, "topic")
}

func (f *fake) Ledger(_ context.Context, table, in string) (doctor.Ledger, error) {
	return f.ledger, f.ask("ledger", table+" "+in)
}

func (f *fake) Describe(_ context.Context, r document.Ref) (outside.Description, error) {
	if err := f.ask("table", r.Table); err != nil {
		return outside.Description{}, err
	}
	d, ok := f.tables[r.Table]
	return d, missing(ok, "table")
}

func (f *fake) Object(_ context.Context, r document.Ref) error {
	if err := f.ask("object", r.String()); err != nil {
		return err
	}
	return missing(slices.Contains(f.objects, r.String()), "object")
}

func (f *fake) Bus(_ context.Context, bus string) error {
	if err := f.ask("bus", bus); err != nil {
		return err
	}
	return missing(slices.Contains(f.buses, bus), "bus")
}

func (f *fake) Inbox(_ context.Context, url string) (queue.Manner, error) {
	if err := f.ask("queue", url); err != nil {
		return queue.Manner{}, err
	}
	m, ok := f.queues[url]
	return m, missing(ok, "queue")
}

// everything is a policy file that uses all that is asked for.
const everything = `version: 1
settings:
  regions: [eu-west-1]
  ledger: {dynamodb: ledger}
  creators: {s3: s3://logs/org}
  outcomes: {eventbridge: audit}
lookups:
  centres: {s3: "s3://tables/centres.csv", key: user, value: centre}
  people: {dynamodb: people, key: user, value: mail}
channels:
  mail: {ses: {from: "Tags <tags@example.com>", to: [ops@elsewhere.example], configuration_set: reports}}
  topic: {sns: {topic: "arn:aws:sns:eu-west-1:111122223333:finops"}}
  hook: {webhook: {url: "https://hooks.example.com/x"}}
  unused: {sns: {topic: "arn:aws:sns:eu-west-1:111122223333:nobody"}}
policies:
  - name: one
    resource: ec2:instance
    on: [created]
    mode: enforce
    tags: {Owner: {value: 'creator.name'}}
    tags_from: {dynamodb: rules}
    enforce: [{notify: {to: mail}}, {notify: {to: topic}}, {notify: {to: hook}}, {stop: {after: 3d}}]
`

// small uses nothing but instances.
const small = "version: 1\npolicies: [{name: one, resource: ec2:instance, tags: {Owner: {}}}]\n"

func load(t *testing.T, text string) *policy.Set {
	t.Helper()
	set, list := policy.Load([]policy.Source{{Name: "tagwarden.yaml", Data: []byte(text)}}, nil)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

// examine asks the account, in which queues are taken from.
func examine(t *testing.T, f *fake, text string, queues ...string) *doctor.Report {
	t.Helper()
	r, err := doctor.Examine(t.Context(), doctor.Options{Set: load(t, text), Account: f, Region: region, LedgerRegion: region, Queues: queues, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
