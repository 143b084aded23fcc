package contract

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func testTypes(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	for _, schema := range resource.Schemas() {
		typ := schema.Type
		if typ == resource.EC2Instance || typ == resource.Any {
			continue
		}
		t.Run(string(typ), func(t *testing.T) {
			id := b.Add(t, typ)
			want := resource.Ref{ID: id, Type: typ, Account: b.Place.Account, Region: b.Place.Region}
			got := b.one(t, typ, id)
			want.ARN = got.Ref().ARN
			named, ok := resource.FromARN(want.ARN)
			if got.Ref() != want || got.Ended() || !ok || named.ID != id || named.Type != typ {
				t.Errorf("it is listed as %+v, want %+v, of which the ARN names %+v", got.Ref(), want, named)
			}
			if rs, err := b.Source.Get(t.Context(), b.Place, typ, []string{Absent}); err != nil || len(rs) != 0 {
				t.Errorf("Get of what is not there returned %v, %v", rs, err)
			}
			b.tagged(t, typ, execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas", "Owner": "ana"}}, tag.Set{"Project": "atlas", "Owner": "ana"})
			if slices.Contains(b.KeepTags, typ) {
				return
			}
			b.tagged(t, typ, execute.Call{Action: action.Untag, IDs: []string{id}, Keys: []string{"Owner"}}, tag.Set{"Project": "atlas"})
			b.tagged(t, typ, execute.Call{Action: action.Mark, IDs: []string{id}, Tags: tag.Set{"tagwarden": "x"}}, tag.Set{"Project": "atlas", "tagwarden": "x"})
			if got := b.one(t, typ, id).Tags().User(); !maps.Equal(got, tag.Set{"Project": "atlas", "tagwarden": "x"}) {
				t.Errorf("it is listed with the tags %v", got)
			}
		})
	}
}

// one returns the resource as it is listed, which it must be once.
func (b Backend) one(t *testing.T, typ resource.Type, id string) resource.Resource {
	t.Helper()
	var found []resource.Resource
	err := b.Source.List(t.Context(), b.Place, typ, func(rs []resource.Resource) error {
		for _, r := range rs {
			if r.Ref().Type != typ {
				t.Errorf("a listing of %s has %+v", typ, r.Ref())
			}
			if r.Ref().ID == id {
				found = append(found, r)
			}
		}
		return nil
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("%s is listed %d times, %v", id, len(found), err)
	}
	return found[0]
}

// tagged makes a call about one resource, after which it must have these tags.
func (b Backend) tagged(t *testing.T, typ resource.Type, c execute.Call, want tag.Set) {
	t.Helper()
	c.At, c.Type = b.Place, typ
	if answer, err := b.Actor.Do(t.Context(), c); err != nil || len(answer.Failed) > 0 {
		t.Fatalf("%s: %v, %v", c.Action, err, answer.Failed)
	}
	rs, err := b.Source.Get(t.Context(), b.Place, typ, c.IDs)
	if err != nil || len(rs) != 1 || !maps.Equal(rs[0].Tags().User(), want) {
		t.Errorf("after %s: %v, %v; want the tags %v", c.Action, rs, err, want)
	}
}

func testParentTags(t *testing.T, b Backend) {
	id := b.Launch(t, 1)[0]
	b.do(t, execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}})
	volumes := b.must(t, id).Volumes
	if len(volumes) == 0 {
		t.Fatalf("%s has no volume", id)
	}
	v := b.one(t, resource.EC2Volume, volumes[0]).(*resource.Volume)
	if want := (resource.Parent{Type: "ec2:instance", ID: id}); v.Parent() != want || !v.Attached() || v.State != "in-use" {
		t.Fatalf("its volume is %+v", v)
	}
	if _, err := v.ParentTags().Get(need.InstanceTags); !missing(err, need.InstanceTags) {
		t.Errorf("the parent's tags of a fresh listing are there: %v", err)
	}
	orphan := &resource.Volume{Instance: Absent}
	free := &resource.Volume{}
	b.Source.Fill(t.Context(), b.Place, need.InstanceTags, []resource.Resource{v, orphan, free})
	if tags, err := v.ParentTags().Get(need.InstanceTags); err != nil || tags["Project"] != "atlas" {
		t.Errorf("the parent's tags are %v, %v", tags, err)
	}
	if _, err := orphan.ParentTags().Get(need.InstanceTags); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("the tags of a parent that is gone: %v", err)
	}
}

// A backend may see nothing of what was never tagged, and then says so.
func testAnything(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	want := map[string]resource.Ref{}
	for _, typ := range []resource.Type{resource.LambdaFunction, resource.DynamoDBTable} {
		id := b.Add(t, typ)
		b.tagged(t, typ, execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}}, tag.Set{"Project": "atlas"})
		ref := b.one(t, typ, id).Ref()
		want[ref.ARN] = ref
	}
	seen := map[string]bool{}
	err := b.Source.List(t.Context(), b.Place, resource.Any, func(rs []resource.Resource) error {
		for _, r := range rs {
			ref := r.Ref()
			if resource.KindOf(r) != resource.Any || seen[ref.ARN] || ref.Place() != b.Place {
				t.Errorf("%+v is handed over as a %T, again: %v", ref, r, seen[ref.ARN])
			}
			seen[ref.ARN] = true
			if w, ok := want[ref.ARN]; ok && (ref != w || !maps.Equal(r.Tags(), tag.Set{"Project": "atlas"})) {
				t.Errorf("%+v with the tags %v, want %+v", ref, r.Tags(), w)
			}
		}
		return nil
	})
	// A partial listing says so.
	if err != nil && !strings.Contains(err.Error(), "never tagged") {
		t.Fatal(err)
	}
	for arn := range want {
		if !seen[arn] {
			t.Errorf("%s is not listed", arn)
		}
	}
}
