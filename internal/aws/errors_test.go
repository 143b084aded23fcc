package aws

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func stopOne(ctx context.Context, s *Session) error {
	_, err := s.Actor().Do(ctx, execute.Call{Action: action.Stop, Type: resource.EC2Instance, At: place, IDs: []string{"i-1"}})
	return err
}

func asFault(t *testing.T, err error) *fault.Error {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Fatalf("%v is no *fault.Error", err)
	}
	return f
}

func TestAServiceErrorIsClassedByItsCodeAndStatus(t *testing.T) {
	isolate(t)
	tests := map[string]struct {
		code   string
		status int
		want   fault.Class
		hint   string
	}{
		"a missing permission":         {"UnauthorizedOperation", 403, fault.Denied, "allow ec2:StopInstances"},
		"an expired session":           {"ExpiredToken", 400, fault.Credentials, "aws sso login"},
		"a wrong key":                  {"InvalidClientTokenId", 403, fault.Credentials, "aws configure"},
		"a region that is not enabled": {"AuthFailure", 401, fault.Credentials, "eu-west-1 is not enabled"},
		"a wrong clock":                {"RequestExpired", 400, fault.Credentials, "clock"},
		"an instance that is gone":     {"InvalidInstanceID.NotFound", 400, fault.NotFound, "terminated"},
		"an id that is none":           {"InvalidInstanceID.Malformed", 400, fault.Invalid, "no id"},
		"protection":                   {"OperationNotPermitted", 400, fault.Protected, "protection"},
		"what cannot be":               {"UnsupportedOperation", 400, fault.Unsupported, "spot"},
		"a state":                      {"IncorrectInstanceState", 400, fault.WrongState, "state"},
		"a 51st tag":                   {"TagLimitExceeded", 400, fault.TagLimit, "50"},
		"a tag policy":                 {"TagPolicyViolation", 400, fault.TagPolicy, "tag policy"},
		"a region to opt in to":        {"OptInRequired", 403, fault.Denied, "not enabled"},
		"too many calls":               {"RequestLimitExceeded", 503, fault.Throttled, "later"},
		"two at one tag":               {"ConcurrentTagAccess", 400, fault.Passing, "again"},
		"a new code of a failure":      {"SomethingNew", 500, fault.Passing, "again"},
		"a new code of a refusal":      {"SomethingElse", 403, fault.Denied, "ec2:StopInstances"},
		"a new code of a rate":         {"SomethingFast", 429, fault.Throttled, "later"},
		"a new code of anything else":  {"SomethingOdd", 400, fault.Other, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := open(t, func(int, request) reply { return ec2Error(tt.status, tt.code, "The text\n of\x20it") })
				f := asFault(t, stopOne(t.Context(), s))
				if f.Class != tt.want || !strings.Contains(f.Hint, tt.hint) || tt.hint == "" && f.Hint != "" {
					t.Errorf("class %q with the hint %q, want %q with %q", f.Class, f.Hint, tt.want, tt.hint)
				}
				if f.Code != tt.code || f.Message != "The text of it" || f.RequestID != "req-1" || f.Call != "ec2:StopInstances" || f.Region != "eu-west-1" {
					t.Errorf("got %#v", f)
				}
			})
		})
	}
}

// Every hint is a template; a placeholder that nobody fills in would reach
// people.
func TestNoHintHoldsAnUnknownPlaceholder(t *testing.T) {
	for code, v := range codes {
		left := strings.NewReplacer("{permission}", "", "{region}", "", "{endpoint}", "").Replace(v.hint)
		if strings.ContainsAny(left, "{}") {
			t.Errorf("%s: %s", code, v.hint)
		}
		if v.class == "" || v.class == fault.Other {
			t.Errorf("%s has the class %q, which it would have without being listed", code, v.class)
		}
	}
}

