package contract

import (
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// testStopTypes stops and starts what is no instance.
func testStopTypes(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	for _, schema := range resource.Schemas() {
		typ := schema.Type
		if typ == resource.EC2Instance || !slices.Contains(schema.Actions, action.Stop) {
			continue
		}
		t.Run(string(typ), func(t *testing.T) {
			id := b.Add(t, typ)
			change := func(k action.Kind) error {
				_, err := b.Actor.Do(t.Context(), execute.Call{Action: k, Type: typ, At: b.Place, IDs: []string{id}})
				b.settle(t)
				return err
			}
			for _, k := range []action.Kind{action.Stop, action.Start} {
				r := b.one(t, typ, id)
				if no := r.Refuses(k); no != nil || r.Already(k) {
					t.Fatalf("before a %s: %+v, done already: %v", k, no, r.Already(k))
				}
				if err := change(k); err != nil {
					t.Fatalf("%s: %v", k, err)
				}
				if r = b.one(t, typ, id); !r.Already(k) {
					t.Errorf("after a %s it is %+v", k, r)
				}
				if err := change(k); err != nil && fault.ClassOf(err) != fault.WrongState {
					t.Errorf("%s once more: %v", k, err)
				}
				if r = b.one(t, typ, id); !r.Already(k) {
					t.Errorf("after a second %s it is %+v", k, r)
				}
			}
			gone := execute.Call{Action: action.Stop, Type: typ, At: b.Place, IDs: []string{"gone", id}}
			answer, err := b.Actor.Do(t.Context(), gone)
			if err != nil || fault.ClassOf(answer.Failed["gone"]) != fault.NotFound || answer.Failed[id] != nil {
				t.Errorf("beside one that is not there: %v, %v", answer, err)
			}
		})
	}
}

// testSizes says that a group comes back to the sizes it had, and that they can
// be read meanwhile.
func testSizes(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	id := b.Add(t, resource.AutoScalingGroup)
	before := b.one(t, resource.AutoScalingGroup, id).(*resource.Group)
	b.tagged(t, resource.AutoScalingGroup, execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}}, tag.Set{"Project": "atlas"})
	b.tagged(t, resource.AutoScalingGroup, execute.Call{Action: action.Mark, IDs: []string{id}, Tags: tag.Set{"tagwarden": "x"}}, tag.Set{"Project": "atlas", "tagwarden": "x"})
	b.tagged(t, resource.AutoScalingGroup, execute.Call{Action: action.Stop, IDs: []string{id}}, tag.Set{"Project": "atlas", "tagwarden": "x", resource.SizesTag: before.Sizes.String()})
	g := b.one(t, resource.AutoScalingGroup, id).(*resource.Group)
	if g.Sizes != (resource.Sizes{}) || g.Max != before.Max || !slices.Equal(g.Propagated, []string{"Project"}) {
		t.Errorf("stopped, it is %+v", g)
	}
	b.tagged(t, resource.AutoScalingGroup, execute.Call{Action: action.Start, IDs: []string{id}}, tag.Set{"Project": "atlas", "tagwarden": "x"})
	if g = b.one(t, resource.AutoScalingGroup, id).(*resource.Group); g.Sizes != before.Sizes || g.Max != before.Max {
		t.Errorf("started, it is %+v, and was %+v", g, before)
	}
}

// testSnapshotOf says that a DB snapshot is of its database, and nobody's else.
func testSnapshotOf(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	id := b.Add(t, resource.RDSSnapshot)
	s := b.one(t, resource.RDSSnapshot, id).(*resource.DBSnapshot)
	if no := s.Refuses(action.Delete); no == nil || no.Fact != need.SnapshotSharing {
		t.Errorf("before it is known whom it is shared with: %+v", no)
	}
	lost := &resource.DBSnapshot{Database: "gone"}
	b.Source.Fill(t.Context(), b.Place, need.SnapshotSharing, []resource.Resource{s})
	b.Source.Fill(t.Context(), b.Place, need.SnapshotSourceTags, []resource.Resource{s, lost})
	if no := s.Refuses(action.Delete); no != nil {
		t.Errorf("it cannot be deleted: %+v", no)
	}
	if _, err := lost.ParentTags().Get(need.SnapshotSourceTags); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("the tags of a database that is gone: %v", err)
	}
	if s.Database != "" {
		if tags, err := s.ParentTags().Get(need.SnapshotSourceTags); err != nil || len(tags) != 0 {
			t.Errorf("the tags of its database are %v, %v", tags, err)
		}
	}
	if _, err := b.Actor.Do(t.Context(), execute.Call{Action: action.Delete, Type: resource.RDSSnapshot, At: b.Place, IDs: []string{id}}); err != nil {
		t.Fatal(err)
	}
	if rs, err := b.Source.Get(t.Context(), b.Place, resource.RDSSnapshot, []string{id}); err != nil || len(rs) != 0 {
		t.Errorf("deleted, it is read as %v, %v", rs, err)
	}
}
