package resource

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// EC2SecurityGroup is the type of *SecurityGroup.
const EC2SecurityGroup Type = "ec2:security-group"

// SecurityGroup is what was read of a security group.
type SecurityGroup struct {
	Base
	Child
	Lasting
	Used
	VPC         string
	GroupName   string
	Description string
	RuleList    Lazy[[]Rule]
}

// Parent is the VPC it is in.
func (g *SecurityGroup) Parent() Parent { return parentOf(EC2VPC, g.VPC) }

// Refuses returns why it must not be deleted, or nil.
func (g *SecurityGroup) Refuses(k action.Kind) *Refusal {
	switch {
	case k != action.Delete:
		return nil
	case g.GroupName == "default":
		return &Refusal{Code: reason.ManagedByAWS, Text: "every VPC keeps its default group"}
	}
	return refuses(g.Users, need.GroupUse, "it is used by")
}

// Rules are its rules, once they were read.
func (g *SecurityGroup) Rules() ([]Rule, error) { return g.RuleList.Get(need.SecurityGroupRules) }

var securityGroupSchema = &Schema{
	Type:    EC2SecurityGroup,
	Title:   "security group",
	Doc:     "A set of rules for the traffic of network interfaces; those that the account owns.",
	Actions: append(slices.Clone(withRevoke), action.Delete),
	Fields: sorted(slices.Concat(shared[*SecurityGroup](need.SecurityGroups), securityGroupFields,
		usedFields[*SecurityGroup](need.GroupUse, "network interfaces, rules of other groups, launch templates, launch configurations"),
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
