package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// edges are where one state may lead, calls and time taken together; "" is an
// instance that is no longer listed.
var edges = map[string][]string{
	"pending":       {"running", "stopping", "shutting-down"},
	"running":       {"stopping", "shutting-down"},
	"stopping":      {"stopped", "shutting-down"},
	"stopped":       {"pending", "shutting-down"},
	"shutting-down": {"terminated"},
	"terminated":    {""},
}

// state is what the property compares of an instance.
type state struct {
	state string
	tags  string
}

func snapshot(a *sim.Account) map[string]state {
	all := map[string]state{}
	for _, i := range a.Instances() {
		all[i.Reference.ID] = state{i.State, fmt.Sprint(i.TagSet)}
	}
	return all
}

// anyInstance draws an instance of any kind that can be.
func anyInstance(t *rapid.T) sim.Instance {
	i := sim.Instance{
		Region:     rapid.SampledFrom([]string{"us-east-1", "us-east-1", "ap-south-1"}).Draw(t, "region"),
		Zone:       rapid.SampledFrom([]string{"a", "b"}).Draw(t, "zone"),
		State:      rapid.SampledFrom([]string{"running", "running", "stopped", "pending"}).Draw(t, "state"),
		PrivateIP:  "10.0.0.4",
		RootDevice: rapid.SampledFrom([]string{"ebs", "ebs", "ebs", "instance-store"}).Draw(t, "root"),
		Operator:   rapid.SampledFrom([]string{"", "", "", "", "eks.amazonaws.com"}).Draw(t, "operator"),
		Tags:       tags(rapid.SampledFrom([]int{0, 1, 3, 49, 50}).Draw(t, "tags")),
	}
	if rapid.IntRange(0, 3).Draw(t, "group") == 0 {
		i.Tags["aws:autoscaling:groupName"] = "g"
	}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		i.Lifecycle, i.Persistent = "spot", rapid.Bool().Draw(t, "persistent")
	case 1:
		i.TerminateProtected = true
	case 2:
		i.StopProtected = i.RootDevice == "ebs"
	}
	return i
}

// anyCall draws a call, mostly about instances that are there.
func anyCall(t *rapid.T, ids []string) execute.Call {
	kinds := []action.Kind{action.Mark, action.Unmark, action.Tag, action.Untag, action.Start, action.Stop, action.Terminate}
	keys := rapid.SampledFrom([]string{"k00", "k01", "new", "newer", "", "aws:x", strings.Repeat("k", 129)})
	c := execute.Call{
		Action: rapid.SampledFrom(kinds).Draw(t, "action"), Type: resource.EC2Instance, At: home,
		IDs:  rapid.SliceOfN(rapid.SampledFrom(ids), 0, 4).Draw(t, "ids"),
		Keys: rapid.SliceOfN(keys, 0, 2).Draw(t, "keys"),
		Tags: tag.Set{},
	}
	for range rapid.IntRange(0, 2).Draw(t, "tags") {
		c.Tags[keys.Draw(t, "key")] = rapid.SampledFrom([]string{"", "v", "w", strings.Repeat("v", 257)}).Draw(t, "value")
	}
	if rapid.IntRange(0, 9).Draw(t, "bad id") == 0 {
		c.IDs = append(c.IDs, rapid.SampledFrom([]string{absent, "i-x", ""}).Draw(t, "bad"))
	}
	return c
}

func TestWhateverIsCalledTheAccountStaysTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newAccount()
		var ids []string
		for range rapid.IntRange(1, 6).Draw(t, "instances") {
			ids = append(ids, a.Launch(anyInstance(t)))
		}
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) { checkCall(t, a, anyCall(t, ids)) },
			"time": func(t *rapid.T) {
				before := snapshot(a)
				// A second at a time, so that no state is passed through unseen.
				for range rapid.IntRange(1, 40).Draw(t, "seconds") {
					a.Clock().Advance(time.Second)
					after := snapshot(a)
					checkEdges(t, before, after)
					before = after
				}
				for id := range before {
					if !slices.Contains(ids, id) {
						ids = append(ids, id)
					}
				}
				slices.Sort(ids)
			},
			"interrupt": func(t *rapid.T) { a.Interrupt(rapid.SampledFrom(ids).Draw(t, "id")) },
			"an hour":   func(t *rapid.T) { a.Clock().Advance(time.Hour) },
			"": func(t *rapid.T) {
				for _, i := range a.Instances() {
					if n := len(i.TagSet.User()); n > tag.MaxPerResource {
						t.Fatalf("%s has %d tags", i.Reference.ID, n)
					}
				}
			},
		})
	})
}

