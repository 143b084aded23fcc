// Package contract says, as tests, what every pair of inventory.Source and
// execute.Actor must do: the embedded account, and the AWS adapter wherever it
// has an endpoint to talk to.
package contract

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Backend is what is under test. Every subtest gets one of its own; it may
// hold instances that the subtest did not launch.
type Backend struct {
	Source inventory.Source
	Actor  execute.Actor
	// Place is where Launch launches.
	Place resource.Place
	// Launch launches k plain instances (on demand, EBS root volume, in a VPC,
	// no protection, no user's tags), waits until they run and returns their ids.
	Launch func(t *testing.T, k int) []string
	// Add makes a resource of a type that is not the instance's, without tags of
	// the user, and returns its id. Nil skips what needs it.
	Add func(t *testing.T, typ resource.Type) string
	// KeepTags are types of which the backend, unlike AWS, cannot delete tags.
	KeepTags []resource.Type
	// Protect sets the protection of an instance. Nil skips what needs it.
	Protect func(t *testing.T, id string, stop, terminate bool)
	// Report makes the metric of an instance that value over its whole time, and
	// returns the time that the metric ends with. Nil skips what needs it.
	Report func(t *testing.T, id string, m need.Metric, value float64) time.Time
	// Settle lets instances arrive in the states that they are on the way to. Nil
	// where they are there at once.
	Settle func(t *testing.T)
}

// Absent is the id of an instance that no backend has.
const Absent = "i-0aaaaaaaaaaaaaaaa"

// Run tests what every backend can do.
func Run(t *testing.T, newBackend func(t *testing.T) Backend) {
	run(t, newBackend, []test{
		{"the caller's account is the place's", testCaller},
		{"regions are sorted and hold the place's", testRegions},
		{"a listing hands over everything once", testList},
		{"the callback's error ends a listing and comes back", testListEnds},
		{"a cancelled context ends a listing", testListCancelled},
		{"reading anew leaves out what is not there", testGet},
		{"reading no ids reads nothing", testGetNothing},
		{"snapshots do not change later", testSnapshots},
		{"lazy facts are missing until they are filled in", testFill},
		{"a metric is what was reported, and nothing is not zero", testMetrics},
		{"tags are added, replaced and deleted", testTags},
		{"a mark is a tag", testMark},
		{"a stop stops, and once more does no harm", testStop},
		{"a start starts anew", testStart},
		{"a terminated instance is ended or gone", testTerminate},
		{"one unknown id fails a stop, a start and a termination as a whole", testUnknownID},
		{"protection holds", testProtected},
		{"every type is listed, read and tagged", testTypes},
		{"rules are read on demand and revoked by their ids", testRevoke},
		{"an instance is isolated only with a group of its VPC", testIsolate},
		{"what is no instance stops and starts again", testStopTypes},
		{"a group comes back to the sizes it had", testSizes},
		{"a DB snapshot is deleted once nobody else uses it", testSnapshotOf},
		{"what nothing uses is deleted, one at a time", testDelete},
		{"a backup is of each volume, and is found again by its tag", testBackup},
		{"what uses a snapshot and who was given it is read", testUse},
		{"everything is listed whatever its type, each once", testAnything},
		{"a parent's tags are read, and one that is gone has none", testParentTags},
		{"calls at the same time do not disturb each other", testConcurrent},
	})
}

type test struct {
	name string
	run  func(*testing.T, Backend)
}

func run(t *testing.T, newBackend func(t *testing.T) Backend, tests []test) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, newBackend(t)) })
	}
}

// settle lets states arrive.
func (b Backend) settle(t *testing.T) {
	t.Helper()
	if b.Settle != nil {
		b.Settle(t)
	}
}

// list returns everything there is in the place, by id.
func (b Backend) list(t *testing.T) map[string]*resource.Instance {
	t.Helper()
	all := map[string]*resource.Instance{}
	err := b.Source.List(t.Context(), b.Place, resource.EC2Instance, func(rs []resource.Resource) error {
		for _, i := range instances(t, rs) {
			if all[i.Reference.ID] != nil {
				t.Errorf("%s was handed over twice", i.Reference.ID)
			}
			all[i.Reference.ID] = i
		}
		return nil
	})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return all
}

// get returns the instance; nil where it is not there.
func (b Backend) get(t *testing.T, id string) *resource.Instance {
	t.Helper()
	rs, err := b.Source.Get(t.Context(), b.Place, resource.EC2Instance, []string{id})
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	if len(rs) == 0 {
		return nil
	}
	return instances(t, rs)[0]
}

// must returns the instance, which has to be there.
func (b Backend) must(t *testing.T, id string) *resource.Instance {
	t.Helper()
	i := b.get(t, id)
	if i == nil {
		t.Fatalf("%s is not there", id)
	}
	return i
}

// do makes a call that must succeed.
func (b Backend) do(t *testing.T, c execute.Call) execute.Answer {
	t.Helper()
	answer, err := b.Actor.Do(t.Context(), b.at(c))
	if err != nil {
		t.Fatalf("%s %v: %v", c.Action, c.IDs, err)
	}
	return answer
}

// at gives a call its place and type.
func (b Backend) at(c execute.Call) execute.Call {
	c.At, c.Type = b.Place, resource.EC2Instance
	return c
}

// refuses makes a call that must fail in this way.
func (b Backend) refuses(t *testing.T, c execute.Call, want fault.Class) {
	t.Helper()
	answer, err := b.Actor.Do(t.Context(), b.at(c))
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		t.Errorf("%s answered %v, %v; want a *fault.Error", c.Action, answer, err)
		return
	}
	if f.Class != want {
		t.Errorf("%s failed as %q (%v), want %q", c.Action, f.Class, f, want)
	}
	if !strings.HasPrefix(f.Call, "ec2:") || f.Region != b.Place.Region {
		t.Errorf("the error is of %q in %q, want an operation of ec2 in %q", f.Call, f.Region, b.Place.Region)
	}
	if strings.Contains(f.Message, "\n") {
		t.Errorf("the message %q is of several lines", f.Message)
	}
}

// unchanged remembers instances, and returns a check that they still are as
// they were.
func (b Backend) unchanged(t *testing.T, ids []string) func() {
	t.Helper()
	type state struct {
		state string
		tags  tag.Set
	}
	read := func() map[string]state {
		t.Helper()
		now := map[string]state{}
		for _, id := range ids {
			i := b.must(t, id)
			now[id] = state{i.State, i.TagSet}
		}
		return now
	}
	before := read()
	return func() {
		t.Helper()
		for id, now := range read() {
			if was := before[id]; now.state != was.state || !tag.Compare(was.tags, now.tags).Empty() {
				t.Errorf("%s changed from %v to %v", id, was, now)
			}
		}
	}
}

func instances(t *testing.T, rs []resource.Resource) []*resource.Instance {
	t.Helper()
	all := make([]*resource.Instance, len(rs))
	for n, r := range rs {
		i, ok := r.(*resource.Instance)
		if !ok {
			t.Fatalf("a %T was handed over, want *resource.Instance", r)
		}
		all[n] = i
	}
	return all
}

// missing says whether an error is that a fact was not fetched.
func missing(err error, f need.Fact) bool {
	m, ok := errors.AsType[*resource.MissingFact](err)
	return ok && m.Fact == f
}

func call(k action.Kind, ids ...string) execute.Call { return execute.Call{Action: k, IDs: ids} }
