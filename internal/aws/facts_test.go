package aws

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func instance(id string, set func(*resource.Instance)) resource.Resource {
	i := &resource.Instance{Base: resource.Base{Reference: resource.Ref{ID: id, Type: resource.EC2Instance}}, Lifecycle: "on-demand"}
	if set != nil {
		set(i)
	}
	return i
}

func inVPC(id, vpc string) resource.Resource {
	return instance(id, func(i *resource.Instance) { i.VPC = vpc })
}

func TestTheTagsOfEachVPCAreReadOnceForAllItsInstances(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(_ int, r request) reply {
		if r.Get("Filter.1.Name") != "vpc-id" || r.Get("MaxResults") != "1000" || r.Get("Filter.1.Value.4") != "" {
			t.Errorf("asked %v", r.Values)
		}
		return ec2Answer("DescribeVpcs", `<vpcSet><item><vpcId>vpc-1</vpcId><tagSet><item><key>team</key><value>atlas</value></item></tagSet></item><item><vpcId>vpc-2</vpcId></item></vpcSet>`)
	})
	rs := []resource.Resource{inVPC("i-1", "vpc-1"), inVPC("i-2", "vpc-1"), inVPC("i-3", "vpc-2"), inVPC("i-4", ""), inVPC("i-5", "vpc-gone")}
	s.Source().Fill(t.Context(), place, need.VPCTags, rs)
	if n := len(fake.calls()); n != 1 {
		t.Errorf("%d calls", n)
	}
	atlas, none := map[string]string{"team": "atlas"}, map[string]string{}
	for n, want := range []map[string]string{atlas, atlas, none, none} {
		got, err := rs[n].(*resource.Instance).VPCTags.Get(need.VPCTags)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", rs[n].Ref().ID, err, d)
		}
	}
	if _, err := rs[4].(*resource.Instance).VPCTags.Get(need.VPCTags); fault.ClassOf(err) != fault.NotFound {
		t.Errorf("of a VPC that is not there: %v", err)
	}
}

func TestManyVPCsAreReadInSeveralCallsAndAFailureIsOfItsOwnOnly(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(n int, r request) reply {
		if n == 2 {
			return ec2Error(403, "UnauthorizedOperation", "x")
		}
		var b strings.Builder
		for v := 1; r.Get(fmt.Sprintf("Filter.1.Value.%d", v)) != ""; v++ {
			b.WriteString("<item><vpcId>" + r.Get(fmt.Sprintf("Filter.1.Value.%d", v)) + "</vpcId></item>")
		}
		return ec2Answer("DescribeVpcs", "<vpcSet>"+b.String()+"</vpcSet>")
	})
	var rs []resource.Resource
	for n := range 500 {
		rs = append(rs, inVPC("i-1", fmt.Sprintf("vpc-%03d", n)))
	}
	s.Source().Fill(t.Context(), place, need.VPCTags, rs)
	known, denied := 0, 0
	for _, r := range rs {
		_, err := r.(*resource.Instance).VPCTags.Get(need.VPCTags)
		if err == nil {
			known++
		} else if fault.ClassOf(err) == fault.Denied {
			denied++
		}
	}
	if len(fake.calls()) != 3 || known != 300 || denied != 200 {
		t.Errorf("%d calls, %d known, %d denied", len(fake.calls()), known, denied)
	}
}

// protection answers attribute and spot calls: instances whose id ends in s
// are protected against stopping, in t against termination.
func protection(_ int, r request) reply {
	if r.Get("Action") == "DescribeSpotInstanceRequests" {
		return ec2Answer("DescribeSpotInstanceRequests", `<spotInstanceRequestSet>`+
			`<item><spotInstanceRequestId>sir-persistent</spotInstanceRequestId><type>persistent</type></item>`+
			`<item><spotInstanceRequestId>sir-once</spotInstanceRequestId><type>one-time</type></item></spotInstanceRequestSet>`)
	}
	attribute, on := r.Get("Attribute"), false
	switch attribute {
	case "disableApiStop":
		on = strings.HasSuffix(r.Get("InstanceId"), "s")
	case "disableApiTermination":
		on = strings.HasSuffix(r.Get("InstanceId"), "t")
	}
	return ec2Answer("DescribeInstanceAttribute", fmt.Sprintf("<instanceId>%s</instanceId><%s><value>%v</value></%s>", r.Get("InstanceId"), attribute, on, attribute))
}

