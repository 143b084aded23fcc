package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// exchange is a bus of EventBridge that keeps what it takes, and hands it out
// as EventBridge delivers it.
type exchange struct {
	refuse bool
	bus    string
	events []notify.Event
	// asked and answers are what AWS Config was told.
	asked   []notify.Question
	answers []notify.Compliance
}

func (x *exchange) Announce(_ context.Context, bus string, es []notify.Event) []error {
	errs := make([]error, len(es))
	x.bus = bus
	for i, e := range es {
		if x.refuse {
			errs[i] = &fault.Error{Class: fault.Denied, Call: "events:PutEvents", Hint: "allow it"}
			continue
		}
		x.events = append(x.events, e)
	}
	return errs
}

func (x *exchange) Answer(_ context.Context, q notify.Question, cs []notify.Compliance) []error {
	errs := make([]error, len(cs))
	x.asked = append(x.asked, q)
	for i, c := range cs {
		switch {
		case x.refuse:
			errs[i] = &fault.Error{Class: fault.Throttled, Call: "config:PutEvaluations"}
		case c.Type == "" && c.Ref.Type == resource.EC2Snapshot:
			errs[i] = &fault.Error{Class: fault.Unsupported, Call: "config:PutEvaluations", Message: "no name"}
		default:
			x.answers = append(x.answers, c)
		}
	}
	return errs
}

// told is what is on the bus, as policy action state.
func (x *exchange) told(t *testing.T) []string {
	t.Helper()
	out := []string{}
	for _, e := range x.events {
		var d trigger.OutcomeDetail
		if err := json.Unmarshal([]byte(e.Detail), &d); err != nil || e.Source != trigger.OutcomeSource || e.Kind != trigger.OutcomeKind || !slices.Equal(e.Resources, []string{d.Resource}) {
			t.Fatalf("%+v: %v", e, err)
		}
		out = append(out, strings.Join([]string{d.Policy, d.Action, d.State}, " "))
	}
	return out
}

// delivered is an event as EventBridge delivers it.
func delivered(n int, e notify.Event) string {
	resources, _ := json.Marshal(e.Resources)
	return fmt.Sprintf(`{"id":"eb-%d","detail-type":%q,"source":%q,"account":%q,"time":%q,"region":%q,"resources":%s,"detail":%s}`,
		n, e.Kind, e.Source, account, e.Time.Format(time.RFC3339), region, resources, e.Detail)
}

// follows is a stop, and a policy that writes down that it happened.
const follows = `
settings: {mark: off, limits: {share: 100%%}%s}
channels: {infra: {file: {dir: out}}}
policies:
  - name: stop-untagged
    resource: ec2:instance
    mode: enforce
    match: tag("Project") == "" && resource.state == "running"
    enforce: [stop, {notify: infra}]
  - name: note-stops
    resource: ec2:instance
    on: {outcome: {policy: stop-untagged, action: stop}}
    mode: enforce
    match: event.source == "tagwarden"
    tags: {Stopped: {value: today()}}
`

func TestWhatPoliciesFollowIsPublishedAndAllOfItWhereAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name, settings, bus string
		want                []string
	}{
		{"what is followed", "", "default", []string{"stop-untagged stop done"}},
		{"everything", ", outcomes: {eventbridge: audit}", "audit", []string{"stop-untagged notify done", "stop-untagged stop done"}},
	} {
		x := &exchange{}
		w := newWorld(t, fmt.Sprintf(follows, tt.settings))
		w.systems = x
		w.launch("i-00000000000000001", time.Hour, nil)
		w.launch("i-00000000000000002", time.Hour, tag.Set{"Project": "shop"})
		if r := w.apply(); len(r.Problems) > 0 {
			t.Errorf("%s: %+v", tt.name, r.Problems)
		}
		got := x.told(t)
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" || x.bus != tt.bus {
			t.Errorf("%s: on %s (-want +got)\n%s", tt.name, x.bus, diff)
		}
		before := len(x.events)
		if w.apply(); len(x.events) != before {
			t.Errorf("%s: a run that does nothing published %v", tt.name, x.told(t)[before:])
		}
	}
}

