package resource

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
)

// Rule is one rule of a security group or of a network ACL. It has all that
// AWS needs to make the rule again.
type Rule struct {
	// ID is the rule's own, sgr-…; a network ACL's rules have none, and are known
	// by their direction and number: ingress/100.
	ID        string `json:"id"`
	Direction string `json:"direction"` // ingress or egress
	// Protocol is all, tcp, udp, icmp, icmpv6, or a protocol's number.
	Protocol string `json:"protocol"`
	// FromPort and ToPort are 0 and 65535 where the rule is about every port, as
	// it is for protocols that have none; of icmp and icmpv6 they are the type and
	// the code, -1 for any.
	FromPort int `json:"from_port"`
	ToPort   int `json:"to_port"`
	// CIDR is a block of IPv4 or IPv6 addresses. Of a security group's rule one of
	// CIDR, Group and PrefixList is set.
	CIDR       string `json:"cidr,omitempty"`
	Group      string `json:"group,omitempty"`
	PrefixList string `json:"prefix_list,omitempty"`
	// GroupOwner is the account of Group, where that is told.
	GroupOwner  string `json:"group_owner,omitempty"`
	Description string `json:"description,omitempty"`
	// Number is the place of a network ACL's rule; Allow is true of one that lets
	// traffic through, as every rule of a security group does.
	Number int  `json:"number,omitempty"`
	Allow  bool `json:"allow"`
}

// The directions of a rule.
const (
	Ingress = "ingress"
	Egress  = "egress"
)

// The ports of a rule that is about every one.
const (
	FirstPort = 0
	LastPort  = 65535
)

// LastACLRule is the highest number that a rule of one's own can have in a
// network ACL. Those above it end each ACL, and nobody can delete them
// (CreateNetworkAclEntry in the EC2 API reference).
const LastACLRule = 32766

// ACLRuleID is the ID of a network ACL's rule.
func ACLRuleID(direction string, number int) string { return fmt.Sprintf("%s/%d", direction, number) }

// SameTraffic says whether two rules are about the same traffic, in the same
// place of a network ACL: whether the one would make the other over again.
// Neither their ids nor what is said of them counts.
func (r Rule) SameTraffic(o Rule) bool {
	r.ID, r.Description, r.GroupOwner = o.ID, o.Description, o.GroupOwner
	return r == o
}

// String is the rule in a line: what it is called, and what it lets through.
func (r Rule) String() string {
	ports := fmt.Sprintf(" %d-%d", r.FromPort, r.ToPort)
	switch {
	case r.FromPort == FirstPort && r.ToPort == LastPort:
		ports = ""
	case r.FromPort == r.ToPort:
		ports = fmt.Sprintf(" %d", r.FromPort)
	}
	way := "from"
	if r.Direction == Egress {
		way = "to"
	}
	return fmt.Sprintf("%s: %s %s%s %s %s", r.ID, r.Direction, r.Protocol, ports, way, r.CIDR+r.Group+r.PrefixList)
}

// RuleField is one field of a rule as expressions and documentation see it.
type RuleField struct {
	Name string
	Type FieldType // String, Int or Bool
	// Doc is a sentence without a full stop.
	Doc string
	// Get returns a string, an int or a bool as Type says.
	Get func(Rule) any
	// only is the type whose rules alone have it, "" where all do.
	only Type
}

var ruleFields = []RuleField{
	{Name: "id", Type: String, Doc: "its id, sgr-…; of a network ACL its direction and number, ingress/100", Get: func(r Rule) any { return r.ID }},
	{Name: "direction", Type: String, Doc: "ingress or egress", Get: func(r Rule) any { return r.Direction }},
	{Name: "protocol", Type: String, Doc: "all, tcp, udp, icmp, icmpv6, or a protocol's number", Get: func(r Rule) any { return r.Protocol }},
	{Name: "from_port", Type: Int, Doc: "its first port, 0 where it is about all; of icmp the type, -1 for any", Get: func(r Rule) any { return r.FromPort }},
	{Name: "to_port", Type: Int, Doc: "its last port, 65535 where it is about all; of icmp the code, -1 for any", Get: func(r Rule) any { return r.ToPort }},
	{Name: "cidr", Type: String, Doc: "the addresses, IPv4 or IPv6, as in 0.0.0.0/0 or ::/0; \"\" where it names none", Get: func(r Rule) any { return r.CIDR }},
	{Name: "allow", Type: Bool, Doc: "whether it lets traffic through, as every rule of a security group does; a rule that denies it is never revoked", Get: func(r Rule) any { return r.Allow }},
	{Name: "group", Type: String, Doc: "the id of the security group it names, \"\" for none", Get: func(r Rule) any { return r.Group }, only: EC2SecurityGroup},
	{Name: "prefix_list", Type: String, Doc: "the id of the prefix list it names, \"\" for none", Get: func(r Rule) any { return r.PrefixList }, only: EC2SecurityGroup},
	{Name: "description", Type: String, Doc: "what was said of it, \"\" for nothing", Get: func(r Rule) any { return r.Description }, only: EC2SecurityGroup},
	{Name: "number", Type: Int, Doc: "its place: the lowest number that fits decides", Get: func(r Rule) any { return r.Number }, only: EC2NetworkACL},
}

// RuleFields are the fields that the rules of all these types have.
func RuleFields(of ...Type) []RuleField {
	var fields []RuleField
	for _, f := range ruleFields {
		if f.only == "" || !slices.ContainsFunc(of, func(t Type) bool { return t != f.only }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// RulesField is the name of the field for a resource's rules.
const RulesField = "rules"

// Ruled is a resource that has rules.
type Ruled interface {
	Resource
	// Rules are its rules, without the one that ends each network ACL; the error
	// is a *MissingFact or an *UnreadFact.
	Rules() ([]Rule, error)
}

// rulesField is the field of a type that has rules.
func rulesField[R Ruled](t Type, fact need.Fact) Field {
	var names []string
	for _, f := range RuleFields(t) {
		names = append(names, f.Name)
	}
	doc := "its rules, each with " + strings.Join(names, ", ") + "; as in resource.rules.exists(r, r.cidr == \"0.0.0.0/0\")"
	return field(RulesField, RuleList, fact, doc, func(r R, _ time.Time) (any, error) { return r.Rules() })
}
