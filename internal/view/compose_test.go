package view_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/view"
)

// program compiles an expression of a subject or text.
func program(t *testing.T, source string) *expr.Program {
	t.Helper()
	p, problems := expr.NewCompiler(time.UTC, nil).Compile(source, expr.Text, nil)
	if len(problems) > 0 {
		t.Fatalf("compiling %s: %v", source, problems)
	}
	return p
}

// set has a policy of each name that notifies, and whatever change does to it.
func set(change func(*policy.Policy), names ...string) *policy.Set {
	s := &policy.Set{}
	for _, n := range names {
		p := &policy.Policy{Name: n, Mode: policy.Enforce, Steps: []policy.Step{{ID: "notify", Action: action.Notify, To: "infra"}}}
		if change != nil {
			change(p)
		}
		s.Policies = append(s.Policies, p)
	}
	return s
}

func routed(policyName, id string, status eval.Status, kind plan.NewsKind, results ...view.Line) view.Routed {
	return view.Routed{
		Channel: "infra", Policy: policyName, Step: "notify",
		Item: view.Item{
			Kind: kind, Policy: policyName, Mode: policy.Enforce, Resource: instance(id), Status: status,
			Reasons: []eval.Reason{{Text: "tag Project is missing"}}, Results: results,
		},
	}
}

var info = view.Info{Run: "r1", At: noon, Name: "central", Account: "111122223333"}

func did(k action.Kind, s plan.State) view.Line { return view.Line{Action: k, State: s, At: noon} }

