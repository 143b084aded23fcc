package aws

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	callGroupRules     = need.Call{Service: "ec2", Operation: "DescribeSecurityGroupRules"}
	callRevokeIngress  = need.Call{Service: "ec2", Operation: "RevokeSecurityGroupIngress"}
	callRevokeEgress   = need.Call{Service: "ec2", Operation: "RevokeSecurityGroupEgress"}
	callDeleteACLEntry = need.Call{Service: "ec2", Operation: "DeleteNetworkAclEntry"}
)

// protocols are the words of those protocols that have one, by the number that
// network ACLs name them by. A security group has words for them itself, except
// that all is -1 ("IpPermission" in the EC2 API reference).
var protocols = map[string]string{"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// fillRules reads the rules of security groups, 200 groups at a time.
func (s *Source) fillRules(ctx context.Context, at resource.Place, rs []resource.Resource) {
	groups := map[string]*resource.SecurityGroup{}
	var ids []string
	for _, r := range rs {
		if g, ok := r.(*resource.SecurityGroup); ok {
			groups[g.Reference.ID] = g
			ids = append(ids, g.Reference.ID)
		}
	}
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		rules, err := s.groupRules(ctx, at, some)
		for _, id := range some {
			if err != nil {
				groups[id].RuleList = resource.Unread[[]resource.Rule](err)
			} else {
				groups[id].RuleList = resource.Known(rules[id])
			}
		}
	}
}

