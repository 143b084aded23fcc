package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

const (
	token  = "T0KENt0kenT0KEN"
	secret = "hush-hush"
)

// received is one request a server got.
type received struct {
	header http.Header
	body   string
}

// server answers each request with the next of its handlers, the last one for
// all that follow, and keeps the requests.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	next []http.HandlerFunc
	got  []received
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *server {
	s := &server{next: handlers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, received{r.Header, string(body)})
		h := s.next[0]
		if len(s.next) > 1 {
			s.next = s.next[1:]
		}
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// requests are those so far; a client may have given up on the last.
func (s *server) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *server) url() string { return s.URL + "/services/" + token + "?key=" + token }

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, "you posted to %s", r.URL) // as servers that tell too much do
	}
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// slow answers only once the client has given up.
func slow(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func channel(kind, url string) *policy.Channel {
	switch kind {
	case "slack":
		return &policy.Channel{Name: kind, Slack: &policy.Slack{Webhook: url}}
	case "teams":
		return &policy.Channel{Name: kind, Teams: &policy.Teams{Webhook: url}}
	default:
		return &policy.Channel{Name: kind, Webhook: &policy.Webhook{URL: url, Secret: secret}}
	}
}

func TestPostingToServersThatBehaveAsServersDo(t *testing.T) {
	s := time.Second
	ok := status(200)
	for _, tt := range []struct {
		name     string
		kinds    string
		handlers []http.HandlerFunc
		calls    int
		waits    []time.Duration
		class    fault.Class
	}{
		{"accepted", "slack teams webhook", []http.HandlerFunc{ok}, 1, nil, ""},
		{"202 is accepted", "teams", []http.HandlerFunc{status(202)}, 1, nil, ""},
		{"429 waits as asked", "slack teams webhook", []http.HandlerFunc{status(429, "Retry-After", "7"), ok}, 2, []time.Duration{7 * s}, ""},
		{"429 with a date", "slack", []http.HandlerFunc{
			status(429, "Retry-After", "Sat, 21 Nov 2026 12:00:09 GMT", "Date", "Sat, 21 Nov 2026 12:00:00 GMT"), ok}, 2, []time.Duration{9 * s}, ""},
		{"429 without a time", "slack", []http.HandlerFunc{status(429), ok}, 2, []time.Duration{s}, ""},
		{"429 for too long is left to the next run", "slack teams webhook", []http.HandlerFunc{status(429, "Retry-After", "3600"), ok}, 1, nil, fault.Throttled},
		{"500s are tried again, up to a bound", "slack teams webhook", []http.HandlerFunc{status(500)}, 4, []time.Duration{s, 2 * s, 4 * s}, fault.Passing},
		{"400 is not", "slack teams webhook", []http.HandlerFunc{status(400)}, 1, nil, fault.Invalid},
		{"403 is not", "slack", []http.HandlerFunc{status(403)}, 1, nil, fault.Denied},
		{"404 is not", "slack", []http.HandlerFunc{status(404)}, 1, nil, fault.NotFound},
		{"no answer may have been posted", "slack teams", []http.HandlerFunc{hangUp, ok}, 1, nil, fault.TimedOut},
		{"no answer is tried again where the receiver can tell", "webhook", []http.HandlerFunc{hangUp, ok}, 2, []time.Duration{s}, ""},
		{"slow may have been posted", "slack teams", []http.HandlerFunc{slow}, 1, nil, fault.TimedOut},
		{"slow is tried again where the receiver can tell", "webhook", []http.HandlerFunc{slow, slow, ok}, 3, []time.Duration{s, 2 * s}, ""},
	} {
		for _, kind := range strings.Fields(tt.kinds) {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				srv, w := serve(t, tt.handlers...), &noWait{}
				n := New(channels(t, channel(kind, srv.url())), Transports{HTTP: &http.Client{Timeout: 200 * time.Millisecond}}, w.sleep)
				got := n.Send(t.Context(), []view.Digest{to(kind, one())})[0]
				if fault.ClassOf(got.Err) != tt.class || got.Accepted != (tt.class == "") {
					t.Errorf("accepted %v, error %v", got.Accepted, got.Err)
				}
				if len(srv.requests()) != tt.calls || !cmp.Equal(w.asked, tt.waits) {
					t.Errorf("%d calls with waits %v, want %d with %v", len(srv.requests()), w.asked, tt.calls, tt.waits)
				}
				for _, r := range srv.requests() {
					if !json.Valid([]byte(r.body)) || r.header.Get("Content-Type") != "application/json; charset=utf-8" {
						t.Errorf("posted %s %.80s", r.header.Get("Content-Type"), r.body)
					}
				}
				keepsSecrets(t, got.Err)
			})
		}
	}
}

