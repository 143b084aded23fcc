package resource

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// EC2Image is the type of *Image.
const EC2Image Type = "ec2:image"

// Image is what was read of a machine image (AMI) that the account owns.
type Image struct {
	Base
	Lasting
	Used
	Shared
	State        string // available, pending, disabled, failed, deregistered, …
	CreatedAt    time.Time
	ImageName    string // given when it was made; not its Name tag
	Description  string
	Public       bool
	RootDevice   string   // ebs, instance-store
	Platform     string   // Linux/UNIX, Windows, …
	Architecture string   // x86_64, arm64, …
	Snapshots    []string // of its volumes
	// Protected says that it must not be deregistered: its own protection is on,
	// or was until a short while ago.
	Protected bool
}

// Ended says that it is deregistered or never came to be.
func (i *Image) Ended() bool {
	return i.State == "deregistered" || i.State == "invalid" || i.State == "failed"
}

// Refuses returns why it must not be deregistered, or nil. EC2 itself forbids
// nothing of this but what is protected: what starts instances from the image
// would fail only at the next start.
func (i *Image) Refuses(k action.Kind) *Refusal {
	if k != action.Delete {
		return nil
	}
	switch {
	case i.Protected:
		return &Refusal{Code: reason.DeletionProtection, Text: "its deregistration protection is on"}
	case i.Public:
		return &Refusal{Code: reason.InUse, Text: "it is public: every account can launch it"}
	case i.State == "pending" || i.State == "transient":
		return &Refusal{Code: reason.InUse, Text: "it is not complete: its state is " + i.State}
	}
	no := refuses(i.Users, need.ImageUse, "it is used by")
	if no == nil {
		no = refuses(i.With, need.ImageShares, "it is shared with")
	}
	return keptBy(&i.Base, i.Description, no)
}

var imageSchema = &Schema{
	Type:    EC2Image,
	Title:   "machine image",
	Doc:     "What instances are launched from (AMI); those that the account owns, deprecated and disabled ones too.",
	Actions: deletable,
	Fields: sorted(slices.Concat(shared[*Image](need.Images), imageFields,
		usedFields[*Image](need.ImageUse, "instances, launch templates in any version, launch configurations"), []Field{sharedField[*Image](need.ImageShares)},
		createdFields(need.Images, "made", func(i *Image) time.Time { return i.CreatedAt }))),
	Columns: []Column{
		column("Made (UTC)", func(i *Image) string { return utc(i.CreatedAt) }),
		column("Image name", func(i *Image) string { return i.ImageName }),
		nameColumn, ownerColumn,
		column("Public", func(i *Image) string { return yesNo(i.Public) }),
	},
}

var imageFields = []Field{
	plain("state", String, need.Images, "available, pending, disabled, transient, failed, error, invalid or deregistered", func(i *Image) any { return i.State }),
	plain("image_name", String, need.Images, "the name it was made with; its Name tag is name", func(i *Image) any { return i.ImageName }),
	plain("description", String, need.Images, "what was said of it when it was made, \"\" for nothing", func(i *Image) any { return i.Description }),
	plain("public", Bool, need.Images, "whether every account can launch it", func(i *Image) any { return i.Public }),
	plain("protected", Bool, need.Images, "whether its deregistration protection is on", func(i *Image) any { return i.Protected }),
	plain("root_device", String, need.Images, "ebs or instance-store", func(i *Image) any { return i.RootDevice }),
	plain("platform", String, need.Images, "such as Linux/UNIX or Windows", func(i *Image) any { return i.Platform }),
	plain("architecture", String, need.Images, "such as x86_64 or arm64", func(i *Image) any { return i.Architecture }),
	plain("snapshots", StringList, need.Images, "the ids of the snapshots of its volumes", func(i *Image) any { return i.Snapshots }),
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

var _ Resource = (*Image)(nil)
