package aws

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	callAuthorizeIngress = need.Call{Service: "ec2", Operation: "AuthorizeSecurityGroupIngress"}
	callAuthorizeEgress  = need.Call{Service: "ec2", Operation: "AuthorizeSecurityGroupEgress"}
	callCreateACLEntry   = need.Call{Service: "ec2", Operation: "CreateNetworkAclEntry"}
)

// restoreGroups gives network interfaces of instances the security groups that
// they had before an isolation. EC2 refuses groups that are gone by now, and
// then the interface stays isolated.
func restoreGroups(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out := newOutcomes()
	for _, id := range c.IDs {
		var request string
		var failed error
		for _, face := range slices.Sorted(maps.Keys(c.Former[id])) {
			done, err := api.modifyInterface(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: &face, Groups: c.Former[id][face]})
			if err != nil {
				failed = fmt.Errorf("giving network interface %s its security groups back: %w", face, err)
				break
			}
			request = requestID(done.ResultMetadata)
		}
		out.note(id, request, nil, failed)
	}
	return out.Answer, nil
}

// restoreGroupRules makes rules of security groups anew, those of one direction
// in one call, which makes all of them or none. EC2 gives them new ids. Rules
// that are there again are left.
func restoreGroupRules(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out := newOutcomes()
	for _, id := range c.IDs {
		var request string
		var err error
		for _, way := range []string{resource.Ingress, resource.Egress} {
			var permissions []types.IpPermission
			for _, r := range c.Rules[id] {
				if r.Direction == way {
					permissions = append(permissions, permissionOf(r))
				}
			}
			if len(permissions) == 0 {
				continue
			}
			if request, err = api.authorizeAll(ctx, id, way, permissions); err != nil {
				break
			}
		}
		out.note(id, request, nil, err)
	}
	return out.Answer, nil
}

// authorizeAll makes rules in one call, and where one of them is there again
// one by one: a rule that somebody has made meanwhile is as good as ours.
func (a *ec2API) authorizeAll(ctx context.Context, id, way string, permissions []types.IpPermission) (request string, err error) {
	request, err = a.authorize(ctx, id, way, permissions)
	if fault.ClassOf(err) != fault.WrongState {
		return request, err
	}
	for _, p := range permissions {
		made, err := a.authorize(ctx, id, way, []types.IpPermission{p})
		if err != nil && fault.ClassOf(err) != fault.WrongState {
			return request, err
		}
		request = cmp.Or(made, request)
	}
	return request, nil
}

func (a *ec2API) authorize(ctx context.Context, id, way string, permissions []types.IpPermission) (request string, err error) {
	if way == resource.Egress {
		out, err := a.authorizeEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &id, IpPermissions: permissions})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}
	out, err := a.authorizeIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: permissions})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

// permissionOf is what makes a security group's rule: the opposite of
// groupRuleFrom. A rule about every protocol names no ports, and one of a
// protocol that has none does not either.
func permissionOf(r resource.Rule) types.IpPermission {
	p := types.IpPermission{IpProtocol: awssdk.String(r.Protocol)}
	if r.Protocol == "all" {
		p.IpProtocol = awssdk.String("-1")
	}
	if isICMP(r.Protocol) || r.Protocol == "tcp" || r.Protocol == "udp" {
		p.FromPort, p.ToPort = awssdk.Int32(int32(r.FromPort)), awssdk.Int32(int32(r.ToPort))
	}
	said := given(r.Description)
	switch {
	case r.Group != "":
		p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: &r.Group, UserId: given(r.GroupOwner), Description: said}}
	case r.PrefixList != "":
		p.PrefixListIds = []types.PrefixListId{{PrefixListId: &r.PrefixList, Description: said}}
	case strings.Contains(r.CIDR, ":"):
		p.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: &r.CIDR, Description: said}}
	default:
		p.IpRanges = []types.IpRange{{CidrIp: &r.CIDR, Description: said}}
	}
	return p
}

// createACLEntries makes rules of network ACLs anew, each with the number that
// it had and in a call of its own.
func createACLEntries(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out := newOutcomes()
	for _, id := range c.IDs {
		var request string
		var failed error
		for _, r := range c.Rules[id] {
			done, err := api.createACLEntry(ctx, entryOf(id, r))
			if err != nil {
				failed = fmt.Errorf("making the rule %s anew: %w", r.ID, err)
				break
			}
			request = requestID(done.ResultMetadata)
		}
		out.note(id, request, nil, failed)
	}
	return out.Answer, nil
}

// entryOf is what makes a network ACL's rule: the opposite of aclRuleFrom.
func entryOf(acl string, r resource.Rule) *ec2.CreateNetworkAclEntryInput {
	in := &ec2.CreateNetworkAclEntryInput{
		NetworkAclId: &acl, RuleNumber: awssdk.Int32(int32(r.Number)), Egress: awssdk.Bool(r.Direction == resource.Egress),
		Protocol: awssdk.String(numberOf(r.Protocol)), RuleAction: types.RuleActionDeny,
	}
	if r.Allow {
		in.RuleAction = types.RuleActionAllow
	}
	if strings.Contains(r.CIDR, ":") {
		in.Ipv6CidrBlock = &r.CIDR
	} else {
		in.CidrBlock = &r.CIDR
	}
	from, to := awssdk.Int32(int32(r.FromPort)), awssdk.Int32(int32(r.ToPort))
	switch {
	case isICMP(r.Protocol):
		in.IcmpTypeCode = &types.IcmpTypeCode{Type: from, Code: to}
	case r.Protocol == "tcp", r.Protocol == "udp":
		in.PortRange = &types.PortRange{From: from, To: to}
	}
	return in
}

// numberOf is the number of a protocol, as network ACLs name it.
func numberOf(protocol string) string {
	for number, word := range protocols {
		if word == protocol {
			return number
		}
	}
	return protocol
}
