package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/sim"
)

// result is what one command line came to.
type result struct {
	code        int
	out, errors string
}

// world is an account and a folder that outlast one command, as AWS does.
type world struct {
	dir   string
	sim   *sim.Account
	actor execute.Actor
	// tables stands between the account's tables and the command; nil: nothing.
	tables func(outside.Tables) outside.Tables
	env    map[string]string
	stdin  string
	tty    bool
}

// newWorld returns a world with a policy file.
func newWorld(t *testing.T, policy string) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), sim: sim.Demo(), env: map[string]string{}}
	w.actor = w.sim
	if err := os.WriteFile(filepath.Join(w.dir, defaultPolicy), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// run runs one command line on it. The ledger is the policy file's.
func (w *world) run(ctx context.Context, args ...string) result {
	var out, errs bytes.Buffer
	code := Main(ctx, Env{Args: args, Stdin: strings.NewReader(w.stdin), Stdout: &out, Stderr: &errs,
		StdinTerminal: w.tty, StdoutTerminal: w.tty, Now: w.sim.Clock().Now,
		LookupEnv: func(k string) (string, bool) { v, ok := w.env[k]; return v, ok },
		open: func() *account {
			a := openEmbedded(w.sim)
			a.actor, a.forgets, a.suffix = w.actor, false, "test"
			if w.tables != nil {
				a.library = w.tables(a.library)
			}
			return a
		}})
	return result{code, out.String(), errs.String()}
}

// on runs a command on the world's policy file.
func (w *world) on(verb ...string) result {
	return w.run(context.Background(), append(verb, "-f", filepath.Join(w.dir, defaultPolicy))...)
}

const stopAll = `version: 1
settings: {regions: [us-east-1], limits: {stop: 2, share: 100%}}
policies:
  - name: stop-untagged
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running" && tag("Project") == "" && resource.managed_by == "" && tag("Env") == "dev" && resource.lifecycle == "on-demand"
    enforce: [stop]
`

func TestWhatIsHeldIsListedReleasedAndThenDone(t *testing.T) {
	w := newWorld(t, stopAll)
	if r := w.on("holds", "list"); r.code != exitDone || r.out != "nothing was held in the last 24 hours\n" {
		t.Fatalf("before: %+v", r)
	}
	held := w.on("apply", "--yes")
	if held.code != exitIncomplete || !strings.Contains(held.out, "where the limit is 2") {
		t.Fatalf("apply: %+v", held)
	}
	const run = "20260601T090000Z-test"
	list := w.on("holds", "list")
	if list.code != exitDone || !strings.HasPrefix(list.out, run+"  2026-06-01 09:00 UTC  stop of ") || !strings.Contains(list.out, "instance/i-") {
		t.Errorf("list: %+v", list)
	}
	if r := w.on("holds", "list", "-o", "json"); !strings.Contains(r.out, `"policy": "stop-untagged"`) {
		t.Errorf("list -o json: %+v", r)
	}
	if r := w.on("holds", "release", "nonesuch"); r.code != exitFailed || !strings.Contains(r.errors, "no such run holds anything") {
		t.Errorf("release of another run: %+v", r)
	}
	if r := w.on("holds", "release", run); r.code != exitDone || !strings.Contains(r.out, "resources by stop-untagged") {
		t.Errorf("release: %+v", r)
	}
	if r := w.on("holds", "list"); !strings.Contains(r.out, "stop-untagged  released\n") {
		t.Errorf("list after release: %+v", r)
	}
	w.sim.Clock().Advance(time.Hour)
	done := w.on("apply", "--yes")
	if done.code != exitDone || !strings.Contains(done.out, " stopped") {
		t.Errorf("apply after release: %+v", done)
	}
	if r := w.on("holds", "list"); !strings.Contains(r.out, "released and done") {
		t.Errorf("list at the end: %+v", r)
	}
}

// interrupter ends the context when the first call is made, as a user does who
// presses Ctrl-C.
type interrupter struct {
	execute.Actor
	interrupt context.CancelFunc
	calls     int
}

func (i *interrupter) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	i.calls++
	i.interrupt()
	return i.Actor.Do(context.WithoutCancel(ctx), c)
}

