package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const insured = `
settings: {limits: {share: 100%}}
policies:
  - name: old-disks
    resource: ec2:volume
    mode: enforce
    match: tag("Keep") == ""
    enforce:
      - delete: {after: 2d, backup: true}
  - name: old-machines
    resource: ec2:instance
    mode: enforce
    match: tag("Keep") == ""
    enforce:
      - terminate: {after: 2d, backup: true}
`

// snapshotsOf are the ids of the snapshots of a volume.
func (w *world) snapshotsOf(volume string) []string {
	w.t.Helper()
	var ids []string
	for _, r := range w.all(resource.EC2Snapshot) {
		if s := r.(*resource.Snapshot); s.Volume == volume {
			ids = append(ids, s.Reference.ID)
		}
	}
	return slices.Sorted(slices.Values(ids))
}

// all are the resources of a type.
func (w *world) all(typ resource.Type) []resource.Resource {
	w.t.Helper()
	var out []resource.Resource
	err := w.aws.List(w.t.Context(), resource.Place{Account: account, Region: region}, typ, func(rs []resource.Resource) error {
		out = append(out, rs...)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// disk is a volume that no instance uses.
func (w *world) disk(tags tag.Set) string { return w.aws.Add(&resource.Volume{Base: at(tags)}) }

// due brings a world to where its steps are due, with a first run behind it.
func (w *world) due() {
	w.apply()
	w.aws.Clock().Advance(2 * day)
}

func TestAVolumeIsDeletedOnceItsBackupIsComplete(t *testing.T) {
	w := newWorld(t, insured)
	id := w.disk(tag.Set{"Name": "data"})
	w.due()
	r := w.apply()
	backup := find(t, r.Plan, id, action.Backup)
	want(t, "backup", []string{"done", id}, []string{string(backup.State), backup.Detail()})
	want(t, "delete", []string{string(plan.Waiting), reason.BackupPending}, stateOf(find(t, r.Plan, id, action.Delete)))
	taken := w.snapshotsOf(id)
	want(t, "snapshots", 1, len(taken))
	s, _ := w.aws.Resource(taken[0])
	want(t, "its tags", tag.Set{resource.BackupTag: id}, s.Tags())
	want(t, "it says", "Backup of "+id+", which policy old-disks ends", s.(*resource.Snapshot).Description)

	w.aws.Clock().Advance(sim.SnapshotTime / 2)
	r = w.apply()
	want(t, "still pending", []string{string(plan.Waiting), reason.BackupPending}, stateOf(find(t, r.Plan, id, action.Delete)))
	want(t, "in its reason", true, strings.Contains(find(t, r.Plan, id, action.Delete).Reason, taken[0]))
	want(t, "snapshots while one is pending", taken, w.snapshotsOf(id))
	want(t, "there", true, w.there(id))

	w.aws.Clock().Advance(sim.SnapshotTime / 2)
	r = w.apply()
	want(t, "complete", plan.Done, find(t, r.Plan, id, action.Delete).State)
	want(t, "relied on", taken, find(t, r.Plan, id, action.Delete).Backups)
	want(t, "there in the end", false, w.there(id))
	want(t, "snapshots in the end", taken, w.snapshotsOf(id))
}

func stateOf(a plan.Action) []string { return []string{string(a.State), a.Code} }

func TestAnInstanceIsTerminatedOnceAllItsVolumesAreBackedUp(t *testing.T) {
	w := newWorld(t, insured)
	id := w.aws.Launch(sim.Instance{Region: region, Volumes: []string{"vol-0aaaaaaaaaaaaaaa1", "vol-0aaaaaaaaaaaaaaa2"}})
	for _, v := range []string{"vol-0aaaaaaaaaaaaaaa1", "vol-0aaaaaaaaaaaaaaa2"} {
		w.aws.SetTags(v, tag.Set{"Keep": "yes"})
	}
	w.due()
	w.apply()
	want(t, "snapshots", []int{1, 1}, []int{len(w.snapshotsOf("vol-0aaaaaaaaaaaaaaa1")), len(w.snapshotsOf("vol-0aaaaaaaaaaaaaaa2"))})
	// It is stopped and started meanwhile: what it wrote since would be lost.
	w.aws.Clock().Advance(sim.SnapshotTime)
	for _, k := range []action.Kind{action.Stop, action.Start} {
		call := untagCall(resource.EC2Ref(resource.Place{Account: account, Region: region}, resource.EC2Instance, id), nil)
		call.Action = k
		if _, err := w.aws.Do(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		w.aws.Clock().Advance(time.Minute)
	}
	want(t, "after a start", []string{string(plan.Waiting), reason.BackupPending}, stateOf(find(t, w.apply().Plan, id, action.Terminate)))
	want(t, "taken anew", 2, len(w.snapshotsOf("vol-0aaaaaaaaaaaaaaa2")))
	w.aws.Clock().Advance(sim.SnapshotTime)
	a := find(t, w.apply().Plan, id, action.Terminate)
	want(t, "terminated", plan.Done, a.State)
	want(t, "relied on", 2, len(a.Backups))
}

func TestOnlyABackupOfTheVeryDataCounts(t *testing.T) {
	for name, forged := range map[string]func(w *world, id string) *resource.Snapshot{
		"of another volume": func(w *world, _ string) *resource.Snapshot {
			return &resource.Snapshot{Volume: w.disk(tag.Set{"Keep": "yes"})}
		},
		"from before it was due": func(w *world, id string) *resource.Snapshot {
			return &resource.Snapshot{Volume: id, CreatedAt: w.aws.Clock().Now().Add(-day)}
		},
		"failed": func(_ *world, id string) *resource.Snapshot { return &resource.Snapshot{Volume: id, State: "error"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, insured)
			id := w.disk(nil)
			w.due()
			s := forged(w, id)
			s.Base = at(tag.Set{resource.BackupTag: id})
			w.aws.Add(s)
			r := w.apply()
			want(t, "backup", plan.Done, find(t, r.Plan, id, action.Backup).State)
			want(t, "there", true, w.there(id))
		})
	}
}

// A policy that is run again after weeks takes a new backup first.
func TestAnOldBackupIsTakenAnew(t *testing.T) {
	w := newWorld(t, insured)
	id := w.disk(nil)
	w.due()
	w.apply()
	w.aws.Clock().Advance(9 * day)
	want(t, "backup", plan.Done, find(t, w.apply().Plan, id, action.Backup).State)
	want(t, "snapshots", 2, len(w.snapshotsOf(id)))
	w.aws.Clock().Advance(8 * day)
	want(t, "a week later", plan.Done, find(t, w.apply().Plan, id, action.Delete).State)
}

func TestNothingIsEndedWhereItsBackupsCannotBeReadOrTaken(t *testing.T) {
	for call, code := range map[string]string{"ec2:DescribeSnapshots": reason.BackupUnread, "ec2:CreateSnapshot": "denied"} {
		w := newWorld(t, insured)
		id := w.disk(nil)
		w.due()
		w.aws.Deny(call)
		for range 3 {
			r := w.apply()
			want(t, call, code, find(t, r.Plan, id, action.Backup).Code)
			w.aws.Clock().Advance(day)
		}
		w.aws.Mend()
		want(t, "there without "+call, []bool{true}, []bool{w.there(id)})
		want(t, "snapshots without "+call, 0, len(w.snapshotsOf(id)))
	}
}

func TestWhatCannotBeBackedUpIsHeld(t *testing.T) {
	w := newWorld(t, insured)
	failed := w.aws.Add(&resource.Volume{Base: at(nil), State: "error"})
	store := w.aws.Launch(sim.Instance{Region: region, RootDevice: "instance-store"})
	w.due()
	r := w.apply()
	want(t, "a volume that failed", []string{string(plan.Held), reason.NoBackup}, stateOf(find(t, r.Plan, failed, action.Delete)))
	want(t, "an instance store", []string{string(plan.Held), reason.NoBackup}, stateOf(find(t, r.Plan, store, action.Terminate)))
}

// Who deletes the backup between the plan and its execution keeps the volume.
func TestABackupIsLookedForAgainJustBefore(t *testing.T) {
	w := newWorld(t, insured)
	id := w.disk(nil)
	w.due()
	w.apply()
	w.aws.Clock().Advance(sim.SnapshotTime)
	p := w.plan()
	want(t, "planned", plan.Planned, find(t, p, id, action.Delete).State)
	if _, err := w.aws.Do(t.Context(), execute.Call{Action: action.Delete, Type: resource.EC2Snapshot, At: resource.Place{Account: account, Region: region}, IDs: w.snapshotsOf(id)}); err != nil {
		t.Fatal(err)
	}
	r := w.applyPlan(p)
	want(t, "delete", []string{string(plan.Skipped), reason.NoLongerHolds}, stateOf(find(t, r.Plan, id, action.Delete)))
	want(t, "there", true, w.there(id))
}

func TestAnObservingPolicySaysThatItWouldTakeABackup(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(insured, "mode: enforce", "mode: observe"))
	id := w.disk(nil)
	p := w.plan()
	want(t, "backup", plan.Would, find(t, p, id, action.Backup).State)
	want(t, "volumes", []string{id}, find(t, p, id, action.Backup).Volumes)
	want(t, "snapshots read", 0, w.aws.Calls()["ec2:DescribeSnapshots"])
}

// One call asks for the backups of all that is due.
func TestBackupsAreReadTogether(t *testing.T) {
	w := newWorld(t, insured)
	for range 20 {
		w.disk(nil)
	}
	w.due()
	w.plan()
	want(t, "calls", 1, w.aws.Calls()["ec2:DescribeSnapshots"])
}

// Whatever happens between runs, what is gone has a complete snapshot that was
// begun after it was due.
func TestNothingIsEndedWithoutABackup(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, insured)
		var disks []string
		for range rapid.IntRange(1, 4).Draw(rt, "volumes") {
			disks = append(disks, w.disk(nil))
		}
		w.due()
		dueAt := w.aws.Clock().Now()
		for n := range rapid.IntRange(1, 6).Draw(rt, "runs") {
			id := rapid.SampledFrom(disks).Draw(rt, "volume")
			switch rapid.IntRange(0, 4).Draw(rt, fmt.Sprint("before run ", n)) {
			case 0:
				w.aws.Deny("ec2:CreateSnapshot")
			case 1:
				w.aws.Mend()
			case 2:
				for _, s := range w.snapshotsOf(id) {
					_, _ = w.aws.Do(t.Context(), execute.Call{Action: action.Delete, Type: resource.EC2Snapshot, At: resource.Place{Account: account, Region: region}, IDs: []string{s}})
				}
			case 3:
				w.aws.Add(&resource.Snapshot{Base: at(tag.Set{resource.BackupTag: id}), Volume: id, CreatedAt: dueAt.Add(-2 * time.Hour)})
			}
			before := map[string]bool{}
			for _, d := range disks {
				before[d] = w.backedUp(d, dueAt)
			}
			w.apply()
			for _, d := range disks {
				if !w.there(d) && !before[d] {
					rt.Fatalf("%s was deleted without a backup", d)
				}
				if w.there(d) {
					continue
				}
				before[d] = true
			}
			disks = slices.DeleteFunc(disks, func(d string) bool { return !w.there(d) })
			if len(disks) == 0 {
				return
			}
			w.aws.Clock().Advance(time.Duration(rapid.IntRange(1, 30).Draw(rt, "minutes")) * time.Minute)
		}
	})
}

// backedUp says whether there is a complete snapshot of a volume from since on.
func (w *world) backedUp(volume string, since time.Time) bool {
	for _, r := range w.all(resource.EC2Snapshot) {
		s := r.(*resource.Snapshot)
		if s.Volume == volume && s.State == "completed" && !s.CreatedAt.Before(since) {
			return true
		}
	}
	return false
}
