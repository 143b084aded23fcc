package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestRDSAndAutoScalingKeepWhatAWSSays(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("UTC+5", 5*3600))
	later := at.AddDate(0, 0, 7)
	str, yes := awssdk.String, awssdk.Bool(true)
	name := []types.Tag{{Key: str("Name"), Value: str("x")}, {}}
	const arn = "arn:aws:rds:eu-west-1:111122223333:"
	groups := []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: str("sg-1")}, {}}
	tests := map[string]struct{ got, want resource.Resource }{
		"database": {
			databaseFrom(place, &types.DBInstance{DBInstanceIdentifier: str("web"), DBInstanceArn: str("arn"), DBInstanceStatus: str("stopped"), InstanceCreateTime: &at, AutomaticRestartTime: &later,
				Engine: str("postgres"), EngineVersion: str("16.4"), DBInstanceClass: str("db.m7g.large"), MultiAZ: yes, AllocatedStorage: awssdk.Int32(100), StorageType: str("gp3"), StorageEncrypted: yes,
				DBClusterIdentifier: str("c"), PubliclyAccessible: yes, DeletionProtection: yes, AvailabilityZone: str("eu-west-1a"), ReadReplicaSourceDBInstanceIdentifier: str("other"),
				ReadReplicaDBInstanceIdentifiers: []string{"r-1"}, ReadReplicaDBClusterIdentifiers: []string{"r-2"}, VpcSecurityGroups: groups, TagList: name,
				DBSubnetGroup: &types.DBSubnetGroup{DBSubnetGroupName: str("default"), VpcId: str("vpc-1")}}),
			&resource.Database{Base: of(resource.RDSDatabase, arn+"db:web", "web"), State: "stopped", CreatedAt: at.UTC(), RestartsAt: later.UTC(), Engine: "postgres", EngineVersion: "16.4",
				Class: "db.m7g.large", MultiAZ: true, Storage: 100, StorageType: "gp3", Encrypted: true, Cluster: "c", Public: true, DeletionProtection: true, Zone: "eu-west-1a", ReplicaOf: "other",
				Replicas: []string{"r-1", "r-2"}, SecurityGroups: []string{"sg-1"}, VPC: "vpc-1", SubnetGroup: "default"},
		},
		"replica of a cluster": {
			databaseFrom(place, &types.DBInstance{DBInstanceIdentifier: str("web"), TagList: name, ReadReplicaSourceDBClusterIdentifier: str("c")}),
			&resource.Database{Base: of(resource.RDSDatabase, arn+"db:web", "web"), ReplicaOf: "c"},
		},
		"cluster": {
			dbClusterFrom(place, &types.DBCluster{DBClusterIdentifier: str("web"), Status: str("available"), ClusterCreateTime: &at, AutomaticRestartTime: &later, Engine: str("aurora-mysql"), EngineVersion: str("8.0"),
				EngineMode: str("provisioned"), MultiAZ: yes, AllocatedStorage: awssdk.Int32(1), StorageEncrypted: yes, DeletionProtection: yes, DBSubnetGroup: str("default"), GlobalClusterIdentifier: str("world"),
				ReplicationSourceIdentifier: str("arn:a"), ReadReplicaIdentifiers: []string{"arn:b"}, DBClusterMembers: []types.DBClusterMember{{DBInstanceIdentifier: str("web-1")}, {}},
				VpcSecurityGroups: groups, TagList: name}),
			&resource.DBCluster{Base: of(resource.RDSCluster, arn+"cluster:web", "web"), State: "available", CreatedAt: at.UTC(), RestartsAt: later.UTC(), Engine: "aurora-mysql", EngineVersion: "8.0",
				EngineMode: "provisioned", MultiAZ: true, Storage: 1, Encrypted: true, DeletionProtection: true, SubnetGroup: "default", GlobalCluster: "world", ReplicaOf: "arn:a", Replicas: []string{"arn:b"},
				Members: []string{"web-1"}, SecurityGroups: []string{"sg-1"}},
		},
		"snapshot of a database": {
			dbSnapshotFrom(place, &types.DBSnapshot{DBSnapshotIdentifier: str("rds:web-1"), Status: str("available"), SnapshotCreateTime: &at, SnapshotType: str("automated"), DBInstanceIdentifier: str("web"),
				Engine: str("postgres"), EngineVersion: str("16.4"), AllocatedStorage: awssdk.Int32(20), Encrypted: yes, TagList: name}),
			&resource.DBSnapshot{Base: of(resource.RDSSnapshot, arn+"snapshot:rds:web-1", "rds:web-1"), State: "available", CreatedAt: at.UTC(), Kind: "automated", Database: "web", Engine: "postgres",
				EngineVersion: "16.4", Storage: 20, Encrypted: true},
		},
		"snapshot of a cluster": {
			clusterSnapshotFrom(place, &types.DBClusterSnapshot{DBClusterSnapshotIdentifier: str("before"), Status: str("available"), SnapshotCreateTime: &at, SnapshotType: str("manual"), DBClusterIdentifier: str("web"),
				Engine: str("aurora-mysql"), EngineVersion: str("8.0"), AllocatedStorage: awssdk.Int32(1), StorageEncrypted: yes, TagList: name}),
			&resource.DBSnapshot{Base: of(resource.RDSSnapshot, arn+"cluster-snapshot:before", "cluster-snapshot:before"), State: "available", CreatedAt: at.UTC(), Kind: "manual", Cluster: "web", Engine: "aurora-mysql",
				EngineVersion: "8.0", Storage: 1, Encrypted: true},
		},
		"group": {
			groupFrom(place, &scaling.AutoScalingGroup{AutoScalingGroupName: str("web"), AutoScalingGroupARN: str("arn:g"), MinSize: awssdk.Int32(1), MaxSize: awssdk.Int32(4), DesiredCapacity: awssdk.Int32(2),
				CreatedTime: &at, Status: str("Delete in progress"), NewInstancesProtectedFromScaleIn: yes, HealthCheckType: str("ELB"), AvailabilityZones: []string{"eu-west-1a"}, TargetGroupARNs: []string{"arn:t"},
				Operator: &scaling.Operator{}, VPCZoneIdentifier: str("subnet-1, subnet-2,"), SuspendedProcesses: []scaling.SuspendedProcess{{ProcessName: str("Launch")}},
				Instances:            []scaling.Instance{{InstanceId: str("i-1")}, {InstanceId: str("i-2"), ProtectedFromScaleIn: yes}},
				MixedInstancesPolicy: &scaling.MixedInstancesPolicy{LaunchTemplate: &scaling.LaunchTemplate{LaunchTemplateSpecification: &scaling.LaunchTemplateSpecification{LaunchTemplateId: str("lt-1")}}},
				Tags:                 []scaling.TagDescription{{Key: str("Name"), Value: str("x"), PropagateAtLaunch: yes}, {}}}),
			&resource.Group{Base: of(resource.AutoScalingGroup, "arn:g", "web"), Sizes: resource.Sizes{Min: 1, Desired: 2}, Max: 4, CreatedAt: at.UTC(), Deleting: true, ProtectsNew: true, HealthCheck: "ELB",
				Zones: []string{"eu-west-1a"}, TargetGroups: []string{"arn:t"}, Operator: unnamedOperator, Subnets: []string{"subnet-1", "subnet-2"}, Suspended: []string{"Launch"}, Instances: []string{"i-1", "i-2"},
				Protected: []string{"i-2"}, Propagated: []string{"Name"}, LaunchTemplate: "lt-1"},
		},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.got, cmpopts.IgnoreUnexported(resource.Lazy[map[string]string]{}, resource.Lazy[[]string]{}, resource.Lazy[resource.Origin]{})); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
	if databaseFrom(place, &types.DBInstance{}) != nil || dbClusterFrom(place, &types.DBCluster{}) != nil || dbSnapshotFrom(place, &types.DBSnapshot{}) != nil ||
		clusterSnapshotFrom(place, &types.DBClusterSnapshot{}) != nil || groupFrom(place, &scaling.AutoScalingGroup{}) != nil {
		t.Error("something without a name was kept")
	}
}

