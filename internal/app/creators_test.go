package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const stamping = `
policies:
  - name: stamp
    resource: ec2:instance
    mode: enforce
    match: resource.state == "running"
    tags: {Owner: {value: creator.name, fallback: Undefined}}
`

const lookups = "cloudtrail:LookupEvents"

// launchBy puts an instance there that somebody launched so long ago.
func (w *world) launchBy(by sim.Who, age time.Duration, tags tag.Set) string {
	return w.aws.Launch(sim.Instance{Region: region, LaunchedAt: w.aws.Clock().Now().Add(-age), Tags: tags, By: by})
}

// owners are the tags that a plan writes, by resource.
func owners(p *plan.Plan) map[string]string {
	out := map[string]string{}
	for _, f := range p.Findings {
		out[f.Resource.ID] = string(f.Status)
		for _, a := range f.Actions {
			if v, ok := a.Tags["Owner"]; ok {
				out[f.Resource.ID] = v
			}
		}
	}
	return out
}

func TestInstancesAreStampedWithTheirCreators(t *testing.T) {
	w := newWorld(t, stamping)
	ada, ci := w.launchBy(sim.Person("ada@example.com"), time.Hour, nil), w.launchBy(sim.Role("ci"), 50*24*time.Hour, nil)
	old, young := w.launchBy(sim.User("bob"), 91*24*time.Hour, nil), w.launchBy(sim.User("bob"), 4*time.Minute, nil)
	w.launchBy(sim.User("eve"), time.Hour, tag.Set{"Owner": "kept"})
	p := w.plan()
	want := map[string]string{ada: "ada@example.com", ci: "ci", old: "Undefined", young: string(eval.Unknown)}
	if diff := cmp.Diff(want, owners(p)); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	for _, f := range p.Findings {
		text, evidence := f.Reasons[0].Text, f.Evidence["creator.name"]
		switch f.Resource.ID {
		case old:
			if !strings.Contains(text, "it was made 91 days ago, and CloudTrail tells of the last 90") || evidence != "unknown" {
				t.Errorf("the old one: %s, creator %s", text, evidence)
			}
		case young:
			if !strings.Contains(text, "judged at the next run") || evidence != "unknown" {
				t.Errorf("the young one: %s, creator %s", text, evidence)
			}
		case ada:
			if evidence != "ada@example.com" {
				t.Errorf("creator %s", evidence)
			}
		}
	}
	w.apply()
	w.aws.Clock().Advance(time.Minute) // CloudTrail has the young one's event by now
	p = w.plan()
	if diff := cmp.Diff(map[string]string{young: "bob"}, owners(p)); diff != "" {
		t.Errorf("a minute later (-want +got)\n%s", diff)
	}
}

// A look-up for each would be 10,000 calls, at two a second.
func TestTheCreatorsOfAllInstancesTakeOneSweep(t *testing.T) {
	const n = 10_000
	w := newWorld(t, stamping)
	for i := range n {
		w.launchBy(sim.User(fmt.Sprint("user", i%7)), time.Hour+time.Duration(i*37%80000)*time.Minute, nil)
	}
	p := w.plan()
	if p.Summary.Fixable != n || p.Summary.Unknown != 0 {
		t.Fatalf("%+v", p.Summary)
	}
	// Each of the ten pages of instances can begin a new page of events, of each
	// kind of event.
	kinds := len(creation.ByType(resource.EC2Instance))
	most := n/50 + 10*kinds
	if got := w.aws.Calls()[lookups]; got < n/50 || got > most {
		t.Errorf("%d look-ups, want from %d to %d", got, n/50, most)
	}
	before := w.aws.Calls()[lookups]
	w.plan()
	if got := w.aws.Calls()[lookups] - before; got != 0 {
		t.Errorf("planning again took %d look-ups", got)
	}
}

func TestNobodyIsAskedWhereTheCreatorDecidesNothing(t *testing.T) {
	for name, file := range map[string]string{
		"out of scope":       strings.Replace(stamping, `"running"`, `"stopped"`, 1),
		"the tag is there":   strings.Replace(stamping, "Owner:", "Name:", 1),
		"a condition before": strings.Replace(stamping, `match: resource.state == "running"`, `match: 'creator.kind == "person" && resource.instance_type == "x"'`, 1),
	} {
		w := newWorld(t, file)
		w.launchBy(sim.User("ada"), time.Hour, tag.Set{"Name": "web"})
		w.plan()
		if got := w.aws.Calls()[lookups]; got != 0 {
			t.Errorf("%s: %d look-ups", name, got)
		}
	}
}

