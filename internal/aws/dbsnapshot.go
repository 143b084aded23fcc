package aws

import (
	"context"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// ofClusters begins the token of a page of snapshots of clusters, which come
// after those of databases, by a call of their own.
const ofClusters = "of-clusters:"

// dbSnapshots reads one page of the account's own snapshots of databases, or of
// clusters.
func dbSnapshots(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	api, err := s.rds(callDBSnapshots, at.Region)
	if err != nil {
		return nil, nil, err
	}
	names, clusterNames := snapshotNames(at, ids)
	marker, second := strings.CutPrefix(awssdk.ToString(token), ofClusters)
	if second || len(ids) > 0 && len(names) == 0 {
		return clusterSnapshots(ctx, api, at, clusterNames, marker)
	}
	out, err := api.describeSnapshots(ctx, &rds.DescribeDBSnapshotsInput{
		Filters: rdsFilter("db-snapshot-id", names), Marker: token, MaxRecords: awssdk.Int32(rdsPage),
	})
	if err != nil {
		return nil, nil, err
	}
	next := out.Marker
	if awssdk.ToString(next) == "" && (len(ids) == 0 || len(clusterNames) > 0) {
		next = awssdk.String(ofClusters)
	}
	return snapshotsOf(at, out.DBSnapshots, dbSnapshotFrom), next, nil
}

// snapshotNames are the names in ids, those of databases' snapshots and those of
// clusters'.
func snapshotNames(at resource.Place, ids []string) (ofDatabases, ofClusters []string) {
	for _, id := range ids {
		s := resource.DBSnapshot{Base: resource.Base{Reference: resource.RDSRef(at, resource.RDSSnapshot, id)}}
		if s.OfCluster() {
			ofClusters = append(ofClusters, s.Name())
		} else {
			ofDatabases = append(ofDatabases, s.Name())
		}
	}
	return ofDatabases, ofClusters
}

func clusterSnapshots(ctx context.Context, a *rdsAPI, at resource.Place, names []string, marker string) ([]resource.Resource, *string, error) {
	in := &rds.DescribeDBClusterSnapshotsInput{Filters: rdsFilter("db-cluster-snapshot-id", names), MaxRecords: awssdk.Int32(rdsPage)}
	if marker != "" {
		in.Marker = &marker
	}
	out, err := a.describeClusterSnapshots(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	next := out.Marker
	if awssdk.ToString(next) != "" {
		next = awssdk.String(ofClusters + *next)
	}
	return snapshotsOf(at, out.DBClusterSnapshots, clusterSnapshotFrom), next, nil
}

// dbSnapshotFrom makes a snapshot of what RDS says of a database's, nil where it
// has no name.
func dbSnapshotFrom(at resource.Place, in *types.DBSnapshot) *resource.DBSnapshot {
	b, ok := rdsBase(at, resource.RDSSnapshot, in.DBSnapshotIdentifier, in.TagList)
	if !ok {
		return nil
	}
	return &resource.DBSnapshot{
		Base:          b,
		State:         awssdk.ToString(in.Status),
		CreatedAt:     utc(in.SnapshotCreateTime),
		Kind:          awssdk.ToString(in.SnapshotType),
		Database:      awssdk.ToString(in.DBInstanceIdentifier),
		Engine:        awssdk.ToString(in.Engine),
		EngineVersion: awssdk.ToString(in.EngineVersion),
		Storage:       int(awssdk.ToInt32(in.AllocatedStorage)),
		Encrypted:     awssdk.ToBool(in.Encrypted),
	}
}

// clusterSnapshotFrom makes a snapshot of what RDS says of a cluster's, nil
// where it has no name.
func clusterSnapshotFrom(at resource.Place, in *types.DBClusterSnapshot) *resource.DBSnapshot {
	b, ok := rdsBase(at, resource.RDSSnapshot, in.DBClusterSnapshotIdentifier, in.TagList)
	if !ok {
		return nil
	}
	b.Reference = resource.RDSRef(at, resource.RDSSnapshot, resource.ClusterSnapshotID(b.Reference.ID))
	return &resource.DBSnapshot{
		Base:          b,
		State:         awssdk.ToString(in.Status),
		CreatedAt:     utc(in.SnapshotCreateTime),
		Kind:          awssdk.ToString(in.SnapshotType),
		Cluster:       awssdk.ToString(in.DBClusterIdentifier),
		Engine:        awssdk.ToString(in.Engine),
		EngineVersion: awssdk.ToString(in.EngineVersion),
		Storage:       int(awssdk.ToInt32(in.AllocatedStorage)),
		Encrypted:     awssdk.ToBool(in.StorageEncrypted),
	}
}

// deleteDBSnapshot deletes a manual snapshot of a database or cluster.
func deleteDBSnapshot(ctx context.Context, a *rdsAPI, c execute.Call, id string) (string, error) {
	names, clusterNames := snapshotNames(c.At, []string{id})
	if len(clusterNames) > 0 {
		out, err := a.deleteClusterSnapshot(ctx, &rds.DeleteDBClusterSnapshotInput{DBClusterSnapshotIdentifier: &clusterNames[0]})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}
	out, err := a.deleteSnapshot(ctx, &rds.DeleteDBSnapshotInput{DBSnapshotIdentifier: &names[0]})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

// fillSharing reads which accounts may restore snapshots. Only manual ones can
// be shared; of others RDS knows no attributes.
func (s *Source) fillSharing(ctx context.Context, at resource.Place, rs []resource.Resource) {
	api, err := s.s.rds(callSnapshotSharing, at.Region)
	for _, r := range rs {
		d, ok := r.(*resource.DBSnapshot)
		if !ok {
			continue
		}
		switch {
		case d.Kind != "manual":
			d.SharedWith = resource.Known[[]string](nil)
		case err != nil:
			d.SharedWith = resource.Unread[[]string](err)
		default:
			d.SharedWith = api.sharingFact(ctx, d)
		}
	}
}

// sharingFact is sharedWith as a fact.
func (a *rdsAPI) sharingFact(ctx context.Context, d *resource.DBSnapshot) resource.Lazy[[]string] {
	with, err := a.sharedWith(ctx, d)
	if err != nil {
		return resource.Unread[[]string](err)
	}
	return resource.Known(with)
}

// sharedWith are the values of the attribute "restore". An answer without it
// says nothing, and must not read as "with nobody".
func (a *rdsAPI) sharedWith(ctx context.Context, d *resource.DBSnapshot) ([]string, error) {
	name := d.Name()
	call := callSnapshotSharing
	restore := map[string][]string{}
	if d.OfCluster() {
		call = callClusterSnapshotSharing
		out, err := a.clusterSharing(ctx, &rds.DescribeDBClusterSnapshotAttributesInput{DBClusterSnapshotIdentifier: &name})
		if err != nil {
			return nil, err
		}
		if r := out.DBClusterSnapshotAttributesResult; r != nil {
			for _, at := range r.DBClusterSnapshotAttributes {
				restore[awssdk.ToString(at.AttributeName)] = at.AttributeValues
			}
		}
	} else {
		out, err := a.sharing(ctx, &rds.DescribeDBSnapshotAttributesInput{DBSnapshotIdentifier: &name})
		if err != nil {
			return nil, err
		}
		if r := out.DBSnapshotAttributesResult; r != nil {
			for _, at := range r.DBSnapshotAttributes {
				restore[awssdk.ToString(at.AttributeName)] = at.AttributeValues
			}
		}
	}
	with, ok := restore["restore"]
	if !ok {
		f := invalid(call, d.Reference.Region, "the answer does not hold the attribute that was asked for")
		f.Class = fault.Other
		return nil, f
	}
	return slices.Clone(with), nil
}
