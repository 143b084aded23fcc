package app_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
)

const twice = `
settings: {limits: {share: 100%}}
policies:
  - {name: nightly, resource: ec2:instance, on: {schedule: rate(1 day)}, mode: enforce, match: '!("Project" in resource.tags)', enforce: [stop]}
  - {name: started, resource: ec2:instance, on: {state: running}, sweep: false, mode: enforce, tags: {Seen: {default: "yes"}}}
`

func TestAScheduleSweepsOnceForEachOfItsEvents(t *testing.T) {
	w := newWorld(t, twice)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	daily := `{"tagwarden":"schedule","id":"s-1"}`
	h, report, err := w.app().Sweep(t.Context(), w.event(daily))
	if err != nil || report == nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"nightly"}, h.Policies); diff != "" {
		t.Errorf("policies for events alone are not swept (-want +got)\n%s", diff)
	}
	if i, _ := w.aws.Instance(id); i.State == "running" || i.TagSet["Seen"] != "" {
		t.Errorf("it is %s, with the tags %v", i.State, i.TagSet)
	}
	before := w.aws.Calls()
	h, report, err = w.app().Sweep(t.Context(), w.event(daily))
	if err != nil || report != nil || h.Ignored != "it was handled before" {
		t.Errorf("the same event again: %+v, %v, %v", h, report, err)
	}
	if after := w.aws.Calls(); after["ec2:DescribeInstances"] != before["ec2:DescribeInstances"] {
		t.Error("it lists everything for an event that was handled")
	}
	h, _, err = w.app().Sweep(t.Context(), w.event(`{"tagwarden":"schedule","id":"s-2","policies":["started"]}`))
	if err != nil || !slices.Equal(h.Policies, []string{"started"}) {
		t.Fatalf("a schedule that names a policy for events: %+v, %v", h, err)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Seen"] != "yes" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}

func TestAScheduleForAnotherAccountOrForPoliciesThatAreGoneIsIgnored(t *testing.T) {
	w := newWorld(t, twice)
	if h, report, err := w.app().Sweep(t.Context(), w.event(`{"tagwarden":"schedule","id":"s-0","account":"999988887777"}`)); err != nil || report != nil || !strings.Contains(h.Ignored, "999988887777") {
		t.Errorf("one of another account: %+v, %v, %v", h, report, err)
	}
	h, report, err := w.app().Sweep(t.Context(), w.event(`{"tagwarden":"schedule","id":"s-1","policies":["former"]}`))
	if err != nil || report != nil || h.Ignored == "" {
		t.Errorf("%+v, %v, %v", h, report, err)
	}
	only := newWorld(t, strings.Replace(twice, "on: {schedule: rate(1 day)}", "on: created, sweep: false", 1))
	if h, _, err = only.app().Sweep(t.Context(), only.event(`{"tagwarden":"schedule","id":"s-1"}`)); err != nil || h.Ignored != "every policy is for events alone" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestASweepThatWasEndedBeforeItsTimeGoesOnWhenTheEventComesAgain(t *testing.T) {
	w := newWorld(t, twice)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	ctx, end := context.WithCancel(t.Context())
	before := &ending{Account: w.aws, end: end}
	a := app.New(app.Options{Set: w.set(), Source: before, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region})
	_, report, err := a.Sweep(ctx, w.event(`{"tagwarden":"schedule","id":"s-1"}`))
	if err == nil && (report == nil || !report.Interrupted) {
		t.Fatalf("it was not ended: %+v", report)
	}
	if i, _ := w.aws.Instance(id); i.State != "running" {
		t.Fatalf("it is %s", i.State)
	}
	if h, _, err := w.app().Sweep(t.Context(), w.event(`{"tagwarden":"schedule","id":"s-1"}`)); err != nil || h.Ignored != "" {
		t.Errorf("%+v, %v", h, err)
	}
	if i, _ := w.aws.Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}

// ending is an account whose second look at something ends the run.
type ending struct {
	*sim.Account
	end func()
}

func (e *ending) Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error) {
	rs, err := e.Account.Get(ctx, at, t, ids)
	e.end()
	return rs, err
}

func TestAnEventIsItsHandlersUntilThatIsEnded(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	e := w.event(running(id))
	e.Until = e.Now.Add(10 * time.Second)
	answers := map[string][]record.Claimed{}
	look := func() {
		for _, key := range []string{"event/state/e-1", "resource/" + account + "/" + region + "/ec2:instance/" + id} {
			for _, after := range []time.Duration{9 * time.Second, 10 * time.Second} {
				got, err := w.ledger.Claim(t.Context(), w.scope(), key, "next", e.Now.Add(after), e.Now.Add(time.Hour))
				if err != nil {
					t.Error(err)
				}
				answers[key[:5]] = append(answers[key[:5]], got)
			}
		}
	}
	src := &ending{Account: w.aws, end: sync.OnceFunc(look)}
	a := app.New(app.Options{Set: w.set(), Source: src, Actor: w.aws, Trail: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region})
	if _, _, err := a.Handle(t.Context(), e); !errors.Is(err, record.ErrLost) {
		t.Errorf("another has it since: %v", err)
	}
	want := []record.Claimed{record.Taken, record.Yours}
	if diff := cmp.Diff(map[string][]record.Claimed{"event": want, "resou": want}, answers); diff != "" {
		t.Errorf("what others get after 9 s and after 10 s (-want +got)\n%s", diff)
	}
}

func TestWhatARunThatWasEndedLeftIsNotDone(t *testing.T) {
	w := newWorld(t, unexcepted)
	id := w.launch("i-00000000000000001", time.Hour, nil)
	ctx, end := context.WithCancel(t.Context())
	a := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Ledger: &closing{w.ledger, end}, Notifier: w.post, Region: region})
	if h, _, err := a.Handle(ctx, w.event(running(id))); err != nil || h.Done() {
		t.Fatalf("%+v, %v", h, err)
	}
	if i, _ := w.aws.Instance(id); i.State != "running" {
		t.Fatalf("it is %s", i.State)
	}
	if h, _ := w.happens(running(id)); h.Ignored != "" || !h.Done() {
		t.Errorf("the event again: %+v", h)
	}
	if i, _ := w.aws.Instance(id); i.State == "running" {
		t.Error("it runs")
	}
}

// closing is a ledger that ends the run once its cases are open, which is just
// before anything is done.
type closing struct {
	record.Ledger
	end func()
}

func (c *closing) SaveCases(ctx context.Context, s record.Scope, cs []*cases.Case) error {
	defer c.end()
	return c.Ledger.SaveCases(ctx, s, cs)
}
