package examples_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/cli"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// Whatever a user's plan or apply asks AWS for must be allowed by what
// "tagwarden iam" says of the same file, and what that allows must have been
// asked for by some test, or stand in unasked. What is asked is read off the
// wire, and what is allowed is decided by iamtest: neither knows how the role is
// made.

// wire is what the runs of all tests came to, by the name of the policy file.
var wire = struct {
	sync.Mutex
	asked, granted map[string]map[string]bool
}{asked: map[string]map[string]bool{}, granted: map[string]map[string]bool{}}

// recorder stands between the program and the servers that tests name as AWS.
type recorder struct {
	t      *testing.T
	mu     sync.Mutex
	asked  []iamtest.Request
	broken []string
}

// watch makes calls of this process go by way of a recorder until end is called.
// What nobody answers at is left as it is: errors name it.
func watch(t *testing.T) (r *recorder, end func()) {
	t.Helper()
	r = &recorder{t: t}
	var undo []func()
	for _, kv := range os.Environ() {
		name, target, _ := strings.Cut(kv, "=")
		to, err := url.Parse(target)
		if !strings.HasPrefix(name, "AWS_ENDPOINT_URL") || err != nil || !answers(to.Host) {
			continue
		}
		proxy := httptest.NewServer(r.to(to))
		if err := os.Setenv(name, proxy.URL); err != nil {
			t.Fatal(err)
		}
		undo = append(undo, proxy.Close, func() { _ = os.Setenv(name, target) })
	}
	return r, func() {
		for _, u := range undo {
			u()
		}
	}
}

func answers(host string) bool {
	conn, err := net.DialTimeout("tcp", host, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func (r *recorder) to(target *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(target) },
		// The client has gone, as it may when a run is ended.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		asked, err := requestsOf(req, body)
		r.mu.Lock()
		if err != nil {
			r.broken = append(r.broken, err.Error())
		}
		r.asked = append(r.asked, asked...)
		r.mu.Unlock()
		proxy.ServeHTTP(w, req)
	})
}

// granted is one permission as iam --explain -o json says it.
type granted struct {
	Permission string
	Uses       []struct{ Plan bool }
}

// check compares what one run asked for with what its role allows.
func (r *recorder) check(u *user, args []string) {
	u.t.Helper()
	if len(args) == 0 || args[0] != "plan" && args[0] != "apply" || slices.Contains(args, "--embedded") {
		return
	}
	for _, b := range r.broken {
		u.t.Errorf("%v asked for what this test does not know: %s", args, b)
	}
	if len(r.asked) == 0 {
		return // it came to nothing before
	}
	more := []string{"iam"}
	if i := slices.Index(args, "--region"); i >= 0 {
		more = append(more, args[i:i+2]...)
	}
	whole := u.policies(more...)
	role := whole
	if args[0] == "plan" {
		role = u.policies(append(more, "--read-only")...)
	}
	name := filepath.Base(u.file)
	wire.Lock()
	defer wire.Unlock()
	for _, m := range []map[string]map[string]bool{wire.asked, wire.granted} {
		if m[name] == nil {
			m[name] = map[string]bool{}
		}
	}
	refused := map[string]bool{}
	for _, a := range r.asked {
		wire.asked[name][a.Action] = true
		if allowedElsewhere[a.Action] != "" {
			continue
		}
		if got := iamtest.Decide(a, role); got != iamtest.Allowed {
			refused[fmt.Sprintf("%s on %s in %v: %v", a.Action, a.Resource, a.Context, got)] = true
		}
	}
	for _, what := range slices.Sorted(maps.Keys(refused)) {
		u.t.Errorf("%s of %s asks for what its role does not allow: %s", args[0], name, what)
	}
	for _, g := range u.grants(append(more, "--explain", "-o", "json")...) {
		wire.granted[name][g.Permission] = true
	}
}

// iam runs "tagwarden iam" and returns what it writes.
func (u *user) iam(args ...string) []byte {
	u.t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Main(u.t.Context(), u.cliEnv(append(args, "-f", u.file), &out, &errs)); code != 0 {
		u.t.Fatalf("%v: exit code %d\n%s", args, code, errs.String())
	}
	return out.Bytes()
}

// policies are the documents that "tagwarden iam" writes.
func (u *user) policies(args ...string) iamtest.Layer {
	u.t.Helper()
	var l iamtest.Layer
	for dec := json.NewDecoder(bytes.NewReader(u.iam(args...))); ; {
		var doc json.RawMessage
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			u.t.Fatal(err)
		}
		p, err := iamtest.Parse(doc)
		if err != nil {
			u.t.Fatalf("%v\n%s", err, doc)
		}
		l = append(l, p)
	}
}

func (u *user) grants(args ...string) []granted {
	u.t.Helper()
	var out []granted
	if err := json.Unmarshal(u.iam(args...), &out); err != nil {
		u.t.Fatal(err)
	}
	return out
}

// TestMain looks, after all tests, for permissions that are granted for nothing.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	whole := !testing.Short() && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && flag.Lookup("test.list").Value.String() == ""
	if code == 0 && whole {
		code = forNothing(os.Stderr)
	}
	os.Exit(code)
}

// forNothing names what a role grants and no test has asked for without a
// reason, and reasons that are none any more.
func forNothing(w io.Writer) int {
	wire.Lock()
	defer wire.Unlock()
	code := 0
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(wire.granted)) {
		for _, p := range slices.Sorted(maps.Keys(wire.granted[name])) {
			switch {
			case wire.asked[name][p]:
			case unasked[p] != "":
				used[p] = true
			default:
				fmt.Fprintf(w, "the role of %s grants %s, which none of its runs asks for\n", name, p)
				code = 1
			}
		}
	}
	for p := range unasked {
		if len(wire.granted) > 0 && !used[p] {
			fmt.Fprintf(w, "%s is asked for wherever it is granted: it needs no reason\n", p)
			code = 1
		}
	}
	return code
}

// allowedElsewhere are permissions that a role does not need although they are
// asked for.
var allowedElsewhere = map[string]string{
	"sts:GetCallerIdentity": "needs no permission",
	"s3:GetBucketLocation":  "is asked only of what is not AWS, which names the region of a bucket when it lists it",
}

// unasked are permissions that no test asks for, with the reason why they are
// granted all the same.
var unasked = map[string]string{}