// wire is an answer as RDS and Auto Scaling write it.
func wire(r request, inner string) reply {
	a := r.Get("Action")
	return reply{body: fmt.Sprintf(`<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></%[1]sResponse>`, a, inner)}
}

func wireError(code string) reply {
	return reply{status: 400, body: fmt.Sprintf(`<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`, code)}
}

// items are what each listing wraps its things in.
var items = map[string]struct{ list, item, id, token, next, filter string }{
	"DescribeDBInstances":        {"DBInstances", "DBInstance", "DBInstanceIdentifier", "Marker", "Marker", "db-instance-id"},
	"DescribeDBClusters":         {"DBClusters", "DBCluster", "DBClusterIdentifier", "Marker", "Marker", "db-cluster-id"},
	"DescribeDBSnapshots":        {"DBSnapshots", "DBSnapshot", "DBSnapshotIdentifier", "Marker", "Marker", "db-snapshot-id"},
	"DescribeDBClusterSnapshots": {"DBClusterSnapshots", "DBClusterSnapshot", "DBClusterSnapshotIdentifier", "Marker", "Marker", "db-cluster-snapshot-id"},
	"DescribeAutoScalingGroups":  {"AutoScalingGroups", "member", "AutoScalingGroupName", "NextToken", "NextToken", ""},
}

