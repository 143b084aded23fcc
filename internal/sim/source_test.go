package sim_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var mumbai = resource.Place{Account: sim.DemoAccount, Region: "ap-south-1"}

// pages lists a place and returns the ids of each page.
func pages(t *testing.T, a *sim.Account, at resource.Place, between func()) [][]string {
	t.Helper()
	var all [][]string
	err := a.List(ctx, at, resource.EC2Instance, func(rs []resource.Resource) error {
		var ids []string
		for _, r := range rs {
			ids = append(ids, r.Ref().ID)
		}
		all = append(all, ids)
		if between != nil {
			between()
		}
		return nil
	})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return all
}

func sizes(pages [][]string) []int {
	var n []int
	for _, p := range pages {
		n = append(n, len(p))
	}
	return n
}

func TestAListingComesInPagesOfOneRegion(t *testing.T) {
	for _, tt := range []struct {
		name      string
		instances int
		pageSize  int
		want      []int
		calls     int
	}{
		{"nothing", 0, 1000, nil, 1},
		{"one page", 3, 1000, []int{3}, 1},
		{"a full page", 4, 4, []int{4}, 1},
		{"several pages", 9, 4, []int{4, 4, 1}, 3},
		{"the smallest page", 2, -7, []int{1, 1}, 2},
		{"the default page", 1001, 5000, []int{1000, 1}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount()
			a.SetPageSize(tt.pageSize)
			a.Launch(sim.Instance{Region: "ap-south-1"})
			var want []string
			for range tt.instances {
				want = append(want, a.Launch(sim.Instance{Region: home.Region}))
			}
			got := pages(t, a, home, nil)
			if diff := cmp.Diff(tt.want, sizes(got)); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, slices.Concat(got...)); diff != "" {
				t.Errorf("ids in order of launch (-want +got):\n%s", diff)
			}
			if n := a.Calls()["ec2:DescribeInstances"]; n != tt.calls {
				t.Errorf("it took %d calls, want %d", n, tt.calls)
			}
		})
	}
}

