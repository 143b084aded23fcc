package serve_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/serve"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/view"
)

const (
	account = "111122223333"
	region  = "us-east-1"
)

// world is an account, a queue and a ledger, in the time of a synctest bubble.
type world struct {
	t      *testing.T
	aws    *sim.Account
	inbox  *inbox
	ledger record.Ledger
	source inventory.Source
	notes  *queue.Timer
	manner queue.Manner
	told   answers
	drain  time.Duration
	file   string
	log    *log
	server *serve.Server
	runs   int
	mu     sync.Mutex
}

func newWorld(t *testing.T, file string) *world {
	w := &world{t: t, aws: sim.New(account, time.Now()), inbox: &inbox{}, ledger: record.NewMemory(), file: file, drain: 25 * time.Second, log: &log{}}
	w.manner.DeadLetters = true
	w.aws.AddRegion(region)
	w.source = w.aws
	return w
}

// now is the time, which the account's clock follows.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.aws.Clock().Set(now)
	return now
}

func (w *world) run(time.Time) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs++
	return fmt.Sprintf("run-%d", w.runs)
}

func (w *world) load(context.Context) (*serve.Loaded, error) {
	w.mu.Lock()
	file := w.file
	w.mu.Unlock()
	set, problems := policy.Load([]policy.Source{{Name: "test.yaml", Data: []byte("version: 1\n" + file)}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		return nil, err
	}
	var later queue.Keeper
	if w.notes != nil {
		later = w.notes
	}
	return &serve.Loaded{Set: set, App: app.New(app.Options{Set: set, Source: w.source, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: accepting{}, Systems: &w.told, Later: later, Region: region})}, nil
}

// write writes the policy file anew.
func (w *world) write(file string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file = file
}

// start starts the daemon; what is returned ends it as a signal does, and waits.
func (w *world) start() (end func()) {
	w.t.Helper()
	o := serve.Options{Load: w.load, Manner: w.manner, Notes: w.notes, Ledger: w.ledger, Scope: record.Scope{Name: "default", Account: account},
		Run: w.run, Clock: w.now, Drain: w.drain, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	if w.inbox != nil {
		o.Inbox = w.inbox
	}
	w.server = serve.New(o)
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("serving: %v", err)
		}
	}
}

// pass lets time pass.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
	synctest.Wait()
}

// launch launches an instance that runs.
func (w *world) launch(n int) string {
	return w.aws.Launch(sim.Instance{ID: fmt.Sprintf("i-%017x", n), Region: region, LaunchedAt: w.now().Add(-time.Hour)})
}

// isRunning says whether an instance is neither stopping nor stopped.
func (w *world) isRunning(id string) bool {
	w.now()
	i, _ := w.aws.Instance(id)
	return i.State == "running"
}

// calls is how often an operation was called.
func (w *world) calls(op string) int { return w.aws.Calls()[op] }

// running is the event that an instance came to run.
func (w *world) running(id, event string) string {
	return fmt.Sprintf(`{"id":%q,"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":%q,"time":%q,"region":%q,"resources":[],"detail":{"instance-id":%q,"state":"running"}}`,
		event, account, w.now().UTC().Format(time.RFC3339), region, id)
}

// accepting is a notifier that delivers everything.
type accepting struct{}

func (accepting) Send(_ context.Context, ds []view.Digest) []notify.Delivery {
	out := make([]notify.Delivery, len(ds))
	for i, d := range ds {
		out[i] = notify.Delivery{Channel: d.Channel, Address: d.Address, Accepted: true}
	}
	return out
}

// answers are what a rule of AWS Config was told.
type answers struct {
	mu  sync.Mutex
	all []notify.Compliance
}

func (*answers) Announce(_ context.Context, _ string, es []notify.Event) []error {
	return make([]error, len(es))
}

func (a *answers) Answer(_ context.Context, _ notify.Question, cs []notify.Compliance) []error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, cs...)
	return make([]error, len(cs))
}

// inbox is a queue that behaves as SQS does.
type inbox struct {
	mu       sync.Mutex
	messages []*message
	deleted  []string
	fail     error
	n        int
}

type message struct {
	queue.Message
	visible time.Time
}

func (q *inbox) put(body string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n++
	q.messages = append(q.messages, &message{Message: queue.Message{ID: fmt.Sprint("m-", q.n), Body: []byte(body)}})
}

func (q *inbox) Receive(ctx context.Context, hide time.Duration) ([]queue.Message, error) {
	for range 20 {
		if ms, err := q.visible(hide); err != nil || len(ms) > 0 {
			return ms, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil, nil
}

func (q *inbox) visible(hide time.Duration) (ms []queue.Message, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.fail != nil {
		return nil, q.fail
	}
	for _, m := range q.messages {
		if now := time.Now(); !m.visible.After(now) && len(ms) < 10 {
			m.Times++
			m.Receipt = fmt.Sprint(m.ID, "/", m.Times)
			m.visible = now.Add(hide)
			ms = append(ms, m.Message)
		}
	}
	return ms, nil
}

func (q *inbox) Delete(_ context.Context, m queue.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, have := range q.messages {
		if have.Receipt == m.Receipt {
			q.messages = append(q.messages[:i], q.messages[i+1:]...)
			q.deleted = append(q.deleted, m.ID)
			return nil
		}
	}
	return fmt.Errorf("no message has the receipt %s", m.Receipt)
}

func (q *inbox) Hide(_ context.Context, m queue.Message, d time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, have := range q.messages {
		if have.Receipt == m.Receipt {
			have.visible = time.Now().Add(d)
			return nil
		}
	}
	return fmt.Errorf("no message has the receipt %s", m.Receipt)
}

// left is the messages that are still there, with how often each was delivered
// and when it comes again.
func (q *inbox) left() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []string
	for _, m := range q.messages {
		out = append(out, fmt.Sprintf("%s delivered %d, hidden %s", m.ID, m.Times, max(0, time.Until(m.visible)).Round(time.Second)))
	}
	return out
}

// slow is a source that takes its time, and says how many reads there were at
// once.
type slow struct {
	inventory.Source
	takes time.Duration

	mu        sync.Mutex
	now, most int
}

func (s *slow) wait(ctx context.Context) error {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(s.takes):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slow) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.Source.Get(ctx, at, t, ids)
}

func (s *slow) List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Source.List(ctx, at, t, page)
}

// log keeps what was logged.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
