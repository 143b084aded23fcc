package sim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Pages of the documentation of RDS and Auto Scaling.
const (
	rdsReference   = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
	groupReference = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/"

	pageStopDatabase  = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"
	pageStopCluster   = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html"
	pageThreeZones    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/multi-az-db-clusters-concepts.Limitations.html"
	pageStopRunbook   = "https://docs.aws.amazon.com/systems-manager-automation-runbooks/latest/userguide/start-stop-aurora-cluster.html"
	pageDeleteBackup  = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteSnapshot.html"
	pageDatabaseTags  = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html"
	pageGroupTags     = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"
	pageUpdateGroup   = groupReference + "API_UpdateAutoScalingGroup.html"
	pageStartDatabase = rdsReference + "API_StartDBInstance.html"
)

// namedRefusals are those of RDS and of Auto Scaling. That InvalidParameterCombination
// is the code of what can never be stopped, and InvalidDBInstanceState that of
// replicas, is as RDS is seen to answer; no page says so. Nor do the pages
// about tags name codes.
var namedRefusals = slices.Concat(
	unnamed(rdsReference+"CommonErrors.html", "MissingParameter", addRDSTags, removeRDSTags, stopDatabase, startDatabase, stopCluster, startCluster, deleteDBSnapshot),
	unnamed(groupReference+"CommonErrors.html", "MissingParameter", setGroupTags, deleteGroupTags, updateGroup),
	noneOf(rdsReference+"API_AddTagsToResource.html", addRDSTags, rdsKinds),
	noneOf(rdsReference+"API_RemoveTagsFromResource.html", removeRDSTags, rdsKinds),
	noneOf(pageStopDatabase, stopDatabase, only(resource.RDSDatabase)),
	noneOf(pageStartDatabase, startDatabase, only(resource.RDSDatabase)),
	noneOf(rdsReference+"API_StopDBCluster.html", stopCluster, only(resource.RDSCluster)),
	noneOf(rdsReference+"API_StartDBCluster.html", startCluster, only(resource.RDSCluster)),
	noneOf(rdsReference+"API_DeleteDBSnapshot.html", deleteDBSnapshot, only(resource.RDSSnapshot)),
	noneOf(rdsReference+"API_DescribeDBSnapshotAttributes.html", snapshotSharing, only(resource.RDSSnapshot)),
	// Auto Scaling has no code of its own for it; the adapter looks first.
	noneOf(groupReference+"CommonErrors.html", setGroupTags, groupKinds),
	noneOf(groupReference+"CommonErrors.html", deleteGroupTags, groupKinds),
	noneOf(groupReference+"CommonErrors.html", updateGroup, groupKinds),
	labels(addRDSTags, removeRDSTags, pageDatabaseTags, "InvalidParameterValue", Refusal{Code: "InvalidParameterValue", Class: fault.Invalid}),
	labels(setGroupTags, deleteGroupTags, pageGroupTags, "ValidationError", Refusal{Code: "LimitExceeded", Class: fault.TagLimit}),
	databaseRefusals, clusterRefusals, snapshotRefusals, groupRefusals,
)

func only(t resource.Type) map[resource.Type]*kind { return map[resource.Type]*kind{t: rdsKinds[t]} }

// unnamed are the refusals of calls about nothing.
func unnamed(page, code string, ops ...string) []Refusal {
	var rows []Refusal
	for _, op := range ops {
		rows = append(rows, Refusal{op, "it names no resource", code, fault.Invalid, page, false, func(c *call) string {
			return unless(len(c.ids) > 0, "no name")
		}})
	}
	return rows
}

// noneOf are the refusals of what is not there, or is of another type.
func noneOf(page, op string, types map[resource.Type]*kind) []Refusal {
	var rows []Refusal
	for _, t := range []resource.Type{resource.AutoScalingGroup, resource.RDSCluster, resource.RDSDatabase, resource.RDSSnapshot} {
		k := types[t]
		if k == nil {
			continue
		}
		_, what, _ := strings.Cut(string(t), ":")
		rows = append(rows, Refusal{op, "there is no such " + what, k.gone, fault.NotFound, page, false, func(c *call) string {
			if c.kind != t {
				return ""
			}
			for _, x := range c.things {
				if x.base.Reference.Type != t {
					return strconv.Quote(x.base.Reference.ID)
				}
			}
			return first(append(c.missing, foundIDs(c)...), func(string) bool { return true })
		}})
	}
	return rows
}

func foundIDs(c *call) []string {
	var ids []string
	for _, r := range c.found {
		ids = append(ids, r.inst.Reference.ID)
	}
	return ids
}

