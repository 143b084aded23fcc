package resource_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// place is where the resources of the tests are.
var place = resource.Place{Account: "111122223333", Region: "eu-central-1"}

// base is what a resource of a test begins with.
func base(t resource.Type, id string) resource.Base { return named(resource.EC2Ref(place, t, id)) }

func named(ref resource.Ref) resource.Base {
	return resource.Base{Reference: ref, TagSet: tag.Set{"Name": "x"}}
}

// child is one whose parent's tags were read.
var child = resource.Child{ParentTagSet: resource.Known(map[string]string{"Project": "atlas"})}

// used and given are what is known of one that is used and shared.
var (
	used  = resource.Used{Users: resource.Known([]string{"image ami-1"})}
	given = resource.Shared{With: resource.Known([]string{"all"})}
)

// kept are the types that are never deleted: the networks, what holds data, and
// what runs.
var kept = []resource.Type{
	resource.EC2VPC, resource.EC2Subnet, resource.EC2NetworkACL,
	resource.RDSDatabase, resource.RDSCluster, resource.AutoScalingGroup,
	resource.S3Bucket, resource.LambdaFunction, resource.DynamoDBTable,
}

// types has, for every type but instances, one of which everything is known,
// the fields that not all types share, and what a message shows of it.
func types() map[resource.Type]struct {
	full    resource.Resource
	fields  map[string]any
	columns []string
} {
	made := now.Add(-48 * time.Hour)
	ofInstance := resource.Parent{Type: "ec2:instance", ID: "i-1"}
	ofVPC := resource.Parent{Type: "ec2:vpc", ID: "vpc-1"}
	parentTags := map[string]string{"Project": "atlas"}
	rules := []resource.Rule{{ID: "sgr-1", Direction: "ingress", Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: "::/0", Allow: true}}
	type entry = struct {
		full    resource.Resource
		fields  map[string]any
		columns []string
	}
	return map[resource.Type]entry{
		resource.EC2Volume: {&resource.Volume{Base: base(resource.EC2Volume, "vol-1"), Child: child, State: "in-use", CreatedAt: made, Size: 100, VolumeType: "gp3",
			Encrypted: true, IOPS: 3000, Zone: "eu-central-1a", Instance: "i-1", Snapshot: "snap-1", Operator: "eks.amazonaws.com"},
			map[string]any{"state": "in-use", "created_at": made, "age": 48 * time.Hour, "size": 100, "volume_type": "gp3", "encrypted": true, "iops": 3000, "zone": "eu-central-1a",
				"attached": true, "in_use": true, "instance": "i-1", "snapshot": "snap-1", "managed_by": "eks.amazonaws.com", "parent": ofInstance, "parent.tags": parentTags},
			[]string{"2026-11-18 12:00", "100 GiB", "gp3", "x", "Unknown", "i-1"}},
		resource.EC2Snapshot: {&resource.Snapshot{Base: base(resource.EC2Snapshot, "snap-1"), Child: child, State: "completed", CreatedAt: made, Volume: "vol-1", Size: 8,
			Encrypted: true, Description: "nightly", Tier: "standard", Used: used, Shared: given},
			map[string]any{"state": "completed", "created_at": made, "age": 48 * time.Hour, "volume": "vol-1", "size": 8, "encrypted": true, "description": "nightly", "tier": "standard",
				"in_use": true, "used_by": []string{"image ami-1"}, "shared_with": []string{"all"},
				"parent": resource.Parent{Type: "ec2:volume", ID: "vol-1"}, "parent.tags": parentTags},
			[]string{"2026-11-18 12:00", "8 GiB", "x", "Unknown", "vol-1"}},
		resource.EC2Image: {&resource.Image{Base: base(resource.EC2Image, "ami-1"), State: "available", CreatedAt: made, ImageName: "web-7", Description: "d", Public: true,
			RootDevice: "ebs", Platform: "Linux/UNIX", Architecture: "arm64", Snapshots: []string{"snap-1"}, Protected: true, Used: used, Shared: given},
			map[string]any{"state": "available", "created_at": made, "age": 48 * time.Hour, "image_name": "web-7", "description": "d", "public": true, "root_device": "ebs",
				"platform": "Linux/UNIX", "architecture": "arm64", "snapshots": []string{"snap-1"},
				"protected": true, "in_use": true, "used_by": []string{"image ami-1"}, "shared_with": []string{"all"}},
			[]string{"2026-11-18 12:00", "web-7", "x", "Unknown", "yes"}},
		resource.EC2NetworkInterface: {&resource.NetworkInterface{Base: base(resource.EC2NetworkInterface, "eni-1"), Child: child, State: "in-use", VPC: "vpc-1", Subnet: "subnet-1",
			PrivateIP: "10.0.0.7", PublicIP: "203.0.113.7", InterfaceType: "interface", Description: "d", Instance: "i-1", SecurityGroups: []string{"sg-1"}, Managed: true},
			map[string]any{"state": "in-use", "vpc": "vpc-1", "subnet": "subnet-1", "private_ip": "10.0.0.7", "public_ip": "203.0.113.7", "interface_type": "interface", "description": "d",
				"attached": true, "in_use": true, "instance": "i-1", "managed": true, "security_groups": []string{"sg-1"}, "parent": ofInstance, "parent.tags": parentTags},
			[]string{"interface", "x", "Unknown", "10.0.0.7", "i-1", "d"}},
		resource.EC2SecurityGroup: {&resource.SecurityGroup{Base: base(resource.EC2SecurityGroup, "sg-1"), Child: child, VPC: "vpc-1", GroupName: "web", Description: "d", Used: used, RuleList: resource.Known(rules)},
			map[string]any{"vpc": "vpc-1", "group_name": "web", "description": "d", "rules": rules, "in_use": true, "used_by": []string{"image ami-1"}, "parent": ofVPC, "parent.tags": parentTags},
			[]string{"web", "x", "Unknown", "vpc-1", "d"}},
		resource.EC2NetworkACL: {&resource.NetworkACL{Base: base(resource.EC2NetworkACL, "acl-1"), Child: child, VPC: "vpc-1", Default: true, Subnets: []string{"subnet-1"}, Entries: rules},
			map[string]any{"vpc": "vpc-1", "default": true, "subnets": []string{"subnet-1"}, "rules": rules, "parent": ofVPC, "parent.tags": parentTags},
			[]string{"x", "Unknown", "vpc-1", "yes"}},
		resource.EC2ElasticIP: {&resource.ElasticIP{Base: base(resource.EC2ElasticIP, "eipalloc-1"), Child: child, PublicIP: "203.0.113.7", PrivateIP: "10.0.0.7", Instance: "i-1", NetworkInterface: "eni-1", Operator: "alb"},
			map[string]any{"public_ip": "203.0.113.7", "private_ip": "10.0.0.7", "attached": true, "in_use": true, "managed_by": "alb", "instance": "i-1", "network_interface": "eni-1", "parent": ofInstance, "parent.tags": parentTags},
			[]string{"203.0.113.7", "x", "Unknown", "i-1", "eni-1"}},
		resource.EC2VPC: {&resource.VPC{Base: base(resource.EC2VPC, "vpc-1"), State: "available", CIDR: "10.0.0.0/16", Default: true},
			map[string]any{"state": "available", "cidr": "10.0.0.0/16", "default": true},
			[]string{"x", "Unknown", "10.0.0.0/16", "yes"}},
		resource.EC2Subnet: {&resource.Subnet{Base: base(resource.EC2Subnet, "subnet-1"), Child: child, State: "available", VPC: "vpc-1", CIDR: "10.0.0.0/20", Zone: "eu-central-1a", AvailableIPs: 4090, Default: true},
			map[string]any{"state": "available", "vpc": "vpc-1", "cidr": "10.0.0.0/20", "zone": "eu-central-1a", "available_ips": 4090, "default": true, "parent": ofVPC, "parent.tags": parentTags},
			[]string{"x", "Unknown", "vpc-1", "10.0.0.0/20", "eu-central-1a", "4090"}},
		resource.RDSDatabase: {&resource.Database{Base: named(resource.RDSRef(place, resource.RDSDatabase, "web-1")), Child: child, State: "stopped", CreatedAt: made, RestartsAt: made.AddDate(0, 0, 7),
			Engine: "aurora-mysql", EngineVersion: "8.0", Class: "db.m7g.large", MultiAZ: true, Storage: 100, StorageType: "gp3", Encrypted: true, Cluster: "web", Public: true, DeletionProtection: true,
			VPC: "vpc-1", SubnetGroup: "default", Zone: "eu-central-1a", ReplicaOf: "other", Replicas: []string{"web-2"}, SecurityGroups: []string{"sg-1"}},
			map[string]any{"state": "stopped", "created_at": made, "age": 48 * time.Hour, "restarts_at": made.AddDate(0, 0, 7), "engine": "aurora-mysql", "engine_version": "8.0", "class": "db.m7g.large",
				"multi_az": true, "storage": 100, "storage_type": "gp3", "encrypted": true, "cluster": "web", "public": true, "deletion_protection": true, "vpc": "vpc-1", "subnet_group": "default",
				"zone": "eu-central-1a", "replica_of": "other", "replicas": []string{"web-2"}, "security_groups": []string{"sg-1"},
				"parent": resource.Parent{Type: "rds:cluster", ID: "web"}, "parent.tags": parentTags},
			[]string{"2026-11-18 12:00", "stopped", "aurora-mysql", "db.m7g.large", "Unknown", "web"}},
		resource.RDSCluster: {&resource.DBCluster{Base: named(resource.RDSRef(place, resource.RDSCluster, "web")), State: "stopped", CreatedAt: made, RestartsAt: made.AddDate(0, 0, 7), Engine: "aurora-mysql",
			EngineVersion: "8.0", EngineMode: "provisioned", MultiAZ: true, Storage: 1, Encrypted: true, DeletionProtection: true, SubnetGroup: "default", GlobalCluster: "world", ReplicaOf: "arn:a",
			Replicas: []string{"arn:b"}, Members: []string{"web-1", "web-2"}, SecurityGroups: []string{"sg-1"}},
			map[string]any{"state": "stopped", "created_at": made, "age": 48 * time.Hour, "restarts_at": made.AddDate(0, 0, 7), "engine": "aurora-mysql", "engine_version": "8.0", "engine_mode": "provisioned",
				"multi_az": true, "storage": 1, "encrypted": true, "deletion_protection": true, "subnet_group": "default", "global_cluster": "world", "replica_of": "arn:a", "replicas": []string{"arn:b"},
				"members": []string{"web-1", "web-2"}, "security_groups": []string{"sg-1"}},
			[]string{"2026-11-18 12:00", "stopped", "aurora-mysql", "Unknown", "web-1, web-2"}},
		resource.RDSSnapshot: {&resource.DBSnapshot{Base: named(resource.RDSRef(place, resource.RDSSnapshot, "before")), Child: child, State: "available", CreatedAt: made, Kind: "manual", Database: "web-1",
			Engine: "postgres", EngineVersion: "16.4", Storage: 100, Encrypted: true, SharedWith: resource.Known([]string{"999988887777"})},
			map[string]any{"state": "available", "created_at": made, "age": 48 * time.Hour, "kind": "manual", "database": "web-1", "cluster": "", "engine": "postgres", "engine_version": "16.4", "storage": 100,
				"encrypted": true, "shared_with": []string{"999988887777"}, "parent": resource.Parent{Type: "rds:db", ID: "web-1"}, "parent.tags": parentTags},
			[]string{"2026-11-18 12:00", "manual", "100 GiB", "Unknown", "web-1"}},
		resource.AutoScalingGroup: {&resource.Group{Base: named(resource.GroupRef(place, "0-1", "web")), Sizes: resource.Sizes{Min: 1, Desired: 2}, Max: 4, CreatedAt: made, Instances: []string{"i-1", "i-2"},
			Protected: []string{"i-1"}, ProtectsNew: true, Suspended: []string{"Launch"}, Propagated: []string{"Name"}, LaunchTemplate: "web", HealthCheck: "ELB", Zones: []string{"eu-central-1a"},
			Subnets: []string{"subnet-1"}, TargetGroups: []string{"arn:t"}, Operator: "eks.amazonaws.com"},
			map[string]any{"state": "running", "created_at": made, "age": 48 * time.Hour, "min": 1, "max": 4, "desired": 2, "instances": []string{"i-1", "i-2"}, "protected": []string{"i-1"}, "protects_new": true,
				"suspended": []string{"Launch"}, "propagated": []string{"Name"}, "launch_template": "web", "health_check": "ELB", "zones": []string{"eu-central-1a"}, "subnets": []string{"subnet-1"},
				"target_groups": []string{"arn:t"}, "managed_by": "eks.amazonaws.com"},
			[]string{"2026-11-18 12:00", "running", "2 of 1 to 4", "Unknown"}},
		resource.S3Bucket: {&resource.Bucket{Base: named(resource.S3Ref(place, "logs")), CreatedAt: made},
			map[string]any{"created_at": made, "age": 48 * time.Hour},
			[]string{"2026-11-18 12:00", "x", "Unknown"}},
		resource.LambdaFunction: {&resource.Function{Base: named(resource.LambdaRef(place, "resize")), Runtime: "python3.13", Memory: 512, Timeout: 15 * time.Second, CodeSize: 1024,
			ModifiedAt: made, PackageType: "Zip", Architecture: "arm64", VPC: "vpc-1", Role: "arn:aws:iam::111122223333:role/resize", Description: "d"},
			map[string]any{"runtime": "python3.13", "memory": 512, "timeout": 15 * time.Second, "code_size": 1024, "modified_at": made, "package_type": "Zip", "architecture": "arm64",
				"vpc": "vpc-1", "role": "arn:aws:iam::111122223333:role/resize", "description": "d"},
			[]string{"2026-11-18 12:00", "python3.13", "x", "Unknown", "d"}},
		resource.DynamoDBTable: {&resource.Table{Base: named(resource.DynamoDBRef(place, "orders")), State: "ACTIVE", CreatedAt: made, Size: 4096, Items: 12, BillingMode: "PAY_PER_REQUEST", DeletionProtection: true},
			map[string]any{"state": "ACTIVE", "created_at": made, "age": 48 * time.Hour, "size": 4096, "items": 12, "billing_mode": "PAY_PER_REQUEST", "deletion_protection": true},
			[]string{"2026-11-18 12:00", "12", "x", "Unknown", "PAY_PER_REQUEST"}},
	}
}