// checkCall makes a call, and checks that it changes nothing where it fails
// (unless it is a termination) and nothing it does not name.
func checkCall(t *rapid.T, a *sim.Account, c execute.Call) {
	before := snapshot(a)
	answer, err := a.Do(ctx, c)
	after := snapshot(a)
	checkEdges(t, before, after)
	if err != nil && c.Action != action.Terminate {
		if diff := cmp.Diff(before, after, cmp.AllowUnexported(state{})); diff != "" {
			t.Fatalf("%v %v failed (%v) and changed:\n%s", c.Action, c.IDs, err, diff)
		}
	}
	log := a.Log()
	entry := log[len(log)-1]
	for id, was := range before {
		changed := after[id] != was
		if changed && !slices.Contains(c.IDs, id) {
			t.Fatalf("%v %v changed %s from %v to %v", c.Action, c.IDs, id, was, after[id])
		}
		if changed != slices.Contains(entry.Changed, id) {
			t.Fatalf("%v %v changed %s: %v, and the log says %v", c.Action, c.IDs, id, changed, entry.Changed)
		}
		if previous, ok := answer.Previous[id]; ok && previous != was.state {
			t.Fatalf("the answer says that %s was %s, and it was %s", id, previous, was.state)
		}
	}
}

func checkEdges(t *rapid.T, before, after map[string]state) {
	for id, was := range before {
		if is := after[id].state; is != was.state && !slices.Contains(edges[was.state], is) {
			t.Fatalf("%s went from %s to %q", id, was.state, is)
		}
	}
}

func TestTheAccountIsSafeForConcurrentUse(t *testing.T) {
	a := sim.Large(400)
	a.SetPageSize(30)
	var ids []string
	for _, i := range a.Instances() {
		if i.Reference.Region == home.Region {
			ids = append(ids, i.Reference.ID)
		}
	}
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for n := range 25 {
				id := ids[(w*25+n)%len(ids)]
				kind := []action.Kind{action.Stop, action.Tag, action.Start, action.Terminate}[n%4]
				_, _ = a.Do(ctx, execute.Call{Action: kind, Type: resource.EC2Instance, At: home, IDs: []string{id}, Tags: tag.Set{"w": fmt.Sprint(w)}})
				a.Clock().Advance(time.Second)
			}
		})
		all.Go(func() {
			err := a.List(ctx, home, resource.EC2Instance, func(rs []resource.Resource) error {
				a.Fill(ctx, home, need.VPCTags, rs)
				a.Fill(ctx, home, need.Protection, rs[:1])
				for _, r := range rs {
					r.Tags()["mine"] = "x"
				}
				return nil
			})
			if err != nil {
				t.Errorf("List: %v", err)
			}
			a.Instances()
			a.Log()
			a.Calls()
		})
	}
	all.Wait()
	if n := len(a.Log()); n != 8*25 {
		t.Errorf("the log has %d entries, want %d", n, 8*25)
	}
	for _, i := range a.Instances() {
		if i.TagSet["mine"] != "" {
			t.Fatalf("%s has a tag that was put on a snapshot", i.Reference.ID)
		}
	}
}

func BenchmarkListing10000(b *testing.B) {
	a := sim.Large(10_000, home.Region)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := a.List(ctx, home, resource.EC2Instance, func(rs []resource.Resource) error { n += len(rs); return nil })
		if err != nil || n != 10_000 {
			b.Fatalf("%d instances, %v", n, err)
		}
	}
}

func BenchmarkLarge10000(b *testing.B) {
	for b.Loop() {
		sim.Large(10_000)
	}
}
