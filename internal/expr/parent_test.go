package expr

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func aVolume(parentTags resource.Lazy[map[string]string]) *resource.Volume {
	return &resource.Volume{
		Base:  resource.Base{Reference: resource.Ref{ID: "vol-1", Type: resource.EC2Volume}, TagSet: tag.Set{}},
		Child: resource.Child{ParentTagSet: parentTags}, Instance: "i-1", Size: 500, State: "in-use",
	}
}

func TestAParentsTagsAreAFactThatIsFetchedWhereItMatters(t *testing.T) {
	c := NewCompiler(time.UTC, nil)
	p := compile(t, c, `resource.size > 100 && resource.parent.tags["Project"] == "atlas"`, Bool, []resource.Type{resource.EC2Volume})
	if diff := cmp.Diff([]need.Fact{need.InstanceTags, need.Volumes}, p.Facts()); diff != "" {
		t.Errorf("facts (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"parent", "parent.tags", "size"}, p.Fields()); diff != "" {
		t.Errorf("fields (-want +got)\n%s", diff)
	}
	known := func(s map[string]string) *resource.Volume { return aVolume(resource.Known(s)) }
	if got, err := p.Bool(Input{Resource: known(map[string]string{"Project": "atlas"}), Now: now}); err != nil || !got {
		t.Errorf("the parent has it: %v, %v", got, err)
	}
	_, err := p.Bool(Input{Resource: known(nil), Now: now})
	if u := unknown(t, err); u.Reason != `the parent has no tag "Project"` || u.Facts != nil {
		t.Errorf("the parent lacks it: %+v", u)
	}
	_, err = p.Bool(Input{Resource: aVolume(resource.Lazy[map[string]string]{}), Now: now})
	if diff := cmp.Diff([]need.Fact{need.InstanceTags}, unknown(t, err).Facts); diff != "" {
		t.Errorf("not fetched (-want +got)\n%s", diff)
	}
	small := aVolume(resource.Lazy[map[string]string]{})
	small.Size = 8
	if got, err := p.Bool(Input{Resource: small, Now: now}); err != nil || got {
		t.Errorf("where the rest settles it: %v, %v", got, err)
	}
}

func TestSeveralTypesShareTheirParentsTagsWhereAllHaveThem(t *testing.T) {
	c := NewCompiler(time.UTC, nil)
	p := compile(t, c, `"Project" in resource.parent.tags`, Bool, []resource.Type{resource.EC2Volume, resource.EC2Snapshot, resource.EC2Subnet})
	want := []need.Fact{need.InstanceTags, need.Snapshots, need.Subnets, need.VolumeTags, need.Volumes, need.VPCTags}
	if diff := cmp.Diff(want, p.Facts()); diff != "" {
		t.Errorf("facts (-want +got)\n%s", diff)
	}
	free := &resource.Snapshot{Base: resource.Base{Reference: resource.Ref{Type: resource.EC2Snapshot}}}
	if got, err := p.Bool(Input{Resource: free, Now: now}); err != nil || got {
		t.Errorf("without a parent: %v, %v", got, err)
	}
	_, got := c.Compile(`"Project" in resource.parent.tags`, Bool, []resource.Type{resource.EC2Volume, resource.EC2Instance})
	if diff := cmp.Diff([]Problem{one(30, 4, `parent has no field "tags"`, "it has id, type")}, got); diff != "" {
		t.Errorf("beside instances (-want +got)\n%s", diff)
	}
}

func TestInstancesAndVolumesShareTheirStateAndTags(t *testing.T) {
	c := NewCompiler(time.UTC, nil)
	both := []resource.Type{resource.EC2Instance, resource.EC2Volume}
	p := compile(t, c, `resource.state in ["running", "in-use"] && tag("Owner") == "" && resource.managed_by == ""`, Bool, both)
	for name, r := range map[string]resource.Resource{"instance": with(func(i *resource.Instance) { i.State, i.TagSet = "running", tag.Set{} }), "volume": aVolume(resource.Lazy[map[string]string]{})} {
		if got, err := p.Bool(Input{Resource: r, Now: now}); err != nil || !got {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	_, got := c.Compile(`resource.size > 1`, Bool, both)
	if len(got) != 1 || got[0].Hint != "only ec2:volume has it; an expression over several types has the fields they share" {
		t.Errorf("a field of one of them: %+v", got)
	}
	_, got = c.Compile(`resource.size > "1"`, Bool, []resource.Type{resource.EC2Volume})
	if len(got) != 1 {
		t.Errorf("a number compared with a text: %+v", got)
	}
}