// also are the actions that types take beside those that all take.
var also = map[resource.Type][]action.Kind{
	resource.AutoScalingGroup: {action.Start, action.Stop}, resource.RDSDatabase: {action.Start, action.Stop},
	resource.RDSCluster: {action.Start, action.Stop},
}

func TestEveryTypeHasItsFieldsAndColumns(t *testing.T) {
	all := types()
	for _, s := range resource.Schemas() {
		if s.Type == resource.EC2Instance || s.Type == resource.Any {
			continue
		}
		tt, ok := all[s.Type]
		if !ok {
			t.Errorf("%s is not tested", s.Type)
			continue
		}
		ref := tt.full.Ref()
		want := map[string]any{"id": ref.ID, "arn": ref.ARN, "type": string(s.Type), "account": place.Account, "region": place.Region, "name": "x", "tags": map[string]string{"Name": "x"}, "untagged": false}
		for k, v := range tt.fields {
			want[k] = v
		}
		got := map[string]any{}
		for _, f := range s.Fields {
			v, err := f.Get(tt.full, now)
			if err != nil || !promised(f.Type, v) {
				t.Errorf("%s: %s is %T, %v; promised is %s", s.Type, f.Name, v, err, f.Type)
			}
			got[f.Name] = v
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: fields (-want +got)\n%s", s.Type, diff)
		}
		var columns []string
		for _, c := range s.Columns {
			columns = append(columns, c.Get(tt.full, now))
		}
		if diff := cmp.Diff(tt.columns, columns); diff != "" {
			t.Errorf("%s: columns (-want +got)\n%s", s.Type, diff)
		}
		actions := []action.Kind{action.Tag, action.Untag}
		if service, _, _ := strings.Cut(string(s.Type), ":"); service != "rds" && service != "autoscaling" {
			actions = append(actions, action.Invoke)
		}
		actions = append(actions, also[s.Type]...)
		if _, ok := tt.full.(resource.Ruled); ok {
			actions = append(actions, action.Revoke)
		}
		if !slices.Contains(kept, s.Type) {
			actions = append(actions, action.Delete)
		}
		if diff := cmp.Diff(actions, s.Actions); diff != "" {
			t.Errorf("%s: actions (-want +got)\n%s", s.Type, diff)
		}
		if tt.full.Ended() || tt.full.Refuses(action.Tag) != nil || tt.full.Already(action.Tag) {
			t.Errorf("%s cannot be tagged", s.Type)
		}
	}
}

