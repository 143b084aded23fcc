package plan_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var now = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// contentious is a set whose policies want everything at once.
const contentious = `
version: 1
channels: {c: {file: {dir: out}}}
policies:
  - name: ladder
    resource: ec2:instance
    mode: enforce
    tags: {Project: {}, Env: {default: dev, aliases: [env]}}
    enforce:
      - notify: {to: c, before: [2d]}
      - stop: {after: 3d}
      - terminate: {after: 5d, since: stop}
  - name: night
    resource: ec2:instance
    mode: enforce
    match: tag("Night") == "off"
    enforce: [stop]
  - name: day
    resource: ec2:instance
    mode: enforce
    match: tag("Day") == "on"
    enforce: [start]
  - name: rename
    resource: ec2:instance
    mode: enforce
    match: tag("Env") == ""
    tags: {Env: {value: 'tag("Stage")'}}
    enforce: [{tag: {Seen: "yes"}}, {notify: c}]
  - name: watch
    resource: ec2:instance
    mode: observe
    tags: {Owner: {}}
    enforce: [{notify: c}, {stop: {after: 1d}}, {terminate: {after: 0d}}]
`

func load(t testing.TB, text string) *policy.Set {
	t.Helper()
	set, problems := policy.Load([]policy.Source{{Name: "test.yaml", Data: []byte(text)}}, func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		t.Fatalf("loading the policy file:\n%v", err)
	}
	return set
}

// instances draws an account.
func instances(t *rapid.T) []resource.Resource {
	n := rapid.IntRange(1, 12).Draw(t, "n")
	out := make([]resource.Resource, n)
	value := rapid.SampledFrom([]string{"", "x", "on", "off", "dev"})
	for i := range out {
		id := fmt.Sprintf("i-%03d", i)
		in := &resource.Instance{
			Base:       resource.Base{Reference: resource.Ref{ID: id, Type: resource.EC2Instance, Account: "1", Region: "r", ARN: "arn:" + id}, TagSet: tag.Set{}},
			State:      rapid.SampledFrom([]string{"running", "stopped", "stopping", "pending", "terminated"}).Draw(t, "state"),
			LaunchedAt: now.Add(-time.Duration(rapid.IntRange(0, 40).Draw(t, "age")) * 24 * time.Hour),
			Lifecycle:  rapid.SampledFrom([]string{"on-demand", "spot"}).Draw(t, "lifecycle"),
			RootDevice: rapid.SampledFrom([]string{"ebs", "ebs", "instance-store"}).Draw(t, "root"),
		}
		for _, k := range []string{"Project", "Env", "env", "Night", "Day", "Stage", "Owner", "tagwarden"} {
			if rapid.Bool().Draw(t, k) {
				in.TagSet[k] = value.Draw(t, "value")
			}
		}
		if rapid.Bool().Draw(t, "protection known") {
			in.Protected = resource.Known(resource.Protection{Stop: rapid.Bool().Draw(t, "stop protection"), PersistentSpot: rapid.Bool().Draw(t, "persistent")})
		}
		in.HideMark("tagwarden")
		out[i] = in
	}
	return out
}

// history draws cases for some of the resources.
func history(t *rapid.T, rs []resource.Resource) *cases.Index {
	var all []*cases.Case
	ago := func(name string) time.Time {
		return now.Add(-time.Duration(rapid.IntRange(1, 400).Draw(t, name)) * time.Hour)
	}
	for _, r := range rs {
		if !rapid.Bool().Draw(t, "has a case") {
			continue
		}
		c := &cases.Case{Policy: "ladder", Resource: r.Ref(), Seen: ago("seen")}
		c.Opened = c.Seen
		if rapid.Bool().Draw(t, "accepted") {
			c.Accepted = ago("accepted")
			c.LastAccepted = c.Accepted
			c.Told = map[string]time.Time{"notify|violation": c.Accepted}
			c.Deadlines = map[string]time.Time{"stop": c.Accepted.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "announced")) * time.Hour)}
		}
		if rapid.Bool().Draw(t, "stopped by us") {
			c.Steps = map[string]cases.Outcome{"stop": {At: ago("stopped"), Done: rapid.Bool().Draw(t, "done")}}
		}
		if rapid.Bool().Draw(t, "closed") {
			c.Closed = ago("closed")
		}
		all = append(all, c)
	}
	return cases.NewIndex(all, nil)
}

