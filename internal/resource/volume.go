package resource

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// EC2Volume is the type of *Volume.
const EC2Volume Type = "ec2:volume"

// Volume is what was read of an EBS volume.
type Volume struct {
	Base
	Child
	Lasting
	Backed
	State      string // creating, available, in-use, deleting, deleted, error
	CreatedAt  time.Time
	Size       int    // GiB
	VolumeType string // gp3, io2, …
	Encrypted  bool
	IOPS       int // 0 where the type of volume has none
	Zone       string
	// Instance is the one it is attached to, the first by id where it is attached
	// to several; "" where it is not attached.
	Instance string
	Snapshot string // the one it was made from, "" without one
	Operator string // the AWS service that manages it, "" for the account's own
}

// Attached says that it is in use: by an instance, or by what a service of AWS
// runs, which names none.
func (v *Volume) Attached() bool { return v.Instance != "" || v.State == inUse }

// Parent is the instance it is attached to.
func (v *Volume) Parent() Parent { return parentOf(EC2Instance, v.Instance) }

// Ended says that it is deleted or about to be.
func (v *Volume) Ended() bool { return v.State == "deleting" || v.State == "deleted" }

// Refuses returns why it must not be deleted, or nil: only a volume that is
// attached to nothing can be ("Delete an Amazon EBS volume").
func (v *Volume) Refuses(k action.Kind) *Refusal {
	switch {
	case k == action.Backup:
		return v.refusesBackup()
	case k != action.Delete:
		return nil
	case v.Operator != "":
		return &Refusal{Code: reason.ManagedByAWS, Text: v.Operator + " manages it, and AWS lets nobody else delete it"}
	case v.Instance != "":
		return &Refusal{Code: reason.InUse, Text: "it is attached to " + v.Instance}
	case v.State != stateAvailable && v.State != "error":
		return &Refusal{Code: reason.InUse, Text: "it is not free: its state is " + v.State}
	}
	return nil
}

var volumeSchema = &Schema{
	Type:    EC2Volume,
	Title:   "EBS volume",
	Doc:     "A disk, attached to an instance or not.",
	Actions: deletable,
	Metrics: volumeMetrics,
	Fields: sorted(slices.Concat(shared[*Volume](need.Volumes), volumeFields,
		createdFields(need.Volumes, "created", func(v *Volume) time.Time { return v.CreatedAt }),
		parentFields[*Volume](need.Volumes, need.InstanceTags, "the instance it is attached to"))),
	Columns: []Column{
		column("Created (UTC)", func(v *Volume) string { return utc(v.CreatedAt) }),
		column("Size", func(v *Volume) string { return gib(v.Size) }),
		column("Type", func(v *Volume) string { return v.VolumeType }),
		nameColumn, ownerColumn,
		column("Instance", func(v *Volume) string { return cmp.Or(v.Instance, "none") }),
	},
}

var volumeFields = []Field{
	plain("state", String, need.Volumes, "creating, available, in-use, deleting, deleted or error", func(v *Volume) any { return v.State }),
	plain("size", Int, need.Volumes, "its size in GiB", func(v *Volume) any { return v.Size }),
	plain("volume_type", String, need.Volumes, "such as gp3", func(v *Volume) any { return v.VolumeType }),
	plain("encrypted", Bool, need.Volumes, "whether it is encrypted", func(v *Volume) any { return v.Encrypted }),
	plain("iops", Int, need.Volumes, "the I/O operations a second it is provisioned for, 0 where its type has none", func(v *Volume) any { return v.IOPS }),
	plain("zone", String, need.Volumes, "the availability zone it is in", func(v *Volume) any { return v.Zone }),
	plain("attached", Bool, need.Volumes, "whether an instance or an AWS service uses it", func(v *Volume) any { return v.Attached() }),
	inUseField(need.Volumes, "whether an instance or an AWS service uses it, the same as attached", (*Volume).Attached),
	plain("instance", String, need.Volumes, "the id of the instance it is attached to, \"\" without one", func(v *Volume) any { return v.Instance }),
	plain("snapshot", String, need.Volumes, "the id of the snapshot it was made from, \"\" without one", func(v *Volume) any { return v.Snapshot }),
	plain("managed_by", String, need.Volumes, "the principal of the AWS service that manages it, \"\" for the account's own", func(v *Volume) any { return v.Operator }),
}

var _ Parented = (*Volume)(nil)