// listed is a page of things of these names.
func listed(r request, next string, more string, names ...string) reply {
	i := items[r.Get("Action")]
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "<%[1]s><%[2]s>%[3]s</%[2]s>%[4]s</%[1]s>", i.item, i.id, n, more)
	}
	inner := fmt.Sprintf("<%[1]s>%[2]s</%[1]s>", i.list, b.String())
	if next != "" {
		inner += fmt.Sprintf("<%[1]s>%[2]s</%[1]s>", i.next, next)
	}
	return wire(r, inner)
}

func TestRDSAndAutoScalingAreListedPageByPage(t *testing.T) {
	isolate(t)
	tests := map[resource.Type]struct {
		calls []string // what is asked, with the token
		want  []string
	}{
		resource.RDSDatabase:      {[]string{"DescribeDBInstances ", "DescribeDBInstances p"}, []string{"n-1", "n-2"}},
		resource.RDSCluster:       {[]string{"DescribeDBClusters ", "DescribeDBClusters p"}, []string{"n-1", "n-2"}},
		resource.AutoScalingGroup: {[]string{"DescribeAutoScalingGroups ", "DescribeAutoScalingGroups p"}, []string{"n-1", "n-2"}},
		resource.RDSSnapshot: {[]string{"DescribeDBSnapshots ", "DescribeDBSnapshots p", "DescribeDBClusterSnapshots ", "DescribeDBClusterSnapshots p"},
			[]string{"n-1", "n-2", "cluster-snapshot:n-3", "cluster-snapshot:n-4"}},
	}
	for typ, tt := range tests {
		t.Run(string(typ), func(t *testing.T) {
			var asked, got []string
			s, _ := open(t, func(n int, r request) reply {
				asked = append(asked, r.Get("Action")+" "+r.Get(items[r.Get("Action")].token))
				if r.Get("MaxRecords") != "100" || r.Get("Filters.Filter.1.Name") != "" {
					t.Errorf("asked %v", r.Values)
				}
				return listed(r, []string{"p", ""}[(n-1)%2], "", fmt.Sprint("n-", n))
			})
			err := s.Source().List(t.Context(), place, typ, func(rs []resource.Resource) error {
				for _, r := range rs {
					got = append(got, r.Ref().ID)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.calls, asked) + cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestRDSAndAutoScalingAreReadByName(t *testing.T) {
	isolate(t)
	tests := map[string]struct {
		typ  resource.Type
		ids  []string
		want []string // action, filter, values
	}{
		"databases":                  {resource.RDSDatabase, []string{"b", "a", "b", ""}, []string{"DescribeDBInstances db-instance-id a b"}},
		"clusters":                   {resource.RDSCluster, []string{"a"}, []string{"DescribeDBClusters db-cluster-id a"}},
		"groups":                     {resource.AutoScalingGroup, []string{"a", "b"}, []string{"DescribeAutoScalingGroups  a b"}},
		"snapshots of databases":     {resource.RDSSnapshot, []string{"a", "rds:b"}, []string{"DescribeDBSnapshots db-snapshot-id a rds:b"}},
		"snapshots of clusters":      {resource.RDSSnapshot, []string{"cluster-snapshot:a"}, []string{"DescribeDBClusterSnapshots db-cluster-snapshot-id a"}},
		"snapshots of both":          {resource.RDSSnapshot, []string{"a", "cluster-snapshot:a"}, []string{"DescribeDBSnapshots db-snapshot-id a", "DescribeDBClusterSnapshots db-cluster-snapshot-id a"}},
		"nothing, which is not all":  {resource.RDSSnapshot, nil, nil},
		"nothing but an empty names": {resource.AutoScalingGroup, []string{""}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var asked []string
			s, _ := open(t, func(_ int, r request) reply {
				var names []string
				for _, k := range slices.Sorted(maps.Keys(r.Values)) {
					if strings.HasPrefix(k, "Filters.Filter.1.Values.Value.") || strings.HasPrefix(k, "AutoScalingGroupNames.member.") {
						names = append(names, r.Get(k))
					}
				}
				asked = append(asked, r.Get("Action")+" "+r.Get("Filters.Filter.1.Name")+" "+strings.Join(names, " "))
				return listed(r, "", "", names...)
			})
			rs, err := s.Source().Get(t.Context(), place, tt.typ, tt.ids)
			if d := cmp.Diff(tt.want, asked); d != "" || err != nil || len(rs) != len(distinct(tt.ids)) {
				t.Errorf("%d of %v, %v (-want +got)\n%s", len(rs), tt.ids, err, d)
			}
		})
	}
}

func TestTagsOfRDSAreWrittenByARNOneResourceACall(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(_ int, r request) reply {
		if strings.HasSuffix(r.Get("ResourceName"), ":gone") {
			return wireError("DBClusterSnapshotNotFoundFault")
		}
		return wire(r, "")
	})
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Tag, Type: resource.RDSSnapshot, At: place,
		IDs: []string{"a", "cluster-snapshot:gone", "cluster-snapshot:b"}, Tags: tag.Set{"Owner": "ana", "Project": "atlas"}})
	if err != nil || len(answer.Failed) != 1 || fault.ClassOf(answer.Failed["cluster-snapshot:gone"]) != fault.NotFound || answer.RequestIDs["a"] != "req-1" {
		t.Fatalf("%+v, %v", answer, err)
	}
	for n, want := range []string{"snapshot:a", "cluster-snapshot:gone", "cluster-snapshot:b"} {
		r := fake.requests[n]
		if r.Get("ResourceName") != "arn:aws:rds:eu-west-1:111122223333:"+want || r.Get("Tags.Tag.1.Key") != "Owner" || r.Get("Tags.Tag.2.Value") != "atlas" {
			t.Errorf("asked %v", r.Values)
		}
	}
	if _, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Untag, Type: resource.RDSDatabase, At: place, IDs: []string{"a"}, Keys: []string{"Owner"}}); err != nil {
		t.Fatal(err)
	}
	if r := fake.requests[3]; r.Get("ResourceName") != "arn:aws:rds:eu-west-1:111122223333:db:a" || r.Get("TagKeys.member.1") != "Owner" {
		t.Errorf("asked %v", r.Values)
	}
}

