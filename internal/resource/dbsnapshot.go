package resource

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// RDSSnapshot is the type of *DBSnapshot.
const RDSSnapshot Type = "rds:snapshot"

// DBSnapshot is what was read of a snapshot of a database or of a cluster. The
// ids of the latter begin with "cluster-snapshot:".
type DBSnapshot struct {
	Base
	Child
	State         string // creating, available, deleting, …
	CreatedAt     time.Time
	Kind          string // manual, automated, awsbackup
	Database      string // what it was taken of, "" of a cluster's; that may be gone
	Cluster       string // what it was taken of, "" of a database's
	Engine        string
	EngineVersion string
	Storage       int // GiB
	Encrypted     bool
	SharedWith    Lazy[[]string] // accounts that may restore it; "all" for everybody
}

// Parent is the database or cluster it was taken of.
func (s *DBSnapshot) Parent() Parent {
	if s.Cluster != "" {
		return parentOf(RDSCluster, s.Cluster)
	}
	return parentOf(RDSDatabase, s.Database)
}

// Name is its name in RDS.
func (s *DBSnapshot) Name() string { return strings.TrimPrefix(s.Reference.ID, clusterSnapshot) }

// OfCluster says that it is a snapshot of a cluster.
func (s *DBSnapshot) OfCluster() bool { return strings.HasPrefix(s.Reference.ID, clusterSnapshot) }

// Ended says that it is about to be gone.
func (s *DBSnapshot) Ended() bool { return s.State == "deleting" }

// Already says that it is about to be gone, where that is asked.
func (s *DBSnapshot) Already(k action.Kind) bool { return k == action.Delete && s.Ended() }

// Refuses returns why it cannot or must not be deleted, or nil. Automated
// snapshots go with their retention period and AWS Backup's with their
// recovery point; one that is shared is somebody else's backup too.
func (s *DBSnapshot) Refuses(k action.Kind) *Refusal {
	if k != action.Delete {
		return nil
	}
	if s.Kind != "manual" {
		return &Refusal{Code: reason.ManagedByAWS, Text: "it is of the kind " + cmp.Or(s.Kind, "that is not told") + ": only manual snapshots can be deleted"}
	}
	if no := notReady(k, s.State, DatabaseAvailable); no != nil {
		return no
	}
	with, err := s.SharedWith.Get(need.SnapshotSharing)
	if m, ok := errors.AsType[*MissingFact](err); ok {
		return &Refusal{Code: reason.UseUnread, Text: "whom it is shared with was not read", Fact: m.Fact}
	}
	switch {
	case err != nil:
		return &Refusal{Code: reason.UseUnread, Text: "whom it is shared with could not be read: " + err.Error()}
	case slices.Contains(with, "all"):
		return &Refusal{Code: reason.InUse, Text: "it is shared with everybody"}
	case len(with) > 0:
		return &Refusal{Code: reason.InUse, Text: "it is shared with other accounts: " + strings.Join(with, ", ")}
	}
	return nil
}

var dbSnapshotSchema = &Schema{
	Type:    RDSSnapshot,
	Title:   "RDS snapshot",
	Doc:     "A snapshot of a database or of a cluster that the account owns; the ids of the latter begin with `" + clusterSnapshot + "`.",
	Actions: []action.Kind{action.Tag, action.Untag, action.Delete},
	Fields: sorted(slices.Concat(shared[*DBSnapshot](need.DBSnapshots), dbSnapshotFields,
		createdFields(need.DBSnapshots, "taken", func(s *DBSnapshot) time.Time { return s.CreatedAt }),
		parentFields[*DBSnapshot](need.DBSnapshots, need.SnapshotSourceTags, "the database or cluster it was taken of, which may be gone"))),
	Columns: []Column{
		column("Taken (UTC)", func(s *DBSnapshot) string { return utc(s.CreatedAt) }),
		column("Kind", func(s *DBSnapshot) string { return s.Kind }),
		column("Size", func(s *DBSnapshot) string { return gib(s.Storage) }),
		ownerColumn,
		column("Of", func(s *DBSnapshot) string { return cmp.Or(s.Parent().ID, "not known") }),
	},
}

var dbSnapshotFields = []Field{
	plain("state", String, need.DBSnapshots, "creating, available, deleting, …", func(s *DBSnapshot) any { return s.State }),
	plain("kind", String, need.DBSnapshots, "manual, automated or awsbackup", func(s *DBSnapshot) any { return s.Kind }),
	plain("database", String, need.DBSnapshots, "the database it was taken of, \"\" of a cluster's", func(s *DBSnapshot) any { return s.Database }),
	plain("cluster", String, need.DBSnapshots, "the cluster it was taken of, \"\" of a database's", func(s *DBSnapshot) any { return s.Cluster }),
	plain("engine", String, need.DBSnapshots, "such as postgres", func(s *DBSnapshot) any { return s.Engine }),
	plain("engine_version", String, need.DBSnapshots, "such as 16.4", func(s *DBSnapshot) any { return s.EngineVersion }),
	plain("storage", Int, need.DBSnapshots, "the storage in GiB of what it was taken of", func(s *DBSnapshot) any { return s.Storage }),
	plain("encrypted", Bool, need.DBSnapshots, "whether it is encrypted", func(s *DBSnapshot) any { return s.Encrypted }),
	field("shared_with", StringList, need.SnapshotSharing, "the accounts that may restore it, \"all\" for everybody; only manual ones can be shared", func(s *DBSnapshot, _ time.Time) (any, error) {
		if s.Kind != "manual" {
			return []string(nil), nil
		}
		return s.SharedWith.Get(need.SnapshotSharing)
	}),
}

var _ Parented = (*DBSnapshot)(nil)