func TestFailuresAndHoldsArePublishedToo(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, `
settings: {mark: off, outcomes: {eventbridge: default}, limits: {stop: 1, share: 100%}}
policies:
  - {name: stops, resource: ec2:instance, mode: enforce, match: 'tag("Team") == "a"', enforce: [stop]}
  - {name: tags, resource: ec2:instance, mode: enforce, match: 'tag("Team") == "b"', tags: {Project: {default: none}}}
  - {name: watches, resource: ec2:instance, match: 'tag("Team") == "b"', enforce: [stop]}
`)
	w.systems = x
	w.launch("i-00000000000000001", time.Hour, tag.Set{"Team": "a"})
	w.launch("i-00000000000000002", time.Hour, tag.Set{"Team": "a"})
	w.launch("i-00000000000000003", time.Hour, tag.Set{"Team": "b"})
	w.aws.Throttle("ec2:CreateTags", 1)
	w.apply()
	got := x.told(t)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"stops stop held", "stops stop held", "tags tag failed"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnOutcomeWakesThePolicyThatFollowsItAndNotItsOwn(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, fmt.Sprintf(follows, ", outcomes: {eventbridge: default}"))
	w.systems = x
	id := w.launch("i-00000000000000001", time.Hour, nil)
	w.apply()
	for n := 0; n < len(x.events); n++ {
		if n > 10 {
			t.Fatalf("it goes on for ever: %v", x.told(t))
		}
		event := delivered(n, x.events[n])
		h, _ := w.happens(event)
		if slices.Contains(h.Policies, "stop-untagged") {
			t.Errorf("%s wakes the policy that made it", event)
		}
		if h, _ = w.happens(delivered(100+n, x.events[n])); len(h.Policies) > 0 && h.Ignored == "" {
			t.Errorf("published twice it is handled twice: %+v", h)
		}
	}
	got := x.told(t)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"note-stops tag done", "stop-untagged notify done", "stop-untagged stop done"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Stopped"] != "2026-06-01" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}

// What the loader refuses does no harm either: a file may have been edited
// since the event was published.
func TestNoOutcomeWakesItsOwnPolicyOrAnotherDeploymentsPolicies(t *testing.T) {
	w := newWorld(t, fmt.Sprintf(follows, ", name: central"))
	set := w.set()
	set.Policy("stop-untagged").Wakes.Outcomes = []policy.OutcomeOf{{Policy: "stop-untagged", Action: action.Stop}}
	for _, tt := range []struct {
		name, state string
		want        []string
	}{
		{"central", "done", []string{"note-stops"}}, {"", "done", []string{"note-stops"}},
		{"central", "failed", nil}, {"central", "held", nil}, {"elsewhere", "done", nil},
	} {
		detail := fmt.Sprintf(`{"name":%q,"policy":"stop-untagged","action":"stop","state":%q,"resource":"arn:aws:ec2:%s:%s:instance/i-1"}`, tt.name, tt.state, region, account)
		e := w.event(delivered(1, notify.Event{Source: trigger.OutcomeSource, Kind: trigger.OutcomeKind, Time: start, Detail: detail}))
		got, why := app.Woken(set, e.Request)
		if diff := cmp.Diff(tt.want, got); diff != "" || (why == "") != (len(got) > 0) {
			t.Errorf("%s of %q: %q (-want +got)\n%s", tt.state, tt.name, why, diff)
		}
	}
}

func TestOutcomesThatCannotBePublishedAreAProblemAndNothingElse(t *testing.T) {
	for name, systems := range map[string]app.Systems{"refused": &exchange{refuse: true}, "nowhere": nil} {
		w := newWorld(t, fmt.Sprintf(follows, ""))
		w.systems = systems
		id := w.launch("i-00000000000000001", time.Hour, nil)
		r := w.apply()
		if len(r.Problems) != 1 || r.Problems[0].What != "bus default" {
			t.Errorf("%s: %+v", name, r.Problems)
		}
		if i, _ := w.aws.Instance(id); i.State == "running" {
			t.Errorf("%s: it runs", name)
		}
		w.apply() // and nothing is left over
	}
	w := newWorld(t, strings.Split(fmt.Sprintf(follows, ""), "  - name: note-stops")[0])
	w.launch("i-00000000000000001", time.Hour, nil)
	if r := w.apply(); len(r.Problems) > 0 {
		t.Errorf("where nothing is to be published: %+v", r.Problems)
	}
}

func TestNoParameterOfACommandIsPublished(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, `
settings: {mark: off, outcomes: {eventbridge: default}}
policies:
  - name: p
    resource: ec2:instance
    mode: enforce
    enforce:
      - run_command: {document: Patch, parameters: {token: [hunter2]}}
`)
	w.systems = x
	w.launch("i-00000000000000001", time.Hour, nil)
	w.apply()
	if len(x.events) != 1 || strings.Contains(fmt.Sprint(x.events), "hunter2") {
		t.Errorf("published %v", x.events)
	}
}
