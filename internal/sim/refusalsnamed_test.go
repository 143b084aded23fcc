package sim_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// about adds a resource and makes the call about it.
func about(r resource.Resource, c execute.Call) scene {
	return func(a *sim.Account) error {
		plain(a)
		id := a.Add(r)
		got, _ := a.Resource(id)
		c.Type, c.At, c.IDs = got.Ref().Type, home, []string{id}
		_, err := a.Do(ctx, c)
		return err
	}
}

// exactly makes this call about resources of a type.
func exactly(t resource.Type, k action.Kind, ids ...string) scene {
	return func(a *sim.Account) error {
		_, err := a.Do(ctx, execute.Call{Action: k, Type: t, At: home, IDs: ids, Tags: tag.Set{"k": "v"}, Keys: []string{"k"}})
		return err
	}
}

// nameless is the base of what the account names.
func nameless() resource.Base { return in("") }

// namedScenes has one for every row about RDS and Auto Scaling.
func namedScenes() map[string]scene {
	db := func(d resource.Database) *resource.Database { d.Base = nameless(); return &d }
	cluster := func(c resource.DBCluster) *resource.DBCluster { c.Base = nameless(); return &c }
	snapshot := func(s resource.DBSnapshot) *resource.DBSnapshot { s.Base = nameless(); return &s }
	stop, start, remove := execute.Call{Action: action.Stop}, execute.Call{Action: action.Start}, execute.Call{Action: action.Delete}
	all := map[string]scene{
		"rds:StopDBInstance: the database belongs to a cluster":                                           about(db(resource.Database{Cluster: "web"}), stop),
		"rds:StopDBInstance: the database is a read replica":                                              about(db(resource.Database{ReplicaOf: "web"}), stop),
		"rds:StopDBInstance: the database has read replicas":                                              about(db(resource.Database{Replicas: []string{"web"}}), stop),
		"rds:StopDBInstance: it is SQL Server in several availability zones":                              about(db(resource.Database{Engine: "sqlserver-ee", MultiAZ: true}), stop),
		"rds:StopDBInstance: the database is not available":                                               about(db(resource.Database{State: "backing-up"}), stop),
		"rds:StartDBInstance: the database belongs to a cluster":                                          about(db(resource.Database{Cluster: "web", State: "stopped"}), start),
		"rds:StartDBInstance: the database is not stopped":                                                about(db(resource.Database{}), start),
		"rds:StopDBCluster: the engine is MySQL or PostgreSQL in three availability zones":                about(cluster(resource.DBCluster{Engine: "postgres"}), stop),
		"rds:StopDBCluster: the cluster is serverless of version 1, multi-master or for parallel queries": about(cluster(resource.DBCluster{EngineMode: "serverless"}), stop),
		"rds:StopDBCluster: the cluster is part of a global database":                                     about(cluster(resource.DBCluster{GlobalCluster: "world"}), stop),
		"rds:StopDBCluster: the cluster is not available":                                                 about(cluster(resource.DBCluster{State: "stopped"}), stop),
		"rds:StartDBCluster: the cluster is not stopped":                                                  about(cluster(resource.DBCluster{}), start),
		"rds:DeleteDBSnapshot: the snapshot is not a manual one":                                          about(snapshot(resource.DBSnapshot{Kind: "automated"}), remove),
		"rds:DeleteDBSnapshot: the snapshot is not available":                                             about(snapshot(resource.DBSnapshot{State: "creating"}), remove),
		"autoscaling:UpdateAutoScalingGroup: more instances would be desired than its maximum": func(a *sim.Account) error {
			g := &resource.Group{Base: nameless(), Max: 1}
			g.TagSet = tag.Set{resource.SizesTag: "min=1 desired=2"}
			return about(g, start)(a)
		},
		"rds:DescribeDBSnapshotAttributes: there is no such snapshot": func(a *sim.Account) error {
			s := snapshot(resource.DBSnapshot{Kind: "manual"})
			s.Reference.ID = "gone"
			a.Fill(ctx, home, need.SnapshotSharing, []resource.Resource{s})
			_, err := s.SharedWith.Get(need.SnapshotSharing)
			return err
		},
	}
	for op, where := range map[string]struct {
		typ resource.Type
		k   action.Kind
	}{
		"rds:StopDBInstance": {resource.RDSDatabase, action.Stop}, "rds:StartDBInstance": {resource.RDSDatabase, action.Start},
		"rds:StopDBCluster": {resource.RDSCluster, action.Stop}, "rds:StartDBCluster": {resource.RDSCluster, action.Start},
		"rds:DeleteDBSnapshot": {resource.RDSSnapshot, action.Delete}, "autoscaling:UpdateAutoScalingGroup": {resource.AutoScalingGroup, action.Stop},
		"rds:AddTagsToResource": {resource.RDSDatabase, action.Mark}, "rds:RemoveTagsFromResource": {resource.RDSDatabase, action.Unmark},
		"autoscaling:CreateOrUpdateTags": {resource.AutoScalingGroup, action.Mark}, "autoscaling:DeleteTags": {resource.AutoScalingGroup, action.Unmark},
	} {
		_, what, _ := strings.Cut(string(where.typ), ":")
		all[op+": it names no resource"] = exactly(where.typ, where.k)
		all[op+": there is no such "+what] = exactly(where.typ, where.k, "gone")
	}
	for _, typ := range []resource.Type{resource.RDSCluster, resource.RDSSnapshot} {
		_, what, _ := strings.Cut(string(typ), ":")
		all["rds:AddTagsToResource: there is no such "+what] = exactly(typ, action.Tag, "gone")
		// One of the name, of another type, is not it.
		all["rds:RemoveTagsFromResource: there is no such "+what] = func(a *sim.Account) error {
			a.Add(&resource.Database{Base: in("web")})
			return exactly(typ, action.Untag, "web")(a)
		}
	}
	for service, r := range map[string]resource.Resource{"rds": db(resource.Database{}), "autoscaling": &resource.Group{Base: nameless()}} {
		ops := map[string][2]string{"rds": {"AddTagsToResource", "RemoveTagsFromResource"}, "autoscaling": {"CreateOrUpdateTags", "DeleteTags"}}[service]
		for condition, tags := range map[string]tag.Set{
			"it has no tags": nil, "a key is empty": {"": "x"}, "a key begins with aws:": {"aws:x": "x"}, "a resource would have more than 50 tags": tags(50),
			"a key is longer than 128 characters": {strings.Repeat("é", 129): "x"}, "a value is longer than 256 characters": {"k": strings.Repeat("é", 257)},
		} {
			all[service+":"+ops[0]+": "+condition] = about(r, execute.Call{Action: action.Tag, Tags: tags})
		}
		all[service+":"+ops[1]+": it has no keys"] = about(r, execute.Call{Action: action.Untag})
		all[service+":"+ops[1]+": a key begins with aws:"] = about(r, execute.Call{Action: action.Untag, Keys: []string{"aws:x"}})
	}
	return all
}

