package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// dbClusters reads one page of DB clusters, Neptune's and DocumentDB's included.
func dbClusters(ctx context.Context, a *rdsAPI, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeClusters(ctx, &rds.DescribeDBClustersInput{
		Filters: rdsFilter("db-cluster-id", ids), Marker: token, MaxRecords: awssdk.Int32(rdsPage),
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.DBClusters, dbClusterFrom), out.Marker, nil
}

// dbClusterFrom makes a snapshot of what RDS says of a DB cluster, nil where it
// has no name.
func dbClusterFrom(at resource.Place, in *types.DBCluster) *resource.DBCluster {
	b, ok := rdsBase(at, resource.RDSCluster, in.DBClusterIdentifier, in.TagList)
	if !ok {
		return nil
	}
	c := &resource.DBCluster{
		Base:               b,
		State:              awssdk.ToString(in.Status),
		CreatedAt:          utc(in.ClusterCreateTime),
		RestartsAt:         utc(in.AutomaticRestartTime),
		Engine:             awssdk.ToString(in.Engine),
		EngineVersion:      awssdk.ToString(in.EngineVersion),
		EngineMode:         awssdk.ToString(in.EngineMode),
		MultiAZ:            awssdk.ToBool(in.MultiAZ),
		Storage:            int(awssdk.ToInt32(in.AllocatedStorage)),
		Encrypted:          awssdk.ToBool(in.StorageEncrypted),
		DeletionProtection: awssdk.ToBool(in.DeletionProtection),
		SubnetGroup:        awssdk.ToString(in.DBSubnetGroup),
		GlobalCluster:      awssdk.ToString(in.GlobalClusterIdentifier),
		ReplicaOf:          awssdk.ToString(in.ReplicationSourceIdentifier),
		Replicas:           in.ReadReplicaIdentifiers,
		SecurityGroups:     vpcGroups(in.VpcSecurityGroups),
	}
	for _, m := range in.DBClusterMembers {
		if m.DBInstanceIdentifier != nil {
			c.Members = append(c.Members, *m.DBInstanceIdentifier)
		}
	}
	return c
}

func stopDBCluster(ctx context.Context, a *rdsAPI, _ execute.Call, id string) (string, error) {
	out, err := a.stopCluster(ctx, &rds.StopDBClusterInput{DBClusterIdentifier: &id})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

func startDBCluster(ctx context.Context, a *rdsAPI, _ execute.Call, id string) (string, error) {
	out, err := a.startCluster(ctx, &rds.StartDBClusterInput{DBClusterIdentifier: &id})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}
