// Package mototest starts moto_server (https://docs.getmoto.org), a third
// party's implementation of the AWS APIs, for tests, and prepares accounts in
// it. It speaks plain HTTP and needs no SDK, so any package's tests can use it.
//
// What moto does otherwise than AWS: it accepts tags and ids that AWS refuses,
// cannot back-date a launch, pages by reservation, and keeps only the HTML of a
// mail that has text too.
package mototest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// RequireEnv names the environment variable that, set to 1, makes a test fail
// where moto_server is missing, instead of being skipped.
const RequireEnv = "TAGWARDEN_REQUIRE_MOTO"

// startTimeout is for a loaded machine; two seconds are usual.
const startTimeout = 60 * time.Second

// Server is a running moto_server.
type Server struct {
	// URL is its address, without a slash at the end.
	URL string

	accounts atomic.Int64
	names    atomic.Int64
	log      *os.File
	life     io.Closer     // closing it ends the server
	ended    chan struct{} // closed when the server has ended
}

// Start starts a server that ends with the test. Without a moto_server on the
// PATH the test is skipped.
func Start(t testing.TB) *Server {
	t.Helper()
	s := start(t)
	t.Cleanup(func() {
		_ = s.life.Close()
		<-s.ended
		_ = s.log.Close()
	})
	return s
}

var shared struct {
	sync.Mutex
	server *Server
}

// Shared returns one server for the whole test binary; it ends with the
// process. Tests keep out of each other's way by an Account each, and none may
// call Reset.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		shared.server = start(t)
	}
	return shared.server
}

// guard is a shell script that ends the server when its standard input ends:
// the pipe breaks however the test's process goes, killed included.
const guard = `"$@" & pid=$!; read -r _; kill "$pid"; wait "$pid"`

func start(t testing.TB) *Server {
	t.Helper()
	program := findServer(t)
	address := freeAddress(t)
	host, port, _ := strings.Cut(address, ":")
	log, err := os.CreateTemp("", "moto-*.log")
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(log.Name()) // it lives as long as it is open
	cmd := exec.Command("sh", "-c", guard, "sh", program, "-H", host, "-p", port)
	cmd.Env = append(os.Environ(), "MOTO_EC2_LOAD_DEFAULT_AMIS=false")
	cmd.Stdout, cmd.Stderr = log, log
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting moto_server: %v", err)
	}
	s := &Server{URL: "http://" + address, log: log, life: life, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	s.await(t)
	return s
}

func findServer(t testing.TB) string {
	t.Helper()
	for _, program := range []string{"sh", "moto_server"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv(RequireEnv) == "1" {
				t.Fatalf("%s is not on the PATH and %s is set: pip install 'moto[server]'", program, RequireEnv)
			}
			t.Skipf("%s is not on the PATH: pip install 'moto[server]'", program)
		}
	}
	return "moto_server"
}

// freeAddress returns a loopback address that nobody listens at. Somebody else
// may take it before the server does; the server then fails to start, in words.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// await returns once the server answers.
func (s *Server) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://")); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			_ = s.life.Close()
			t.Fatalf("moto_server does not answer after %s:\n%s", startTimeout, s.output())
		}
	}
}

func (s *Server) output() string {
	text, _ := io.ReadAll(io.NewSectionReader(s.log, 0, 1<<16))
	return string(text)
}

// Env is the environment in which AWS clients talk to the server as its
// default account, 123456789012, in us-east-1.
func (s *Server) Env() []string { return s.env("us-east-1", "test", "test", "") }

func (s *Server) env(region, key, secret, token string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL,
		"AWS_ACCESS_KEY_ID=" + key,
		"AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_SESSION_TOKEN=" + token,
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		"AWS_PROFILE=",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Reset empties every account of the server. Not for a shared one.
func (s *Server) Reset(t testing.TB) {
	t.Helper()
	s.send(t, http.MethodPost, s.URL+"/moto-api/reset", nil, nil)
}

// send makes a request that must succeed, and returns the body.
func (s *Server) send(t testing.TB, method, url string, header http.Header, body []byte) []byte {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("asking moto: %v", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("reading moto's answer: %v", err)
	}
	if resp.StatusCode >= 300 {
		t.Fatalf("asking moto for %s %s: %s\n%s", method, url, resp.Status, answer)
	}
	return answer
}
