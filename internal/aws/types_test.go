package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// of is the base of what the tables below convert.
func of(t resource.Type, arn, id string) resource.Base {
	return resource.Base{Reference: resource.Ref{ID: id, ARN: arn, Type: t, Account: place.Account, Region: place.Region}, TagSet: tag.Set{"Name": "x"}}
}

func TestEachTypeKeepsWhatEC2SaysOfIt(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("UTC+5", 5*3600))
	str := awssdk.String
	mine, name := str(place.Account), []types.Tag{{Key: str("Name"), Value: str("x")}}
	const arn = "arn:aws:ec2:eu-west-1:111122223333:"
	tests := map[string]struct{ got, want resource.Resource }{
		"volume": {
			volumeFrom(place, &types.Volume{VolumeId: str("vol-1"), State: "in-use", CreateTime: &at, Size: awssdk.Int32(100), VolumeType: "gp3", Encrypted: awssdk.Bool(true),
				Iops: awssdk.Int32(3000), AvailabilityZone: str("eu-west-1a"), SnapshotId: str("snap-1"), Tags: name,
				Operator:    &types.OperatorResponse{Managed: awssdk.Bool(true), Principal: str("eks.amazonaws.com")},
				Attachments: []types.VolumeAttachment{{InstanceId: str("i-2")}, {InstanceId: str("i-1")}, {InstanceId: str("i-0"), State: "detached"}, {}}}),
			&resource.Volume{Base: of(resource.EC2Volume, arn+"volume/vol-1", "vol-1"), State: "in-use", CreatedAt: at.UTC(), Size: 100, VolumeType: "gp3", Encrypted: true,
				IOPS: 3000, Zone: "eu-west-1a", Instance: "i-1", Snapshot: "snap-1", Operator: "eks.amazonaws.com"},
		},
		"snapshot": {
			snapshotFrom(place, &types.Snapshot{SnapshotId: str("snap-1"), OwnerId: mine, State: "completed", StartTime: &at, VolumeId: str("vol-1"), VolumeSize: awssdk.Int32(8),
				Encrypted: awssdk.Bool(true), Description: str("nightly"), StorageTier: "archive", Tags: name}),
			&resource.Snapshot{Base: of(resource.EC2Snapshot, "arn:aws:ec2:eu-west-1::snapshot/snap-1", "snap-1"), State: "completed", CreatedAt: at.UTC(), Volume: "vol-1", Size: 8,
				Encrypted: true, Description: "nightly", Tier: "archive"},
		},
		"image": {
			imageFrom(place, &types.Image{ImageId: str("ami-1"), OwnerId: mine, State: "available", CreationDate: str("2026-01-01T22:04:05.000Z"), Name: str("web-7"), Description: str("d"),
				Public: awssdk.Bool(true), RootDeviceType: "ebs", PlatformDetails: str("Linux/UNIX"), Architecture: "arm64", DeregistrationProtection: str("enabled-without-cooldown"), Tags: name, BlockDeviceMappings: []types.BlockDeviceMapping{
					{Ebs: &types.EbsBlockDevice{SnapshotId: str("snap-1")}}, {VirtualName: str("ephemeral0")}, {Ebs: &types.EbsBlockDevice{}}}}),
			&resource.Image{Base: of(resource.EC2Image, "arn:aws:ec2:eu-west-1::image/ami-1", "ami-1"), State: "available", CreatedAt: at.UTC(), ImageName: "web-7", Description: "d",
				Public: true, RootDevice: "ebs", Platform: "Linux/UNIX", Architecture: "arm64", Snapshots: []string{"snap-1"}, Protected: true},
		},
		"network interface": {
			networkInterfaceFrom(place, &types.NetworkInterface{NetworkInterfaceId: str("eni-1"), OwnerId: mine, Status: "in-use", VpcId: str("vpc-1"), SubnetId: str("subnet-1"),
				PrivateIpAddress: str("10.0.0.7"), Association: &types.NetworkInterfaceAssociation{PublicIp: str("203.0.113.7")}, InterfaceType: "interface", Description: str("d"),
				Attachment: &types.NetworkInterfaceAttachment{InstanceId: str("i-1"), InstanceOwnerId: mine}, RequesterManaged: awssdk.Bool(true),
				Groups: []types.GroupIdentifier{{GroupId: str("sg-1")}, {}}, TagSet: name}),
			&resource.NetworkInterface{Base: of(resource.EC2NetworkInterface, arn+"network-interface/eni-1", "eni-1"), State: "in-use", VPC: "vpc-1", Subnet: "subnet-1",
				PrivateIP: "10.0.0.7", PublicIP: "203.0.113.7", InterfaceType: "interface", Description: "d", Instance: "i-1", SecurityGroups: []string{"sg-1"}, Managed: true},
		},
		"network interface of a service's instance": {
			networkInterfaceFrom(place, &types.NetworkInterface{NetworkInterfaceId: str("eni-1"), TagSet: name,
				Attachment: &types.NetworkInterfaceAttachment{InstanceId: str("i-9"), InstanceOwnerId: str("amazon-aws")}}),
			&resource.NetworkInterface{Base: of(resource.EC2NetworkInterface, arn+"network-interface/eni-1", "eni-1")},
		},
		"security group": {
			securityGroupFrom(place, &types.SecurityGroup{GroupId: str("sg-1"), OwnerId: mine, VpcId: str("vpc-1"), GroupName: str("web"), Description: str("d"), Tags: name}),
			&resource.SecurityGroup{Base: of(resource.EC2SecurityGroup, arn+"security-group/sg-1", "sg-1"), VPC: "vpc-1", GroupName: "web", Description: "d"},
		},
		"network ACL": {
			networkACLFrom(place, &types.NetworkAcl{NetworkAclId: str("acl-1"), OwnerId: mine, VpcId: str("vpc-1"), IsDefault: awssdk.Bool(true), Tags: name,
				Associations: []types.NetworkAclAssociation{{SubnetId: str("subnet-1")}, {}},
				Entries: []types.NetworkAclEntry{
					{RuleNumber: awssdk.Int32(100), Egress: awssdk.Bool(false), Protocol: str("6"), RuleAction: "allow", CidrBlock: str("0.0.0.0/0"), PortRange: &types.PortRange{From: awssdk.Int32(20), To: awssdk.Int32(25)}},
					{RuleNumber: awssdk.Int32(110), Egress: awssdk.Bool(true), Protocol: str("-1"), RuleAction: "deny", Ipv6CidrBlock: str("::/0")},
					{RuleNumber: awssdk.Int32(120), Protocol: str("1"), RuleAction: "allow", CidrBlock: str("10.0.0.0/8"), IcmpTypeCode: &types.IcmpTypeCode{Type: awssdk.Int32(8), Code: awssdk.Int32(-1)}},
					{RuleNumber: awssdk.Int32(32767), Protocol: str("-1"), RuleAction: "deny", CidrBlock: str("0.0.0.0/0")},
					{RuleNumber: awssdk.Int32(32768), Protocol: str("-1"), RuleAction: "deny", Ipv6CidrBlock: str("::/0")},
				}}),
			&resource.NetworkACL{Base: of(resource.EC2NetworkACL, arn+"network-acl/acl-1", "acl-1"), VPC: "vpc-1", Default: true, Subnets: []string{"subnet-1"},
				Entries: []resource.Rule{
					{ID: "ingress/100", Direction: "ingress", Protocol: "tcp", FromPort: 20, ToPort: 25, CIDR: "0.0.0.0/0", Number: 100, Allow: true},
					{ID: "egress/110", Direction: "egress", Protocol: "all", ToPort: 65535, CIDR: "::/0", Number: 110},
					{ID: "ingress/120", Direction: "ingress", Protocol: "icmp", FromPort: 8, ToPort: -1, CIDR: "10.0.0.0/8", Number: 120, Allow: true},
				}},
		},
		"elastic IP": {
			elasticIPFrom(place, &types.Address{AllocationId: str("eipalloc-1"), PublicIp: str("203.0.113.7"), PrivateIpAddress: str("10.0.0.7"), InstanceId: str("i-1"),
				NetworkInterfaceId: str("eni-1"), ServiceManaged: "alb", Tags: name}),
			&resource.ElasticIP{Base: of(resource.EC2ElasticIP, arn+"elastic-ip/eipalloc-1", "eipalloc-1"), PublicIP: "203.0.113.7", PrivateIP: "10.0.0.7", Instance: "i-1", NetworkInterface: "eni-1", Operator: "alb"},
		},
		"VPC": {
			vpcFrom(place, &types.Vpc{VpcId: str("vpc-1"), OwnerId: mine, State: "available", CidrBlock: str("10.0.0.0/16"), IsDefault: awssdk.Bool(true), Tags: name}),
			&resource.VPC{Base: of(resource.EC2VPC, arn+"vpc/vpc-1", "vpc-1"), State: "available", CIDR: "10.0.0.0/16", Default: true},
		},
		"subnet": {
			subnetFrom(place, &types.Subnet{SubnetId: str("subnet-1"), OwnerId: mine, State: "available", VpcId: str("vpc-1"), CidrBlock: str("10.0.0.0/20"),
				AvailabilityZone: str("eu-west-1a"), AvailableIpAddressCount: awssdk.Int32(4090), DefaultForAz: awssdk.Bool(true), Tags: name}),
			&resource.Subnet{Base: of(resource.EC2Subnet, arn+"subnet/subnet-1", "subnet-1"), State: "available", VPC: "vpc-1", CIDR: "10.0.0.0/20", Zone: "eu-west-1a", AvailableIPs: 4090, Default: true},
		},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.got, cmpopts.IgnoreUnexported(resource.Lazy[map[string]string]{}, resource.Lazy[[]resource.Rule]{}, resource.Lazy[resource.Origin]{}, resource.Lazy[[]string]{})); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestWhatIsIncompleteOrAnothersDoesNoHarm(t *testing.T) {
	other := awssdk.String("999988887777")
	id := awssdk.String("x-1")
	if volumeFrom(place, &types.Volume{}) != nil || snapshotFrom(place, &types.Snapshot{}) != nil || imageFrom(place, &types.Image{}) != nil ||
		networkInterfaceFrom(place, &types.NetworkInterface{}) != nil || securityGroupFrom(place, &types.SecurityGroup{}) != nil ||
		networkACLFrom(place, &types.NetworkAcl{}) != nil || elasticIPFrom(place, &types.Address{PublicIp: id}) != nil ||
		vpcFrom(place, &types.Vpc{}) != nil || subnetFrom(place, &types.Subnet{}) != nil {
		t.Error("something without an id was kept")
	}
	if vpcFrom(place, &types.Vpc{VpcId: id, OwnerId: other}) != nil || subnetFrom(place, &types.Subnet{SubnetId: id, OwnerId: other}) != nil {
		t.Error("what another account shares was kept")
	}
	if i := imageFrom(place, &types.Image{ImageId: id, CreationDate: awssdk.String("yesterday")}); !i.CreatedAt.IsZero() {
		t.Errorf("an image made yesterday was made at %v", i.CreatedAt)
	}
	if v := volumeFrom(place, &types.Volume{VolumeId: id}); v.Attached() || v.TagSet == nil || v.Parent() != (resource.Parent{}) {
		t.Errorf("a volume of nothing but an id is %+v", v)
	}
}

