package aws

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// launchers answers for two launch templates, one a page, of which the second
// has two pages of versions, and for two pages of launch configurations.
func launchers(r request) (reply, bool) {
	next := func(more string) string {
		if r.Get("NextToken") != "" {
			return ""
		}
		return "<nextToken>" + more + "</nextToken>"
	}
	switch r.Get("Action") {
	case "DescribeLaunchTemplates":
		id := "lt-1"
		if r.Get("NextToken") != "" {
			id = "lt-2"
		}
		return ec2Answer("DescribeLaunchTemplates", "<launchTemplates><item><launchTemplateId>"+id+"</launchTemplateId></item></launchTemplates>"+next("t")), true
	case "DescribeLaunchTemplateVersions":
		if r.Get("LaunchTemplateId") == "" || r.Get("ResolveAlias") != "true" {
			return ec2Error(400, "InvalidParameterValue", "it is not about one template, with its parameters resolved"), true
		}
		data, more := "<imageId>ami-1</imageId>", ""
		if r.Get("LaunchTemplateId") == "lt-2" {
			data, more = "<imageId>ami-9</imageId><securityGroupIdSet><item>sg-1</item></securityGroupIdSet>", next("v")
			if more == "" {
				data = "<blockDeviceMappingSet><item><ebs><snapshotId>snap-1</snapshotId></ebs></item></blockDeviceMappingSet>" +
					"<networkInterfaceSet><item><groupSet><groupId>sg-2</groupId></groupSet></item></networkInterfaceSet>"
			}
		}
		return ec2Answer("DescribeLaunchTemplateVersions", "<launchTemplateVersionSet><item><launchTemplateData>"+data+"</launchTemplateData></item></launchTemplateVersionSet>"+more), true
	case "DescribeLaunchConfigurations":
		name, more := "old", "<NextToken>c</NextToken>"
		if r.Get("NextToken") != "" {
			name, more = "older", ""
		}
		return reply{body: fmt.Sprintf(`<DescribeLaunchConfigurationsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><DescribeLaunchConfigurationsResult>`+
			`<LaunchConfigurations><member><LaunchConfigurationName>%s</LaunchConfigurationName><ImageId>ami-1</ImageId></member></LaunchConfigurations>%s`+
			`</DescribeLaunchConfigurationsResult></DescribeLaunchConfigurationsResponse>`, name, more)}, true
	}
	return reply{}, false
}

// holders answers for one of everything else that uses something.
func holders(r request) reply {
	switch r.Get("Action") {
	case "DescribeImages":
		return ec2Answer("DescribeImages", "<imagesSet><item><imageId>ami-7</imageId><imageState>available</imageState><blockDeviceMapping><item><ebs><snapshotId>snap-1</snapshotId></ebs></item></blockDeviceMapping></item></imagesSet>")
	case "DescribeInstances":
		return ec2Answer("DescribeInstances", "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><imageId>ami-1</imageId><instanceState><name>stopped</name></instanceState></item>"+
			"<item><instanceId>i-2</instanceId><imageId>ami-2</imageId><instanceState><name>terminated</name></instanceState></item></instancesSet></item></reservationSet>")
	case "DescribeNetworkInterfaces":
		return ec2Answer("DescribeNetworkInterfaces", "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><groupSet><item><groupId>sg-3</groupId></item></groupSet></item></networkInterfaceSet>")
	case "DescribeSecurityGroups":
		return ec2Answer("DescribeSecurityGroups", "<securityGroupInfo><item><groupId>sg-4</groupId><ipPermissions><item><groups><item><groupId>sg-4</groupId></item><item><groupId>sg-5</groupId></item></groups></item></ipPermissions></item></securityGroupInfo>")
	}
	return ec2Error(400, "InvalidAction", r.Get("Action"))
}

func using(_ int, r request) reply {
	if rep, ok := launchers(r); ok {
		return rep
	}
	return holders(r)
}

// some makes resources with these ids, all of the type that the fact is of.
func some(f need.Fact, ids ...string) []resource.Resource {
	var rs []resource.Resource
	for _, id := range ids {
		b := resource.Base{Reference: resource.Ref{ID: id, Account: place.Account, Region: place.Region}}
		switch f {
		case need.SnapshotUse, need.SnapshotShares:
			b.Reference.Type = resource.EC2Snapshot
			rs = append(rs, &resource.Snapshot{Base: b})
		case need.ImageUse, need.ImageShares:
			b.Reference.Type = resource.EC2Image
			rs = append(rs, &resource.Image{Base: b})
		default:
			rs = append(rs, &resource.SecurityGroup{Base: b})
		}
	}
	return rs
}

