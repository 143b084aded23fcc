package examples_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/cli"
)

// user is somebody who runs tagwarden in a folder that has a copy of an
// example.
type user struct {
	t    *testing.T
	file string
	env  map[string]string
	// ahead is how far the user's clock is ahead of the server's.
	ahead time.Duration
	// unwatched says that calls take no detour by way of a recorder, which would
	// cost time where answers are large.
	unwatched bool
	// governed says that the file names accounts, which have a role of their own.
	governed bool
}

// newUser copies the example, and all tables, to a folder of its own, so that
// its ledger is new.
func newUser(t *testing.T, example string, env map[string]string) *user {
	t.Helper()
	tables, err := filepath.Glob("*.csv")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range append(tables, "tag-policy.json", example) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &user{t: t, file: filepath.Join(dir, example), env: env}
}

// document is what -o json prints, as a stranger's program reads it.
type document struct {
	Run      string
	Summary  map[string]int
	Findings []struct {
		Policy, Status string
		Resource       struct{ ID, Region, Type string }
		Actions        []struct {
			Action, State, Code string
			At                  time.Time
		}
	}
	Unread []struct{ Account, Region, Call string }
}

// run runs a command line and returns its exit code and output.
func (u *user) run(args ...string) (code int, stdout, stderr string) {
	u.t.Helper()
	var out, errs bytes.Buffer
	calls, end := &recorder{}, func() {}
	if !u.unwatched {
		calls, end = watch(u.t)
	}
	code = cli.Main(u.t.Context(), u.cliEnv(append(args, "-f", u.file), &out, &errs))
	end()
	calls.check(u, args)
	return code, out.String(), errs.String()
}

// cliEnv is the world that a command of the user's runs in.
func (u *user) cliEnv(args []string, out, errs io.Writer) cli.Env {
	return cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: out, Stderr: errs, Now: func() time.Time { return time.Now().Add(u.ahead) },
		LookupEnv: func(name string) (string, bool) {
			if v, ok := u.env[name]; ok {
				return v, true
			}
			return os.LookupEnv(name)
		},
	}
}

// json runs a command line with -o json and returns what it says; the exit
// code must be the one wanted.
func (u *user) json(code int, args ...string) document {
	u.t.Helper()
	got, stdout, stderr := u.run(append(args, "-o", "json")...)
	if got != code {
		u.t.Fatalf("%v: exit code %d, want %d\n%s", args, got, code, stderr)
	}
	var d document
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		u.t.Fatalf("%v: %v\n%s", args, err, stdout)
	}
	return d
}

