package resource

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/need"
)

// EC2VPC is the type of *VPC.
const EC2VPC Type = "ec2:vpc"

// VPC is what was read of a virtual private cloud.
type VPC struct {
	Base
	Lasting
	State   string // pending, available
	CIDR    string // its primary IPv4 block
	Default bool   // made by AWS with the account
}

var vpcSchema = &Schema{
	Type:    EC2VPC,
	Title:   "VPC",
	Doc:     "A virtual network; those that the account owns.",
	Actions: tagging,
	Fields:  sorted(slices.Concat(shared[*VPC](need.VPCs), vpcFields)),
	Columns: []Column{
		nameColumn, ownerColumn,
		column("CIDR", func(v *VPC) string { return v.CIDR }),
		column("Default", func(v *VPC) string { return yesNo(v.Default) }),
	},
}

var vpcFields = []Field{
	plain("state", String, need.VPCs, "pending or available", func(v *VPC) any { return v.State }),
	plain("cidr", String, need.VPCs, "its primary IPv4 block, such as 10.0.0.0/16", func(v *VPC) any { return v.CIDR }),
	plain("default", Bool, need.VPCs, "whether AWS made it with the account", func(v *VPC) any { return v.Default }),
}

var _ Resource = (*VPC)(nil)
