package resource

import (
	"errors"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// BackupTag is the key of the tag by which a backup is found again: its value
// is the id of the volume or instance that it was taken of.
const BackupTag = "tagwarden:backup-of"

// Backup is a snapshot that was taken of a volume before it, or its instance,
// is ended.
type Backup struct {
	Snapshot string
	Volume   string // EC2's own word, not the tag's
	State    string // as that of a Snapshot
	Started  time.Time
}

// Backed is embedded by types of which a backup can be taken. Its zero value is
// one of which it was not read whether there are any.
type Backed struct {
	Taken Lazy[[]Backup]
}

// Backups are those that carry BackupTag with the resource's id.
func (b *Backed) Backups() Lazy[[]Backup] { return b.Taken }

// SetBackups sets them once they were read, or could not be.
func (b *Backed) SetBackups(l Lazy[[]Backup]) { b.Taken = l }

// Backable is a resource of a type that embeds Backed.
type Backable interface {
	Resource
	Backups() Lazy[[]Backup]
	SetBackups(Lazy[[]Backup])
	// Disks are the ids of the volumes that hold its data, sorted.
	Disks() []string
	// Ran is when it was last started, zero where that is not known or means
	// nothing: what was backed up before has changed since.
	Ran() time.Time
}

// CanBackUp says whether a backup of resources of a type can be taken.
func CanBackUp(t Type) bool { return t == EC2Volume || t == EC2Instance }

// Disks is the volume itself.
func (v *Volume) Disks() []string { return []string{v.Reference.ID} }

// Ran is not known of a volume.
func (v *Volume) Ran() time.Time { return time.Time{} }

// Disks are the volumes that are attached to it.
func (i *Instance) Disks() []string { return slices.Sorted(slices.Values(i.Volumes)) }

// Ran is its last start.
func (i *Instance) Ran() time.Time { return i.LaunchedAt }

// refusesBackup is why no backup can be taken, or why it is not known whether
// there is one.
func (b *Backed) refusesBackup() *Refusal {
	_, err := b.Taken.Get(need.Backups)
	if m, ok := errors.AsType[*MissingFact](err); ok {
		return &Refusal{Code: reason.BackupUnread, Text: "its backups were not read", Fact: m.Fact}
	}
	if err != nil {
		return &Refusal{Code: reason.BackupUnread, Text: "its backups could not be read: " + err.Error()}
	}
	return nil
}

// refusesBackup: EC2 takes snapshots of a volume in every state but these
// ("Create Amazon EBS snapshots" in the EBS user guide).
func (v *Volume) refusesBackup() *Refusal {
	if v.State == "error" || v.State == "creating" {
		return &Refusal{Code: reason.NoBackup, Text: "no snapshot can be taken of it: its state is " + v.State}
	}
	return v.Backed.refusesBackup()
}

// refusesBackup: only EBS has snapshots.
func (i *Instance) refusesBackup() *Refusal {
	switch {
	case i.RootDevice == "instance-store":
		return &Refusal{Code: reason.NoBackup, Text: "its root device is an instance store, of which there are no snapshots"}
	case len(i.Volumes) == 0:
		return &Refusal{Code: reason.NoBackup, Text: "it has no volume of which a snapshot could be taken"}
	}
	return i.Backed.refusesBackup()
}

// BackedUp returns the newest snapshot of each disk that was begun at or after
// since, complete ones first, and whether each disk has one. whole says that
// all of them are complete. What has not been read has none.
func BackedUp(r Backable, since time.Time) (snapshots []string, every, whole bool) {
	all, err := r.Backups().Get(need.Backups)
	if err != nil {
		return nil, false, false
	}
	every, whole = len(r.Disks()) > 0, true
	for _, disk := range r.Disks() {
		var best *Backup
		for i := range all {
			if b := &all[i]; b.Volume == disk && !b.Started.Before(since) && b.better(best) {
				best = b
			}
		}
		if best == nil {
			every = false
			continue
		}
		snapshots = append(snapshots, best.Snapshot)
		whole = whole && best.State == snapshotComplete
	}
	slices.Sort(snapshots)
	return snapshots, every, every && whole
}

const (
	snapshotComplete = "completed"
	snapshotPending  = "pending"
)

// better says whether to rely on b rather than on another, nil for none. What
// failed is none.
func (b *Backup) better(other *Backup) bool {
	switch {
	case b.State != snapshotComplete && b.State != snapshotPending:
		return false
	case other == nil:
		return true
	case b.State != other.State:
		return b.State == snapshotComplete
	case !b.Started.Equal(other.Started):
		return b.Started.After(other.Started)
	default:
		return b.Snapshot < other.Snapshot
	}
}

var (
	_ Backable = (*Volume)(nil)
	_ Backable = (*Instance)(nil)
)
