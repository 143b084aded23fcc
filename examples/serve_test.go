package examples_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/cli"
)

// served is a policy that stops what comes to run without a tag, two seconds
// after it did.
const served = `version: 1
settings: {regions: [us-east-1]}
policies:
  - {name: stop, resource: ec2:instance, on: {state: running}, settle: 2s, sweep: false, mode: enforce, match: 'tag("Project") == ""', enforce: [stop]}
`

// daemon is a daemon, and what it logs.
type daemon struct {
	lines chan string
	said  []string
	end   func() int
}

// serve starts a daemon on a policy file.
func serve(t *testing.T, policy string, args ...string) *daemon {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tagwarden.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- cli.Main(ctx, cli.Env{Args: append([]string{"serve", "-f", file, "--listen", "127.0.0.1:0"}, args...), Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: w,
			Now: time.Now, LookupEnv: os.LookupEnv})
		_ = w.Close()
	}()
	d := &daemon{lines: make(chan string, 1000), end: func() int {
		cancel()
		return <-code
	}}
	go func() {
		defer close(d.lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			d.lines <- s.Text()
		}
	}()
	return d
}

// says waits until it has said something as often as is wanted, and returns what
// the last line matches.
func (d *daemon) says(t *testing.T, pattern string, times int) []string {
	t.Helper()
	want, late := regexp.MustCompile(pattern), time.After(time.Minute)
	for {
		n := 0
		for _, line := range d.said {
			if m := want.FindStringSubmatch(line); m != nil {
				if n++; n == times {
					return m
				}
			}
		}
		select {
		case line, ok := <-d.lines:
			if !ok {
				t.Fatalf("it ended, and never said %s:\n%s", pattern, strings.Join(d.said, "\n"))
			}
			d.said = append(d.said, line)
		case <-late:
			t.Fatalf("it does not say %s:\n%s", pattern, strings.Join(d.said, "\n"))
		}
	}
}

func TestADaemonOnMotoHandlesWhatSettlesInItsQueue(t *testing.T) {
	for _, settle := range []string{"queue", "memory"} {
		t.Run(settle, func(t *testing.T) {
			aws := mototest.Shared(t).Account(t, "us-east-1")
			aws.Setenv(t)
			url, _ := aws.Queue(t, "events-"+settle, 3)
			ids := aws.Launch(t, 2, nil)
			aws.EC2(t, nil, "CreateTags", "ResourceId.1", ids[1], "Tag.1.Key", "Project", "Tag.1.Value", "web")
			d := serve(t, served, "--queue", url, "--settle", settle)
			address := d.says(t, `address=(\S+)`, 1)[1]
			for i, id := range ids {
				aws.Send(t, url, fmt.Sprintf(`{"id":"e-%d","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":%q,"time":%q,"region":"us-east-1","resources":[],"detail":{"instance-id":%q,"state":"running"}}`,
					i, aws.ID, time.Now().UTC().Format(time.RFC3339), id))
			}
			aws.Send(t, url, "what is this?")
			d.says(t, `to be judged later.*event=e-`, 2)
			d.says(t, `message malformed`, 1)
			d.says(t, `(message|note) handled.*runs=\[\S+\]`, 4)
			metrics := get(t, "http://"+address+"/metrics")
			if !strings.Contains(metrics, `tagwarden_messages_total{result="malformed"} 1`) || get(t, "http://"+address+"/readyz") != "ok\n" {
				t.Errorf("metrics:\n%s", metrics)
			}
			waitFor(t, func() bool { return states(t, aws)[ids[0]] != "running" })
			if code := d.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if got := states(t, aws); got[ids[1]] != "running" {
				t.Errorf("states %v", got)
			}
		})
	}
}

// waitFor waits until something is so.
func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	late, again := time.After(30*time.Second), time.NewTicker(200*time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			t.Fatal("it does not happen")
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
