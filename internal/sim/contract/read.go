package contract

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func testCaller(t *testing.T, b Backend) {
	c, err := b.Source.Caller(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Account != b.Place.Account || len(c.Account) != 12 || c.ARN == "" {
		t.Errorf("Caller() = %+v, want account %s and an ARN", c, b.Place.Account)
	}
}

func testRegions(t *testing.T, b Backend) {
	b.Launch(t, 1)
	names, err := b.Source.Regions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(names) || !slices.Contains(names, b.Place.Region) {
		t.Errorf("Regions() = %v, want them sorted and with %s", names, b.Place.Region)
	}
}

func testList(t *testing.T, b Backend) {
	ids := b.Launch(t, 3)
	all := b.list(t)
	for _, id := range ids {
		i := all[id]
		if i == nil {
			t.Fatalf("%s is not listed", id)
		}
		want := resource.Ref{ID: id, ARN: resource.InstanceARN(b.Place.Region, b.Place.Account, id),
			Type: resource.EC2Instance, Account: b.Place.Account, Region: b.Place.Region}
		if i.Ref() != want {
			t.Errorf("its reference is %+v, want %+v", i.Ref(), want)
		}
		if i.State != "running" || i.LaunchedAt.IsZero() || i.RootDevice != "ebs" || i.Lifecycle != "on-demand" || i.VPC == "" {
			t.Errorf("a plain instance is listed as %+v", i)
		}
		if i.MarkValue() != "" || i.Ended() {
			t.Errorf("%s has the mark %q and ended = %v", id, i.MarkValue(), i.Ended())
		}
	}
}

func testListEnds(t *testing.T, b Backend) {
	b.Launch(t, 1)
	enough := errors.New("enough")
	calls := 0
	err := b.Source.List(t.Context(), b.Place, resource.EC2Instance, func([]resource.Resource) error {
		calls++
		return enough
	})
	if err != enough || calls != 1 {
		t.Errorf("List returned %v after %d pages, want the callback's error as it is after one", err, calls)
	}
}

func testListCancelled(t *testing.T, b Backend) {
	b.Launch(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := b.Source.List(ctx, b.Place, resource.EC2Instance, func([]resource.Resource) error { return nil })
	if fault.ClassOf(err) != fault.Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("List returned %v of class %q, want class %q", err, fault.ClassOf(err), fault.Cancelled)
	}
}

func testGet(t *testing.T, b Backend) {
	ids := b.Launch(t, 2)
	rs, err := b.Source.Get(t.Context(), b.Place, resource.EC2Instance, []string{ids[1], Absent, ids[0]})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rs {
		got = append(got, r.Ref().ID)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("Get returned %v, want %v", got, ids)
	}
}

// EC2 takes an empty list of ids for all of them.
func testGetNothing(t *testing.T, b Backend) {
	b.Launch(t, 1)
	rs, err := b.Source.Get(t.Context(), b.Place, resource.EC2Instance, nil)
	if err != nil || len(rs) != 0 {
		t.Errorf("Get of no ids returned %d resources, %v", len(rs), err)
	}
}

func testSnapshots(t *testing.T, b Backend) {
	id := b.Launch(t, 1)[0]
	before := b.must(t, id)
	b.do(t, execute.Call{Action: action.Tag, IDs: []string{id}, Tags: tag.Set{"Project": "atlas"}})
	b.do(t, call(action.Stop, id))
	if before.State != "running" || before.TagSet["Project"] != "" {
		t.Errorf("an earlier snapshot became %+v", before)
	}
	// What a caller does to its snapshot is its own affair.
	again := b.must(t, id)
	again.TagSet["Project"] = "another"
	if got := b.must(t, id).TagSet["Project"]; got != "atlas" {
		t.Errorf("changing a snapshot changed the instance's tag to %q", got)
	}
}

func testFill(t *testing.T, b Backend) {
	id := b.Launch(t, 1)[0]
	i := b.list(t)[id]
	if _, err := i.VPCTags.Get(need.VPCTags); !missing(err, need.VPCTags) {
		t.Errorf("the VPC's tags of a fresh listing are there: %v", err)
	}
	if _, err := i.Protected.Get(need.Protection); !missing(err, need.Protection) {
		t.Errorf("the protection of a fresh listing is there: %v", err)
	}
	rs := []resource.Resource{i}
	b.Source.Fill(t.Context(), b.Place, need.VPCTags, rs)
	b.Source.Fill(t.Context(), b.Place, need.Protection, rs)
	if tags, err := i.VPCTags.Get(need.VPCTags); err != nil || tags == nil {
		t.Errorf("the VPC's tags are %v, %v", tags, err)
	}
	p, err := i.Protected.Get(need.Protection)
	if err != nil || p != (resource.Protection{}) {
		t.Errorf("the protection of a plain instance is %+v, %v", p, err)
	}
	if b.Protect == nil {
		return
	}
	b.Protect(t, id, true, true)
	b.Source.Fill(t.Context(), b.Place, need.Protection, rs)
	p, err = i.Protected.Get(need.Protection)
	if want := (resource.Protection{Stop: true, Terminate: true}); err != nil || p != want {
		t.Errorf("the protection is %+v, %v; want %+v", p, err, want)
	}
	b.Protect(t, id, false, false)
}