// keepsSecrets wants neither URL nor secret in an error, however deep.
func keepsSecrets(t *testing.T, err error) {
	t.Helper()
	if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, token) || strings.Contains(s, secret) {
		t.Errorf("the error tells a secret: %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := serve(t, status(200))
	srv := serve(t, status(307, "Location", other.url()))
	follows := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	for _, kind := range []string{"slack", "teams", "webhook"} {
		n := New(channels(t, channel(kind, srv.url())), Transports{HTTP: follows}, nil)
		got := n.Send(t.Context(), []view.Digest{to(kind, one())})[0]
		if got.Accepted || fault.HintOf(got.Err) == "" {
			t.Errorf("got %+v", got)
		}
		keepsSecrets(t, got.Err)
	}
	if len(other.requests()) != 0 {
		t.Errorf("the other host got %d messages", len(other.requests()))
	}
}

func TestNoErrorTellsTheURL(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	tls := httptest.NewUnstartedServer(status(200))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	for _, tt := range []struct {
		name, url string
		class     fault.Class
	}{
		{"nothing listens", "http://" + closed + "/" + token, fault.Unreachable},
		{"no such host", "http://nowhere.invalid/" + token, fault.Unreachable},
		{"not a URL", "http://exa mple/" + token, fault.Invalid},
		{"a control character", "http://example.com/\x00" + token, fault.Invalid},
		{"another scheme", "file:///" + token, fault.Invalid},
		{"a bad certificate", tls.URL + "/" + token, fault.Other},
		{"not HTTPS", strings.Replace(serve(t, status(200)).url(), "http:", "https:", 1), fault.TimedOut},
		{"a password", "http://me:" + token + "@" + closed + "/", fault.Unreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := New(channels(t, channel("webhook", tt.url)), Transports{}, (&noWait{}).sleep)
			got := n.Send(t.Context(), []view.Digest{to("webhook", one())})[0]
			if fault.ClassOf(got.Err) != tt.class {
				t.Errorf("got %v", got.Err)
			}
			keepsSecrets(t, got.Err)
		})
	}
}

func TestAnEndedRunIsNotATimeOut(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := serve(t, func(w http.ResponseWriter, r *http.Request) { cancel(); slow(w, r) })
	n := New(channels(t, channel("webhook", srv.url())), Transports{}, (&noWait{}).sleep)
	got := n.Send(ctx, []view.Digest{to("webhook", one())})[0]
	if fault.ClassOf(got.Err) != fault.Cancelled || len(srv.requests()) != 1 {
		t.Errorf("%d calls, error %v", len(srv.requests()), got.Err)
	}
}

func TestAWebhookIsSigned(t *testing.T) {
	srv := serve(t, status(503), status(200))
	now := noon
	clock := func() time.Time { now = now.Add(time.Minute); return now }
	n := New(channels(t, channel("webhook", srv.url())), Transports{Now: clock}, (&noWait{}).sleep)
	d := to("webhook", mixture())
	got := n.Send(t.Context(), []view.Digest{d})[0]
	if got.Err != nil || got.ID != deliveryID(&d) {
		t.Fatalf("id %s, error %v", got.ID, got.Err)
	}
	for i, r := range srv.requests() {
		stamp := r.header.Get(HeaderTimestamp)
		if want := fmt.Sprint(noon.Add(time.Duration(i+1) * time.Minute).Unix()); stamp != want {
			t.Errorf("attempt %d is stamped %s, want %s", i, stamp, want)
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(stamp + "." + r.body))
		if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); r.header.Get(HeaderSignature) != want {
			t.Errorf("the signature of attempt %d is %s, want %s", i, r.header.Get(HeaderSignature), want)
		}
		if r.header.Get(HeaderDelivery) != got.ID {
			t.Errorf("attempt %d has the id %s", i, r.header.Get(HeaderDelivery))
		}
	}
	if all := srv.requests(); all[0].body != all[1].body {
		t.Error("the second attempt posts something else")
	}

	open := channel("webhook", srv.url())
	open.Webhook.Secret = ""
	if got := New(channels(t, open), Transports{}, nil).Send(t.Context(), []view.Digest{d})[0]; got.Err != nil {
		t.Fatal(got.Err)
	}
	last := srv.requests()[2].header
	if last.Get(HeaderSignature) != "" || last.Get(HeaderTimestamp) != fmt.Sprint(noon.Unix()) {
		t.Errorf("without secret and clock: %v", last)
	}
}

func TestTheSignatureIsTheDocumentedOne(t *testing.T) {
	// printf '1.{}' | openssl dgst -sha256 -hmac key
	const want = "sha256=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
	if got := sign("key", "1", []byte("{}")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSlackIsPostedToOnceASecond(t *testing.T) {
	srv, other, w := serve(t, status(200)), serve(t, status(200)), &noWait{}
	second, third := channel("slack", srv.url()), channel("slack", other.url())
	second.Name, third.Name = "second", "third"
	n := New(channels(t, channel("slack", srv.url()), second, third), Transports{}, w.sleep)
	for _, d := range n.Send(t.Context(), []view.Digest{to("slack", one()), to("second", one()), to("third", one())}) {
		if d.Err != nil {
			t.Error(d.Err)
		}
	}
	if diff := cmp.Diff([]time.Duration{time.Second}, w.asked); diff != "" || len(srv.requests()) != 2 || len(other.requests()) != 1 {
		t.Errorf("%d and %d posts, waits %v", len(srv.requests()), len(other.requests()), w.asked)
	}
}
