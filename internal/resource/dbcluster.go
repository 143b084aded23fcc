package resource

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
)

// RDSCluster is the type of *DBCluster.
const RDSCluster Type = "rds:cluster"

// DBCluster is what was read of a DB cluster: of Aurora, of RDS in several
// availability zones, or of Neptune or DocumentDB, which RDS lists too.
type DBCluster struct {
	Base
	State              string // available, stopping, stopped, starting, …
	CreatedAt          time.Time
	RestartsAt         time.Time // when AWS starts it if nobody does before; zero unless it is stopped
	Engine             string    // aurora-mysql, aurora-postgresql, mysql, postgres, docdb, neptune
	EngineVersion      string
	EngineMode         string // provisioned, serverless, parallelquery, global, multimaster; "" where it is not told
	MultiAZ            bool
	Storage            int // GiB; 1 where the engine grows it by itself
	Encrypted          bool
	DeletionProtection bool
	SubnetGroup        string
	GlobalCluster      string   // the global database it is part of, "" for others
	ReplicaOf          string   // the ARN of what it is a replica of, "" for others
	Replicas           []string // the ARNs of its replicas
	Members            []string // its databases
	SecurityGroups     []string
}

// Ended says that it is about to be gone.
func (c *DBCluster) Ended() bool { return c.State == "deleting" }

// Already says that the action's effect is there.
func (c *DBCluster) Already(k action.Kind) bool { return databaseAlready(k, c.State) }

// stoppable are the engines whose clusters can be stopped: all but MySQL and
// PostgreSQL in three availability zones ("Limitations of Multi-AZ DB clusters"
// in the RDS user guide). StopDBCluster of Neptune and DocumentDB is that of
// RDS, at the same address.
func stoppable(engine string) bool {
	return strings.HasPrefix(engine, "aurora") || engine == "docdb" || engine == "neptune"
}

// Refuses returns why it cannot be stopped or started, or nil. The reasons are
// from the Aurora user guide, "Stopping and starting an Amazon Aurora DB
// cluster", and AWS's runbook AWS-StartStopAuroraCluster.
func (c *DBCluster) Refuses(k action.Kind) *Refusal {
	switch {
	case k != action.Stop && k != action.Start:
		return nil
	case !stoppable(c.Engine):
		return never("AWS does not stop clusters of the engine " + cmp.Or(c.Engine, "it does not name"))
	case c.EngineMode == "serverless":
		return never("AWS does not stop Aurora Serverless v1, which pauses by itself")
	case c.EngineMode == "parallelquery" || c.EngineMode == "multimaster":
		return never("AWS does not stop clusters of the engine mode " + c.EngineMode)
	case c.GlobalCluster != "" || c.EngineMode == "global":
		return never("it is part of a global database, which AWS does not stop")
	case c.ReplicaOf != "" || len(c.Replicas) > 0:
		return never("it is or has a replica, which AWS does not stop")
	case k == action.Start:
		return notReady(k, c.State, "stopped")
	default:
		return notReady(k, c.State, DatabaseAvailable)
	}
}

var dbClusterSchema = &Schema{
	Type:    RDSCluster,
	Title:   "RDS cluster",
	Doc:     "A DB cluster of Aurora, or of RDS in three availability zones, also one of Neptune or DocumentDB: `engine` tells. AWS starts what has been stopped for seven days.",
	Actions: []action.Kind{action.Tag, action.Untag, action.Start, action.Stop},
	Metrics: dbClusterMetrics,
	Fields: sorted(slices.Concat(shared[*DBCluster](need.DBClusters), dbClusterFields,
		createdFields(need.DBClusters, "created", func(c *DBCluster) time.Time { return c.CreatedAt }))),
	Columns: []Column{
		column("Created (UTC)", func(c *DBCluster) string { return utc(c.CreatedAt) }),
		column("State", func(c *DBCluster) string { return c.State }),
		column("Engine", func(c *DBCluster) string { return c.Engine }),
		ownerColumn,
		column("Databases", func(c *DBCluster) string { return cmp.Or(strings.Join(c.Members, ", "), "none") }),
	},
}

var dbClusterFields = []Field{
	plain("state", String, need.DBClusters, "available, stopping, stopped, starting, …", func(c *DBCluster) any { return c.State }),
	field("restarts_at", Timestamp, need.DBClusters, "when AWS starts it by itself, seven days after its stop; known of what is stopped", func(c *DBCluster, _ time.Time) (any, error) { return timeOr(c.RestartsAt, "its restart") }),
	plain("engine", String, need.DBClusters, "aurora-mysql, aurora-postgresql, mysql, postgres, docdb or neptune", func(c *DBCluster) any { return c.Engine }),
	plain("engine_version", String, need.DBClusters, "such as 16.4", func(c *DBCluster) any { return c.EngineVersion }),
	plain("engine_mode", String, need.DBClusters, "provisioned (Serverless v2 too), serverless (v1), parallelquery, …; \"\" where it is not told", func(c *DBCluster) any { return c.EngineMode }),
	plain("multi_az", Bool, need.DBClusters, "whether it is in several availability zones", func(c *DBCluster) any { return c.MultiAZ }),
	plain("storage", Int, need.DBClusters, "its storage in GiB; 1 where it grows by itself", func(c *DBCluster) any { return c.Storage }),
	plain("encrypted", Bool, need.DBClusters, "whether its storage is encrypted", func(c *DBCluster) any { return c.Encrypted }),
	plain("deletion_protection", Bool, need.DBClusters, "whether it is protected from being deleted", func(c *DBCluster) any { return c.DeletionProtection }),
	plain("subnet_group", String, need.DBClusters, "the name of its subnet group, \"\" without one", func(c *DBCluster) any { return c.SubnetGroup }),
	plain("global_cluster", String, need.DBClusters, "the global database it is part of, \"\" for others", func(c *DBCluster) any { return c.GlobalCluster }),
	plain("replica_of", String, need.DBClusters, "the ARN of what it is a replica of, \"\" for others", func(c *DBCluster) any { return c.ReplicaOf }),
	plain("replicas", StringList, need.DBClusters, "the ARNs of its replicas", func(c *DBCluster) any { return c.Replicas }),
	plain("members", StringList, need.DBClusters, "its databases, by name", func(c *DBCluster) any { return c.Members }),
	plain("security_groups", StringList, need.DBClusters, "the ids of its security groups", func(c *DBCluster) any { return c.SecurityGroups }),
}

var _ Resource = (*DBCluster)(nil)