func TestThereIsOneDigestForEachChannelAndOwner(t *testing.T) {
	owned := routed("b", "i-3", eval.Violating, plan.NewViolation)
	owned.Address = "ann@example.com"
	other := routed("a", "i-4", eval.Violating, plan.NewViolation)
	other.Channel = "alerts"
	got := view.Compose(info, set(nil, "a", "b"), []view.Routed{
		routed("b", "i-2", eval.Violating, plan.NewViolation), owned, other,
		routed("a", "i-9", eval.Fixed, plan.ResultNews), routed("a", "i-1", eval.Violating, plan.Reminder),
	}, []plan.Unread{{Call: "ec2:DescribeInstances", Region: "ap-south-1"}})
	type shape struct {
		Channel, Address string
		Unread           int
		Items            []string
	}
	var shapes []shape
	for _, d := range got {
		s := shape{d.Channel, d.Address, len(d.Unread), nil}
		for _, sec := range d.Sections {
			for _, i := range sec.Items {
				s.Items = append(s.Items, sec.Policy+" "+i.Resource.ID)
			}
		}
		shapes = append(shapes, s)
	}
	want := []shape{
		{"alerts", "", 1, []string{"a i-4"}},
		{"infra", "", 1, []string{"a i-1", "a i-9", "b i-2"}},
		{"infra", "ann@example.com", 0, []string{"b i-3"}}, // owners can do nothing about what is unread
	}
	if diff := cmp.Diff(want, shapes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestASectionSaysWhatThePolicySays(t *testing.T) {
	rule, problems := expr.NewCompiler(time.UTC, nil).Compile("resource.running_for >= days(14)", expr.Bool, []resource.Type{resource.EC2Instance})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	change := func(p *policy.Policy) {
		p.Description, p.Mode = "Projects pay.", policy.Observe
		p.Steps[0].Text = program(t, `"in all " + string(size(run.items))`)
		p.Steps = append(p.Steps, policy.Step{ID: "stop", Action: action.Stop, When: rule},
			policy.Step{ID: "terminate", Action: action.Terminate, After: &policy.After{Fixed: 36 * time.Hour}, Since: "stop"})
	}
	known := info
	known.Known = map[string]int{"a": 5}
	s := view.Compose(known, set(change, "a"), []view.Routed{
		routed("a", "i-1", eval.Violating, plan.NewViolation, did(action.Stop, plan.Held)),
		routed("a", "i-2", eval.Fixed, plan.ResultNews, did(action.Tag, plan.Done)),
		routed("a", "i-3", eval.Violating, plan.ResultNews, did(action.Stop, plan.Done), did(action.Tag, plan.Failed)),
	}, nil)[0].Sections[0]
	owned := routed("a", "i-1", eval.Violating, plan.NewViolation)
	owned.Address = "ann@example.com"
	if n := view.Compose(known, set(change, "a"), []view.Routed{owned}, nil)[0].Sections[0].Known; n != 0 {
		t.Errorf("an owner is told of %d others", n)
	}
	s.Items = nil
	want := view.Section{
		Policy: "a", Step: "notify", Description: "Projects pay.", Mode: policy.Observe, Text: "in all 3", Known: 5,
		Counts: view.Counts{Violations: 2, Fixed: 1, Done: 1, Failed: 1, Held: 1},
		Steps: []view.Step{
			{Action: action.Stop, When: "resource.running_for >= days(14)"},
			{Action: action.Terminate, After: "1d12h", Since: "stop"},
		},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSubjects(t *testing.T) {
	would := routed("a", "i-1", eval.Violating, plan.NewViolation)
	would.Item.Next = []view.Line{{Action: action.Stop, State: plan.Would}}
	observe := func(p *policy.Policy) { p.Mode = policy.Observe }
	own := func(source string) func(*policy.Policy) {
		return func(p *policy.Policy) { p.Steps[0].Subject = program(t, source) }
	}
	violation := func(p, id string) view.Routed { return routed(p, id, eval.Violating, plan.NewViolation) }
	for _, tt := range []struct {
		name   string
		change func(*policy.Policy)
		items  []view.Routed
		want   string
	}{
		{"one violation", nil, []view.Routed{violation("a", "i-1")}, "[tagwarden] a: 1 violation"},
		{"what was done is named",
			nil, []view.Routed{violation("a", "i-1"), routed("a", "i-2", eval.Violating, plan.NewViolation, did(action.Stop, plan.Done)),
				routed("a", "i-3", eval.Fixed, plan.ResultNews, did(action.Tag, plan.Done))},
			"[tagwarden] a: 2 violations, 1 fixed, 1 stopped"},
		{"failed and held", nil, []view.Routed{
			routed("a", "i-1", eval.Fixable, plan.ResultNews, did(action.Tag, plan.Failed)),
			routed("a", "i-2", eval.Violating, plan.HeldNews, did(action.Terminate, plan.Held))},
			"[tagwarden] a: 1 violation, 1 failed, 1 held"},
		{"several policies", nil, []view.Routed{
			violation("a", "i-1"), violation("b", "i-1"), routed("b", "i-2", eval.Violating, plan.ResultNews, did(action.Stop, plan.Done))},
			"[tagwarden] 2 policies: 3 violations, 1 done"},
		{"observing says would", observe, []view.Routed{would}, "[tagwarden] a: 1 violation, 1 would be stopped (observing only)"},
		{"several that observe", observe, []view.Routed{would, violation("b", "i-1")}, "[tagwarden] 2 policies: 2 violations, 1 would be done (observing only)"},
		{"neither violating nor done", nil, []view.Routed{routed("a", "i-1", eval.Unknown, plan.NewViolation)}, "[tagwarden] a: 1 finding"},
		{"a long name is cut", nil, []view.Routed{violation(strings.Repeat("long-", 20), "i-1")},
			"[tagwarden] long-long-long-long-long-long-long-long…: 1 violation"},
		{"the policy's own", own(`"⚠️ " + string(run.violations) + " Untagged EC2 Instance(s) Detected"`),
			[]view.Routed{violation("a", "i-1"), violation("a", "i-2")}, "⚠️ 2 Untagged EC2 Instance(s) Detected"},
		{"the same of all policies", own(`"ACME Report"`), []view.Routed{violation("a", "i-1"), violation("b", "i-1")}, "ACME Report"},
		{"different ones give the default", own(`run.policy`), []view.Routed{violation("a", "i-1"), violation("b", "i-1")},
			"[tagwarden] 2 policies: 2 violations"},
		{"an empty one gives the default", own(`"  "`), []view.Routed{violation("a", "i-1")}, "[tagwarden] a: 1 violation"},
		{"items are seen", own(`run.items.map(i, i.id + " " + i.status + " " + i.action).join(",")`), []view.Routed{
			would, routed("a", "i-2", eval.Violating, plan.ResultNews, did(action.Stop, plan.Done), did(action.Tag, plan.Failed)),
			routed("a", "i-3", eval.Fixed, plan.ResultNews, did(action.Tag, plan.Done)),
			routed("a", "i-4", eval.Violating, plan.HeldNews, did(action.Terminate, plan.Held)),
			routed("a", "i-5", eval.Violating, plan.ResultNews, did(action.Stop, plan.Done))},
			"i-1 violating stop,i-4 held terminate,i-2 failed tag,i-3 fixed tag,i-5 done stop"},
		{"line breaks and overrides are not let through", own("\"a\\nBcc: x\\u202e\""), []view.Routed{violation("a", "i-1")}, `a Bcc: x\u202e`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := view.Compose(info, set(tt.change, "a", "b"), tt.items, nil)[0]
			if d.Subject != tt.want {
				t.Errorf("got  %s\nwant %s", d.Subject, tt.want)
			}
		})
	}
}

func TestASubjectThatCannotBeMadeIsNoted(t *testing.T) {
	broken := func(p *policy.Policy) {
		p.Steps[0].Subject = program(t, `run.items[7].id`)
		p.Steps[0].Text = program(t, `"fine"`)
	}
	d := view.Compose(info, set(broken, "a"), []view.Routed{routed("a", "i-1", eval.Violating, plan.NewViolation)}, nil)[0]
	s := d.Sections[0]
	if d.Subject != "[tagwarden] a: 1 violation" || s.Text != "fine" {
		t.Errorf("got subject %q and text %q", d.Subject, s.Text)
	}
	if len(s.Notes) != 1 || !strings.HasPrefix(s.Notes[0], "the subject that the policy wants could not be made: ") {
		t.Errorf("got notes %q", s.Notes)
	}
}

func TestWhatWasNotDeliveredIsToldWithTheNextRun(t *testing.T) {
	older := routed("a", "i-1", eval.Violating, plan.NewViolation, did(action.Tag, plan.Failed))
	older.Parcel = 7
	old := routed("a", "i-1", eval.Violating, plan.ResultNews, did(action.Tag, plan.Done))
	old.Parcel = 8
	now := routed("a", "i-1", eval.Violating, plan.ResultNews, did(action.Stop, plan.Done), did(action.Tag, plan.Done))
	gone := routed("removed", "i-2", eval.Violating, plan.ResultNews, did(action.Stop, plan.Done))
	gone.Parcel = 9
	d := view.Compose(info, set(nil, "a"), []view.Routed{now, gone, old, older}, nil)[0]
	var got []view.Item
	for _, s := range d.Sections {
		got = append(got, s.Items...)
	}
	want := []view.Item{now.Item, gone.Item}
	want[0].Kind = plan.NewViolation
	want[0].Results = []view.Line{did(action.Tag, plan.Failed), did(action.Tag, plan.Done), did(action.Stop, plan.Done)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestADigestDoesNotDependOnTheOrderOfItsItems(t *testing.T) {
	s := set(nil, "a", "b", "c")
	rapid.Check(t, func(t *rapid.T) {
		rs := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) view.Routed {
			r := routed(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "policy"), rapid.StringMatching(`i-[0-9a-f]{1,2}`).Draw(t, "id"),
				rapid.SampledFrom([]eval.Status{eval.Violating, eval.Fixed}).Draw(t, "status"),
				rapid.SampledFrom([]plan.NewsKind{plan.NewViolation, plan.ResultNews}).Draw(t, "kind"))
			r.Channel = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "channel")
			return r
		}), 0, 20, func(r view.Routed) string { return r.Channel + r.Policy + r.Item.Resource.ARN }).Draw(t, "items")
		shuffled := rapid.Permutation(rs).Draw(t, "shuffled")
		a, b := view.Compose(info, s, rs, nil), view.Compose(info, s, shuffled, nil)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("(-one +other)\n%s", diff)
		}
		n := 0
		for _, d := range a {
			for _, sec := range d.Sections {
				n += len(sec.Items)
			}
		}
		if n != len(rs) {
			t.Errorf("%d of %d items are told", n, len(rs))
		}
	})
}

func TestTotalsCountAResourceOncePerPolicy(t *testing.T) {
	again := routed("a", "i-1", eval.Violating, plan.Standing)
	again.Step = "notify#2"
	d := view.Compose(info, set(nil, "a", "b"), []view.Routed{
		routed("a", "i-1", eval.Violating, plan.NewViolation), again, routed("b", "i-1", eval.Violating, plan.NewViolation),
	}, nil)[0]
	if got := d.Totals(); got != (view.Counts{Violations: 2}) {
		t.Errorf("got %+v", got)
	}
}

func TestCutKeepsWholeCharacters(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"äöü", 3, "äöü"}, {"äöüx", 3, "äö…"}, {"abc", 1, "…"}, {"", 0, ""}} {
		if got := view.Cut(tt.in, tt.n); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}
