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
	mu     sync.Mutex
	asked  []iamtest.Request
	broken []string
}

// watch makes calls of this process go by way of a recorder until end is called.
// What nobody answers at is left as it is: errors name it.
func watch(t *testing.T) (r *recorder, end func()) {
	t.Helper()
	r = &recorder{}
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
	if len(args) == 0 || !slices.Contains([]string{"plan", "apply", "handle"}, args[0]) || slices.Contains(args, "--embedded") {
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
	roles := [][]string{more}
	if u.governed {
		roles = append(roles, append(slices.Clone(more), "--member"))
	}
	var role iamtest.Layer
	for _, one := range roles {
		if args[0] == "plan" {
			one = append(slices.Clone(one), "--read-only")
		}
		role = append(role, u.policies(one...)...)
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
	for _, one := range roles {
		for _, g := range u.grants(append(slices.Clone(one), "--explain", "-o", "json")...) {
			wire.granted[name][g.Permission] = true
		}
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
			if wire.asked[name][p] {
				continue
			}
			if !excused(name, p) {
				fmt.Fprintf(w, "the role of %s grants %s, which none of its runs asks for\n", name, p)
				code = 1
			}
			used[p] = true
		}
	}
	for _, u := range unasked {
		for _, p := range u.permissions {
			if len(wire.granted) > 0 && !used[p] {
				fmt.Fprintf(w, "%s is asked for wherever it is granted, and needs no reason\n", p)
				code = 1
			}
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

// unasked are permissions that the runs of an example do not ask for, with the
// reason why they are granted all the same.
var unasked = []struct {
	example     string // "": any
	permissions []string
	why         string
}{
	{"", []string{"ec2:DeleteTags", "rds:RemoveTagsFromResource"},
		"takes away a mark, which is there where an earlier policy file, or a step that was waited for, has left one"},
	{"", []string{"ec2:DescribeSpotInstanceRequests"}, "is asked of spot instances alone, and moto runs none"},
	{"open-security-groups.yaml", []string{"ec2:RevokeSecurityGroupEgress"}, "a condition over rules can be true of those that let out too; this one is not"},
	{"expired.yaml", []string{"ec2:DeleteVolume"}, "waits for a snapshot begun after it was due, and the test looks ahead"},
	{"patch-by-run-command.yaml", []string{"ssm:SendCommand"}, "moto has no instance that Systems Manager manages"},
	{"snapshots-six-months.yaml", []string{"ec2:DeregisterImage", "ec2:DescribeImageAttribute", "ec2:DescribeInstances"},
		"is for images of more than a year, and the test looks half a year ahead"},
	{"snapshots-six-months.yaml", []string{"ec2:DescribeLaunchTemplateVersions", "ssm:GetParameters"}, "is for launch templates, of which the test has none; EC2 asks Systems Manager itself"},
	{"owner-everywhere.yaml", []string{"config:DescribeConfigurationRecorderStatus", "config:SelectResourceConfig", "resource-explorer-2:GetView", "resource-explorer-2:Search"},
		"moto has neither a recorder of AWS Config nor Resource Explorer"},
	{"owner-everywhere.yaml", []string{"autoscaling:CreateOrUpdateTags", "autoscaling:DescribeAutoScalingGroups", "dynamodb:DescribeTable", "dynamodb:ListTables", "dynamodb:ListTagsOfResource",
		"dynamodb:TagResource", "ec2:DescribeAddresses", "ec2:DescribeImages", "ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
		"ec2:DescribeVpcs", "lambda:GetFunctionConfiguration", "lambda:ListFunctions", "lambda:ListTags", "lambda:TagResource", "rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusters",
		"rds:DescribeDBSnapshots", "s3:GetBucketTagging", "s3:ListAllMyBuckets", "s3:PutBucketTagging", "tag:TagResources"},
		"a policy about everything can find resources of any type; the test has instances, volumes, snapshots and databases"},
	{"owner-everywhere.yaml", []string{"iam:TagInstanceProfile", "iam:TagMFADevice", "iam:TagOpenIDConnectProvider", "iam:TagPolicy", "iam:TagRole", "iam:TagSAMLProvider",
		"iam:TagServerCertificate", "iam:TagUser"}, "a policy about everything can find resources of IAM, which moto's tagging API does not tell of"},
	{"", []string{"autoscaling:DescribeAutoScalingGroups", "tag:GetResources"}, "is asked for the owner of the group or stack that something was made for, and moto has no events that say so"},
}

// excused says whether there is a reason.
func excused(example, permission string) bool {
	for _, u := range unasked {
		if (u.example == "" || u.example == example) && slices.Contains(u.permissions, permission) {
			return true
		}
	}
	return false
}
