package sim

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// kinds are the types beside instances that an account can have. The codes are
// those of "Error codes for the Amazon EC2 API".
var kinds = together(ec2Kinds, rdsKinds, groupKinds, serviceKinds)

// together is one table of several.
func together(tables ...map[resource.Type]*kind) map[resource.Type]*kind {
	all := map[resource.Type]*kind{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// ec2Kinds are those of EC2.
var ec2Kinds = map[resource.Type]*kind{
	resource.EC2Volume: deletable(deleteVolume, kindOf("vol", "InvalidVolume.NotFound", func(v *resource.Volume) *resource.Base { return &v.Base }, completeVolume)),
	resource.EC2Snapshot: deletable(deleteSnapshot, kindOf("snap", "InvalidSnapshot.NotFound", func(s *resource.Snapshot) *resource.Base { return &s.Base },
		func(s *resource.Snapshot, now time.Time) {
			s.State, s.Tier, s.CreatedAt = cmp.Or(s.State, "completed"), cmp.Or(s.Tier, "standard"), timeOr(s.CreatedAt, now)
		})),
	resource.EC2Image: deletable(deregisterImage, kindOf("ami", "InvalidAMIID.NotFound", func(i *resource.Image) *resource.Base {
		i.Snapshots = slices.Clone(i.Snapshots)
		return &i.Base
	}, func(i *resource.Image, now time.Time) {
		i.State, i.RootDevice, i.CreatedAt = cmp.Or(i.State, available), cmp.Or(i.RootDevice, "ebs"), timeOr(i.CreatedAt, now)
		i.Platform, i.Architecture = cmp.Or(i.Platform, "Linux/UNIX"), cmp.Or(i.Architecture, "arm64")
	})),
	resource.EC2NetworkInterface: deletable(deleteInterface, kindOf("eni", "InvalidNetworkInterfaceID.NotFound", func(n *resource.NetworkInterface) *resource.Base {
		n.SecurityGroups = slices.Clone(n.SecurityGroups)
		return &n.Base
	}, func(n *resource.NetworkInterface, _ time.Time) {
		n.InterfaceType = cmp.Or(n.InterfaceType, "interface")
		n.State = cmp.Or(n.State, usedOr(n.Attached() || n.Managed))
	})),
	resource.EC2SecurityGroup: deletable(deleteGroup, ruled(revokeIngress, kindOf("sg", "InvalidGroup.NotFound", func(g *resource.SecurityGroup) *resource.Base { return &g.Base }, nil))),
	resource.EC2NetworkACL: ruled(deleteACLEntry, kindOf("acl", "InvalidNetworkAclID.NotFound", func(l *resource.NetworkACL) *resource.Base {
		l.Subnets, l.Entries = slices.Clone(l.Subnets), slices.Clone(l.Entries)
		return &l.Base
	}, func(l *resource.NetworkACL, _ time.Time) {
		for i := range l.Entries {
			l.Entries[i].ID = resource.ACLRuleID(l.Entries[i].Direction, l.Entries[i].Number)
		}
	})),
	resource.EC2ElasticIP: deletable(releaseAddress, kindOf("eipalloc", "InvalidAllocationID.NotFound", func(e *resource.ElasticIP) *resource.Base { return &e.Base }, nil)),
	resource.EC2VPC: kindOf("vpc", "InvalidVpcID.NotFound", func(v *resource.VPC) *resource.Base { return &v.Base },
		func(v *resource.VPC, _ time.Time) {
			v.State, v.CIDR = cmp.Or(v.State, available), cmp.Or(v.CIDR, "10.0.0.0/16")
		}),
	resource.EC2Subnet: kindOf("subnet", "InvalidSubnetID.NotFound", func(s *resource.Subnet) *resource.Base { return &s.Base },
		func(s *resource.Subnet, _ time.Time) { s.State = cmp.Or(s.State, available) }),
}

// ruled is a kind whose rules can be revoked by an operation.
func ruled(op string, k *kind) *kind {
	k.revoke = op
	return k
}

func completeVolume(v *resource.Volume, now time.Time) {
	v.State, v.VolumeType, v.CreatedAt = cmp.Or(v.State, usedOr(v.Attached())), cmp.Or(v.VolumeType, "gp3"), timeOr(v.CreatedAt, now)
	v.Zone = cmp.Or(v.Zone, v.Reference.Region+"a")
	if v.Size == 0 {
		v.Size = 8
	}
	if v.IOPS == 0 && v.VolumeType == "gp3" {
		v.IOPS = 3000 // what every gp3 volume has at least
	}
}

// usedOr is the state of a volume or interface that is used, or is not.
func usedOr(used bool) string {
	if used {
		return "in-use"
	}
	return available
}

func timeOr(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}