// labels are the refusals of tags, with the code that a service gives for those
// that are none, and what it answers to the 51st.
func labels(set, unset, page, code string, full Refusal) []Refusal {
	long := func(op, condition string, bad func(*call) string) Refusal {
		return Refusal{op, condition, code, fault.Invalid, page, false, bad}
	}
	value := func(c *call) string {
		return first(c.tags.Keys(), func(k string) bool { return tooLong(tag.CheckValue)(c.tags[k]) })
	}
	full.Operation, full.Condition, full.Page = set, "a resource would have more than 50 tags", page
	full.finds = func(c *call) string {
		for _, i := range c.items() {
			if len(tag.Diff{Set: c.tags}.Apply(i.tags()).User()) > tag.MaxPerResource {
				return i.reference().ID
			}
		}
		return ""
	}
	return []Refusal{
		long(set, "it has no tags", func(c *call) string { return unless(len(c.tags) > 0, "an empty list of tags") }),
		long(set, "a key is empty", keys(func(k string) bool { return k == "" })),
		long(set, "a key begins with aws:", keys(tag.IsReserved)),
		long(set, "a key is longer than 128 characters", keys(tooLong(tag.CheckKey))),
		long(set, "a value is longer than 256 characters", value),
		full,
		long(unset, "it has no keys", func(c *call) string { return unless(len(c.keys) > 0, "an empty list of keys") }),
		long(unset, "a key begins with aws:", keys(tag.IsReserved)),
	}
}

// thingIs finds the first thing of a type for which bad holds.
func thingIs[R resource.Resource](bad func(R) bool) func(*call) string {
	return func(c *call) string {
		for _, x := range c.things {
			if r, ok := x.res.(R); ok && bad(r) {
				return x.base.Reference.ID
			}
		}
		return ""
	}
}

func inCluster(d *resource.Database) bool { return d.Cluster != "" }

var databaseRefusals = []Refusal{
	{stopDatabase, "the database belongs to a cluster", "InvalidParameterCombination", fault.Invalid, pageStopCluster, false, thingIs(inCluster)},
	{stopDatabase, "the database is a read replica", "InvalidDBInstanceState", fault.WrongState, pageStopDatabase, false,
		thingIs(func(d *resource.Database) bool { return d.ReplicaOf != "" })},
	{stopDatabase, "the database has read replicas", "InvalidDBInstanceState", fault.WrongState, pageStopDatabase, false,
		thingIs(func(d *resource.Database) bool { return len(d.Replicas) > 0 })},
	{stopDatabase, "it is SQL Server in several availability zones", "InvalidParameterCombination", fault.Invalid, pageStopDatabase, false,
		thingIs(func(d *resource.Database) bool { return d.MultiAZ && strings.Contains(d.Engine, "sqlserver") })},
	{stopDatabase, "the database is not available", "InvalidDBInstanceState", fault.WrongState, rdsReference + "API_StopDBInstance.html", false,
		thingIs(func(d *resource.Database) bool { return d.State != available })},
	{startDatabase, "the database belongs to a cluster", "InvalidParameterCombination", fault.Invalid, pageStopCluster, false, thingIs(inCluster)},
	{startDatabase, "the database is not stopped", "InvalidDBInstanceState", fault.WrongState, pageStartDatabase, false,
		thingIs(func(d *resource.Database) bool { return d.State != stopped })},
}

var clusterRefusals = []Refusal{
	{stopCluster, "the engine is MySQL or PostgreSQL in three availability zones", "InvalidParameterCombination", fault.Invalid, pageThreeZones, false,
		thingIs(func(c *resource.DBCluster) bool { return c.Engine == "mysql" || c.Engine == "postgres" })},
	{stopCluster, "the cluster is serverless of version 1, multi-master or for parallel queries", "InvalidParameterCombination", fault.Invalid, pageStopRunbook, false,
		thingIs(func(c *resource.DBCluster) bool {
			return slices.Contains([]string{"serverless", "multimaster", "parallelquery"}, c.EngineMode)
		})},
	{stopCluster, "the cluster is part of a global database", "InvalidParameterCombination", fault.Invalid, pageStopRunbook, false,
		thingIs(func(c *resource.DBCluster) bool { return c.GlobalCluster != "" })},
	{stopCluster, "the cluster is not available", "InvalidDBClusterStateFault", fault.WrongState, rdsReference + "API_StopDBCluster.html", false,
		thingIs(func(c *resource.DBCluster) bool { return c.State != available })},
	{startCluster, "the cluster is not stopped", "InvalidDBClusterStateFault", fault.WrongState, rdsReference + "API_StartDBCluster.html", false,
		thingIs(func(c *resource.DBCluster) bool { return c.State != stopped })},
}

var snapshotRefusals = []Refusal{
	{deleteDBSnapshot, "the snapshot is not a manual one", "InvalidDBSnapshotState", fault.WrongState, pageDeleteBackup, false,
		thingIs(func(s *resource.DBSnapshot) bool { return s.Kind != "manual" })},
	{deleteDBSnapshot, "the snapshot is not available", "InvalidDBSnapshotState", fault.WrongState, rdsReference + "API_DeleteDBSnapshot.html", false,
		thingIs(func(s *resource.DBSnapshot) bool { return s.State != available })},
}

var groupRefusals = []Refusal{
	{updateGroup, "more instances would be desired than its maximum", "ValidationError", fault.Invalid, pageUpdateGroup, false, func(c *call) string {
		if c.action != action.Start {
			return ""
		}
		return thingIs(func(g *resource.Group) bool {
			s, _ := resource.ParseSizes(g.TagSet[resource.SizesTag])
			return s.Desired > g.Max
		})(c)
	}},
}