func TestAListingGoesOnWhileInstancesComeAndGo(t *testing.T) {
	a := newAccount()
	a.SetPageSize(2)
	var ids []string
	for range 5 {
		ids = append(ids, plain(a))
	}
	first(action.Terminate)(a, ids[1])
	first(action.Terminate)(a, ids[2])
	once := false
	got := pages(t, a, home, func() {
		if !once {
			once = true
			a.Clock().Advance(2 * time.Hour) // those two vanish
			ids = append(ids, plain(a))
		}
	})
	want := [][]string{{ids[0], ids[1]}, {ids[3], ids[4]}, {ids[5]}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestInstancesAreSeenInTheirOwnRegionOnly(t *testing.T) {
	a := newAccount()
	id := plain(a)
	rs, err := a.Get(ctx, mumbai, resource.EC2Instance, []string{id})
	if err != nil || len(rs) != 0 {
		t.Errorf("Get in another region returned %v, %v", rs, err)
	}
	_, err = a.Do(ctx, execute.Call{Action: action.Stop, Type: resource.EC2Instance, At: mumbai, IDs: []string{id}})
	if fault.ClassOf(err) != fault.NotFound {
		t.Errorf("Do in another region answered %v, want class %q", err, fault.NotFound)
	}
}

func TestAnUnknownTypeIsAnError(t *testing.T) {
	a := newAccount()
	err := a.List(ctx, home, "sqs:queue", func([]resource.Resource) error { return nil })
	_, getErr := a.Get(ctx, home, "no type", []string{absent})
	if fault.ClassOf(err) != fault.Invalid || fault.ClassOf(getErr) != fault.Invalid {
		t.Errorf("List: %v, Get: %v; want class %q", err, getErr, fault.Invalid)
	}
}

func TestRegionsAreThoseThatAreInUse(t *testing.T) {
	a := sim.New(sim.DemoAccount, sim.DemoStart())
	a.AddVPC("us-west-2", "vpc-1", nil)
	a.Launch(sim.Instance{Region: "eu-west-1"})
	a.AddRegion("ap-south-1")
	got, err := a.Regions(ctx)
	if diff := cmp.Diff([]string{"ap-south-1", "eu-west-1", "us-west-2"}, got); err != nil || diff != "" {
		t.Errorf("Regions (-want +got), %v:\n%s", err, diff)
	}
}

// fill lists a place and fills in a fact.
func fill(t *testing.T, a *sim.Account, f need.Fact) []*resource.Instance {
	t.Helper()
	var all []resource.Resource
	if err := a.List(ctx, home, resource.EC2Instance, func(rs []resource.Resource) error {
		all = append(all, rs...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	a.Fill(ctx, home, f, all)
	instances := make([]*resource.Instance, len(all))
	for n, r := range all {
		instances[n] = r.(*resource.Instance)
	}
	return instances
}

func TestVPCTagsAreReadInOneCall(t *testing.T) {
	a := newAccount()
	a.AddVPC(home.Region, "vpc-1", tag.Set{"Name": "acme"})
	for _, vpc := range []string{"vpc-1", "vpc-1", "vpc-2", ""} {
		a.Launch(sim.Instance{Region: home.Region, VPC: vpc})
	}
	var got []map[string]string
	for _, i := range fill(t, a, need.VPCTags) {
		tags, err := i.VPCTags.Get(need.VPCTags)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, tags)
	}
	want := []map[string]string{{"Name": "acme"}, {"Name": "acme"}, {}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("VPC tags (-want +got):\n%s", diff)
	}
	if n := a.Calls()["ec2:DescribeVpcs"]; n != 1 {
		t.Errorf("it took %d calls, want 1", n)
	}
	got[0]["Name"] = "another"
	if got[1]["Name"] != "acme" {
		t.Error("two instances share one map")
	}
}

func TestNoCallIsMadeForInstancesOutsideAVPC(t *testing.T) {
	a := newAccount()
	a.Launch(sim.Instance{Region: home.Region})
	a.Deny("ec2:DescribeVpcs")
	if _, err := fill(t, a, need.VPCTags)[0].VPCTags.Get(need.VPCTags); err != nil || a.Calls()["ec2:DescribeVpcs"] != 0 {
		t.Errorf("%v, calls %v", err, a.Calls())
	}
}

func TestProtectionIsReadForEachInstance(t *testing.T) {
	a := newAccount()
	for _, i := range []sim.Instance{{StopProtected: true}, {TerminateProtected: true}, {Lifecycle: "spot"}, {Lifecycle: "spot", Persistent: true}} {
		i.Region = home.Region
		a.Launch(i)
	}
	var got []resource.Protection
	for _, i := range fill(t, a, need.Protection) {
		p, err := i.Protected.Get(need.Protection)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	want := []resource.Protection{{Stop: true}, {Terminate: true}, {}, {PersistentSpot: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("protection (-want +got):\n%s", diff)
	}
	if c := a.Calls(); c["ec2:DescribeInstanceAttribute"] != 8 || c["ec2:DescribeSpotInstanceRequests"] != 1 {
		t.Errorf("it took %v", c)
	}
}

func TestFactsThatCannotBeReadSayWhy(t *testing.T) {
	for op, f := range map[string]need.Fact{
		"ec2:DescribeVpcs":                 need.VPCTags,
		"ec2:DescribeInstanceAttribute":    need.Protection,
		"ec2:DescribeSpotInstanceRequests": need.Protection,
	} {
		t.Run(op, func(t *testing.T) {
			a := newAccount()
			a.Launch(sim.Instance{Region: home.Region, VPC: "vpc-1", Lifecycle: "spot"})
			a.Deny(op)
			i := fill(t, a, f)[0]
			var err error
			if f == need.VPCTags {
				_, err = i.VPCTags.Get(f)
			} else {
				_, err = i.Protected.Get(f)
			}
			if _, ok := errors.AsType[*resource.UnreadFact](err); !ok || fault.ClassOf(err) != fault.Denied {
				t.Errorf("the fact is %v, want it unread and of class %q", err, fault.Denied)
			}
		})
	}
}

func TestCallsAreCountedByOperation(t *testing.T) {
	a := newAccount()
	id := plain(a)
	for _, err := range []error{
		list(a),
		raw(execute.Call{Action: action.Mark, IDs: []string{id}, Tags: tag.Set{"tagwarden": "x"}})(a),
		raw(execute.Call{Action: action.Unmark, IDs: []string{id}, Keys: []string{"tagwarden"}})(a),
		raw(execute.Call{Action: action.Stop, IDs: []string{id}})(a),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Caller(ctx); err != nil {
		t.Fatal(err)
	}
	got := a.Calls()
	want := map[string]int{"ec2:DescribeInstances": 1, "ec2:CreateTags": 1, "ec2:DeleteTags": 1, "ec2:StopInstances": 1, "sts:GetCallerIdentity": 1}
	if !maps.Equal(got, want) {
		t.Errorf("Calls() = %v, want %v", got, want)
	}
}