func TestAnErrorOfTheTransportIsClassedByItsType(t *testing.T) {
	sent := func(err error) error {
		return &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://user:hunter2@ec2.eu-west-1.amazonaws.com/?secret", Err: err}}
	}
	tests := map[string]struct {
		err  error
		want fault.Class
		hint string
	}{
		"nobody listens":       {sent(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), fault.Unreachable, "ec2.eu-west-1.amazonaws.com"},
		"no such name":         {sent(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "ec2.eu-wst-1.amazonaws.com", IsNotFound: true}}), fault.Unreachable, "region"},
		"somebody else":        {sent(&tls.CertificateVerificationError{Err: errors.New("unknown authority")}), fault.Unreachable, "proxy"},
		"no TLS":               {sent(tls.RecordHeaderError{Msg: "not TLS"}), fault.Unreachable, "AWS_ENDPOINT_URL"},
		"cut off":              {sent(io.ErrUnexpectedEOF), fault.Passing, "again"},
		"reset":                {sent(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), fault.Passing, "again"},
		"no answer":            {sent(&net.OpError{Op: "read", Err: errTimeout{}}), fault.TimedOut, "ec2.eu-west-1.amazonaws.com"},
		"the deadline":         {fmt.Errorf("x: %w", context.DeadlineExceeded), fault.TimedOut, "again"},
		"the user":             {fmt.Errorf("x: %w", context.Canceled), fault.Cancelled, ""},
		"credentials":          {fmt.Errorf("x: %w", &credentialsError{context.DeadlineExceeded}), fault.Credentials, "aws configure"},
		"the rate":             {&rateError{errors.New("too slow")}, fault.Throttled, "time"},
		"something unheard of": {errors.New("odd"), fault.Other, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := asFault(t, newSite("eu-west-1", "").failed(callStop, tt.err))
			if f.Class != tt.want || !strings.Contains(f.Hint, tt.hint) {
				t.Errorf("class %q with the hint %q, want %q with %q", f.Class, f.Hint, tt.want, tt.hint)
			}
			if text := f.Error() + f.Hint; strings.Contains(text, "hunter2") || strings.Contains(text, "secret") {
				t.Errorf("the URL shows in %q", text)
			}
			if !errors.Is(f, tt.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if err := (site{}).failed(callStop, nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

type errTimeout struct{}

func (errTimeout) Error() string   { return "i/o timeout" }
func (errTimeout) Timeout() bool   { return true }
func (errTimeout) Temporary() bool { return true }

func TestAnOverriddenEndpointIsNamedWithoutItsPassword(t *testing.T) {
	f := asFault(t, newSite("eu-west-1", "http://user:hunter2@127.0.0.1:5000/x").failed(callStop, &net.DNSError{}))
	if !strings.Contains(f.Hint, "127.0.0.1:5000:") || strings.Contains(f.Hint, "hunter2") {
		t.Errorf("hint %q", f.Hint)
	}
}

func TestARegionThatDoesNotAnswerTimesOutAfterOneAttempt(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(int, request) reply { return reply{hang: true} })
		start := time.Now()
		f := asFault(t, stopOne(t.Context(), s))
		if took := time.Since(start); f.Class != fault.TimedOut || took != defaultTimeout || len(fake.calls()) != 1 {
			t.Errorf("%v of class %q after %s and %d attempts", f, f.Class, took, len(fake.calls()))
		}
	})
}

func TestACancelledCallEndsAtOnce(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(int, request) reply { return reply{hang: true} })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		f := asFault(t, stopOne(ctx, s))
		if took := time.Since(start); f.Class != fault.Cancelled || took != time.Second || len(fake.calls()) != 1 {
			t.Errorf("%v of class %q after %s and %d attempts", f, f.Class, took, len(fake.calls()))
		}
	})
}

func TestARefusedConnectionIsUnreachableAtOnce(t *testing.T) {
	isolate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	t.Setenv("AWS_ENDPOINT_URL", "http://"+l.Addr().String())
	s, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	f := asFault(t, stopOne(ctx, s))
	if f.Class != fault.Unreachable || !strings.Contains(f.Hint, l.Addr().String()) || !strings.Contains(f.Hint, "AWS_ENDPOINT_URL") {
		t.Errorf("%v of class %q with the hint %q", f, f.Class, f.Hint)
	}
}

func TestWithoutCredentialsTheErrorSaysHowToGiveThem(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	s, fake := open(t, func(int, request) reply { return reply{} })
	_, err := s.Source().Caller(t.Context())
	f := asFault(t, err)
	if f.Class != fault.Credentials || !strings.Contains(f.Hint, "aws configure") || !strings.Contains(f.Hint, "--profile") || len(fake.calls()) != 0 {
		t.Errorf("%v of class %q with the hint %q", f, f.Class, f.Hint)
	}
}