// A stop whose answer was lost is repeated by the SDK and refused, because the
// database is stopping. It was stopped all the same.
func TestAStopWhoseAnswerWasLostIsAStop(t *testing.T) {
	isolate(t)
	for state, want := range map[string]fault.Class{"stopping": "", "stopped": "", "backing-up": fault.WrongState, "": fault.WrongState} {
		s, fake := open(t, func(_ int, r request) reply {
			if r.Get("Action") == "StopDBInstance" {
				return wireError("InvalidDBInstanceState")
			}
			if state == "" {
				return wireError("AccessDenied")
			}
			return listed(r, "", "<DBInstanceStatus>"+state+"</DBInstanceStatus>", "web")
		})
		_, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Stop, Type: resource.RDSDatabase, At: place, IDs: []string{"web"}})
		if fault.ClassOf(err) != want || len(fake.requests) != 2 {
			t.Errorf("%q: %v after %d calls, want %q", state, err, len(fake.requests), want)
		}
	}
}

func TestSharingIsReadForManualSnapshotsAlone(t *testing.T) {
	isolate(t)
	attributes := func(r request, list, inner string) reply {
		return wire(r, fmt.Sprintf("<%[1]sAttributesResult><%[1]sAttributes>%[2]s</%[1]sAttributes></%[1]sAttributesResult>", list, inner))
	}
	s, fake := open(t, func(_ int, r request) reply {
		switch {
		case r.Get("DBClusterSnapshotIdentifier") != "":
			return attributes(r, "DBClusterSnapshot", "<DBClusterSnapshotAttribute><AttributeName>restore</AttributeName><AttributeValues/></DBClusterSnapshotAttribute>")
		case r.Get("DBSnapshotIdentifier") == "silent":
			return attributes(r, "DBSnapshot", "")
		case r.Get("DBSnapshotIdentifier") == "denied":
			return wireError("AccessDenied")
		}
		return attributes(r, "DBSnapshot", "<DBSnapshotAttribute><AttributeName>restore</AttributeName><AttributeValues><AttributeValue>all</AttributeValue></AttributeValues></DBSnapshotAttribute>")
	})
	snap := func(kind, id string) *resource.DBSnapshot {
		return &resource.DBSnapshot{Base: resource.Base{Reference: resource.RDSRef(place, resource.RDSSnapshot, id)}, Kind: kind, State: "available"}
	}
	rs := []resource.Resource{snap("manual", "open"), snap("manual", "cluster-snapshot:mine"), snap("manual", "silent"), snap("manual", "denied"), snap("automated", "rds:web")}
	s.Source().Fill(t.Context(), place, need.SnapshotSharing, rs)
	var got []string
	for _, r := range rs {
		if no := r.Refuses(action.Delete); no != nil {
			got = append(got, no.Code)
		} else {
			got = append(got, "")
		}
	}
	if d := cmp.Diff([]string{"in-use", "", "use-unread", "use-unread", "managed-by-aws"}, got); d != "" || len(fake.requests) != 4 {
		t.Errorf("%d calls (-want +got)\n%s", len(fake.requests), d)
	}
}