// What was read of nothing but an id: no getter may panic, only times are not
// known, and what belongs to nothing has no tags of a parent.
func TestFieldsOfAnEmptyResource(t *testing.T) {
	for typ, r := range map[resource.Type]resource.Resource{
		resource.EC2Volume: &resource.Volume{}, resource.EC2Snapshot: &resource.Snapshot{}, resource.EC2Image: &resource.Image{}, resource.EC2NetworkInterface: &resource.NetworkInterface{},
		resource.EC2SecurityGroup: &resource.SecurityGroup{RuleList: resource.Known[[]resource.Rule](nil)}, resource.EC2NetworkACL: &resource.NetworkACL{}, resource.EC2ElasticIP: &resource.ElasticIP{},
		resource.EC2VPC: &resource.VPC{}, resource.EC2Subnet: &resource.Subnet{},
		resource.RDSDatabase: &resource.Database{}, resource.RDSCluster: &resource.DBCluster{}, resource.RDSSnapshot: &resource.DBSnapshot{Kind: "manual"}, resource.AutoScalingGroup: &resource.Group{},
		resource.S3Bucket: &resource.Bucket{}, resource.LambdaFunction: &resource.Function{}, resource.DynamoDBTable: &resource.Table{},
	} {
		s, _ := resource.SchemaOf(typ)
		for _, f := range s.Fields {
			v, err := f.Get(r, now)
			if timed := f.Type == resource.Timestamp || f.Name == "age" || lazy(f) && f.Name != "rules"; timed != (err != nil) || !timed && !promised(f.Type, v) {
				t.Errorf("%s: %s is %T, %v", typ, f.Name, v, err)
			}
		}
		for _, c := range s.Columns {
			c.Get(r, now)
		}
	}
}