func spot(id, req string) resource.Resource {
	return instance(id, func(i *resource.Instance) { i.Lifecycle, i.SpotRequest = "spot", req })
}

func TestProtectionIsReadForEachInstance(t *testing.T) {
	isolate(t)
	s, fake := open(t, protection)
	rs := []resource.Resource{instance("i-1", nil), instance("i-1s", nil), instance("i-1t", nil), spot("i-2", "sir-persistent"), spot("i-3", "sir-once"), spot("i-4", "sir-gone")}
	s.Source().Fill(t.Context(), place, need.Protection, rs)
	for n, want := range []resource.Protection{{}, {Stop: true}, {Terminate: true}, {PersistentSpot: true}, {}, {}} {
		got, err := rs[n].(*resource.Instance).Protected.Get(need.Protection)
		if got != want || err != nil {
			t.Errorf("%s: %+v, %v; want %+v", rs[n].Ref().ID, got, err, want)
		}
	}
	if n := len(fake.calls()); n != 1+2*len(rs) {
		t.Errorf("%d calls", n)
	}
}

func TestWithoutSpotInstancesNoSpotRequestIsAskedFor(t *testing.T) {
	isolate(t)
	s, fake := open(t, protection)
	s.Source().Fill(t.Context(), place, need.Protection, []resource.Resource{instance("i-1", nil)})
	for _, action := range fake.calls() {
		if action == "DescribeSpotInstanceRequests" {
			t.Error("an empty filter asks for all of them")
		}
	}
}

func TestProtectionThatCannotBeReadIsSaidToBeSo(t *testing.T) {
	isolate(t)
	tests := map[string]struct {
		answer func(int, request) reply
		want   map[string]fault.Class // "" is known
	}{
		"an instance is gone": {func(n int, r request) reply {
			if r.Get("InstanceId") == "i-2" {
				return ec2Error(400, "InvalidInstanceID.NotFound", "x")
			}
			return protection(n, r)
		}, map[string]fault.Class{"i-1": "", "i-2": fault.NotFound, "i-3": ""}},
		"spot requests cannot be read": {func(n int, r request) reply {
			if r.Get("Action") == "DescribeSpotInstanceRequests" {
				return ec2Error(403, "UnauthorizedOperation", "x")
			}
			return protection(n, r)
		}, map[string]fault.Class{"i-1": "", "i-2": "", "i-3": fault.Denied}},
		"an answer without the attribute": {func(n int, r request) reply {
			if r.Get("InstanceId") == "i-1" {
				return ec2Answer("DescribeInstanceAttribute", "<instanceId>i-1</instanceId>")
			}
			return protection(n, r)
		}, map[string]fault.Class{"i-1": fault.Other, "i-2": "", "i-3": ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t, tt.answer)
			rs := []resource.Resource{instance("i-1", nil), instance("i-2", nil), spot("i-3", "sir-persistent")}
			s.Source().Fill(t.Context(), place, need.Protection, rs)
			for _, r := range rs {
				_, err := r.(*resource.Instance).Protected.Get(need.Protection)
				if got := fault.ClassOf(err); got != tt.want[r.Ref().ID] {
					t.Errorf("%s: %v of class %q, want %q", r.Ref().ID, err, got, tt.want[r.Ref().ID])
				}
				if _, unread := errors.AsType[*resource.UnreadFact](err); err != nil && !unread {
					t.Errorf("%s: %T", r.Ref().ID, err)
				}
			}
		})
	}
}

func TestAMissingPermissionIsNotAskedForAThousandTimes(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return ec2Error(403, "UnauthorizedOperation", "x") })
	var rs []resource.Resource
	for range 1000 {
		rs = append(rs, instance("i-1", nil))
	}
	s.Source().Fill(t.Context(), place, need.Protection, rs)
	for _, r := range rs {
		if _, err := r.(*resource.Instance).Protected.Get(need.Protection); fault.ClassOf(err) != fault.Denied {
			t.Fatal(err)
		}
	}
	if n := len(fake.calls()); n > workers {
		t.Errorf("%d calls", n)
	}
}

// 400 instances are 800 calls: 100 at once, then 20 a second.
func TestReadingProtectionKeepsToTheRate(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, protection)
		var rs []resource.Resource
		for range 400 {
			rs = append(rs, instance("i-1", nil))
		}
		start := time.Now()
		s.Source().Fill(t.Context(), place, need.Protection, rs)
		if took := time.Since(start).Round(time.Millisecond); took != 35*time.Second {
			t.Errorf("it took %s, want 35s", took)
		}
	})
}
