package sim

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Pages of AWS's documentation on tags beside EC2's.
const (
	pageTagResources   = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html"
	pageUntagResources = "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_UntagResources.html"
	pageBucketTags     = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html"
	pageBucketRules    = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html"
	pageS3Errors       = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)

// requestRefusals are what is wrong with a call to change tags beside EC2's,
// whatever it is about: nothing is done. InvalidParameterException is what the
// pages name for all parameters; S3's page has InvalidTag for tags.
var requestRefusals = slices.Concat(
	tagParameters(tagResources, pageTagResources, "InvalidParameterException"),
	keyParameters(untagResources, pageUntagResources, "InvalidParameterException"),
	tagParameters(putBucketTags, pageBucketTags, "InvalidTag"),
	// Of keys that are to go away; S3 gets the set of those that stay.
	keyParameters(dropBucketTags, pageBucketTags, "InvalidTag"),
)

// resourceRefusals are what is wrong with one resource of such a call: the
// others are done. The codes are those of the services the resources are of. No
// page names S3's code for too many tags: it is the one that S3 answers with.
var resourceRefusals = []Refusal{
	{tagResources, "there is no such resource", resourceGone, fault.NotFound, pageTagResources, false, missingOne},
	{tagResources, "the resource would have more than 50 tags", "InvalidParameterException", fault.Invalid, pageTagResources, false, overfull},
	{untagResources, "there is no such resource", resourceGone, fault.NotFound, pageUntagResources, false, missingOne},
	{putBucketTags, "there is no such bucket", "NoSuchBucket", fault.NotFound, pageS3Errors, false, missingOne},
	{putBucketTags, "the bucket would have more than 50 tags", "BadRequest", fault.Invalid, pageBucketRules, false, overfull},
	{dropBucketTags, "there is no such bucket", "NoSuchBucket", fault.NotFound, pageS3Errors, false, missingOne},
}

func tagParameters(op, page, code string) []Refusal {
	return []Refusal{
		{op, "it names no resource", code, fault.Invalid, page, false, noIDs},
		{op, "it has no tags", code, fault.Invalid, page, false, func(c *call) string { return unless(len(c.tags) > 0, "an empty list of tags") }},
		{op, "a key is empty", code, fault.Invalid, page, false, keys(func(k string) bool { return k == "" })},
		{op, "a key begins with aws:", code, fault.Invalid, page, false, keys(tag.IsReserved)},
		{op, "a key is longer than 128 characters", code, fault.Invalid, page, false, keys(tooLong(tag.CheckKey))},
		{op, "a value is longer than 256 characters", code, fault.Invalid, page, false, func(c *call) string {
			return first(c.tags.Keys(), func(k string) bool { return tooLong(tag.CheckValue)(c.tags[k]) })
		}},
	}
}

func keyParameters(op, page, code string) []Refusal {
	return []Refusal{
		{op, "it names no resource", code, fault.Invalid, page, false, noIDs},
		{op, "it has no keys", code, fault.Invalid, page, false, func(c *call) string { return unless(len(c.keys) > 0, "an empty list of keys") }},
		{op, "a key is empty", code, fault.Invalid, page, false, keys(func(k string) bool { return k == "" })},
		{op, "a key begins with aws:", code, fault.Invalid, page, false, keys(tag.IsReserved)},
	}
}

func noIDs(c *call) string { return unless(len(c.ids) > 0, "an empty list of resources") }

// missingOne finds what is not there, or is of another type.
func missingOne(c *call) string {
	for _, i := range c.items() {
		if i.reference().Type != c.kind {
			return i.reference().ID
		}
	}
	return first(c.missing, func(string) bool { return true })
}

// overfull finds what would have too many tags.
func overfull(c *call) string {
	if c.action != action.Tag && c.action != action.Mark {
		return ""
	}
	for _, i := range c.items() {
		if len(tag.Diff{Set: c.tags}.Apply(i.tags()).User()) > tag.MaxPerResource {
			return i.reference().ID
		}
	}
	return ""
}