// did makes a call that must succeed and returns the resource after it.
func did[R resource.Resource](t *testing.T, a *sim.Account, c execute.Call) R {
	t.Helper()
	c.At = home
	answer, err := a.Do(ctx, c)
	if err != nil || len(answer.Failed) > 0 {
		t.Fatalf("%s: %v, %v", c.Action, err, answer.Failed)
	}
	r, _ := a.Resource(c.IDs[0])
	got, _ := r.(R)
	return got
}

func TestADatabaseIsStoppedForSevenDaysAtMost(t *testing.T) {
	a := newAccount()
	id := a.Add(&resource.Database{Base: in("web")})
	d := did[*resource.Database](t, a, execute.Call{Action: action.Stop, Type: resource.RDSDatabase, IDs: []string{id}})
	if d.State != "stopped" || !d.RestartsAt.Equal(a.Clock().Now().Add(7*24*time.Hour)) {
		t.Errorf("stopped, it is %s until %v", d.State, d.RestartsAt)
	}
	d = did[*resource.Database](t, a, execute.Call{Action: action.Start, Type: resource.RDSDatabase, IDs: []string{id}})
	if d.State != "available" || !d.RestartsAt.IsZero() {
		t.Errorf("started, it is %s until %v", d.State, d.RestartsAt)
	}
}

func TestTheDatabasesOfAClusterStopAndStartWithIt(t *testing.T) {
	a := newAccount()
	id := a.Add(&resource.DBCluster{Base: in("web"), Members: []string{"web-1"}})
	member := a.Add(&resource.Database{Base: in("web-1"), Cluster: id})
	other := a.Add(&resource.Database{Base: in("lone")})
	c := did[*resource.DBCluster](t, a, execute.Call{Action: action.Stop, Type: resource.RDSCluster, IDs: []string{id}})
	m, _ := a.Resource(member)
	o, _ := a.Resource(other)
	if c.State != "stopped" || m.(*resource.Database).State != "stopped" || o.(*resource.Database).State != "available" {
		t.Errorf("the cluster is %s, its member %s, another %s", c.State, m.(*resource.Database).State, o.(*resource.Database).State)
	}
	c = did[*resource.DBCluster](t, a, execute.Call{Action: action.Start, Type: resource.RDSCluster, IDs: []string{id}})
	m, _ = a.Resource(member)
	if c.State != "available" || m.(*resource.Database).State != "available" {
		t.Errorf("the cluster is %s, its member %s", c.State, m.(*resource.Database).State)
	}
}