// groupRules are the rules of some security groups, by the group's id.
func (s *Source) groupRules(ctx context.Context, at resource.Place, ids []string) (map[string][]resource.Rule, error) {
	api, err := s.s.ec2(callGroupRules, at.Region)
	if err != nil {
		return nil, err
	}
	rules := map[string][]resource.Rule{}
	err = eachPage(callGroupRules, at.Region, func(token *string) (*string, error) {
		out, err := api.describeGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{
			Filters: filter("group-id", ids), MaxResults: awssdk.Int32(pageSize), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for i := range out.SecurityGroupRules {
			id := awssdk.ToString(out.SecurityGroupRules[i].GroupId)
			rules[id] = append(rules[id], groupRuleFrom(&out.SecurityGroupRules[i]))
		}
		return out.NextToken, nil
	})
	return rules, err
}

func groupRuleFrom(in *types.SecurityGroupRule) resource.Rule {
	r := resource.Rule{
		ID: awssdk.ToString(in.SecurityGroupRuleId), Direction: direction(in.IsEgress), Allow: true,
		Protocol:   word(in.IpProtocol),
		CIDR:       cmp.Or(awssdk.ToString(in.CidrIpv4), awssdk.ToString(in.CidrIpv6)),
		PrefixList: awssdk.ToString(in.PrefixListId), Description: awssdk.ToString(in.Description),
	}
	if g := in.ReferencedGroupInfo; g != nil {
		r.Group, r.GroupOwner = awssdk.ToString(g.GroupId), awssdk.ToString(g.UserId)
	}
	r.FromPort, r.ToPort = ports(r.Protocol, in.FromPort, in.ToPort)
	return r
}

// aclRuleFrom makes a rule of an entry; false for those that end every ACL.
func aclRuleFrom(in *types.NetworkAclEntry) (resource.Rule, bool) {
	r := resource.Rule{
		Direction: direction(in.Egress), Number: int(awssdk.ToInt32(in.RuleNumber)), Allow: in.RuleAction == types.RuleActionAllow,
		Protocol: word(in.Protocol), CIDR: cmp.Or(awssdk.ToString(in.CidrBlock), awssdk.ToString(in.Ipv6CidrBlock)),
	}
	r.ID = resource.ACLRuleID(r.Direction, r.Number)
	var from, to *int32
	if p := in.PortRange; p != nil {
		from, to = p.From, p.To
	}
	if t := in.IcmpTypeCode; t != nil && isICMP(r.Protocol) {
		from, to = t.Type, t.Code
	}
	r.FromPort, r.ToPort = ports(r.Protocol, from, to)
	return r, r.Number >= 1 && r.Number <= resource.LastACLRule
}

func direction(egress *bool) string {
	if awssdk.ToBool(egress) {
		return resource.Egress
	}
	return resource.Ingress
}

func word(protocol *string) string {
	p := awssdk.ToString(protocol)
	return cmp.Or(protocols[p], p)
}

func isICMP(protocol string) bool { return protocol == "icmp" || protocol == "icmpv6" }

// ports are those a rule is about. AWS tells none, or -1, for a rule about all
// of them, and for protocols other than TCP and UDP they mean nothing; of ICMP
// they are the type and the code.
func ports(protocol string, from, to *int32) (first, last int) {
	switch {
	case isICMP(protocol):
		return int(or(from, -1)), int(or(to, -1))
	case protocol != "tcp" && protocol != "udp", or(from, -1) < 0:
		return resource.FirstPort, resource.LastPort
	}
	return int(*from), int(or(to, *from))
}

func or(n *int32, otherwise int32) int32 {
	if n == nil {
		return otherwise
	}
	return *n
}

// outcomes gathers what came of changes that are made to one resource after
// the other.
type outcomes struct{ execute.Answer }

func newOutcomes() *outcomes {
	return &outcomes{execute.Answer{Before: map[string]json.RawMessage{}, Failed: map[string]error{}, Notes: map[string]string{}}}
}

// note records what came of one resource; before is nil where nothing changed.
func (o *outcomes) note(id, request string, before any, err error) {
	if before != nil {
		if b, jsonErr := json.Marshal(before); jsonErr == nil {
			o.Before[id] = b
		}
	}
	if err != nil {
		o.Failed[id] = err
	} else if request != "" {
		o.RequestID = request
	}
}

// mayBeDone says of a call that failed that AWS may have done it all the same:
// no answer came. What was there before is then worth knowing.
func mayBeDone(err error) bool {
	class := fault.ClassOf(err)
	return class == fault.TimedOut || class == fault.Passing
}

// revokedRules is what Before holds of a revocation.
type revokedRules struct {
	Rules []resource.Rule `json:"rules"`
}

// revokeGroupRules takes rules out of security groups: those of one direction
// in one call.
func revokeGroupRules(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out := newOutcomes()
	for _, id := range c.IDs {
		var gone []resource.Rule
		var request string
		var err error
		for _, way := range []string{resource.Ingress, resource.Egress} {
			rules := slices.DeleteFunc(slices.Clone(c.Rules[id]), func(r resource.Rule) bool { return r.Direction != way })
			if len(rules) == 0 {
				continue
			}
			request, err = api.revoke(ctx, id, way, rules)
			if err == nil || mayBeDone(err) {
				gone = append(gone, rules...)
			}
			if err != nil {
				break
			}
		}
		out.revoked(id, request, gone, err)
	}
	return out.Answer, nil
}

func (o *outcomes) revoked(id, request string, gone []resource.Rule, err error) {
	if len(gone) == 0 {
		o.note(id, request, nil, err)
		return
	}
	o.note(id, request, revokedRules{gone}, err)
}

// revoke takes rules of one direction out of a security group, by their ids.
func (a *ec2API) revoke(ctx context.Context, id, way string, rules []resource.Rule) (request string, err error) {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	if way == resource.Egress {
		out, err := a.revokeEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &id, SecurityGroupRuleIds: ids})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}
	out, err := a.revokeIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: ids})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

// deleteACLEntries takes rules out of network ACLs, each in a call of its own.
func deleteACLEntries(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out := newOutcomes()
	for _, id := range c.IDs {
		var gone []resource.Rule
		var request string
		var failed error
		for _, r := range c.Rules[id] {
			done, err := api.deleteACLEntry(ctx, &ec2.DeleteNetworkAclEntryInput{
				NetworkAclId: &id, RuleNumber: awssdk.Int32(int32(r.Number)), Egress: awssdk.Bool(r.Direction == resource.Egress),
			})
			if err == nil || mayBeDone(err) {
				gone = append(gone, r)
			}
			if failed = err; err != nil {
				break
			}
			request = requestID(done.ResultMetadata)
		}
		out.revoked(id, request, gone, failed)
	}
	return out.Answer, nil
}
