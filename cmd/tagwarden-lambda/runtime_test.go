package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// asFunction makes the test's own program be the function.
const asFunction = "TAGWARDEN_TEST_AS_FUNCTION"

func TestMain(m *testing.M) {
	if os.Getenv(asFunction) != "" {
		_ = os.Unsetenv(asFunction) // it is none of the function's settings
		main()
		return
	}
	os.Exit(m.Run())
}

// runtime is the API by which Lambda hands a function its events ("Using the
// Lambda runtime API for custom runtimes").
type runtime struct {
	t testing.TB
	*httptest.Server

	events  chan event
	answers chan reply
	first   chan struct{} // closed when the function asks for its first event
	once    sync.Once
	log     safeBuffer
	stop    func()
	cpu     time.Duration // that the function has used, once it was stopped
	aws     *mototest.Account
}

type event struct {
	id      string
	payload string
	within  time.Duration
}

// reply is what the function made of an event.
type reply struct {
	id, kind string // response or error
	body     map[string]any
	at       time.Time
}

// safeBuffer is written by the function and read by the test.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start starts the function with its policy file and an environment.
func start(t testing.TB, policy string, account *mototest.Account, env ...string) *runtime {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := startProgram(t, self, policy, append(append(account.Env(), asFunction+"=1"), env...)...)
	r.aws = account
	return r
}

// startProgram is start for any program that is the function.
func startProgram(t testing.TB, program, policy string, env ...string) *runtime {
	t.Helper()
	r := &runtime{t: t, events: make(chan event), answers: make(chan reply, 8), first: make(chan struct{})}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tagwarden.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), program)
	cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(r.URL, "http://"), "LAMBDA_TASK_ROOT=" + dir}, env...)
	cmd.Stderr = &r.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		r.CloseClientConnections()
		r.Close()
	})
	t.Cleanup(r.stop)
	return r
}

// serve answers as Lambda does: /next waits for an event.
func (r *runtime) serve(w http.ResponseWriter, q *http.Request) {
	path := strings.Split(strings.TrimPrefix(q.URL.Path, "/2018-06-01/runtime/invocation/"), "/")
	if len(path) == 1 && path[0] == "next" {
		r.once.Do(func() { close(r.first) })
		select {
		case e := <-r.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", e.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(e.within).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:111122223333:function:tagwarden")
			_, _ = io.WriteString(w, e.payload)
		case <-q.Context().Done():
		}
		return
	}
	a := reply{id: path[0], kind: path[len(path)-1], at: time.Now()}
	if err := json.NewDecoder(q.Body).Decode(&a.body); err != nil {
		a.kind = "no JSON: " + err.Error()
	}
	w.WriteHeader(http.StatusAccepted)
	r.answers <- a
}

// patience is for a loaded machine.
const patience = time.Minute

// hand hands the function an event and returns what it makes of it.
func (r *runtime) hand(id, payload string, within time.Duration) reply {
	r.t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	select {
	case r.events <- event{id, payload, within}:
	case <-end.C:
		r.t.Fatalf("the function asks for no event; its log:\n%s", r.log.String())
	}
	select {
	case a := <-r.answers:
		if a.id != id {
			r.t.Fatalf("an answer to %s instead of %s", a.id, id)
		}
		return a
	case <-end.C:
		r.t.Fatalf("the function does not answer; its log:\n%s", r.log.String())
		return reply{}
	}
}

const unexcepted = `version: 1
settings: {mark: off, ledger: {dynamodb: tagwarden}, limits: {share: 100%}, exempt: [{tag: "${EXCEPTION_TAG:-SPECIAL_EXCEPTION}"}]}
channels: {managers: {sns: {topic: "${SNS_TOPIC_ARN}"}}}
policies:
  - name: stop-what-has-no-exception
    resource: ec2:instance
    on: {state: running}
    mode: enforce
    match: resource.state == "running"
    enforce: [stop, {notify: managers}]
`

