package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/tagwarden/tagwarden/internal/need"
)

// The calls of RDS.
var (
	callDatabases              = need.Call{Service: "rds", Operation: "DescribeDBInstances"}
	callDBClusters             = need.Call{Service: "rds", Operation: "DescribeDBClusters"}
	callDBSnapshots            = need.Call{Service: "rds", Operation: "DescribeDBSnapshots"}
	callDBClusterSnapshots     = need.Call{Service: "rds", Operation: "DescribeDBClusterSnapshots"}
	callSnapshotSharing        = need.Call{Service: "rds", Operation: "DescribeDBSnapshotAttributes"}
	callClusterSnapshotSharing = need.Call{Service: "rds", Operation: "DescribeDBClusterSnapshotAttributes"}
	callStopDatabase           = need.Call{Service: "rds", Operation: "StopDBInstance"}
	callStartDatabase          = need.Call{Service: "rds", Operation: "StartDBInstance"}
	callStopDBCluster          = need.Call{Service: "rds", Operation: "StopDBCluster"}
	callStartDBCluster         = need.Call{Service: "rds", Operation: "StartDBCluster"}
	callDeleteDBSnapshot       = need.Call{Service: "rds", Operation: "DeleteDBSnapshot"}
	callDeleteClusterSnapshot  = need.Call{Service: "rds", Operation: "DeleteDBClusterSnapshot"}
	callAddRDSTags             = need.Call{Service: "rds", Operation: "AddTagsToResource"}
	callRemoveRDSTags          = need.Call{Service: "rds", Operation: "RemoveTagsFromResource"}
)

// rdsAPI is RDS in one region.
type rdsAPI struct {
	describeDatabases        func(context.Context, *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error)
	describeClusters         func(context.Context, *rds.DescribeDBClustersInput) (*rds.DescribeDBClustersOutput, error)
	describeSnapshots        func(context.Context, *rds.DescribeDBSnapshotsInput) (*rds.DescribeDBSnapshotsOutput, error)
	describeClusterSnapshots func(context.Context, *rds.DescribeDBClusterSnapshotsInput) (*rds.DescribeDBClusterSnapshotsOutput, error)
	sharing                  func(context.Context, *rds.DescribeDBSnapshotAttributesInput) (*rds.DescribeDBSnapshotAttributesOutput, error)
	clusterSharing           func(context.Context, *rds.DescribeDBClusterSnapshotAttributesInput) (*rds.DescribeDBClusterSnapshotAttributesOutput, error)
	stopDatabase             func(context.Context, *rds.StopDBInstanceInput) (*rds.StopDBInstanceOutput, error)
	startDatabase            func(context.Context, *rds.StartDBInstanceInput) (*rds.StartDBInstanceOutput, error)
	stopCluster              func(context.Context, *rds.StopDBClusterInput) (*rds.StopDBClusterOutput, error)
	startCluster             func(context.Context, *rds.StartDBClusterInput) (*rds.StartDBClusterOutput, error)
	deleteSnapshot           func(context.Context, *rds.DeleteDBSnapshotInput) (*rds.DeleteDBSnapshotOutput, error)
	deleteClusterSnapshot    func(context.Context, *rds.DeleteDBClusterSnapshotInput) (*rds.DeleteDBClusterSnapshotOutput, error)
	addTags                  func(context.Context, *rds.AddTagsToResourceInput) (*rds.AddTagsToResourceOutput, error)
	removeTags               func(context.Context, *rds.RemoveTagsFromResourceInput) (*rds.RemoveTagsFromResourceOutput, error)
}

func newRDS(c *rds.Client, at site) *rdsAPI {
	return &rdsAPI{
		describeDatabases:        calling(at, callDatabases, c.DescribeDBInstances),
		describeClusters:         calling(at, callDBClusters, c.DescribeDBClusters),
		describeSnapshots:        calling(at, callDBSnapshots, c.DescribeDBSnapshots),
		describeClusterSnapshots: calling(at, callDBClusterSnapshots, c.DescribeDBClusterSnapshots),
		sharing:                  calling(at, callSnapshotSharing, c.DescribeDBSnapshotAttributes),
		clusterSharing:           calling(at, callClusterSnapshotSharing, c.DescribeDBClusterSnapshotAttributes),
		stopDatabase:             calling(at, callStopDatabase, c.StopDBInstance),
		startDatabase:            calling(at, callStartDatabase, c.StartDBInstance),
		stopCluster:              calling(at, callStopDBCluster, c.StopDBCluster),
		startCluster:             calling(at, callStartDBCluster, c.StartDBCluster),
		deleteSnapshot:           calling(at, callDeleteDBSnapshot, c.DeleteDBSnapshot),
		deleteClusterSnapshot:    calling(at, callDeleteClusterSnapshot, c.DeleteDBClusterSnapshot),
		addTags:                  calling(at, callAddRDSTags, c.AddTagsToResource),
		removeTags:               calling(at, callRemoveRDSTags, c.RemoveTagsFromResource),
	}
}

// rds returns RDS in a region. AWS publishes no rates for it, so nothing waits
// for one.
func (s *Session) rds(call need.Call, region string) (*rdsAPI, error) {
	return s.rdss.get(call, region, func() *rdsAPI {
		c := rds.NewFromConfig(s.cfg, func(o *rds.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newRDS(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
}