// with are the ids of the findings of which an action is in a state.
func (d document) with(action, state string) []string {
	var ids []string
	for _, f := range d.Findings {
		for _, a := range f.Actions {
			if a.Action == action && a.State == state {
				ids = append(ids, f.Resource.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

func (d document) violating() []string {
	var ids []string
	for _, f := range d.Findings {
		if f.Status == "violating" {
			ids = append(ids, f.Resource.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// states are the states of all instances of the account, by id.
func states(t *testing.T, a *mototest.Account) map[string]string {
	t.Helper()
	var out struct {
		Instances []struct {
			ID    string `xml:"instanceId"`
			State string `xml:"instanceState>name"`
		} `xml:"reservationSet>item>instancesSet>item"`
	}
	a.EC2(t, &out, "DescribeInstances")
	got := map[string]string{}
	for _, i := range out.Instances {
		got[i.ID] = i.State
	}
	return got
}

func TestS1OnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	const sender = "s1@example.com"
	aws.VerifyIdentity(t, sender)
	bad := aws.Launch(t, 12, nil)
	bad = append(bad, aws.Launch(t, 1, map[string]string{"Name": "<b>web</b>", "project": "wrong case"})...)
	protected := aws.Launch(t, 1, nil)[0]
	aws.Protect(t, protected, true, false)
	member := aws.Launch(t, 1, map[string]string{"aws:autoscaling:groupName": "web"})[0]
	aws.Launch(t, 3, map[string]string{"Project": "apollo"})
	aws.Launch(t, 1, map[string]string{"Project": ""})
	all := append(slices.Clone(bad), protected, member)
	slices.Sort(bad)
	slices.Sort(all)
	u := newUser(t, "s1-long-running-untagged.yaml", map[string]string{"SES_FROM": sender})

	same(t, "violations on day 6", []string(nil), u.json(0, "plan", "--at", "+6d").violating())
	d := u.json(0, "plan", "--at", "+8d")
	same(t, "violations on day 8", all, d.violating())
	same(t, "summary on day 8", map[string]int{"examined": 19, "out_of_scope": 0, "compliant": 4, "exempt": 0, "fixable": 0, "fixed": 0,
		"violating": 15, "unknown": 0, "unread": 0}, d.Summary)
	same(t, "to stop on day 8", []string(nil), d.with("stop", "planned"))

	d = u.json(3, "apply", "--yes", "--at", "+15d") // 3: two are held
	same(t, "stopped on day 15", bad, d.with("stop", "done"))
	same(t, "held on day 15", slices.Sorted(slices.Values([]string{protected, member})), d.with("stop", "held"))
	for id, state := range states(t, aws) {
		want := "running"
		if slices.Contains(bad, id) {
			want = "stopped"
		}
		same(t, "state of "+id, want, state)
	}

	mails := server.SentMail(t, sender)
	if len(mails) != 1 {
		t.Fatalf("%d mails were sent, want 1", len(mails))
	}
	same(t, "subject", "⚠️ 15 Untagged EC2 Instance(s) Detected", mails[0].Subject)
	same(t, "recipients", []string{"infra@example.com"}, mails[0].To)
	for _, id := range all {
		if !strings.Contains(mails[0].Body, id) {
			t.Errorf("the mail does not name %s", id)
		}
	}
	for _, want := range []string{"Unnamed", "Unknown", "stop protection is on", "Auto Scaling group web", "&lt;b&gt;web&lt;/b&gt;"} {
		if !strings.Contains(mails[0].Body, want) {
			t.Errorf("the mail does not say %q", want)
		}
	}

	d = u.json(3, "apply", "--yes", "--at", "+15d")
	same(t, "stopped by the second run", []string(nil), d.with("stop", "done"))
	same(t, "mails after the second run", 1, len(server.SentMail(t, sender)))
}

func TestTheLadderOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-west-1")
	aws.Setenv(t)
	const sender = "ladder@example.com"
	aws.VerifyIdentity(t, sender)
	dev := aws.Launch(t, 1, map[string]string{"Owner": "alice"})[0]
	prod := aws.Launch(t, 1, map[string]string{"Owner": "bob@corp.example", "Env": "prod"})[0]
	alias := aws.Launch(t, 1, map[string]string{"Owner": "carol", "cost-center": "CC-1234"})[0]
	aws.Launch(t, 1, map[string]string{"SPECIAL_EXCEPTION": "yes"})
	aws.Launch(t, 1, map[string]string{"CostCenter": "CC-0001"})
	u := newUser(t, "ladder.yaml", map[string]string{"SES_FROM": sender})

	recipients := func() []string {
		var to []string
		for _, m := range server.SentMail(t, sender) {
			to = append(to, m.To...)
		}
		return to
	}
	d := u.json(0, "apply", "--yes")
	same(t, "repaired", []string{alias}, d.with("tag", "done"))
	same(t, "waiting", slices.Sorted(slices.Values([]string{dev, prod})), d.with("stop", "waiting"))
	same(t, "told", []string{"alice@example.com", "bob@corp.example", "carol@example.com"}, recipients())

	u.json(0, "apply", "--yes", "--at", "+3d")
	same(t, "mails three days in", 3, len(recipients()))
	u.json(0, "apply", "--yes", "--at", "+5d")
	same(t, "the reminder", []string{"alice@example.com"}, recipients()[3:])
	d = u.json(0, "apply", "--yes", "--at", "+8d")
	same(t, "stopped", []string{dev}, d.with("stop", "done"))
	same(t, "the result", []string{"alice@example.com"}, recipients()[4:])
	same(t, "state", "stopped", states(t, aws)[dev])
	d = u.json(0, "apply", "--yes", "--at", "+23d")
	same(t, "terminated", []string{dev}, d.with("terminate", "done"))
	same(t, "state of the other", "running", states(t, aws)[prod])
	same(t, "mails in all", 6, len(recipients()))
}

// moto is slow with many: they take it the square of their number.
func TestAThousandInstancesInTwoRegions(t *testing.T) {
	if testing.Short() {
		t.Skip("launching 1,000 instances takes a while")
	}
	aws := mototest.Start(t).Account(t, "us-east-1")
	aws.Setenv(t)
	far := aws.In("ap-south-1")
	for i := range 10 {
		a := aws
		if i%2 == 1 {
			a = far
		}
		a.Launch(t, 100, map[string]string{"Project": "apollo"})
	}
	want := append(aws.Launch(t, 2, nil), far.Launch(t, 1, nil)...)
	slices.Sort(want)
	u := newUser(t, "s1-long-running-untagged.yaml", nil)
	u.unwatched = true
	d := u.json(0, "plan", "--at", "+8d", "--region", "us-east-1,ap-south-1")
	same(t, "examined", 1003, d.Summary["examined"])
	same(t, "violations", want, d.violating())
}

func TestWhatGoesWrongIsOneClearMessage(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-1")
	aws.Setenv(t)
	id := aws.Launch(t, 1, nil)[0]
	t.Run("an unverified sender", func(t *testing.T) {
		u := newUser(t, "s1-long-running-untagged.yaml", map[string]string{"SES_FROM": "nobody@unverified.example"})
		code, stdout, stderr := u.run("apply", "--yes", "--at", "+15d")
		same(t, "exit code", 1, code)
		for _, want := range []string{"could not tell infra", "nobody@unverified.example", "create-email-identity"} {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("the message does not say %q:\n%s%s", want, stdout, stderr)
			}
		}
		same(t, "the other work", "stopped", states(t, aws)[id])
	})
	t.Run("a region that does not answer", func(t *testing.T) {
		u := newUser(t, "s1-long-running-untagged.yaml", nil)
		t.Setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:1")
		code, stdout, stderr := u.run("plan")
		same(t, "exit code", 3, code)
		if !strings.Contains(stdout+stderr, "us-east-1") || !strings.Contains(stdout+stderr, "AWS_ENDPOINT_URL") {
			t.Errorf("the message names neither region nor remedy:\n%s%s", stdout, stderr)
		}
	})
	t.Run("a wrong endpoint", func(t *testing.T) {
		u := newUser(t, "s1-long-running-untagged.yaml", nil)
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
		code, stdout, stderr := u.run("plan")
		same(t, "exit code", 1, code)
		same(t, "data", "", stdout)
		if n := strings.Count(stderr, "127.0.0.1:1"); n == 0 {
			t.Errorf("the message does not name the endpoint:\n%s", stderr)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		u := newUser(t, "s1-long-running-untagged.yaml", nil)
		for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
			t.Setenv(name, "")
		}
		code, _, stderr := u.run("plan")
		same(t, "exit code", 1, code)
		if !strings.Contains(stderr, "credentials") {
			t.Errorf("the message does not speak of credentials:\n%s", stderr)
		}
	})
}
