package resource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// refusal is what a table below wants: a code, "" for none, and a part of the
// text.
type refusal struct{ code, text string }

func refuses(t *testing.T, what string, r resource.Resource, k action.Kind, want refusal) *resource.Refusal {
	t.Helper()
	no := r.Refuses(k)
	switch {
	case no == nil && want.code != "":
		t.Errorf("%s: %s is not refused, want %q", what, k, want.code)
	case no != nil && (no.Code != want.code || !strings.Contains(no.Text, want.text)):
		t.Errorf("%s: %s is refused as %q (%s), want %q (%s)", what, k, no.Code, no.Text, want.code, want.text)
	}
	return no
}

func TestWhatRDSNeverStopsIsRefused(t *testing.T) {
	db := func(d resource.Database) resource.Resource {
		if d.State == "" {
			d.State = "available"
		}
		return &d
	}
	cluster := func(c resource.DBCluster) resource.Resource {
		if c.State == "" {
			c.State = "available"
		}
		if c.Engine == "" {
			c.Engine = "aurora-mysql"
		}
		return &c
	}
	never, wait := func(text string) refusal { return refusal{"not-stoppable", text} }, func(text string) refusal { return refusal{"not-ready", text} }
	tests := map[string]struct {
		r           resource.Resource
		stop, start refusal
	}{
		"a database":                      {db(resource.Database{Engine: "postgres"}), refusal{}, refusal{}},
		"a stopped database":              {db(resource.Database{State: "stopped"}), refusal{}, refusal{}},
		"a database that starts":          {db(resource.Database{State: "starting"}), wait("while it is available"), refusal{}},
		"a database that stops":           {db(resource.Database{State: "stopping"}), refusal{}, wait("while it is stopped")},
		"a cluster that stops":            {cluster(resource.DBCluster{State: "stopping"}), refusal{}, wait("while it is stopped")},
		"a database that is backed up":    {db(resource.Database{State: "backing-up"}), wait("it is backing-up"), refusal{}},
		"a database in no state":          {&resource.Database{}, wait("no known state"), wait("no known state")},
		"a member of a cluster":           {db(resource.Database{Cluster: "web"}), never("cluster web"), never("cluster web")},
		"a read replica":                  {db(resource.Database{ReplicaOf: "web"}), never("read replica"), refusal{}},
		"a database with replicas":        {db(resource.Database{Replicas: []string{"r"}}), never("has read replicas"), refusal{}},
		"SQL Server in one zone":          {db(resource.Database{Engine: "sqlserver-ee"}), refusal{}, refusal{}},
		"SQL Server in two":               {db(resource.Database{Engine: "sqlserver-ee", MultiAZ: true}), never("SQL Server"), refusal{}},
		"custom SQL Server in two":        {db(resource.Database{Engine: "custom-sqlserver-ee", MultiAZ: true}), never("SQL Server"), refusal{}},
		"PostgreSQL in two zones":         {db(resource.Database{Engine: "postgres", MultiAZ: true}), refusal{}, refusal{}},
		"a cluster":                       {cluster(resource.DBCluster{}), refusal{}, refusal{}},
		"a stopped cluster":               {cluster(resource.DBCluster{State: "stopped"}), refusal{}, refusal{}},
		"a cluster of DocumentDB":         {cluster(resource.DBCluster{Engine: "docdb"}), refusal{}, refusal{}},
		"a cluster of Neptune":            {cluster(resource.DBCluster{Engine: "neptune"}), refusal{}, refusal{}},
		"a cluster in three zones":        {cluster(resource.DBCluster{Engine: "postgres"}), never("engine postgres"), never("")},
		"a cluster of an unknown engine":  {cluster(resource.DBCluster{Engine: "new"}), never("engine new"), never("")},
		"Serverless v1":                   {cluster(resource.DBCluster{EngineMode: "serverless"}), never("Serverless v1"), never("")},
		"Serverless v2":                   {cluster(resource.DBCluster{EngineMode: "provisioned"}), refusal{}, refusal{}},
		"parallel query":                  {cluster(resource.DBCluster{EngineMode: "parallelquery"}), never("parallelquery"), never("")},
		"part of a global database":       {cluster(resource.DBCluster{GlobalCluster: "world"}), never("global"), never("")},
		"an old global database":          {cluster(resource.DBCluster{EngineMode: "global"}), never("global"), never("")},
		"a replica of a cluster":          {cluster(resource.DBCluster{ReplicaOf: "arn:a"}), never("replica"), never("")},
		"a cluster that has replicas":     {cluster(resource.DBCluster{Replicas: []string{"arn:a"}}), never("replica"), never("")},
		"a snapshot cannot be stopped":    {&resource.DBSnapshot{}, refusal{}, refusal{}},
		"a volume cannot be stopped here": {&resource.Volume{}, refusal{}, refusal{}},
	}
	for what, tt := range tests {
		refuses(t, what, tt.r, action.Stop, tt.stop)
		refuses(t, what, tt.r, action.Start, tt.start)
		if no := tt.r.Refuses(action.Tag); no != nil {
			t.Errorf("%s cannot be tagged: %+v", what, no)
		}
	}
}

