package resource

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// clusterSnapshot is what the ids of snapshots of clusters begin with. Those of
// databases and those of clusters have names of their own in RDS, of which one
// can be both; no name that people give has a colon in it.
const clusterSnapshot = "cluster-snapshot:"

// ClusterSnapshotID is the id of the snapshot of a cluster that has this name.
func ClusterSnapshotID(name string) string { return clusterSnapshot + name }

// RDSRef names a resource of RDS, whose ids are the names that people give
// ("Amazon Resource Names (ARNs) in Amazon RDS" in its user guide).
func RDSRef(at Place, t Type, id string) Ref {
	kind := strings.TrimPrefix(string(t), "rds:")
	name, ofCluster := strings.CutPrefix(id, clusterSnapshot)
	if ofCluster && t == RDSSnapshot {
		kind = "cluster-snapshot"
	} else {
		name = id
	}
	return Ref{ID: id, ARN: fmt.Sprintf("arn:%s:rds:%s:%s:%s:%s", Partition(at.Region), at.Region, at.Account, kind, name),
		Type: t, Account: at.Account, Region: at.Region}
}

// DatabaseAvailable is the state of a database, cluster or snapshot of RDS to
// which things can be done.
const DatabaseAvailable = "available"

// starts are the states of a database or cluster that is on its way to run, or
// runs while something is done to it ("Viewing DB instance status" and
// "Viewing cluster status" in the RDS user guides). The one in which it waits
// for people is not among them.
var starts = []string{
	DatabaseAvailable, "starting", "backing-up", "backtracking", "configuring-associated-roles", "configuring-enhanced-monitoring",
	"configuring-iam-database-auth", "configuring-log-exports", "converting-to-vpc", "failing-over", "maintenance", "modifying",
	"moving-to-vpc", "promoting", "rebooting", "renaming", "resetting-master-credentials", "storage-config-upgrade",
	"storage-initialization", "storage-optimization", "update-iam-db-auth", "upgrading",
}

// databaseAlready says whether a database or cluster in that state is stopped,
// or started, or on its way there.
func databaseAlready(k action.Kind, state string) bool {
	switch k {
	case action.Stop:
		return state == "stopped" || state == "stopping"
	case action.Start:
		return slices.Contains(starts, state)
	default:
		return false
	}
}

// notReady is the refusal of a state in which RDS does not do what is asked, nil
// where it is one in which it does, or in which it is done.
func notReady(k action.Kind, state, ready string) *Refusal {
	if state == ready || databaseAlready(k, state) {
		return nil
	}
	return &Refusal{Code: reason.NotReady, Text: fmt.Sprintf("it is %s, and AWS lets one %s it only while it is %s", cmp.Or(state, "in no known state"), k, ready)}
}

// never is the refusal of what RDS never stops, and so never starts either.
func never(text string) *Refusal { return &Refusal{Code: reason.NotStoppable, Text: text} }