// answers are, for each of EC2's types, an item of its answer and the element
// around it, the filter by which one is read, and what every listing asks.
var answers = map[resource.Type]struct{ set, id, byID, more string }{
	resource.EC2ElasticIP:        {"addressesSet", "allocationId", "allocation-id", ""},
	resource.EC2Image:            {"imagesSet", "imageId", "image-id", "Owner.1=self IncludeDeprecated=true IncludeDisabled=true"},
	resource.EC2Instance:         {"", "", "instance-id", "IncludeManagedResources=true"},
	resource.EC2NetworkACL:       {"networkAclSet", "networkAclId", "", ""},
	resource.EC2NetworkInterface: {"networkInterfaceSet", "networkInterfaceId", "network-interface-id", "IncludeManagedResources=true"},
	resource.EC2SecurityGroup:    {"securityGroupInfo", "groupId", "group-id", ""},
	resource.EC2Snapshot:         {"snapshotSet", "snapshotId", "snapshot-id", "Owner.1=self"},
	resource.EC2Subnet:           {"subnetSet", "subnetId", "subnet-id", ""},
	resource.EC2Volume:           {"volumeSet", "volumeId", "volume-id", "IncludeManagedResources=true"},
	resource.EC2VPC:              {"vpcSet", "vpcId", "vpc-id", ""},
}