func TestWhatIsNotAWSIsSaidToBeSo(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(int, request) reply { return reply{body: "<html>Log in to the hotel's network</html"} })
	f := asFault(t, stopOne(t.Context(), s))
	if f.Class != fault.Other || !strings.Contains(f.Hint, "not AWS") {
		t.Errorf("%v of class %q with the hint %q", f, f.Class, f.Hint)
	}
}

func TestLongAndBrokenTextsBecomeOneShortLine(t *testing.T) {
	got := oneLine("a\r\n\tb " + strings.Repeat("ü", 2*maxMessage))
	if !strings.HasPrefix(got, "a b ü") || len([]rune(got)) != maxMessage+1 || !strings.HasSuffix(got, "…") {
		t.Errorf("got %q", got)
	}
}

func TestAThrottledCallIsRepeatedAndEachAttemptTakesTokens(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(n int, r request) reply {
			if n < 3 {
				return ec2Error(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
			}
			return ec2Answer("StopInstances", `<instancesSet><item><instanceId>i-1</instanceId><currentState><name>stopping</name></currentState><previousState><name>running</name></previousState></item></instancesSet>`)
		})
		b := s.limits.of(place.Region, callStop)
		b.requests.SetLimit(1e-9) // nothing comes back
		b.resources.SetLimit(1e-9)
		if err := stopOne(t.Context(), s); err != nil || len(fake.calls()) != 3 {
			t.Fatalf("%d attempts, %v", len(fake.calls()), err)
		}
		if requests, resources := math.Round(b.requests.Tokens()), math.Round(b.resources.Tokens()); requests != 50-3 || resources != 1000-3 {
			t.Errorf("%v request tokens and %v resource tokens are left", requests, resources)
		}
	})
}

func TestACallThatStaysThrottledGivesUpAfterFiveAttempts(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(int, request) reply { return ec2Error(503, "RequestLimitExceeded", "x") })
		if err := stopOne(t.Context(), s); fault.ClassOf(err) != fault.Throttled || len(fake.calls()) != maxAttempts {
			t.Errorf("%v after %d attempts", err, len(fake.calls()))
		}
	})
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(int, request) reply { return ec2Error(503, "RequestLimitExceeded", "x") })
		if err := stopOne(t.Context(), s); fault.ClassOf(err) != fault.Throttled || len(fake.calls()) != 2 {
			t.Errorf("with AWS_MAX_ATTEMPTS: %v after %d attempts", err, len(fake.calls()))
		}
	})
}

// Nobody there stays so; a name server may answer a second later.
func TestOnlyAConnectionThatMayComeAboutIsTriedAgain(t *testing.T) {
	isolate(t)
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"refused":          {dial(syscall.ECONNREFUSED), 1},
		"no such name":     {dial(&net.DNSError{IsNotFound: true}), 1},
		"no name server":   {dial(&net.DNSError{IsTemporary: true}), maxAttempts},
		"reset on the way": {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, maxAttempts},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, fake := open(t, func(int, request) reply { return reply{err: tt.err} })
			if err := stopOne(t.Context(), s); err == nil || len(fake.calls()) != tt.want {
				t.Errorf("%s: %d attempts, want %d (%v)", name, len(fake.calls()), tt.want, err)
			}
		})
	}
}

func TestOnlyPassingErrorsAreRepeated(t *testing.T) {
	isolate(t)
	for code, want := range map[string]int{"ConcurrentTagAccess": maxAttempts, "InternalError": maxAttempts, "InvalidInstanceID.NotFound": 1, "UnauthorizedOperation": 1, "OperationNotPermitted": 1} {
		synctest.Test(t, func(t *testing.T) {
			s, fake := open(t, func(int, request) reply { return ec2Error(400, code, "x") })
			if err := stopOne(t.Context(), s); err == nil || len(fake.calls()) != want {
				t.Errorf("%s: %d attempts, want %d (%v)", code, len(fake.calls()), want, err)
			}
		})
	}
}
