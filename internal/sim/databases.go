package sim

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The operations of RDS.
const (
	addRDSTags       = "rds:AddTagsToResource"
	removeRDSTags    = "rds:RemoveTagsFromResource"
	stopDatabase     = "rds:StopDBInstance"
	startDatabase    = "rds:StartDBInstance"
	stopCluster      = "rds:StopDBCluster"
	startCluster     = "rds:StartDBCluster"
	deleteDBSnapshot = "rds:DeleteDBSnapshot"
	snapshotSharing  = "rds:DescribeDBSnapshotAttributes"
)

var rds = &service{set: addRDSTags, unset: removeRDSTags, ref: resource.RDSRef, named: true, alone: true}

// serve makes a kind one of another service's than EC2's.
func serve(s *service, k *kind, effects map[action.Kind]effect) *kind {
	k.service, k.effects = s, effects
	return k
}

// rdsKinds are the types of RDS. The account stops and starts databases at once.
var rdsKinds = map[resource.Type]*kind{
	resource.RDSDatabase: serve(rds, kindOf("db", "DBInstanceNotFound", func(d *resource.Database) *resource.Base {
		d.Replicas, d.SecurityGroups = slices.Clone(d.Replicas), slices.Clone(d.SecurityGroups)
		return &d.Base
	}, func(d *resource.Database, now time.Time) {
		d.State, d.Engine, d.Class = cmp.Or(d.State, available), cmp.Or(d.Engine, "postgres"), cmp.Or(d.Class, "db.t4g.micro")
		d.StorageType, d.CreatedAt, d.Zone = cmp.Or(d.StorageType, "gp3"), timeOr(d.CreatedAt, now), cmp.Or(d.Zone, d.Reference.Region+"a")
		d.Storage = max(d.Storage, 20) // the least that RDS gives
	}), map[action.Kind]effect{
		action.Stop: {stopDatabase, func(a *Account, x *thing) bool {
			d := x.res.(*resource.Database)
			d.State, d.RestartsAt = stopped, a.clock.Now().Add(restart)
			return true
		}},
		action.Start: {startDatabase, func(_ *Account, x *thing) bool {
			d := x.res.(*resource.Database)
			d.State, d.RestartsAt = available, time.Time{}
			return true
		}},
	}),
	resource.RDSCluster: serve(rds, kindOf("cluster", "DBClusterNotFoundFault", func(c *resource.DBCluster) *resource.Base {
		c.Replicas, c.Members, c.SecurityGroups = slices.Clone(c.Replicas), slices.Clone(c.Members), slices.Clone(c.SecurityGroups)
		return &c.Base
	}, func(c *resource.DBCluster, now time.Time) {
		c.State, c.Engine, c.EngineMode = cmp.Or(c.State, available), cmp.Or(c.Engine, "aurora-postgresql"), cmp.Or(c.EngineMode, "provisioned")
		c.CreatedAt, c.Storage = timeOr(c.CreatedAt, now), max(c.Storage, 1)
	}), map[action.Kind]effect{
		action.Stop: {stopCluster, func(a *Account, x *thing) bool {
			c := x.res.(*resource.DBCluster)
			c.State, c.RestartsAt = stopped, a.clock.Now().Add(restart)
			a.members(c, stopped)
			return true
		}},
		action.Start: {startCluster, func(a *Account, x *thing) bool {
			c := x.res.(*resource.DBCluster)
			c.State, c.RestartsAt = available, time.Time{}
			a.members(c, available)
			return true
		}},
	}),
	resource.RDSSnapshot: serve(rds, kindOf("snapshot", "DBSnapshotNotFound", func(s *resource.DBSnapshot) *resource.Base { return &s.Base },
		func(s *resource.DBSnapshot, now time.Time) {
			s.State, s.Kind, s.Engine, s.CreatedAt = cmp.Or(s.State, available), cmp.Or(s.Kind, "manual"), cmp.Or(s.Engine, "postgres"), timeOr(s.CreatedAt, now)
		}), map[action.Kind]effect{
		action.Delete: {deleteDBSnapshot, func(a *Account, x *thing) bool {
			a.region(x.base.Reference.Region).remove(x)
			return true
		}},
	}),
}

// restart is how long AWS leaves a database stopped.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
const restart = 7 * 24 * time.Hour

// members brings the databases of a cluster into its state.
func (a *Account) members(c *resource.DBCluster, state string) {
	for _, x := range a.region(c.Reference.Region).things[resource.RDSDatabase] {
		if d := x.res.(*resource.Database); d.Cluster == c.Reference.ID {
			d.State = state
		}
	}
}

// Share gives a snapshot or image to these accounts, and to nobody else; "all" is
// everybody. It counts as no call, and returns false where there is no such
// resource.
func (a *Account) Share(id string, with ...string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settle()
	x, ok := a.item(id).(*thing)
	if !ok {
		return false
	}
	x.shared = slices.Clone(with)
	return true
}

// fillSharing reads whom manual snapshots are shared with, one call each.
func (a *Account) fillSharing(ctx context.Context, at resource.Place, rs []resource.Resource) {
	for _, r := range rs {
		s, ok := r.(*resource.DBSnapshot)
		if !ok {
			continue
		}
		if s.Kind != "manual" {
			s.SharedWith = resource.Known[[]string](nil)
			continue
		}
		with, err := a.sharedWith(ctx, at, s.Reference.ID)
		if err != nil {
			s.SharedWith = resource.Unread[[]string](err)
			continue
		}
		s.SharedWith = resource.Known(with)
	}
}

func (a *Account) sharedWith(ctx context.Context, at resource.Place, id string) ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, err := a.begin(ctx, snapshotSharing, at)
	if err != nil {
		return nil, err
	}
	c.ids, c.kind = []string{id}, resource.RDSSnapshot
	if refusal := a.check(c); refusal != nil {
		return nil, refusal.err
	}
	return slices.Clone(c.things[0].shared), nil
}

// oneByOne makes a call of a service that takes one resource at a time, as often
// as it takes.
func (a *Account) oneByOne(ctx context.Context, c execute.Call) (execute.Answer, error) {
	answer := execute.Answer{RequestIDs: map[string]string{}, Failed: map[string]error{}}
	for _, id := range c.IDs {
		one := c
		one.IDs = []string{id}
		got, err := a.Do(ctx, one)
		if err != nil {
			answer.Failed[id] = err
			continue
		}
		answer.RequestIDs[id] = got.RequestID
	}
	return answer, nil
}