// answerOf is a page of one resource of a type.
func answerOf(t resource.Type, r request, id, next string) reply {
	a := answers[t]
	if t == resource.EC2Instance {
		return instancesPage(0, 1, next)
	}
	inner := fmt.Sprintf("<%[1]s><item><%[2]s>%[3]s</%[2]s></item></%[1]s>", a.set, a.id, id)
	if next != "" {
		inner += "<nextToken>" + next + "</nextToken>"
	}
	return ec2Answer(r.Get("Action"), inner)
}

func TestEveryTypeIsListedPageByPageAndReadByFilter(t *testing.T) {
	isolate(t)
	for typ := range answers {
		schema, _ := resource.SchemaOf(typ)
		t.Run(string(typ), func(t *testing.T) {
			paged := typ != resource.EC2ElasticIP
			field, _ := schema.Field("id")
			cost, _ := need.Of(field.Fact)
			s, _ := open(t, func(n int, r request) reply {
				want := map[string]string{"Action": cost.Calls[0].Operation, "MaxResults": "", "NextToken": []string{"", "a"}[(n-1)%2]}
				if paged {
					want["MaxResults"] = "1000"
				}
				for _, kv := range strings.Fields(answers[typ].more) {
					k, v, _ := strings.Cut(kv, "=")
					want[k] = v
				}
				for k, v := range want {
					if got := r.Get(k); got != v {
						t.Errorf("call %d: %s is %q, want %q", n, k, got, v)
					}
				}
				return answerOf(typ, r, fmt.Sprintf("x-%d", n), []string{"a", ""}[(n-1)%2])
			})
			pages := 0
			if paged {
				err := s.Source().List(t.Context(), place, typ, func(rs []resource.Resource) error {
					pages += len(rs)
					if len(rs) != 1 || rs[0].Ref().Type != typ {
						t.Errorf("a page is %v", rs)
					}
					return nil
				})
				if err != nil || pages != 2 {
					t.Errorf("%d resources, %v", pages, err)
				}
			}
			s, fake := open(t, func(_ int, r request) reply { return answerOf(typ, r, "x-1", "") })
			rs, err := s.Source().Get(t.Context(), place, typ, []string{"x-1", "x-1", ""})
			asked := fake.requests[0]
			if err != nil || len(rs) != 1 || asked.Get("Filter.1.Name") != answers[typ].byID || asked.Get("Filter.1.Value.2") != "" ||
				answers[typ].byID != "" && asked.Get("Filter.1.Value.1") != "x-1" {
				t.Errorf("Get: %v, %v; asked %v", rs, err, asked.Values)
			}
			if rs, err := s.Source().Get(t.Context(), place, typ, nil); err != nil || len(rs) != 0 || len(fake.requests) != 1 {
				t.Errorf("Get of nothing: %v, %v after %d calls", rs, err, len(fake.requests))
			}
			if rs, err := s.Source().Get(t.Context(), place, typ, []string{"x-2"}); answers[typ].byID == "" && (err != nil || len(rs) != 0) {
				t.Errorf("Get of another: %v, %v", rs, err)
			}
			enough := errors.New("enough")
			if err := s.Source().List(t.Context(), place, typ, func([]resource.Resource) error { return enough }); err != enough {
				t.Errorf("List: %v", err)
			}
		})
	}
}

