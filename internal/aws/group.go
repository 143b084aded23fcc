package aws

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// groupsPage is the most that DescribeAutoScalingGroups gives at once
// (MaxRecords), and how many names it takes then.
const groupsPage = 100

// groups reads one page of Auto Scaling groups. Names that are not there are
// left out of the answer.
func groups(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	api, err := s.autoscaling(callGroups, at.Region)
	if err != nil {
		return nil, nil, err
	}
	out, err := api.describe(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: ids, NextToken: token, MaxRecords: awssdk.Int32(groupsPage),
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.AutoScalingGroups, groupFrom), out.NextToken, nil
}

// one reads a group anew, for a call that is to change it. Auto Scaling itself
// tells by no code of its own that there is none.
func (a *autoscalingAPI) one(ctx context.Context, call need.Call, at resource.Place, name string) (*resource.Group, error) {
	out, err := a.describe(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{name}, MaxRecords: awssdk.Int32(groupsPage),
	})
	if err != nil {
		return nil, err
	}
	for i := range out.AutoScalingGroups {
		if g := groupFrom(at, &out.AutoScalingGroups[i]); g != nil && g.Reference.ID == name {
			return g, nil
		}
	}
	return nil, absent(call, at.Region, fmt.Sprintf("there is no Auto Scaling group %q", name))
}

// groupFrom makes a snapshot of what Auto Scaling says of a group, nil where it
// has no name.
func groupFrom(at resource.Place, in *types.AutoScalingGroup) *resource.Group {
	name := awssdk.ToString(in.AutoScalingGroupName)
	if name == "" {
		return nil
	}
	ref := resource.GroupRef(at, "", name)
	g := &resource.Group{
		Base:           resource.Base{Reference: ref, TagSet: make(tag.Set, len(in.Tags))},
		Sizes:          resource.Sizes{Min: int(awssdk.ToInt32(in.MinSize)), Desired: int(awssdk.ToInt32(in.DesiredCapacity))},
		Max:            int(awssdk.ToInt32(in.MaxSize)),
		CreatedAt:      utc(in.CreatedTime),
		Deleting:       awssdk.ToString(in.Status) != "", // which only says "Delete in progress"
		ProtectsNew:    awssdk.ToBool(in.NewInstancesProtectedFromScaleIn),
		LaunchTemplate: launchTemplate(in),
		HealthCheck:    awssdk.ToString(in.HealthCheckType),
		Zones:          in.AvailabilityZones,
		TargetGroups:   in.TargetGroupARNs,
	}
	g.Reference.ARN = cmp.Or(awssdk.ToString(in.AutoScalingGroupARN), ref.ARN)
	if in.Operator != nil {
		g.Operator = cmp.Or(awssdk.ToString(in.Operator.Principal), unnamedOperator)
	}
	for _, t := range in.Tags {
		if t.Key == nil {
			continue
		}
		g.TagSet[*t.Key] = awssdk.ToString(t.Value)
		if awssdk.ToBool(t.PropagateAtLaunch) {
			g.Propagated = append(g.Propagated, *t.Key)
		}
	}
	for _, i := range in.Instances {
		g.Instances = append(g.Instances, awssdk.ToString(i.InstanceId))
		if awssdk.ToBool(i.ProtectedFromScaleIn) {
			g.Protected = append(g.Protected, awssdk.ToString(i.InstanceId))
		}
	}
	for _, p := range in.SuspendedProcesses {
		g.Suspended = append(g.Suspended, awssdk.ToString(p.ProcessName))
	}
	for subnet := range strings.SplitSeq(awssdk.ToString(in.VPCZoneIdentifier), ",") {
		if subnet = strings.TrimSpace(subnet); subnet != "" {
			g.Subnets = append(g.Subnets, subnet)
		}
	}
	return g
}

// launchTemplate is what a group launches from, by name or else by id.
func launchTemplate(in *types.AutoScalingGroup) string {
	t := in.LaunchTemplate
	if m := in.MixedInstancesPolicy; t == nil && m != nil && m.LaunchTemplate != nil {
		t = m.LaunchTemplate.LaunchTemplateSpecification
	}
	if t == nil {
		return ""
	}
	return cmp.Or(awssdk.ToString(t.LaunchTemplateName), awssdk.ToString(t.LaunchTemplateId))
}