func TestWhatIsOnItsWayIsThere(t *testing.T) {
	for state, want := range map[string]struct{ stop, start bool }{
		"available": {start: true}, "starting": {start: true}, "backing-up": {start: true}, "modifying": {start: true}, "stopped": {stop: true}, "stopping": {stop: true},
		"creating": {}, "failed": {}, "incompatible-network": {}, "storage-full": {}, "deleting": {}, "": {},
	} {
		for _, r := range []resource.Resource{&resource.Database{State: state}, &resource.DBCluster{State: state}} {
			if r.Already(action.Stop) != want.stop || r.Already(action.Start) != want.start || r.Already(action.Terminate) {
				t.Errorf("%T that is %q: stopped %v, started %v", r, state, r.Already(action.Stop), r.Already(action.Start))
			}
		}
	}
}

func TestOnlyAManualSnapshotThatNobodyElseUsesIsDeleted(t *testing.T) {
	with := func(l resource.Lazy[[]string], kind, state string) *resource.DBSnapshot {
		return &resource.DBSnapshot{Kind: kind, State: state, SharedWith: l}
	}
	nobody, unread := resource.Known[[]string](nil), resource.Unread[[]string](errors.New("denied"))
	for what, tt := range map[string]struct {
		s    *resource.DBSnapshot
		want refusal
	}{
		"manual":               {with(nobody, "manual", "available"), refusal{}},
		"automated":            {with(nobody, "automated", "available"), refusal{"managed-by-aws", "automated"}},
		"of AWS Backup":        {with(nobody, "awsbackup", "available"), refusal{"managed-by-aws", "awsbackup"}},
		"of no kind":           {with(nobody, "", "available"), refusal{"managed-by-aws", "not told"}},
		"being taken":          {with(nobody, "manual", "creating"), refusal{"not-ready", "creating"}},
		"shared with one":      {with(resource.Known([]string{"999988887777"}), "manual", "available"), refusal{"in-use", "999988887777"}},
		"shared with everyone": {with(resource.Known([]string{"all"}), "manual", "available"), refusal{"in-use", "everybody"}},
		"not known":            {with(resource.Lazy[[]string]{}, "manual", "available"), refusal{"use-unread", "was not read"}},
		"not to be known":      {with(unread, "manual", "available"), refusal{"use-unread", "denied"}},
	} {
		no := refuses(t, what, tt.s, action.Delete, tt.want)
		if no != nil && (no.Fact == need.SnapshotSharing) != (what == "not known") {
			t.Errorf("%s: the fact is %q", what, no.Fact)
		}
	}
	if going := with(nobody, "manual", "deleting"); !going.Already(action.Delete) || going.Already(action.Stop) {
		t.Error("what is going is not seen to be deleted")
	}
}