// Every type has its call in the tables that the listing goes through.
func TestEveryTypeHasItsRows(t *testing.T) {
	for _, s := range resource.Schemas() {
		if s.Type == resource.Any { // which has no reader and no change of its own
			continue
		}
		r, ok := readers[s.Type]
		if !ok {
			t.Errorf("%s cannot be read", s.Type)
			continue
		}
		if _, ok := published[r.call]; !ok && r.call.Service == "ec2" {
			t.Errorf("%s has no request rate", r.call)
		}
		field, _ := s.Field("id")
		if cost, _ := need.Of(field.Fact); cost.Calls[0] != r.call {
			t.Errorf("%s is said to be read by %s and is read by %s", s.Type, cost.Calls[0], r.call)
		}
		for _, k := range takes(s) {
			if _, ok := changes[s.Type][k]; !ok {
				t.Errorf("%s cannot be done to %s", k, s.Type)
			}
		}
	}
}

// takes are the actions of a type, with those that no step names.
func takes(s *resource.Schema) []action.Kind {
	all := append(slices.Clone(s.Actions), action.Mark, action.Unmark)
	if slices.Contains(all, action.Isolate) || slices.Contains(all, action.Revoke) {
		all = append(all, action.Restore)
	}
	if resource.CanBackUp(s.Type) {
		all = append(all, action.Backup)
	}
	return all
}

func TestWhatATypeCannotTakeIsRefusedWithoutACall(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{} })
	for _, schema := range resource.Schemas() {
		for _, k := range action.All() {
			if slices.Contains(takes(schema), k) {
				continue
			}
			_, err := s.Actor().Do(t.Context(), execute.Call{Action: k, Type: schema.Type, At: place, IDs: []string{"x-1"}})
			if fault.ClassOf(err) != fault.Unsupported {
				t.Errorf("%s to %s: %v", k, schema.Type, err)
			}
		}
	}
	if len(fake.calls()) != 0 {
		t.Errorf("it called %v", fake.calls())
	}
}

// What the embedded account says of something that is not there, the real one
// must be understood to say too.
func TestWhatIsNotThereIsNotFoundWhateverItsType(t *testing.T) {
	n := 0
	for _, r := range sim.Refusals() {
		if r.Class != fault.NotFound || strings.HasPrefix(r.Operation, "autoscaling:") {
			continue // Auto Scaling has no code for it: see TestAGroupThatIsNotThereIsNotFound
		}
		n++
		if v, ok := codes[r.Code]; !ok || v.class != fault.NotFound || v.hint == "" {
			t.Errorf("%s (%s) is classified as %+v", r.Code, r.Condition, v)
		}
	}
	if n < len(resource.Schemas()) {
		t.Errorf("%d refusals of %d types", n, len(resource.Schemas()))
	}
}
