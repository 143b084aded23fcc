package aws

import (
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestAnInstanceKeepsWhatEC2SaysOfIt(t *testing.T) {
	zone := time.FixedZone("UTC+5", 5*3600)
	created, started := time.Date(2026, 1, 2, 3, 4, 5, 0, zone), time.Date(2026, 6, 7, 8, 9, 10, 0, zone)
	in := &types.Instance{
		InstanceId: awssdk.String("i-1"), InstanceType: "m7g.large", LaunchTime: &started,
		State: &types.InstanceState{Name: types.InstanceStateNameRunning},
		VpcId: awssdk.String("vpc-1"), SubnetId: awssdk.String("subnet-1"),
		PrivateIpAddress: awssdk.String("10.0.0.1"), PublicIpAddress: awssdk.String("203.0.113.1"),
		ImageId: awssdk.String("ami-1"), KeyName: awssdk.String("key"),
		InstanceLifecycle: types.InstanceLifecycleTypeSpot, SpotInstanceRequestId: awssdk.String("sir-1"),
		RootDeviceType: types.DeviceTypeEbs,
		Operator:       &types.OperatorResponse{Managed: awssdk.Bool(true), Principal: awssdk.String("eks.amazonaws.com")},
		SecurityGroups: []types.GroupIdentifier{{GroupId: awssdk.String("sg-1")}, {GroupId: awssdk.String("sg-2")}},
		BlockDeviceMappings: []types.InstanceBlockDeviceMapping{
			{Ebs: &types.EbsInstanceBlockDevice{VolumeId: awssdk.String("vol-1")}}, {DeviceName: awssdk.String("ephemeral0")},
		},
		NetworkInterfaces: []types.InstanceNetworkInterface{
			nic(1, 0, started), nic(0, 1, started), nic(0, 0, created),
		},
		Tags: []types.Tag{{Key: awssdk.String("Name"), Value: awssdk.String("web")}, {Key: awssdk.String("empty"), Value: awssdk.String("")}},
	}
	want := &resource.Instance{
		Base: resource.Base{
			Reference: resource.Ref{ID: "i-1", ARN: "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
				Type: resource.EC2Instance, Account: "111122223333", Region: "eu-west-1"},
			TagSet: tag.Set{"Name": "web", "empty": ""},
		},
		State: "running", LaunchedAt: started.UTC(), CreatedAt: created.UTC(), InstanceType: "m7g.large",
		VPC: "vpc-1", Subnet: "subnet-1", PrivateIP: "10.0.0.1", PublicIP: "203.0.113.1", Image: "ami-1", KeyName: "key",
		Lifecycle: "spot", SpotRequest: "sir-1", Operator: "eks.amazonaws.com", SecurityGroups: []string{"sg-1", "sg-2"},
		RootDevice: "ebs", Volumes: []string{"vol-1"},
	}
	got := instanceFrom(place, in)
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(resource.Lazy[resource.Protection]{}, resource.Lazy[map[string]string]{}, resource.Lazy[resource.Origin]{})); d != "" {
		t.Error(d)
	}
	if got.LaunchedAt.Location() != time.UTC || got.CreatedAt.Location() != time.UTC {
		t.Error("times are not in UTC")
	}
}

func nic(device, card int32, at time.Time) types.InstanceNetworkInterface {
	return types.InstanceNetworkInterface{Attachment: &types.InstanceNetworkInterfaceAttachment{
		DeviceIndex: &device, NetworkCardIndex: &card, AttachTime: &at,
	}}
}

func TestAnInstanceOfNothingButAnIDIsWhole(t *testing.T) {
	got := instanceFrom(resource.Place{Account: "111122223333", Region: "cn-north-1"}, &types.Instance{InstanceId: awssdk.String("i-1")})
	if got.Lifecycle != "on-demand" || got.State != "" || !got.CreatedAt.IsZero() || !got.LaunchedAt.IsZero() || got.TagSet == nil || got.Operator != "" {
		t.Errorf("got %+v", got)
	}
	if want := "arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-1"; got.Reference.ARN != want {
		t.Errorf("ARN %s, want %s", got.Reference.ARN, want)
	}
}

func TestHostileFieldsDoNoHarm(t *testing.T) {
	id := awssdk.String("i-1")
	tests := map[string]struct {
		in    types.Instance
		check func(*resource.Instance) bool
	}{
		"no id":    {types.Instance{}, func(i *resource.Instance) bool { return i == nil }},
		"empty id": {types.Instance{InstanceId: awssdk.String("")}, func(i *resource.Instance) bool { return i == nil }},
		"a tag without a key": {types.Instance{InstanceId: id, Tags: []types.Tag{{Value: id}, {Key: awssdk.String("k")}}},
			func(i *resource.Instance) bool { return cmp.Equal(i.TagSet, tag.Set{"k": ""}) }},
		"a tag of control characters is kept as it is": {types.Instance{InstanceId: id, Tags: []types.Tag{{Key: awssdk.String("k"), Value: awssdk.String("\x1b[31m\n")}}},
			func(i *resource.Instance) bool { return i.TagSet["k"] == "\x1b[31m\n" }},
		"groups and volumes without ids": {types.Instance{InstanceId: id, SecurityGroups: []types.GroupIdentifier{{}},
			BlockDeviceMappings: []types.InstanceBlockDeviceMapping{{}, {Ebs: &types.EbsInstanceBlockDevice{}}}},
			func(i *resource.Instance) bool { return i.SecurityGroups == nil && i.Volumes == nil }},
		"interfaces without attachment, index or time": {types.Instance{InstanceId: id, NetworkInterfaces: []types.InstanceNetworkInterface{
			{}, {Attachment: &types.InstanceNetworkInterfaceAttachment{}}, {Attachment: &types.InstanceNetworkInterfaceAttachment{DeviceIndex: awssdk.Int32(0)}}}},
			func(i *resource.Instance) bool { return i.CreatedAt.IsZero() }},
		"an operator that does not manage": {types.Instance{InstanceId: id, Operator: &types.OperatorResponse{Managed: awssdk.Bool(false), Principal: id}},
			func(i *resource.Instance) bool { return i.Operator == "" }},
		"an operator without a name": {types.Instance{InstanceId: id, Operator: &types.OperatorResponse{Managed: awssdk.Bool(true)}},
			func(i *resource.Instance) bool { return i.Operator == unnamedOperator }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := instanceFrom(place, &tt.in); !tt.check(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
