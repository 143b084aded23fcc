package aws

import (
	"cmp"
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// databases reads one page of DB instances, Neptune's and DocumentDB's included.
func databases(ctx context.Context, a *rdsAPI, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeDatabases(ctx, &rds.DescribeDBInstancesInput{
		Filters: rdsFilter("db-instance-id", ids), Marker: token, MaxRecords: awssdk.Int32(rdsPage),
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.DBInstances, databaseFrom), out.Marker, nil
}

// databaseFrom makes a snapshot of what RDS says of a DB instance, nil where it
// has no name.
func databaseFrom(at resource.Place, in *types.DBInstance) *resource.Database {
	b, ok := rdsBase(at, resource.RDSDatabase, in.DBInstanceIdentifier, in.TagList)
	if !ok {
		return nil
	}
	d := &resource.Database{
		Base:               b,
		State:              awssdk.ToString(in.DBInstanceStatus),
		CreatedAt:          utc(in.InstanceCreateTime),
		RestartsAt:         utc(in.AutomaticRestartTime),
		Engine:             awssdk.ToString(in.Engine),
		EngineVersion:      awssdk.ToString(in.EngineVersion),
		Class:              awssdk.ToString(in.DBInstanceClass),
		MultiAZ:            awssdk.ToBool(in.MultiAZ),
		Storage:            int(awssdk.ToInt32(in.AllocatedStorage)),
		StorageType:        awssdk.ToString(in.StorageType),
		Encrypted:          awssdk.ToBool(in.StorageEncrypted),
		Cluster:            awssdk.ToString(in.DBClusterIdentifier),
		Public:             awssdk.ToBool(in.PubliclyAccessible),
		DeletionProtection: awssdk.ToBool(in.DeletionProtection),
		Zone:               awssdk.ToString(in.AvailabilityZone),
		ReplicaOf:          cmp.Or(awssdk.ToString(in.ReadReplicaSourceDBInstanceIdentifier), awssdk.ToString(in.ReadReplicaSourceDBClusterIdentifier)),
		SecurityGroups:     vpcGroups(in.VpcSecurityGroups),
	}
	d.Replicas = append(d.Replicas, in.ReadReplicaDBInstanceIdentifiers...)
	d.Replicas = append(d.Replicas, in.ReadReplicaDBClusterIdentifiers...)
	if g := in.DBSubnetGroup; g != nil {
		d.VPC, d.SubnetGroup = awssdk.ToString(g.VpcId), awssdk.ToString(g.DBSubnetGroupName)
	}
	return d
}

func stopDatabase(ctx context.Context, a *rdsAPI, _ execute.Call, id string) (string, error) {
	out, err := a.stopDatabase(ctx, &rds.StopDBInstanceInput{DBInstanceIdentifier: &id})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

func startDatabase(ctx context.Context, a *rdsAPI, _ execute.Call, id string) (string, error) {
	out, err := a.startDatabase(ctx, &rds.StartDBInstanceInput{DBInstanceIdentifier: &id})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}
