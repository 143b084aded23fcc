package aws

import (
	"context"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// users is what uses resources, by their id: "image ami-…".
type users map[string][]string

// add notes that user uses the resources with these ids.
func (u users) add(user string, ids ...string) {
	for _, id := range ids {
		if id != "" {
			u[id] = append(u[id], user)
		}
	}
}

// usage are, by fact, what is looked through beside launch templates and launch
// configurations. ids are those of the resources that are asked about.
var usage = map[need.Fact]func(ctx context.Context, a *ec2API, at resource.Place, ids []string, u users) error{
	need.SnapshotUse: usedByImages,
	need.ImageUse:    usedByInstances,
	need.GroupUse:    usedByInterfaces,
}

// fillUse reads what uses the resources. Where a part of it cannot be read none
// of it is known: what was not seen may be the one that uses them.
func (s *Source) fillUse(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource) {
	var list []resource.Usable
	var ids []string
	for _, r := range rs {
		if u, ok := r.(resource.Usable); ok {
			list, ids = append(list, u), append(ids, r.Ref().ID)
		}
	}
	if len(list) == 0 {
		return
	}
	u, err := s.usersOf(ctx, at, f, ids)
	for _, r := range list {
		if err != nil {
			r.SetUsedBy(resource.Unread[[]string](err))
		} else {
			r.SetUsedBy(resource.Known(distinct(u[r.Ref().ID])))
		}
	}
}

func (s *Source) usersOf(ctx context.Context, at resource.Place, f need.Fact, ids []string) (users, error) {
	api, err := s.s.ec2(callImages, at.Region)
	if err != nil {
		return nil, err
	}
	scaling, err := s.s.autoscaling(callConfigurations, at.Region)
	if err != nil {
		return nil, err
	}
	u := users{}
	if err := usage[f](ctx, api, at, ids, u); err != nil {
		return nil, err
	}
	if err := usedByTemplates(ctx, api, u); err != nil {
		return nil, err
	}
	return u, scaling.usedByConfigurations(ctx, at.Region, u)
}

// usedByImages looks through the account's own images. All are read: an
// account has few of them for its snapshots.
func usedByImages(ctx context.Context, a *ec2API, at resource.Place, _ []string, u users) error {
	return eachPage(callImages, at.Region, func(token *string) (*string, error) {
		rs, next, err := images(ctx, a, at, nil, token)
		for _, r := range rs {
			if i := r.(*resource.Image); !i.Ended() {
				u.add("image "+i.Reference.ID, i.Snapshots...)
			}
		}
		return next, err
	})
}

// usedByInstances looks for instances that were launched from the images,
// stopped ones too: an Auto Scaling group or a person may do so again.
func usedByInstances(ctx context.Context, a *ec2API, at resource.Place, ids []string, u users) error {
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		err := eachPage(callInstances, at.Region, func(token *string) (*string, error) {
			rs, next, err := instances(ctx, a, at, filter("image-id", some), token)
			for _, r := range rs {
				if i := r.(*resource.Instance); !i.Ended() {
					u.add("instance "+i.Reference.ID, i.Image)
				}
			}
			return next, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// usedByInterfaces looks through network interfaces and the rules of all
// groups. A group that names itself is no user of itself.
func usedByInterfaces(ctx context.Context, a *ec2API, at resource.Place, ids []string, u users) error {
	for some := range slices.Chunk(distinct(ids), maxFilterValues) {
		err := eachPage(callNetworkInterfaces, at.Region, func(token *string) (*string, error) {
			rs, next, err := networkInterfaces(ctx, a, at, filter("group-id", some), token)
			for _, r := range rs {
				u.add("network interface "+r.Ref().ID, r.(*resource.NetworkInterface).SecurityGroups...)
			}
			return next, err
		})
		if err != nil {
			return err
		}
	}
	return eachPage(callSecurityGroups, at.Region, func(token *string) (*string, error) {
		out, err := a.describeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{NextToken: token, MaxResults: awssdk.Int32(pageSize)})
		if err != nil {
			return nil, err
		}
		for i := range out.SecurityGroups {
			g := &out.SecurityGroups[i]
			own := awssdk.ToString(g.GroupId)
			for _, p := range slices.Concat(g.IpPermissions, g.IpPermissionsEgress) {
				for _, pair := range p.UserIdGroupPairs {
					if other := awssdk.ToString(pair.GroupId); other != own {
						u.add("security group "+own, other)
					}
				}
			}
		}
		return out.NextToken, nil
	})
}

// templatePage is the most launch templates, and versions of one, that are
// given at once ("MaxResults" of DescribeLaunchTemplates and
// DescribeLaunchTemplateVersions).
const templatePage = 200

// usedByTemplates looks through every version of every launch template: an
// Auto Scaling group may be bound to any of them.
func usedByTemplates(ctx context.Context, a *ec2API, u users) error {
	return eachPage(callTemplates, a.at.region, func(token *string) (*string, error) {
		out, err := a.describeTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{MaxResults: awssdk.Int32(templatePage), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, t := range out.LaunchTemplates {
			if err := a.usedByVersions(ctx, awssdk.ToString(t.LaunchTemplateId), u); err != nil {
				return nil, err
			}
		}
		return out.NextToken, nil
	})
}

// unresolved begins the image of a template that is a parameter of Systems
// Manager ("Use a Systems Manager parameter instead of an AMI ID" in the EC2
// user guide).
const unresolved = "resolve:"

func (a *ec2API) usedByVersions(ctx context.Context, id string, u users) error {
	if id == "" {
		return nil // without one, the latest versions of every template are listed
	}
	return eachPage(callTemplateVersions, a.at.region, func(token *string) (*string, error) {
		out, err := a.describeTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
			LaunchTemplateId: &id, MaxResults: awssdk.Int32(templatePage), NextToken: token, ResolveAlias: awssdk.Bool(true),
		})
		if err != nil {
			return nil, err
		}
		for _, v := range out.LaunchTemplateVersions {
			if v.LaunchTemplateData == nil {
				continue
			}
			if strings.HasPrefix(awssdk.ToString(v.LaunchTemplateData.ImageId), unresolved) {
				f := invalid(callTemplateVersions, a.at.region, "launch template "+id+" names its image by a parameter, and the answer does not say which image that is")
				f.Class = fault.Other
				return nil, f
			}
			u.add("launch template "+id, namedBy(v.LaunchTemplateData)...)
		}
		return out.NextToken, nil
	})
}

// namedBy are the ids that a version of a launch template names.
func namedBy(d *types.ResponseLaunchTemplateData) []string {
	ids := slices.Concat([]string{awssdk.ToString(d.ImageId)}, d.SecurityGroupIds)
	for _, n := range d.NetworkInterfaces {
		ids = append(ids, n.Groups...)
	}
	for _, b := range d.BlockDeviceMappings {
		if b.Ebs != nil {
			ids = append(ids, awssdk.ToString(b.Ebs.SnapshotId))
		}
	}
	return ids
}

// configurationPage is the most launch configurations that are given at once
// ("MaxRecords" of DescribeLaunchConfigurations).
const configurationPage = 100

// usedByConfigurations looks through the launch configurations of Auto Scaling.
func (a *autoscalingAPI) usedByConfigurations(ctx context.Context, region string, u users) error {
	return eachPage(callConfigurations, region, func(token *string) (*string, error) {
		out, err := a.configurations(ctx, &autoscaling.DescribeLaunchConfigurationsInput{MaxRecords: awssdk.Int32(configurationPage), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, c := range out.LaunchConfigurations {
			ids := slices.Concat([]string{awssdk.ToString(c.ImageId)}, c.SecurityGroups)
			for _, b := range c.BlockDeviceMappings {
				if b.Ebs != nil {
					ids = append(ids, awssdk.ToString(b.Ebs.SnapshotId))
				}
			}
			u.add("launch configuration "+awssdk.ToString(c.LaunchConfigurationName), ids...)
		}
		return out.NextToken, nil
	})
}