func TestCreatorsThatCannotBeReadAreUnknownAndSaidSo(t *testing.T) {
	w := newWorld(t, stamping)
	id := w.launchBy(sim.User("ada"), time.Hour, nil)
	w.aws.Deny(lookups)
	p := w.plan()
	if diff := cmp.Diff(map[string]string{id: string(eval.Unknown)}, owners(p)); diff != "" {
		t.Fatal(diff)
	}
	if text := p.Findings[0].Reasons[0].Text; !strings.Contains(text, "cloudtrail:LookupEvents") || !strings.Contains(text, "lacks the permission") {
		t.Errorf("it says %s", text)
	}
	w.aws.Mend()
	if diff := cmp.Diff(map[string]string{id: "ada"}, owners(w.plan())); diff != "" {
		t.Errorf("once it is allowed:\n%s", diff)
	}
}

// What nobody can tell yet holds up no tag that is certain, and no step follows.
func TestWhatIsCertainIsRepairedBesideWhatIsUnknown(t *testing.T) {
	w := newWorld(t, "channels: {infra: {file: {dir: out}}}\n"+strings.Replace(stamping, "fallback: Undefined}}", "fallback: Undefined}, Project: {default: shop}}\n    enforce: [stop, {notify: infra}]", 1))
	id := w.launchBy(sim.User("ada"), time.Hour, nil)
	w.aws.Deny(lookups)
	w.aws.Deny("ec2:CreateTags")
	for n, want := range []int{1, 0} { // it is told once that it fails
		since := len(w.post.sent)
		f := w.apply().Plan.Findings[0]
		if got := len(w.told(since)); f.Status != eval.Unknown || f.Actions[0].State != plan.Failed || got != want {
			t.Fatalf("run %d: %d notices, %+v", n+1, got, f)
		}
	}
	w.aws.Mend()
	w.aws.Deny(lookups)
	for range 2 { // each time it is repaired is told
		since := len(w.post.sent)
		f := w.apply().Plan.Findings[0]
		if f.Status != eval.Unknown || len(f.Actions) != 2 || f.Actions[0].State != plan.Done || len(w.told(since)) != 1 {
			t.Fatalf("%d notices, %+v", len(w.told(since)), f)
		}
		if diff := cmp.Diff(tag.Set{"Project": "shop"}, w.tagsOf(id)); diff != "" {
			t.Errorf("its tags:\n%s", diff)
		}
		w.untag(id, "Project")
	}
	w.apply()
	if diff := cmp.Diff(tag.Set{"Project": "shop"}, w.tagsOf(id)); diff != "" {
		t.Errorf("its tags:\n%s", diff)
	}
	if f := w.apply().Plan.Findings[0]; f.Status != eval.Unknown || len(f.Actions) > 0 {
		t.Errorf("the second time: %+v", f)
	}
	w.aws.Mend()
	w.apply()
	if diff := cmp.Diff(tag.Set{"Project": "shop", "Owner": "ada"}, w.tagsOf(id)); diff != "" {
		t.Errorf("once it can be told:\n%s", diff)
	}
}

// A plan as of next week has read no events of next week.
func TestJudgingAheadReadsNoFurtherThanTheClock(t *testing.T) {
	w := newWorld(t, stamping)
	first := w.launchBy(sim.User("ada"), time.Hour, nil)
	ahead := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Trail: w.aws, Clock: w.aws.Clock().Now, Ledger: w.ledger, Notifier: w.post, Region: region})
	p, err := ahead.Plan(t.Context(), app.Request{Run: "ahead", Now: start.Add(8 * 24 * time.Hour)})
	if err != nil || owners(p)[first] != "ada" {
		t.Fatalf("ahead: %v, %v", owners(p), err)
	}
	w.aws.Clock().Advance(2 * time.Hour)
	second := w.launchBy(sim.User("bob"), time.Hour, nil)
	if got := owners(w.plan()); got[second] != "bob" {
		t.Errorf("what was launched after it: %v", got)
	}
}

func TestWithoutATrailCreatorsAreUnread(t *testing.T) {
	w := newWorld(t, stamping)
	id := w.launchBy(sim.User("ada"), time.Hour, nil)
	p, err := app.New(app.Options{Set: w.set(), Source: w.aws, Actor: w.aws, Ledger: w.ledger, Notifier: w.post, Region: region}).
		Plan(t.Context(), app.Request{Run: "r", Now: start})
	if err != nil || owners(p)[id] != string(eval.Unknown) {
		t.Errorf("%v, %v", owners(p), err)
	}
}
