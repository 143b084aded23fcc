package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// fillShares reads which accounts were given the snapshots or images, which EC2
// tells of one at a time.
func (s *Source) fillShares(ctx context.Context, at resource.Place, rs []resource.Resource) {
	var list []resource.Shareable
	for _, r := range rs {
		if h, ok := r.(resource.Shareable); ok {
			list = append(list, h)
		}
	}
	api, err := s.s.ec2(callImageAttribute, at.Region)
	sideBySide(len(list), sameForAll, func(n int) error {
		with, err := []string(nil), err
		if err == nil {
			with, err = api.sharedWith(ctx, at, list[n].Ref())
		}
		if err == nil {
			list[n].SetSharedWith(resource.Known(distinct(with)))
		}
		return err
	}, func(n int, err error) { list[n].SetSharedWith(resource.Unread[[]string](err)) })
}

// sharedWith reads the permissions of one snapshot or image. Its owner, who may
// be among them, was not given it.
func (a *ec2API) sharedWith(ctx context.Context, at resource.Place, ref resource.Ref) ([]string, error) {
	var with []string
	add := func(group types.PermissionGroup, names ...*string) {
		with = append(with, string(group))
		for _, n := range names {
			if name := awssdk.ToString(n); name != at.Account {
				with = append(with, name)
			}
		}
	}
	if ref.Type == resource.EC2Snapshot {
		out, err := a.describeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
			SnapshotId: &ref.ID, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		})
		if err != nil {
			return nil, err
		}
		for _, p := range out.CreateVolumePermissions {
			add(p.Group, p.UserId)
		}
		return with, nil
	}
	out, err := a.describeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: &ref.ID, Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return nil, err
	}
	for _, p := range out.LaunchPermissions {
		add(p.Group, p.UserId, p.OrganizationArn, p.OrganizationalUnitArn)
	}
	return with, nil
}
