package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Pages about what is done to one resource at a time.
const (
	pageModifyFace = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html"
	pageRequester  = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html"
	pageDeleteACL  = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAclEntry.html"
	pageSend       = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html"
	pageInvoke     = "https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"
	pageQuotas     = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
)

// What is not there to change a network interface of.
var (
	noInstance = Refusal{modifyInterface, "there is no such instance", "InvalidInstanceID.NotFound", fault.NotFound, pageErrors, false, nil}
	noFace     = Refusal{modifyInterface, "there is no such network interface", "InvalidNetworkInterfaceID.NotFound", fault.NotFound, pageErrors, false, nil}
)

var singleRefusals = slices.Concat([]Refusal{
	{modifyInterface, "a service of AWS made the network interface", "AuthFailure", fault.Credentials, pageRequester, false, func(c *call) string {
		return unless(!c.face.Managed, c.face.ID)
	}},
	{modifyInterface, "there is no such security group", "InvalidGroup.NotFound", fault.NotFound, pageErrors, false, func(c *call) string {
		return unless(c.quarantine != nil, c.group)
	}},
	// No page names the code; it is that of a launch with such a group.
	{modifyInterface, "the security group is in another VPC", "InvalidParameter", fault.Invalid, pageModifyFace, false, func(c *call) string {
		return unless(c.quarantine == nil || c.quarantine.VPC == c.face.VPC, c.group)
	}},
}, revokeRefusals(revokeIngress), revokeRefusals(revokeEgress), []Refusal{
	{deleteACLEntry, "there is no such network ACL", "InvalidNetworkAclID.NotFound", fault.NotFound, pageErrors, false, unknownWith("acl")},
	{deleteACLEntry, "it is one of the rules that end every ACL", "InvalidParameterValue", fault.Invalid, pageDeleteACL, false, func(c *call) string {
		return c.firstRule(func(r resource.Rule) bool { return r.Number < 1 || r.Number > resource.LastACLRule })
	}},
	{authorizeIngress, "there is no such security group", "InvalidGroup.NotFound", fault.NotFound, pageErrors, false, unknownWith("sg")},
	{authorizeIngress, "the rule is there", "InvalidPermission.Duplicate", fault.WrongState, pageErrors, false, (*call).sameRule},
	{authorizeEgress, "there is no such security group", "InvalidGroup.NotFound", fault.NotFound, pageErrors, false, unknownWith("sg")},
	{authorizeEgress, "the rule is there", "InvalidPermission.Duplicate", fault.WrongState, pageErrors, false, (*call).sameRule},
	{createACLEntry, "there is no such network ACL", "InvalidNetworkAclID.NotFound", fault.NotFound, pageErrors, false, unknownWith("acl")},
	{createACLEntry, "a rule has this number", "NetworkAclEntryAlreadyExists", fault.WrongState, pageErrors, false, (*call).sameRule},
	{deleteACLEntry, "there is no such rule", "InvalidNetworkAclEntry.NotFound", fault.WrongState, pageErrors, false, (*call).strangeRule},
	{sendCommand, "there is no such document", "InvalidDocument", fault.Invalid, pageSend, false, func(c *call) string {
		return unless(c.knownDocument, c.document)
	}},
	{invokeFunction, "there is no such function", "ResourceNotFoundException", fault.NotFound, pageInvoke, false, func(c *call) string {
		return unless(c.knownFunction, c.function)
	}},
	{invokeFunction, "the event is longer than 1 MB", "RequestTooLargeException", fault.Invalid, pageQuotas, false, func(c *call) string {
		return unless(len(c.payload) <= maxInvocation, fmt.Sprintf("%d bytes", len(c.payload)))
	}},
})

func revokeRefusals(op string) []Refusal {
	return []Refusal{
		{op, "there is no such security group", "InvalidGroup.NotFound", fault.NotFound, pageErrors, false, unknownWith("sg")},
		{op, "there is no such rule", "InvalidSecurityGroupRuleId.NotFound", fault.WrongState, pageErrors, false, (*call).strangeRule},
	}
}

// strangeRule finds the first rule of the call that the resource does not have.
func (c *call) strangeRule() string {
	if len(c.things) == 0 {
		return ""
	}
	have := c.things[0].rules()
	return c.firstRule(func(r resource.Rule) bool {
		return !slices.ContainsFunc(have, func(h resource.Rule) bool { return h.ID == r.ID })
	})
}

// sameRule finds the first rule of the call that the resource has already: of a
// security group one that lets the same through, of a network ACL any with its
// number.
func (c *call) sameRule() string {
	if len(c.things) == 0 {
		return ""
	}
	have := c.things[0].rules()
	return c.firstRule(func(r resource.Rule) bool {
		return slices.ContainsFunc(have, func(h resource.Rule) bool { return r.Number > 0 && h.ID == r.ID || r.SameTraffic(h) })
	})
}

func (c *call) firstRule(bad func(resource.Rule) bool) string {
	if i := slices.IndexFunc(c.rules, bad); i >= 0 {
		return c.rules[i].ID
	}
	return ""
}

// lookAround finds what a call names beside its ids.
func (a *Account) lookAround(c *call) {
	if x, ok := a.regions[c.region].thingByID[c.group]; ok {
		c.quarantine, _ = x.res.(*resource.SecurityGroup)
	}
	c.knownDocument = strings.HasPrefix(c.document, documentsThatAWSOffers) || a.documents[c.document]
	c.knownFunction = a.functions[functionOf(c.region, c.function)]
}