// lazy says whether a field must be fetched on purpose for a type that belongs
// to nothing.
func lazy(f resource.Field) bool {
	cost, _ := need.Of(f.Fact)
	return cost.Lazy && f.Name != resource.TagsOfParent
}

func TestWhatIsBeingDeletedIsEnded(t *testing.T) {
	tests := map[string]struct {
		r    resource.Resource
		want bool
	}{
		"a volume that is used":        {&resource.Volume{State: "in-use"}, false},
		"a volume in error":            {&resource.Volume{State: "error"}, false},
		"a volume that is going":       {&resource.Volume{State: "deleting"}, true},
		"a volume that is gone":        {&resource.Volume{State: "deleted"}, true},
		"a table that is used":         {&resource.Table{State: "ACTIVE"}, false},
		"a table that is going":        {&resource.Table{State: "DELETING"}, true},
		"an image that can be used":    {&resource.Image{State: "available"}, false},
		"an image that is disabled":    {&resource.Image{State: "disabled"}, false},
		"an image that is no more":     {&resource.Image{State: "deregistered"}, true},
		"an image that came to nought": {&resource.Image{State: "failed"}, true},
		"a database that is stopped":   {&resource.Database{State: "stopped"}, false},
		"a database that is going":     {&resource.Database{State: "deleting"}, true},
		"a cluster that is going":      {&resource.DBCluster{State: "deleting"}, true},
		"a cluster that has failed":    {&resource.DBCluster{State: "failed"}, false},
		"a DB snapshot that is going":  {&resource.DBSnapshot{State: "deleting"}, true},
		"a group of no size":           {&resource.Group{}, false},
		"a group that is going":        {&resource.Group{Deleting: true}, true},
	}
	for name, tt := range tests {
		if got := tt.r.Ended(); got != tt.want {
			t.Errorf("%s: ended is %v", name, got)
		}
	}
}

