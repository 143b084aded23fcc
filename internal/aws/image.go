package aws

import (
	"cmp"
	"context"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// images reads one page of the account's own images.
func images(ctx context.Context, a *ec2API, at resource.Place, filters []types.Filter, token *string) ([]resource.Resource, *string, error) {
	out, err := a.describeImages(ctx, &ec2.DescribeImagesInput{
		Filters: filters, NextToken: token, MaxResults: awssdk.Int32(pageSize),
		// Without an owner EC2 lists every public image there is.
		Owners:            []string{"self"},
		IncludeDeprecated: awssdk.Bool(true),
		IncludeDisabled:   awssdk.Bool(true),
	})
	if err != nil {
		return nil, nil, err
	}
	return snapshotsOf(at, out.Images, imageFrom), out.NextToken, nil
}

// imageFrom makes a snapshot of what EC2 says of an image, nil where base is
// none.
func imageFrom(at resource.Place, in *types.Image) *resource.Image {
	b, ok := base(at, resource.EC2Image, in.ImageId, in.OwnerId, in.Tags)
	if !ok {
		return nil
	}
	out := &resource.Image{
		Base:         b,
		State:        string(in.State),
		CreatedAt:    imageTime(awssdk.ToString(in.CreationDate)),
		ImageName:    awssdk.ToString(in.Name),
		Description:  awssdk.ToString(in.Description),
		Protected:    protectedImage(in.DeregistrationProtection),
		Public:       awssdk.ToBool(in.Public),
		RootDevice:   string(in.RootDeviceType),
		Platform:     cmp.Or(awssdk.ToString(in.PlatformDetails), string(in.Platform)),
		Architecture: string(in.Architecture),
	}
	for _, d := range in.BlockDeviceMappings {
		if d.Ebs != nil && awssdk.ToString(d.Ebs.SnapshotId) != "" {
			out.Snapshots = append(out.Snapshots, *d.Ebs.SnapshotId)
		}
	}
	return out
}

// protectedImage says whether an image cannot be deregistered. The protection is
// "disabled", "enabled", or words that begin so: "enabled-with-cooldown".
func protectedImage(state *string) bool { return strings.HasPrefix(awssdk.ToString(state), "enabled") }

// imageTime reads the one time that EC2 gives as text; it is zero where that is
// no time.
func imageTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