// ready is an account with the table of a ledger.
func ready(t *testing.T) *mototest.Account {
	t.Helper()
	a := mototest.Shared(t).Account(t, "us-east-1")
	a.Setenv(t)
	s, err := aws.Open(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.LedgerTable("tagwarden")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func (r *runtime) running(event, id string) string {
	return fmt.Sprintf(`{"id":%q,"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":%q,"time":%q,"region":"us-east-1","resources":[],"detail":{"instance-id":%q,"state":"running"}}`,
		event, r.aws.ID, time.Now().UTC().Format(time.RFC3339), id)
}

// state is that of an instance.
func (r *runtime) state(id string) string {
	r.t.Helper()
	var out struct {
		State string `xml:"reservationSet>item>instancesSet>item>instanceState>name"`
	}
	r.aws.EC2(r.t, &out, "DescribeInstances", "InstanceId.1", id)
	return out.State
}

func TestTheFunctionAnswersEveryEventAndGoesOn(t *testing.T) {
	account := ready(t)
	topic := account.Topic(t, "managers")
	r := start(t, unexcepted, account, "SNS_TOPIC_ARN="+topic.ARN)
	ids := account.Launch(t, 3, nil)

	a := r.hand("req-1", r.running("e-1", ids[0]), patience)
	if a.kind != "response" || a.body["statusCode"] != 200.0 || a.body["violations_found"] != 1.0 || r.state(ids[0]) != "stopped" {
		t.Fatalf("a start: %+v, it is %s; the log:\n%s", a, r.state(ids[0]), r.log.String())
	}
	if got := a.body["instances"].([]any)[0].(map[string]any); got["id"] != ids[0] {
		t.Errorf("its instance: %v", got)
	}
	a = r.hand("req-2", r.running("e-1", ids[0]), patience)
	if a.kind != "response" || a.body["body"] != "nothing to do: it was handled before" {
		t.Errorf("the same event again: %+v", a)
	}
	a = r.hand("req-3", strings.Replace(r.running("e-2", ids[1]), `"instance-id"`, `"instance"`, 1), patience)
	if a.kind != "response" || a.body["statusCode"] != 400.0 || !strings.Contains(a.body["body"].(string), "detail.instance-id") {
		t.Errorf("a malformed event: %+v", a)
	}
	good, _ := json.Marshal(r.running("e-3", ids[1]))
	unseen, _ := json.Marshal(r.running("e-4", "i-0fffffffffffffff0"))
	a = r.hand("req-4", fmt.Sprintf(`{"Records":[{"messageId":"m-1","eventSource":"aws:sqs","body":%s},{"messageId":"m-2","eventSource":"aws:sqs","body":%s}]}`, good, unseen), patience)
	if a.kind != "response" || fmt.Sprint(a.body["batchItemFailures"]) != "[map[itemIdentifier:m-2]]" || r.state(ids[1]) != "stopped" {
		t.Errorf("a batch of which one cannot be seen: %+v", a)
	}
	if n := len(topic.Received(t)); n != 2 {
		t.Errorf("%d messages were published", n)
	}
	for line := range strings.Lines(r.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("the log has %s", line)
		}
	}
}

func TestAnEventThatTakesTooLongIsHandedBackInTimeAndTheNextIsHandled(t *testing.T) {
	account := ready(t)
	// What stands before AWS keeps questions about instances waiting at first.
	target := strings.TrimPrefix(account.Env()[0], "AWS_ENDPOINT_URL=http://")
	block := newBarrier(t, target)
	env := []string{"SNS_TOPIC_ARN=arn:aws:sns:us-east-1:111122223333:none", "AWS_ENDPOINT_URL=" + block.URL}
	r := start(t, strings.Replace(unexcepted, ", {notify: managers}", "", 1), account, env...)
	id := account.Launch(t, 1, nil)[0]
	<-r.first
	block.hold()
	began := time.Now()
	a := r.hand("req-1", r.running("e-1", id), 3*time.Second)
	if a.kind != "error" || a.body["errorType"] != "Unfinished" || r.state(id) != "running" {
		t.Fatalf("%+v, it is %s; the log:\n%s", a, r.state(id), r.log.String())
	}
	if end := began.Add(3 * time.Second); a.at.After(end) {
		t.Errorf("it answers %s after its end", a.at.Sub(end))
	}
	block.release()
	if a = r.hand("req-1", r.running("e-1", id), patience); a.kind != "response" || a.body["violations_found"] != 1.0 || r.state(id) != "stopped" {
		t.Errorf("delivered again: %+v, it is %s; the log:\n%s", a, r.state(id), r.log.String())
	}
}

func TestAFunctionThatIsNotSetUpSaysSoOfEachEvent(t *testing.T) {
	account := mototest.Shared(t).Account(t, "us-east-1")
	r := start(t, "version: 1\npolicies:\n  - {name: p, resource: ec2:instance, match: 'true'}\n", account)
	for range 2 {
		a := r.hand("req-1", r.running("e-1", "i-0fffffffffffffff0"), patience)
		if text, _ := a.body["errorMessage"].(string); a.kind != "error" || a.body["errorType"] != "PolicyError" || !strings.Contains(text, "name the table by TAGWARDEN_LEDGER") {
			t.Errorf("%+v", a)
		}
	}
	r = start(t, unexcepted, account, "TAGWARDEN_POLICES=a.yaml")
	if a := r.hand("req-2", `{}`, patience); a.kind != "error" || a.body["errorType"] != "ConfigurationError" {
		t.Errorf("%+v", a)
	}
}

// barrier lets requests through to a server, except for while it holds those
// about instances.
type barrier struct {
	*httptest.Server
	mu     sync.Mutex
	opened chan struct{}
}

func newBarrier(t *testing.T, to string) *barrier {
	b := &barrier{opened: make(chan struct{})}
	close(b.opened)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		b.mu.Lock()
		opened := b.opened
		b.mu.Unlock()
		if bytes.Contains(body, []byte("Action=DescribeInstances")) {
			select {
			case <-opened:
			case <-q.Context().Done():
				return
			}
		}
		b.pass(w, q, to, body)
	}))
	t.Cleanup(func() { b.CloseClientConnections(); b.Close() })
	return b
}