func build(set *policy.Set, index *cases.Index, rs []resource.Resource) *plan.Plan {
	j := eval.New(set, nil)
	b := plan.NewBuilder(plan.Context{Run: "r", Now: now, Account: "1", Set: set, Cases: index, Regions: []string{"r"}})
	for _, r := range rs {
		b.Add(r, j.Resource(nil, r, now))
	}
	return b.Build()
}

func TestPlansKeepTheirPromises(t *testing.T) {
	set := load(t, contentious)
	rapid.Check(t, func(rt *rapid.T) {
		rs := instances(rt)
		index := history(rt, rs)
		p := build(set, index, rs)
		if err := p.Seal(); err != nil {
			rt.Fatal(err)
		}
		shuffled := append([]resource.Resource(nil), rs...)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		q := build(set, index, shuffled)
		if err := q.Seal(); err != nil {
			rt.Fatal(err)
		}
		if p.Digest != q.Digest {
			rt.Fatalf("the order in which resources are read changes the plan:\n%s", cmp.Diff(p, q))
		}
		promises(rt, p, index)
		roundTrip(rt, p)
	})
}

// promises are what holds of every plan.
func promises(t *rapid.T, p *plan.Plan, index *cases.Index) {
	type key struct{ arn string }
	destructive, starts := map[key]int{}, map[key]int{}
	written := map[string]string{}
	for _, f := range p.Findings {
		k := key{f.Resource.ARN}
		c := index.Get(f.Policy, f.Resource.ARN)
		for _, a := range f.Actions {
			if a.State == plan.Held && (a.Code == "" || a.Reason == "") {
				t.Fatalf("%s of %s is held without a reason", a.Action, f.Resource.ID)
			}
			if f.Mode == policy.Observe && a.State == plan.Planned && a.Action != action.Notify {
				t.Fatalf("a policy that observes plans to %s %s", a.Action, f.Resource.ID)
			}
			if a.State == plan.Waiting && c.Open() && a.At.Before(c.Deadlines[a.Step]) {
				t.Fatalf("the deadline of %s comes nearer", f.Resource.ID)
			}
			if a.State != plan.Planned {
				continue
			}
			if a.Action.Destructive() {
				destructive[k]++
				if f.Policy == "ladder" && (c == nil || c.Accepted.IsZero()) && a.Step == "stop" {
					t.Fatalf("%s is stopped although nobody was told", f.Resource.ID)
				}
			}
			if a.Action == action.Start {
				starts[k]++
			}
			for tagKey, v := range a.Tags {
				if w, ok := written[f.Resource.ARN+tagKey]; ok && w != v {
					t.Fatalf("%s gets two values for tag %s", f.Resource.ID, tagKey)
				}
				written[f.Resource.ARN+tagKey] = v
			}
		}
	}
	for k, n := range destructive {
		if n > 1 || starts[k] > 0 {
			t.Fatalf("%s: %d destructive actions and %d starts", k.arn, n, starts[k])
		}
	}
	s := p.Summary
	if sum := s.OutOfScope + s.Compliant + s.Exempt + s.Fixable + s.Fixed + s.Violating + s.Unknown; sum != s.Examined {
		t.Fatalf("the summary does not add up: %+v", s)
	}
}

// roundTrip checks that a plan survives its file.
func roundTrip(t *rapid.T, p *plan.Plan) {
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		t.Fatal(err)
	}
	again, err := plan.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Seal(); err != nil || again.Digest != p.Digest {
		t.Fatalf("read back, the plan has another digest (%v)", err)
	}
}

func FuzzDecode(f *testing.F) {
	set := load(f, contentious)
	p := build(set, nil, []resource.Resource{&resource.Instance{Base: resource.Base{Reference: resource.Ref{ID: "i-1", ARN: "a", Type: resource.EC2Instance}}, State: "running"}})
	if err := p.Seal(); err != nil {
		f.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"version":1,"digest":"sha256:00"}`))
	f.Add([]byte(`{"version":2,"digest":"x","findings":[[[]]]}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := plan.Decode(bytes.NewReader(data))
		if (got == nil) == (err == nil) {
			t.Fatalf("plan %v, error %v", got, err)
		}
	})
}
