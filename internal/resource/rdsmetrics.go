package resource

import (
	"cmp"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
)

// databaseMetrics are from "Amazon CloudWatch instance-level metrics for Amazon
// RDS" in its user guide. A stopped database reports nothing; when it was last
// started AWS does not tell, so a gap in the time is not seen.
var databaseMetrics = &Metrics{
	Namespace: "AWS/RDS", Dimension: "DBInstanceIdentifier", Began: "created",
	Names: []string{
		"CPUUtilization", "CPUCreditBalance", "CPUCreditUsage", "DatabaseConnections", "FreeableMemory", "FreeStorageSpace", "SwapUsage",
		"ReadIOPS", "WriteIOPS", "ReadLatency", "WriteLatency", "ReadThroughput", "WriteThroughput", "DiskQueueDepth", "BurstBalance",
		"NetworkReceiveThroughput", "NetworkTransmitThroughput", "ReplicaLag", "DBLoad", "DBLoadCPU", "DBLoadNonCPU",
	},
	Since: func(r Resource) (time.Time, error) {
		d := r.(*Database)
		return measuredSince(d.State, d.CreatedAt)
	},
}

// dbClusterMetrics are from "Cluster-level metrics for Amazon Aurora" in its user
// guide.
var dbClusterMetrics = &Metrics{
	Namespace: "AWS/RDS", Dimension: "DBClusterIdentifier", Began: "created",
	Names: []string{
		"CPUUtilization", "DatabaseConnections", "FreeableMemory", "VolumeBytesUsed", "VolumeReadIOPs", "VolumeWriteIOPs", "BackupRetentionPeriodStorageUsed",
		"SnapshotStorageUsed", "TotalBackupStorageBilled", "ServerlessDatabaseCapacity", "ACUUtilization", "AuroraVolumeBytesLeftTotal",
	},
	Since: func(r Resource) (time.Time, error) {
		c := r.(*DBCluster)
		return measuredSince(c.State, c.CreatedAt)
	},
}

func measuredSince(state string, created time.Time) (time.Time, error) {
	if databaseAlready(action.Stop, state) || state == "" {
		return time.Time{}, fmt.Errorf("it is %s, and reports only while it runs", cmp.Or(state, "in no known state"))
	}
	return knownTime(created, "its creation")
}

// groupMetrics are from "Amazon CloudWatch metrics for Amazon EC2 Auto Scaling"
// in its user guide. A group reports them only where they are enabled.
var groupMetrics = &Metrics{
	Namespace: "AWS/AutoScaling", Dimension: "AutoScalingGroupName", Began: "created",
	Names: []string{
		"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
		"GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
		"GroupTerminatingCapacity", "GroupTotalCapacity",
	},
	Since: func(r Resource) (time.Time, error) { return knownTime(r.(*Group).CreatedAt, "its creation") },
}