// pass passes a request on as it is.
func (b *barrier) pass(w http.ResponseWriter, q *http.Request, to string, body []byte) {
	next, err := http.NewRequestWithContext(q.Context(), q.Method, "http://"+to+q.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return
	}
	next.Header = q.Header.Clone()
	resp, err := http.DefaultClient.Do(next)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func (b *barrier) hold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened = make(chan struct{})
}

func (b *barrier) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.opened)
}

// BenchmarkInit measures how long a function takes from its start to its first
// question for an event, with two policies in its package. The program is the
// one that TAGWARDEN_BENCH_BOOTSTRAP names, as docs/performance.md builds it.
func BenchmarkInit(b *testing.B) {
	program := os.Getenv("TAGWARDEN_BENCH_BOOTSTRAP")
	if program == "" {
		b.Skip("TAGWARDEN_BENCH_BOOTSTRAP names no program")
	}
	policies := strings.Replace(unexcepted, "${SNS_TOPIC_ARN}", "arn:aws:sns:us-east-1:111122223333:managers", 1) +
		"  - {name: owned, resource: ec2:instance, on: created, mode: enforce, tags: {Owner: {value: creator.name}}}\n"
	var cpu time.Duration
	for b.Loop() {
		r := startProgram(b, program, policies, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")
		<-r.first
		b.StopTimer()
		r.stop()
		if log := r.log.String(); !strings.Contains(log, "policies are in force") {
			b.Fatalf("the policies are not loaded:\n%s", log)
		}
		cpu += r.cpu
		b.StartTimer()
	}
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
}
