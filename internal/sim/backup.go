package sim

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The operations that take snapshots.
const (
	createSnapshot  = "ec2:CreateSnapshot"
	createSnapshots = "ec2:CreateSnapshots"
)

// SnapshotTime is how long a snapshot that was taken by a call is pending.
const SnapshotTime = 10 * time.Minute

const (
	pageCreateSnapshot  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html"
	pageCreateSnapshots = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html"
)

// backups refuse what no snapshot can be taken of.
var backups = slices.Concat(
	missing(createSnapshot, resource.EC2Volume),
	[]Refusal{
		{createSnapshot, "the volume has failed", "IncorrectState", fault.WrongState, pageCreateSnapshot, false,
			of(func(v *resource.Volume, _ *call) bool { return v.State == "error" })},
		{createSnapshots, "there is no such instance", "InvalidInstanceID.NotFound", fault.NotFound, pageCreateSnapshots, false, unknownWith("i")},
	},
)

// backUp takes snapshots of volumes, and of all volumes of instances.
func (a *Account) backUp(ctx context.Context, c execute.Call) (execute.Answer, error) {
	out := newResults()
	op, _ := operation(c.Action, c.Type)
	if len(c.IDs) != 1 {
		return out.answer, &fault.Error{Class: fault.Invalid, Call: op, Region: c.At.Region, Message: "the call takes one resource"}
	}
	id := c.IDs[0]
	request, err := a.step(ctx, op, c, id, func(*call) {}, func() {
		disks := []string{id}
		if r := a.regions[c.At.Region].byID[id]; r != nil {
			disks = r.inst.Volumes
		}
		var taken []string
		for _, disk := range disks {
			taken = append(taken, a.snapshot(c, disk, id))
		}
		out.answer.Notes[id] = strings.Join(taken, ", ")
	})
	if err != nil {
		return execute.Answer{}, err
	}
	out.answer.RequestID = request
	return out.answer, nil
}

// snapshot takes a snapshot of a volume, as a backup of what has that id.
func (a *Account) snapshot(c execute.Call, disk, of string) string {
	s := &resource.Snapshot{State: pending, Volume: disk, Description: "Backup of " + of + ", which policy " + c.Policy + " ends"}
	if x := a.regions[c.At.Region].thingByID[disk]; x != nil {
		v := x.res.(*resource.Volume)
		s.Size, s.Encrypted = v.Size, v.Encrypted
	}
	s.TagSet = tag.Set{resource.BackupTag: of}
	x := a.put(resource.EC2Snapshot, c.At.Region, a.newID("snap"), s)
	a.copying = append(a.copying, x)
	return x.reference().ID
}

// completeSnapshots completes those that were taken long enough ago.
func (a *Account) completeSnapshots(now time.Time) {
	for len(a.copying) > 0 {
		s := a.copying[0].res.(*resource.Snapshot)
		if now.Before(s.CreatedAt.Add(SnapshotTime)) {
			return
		}
		s.State = "completed"
		a.copying = a.copying[1:]
	}
}

// fillBackups reads the backups of volumes and instances.
func (a *Account) fillBackups(ctx context.Context, at resource.Place, rs []resource.Resource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.begin(ctx, listing(resource.EC2Snapshot), at)
	for _, r := range rs {
		b, ok := r.(resource.Backable)
		switch {
		case !ok:
		case err != nil:
			b.SetBackups(resource.Unread[[]resource.Backup](err))
		default:
			b.SetBackups(resource.Known(a.regions[at.Region].backupsOf(r.Ref().ID)))
		}
	}
}

// backupsOf are the snapshots that are tagged as backups of a resource.
func (r *region) backupsOf(id string) []resource.Backup {
	var out []resource.Backup
	for _, x := range r.things[resource.EC2Snapshot] {
		if s := x.res.(*resource.Snapshot); x.tags()[resource.BackupTag] == id {
			out = append(out, resource.Backup{Snapshot: s.Reference.ID, Volume: s.Volume, State: s.State, Started: s.CreatedAt})
		}
	}
	return out
}
