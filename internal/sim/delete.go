package sim

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The operations that end something for good.
const (
	deleteVolume    = "ec2:DeleteVolume"
	deleteSnapshot  = "ec2:DeleteSnapshot"
	deregisterImage = "ec2:DeregisterImage"
	deleteInterface = "ec2:DeleteNetworkInterface"
	deleteGroup     = "ec2:DeleteSecurityGroup"
	releaseAddress  = "ec2:ReleaseAddress"
)

// deletable gives a kind the operation that deletes it.
func deletable(op string, k *kind) *kind {
	k.effects = map[action.Kind]effect{action.Delete: {op, func(a *Account, x *thing) bool {
		a.regions[x.base.Reference.Region].remove(x)
		return true
	}}}
	return k
}

// Pages of AWS's documentation about deletions. What the pages of the calls do
// not name a code for is named by "Error codes for the Amazon EC2 API".
const (
	pageDeleteVolume    = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVolume.html"
	pageDeleteSnapshot  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html"
	pageDeleteInterface = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html"
	pageDeleteGroup     = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html"
	pageRelease         = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html"
	pageImageGuard      = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html"
	pageBackup          = "https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html"
)

// deletions refuse what is not there and what is in use.
var deletions = slices.Concat(
	missing(deleteVolume, resource.EC2Volume),
	[]Refusal{{deleteVolume, "the volume is attached", "VolumeInUse", fault.WrongState, pageDeleteVolume, false, of(func(v *resource.Volume, _ *call) bool { return v.Attached() })}},
	missing(deleteSnapshot, resource.EC2Snapshot),
	[]Refusal{
		{deleteSnapshot, "AWS Backup made the snapshot", "InvalidParameterValue", fault.Invalid, pageBackup, false,
			of(func(s *resource.Snapshot, _ *call) bool { return s.TagSet["aws:backup:source-resource"] != "" })},
		{deleteSnapshot, "an image is made of the snapshot", "InvalidSnapshot.InUse", fault.WrongState, pageDeleteSnapshot, false,
			of(func(s *resource.Snapshot, c *call) bool { return len(c.in.holders(s.Reference.ID)) > 0 })},
	},
	missing(deregisterImage, resource.EC2Image),
	// The page names no code; protection of instances answers so.
	[]Refusal{{deregisterImage, "deregistration protection is on", "OperationNotPermitted", fault.Protected, pageImageGuard, false,
		of(func(i *resource.Image, _ *call) bool { return i.Protected })}},
	missing(deleteInterface, resource.EC2NetworkInterface),
	[]Refusal{
		{deleteInterface, "an AWS service made the interface", "OperationNotPermitted", fault.Protected, pageDeleteInterface, false,
			of(func(n *resource.NetworkInterface, _ *call) bool { return n.Managed })},
		{deleteInterface, "the interface is attached", "InvalidNetworkInterface.InUse", fault.WrongState, pageDeleteInterface, false,
			of(func(n *resource.NetworkInterface, _ *call) bool { return n.Attached() })},
	},
	missing(deleteGroup, resource.EC2SecurityGroup),
	[]Refusal{
		{deleteGroup, "it is the default group of its VPC", "CannotDelete", fault.Protected, pageErrors, false,
			of(func(g *resource.SecurityGroup, _ *call) bool { return g.GroupName == "default" })},
		{deleteGroup, "an interface or another group uses it", "DependencyViolation", fault.WrongState, pageDeleteGroup, false,
			of(func(g *resource.SecurityGroup, c *call) bool {
				return slices.ContainsFunc(c.in.users(g.Reference.ID), func(by string) bool { return !strings.HasPrefix(by, "launch ") })
			})},
	},
	missing(releaseAddress, resource.EC2ElasticIP),
	[]Refusal{{releaseAddress, "the address is associated", "InvalidIPAddress.InUse", fault.WrongState, pageRelease, false,
		of(func(e *resource.ElasticIP, _ *call) bool { return e.Attached() })}},
	missing(describeSnapshotAttribute, resource.EC2Snapshot),
	missing(describeImageAttribute, resource.EC2Image),
)

// missing is the refusal of an id that is not there by an operation on one
// type, which takes one id.
func missing(op string, t resource.Type) []Refusal {
	return []Refusal{{op, "there is no such " + strings.TrimPrefix(string(t), "ec2:"), kinds[t].gone, fault.NotFound, pageErrors, false, func(c *call) string {
		return first(c.ids, func(id string) bool {
			i := c.in.item(id)
			return i == nil || i.reference().Type != t
		})
	}}}
}

// of finds the first resource of a type for which bad holds.
func of[R resource.Resource](bad func(R, *call) bool) func(*call) string {
	return func(c *call) string {
		for _, x := range c.things {
			if r, ok := x.res.(R); ok && bad(r, c) {
				return r.Ref().ID
			}
		}
		return ""
	}
}
