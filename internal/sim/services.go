package sim

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The operations of the services beside EC2.
const (
	getBucketTags  = "s3:GetBucketTagging"
	putBucketTags  = "s3:PutBucketTagging"
	dropBucketTags = "s3:DeleteBucketTagging"
	functionTags   = "lambda:ListTags"
	tableTags      = "dynamodb:ListTagsOfResource"
	getResources   = "tag:GetResources"
	tagResources   = "tag:TagResources"
	untagResources = "tag:UntagResources"
)

var (
	s3     = &service{set: putBucketTags, unset: dropBucketTags, ref: typed(resource.S3Ref), named: true, piecemeal: true, readTags: getBucketTags}
	lambda = &service{set: tagResources, unset: untagResources, ref: typed(resource.LambdaRef), named: true, piecemeal: true,
		readAll: getResources, readTags: functionTags}
	dynamodb = &service{set: tagResources, unset: untagResources, ref: typed(resource.DynamoDBRef), named: true, piecemeal: true,
		readEach: describeTable, readAll: getResources, readTags: tableTags}
)

// typed makes a service's ref of that of its one type.
func typed(ref func(resource.Place, string) resource.Ref) func(resource.Place, resource.Type, string) resource.Ref {
	return func(at resource.Place, _ resource.Type, id string) resource.Ref { return ref(at, id) }
}

// in makes a kind that of another service.
func (k *kind) in(s *service) *kind {
	k.service = s
	return k
}

// serviceKinds are the kinds of the services beside EC2.
var serviceKinds = map[resource.Type]*kind{
	resource.S3Bucket: kindOf("bucket", "NoSuchBucket", func(b *resource.Bucket) *resource.Base { return &b.Base },
		func(b *resource.Bucket, now time.Time) { b.CreatedAt = timeOr(b.CreatedAt, now) }).in(s3),
	resource.LambdaFunction: kindOf("function", resourceGone, func(f *resource.Function) *resource.Base { return &f.Base }, completeFunction).in(lambda),
	resource.DynamoDBTable: kindOf("table", resourceGone, func(t *resource.Table) *resource.Base { return &t.Base },
		func(t *resource.Table, now time.Time) {
			t.State, t.BillingMode, t.CreatedAt = cmp.Or(t.State, "ACTIVE"), cmp.Or(t.BillingMode, "PAY_PER_REQUEST"), timeOr(t.CreatedAt, now)
		}).in(dynamodb),
}

// resourceGone is what most services answer for what is not there.
const resourceGone = "ResourceNotFoundException"

func completeFunction(f *resource.Function, now time.Time) {
	f.PackageType, f.Architecture, f.ModifiedAt = cmp.Or(f.PackageType, "Zip"), cmp.Or(f.Architecture, "arm64"), timeOr(f.ModifiedAt, now)
	if f.PackageType == "Zip" {
		f.Runtime = cmp.Or(f.Runtime, "provided.al2023")
	}
	if f.Memory == 0 {
		f.Memory = 128
	}
	if f.Timeout == 0 {
		f.Timeout = 3 * time.Second
	}
	f.Role = cmp.Or(f.Role, fmt.Sprintf("arn:%s:iam::%s:role/%s", resource.Partition(f.Reference.Region), f.Reference.Account, f.Reference.ID))
}

// complement makes the calls that a listing takes beside its own: one for each
// resource where the service lists no more than names, and those for tags. Of
// what cannot be read the tags are not known. a.mu is held.
func (a *Account) complement(ctx context.Context, at resource.Place, t resource.Type, rs []resource.Resource, anew bool) error {
	k := kindFor(t)
	if k == nil || len(rs) == 0 {
		return nil
	}
	s := k.service
	for range rs {
		if s.readEach == "" {
			break
		}
		if _, err := a.begin(ctx, s.readEach, at); err != nil {
			return err
		}
	}
	if s.readTags == "" {
		return nil
	}
	if s.readAll != "" && !anew {
		if _, err := a.begin(ctx, s.readAll, at); fault.ClassOf(err) != fault.Denied {
			return err
		}
	}
	for _, r := range rs {
		if _, err := a.begin(ctx, s.readTags, at); err != nil {
			k.untold(r, err)
		}
	}
	return nil
}