func TestASnapshotBelongsToWhatItWasTakenOf(t *testing.T) {
	ref := func(id string) resource.Base {
		return resource.Base{Reference: resource.RDSRef(place, resource.RDSSnapshot, id)}
	}
	ofCluster := &resource.DBSnapshot{Base: ref(resource.ClusterSnapshotID("a")), Cluster: "web"}
	ofDatabase := &resource.DBSnapshot{Base: ref("a"), Database: "web"}
	const arn = "arn:aws:rds:eu-central-1:111122223333:"
	got := []any{ofCluster.Parent(), ofCluster.Name(), ofCluster.OfCluster(), ofCluster.Ref().ARN, ofDatabase.Parent(), ofDatabase.Name(), ofDatabase.OfCluster(), ofDatabase.Ref().ARN}
	want := []any{resource.Parent{Type: "rds:cluster", ID: "web"}, "a", true, arn + "cluster-snapshot:a", resource.Parent{Type: "rds:db", ID: "web"}, "a", false, arn + "snapshot:a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAGroupIsScaledWhereThatWouldComeToSomething(t *testing.T) {
	noted := func(text string) resource.Base { return resource.Base{TagSet: tag.Set{resource.SizesTag: text}} }
	running := resource.Sizes{Min: 1, Desired: 2}
	managed := resource.Base{TagSet: tag.Set{"eks:nodegroup-name": "blue"}}
	for what, tt := range map[string]struct {
		g           resource.Group
		stop, start refusal
	}{
		"a group":                       {resource.Group{Sizes: running, Max: 4}, refusal{}, refusal{}},
		"one that somebody emptied":     {resource.Group{Max: 4}, refusal{}, refusal{"sizes-unknown", "no tag tagwarden:sizes"}},
		"one that was stopped":          {resource.Group{Base: noted("min=1 desired=2"), Max: 2}, refusal{}, refusal{}},
		"one of other sizes now":        {resource.Group{Base: noted("min=1 desired=3"), Max: 2}, refusal{}, refusal{"sizes-unknown", "no more than 2"}},
		"one with a note of nothing":    {resource.Group{Base: noted("min=0 desired=0"), Max: 2}, refusal{}, refusal{"sizes-unknown", `"min=0 desired=0"`}},
		"one with a note of nonsense":   {resource.Group{Base: noted("\x1b[31m"), Max: 2}, refusal{}, refusal{"sizes-unknown", `"\x1b[31m"`}},
		"one that ends no instances":    {resource.Group{Sizes: running, Suspended: []string{"Terminate"}}, refusal{"process-suspended", "Terminate"}, refusal{}},
		"one that launches none":        {resource.Group{Base: noted("min=1 desired=2"), Max: 2, Suspended: []string{"AZRebalance", "Launch"}}, refusal{}, refusal{"process-suspended", "Launch"}},
		"one with a protected instance": {resource.Group{Sizes: running, Protected: []string{"i-1"}}, refusal{"scale-in-protection", "scaling in"}, refusal{}},
		"one that protects new ones":    {resource.Group{Sizes: running, ProtectsNew: true}, refusal{"scale-in-protection", ""}, refusal{}},
		"one that AWS runs":             {resource.Group{Sizes: running, Operator: "eks.amazonaws.com"}, refusal{"managed-by-aws", "eks.amazonaws.com"}, refusal{"managed-by-aws", ""}},
		"one of an EKS node group":      {resource.Group{Base: managed, Sizes: running}, refusal{"managed", "eks sets"}, refusal{"managed", "eks"}},
	} {
		refuses(t, what, &tt.g, action.Stop, tt.stop)
		refuses(t, what, &tt.g, action.Start, tt.start)
		refuses(t, what, &tt.g, action.Tag, refusal{})
	}
	no := (&resource.Group{Base: managed, Sizes: running, ProtectsNew: true}).Refuses(action.Stop)
	if no == nil || !no.Managed || no.Beneath == nil || no.Beneath.Code != "scale-in-protection" {
		t.Errorf("what remains where include_managed is set: %+v", no)
	}
	for key, by := range map[string]string{"elasticbeanstalk:environment-id": "elasticbeanstalk", "AmazonECSManaged": "ecs", "k8s.io/cluster-autoscaler/enabled": "cluster-autoscaler", "Name": ""} {
		if got := (&resource.Group{Base: resource.Base{TagSet: tag.Set{key: ""}}}).ManagedBy(); got != by {
			t.Errorf("%s: managed by %q, want %q", key, got, by)
		}
	}
}

func TestTheStateOfAGroupFollowsItsSizes(t *testing.T) {
	for want, g := range map[string]resource.Group{
		"running": {Sizes: resource.Sizes{Desired: 1}}, "stopping": {Instances: []string{"i-1"}}, "stopped": {}, "deleting": {Sizes: resource.Sizes{Desired: 1}, Deleting: true},
	} {
		if got := g.State(); got != want || g.Already(action.Stop) != (g.Desired == 0) || g.Already(action.Start) != (g.Desired > 0) || g.Already(action.Tag) {
			t.Errorf("it is %s, want %s; stopped %v, started %v", got, want, g.Already(action.Stop), g.Already(action.Start))
		}
	}
	if atLeast := (&resource.Group{Sizes: resource.Sizes{Min: 1}}); atLeast.Already(action.Stop) || atLeast.State() != "running" {
		t.Error("a group of at least one instance is stopped")
	}
}

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.IntRange(0, 1<<31-1).Draw(t, "min")
		s := resource.Sizes{Min: low, Desired: rapid.IntRange(low, 1<<31-1).Draw(t, "desired")}
		if got, ok := resource.ParseSizes(s.String()); !ok || got != s {
			t.Fatalf("%q is read as %v, %v", s, got, ok)
		}
	})
	for _, text := range []string{"", "min=1", "min=1 desired=", "min=2 desired=1", "min=-1 desired=1", "min=01 desired=1", "min=1  desired=2", "desired=2 min=1", "min=1 desired=2 ", "min=1 desired=99999999999"} {
		if s, ok := resource.ParseSizes(text); ok {
			t.Errorf("%q is read as %v", text, s)
		}
	}
}