func TestACopiedSnapshotHasNoParent(t *testing.T) {
	if p := (&resource.Snapshot{Volume: "vol-ffffffff"}).Parent(); p != (resource.Parent{}) {
		t.Errorf("it belongs to %+v", p)
	}
}

func TestARNsOfSnapshotsAndImagesNameNoAccount(t *testing.T) {
	china := resource.Place{Account: "111122223333", Region: "cn-north-1"}
	tests := map[resource.Type]string{
		resource.EC2Snapshot:      "arn:aws-cn:ec2:cn-north-1::snapshot/x",
		resource.EC2Image:         "arn:aws-cn:ec2:cn-north-1::image/x",
		resource.EC2ElasticIP:     "arn:aws-cn:ec2:cn-north-1:111122223333:elastic-ip/x",
		resource.EC2NetworkACL:    "arn:aws-cn:ec2:cn-north-1:111122223333:network-acl/x",
		resource.EC2SecurityGroup: "arn:aws-cn:ec2:cn-north-1:111122223333:security-group/x",
	}
	for typ, want := range tests {
		ref := resource.EC2Ref(china, typ, "x")
		if ref.ARN != want || ref.Place() != china || ref.ID != "x" || ref.Type != typ {
			t.Errorf("%s: %+v, want the ARN %s", typ, ref, want)
		}
	}
}

func TestTagsThatWereNotReadSayWhy(t *testing.T) {
	b := &resource.Bucket{}
	if err := resource.TagsUnread(b); err != nil {
		t.Errorf("read: %v", err)
	}
	b.TagsErr = errors.New("denied")
	if err := resource.TagsUnread(b); err != b.TagsErr {
		t.Errorf("unread: %v", err)
	}
}
