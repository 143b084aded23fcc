package aws

import (
	"cmp"
	"context"
	"errors"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// bucketPage is how many buckets are asked for at a time: so many tags are
// then read before the next page.
const bucketPage = 1000

// buckets reads one page of the buckets of a region, and the tags of each.
func buckets(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
	api, err := s.buckets(callBuckets, at.Region)
	if err != nil {
		return nil, nil, err
	}
	out, err := api.list(ctx, &s3.ListBucketsInput{BucketRegion: &at.Region, MaxBuckets: awssdk.Int32(bucketPage), ContinuationToken: token})
	if err != nil {
		return nil, nil, err
	}
	var list []*resource.Bucket
	for _, b := range out.Buckets {
		name := awssdk.ToString(b.Name)
		if name == "" || len(ids) > 0 && !slices.Contains(ids, name) {
			continue
		}
		region, err := api.regionOf(ctx, b)
		if err != nil {
			return nil, nil, err
		}
		if region == at.Region {
			list = append(list, &resource.Bucket{Base: resource.Base{Reference: resource.S3Ref(at, name), TagSet: tag.Set{}}, CreatedAt: utc(b.CreationDate)})
		}
	}
	return api.tagged(ctx, list), out.ContinuationToken, nil
}

// regionOf is where a bucket is; "" where it is gone by now. What answers
// without saying so may have listed those of all regions.
func (a *bucketsAPI) regionOf(ctx context.Context, b types.Bucket) (string, error) {
	if b.BucketRegion != nil {
		return *b.BucketRegion, nil
	}
	out, err := a.location(ctx, &s3.GetBucketLocationInput{Bucket: b.Name})
	switch {
	case fault.ClassOf(err) == fault.NotFound:
		return "", nil
	case err != nil:
		return "", err
	case out.LocationConstraint == types.BucketLocationConstraintEu: // the name of old for it
		return "eu-west-1", nil
	}
	return cmp.Or(string(out.LocationConstraint), "us-east-1"), nil
}

// tagged reads the tags of buckets, and leaves out those that are gone.
func (a *bucketsAPI) tagged(ctx context.Context, list []*resource.Bucket) []resource.Resource {
	sideBySide(len(list), endsAll, func(i int) error {
		b := list[i]
		tags, err := a.tagsOf(ctx, b.Reference.ID, b.Reference.Account)
		switch {
		case fault.ClassOf(err) == fault.NotFound:
			list[i] = nil
			return nil
		case err == nil:
			b.TagSet = tags
		}
		return err
	}, func(i int, err error) { list[i].TagsErr = err })
	rs := make([]resource.Resource, 0, len(list))
	for _, b := range list {
		if b != nil {
			rs = append(rs, b)
		}
	}
	return rs
}

// tagsOf are the tags of a bucket, those under "aws:" too. S3 says of one
// without any that there is no set of them ("Errors" of GetBucketTagging). The
// name alone does not say whose it is, and one that was deleted is anybody's: S3
// refuses what is another account's than the owner.
func (a *bucketsAPI) tagsOf(ctx context.Context, name, owner string) (tag.Set, error) {
	out, err := a.tags(ctx, &s3.GetBucketTaggingInput{Bucket: &name, ExpectedBucketOwner: &owner})
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == noTagSet {
		return tag.Set{}, nil
	}
	if err != nil {
		return nil, err
	}
	set := make(tag.Set, len(out.TagSet))
	for _, t := range out.TagSet {
		if t.Key != nil {
			set[*t.Key] = awssdk.ToString(t.Value)
		}
	}
	return set, nil
}

// tagBuckets changes the tags of buckets one after another: S3 knows only to
// replace all tags of one (PutBucketTagging), without a condition, so they are
// read immediately before. Those under "aws:" are written again with the
// others: S3 refuses a set that would remove one.
func tagBuckets(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
	api, err := s.buckets(callPutBucketTags, c.At.Region)
	if err != nil {
		return execute.Answer{}, err
	}
	change := tag.Diff{Set: c.Tags}
	if c.Action == action.Untag || c.Action == action.Unmark {
		change = tag.Diff{Delete: c.Keys}
	}
	answer := execute.Answer{Failed: map[string]error{}}
	for i, name := range c.IDs {
		id, err := api.retag(ctx, name, c.At.Account, change)
		switch f, _ := errors.AsType[*fault.Error](err); {
		case err == nil && len(c.IDs) == 1:
			answer.RequestID = id
		case err == nil:
		case len(answer.Failed) == i && (i == len(c.IDs)-1 || endsAll(f.Class)):
			return execute.Answer{}, err // nothing was done
		case endsAll(f.Class):
			for _, rest := range c.IDs[i:] {
				answer.Failed[rest] = err
			}
			return answer, nil
		default:
			answer.Failed[name] = err
		}
	}
	return answer, nil
}

// retag changes the tags of one bucket and returns the id of the request.
func (a *bucketsAPI) retag(ctx context.Context, name, owner string, change tag.Diff) (string, error) {
	have, err := a.tagsOf(ctx, name, owner)
	if err != nil {
		return "", err
	}
	want := change.Apply(have)
	if tag.Compare(have, want).Empty() {
		return "", nil
	}
	if len(want) == 0 {
		out, err := a.dropTags(ctx, &s3.DeleteBucketTaggingInput{Bucket: &name, ExpectedBucketOwner: &owner})
		if err != nil {
			return "", err
		}
		return requestID(out.ResultMetadata), nil
	}
	set := &types.Tagging{}
	for _, k := range want.Keys() {
		set.TagSet = append(set.TagSet, types.Tag{Key: awssdk.String(k), Value: awssdk.String(want[k])})
	}
	out, err := a.putTags(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: set, ExpectedBucketOwner: &owner})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}
