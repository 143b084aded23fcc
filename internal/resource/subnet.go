package resource

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/tagwarden/tagwarden/internal/need"
)

// EC2Subnet is the type of *Subnet.
const EC2Subnet Type = "ec2:subnet"

// Subnet is what was read of a subnet.
type Subnet struct {
	Base
	Child
	Lasting
	State        string // pending, available, unavailable, failed, failed-insufficient-capacity
	VPC          string
	CIDR         string // its IPv4 block, "" where it has IPv6 only
	Zone         string
	AvailableIPs int  // IPv4 addresses that nobody has
	Default      bool // the default of its availability zone
}

// Parent is the VPC it is in.
func (s *Subnet) Parent() Parent { return parentOf(EC2VPC, s.VPC) }

var subnetSchema = &Schema{
	Type:    EC2Subnet,
	Title:   "subnet",
	Doc:     "A part of a VPC in one availability zone; those that the account owns.",
	Actions: tagging,
	Fields: sorted(slices.Concat(shared[*Subnet](need.Subnets), subnetFields,
		parentFields[*Subnet](need.Subnets, need.VPCTags, "its VPC"))),
	Columns: []Column{
		nameColumn, ownerColumn,
		column("VPC", func(s *Subnet) string { return s.VPC }),
		column("CIDR", func(s *Subnet) string { return cmp.Or(s.CIDR, "none") }),
		column("Zone", func(s *Subnet) string { return s.Zone }),
		column("Free addresses", func(s *Subnet) string { return strconv.Itoa(s.AvailableIPs) }),
	},
}

var subnetFields = []Field{
	plain("state", String, need.Subnets, "pending, available, unavailable, failed or failed-insufficient-capacity", func(s *Subnet) any { return s.State }),
	plain("vpc", String, need.Subnets, "the id of its VPC", func(s *Subnet) any { return s.VPC }),
	plain("cidr", String, need.Subnets, "its IPv4 block, \"\" where it has IPv6 only", func(s *Subnet) any { return s.CIDR }),
	plain("zone", String, need.Subnets, "the availability zone it is in", func(s *Subnet) any { return s.Zone }),
	plain("available_ips", Int, need.Subnets, "how many of its IPv4 addresses are free", func(s *Subnet) any { return s.AvailableIPs }),
	plain("default", Bool, need.Subnets, "whether it is the default of its availability zone", func(s *Subnet) any { return s.Default }),
}

var _ Parented = (*Subnet)(nil)
