package resource

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// EC2Snapshot is the type of *Snapshot.
const EC2Snapshot Type = "ec2:snapshot"

// copiedVolume is what EC2 names as the volume of a snapshot that was copied
// from another one ("Copy an Amazon EBS snapshot" in the EBS user guide).
const copiedVolume = "vol-ffffffff"

// Snapshot is what was read of an EBS snapshot that the account owns.
type Snapshot struct {
	Base
	Child
	Lasting
	Used
	Shared
	State       string // pending, completed, error, recoverable, recovering
	CreatedAt   time.Time
	Volume      string // what it was taken of; that may be gone
	Size        int    // GiB of the volume
	Encrypted   bool
	Description string
	Tier        string // standard, archive
}

// Parent is the volume it was taken of. That of a copy is not told.
func (s *Snapshot) Parent() Parent {
	if s.Volume == copiedVolume {
		return Parent{}
	}
	return parentOf(EC2Volume, s.Volume)
}

// Refuses returns why it must not be deleted, or nil. EC2 itself forbids only
// what an image is made of; who else was given a snapshot would miss it too.
func (s *Snapshot) Refuses(k action.Kind) *Refusal {
	if k != action.Delete {
		return nil
	}
	if s.State != snapshotComplete && s.State != "error" {
		return &Refusal{Code: reason.InUse, Text: "it is not complete: its state is " + s.State}
	}
	no := refuses(s.Users, need.SnapshotUse, "it is used by")
	if no == nil {
		no = refuses(s.With, need.SnapshotShares, "it is shared with")
	}
	return keptBy(&s.Base, s.Description, no)
}

var snapshotSchema = &Schema{
	Type:    EC2Snapshot,
	Title:   "EBS snapshot",
	Doc:     "A copy of a volume at one time; those that the account owns.",
	Actions: deletable,
	Fields: sorted(slices.Concat(shared[*Snapshot](need.Snapshots), snapshotFields,
		usedFields[*Snapshot](need.SnapshotUse, "images, launch templates, launch configurations"), []Field{sharedField[*Snapshot](need.SnapshotShares)},
		createdFields(need.Snapshots, "started", func(s *Snapshot) time.Time { return s.CreatedAt }),
		parentFields[*Snapshot](need.Snapshots, need.VolumeTags, "the volume it was taken of, which may be gone"))),
	Columns: []Column{
		column("Started (UTC)", func(s *Snapshot) string { return utc(s.CreatedAt) }),
		column("Size", func(s *Snapshot) string { return gib(s.Size) }),
		nameColumn, ownerColumn,
		column("Volume", func(s *Snapshot) string { return cmp.Or(s.Parent().ID, "not known") }),
	},
}

var snapshotFields = []Field{
	plain("state", String, need.Snapshots, "pending, completed, error, recoverable or recovering", func(s *Snapshot) any { return s.State }),
	plain("volume", String, need.Snapshots, "the id of the volume it was taken of; that of a copy, "+copiedVolume+", is nobody's", func(s *Snapshot) any { return s.Volume }),
	plain("size", Int, need.Snapshots, "the size of the volume in GiB", func(s *Snapshot) any { return s.Size }),
	plain("encrypted", Bool, need.Snapshots, "whether it is encrypted", func(s *Snapshot) any { return s.Encrypted }),
	plain("description", String, need.Snapshots, "what was said of it when it was taken, \"\" for nothing", func(s *Snapshot) any { return s.Description }),
	plain("tier", String, need.Snapshots, "standard or archive", func(s *Snapshot) any { return s.Tier }),
}

var _ Parented = (*Snapshot)(nil)
