package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func testDelete(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	for _, schema := range resource.Schemas() {
		typ := schema.Type
		if !slices.Contains(schema.Actions, action.Delete) {
			continue
		}
		t.Run(string(typ), func(t *testing.T) {
			id := b.Add(t, typ)
			remove := func(ids ...string) error {
				_, err := b.Actor.Do(t.Context(), execute.Call{Action: action.Delete, Type: typ, At: b.Place, IDs: ids})
				return err
			}
			if strings.HasPrefix(string(typ), "ec2:") { // the actor asks RDS one by one
				if err := remove(id, id); fault.ClassOf(err) != fault.Invalid {
					t.Errorf("naming two: %v", err)
				}
			}
			if err := remove(id); err != nil {
				t.Fatal(err)
			}
			rs, err := b.Source.Get(t.Context(), b.Place, typ, []string{id})
			if err != nil || len(rs) > 0 && !rs[0].Ended() {
				t.Errorf("it is still read: %v, %v", rs, err)
			}
			if err := remove(id); fault.ClassOf(err) != fault.NotFound {
				t.Errorf("once more: %v", err)
			}
		})
	}
}

func testUse(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	for typ, facts := range map[resource.Type][]need.Fact{
		resource.EC2Snapshot: {need.SnapshotUse, need.SnapshotShares}, resource.EC2Image: {need.ImageUse, need.ImageShares}, resource.EC2SecurityGroup: {need.GroupUse},
	} {
		r := b.one(t, typ, b.Add(t, typ))
		for _, f := range facts {
			if got := resource.Undecided(r, action.Delete); got != f {
				t.Errorf("%s: what decides is %q, want %q", typ, got, f)
			}
			b.Source.Fill(t.Context(), b.Place, f, []resource.Resource{r})
		}
		if no := r.Refuses(action.Delete); no != nil {
			t.Errorf("%s cannot be deleted: %s", typ, no.Text)
		}
	}
}
