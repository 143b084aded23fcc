package cli

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/span"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestParseAtReadsInstantsDaysAndLengths(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]time.Time{
		"2026-06-30T09:00:00Z":      time.Date(2026, 6, 30, 9, 0, 0, 0, time.UTC),
		"2026-06-30T09:00:00+02:00": time.Date(2026, 6, 30, 7, 0, 0, 0, time.UTC),
		"2026-06-30":                time.Date(2026, 6, 29, 22, 0, 0, 0, time.UTC),
		"+8d":                       noon.Add(8 * span.Day),
		"+1d12h":                    noon.Add(36 * time.Hour),
		"+0s":                       noon,
	} {
		got, err := parseAt(in, noon, berlin)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "now", "8d", "-8d", "+", "+-8d", "2026-06-31", "2026-06-30 09:00", "30.6.2026"} {
		if got, err := parseAt(in, noon, berlin); !errors.Is(err, errAt) && !errors.Is(err, span.ErrSyntax) {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
}

func TestApplyMayOnlyLookAheadWhereNothingIsAtStake(t *testing.T) {
	for _, c := range []struct {
		by        time.Duration
		rehearsal bool
		want      error
	}{{0, false, nil}, {0, true, nil}, {time.Hour, true, nil}, {time.Hour, false, errFuture}, {-time.Hour, true, errPast}, {-time.Hour, false, errPast}} {
		if err := mayApplyAt(noon.Add(c.by), noon, c.rehearsal); !errors.Is(err, c.want) {
			t.Errorf("%v, rehearsal %v: %v, want %v", c.by, c.rehearsal, err, c.want)
		}
	}
}

func TestTheExitCodeOfAnAppliedPlanIsTheWorstThatHappened(t *testing.T) {
	did := func(k action.Kind, s plan.State) plan.Finding {
		return plan.Finding{Resource: plan.Resource{Ref: resource.Ref{ARN: "arn:1"}}, Actions: []plan.Action{{Action: k, State: s}}}
	}
	for name, c := range map[string]struct {
		r    app.Report
		p    plan.Plan
		want error
	}{
		"nothing":          {},
		"done":             {p: plan.Plan{Findings: []plan.Finding{did(action.Stop, plan.Done)}}},
		"skipped":          {p: plan.Plan{Findings: []plan.Finding{did(action.Stop, plan.Skipped)}}},
		"held":             {p: plan.Plan{Findings: []plan.Finding{did(action.Stop, plan.Held)}}, want: exit(exitIncomplete)},
		"lastingly unread": {p: plan.Plan{Unread: []plan.Unread{{Lasting: true}}}},
		"unread":           {p: plan.Plan{Unread: []plan.Unread{{}}}, want: exit(exitIncomplete)},
		"failed and held":  {p: plan.Plan{Findings: []plan.Finding{did(action.Stop, plan.Held), did(action.Tag, plan.Failed)}}, want: exit(exitFailed)},
		"unsent":           {r: app.Report{Deliveries: []notify.Delivery{{Accepted: true}, {}}}, want: exit(exitFailed)},
		"a problem":        {r: app.Report{Problems: []app.Problem{{What: "the ledger"}}}, want: exit(exitFailed)},
		"a mark":           {p: plan.Plan{Findings: []plan.Finding{did(action.Mark, plan.Failed)}}},
		"a mark, and more": {r: app.Report{Problems: []app.Problem{{What: "x"}}}, p: plan.Plan{Findings: []plan.Finding{did(action.Unmark, plan.Failed)}}, want: exit(exitFailed)},
		"interrupted":      {r: app.Report{Interrupted: true}, want: exit(exitFailed)},
	} {
		c.r.Plan = &c.p
		if got := applied(&c.r); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPlanExitsWithTwoForViolationsBeforeThree(t *testing.T) {
	p := &plan.Plan{Summary: plan.Summary{Violating: 1}, Unread: []plan.Unread{{}}}
	if got := planned(p, true); got != exit(exitViolations) {
		t.Errorf("asked: %v", got)
	}
	if got := planned(p, false); got != exit(exitIncomplete) {
		t.Errorf("not asked: %v", got)
	}
	if got := planned(&plan.Plan{Summary: plan.Summary{Fixable: 1}}, true); got != nil {
		t.Errorf("only fixable: %v", got)
	}
}

func TestErrorsAreSafeForTheTerminalAndSayWhatToDo(t *testing.T) {
	var b bytes.Buffer
	complain(t.Context(), &b, errors.Join(errors.New("one\x1b[2J"), &fault.Error{Class: fault.Credentials, Call: "sts:X", Hint: "log in"}))
	want := "tagwarden: one\\u001b[2J\n  sts:X: credentials\n  log in\n  to try tagwarden without AWS: tagwarden demo, or --embedded\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

func TestTheOutboxTakesEverythingAndSendsNothing(t *testing.T) {
	box := &outbox{}
	if id, err := box.SendMail(t.Context(), notify.Mail{}); id == "" || err != nil {
		t.Error(id, err)
	}
	if id, err := box.Publish(t.Context(), notify.Publication{}); id == "" || err != nil {
		t.Error(id, err)
	}
	a := openEmbedded(sim.Demo())
	res, err := a.ways.HTTP.Post("https://hooks.example.com/secret", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Error(res.Status)
	}
	if box.total() != 2 || a.outbox.total() != 1 {
		t.Errorf("%d and %d messages", box.total(), a.outbox.total())
	}
}

func TestProgressIsForTerminalsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		tty, verbose bool
		want         string
	}{
		"terminal":    {tty: true, want: "reading: 7 resources in ap-south-1, us-east-1"},
		"no terminal": {},
		"with a log":  {tty: true, verbose: true},
	} {
		var b bytes.Buffer
		p := progressEvery(0, Env{Stderr: &b, StderrTerminal: c.tty}, c.verbose)
		p.show(app.Progress{Region: "us-east-1", Resources: 4})
		p.show(app.Progress{Region: "ap-south-1", Resources: 3})
		p.end()
		if got := b.String(); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAPlanReplacesNoPolicyFile(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "sub", "plan.json")
	if err := os.Mkdir(filepath.Dir(other), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{file, other} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		out, policy string
		refused     bool
	}{
		{file, file, true},
		{file, dir, true},
		{filepath.Join(dir, "sub", "..", "a.yaml"), file, true},
		{other, dir, false},
		{filepath.Join(dir, "new.json"), file, false},
		{"", file, false},
	} {
		if err := notPolicy(tt.out, []string{tt.policy}); errors.Is(err, errIsPolicy) != tt.refused {
			t.Errorf("a plan as %s beside %s: %v", tt.out, tt.policy, err)
		}
	}
}