func TestAGroupComesBackToTheSizesItHad(t *testing.T) {
	a := newAccount()
	id := a.Add(&resource.Group{Base: in("web"), Sizes: resource.Sizes{Min: 2, Desired: 3}, Max: 5, Instances: []string{"i-1", "i-2", "i-3"}, Protected: []string{"i-2"}})
	call := execute.Call{Action: action.Stop, Type: resource.AutoScalingGroup, IDs: []string{id}}
	for range 2 { // the second finds nothing to note
		g := did[*resource.Group](t, a, call)
		if g.Sizes != (resource.Sizes{}) || g.TagSet[resource.SizesTag] != "min=2 desired=3" || g.State() != "stopping" || !cmp.Equal(g.Instances, []string{"i-2"}) || g.Propagated != nil {
			t.Errorf("stopped, it is %+v", g)
		}
	}
	call.Action = action.Start
	for range 2 {
		g := did[*resource.Group](t, a, call)
		if _, noted := g.TagSet[resource.SizesTag]; g.Sizes != (resource.Sizes{Min: 2, Desired: 3}) || noted || g.Max != 5 {
			t.Errorf("started, it is %+v", g)
		}
	}
}

func TestNewTagsOfAGroupAreGivenToItsInstancesAndTheMarkIsNot(t *testing.T) {
	a := newAccount()
	id := a.Add(&resource.Group{Base: in("web"), Propagated: []string{"Name"}})
	call := execute.Call{Action: action.Tag, Type: resource.AutoScalingGroup, IDs: []string{id}, Tags: tag.Set{"Owner": "ben", "Project": "atlas"}}
	did[*resource.Group](t, a, call)
	call.Action, call.Tags = action.Mark, tag.Set{"tagwarden": "x"}
	g := did[*resource.Group](t, a, call)
	if diff := cmp.Diff([]string{"Project"}, g.Propagated); diff != "" {
		t.Errorf("propagated (-want +got):\n%s", diff)
	}
	call.Action, call.Tags, call.Keys = action.Untag, nil, []string{"Project"}
	if g = did[*resource.Group](t, a, call); len(g.Propagated) > 0 || g.TagSet["Owner"] != "ben" {
		t.Errorf("after it is untagged: %+v", g)
	}
}

func TestASnapshotSaysWhomItIsSharedWith(t *testing.T) {
	a := newAccount()
	id, automated := a.Add(&resource.DBSnapshot{Base: in("before")}), a.Add(&resource.DBSnapshot{Base: in("rds:web-1"), Kind: "automated"})
	if !a.Share(id, "999988887777") || a.Share("gone", "all") {
		t.Fatal("only what is there can be shared")
	}
	rs, err := a.Get(ctx, home, resource.RDSSnapshot, []string{id, automated})
	if err != nil || len(rs) != 2 {
		t.Fatal(rs, err)
	}
	if r := rs[0].Refuses(action.Delete); r == nil || r.Fact != need.SnapshotSharing {
		t.Errorf("before it is known: %+v", r)
	}
	a.Fill(ctx, home, need.SnapshotSharing, rs)
	if r := rs[0].Refuses(action.Delete); r == nil || r.Code != "in-use" || !strings.Contains(r.Text, "999988887777") {
		t.Errorf("shared: %+v", r)
	}
	if calls := a.Calls()["rds:DescribeDBSnapshotAttributes"]; calls != 1 {
		t.Errorf("%d calls for one manual snapshot", calls)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	a.Fill(cancelled, home, need.SnapshotSharing, rs)
	if r := rs[0].Refuses(action.Delete); r == nil || r.Code != "use-unread" || r.Fact != "" {
		t.Errorf("unread: %+v", r)
	}
	did[resource.Resource](t, a, execute.Call{Action: action.Delete, Type: resource.RDSSnapshot, IDs: []string{id}})
	if _, ok := a.Resource(id); ok {
		t.Error("it is still there")
	}
}

func TestWhatIsDoneOneByOneFailsForItself(t *testing.T) {
	a := newAccount()
	ids := []string{a.Add(&resource.Database{Base: in("a")}), "gone", a.Add(&resource.Database{Base: in("b"), State: "stopped"}), a.Add(&resource.Database{Base: in("c")})}
	answer, err := a.Do(ctx, execute.Call{Action: action.Stop, Type: resource.RDSDatabase, At: home, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]fault.Class{}
	for id, err := range answer.Failed {
		got[id] = fault.ClassOf(err)
	}
	if diff := cmp.Diff(map[string]fault.Class{"gone": fault.NotFound, "b": fault.WrongState}, got); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if answer.RequestIDs["a"] == "" || answer.RequestIDs["a"] == answer.RequestIDs["c"] || len(a.Log()) != 4 {
		t.Errorf("requests %v of %d calls", answer.RequestIDs, len(a.Log()))
	}
}
