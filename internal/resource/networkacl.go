package resource

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/need"
)

// EC2NetworkACL is the type of *NetworkACL.
const EC2NetworkACL Type = "ec2:network-acl"

// NetworkACL is what was read of a network access control list.
type NetworkACL struct {
	Base
	Child
	Lasting
	VPC     string
	Default bool     // made with its VPC, and gone only with it
	Subnets []string // to which it applies
	Entries []Rule   // without those that end each ACL
}

// Parent is the VPC it is in.
func (a *NetworkACL) Parent() Parent { return parentOf(EC2VPC, a.VPC) }

// Rules are its rules.
func (a *NetworkACL) Rules() ([]Rule, error) { return a.Entries, nil }

var networkACLSchema = &Schema{
	Type:    EC2NetworkACL,
	Title:   "network ACL",
	Doc:     "A list of rules for the traffic of subnets.",
	Actions: withRevoke,
	Fields: sorted(slices.Concat(shared[*NetworkACL](need.NetworkACLs), networkACLFields,
		parentFields[*NetworkACL](need.NetworkACLs, need.VPCTags, "its VPC"))),
	Columns: []Column{
		nameColumn, ownerColumn,
		column("VPC", func(a *NetworkACL) string { return a.VPC }),
		column("Default", func(a *NetworkACL) string { return yesNo(a.Default) }),
	},
}

var networkACLFields = []Field{
	rulesField[*NetworkACL](EC2NetworkACL, need.NetworkACLs),
	plain("vpc", String, need.NetworkACLs, "the id of its VPC", func(a *NetworkACL) any { return a.VPC }),
	plain("default", Bool, need.NetworkACLs, "whether it is the one that was made with its VPC", func(a *NetworkACL) any { return a.Default }),
	plain("subnets", StringList, need.NetworkACLs, "the ids of the subnets it applies to", func(a *NetworkACL) any { return a.Subnets }),
}

var (
	_ Parented = (*NetworkACL)(nil)
	_ Ruled    = (*NetworkACL)(nil)
)
