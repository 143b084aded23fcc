package resource

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
)

// RDSDatabase is the type of *Database.
const RDSDatabase Type = "rds:db"

// Database is what was read of a DB instance: of RDS, or of Neptune or
// DocumentDB, which RDS lists too.
type Database struct {
	Base
	Child
	State              string // available, stopping, stopped, starting, … (DBInstanceStatus)
	CreatedAt          time.Time
	RestartsAt         time.Time // when AWS starts it if nobody does before; zero unless it is stopped
	Engine             string    // postgres, sqlserver-ee, aurora-mysql, docdb, …
	EngineVersion      string
	Class              string // db.m7g.large
	MultiAZ            bool
	Storage            int // GiB
	StorageType        string
	Encrypted          bool
	Cluster            string // the one it is a member of, "" for others
	Public             bool
	DeletionProtection bool
	VPC                string
	SubnetGroup        string
	Zone               string
	ReplicaOf          string   // the database or cluster it is a read replica of, "" for others
	Replicas           []string // its read replicas
	SecurityGroups     []string
}

// Parent is the cluster it is a member of.
func (d *Database) Parent() Parent { return parentOf(RDSCluster, d.Cluster) }

// Ended says that it is about to be gone.
func (d *Database) Ended() bool { return d.State == "deleting" }

// Already says that the action's effect is there.
func (d *Database) Already(k action.Kind) bool { return databaseAlready(k, d.State) }

// Refuses returns why it cannot be stopped or started, or nil. The reasons are
// from the RDS user guide, "Stopping an Amazon RDS DB instance temporarily".
func (d *Database) Refuses(k action.Kind) *Refusal {
	switch {
	case k != action.Stop && k != action.Start:
		return nil
	case d.Cluster != "":
		return never("it belongs to the cluster " + d.Cluster + ", with which it is stopped and started")
	case k == action.Start:
		return notReady(k, d.State, "stopped")
	case d.ReplicaOf != "":
		return never("it is a read replica, which AWS does not stop")
	case len(d.Replicas) > 0:
		return never("it has read replicas, and AWS does not stop what they read from")
	case d.MultiAZ && strings.Contains(d.Engine, "sqlserver"):
		return never("AWS does not stop SQL Server in several availability zones")
	default:
		return notReady(k, d.State, DatabaseAvailable)
	}
}

var databaseSchema = &Schema{
	Type:    RDSDatabase,
	Title:   "RDS database",
	Doc:     "A DB instance, also one of Neptune or DocumentDB: `engine` tells. A member of a cluster is stopped and started with it. AWS starts what has been stopped for seven days.",
	Actions: []action.Kind{action.Tag, action.Untag, action.Start, action.Stop},
	Metrics: databaseMetrics,
	Fields: sorted(slices.Concat(shared[*Database](need.Databases), databaseFields,
		createdFields(need.Databases, "created", func(d *Database) time.Time { return d.CreatedAt }),
		parentFields[*Database](need.Databases, need.ClusterTags, "the cluster it is a member of"))),
	Columns: []Column{
		column("Created (UTC)", func(d *Database) string { return utc(d.CreatedAt) }),
		column("State", func(d *Database) string { return d.State }),
		column("Engine", func(d *Database) string { return d.Engine }),
		column("Class", func(d *Database) string { return d.Class }),
		ownerColumn,
		column("Cluster", func(d *Database) string { return cmp.Or(d.Cluster, "none") }),
	},
}

var databaseFields = []Field{
	plain("state", String, need.Databases, "available, stopping, stopped, starting, backing-up, …: DBInstanceStatus", func(d *Database) any { return d.State }),
	field("restarts_at", Timestamp, need.Databases, "when AWS starts it by itself, seven days after its stop; known of what is stopped", func(d *Database, _ time.Time) (any, error) { return timeOr(d.RestartsAt, "its restart") }),
	plain("engine", String, need.Databases, "such as postgres, sqlserver-ee, aurora-mysql, docdb or neptune", func(d *Database) any { return d.Engine }),
	plain("engine_version", String, need.Databases, "such as 16.4", func(d *Database) any { return d.EngineVersion }),
	plain("class", String, need.Databases, "such as db.m7g.large", func(d *Database) any { return d.Class }),
	plain("multi_az", Bool, need.Databases, "whether it has a standby in another availability zone", func(d *Database) any { return d.MultiAZ }),
	plain("storage", Int, need.Databases, "its storage in GiB", func(d *Database) any { return d.Storage }),
	plain("storage_type", String, need.Databases, "such as gp3", func(d *Database) any { return d.StorageType }),
	plain("encrypted", Bool, need.Databases, "whether its storage is encrypted", func(d *Database) any { return d.Encrypted }),
	plain("cluster", String, need.Databases, "the cluster it is a member of, \"\" without one", func(d *Database) any { return d.Cluster }),
	plain("public", Bool, need.Databases, "whether it has a public address", func(d *Database) any { return d.Public }),
	plain("deletion_protection", Bool, need.Databases, "whether it is protected from being deleted", func(d *Database) any { return d.DeletionProtection }),
	plain("vpc", String, need.Databases, "the id of its VPC, \"\" outside one", func(d *Database) any { return d.VPC }),
	plain("subnet_group", String, need.Databases, "the name of its subnet group, \"\" without one", func(d *Database) any { return d.SubnetGroup }),
	plain("zone", String, need.Databases, "the availability zone it is in", func(d *Database) any { return d.Zone }),
	plain("replica_of", String, need.Databases, "what it is a read replica of, \"\" for others", func(d *Database) any { return d.ReplicaOf }),
	plain("replicas", StringList, need.Databases, "its read replicas", func(d *Database) any { return d.Replicas }),
	plain("security_groups", StringList, need.Databases, "the ids of its security groups", func(d *Database) any { return d.SecurityGroups }),
}

var _ Parented = (*Database)(nil)
