package sim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// in is the base of something in the home region.
func in(id string) resource.Base {
	return resource.Base{Reference: resource.Ref{ID: id, Region: home.Region}, TagSet: tag.Set{"Owner": "ana"}}
}

// ids are those of everything of a type.
func ids(t *testing.T, a *sim.Account, typ resource.Type) []string {
	t.Helper()
	var all []string
	if err := a.List(ctx, home, typ, func(rs []resource.Resource) error {
		for _, r := range rs {
			all = append(all, r.Ref().ID)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryTypeThereIsCanBeInTheAccount(t *testing.T) {
	a := newAccount()
	for _, s := range resource.Schemas() {
		if s.Type == resource.EC2Instance || s.Type == resource.Any {
			continue
		}
		id := a.Add(blank(t, s.Type))
		r, ok := a.Resource(id)
		ref, named := resource.FromARN(r.Ref().ARN)
		if !ok || !named || ref.ID != id || r.Ref().ID != id || r.Ref().Type != s.Type || r.Ref().Place() != home || r.Tags() == nil {
			t.Errorf("%s: %+v", s.Type, r)
		}
	}
}

func TestAddPanicsWhereNoSuchResourceCanBe(t *testing.T) {
	a := newAccount()
	a.Add(&resource.Volume{Base: in("vol-0aaaaaaaaaaaaaaaa")})
	for name, r := range map[string]resource.Resource{
		"no region":              &resource.Volume{},
		"an id of another type":  &resource.Volume{Base: in("snap-0aaaaaaaaaaaaaaaa")},
		"an id that is none":     &resource.Volume{Base: in("vol-1")},
		"an id that is taken":    &resource.Volume{Base: in("vol-0aaaaaaaaaaaaaaaa")},
		"an instance":            &resource.Instance{Base: in("i-0aaaaaaaaaaaaaaab")},
		"more tags than AWS has": &resource.VPC{Base: resource.Base{Reference: resource.Ref{Region: home.Region}, TagSet: tags(51)}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was taken")
				}
			}()
			a.Add(r)
		})
	}
}

func TestTheVolumesOfAnInstanceLiveAsLongAsEC2LetsThem(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, Volumes: []string{"vol-0aaaaaaaaaaaaaaaa", "vol-0aaaaaaaaaaaaaaab"}})
	a.Add(&resource.NetworkInterface{Base: in(""), Instance: id})
	ip := a.Add(&resource.ElasticIP{Base: in(""), Instance: id, NetworkInterface: "eni-0aaaaaaaaaaaaaaaa", PrivateIP: "10.0.0.4"})
	other := a.Launch(sim.Instance{Region: home.Region})
	i, _ := a.Instance(other)
	if got := ids(t, a, resource.EC2Volume); len(got) != 3 {
		t.Fatalf("volumes %v", got)
	}
	first(action.Terminate)(a, id)
	a.Clock().Advance(time.Minute)
	if diff := cmp.Diff([]string{"vol-0aaaaaaaaaaaaaaab", i.Volumes[0]}, ids(t, a, resource.EC2Volume)); diff != "" {
		t.Errorf("volumes left (-want +got):\n%s", diff)
	}
	r, _ := a.Resource("vol-0aaaaaaaaaaaaaaab")
	if v := r.(*resource.Volume); v.Attached() || v.State != "available" {
		t.Errorf("the data volume is %+v", v)
	}
	r, _ = a.Resource(ip)
	if e := r.(*resource.ElasticIP); e.Attached() || e.PrivateIP != "" {
		t.Errorf("the address is %+v", e)
	}
	if diff := cmp.Diff([]string{i.Interfaces[0].ID}, ids(t, a, resource.EC2NetworkInterface)); diff != "" {
		t.Errorf("network interfaces left (-want +got):\n%s", diff)
	}
}

func TestOneCallTagsResourcesOfSeveralTypesOrNone(t *testing.T) {
	a := newAccount()
	all := []string{plain(a), a.Add(&resource.Volume{Base: in("")}), a.Add(&resource.Image{Base: in("")})}
	call := execute.Call{Action: action.Tag, Type: resource.EC2Volume, At: home, IDs: append(slices.Clone(all), "snap-0aaaaaaaaaaaaaaaa"), Tags: tag.Set{"Project": "atlas"}}
	if _, err := a.Do(ctx, call); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("with one that is not there: %v", err)
	}
	owners := func() (got []tag.Set) {
		for _, id := range all {
			r, _ := a.Resource(id)
			got = append(got, r.Tags())
		}
		return got
	}
	ana := tag.Set{"Owner": "ana"}
	if diff := cmp.Diff([]tag.Set{ana, ana, ana}, owners()); diff != "" {
		t.Errorf("a refused call changed tags (-want +got):\n%s", diff)
	}
	call.IDs = all
	if _, err := a.Do(ctx, call); err != nil {
		t.Fatal(err)
	}
	both := tag.Set{"Owner": "ana", "Project": "atlas"}
	if diff := cmp.Diff([]tag.Set{both, both, both}, owners()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if log := a.Log(); !cmp.Equal(log[len(log)-1].Changed, all) {
		t.Errorf("the log says that %v changed", log[len(log)-1].Changed)
	}
}

func TestAVolumeHoldsFiftyTagsToo(t *testing.T) {
	a := newAccount()
	id := a.Add(&resource.Volume{Base: in("")})
	_, err := a.Do(ctx, execute.Call{Action: action.Tag, Type: resource.EC2Volume, At: home, IDs: []string{id}, Tags: tags(50)})
	if fault.ClassOf(err) != fault.TagLimit {
		t.Errorf("the 51st tag: %v", err)
	}
}

func TestTypesAreListedApartAndPageByPage(t *testing.T) {
	a := newAccount()
	a.SetPageSize(2)
	var want []string
	for range 5 {
		want = append(want, a.Add(&resource.Snapshot{Base: in("")}))
		a.Add(&resource.ElasticIP{Base: in("")})
	}
	if diff := cmp.Diff(want, ids(t, a, resource.EC2Snapshot)); diff != "" {
		t.Errorf("snapshots (-want +got):\n%s", diff)
	}
	if got := ids(t, a, resource.EC2ElasticIP); len(got) != 5 {
		t.Errorf("addresses %v", got)
	}
	if c := a.Calls(); c["ec2:DescribeSnapshots"] != 3 || c["ec2:DescribeAddresses"] != 1 {
		t.Errorf("it took %v", c)
	}
	rs, err := a.Get(ctx, home, resource.EC2Volume, want[:1])
	if err != nil || len(rs) != 0 {
		t.Errorf("a snapshot was read as a volume: %v, %v", rs, err)
	}
}
