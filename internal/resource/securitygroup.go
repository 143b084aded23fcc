package resource

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/need"
)

// EC2SecurityGroup is the type of *SecurityGroup.
const EC2SecurityGroup Type = "ec2:security-group"

// SecurityGroup is what was read of a security group.
type SecurityGroup struct {
	Base
	Child
	Lasting
	VPC         string
	GroupName   string
	Description string
	RuleList    Lazy[[]Rule]
}

// Parent is the VPC it is in.
func (g *SecurityGroup) Parent() Parent { return parentOf(EC2VPC, g.VPC) }

// Rules are its rules, once they were read.
func (g *SecurityGroup) Rules() ([]Rule, error) { return g.RuleList.Get(need.SecurityGroupRules) }

var securityGroupSchema = &Schema{
	Type:    EC2SecurityGroup,
	Title:   "security group",
	Doc:     "A set of rules for the traffic of network interfaces; those that the account owns.",
	Actions: withRevoke,
	Fields: sorted(slices.Concat(shared[*SecurityGroup](need.SecurityGroups), securityGroupFields,
		parentFields[*SecurityGroup](need.SecurityGroups, need.VPCTags, "its VPC"))),
	Columns: []Column{
		column("Group name", func(g *SecurityGroup) string { return g.GroupName }),
		nameColumn, ownerColumn,
		column("VPC", func(g *SecurityGroup) string { return g.VPC }),
		column("Description", func(g *SecurityGroup) string { return g.Description }),
	},
}

var securityGroupFields = []Field{
	rulesField[*SecurityGroup](EC2SecurityGroup, need.SecurityGroupRules),
	plain("vpc", String, need.SecurityGroups, "the id of its VPC", func(g *SecurityGroup) any { return g.VPC }),
	plain("group_name", String, need.SecurityGroups, "the name it was made with, \"default\" for that of each VPC; its Name tag is name", func(g *SecurityGroup) any { return g.GroupName }),
	plain("description", String, need.SecurityGroups, "what was said of it when it was made", func(g *SecurityGroup) any { return g.Description }),
}

var (
	_ Parented = (*SecurityGroup)(nil)
	_ Ruled    = (*SecurityGroup)(nil)
)
