package examples_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/sim"
)

const day = 24 * time.Hour

// mailbox accepts mail and keeps it.
type mailbox struct{ mails []notify.Mail }

func (m *mailbox) SendMail(_ context.Context, mail notify.Mail) (string, error) {
	m.mails = append(m.mails, mail)
	return fmt.Sprint("m-", len(m.mails)), nil
}

// rehearsal is an example on the embedded sample account.
type rehearsal struct {
	t    *testing.T
	aws  *sim.Account
	app  *app.App
	box  *mailbox
	runs int
}

func rehearse(t *testing.T, example string) *rehearsal {
	t.Helper()
	b, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	set, problems := policy.Load([]policy.Source{{Name: example, Data: b}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	r := &rehearsal{t: t, aws: sim.Demo(), box: &mailbox{}}
	n := notify.New(set, notify.Transports{Mail: r.box}, func(context.Context, time.Duration) error { return nil })
	r.app = app.New(app.Options{Set: set, Source: r.aws, Actor: r.aws, Ledger: record.NewMemory(), Notifier: n})
	return r
}

// apply lets time pass and then plans and applies in every region.
func (r *rehearsal) apply(after time.Duration) *plan.Plan {
	r.t.Helper()
	r.aws.Clock().Advance(after)
	r.runs++
	now := r.aws.Clock().Now()
	p, err := r.app.Plan(r.t.Context(), app.Request{Run: fmt.Sprint("run-", r.runs), Now: now, Regions: []string{"all"}})
	if err != nil {
		r.t.Fatal(err)
	}
	report, err := r.app.Apply(r.t.Context(), p, now)
	if err != nil || len(report.Problems) > 0 {
		r.t.Fatalf("applying: %v %v", err, report.Problems)
	}
	return report.Plan
}

// in are the ids of the findings of which that action is in that state.
func in(p *plan.Plan, k action.Kind, s plan.State) []string {
	var ids []string
	for _, f := range p.Findings {
		for _, a := range f.Actions {
			if a.Action == k && a.State == s {
				ids = append(ids, f.Resource.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// untagged are the running instances without a Project tag that have run for
// longer than that, by a reading of the account that owes tagwarden nothing.
func (r *rehearsal) untagged(longer time.Duration) []string {
	var ids []string
	for _, i := range r.aws.Instances() {
		if _, ok := i.TagSet["Project"]; !ok && i.State == "running" && r.aws.Clock().Now().Sub(i.LaunchedAt) > longer {
			ids = append(ids, i.Reference.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestS1OnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "s1-long-running-untagged.yaml")
	violating, overdue := r.untagged(7*day), r.untagged(14*day-1)
	p := r.apply(0)
	same(t, "violating", len(violating), p.Summary.Violating)
	stopped, held := in(p, action.Stop, plan.Done), in(p, action.Stop, plan.Held)
	same(t, "stopped or held", overdue, slices.Sorted(slices.Values(append(slices.Clone(stopped), held...))))
	if len(stopped) == 0 || len(held) == 0 {
		t.Fatalf("%d stopped and %d held; the sample account has both", len(stopped), len(held))
	}
	r.aws.Clock().Advance(time.Minute)
	for _, i := range r.aws.Instances() {
		if slices.Contains(stopped, i.Reference.ID) != (i.State == "stopped" && slices.Contains(violating, i.Reference.ID)) {
			t.Errorf("%s is %s", i.Reference.ID, i.State)
		}
	}

	same(t, "mails", 1, len(r.box.mails))
	mail := r.box.mails[0]
	same(t, "subject", fmt.Sprintf("⚠️ %d Untagged EC2 Instance(s) Detected", len(violating)), mail.Subject)
	same(t, "from", "governance@example.com", mail.From)
	for _, body := range []string{mail.Text, mail.HTML} {
		for _, id := range violating {
			if !strings.Contains(body, id) {
				t.Errorf("the mail does not name %s", id)
			}
		}
		for _, hostile := range []string{"<script>", "\x1b", "\u202e"} {
			if strings.Contains(body, hostile) && (hostile != "<script>" || body == mail.HTML) {
				t.Errorf("the mail lets %q through", hostile)
			}
		}
	}
	p = r.apply(time.Hour)
	same(t, "stopped by the second run", []string(nil), in(p, action.Stop, plan.Done))
	same(t, "mails after the second run", 1, len(r.box.mails))
}

func TestTheLadderOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "ladder.yaml")
	p := r.apply(0)
	waiting := in(p, action.Stop, plan.Waiting)
	if len(waiting) == 0 || len(in(p, action.Tag, plan.Done)) == 0 {
		t.Fatal("the sample account has nothing to warn of or to repair")
	}
	same(t, "stopped on the first day", []string(nil), in(p, action.Stop, plan.Done))
	first := len(r.box.mails)
	p = r.apply(3 * day)
	same(t, "mails on day 3", first, len(r.box.mails))
	same(t, "stopped on day 3", []string(nil), in(p, action.Stop, plan.Done))
	r.apply(day)
	if len(r.box.mails) == first {
		t.Error("nobody is reminded three days ahead")
	}
	// Most of the sample account lacks the tag: more than a quarter is to stop,
	// so a person must say that this is meant.
	p = r.apply(3 * day)
	same(t, "stopped before a person agreed", []string(nil), in(p, action.Stop, plan.Done))
	if _, err := r.app.Release(t.Context(), p.Run, r.aws.Clock().Now()); err != nil {
		t.Fatal(err)
	}
	p = r.apply(time.Hour)
	stopped := in(p, action.Stop, plan.Done)
	if len(stopped) == 0 {
		t.Fatal("nothing is stopped after a week")
	}
	for _, id := range stopped {
		if !slices.Contains(waiting, id) {
			t.Errorf("%s was stopped without a warning", id)
		}
		if i, _ := r.aws.Instance(id); i.TagSet["Env"] == "prod" || i.TagSet["Env"] == "live" {
			t.Errorf("%s is production, and was stopped after a week", id)
		}
	}
	// What somebody else had stopped counts as stopped from the day it was due.
	terminated := in(r.apply(14*day-time.Minute), action.Terminate, plan.Done)
	for _, id := range terminated {
		if slices.Contains(stopped, id) {
			t.Errorf("%s was terminated a minute early", id)
		}
	}
	p = r.apply(time.Minute)
	for _, id := range in(p, action.Terminate, plan.Done) {
		if !slices.Contains(stopped, id) {
			t.Errorf("%s was terminated without having been stopped", id)
		}
	}
	if len(in(p, action.Terminate, plan.Done))+len(in(p, action.Terminate, plan.Held)) == 0 {
		t.Error("nothing is terminated, nor held, two weeks after the stop")
	}
}

func TestEveryExampleLoads(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		u := newUser(t, f, nil)
		if code, stdout, stderr := u.run("validate"); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", f, code, stdout, stderr)
		}
	}
}