func FuzzParseSizes(f *testing.F) {
	for _, s := range []string{"min=1 desired=2", "min=0 desired=0", "min=+1 desired=2", "min=1 desired=2 x", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := resource.ParseSizes(text); ok && (s.String() != text || s.Min < 0 || s.Desired < s.Min) {
			t.Errorf("%q is read as %+v", text, s)
		}
	})
}

func TestADatabaseIsMeasuredWhileItRuns(t *testing.T) {
	made := now.AddDate(0, 0, -30)
	for what, tt := range map[string]struct {
		r    resource.Resource
		want string // of the error
	}{
		"a database":             {&resource.Database{State: "available", CreatedAt: made}, ""},
		"one that is stopped":    {&resource.Database{State: "stopped", CreatedAt: made}, "it is stopped"},
		"one in no state":        {&resource.Database{CreatedAt: made}, "no known state"},
		"a cluster":              {&resource.DBCluster{State: "backing-up", CreatedAt: made}, ""},
		"a cluster that stops":   {&resource.DBCluster{State: "stopping", CreatedAt: made}, "it is stopping"},
		"a group":                {&resource.Group{CreatedAt: made}, ""},
		"a group of unknown age": {&resource.Group{}, "its creation is not known"},
	} {
		var typ resource.Type
		switch tt.r.(type) {
		case *resource.Database:
			typ = resource.RDSDatabase
		case *resource.DBCluster:
			typ = resource.RDSCluster
		case *resource.Group:
			typ = resource.AutoScalingGroup
		}
		s, _ := resource.SchemaOf(typ)
		since, err := s.Metrics.Since(tt.r)
		if tt.want == "" && (err != nil || !since.Equal(made)) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: since %v, %v; want %q", what, since, err, tt.want)
		}
	}
}
