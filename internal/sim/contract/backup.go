package contract

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func testBackup(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	for typ, id := range map[resource.Type]string{resource.EC2Volume: b.Add(t, resource.EC2Volume), resource.EC2Instance: b.Launch(t, 1)[0]} {
		call := execute.Call{Action: action.Backup, Type: typ, At: b.Place, IDs: []string{id}, Policy: "old"}
		if taken, every, _ := resource.BackedUp(b.backed(t, typ, id), time.Time{}); every || len(taken) > 0 {
			t.Errorf("%s: before any backup it has %v", typ, taken)
		}
		answer, err := b.Actor.Do(t.Context(), call)
		if err != nil || len(answer.Failed) > 0 {
			t.Fatal(typ, err, answer.Failed)
		}
		r := b.backed(t, typ, id)
		taken, every, _ := resource.BackedUp(r, time.Time{})
		if !every || len(taken) != len(r.Disks()) || strings.Join(taken, ", ") != answer.Notes[id] {
			t.Errorf("%s with the disks %v: it has the backups %v, and the call said %q", typ, r.Disks(), taken, answer.Notes[id])
		}
		all, _ := r.Backups().Get(need.Backups)
		for _, x := range all {
			if !slices.Contains(r.Disks(), x.Volume) || x.Started.IsZero() || x.State != "pending" && x.State != "completed" {
				t.Errorf("%s: the backup %+v", typ, x)
			}
			s := b.one(t, resource.EC2Snapshot, x.Snapshot)
			if s.Tags()[resource.BackupTag] != id || !strings.Contains(s.(*resource.Snapshot).Description, id) || len(s.Tags()) != 1 {
				t.Errorf("%s: the snapshot says %v, %q", typ, s.Tags(), s.(*resource.Snapshot).Description)
			}
		}
		call.IDs = []string{id, id}
		if _, err := b.Actor.Do(t.Context(), call); fault.ClassOf(err) != fault.Invalid {
			t.Errorf("%s: naming two: %v", typ, err)
		}
		if call.IDs = []string{"vol-0aaaaaaaaaaaaaaaa"}; typ == resource.EC2Instance {
			call.IDs = []string{Absent}
		}
		answer, err = b.Actor.Do(t.Context(), call)
		if err == nil {
			err = answer.Failed[call.IDs[0]]
		}
		if fault.ClassOf(err) != fault.NotFound {
			t.Errorf("%s: what is not there: %v", typ, err)
		}
	}
}

// backed reads a resource with its backups.
func (b Backend) backed(t *testing.T, typ resource.Type, id string) resource.Backable {
	t.Helper()
	r := b.one(t, typ, id).(resource.Backable)
	if resource.Undecided(r, action.Backup) != need.Backups {
		t.Errorf("%s: what decides about a backup is %q", typ, resource.Undecided(r, action.Backup))
	}
	b.Source.Fill(t.Context(), b.Place, need.Backups, []resource.Resource{r})
	if no := r.Refuses(action.Backup); no != nil {
		t.Fatalf("%s cannot be backed up: %s", typ, no.Text)
	}
	return r
}
