package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var callModifyInterface = need.Call{Service: "ec2", Operation: "ModifyNetworkInterfaceAttribute"}

// isolatedFrom is what Before holds of an isolation: the security groups that
// each network interface had, and the one it got.
type isolatedFrom struct {
	SecurityGroups map[string][]string `json:"security_groups"`
	Given          map[string]string   `json:"given"`
}

// isolateInstances gives each network interface of instances one security group
// alone. It changes interfaces and not instances, as ModifyInstanceAttribute
// takes groups for an instance with a single interface only. Before it changes
// anything of an instance it reads the interfaces and groups: they must be
// those that were planned for, each group in the VPC of its interface.
func isolateInstances(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	at := c.At
	faces := map[string][]*resource.NetworkInterface{}
	for some := range slices.Chunk(distinct(c.IDs), maxFilterValues) {
		err := eachPage(callNetworkInterfaces, at.Region, func(token *string) (*string, error) {
			rs, next, err := networkInterfaces(ctx, api, at, filter("attachment.instance-id", some), token)
			for _, r := range rs {
				n := r.(*resource.NetworkInterface)
				faces[n.Instance] = append(faces[n.Instance], n)
			}
			return next, err
		})
		if err != nil {
			return execute.Answer{}, err
		}
	}
	vpcs, err := api.vpcsOfGroups(ctx, at, c.Groups)
	if err != nil {
		return execute.Answer{}, err
	}
	out := newOutcomes()
	for _, id := range c.IDs {
		if wrong := unfit(faces[id], c.Groups[id], vpcs); wrong != "" {
			f := invalid(callModifyInterface, at.Region, wrong)
			f.Class = fault.WrongState
			out.note(id, "", nil, f)
			continue
		}
		request, was, err := api.isolate(ctx, faces[id], c.Groups[id])
		if len(was.SecurityGroups) == 0 {
			out.note(id, request, nil, err)
			continue
		}
		out.note(id, request, was, err)
	}
	return out.Answer, nil
}

// vpcsOfGroups are the VPCs of the security groups, those that are there.
func (a *ec2API) vpcsOfGroups(ctx context.Context, at resource.Place, groups map[string]map[string]string) (map[string]string, error) {
	var ids []string
	for _, of := range groups {
		ids = append(ids, slices.Collect(maps.Values(of))...)
	}
	vpcs := map[string]string{}
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		err := eachPage(callSecurityGroups, at.Region, func(token *string) (*string, error) {
			out, err := a.describeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
				Filters: filter("group-id", some), MaxResults: awssdk.Int32(pageSize), NextToken: token,
			})
			if err != nil {
				return nil, err
			}
			for _, g := range out.SecurityGroups {
				vpcs[awssdk.ToString(g.GroupId)] = awssdk.ToString(g.VpcId)
			}
			return out.NextToken, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return vpcs, nil
}

// unfit says why an instance cannot be isolated as planned, "" where it can.
func unfit(faces []*resource.NetworkInterface, groups, vpcs map[string]string) string {
	if len(faces) != len(groups) || len(faces) == 0 {
		return fmt.Sprintf("the instance has %d network interfaces where %d were planned for", len(faces), len(groups))
	}
	for _, n := range faces {
		group, ok := groups[n.Reference.ID]
		vpc, there := vpcs[group]
		switch {
		case !ok:
			return fmt.Sprintf("network interface %s was not planned for", n.Reference.ID)
		case n.Managed:
			return fmt.Sprintf("network interface %s is a service's of AWS, which lets nobody else change it", n.Reference.ID)
		case !there:
			return fmt.Sprintf("there is no security group %s", group)
		case vpc != n.VPC:
			return fmt.Sprintf("security group %s is in %s, and network interface %s is in %s", group, vpc, n.Reference.ID, n.VPC)
		}
	}
	return ""
}

// isolate changes the interfaces of one instance that are not isolated yet, and
// returns the groups of those it changed or may have changed, also where one of
// them failed.
func (a *ec2API) isolate(ctx context.Context, faces []*resource.NetworkInterface, groups map[string]string) (request string, was isolatedFrom, err error) {
	was.SecurityGroups, was.Given = map[string][]string{}, map[string]string{}
	for _, n := range faces {
		id, want := n.Reference.ID, []string{groups[n.Reference.ID]}
		if slices.Equal(n.SecurityGroups, want) {
			continue
		}
		out, err := a.modifyInterface(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: &id, Groups: want})
		if err == nil || mayBeDone(err) {
			was.SecurityGroups[id], was.Given[id] = n.SecurityGroups, want[0]
		}
		if err != nil {
			return request, was, err
		}
		request = requestID(out.ResultMetadata)
	}
	return request, was, nil
}