func TestAnInterruptedApplyReportsWhatWasDoneAndWhatWasNot(t *testing.T) {
	w := newWorld(t, `version: 1
settings: {regions: [ap-south-1, us-east-1]}
policies:
  - {name: a-project, resource: ec2:instance, mode: enforce, match: 'resource.name == "in-mail"', tags: {Project: {aliases: [project]}}}
  - {name: b-center, resource: ec2:instance, mode: enforce, match: 'resource.name == "billing-1"', tags: {CostCenter: {aliases: [costcenter]}}}
`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	i := &interrupter{Actor: w.sim, interrupt: cancel}
	w.actor = i
	r := w.run(ctx, "apply", "--yes", "-f", filepath.Join(w.dir, defaultPolicy))
	if r.code != exitFailed || i.calls != 1 {
		t.Errorf("code %d after %d calls", r.code, i.calls)
	}
	for _, want := range []string{"done: ", "skipped", "The run was interrupted"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the report does not say %q:\n%s%s", want, r.out, r.errors)
		}
	}
	w.actor = w.sim
	w.sim.Clock().Advance(time.Minute)
	if r := w.on("apply", "--yes"); r.code != exitDone || !strings.Contains(r.out, "Done: ") {
		t.Errorf("the next run: %+v", r)
	}
}

// silence is a terminal at which nobody types.
type silence struct{ block chan struct{} }

func (s silence) Read([]byte) (int, error) { <-s.block; return 0, errors.New("closed") }

func TestAnInterruptedQuestionIsNoYes(t *testing.T) {
	w := newWorld(t, strings.Replace(stopAll, "stop: 2", "stop: 9", 1))
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	s := silence{make(chan struct{})}
	defer close(s.block)
	var out, errs bytes.Buffer
	code := Main(ctx, Env{Args: []string{"apply", "--embedded", "--only", "stop-untagged", "-f", filepath.Join(w.dir, defaultPolicy)}, Stdin: s,
		Stdout: &out, Stderr: &errs, StdinTerminal: true, Now: w.sim.Clock().Now, LookupEnv: os.LookupEnv,
		open: func() *account { a := openEmbedded(w.sim); a.forgets = true; return a }})
	if code != exitFailed || strings.Contains(out.String(), "Done:") || !strings.Contains(errs.String(), "tagwarden: interrupted: nothing was done\n") {
		t.Errorf("code %d:\n%s%s", code, out.String(), errs.String())
	}
}

func TestColorsAreForTerminalsOfThoseWhoWantThem(t *testing.T) {
	for name, c := range map[string]struct {
		tty   bool
		env   map[string]string
		flags []string
		want  bool
	}{
		"terminal":          {tty: true, want: true},
		"no terminal":       {},
		"NO_COLOR":          {tty: true, env: map[string]string{"NO_COLOR": "1"}},
		"an empty NO_COLOR": {tty: true, env: map[string]string{"NO_COLOR": ""}, want: true},
		"--no-color":        {tty: true, flags: []string{"--no-color"}},
		"a dumb terminal":   {tty: true, env: map[string]string{"TERM": "dumb"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, stopAll)
			w.tty = c.tty
			w.env = c.env
			r := w.on(append([]string{"plan"}, c.flags...)...)
			if got := strings.Contains(r.out, "\x1b["); got != c.want {
				t.Errorf("colours: %v, want %v:\n%s%s", got, c.want, r.out, r.errors)
			}
		})
	}
}

func TestAMarkThatCannotBeWrittenFailsNothing(t *testing.T) {
	w := newWorld(t, `version: 1
settings: {regions: [us-east-1]}
channels: {team: {ses: {from: a@example.com, to: [b@example.com]}}}
policies:
  - name: full
    resource: ec2:instance
    mode: enforce
    match: resource.name == "all-the-tags"
    tags: {Project: {}}
    enforce: [{notify: team}, {stop: {after: 7d}}]
`)
	r := w.on("apply", "--yes")
	if r.code != exitDone || !strings.Contains(r.out, "mark    ") {
		t.Errorf("%+v", r)
	}
}

func TestALedgerThatCannotBeOpenedIsAnError(t *testing.T) {
	w := newWorld(t, strings.Replace(stopAll, "regions:", "ledger: {sqlite: ./nowhere/tagwarden.db}, regions:", 1))
	if r := w.on("apply", "--yes"); r.code != exitFailed || !strings.HasPrefix(r.errors, "tagwarden: opening the ledger ") || strings.Count(r.errors, "opening the ledger") != 1 {
		t.Errorf("%+v", r)
	}
	if r := w.on("plan"); r.code != exitIncomplete {
		t.Errorf("a mere look needs no ledger: %+v", r)
	}
}