func TestEverythingThatUsesSomethingIsLookedThrough(t *testing.T) {
	isolate(t)
	const launching = "DescribeLaunchTemplates DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeLaunchTemplateVersions DescribeLaunchTemplateVersions " +
		"DescribeLaunchConfigurations DescribeLaunchConfigurations"
	for f, tt := range map[need.Fact]struct {
		want  map[string]string
		calls string
	}{
		need.SnapshotUse: {map[string]string{"snap-1": "image ami-7, launch template lt-2", "snap-2": ""}, "DescribeImages " + launching},
		need.ImageUse: {map[string]string{"ami-1": "instance i-1, launch configuration old, launch configuration older, launch template lt-1", "ami-2": "", "ami-9": "launch template lt-2"},
			"DescribeInstances " + launching},
		need.GroupUse: {map[string]string{"sg-1": "launch template lt-2", "sg-2": "launch template lt-2", "sg-3": "network interface eni-1", "sg-4": "", "sg-5": "security group sg-4"},
			"DescribeNetworkInterfaces DescribeSecurityGroups " + launching},
	} {
		s, fake := open(t, using)
		var ids []string
		for id := range tt.want {
			ids = append(ids, id)
		}
		rs := some(f, ids...)
		s.Source().Fill(t.Context(), place, f, rs)
		got := map[string]string{}
		for _, r := range rs {
			list, err := r.(resource.Usable).UsedBy().Get(f)
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			got[r.Ref().ID] = strings.Join(list, ", ")
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", f, d)
		}
		// However many are asked about, the calls stay the same.
		if got := strings.Join(fake.calls(), " "); got != tt.calls {
			t.Errorf("%s took the calls %s", f, got)
		}
	}
}

func TestWhereOnePartOfTheUseIsUnreadNothingCountsAsUnused(t *testing.T) {
	isolate(t)
	for _, denied := range []string{"DescribeInstances", "DescribeLaunchTemplates", "DescribeLaunchTemplateVersions", "DescribeLaunchConfigurations"} {
		s, _ := open(t, func(n int, r request) reply {
			if r.Get("Action") == denied {
				return ec2Error(403, "UnauthorizedOperation", "x")
			}
			return using(n, r)
		})
		rs := some(need.ImageUse, "ami-1", "ami-2")
		s.Source().Fill(t.Context(), place, need.ImageUse, rs)
		for _, r := range rs {
			if _, err := r.(resource.Usable).UsedBy().Get(need.ImageUse); fault.ClassOf(err) != fault.Denied {
				t.Errorf("without %s, %s: %v", denied, r.Ref().ID, err)
			}
		}
	}
}

func TestATemplateWhoseImageIsNotToldLeavesEveryImageUnread(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(n int, r request) reply {
		rep := using(n, r)
		rep.body = strings.ReplaceAll(rep.body, "ami-9", "resolve:ssm:/golden")
		return rep
	})
	rs := some(need.ImageUse, "ami-2")
	s.Source().Fill(t.Context(), place, need.ImageUse, rs)
	if _, err := rs[0].(resource.Usable).UsedBy().Get(need.ImageUse); err == nil || !strings.Contains(err.Error(), "lt-2 names its image by a parameter") {
		t.Error(err)
	}
}

func TestSharesAreReadForEachAndTheOwnerIsNobodyElse(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(_ int, r request) reply {
		switch r.Get("SnapshotId") + r.Get("ImageId") {
		case "snap-1":
			return ec2Answer("DescribeSnapshotAttribute", "<createVolumePermission><item><group>all</group></item><item><userId>111122223333</userId></item></createVolumePermission>")
		case "ami-1":
			return ec2Answer("DescribeImageAttribute", "<launchPermission><item><userId>999988887777</userId></item><item><organizationArn>arn:aws:organizations::1:organization/o-1</organizationArn></item></launchPermission>")
		case "ami-2":
			return ec2Error(400, "InvalidAMIID.NotFound", "x")
		}
		return ec2Answer(r.Get("Action"), "")
	})
	got := map[string]string{}
	for f, ids := range map[need.Fact][]string{need.SnapshotShares: {"snap-1", "snap-2"}, need.ImageShares: {"ami-1", "ami-2"}} {
		rs := some(f, ids...)
		s.Source().Fill(t.Context(), place, f, rs)
		for _, r := range rs {
			list, err := r.(resource.Shareable).SharedWith().Get(f)
			got[r.Ref().ID] = strings.Join(list, ", ") + string(fault.ClassOf(err))
		}
	}
	want := map[string]string{"snap-1": "all", "snap-2": "", "ami-1": "999988887777, arn:aws:organizations::1:organization/o-1", "ami-2": string(fault.NotFound)}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if n := len(fake.calls()); n != 4 {
		t.Errorf("%d calls for four", n)
	}
}
