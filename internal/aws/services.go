package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tagwarden/tagwarden/internal/need"
)

// The calls that buckets, functions and tables are read and tagged with.
var (
	callBuckets        = need.Call{Service: "s3", Operation: "ListBuckets"}
	callBucketLocation = need.Call{Service: "s3", Operation: "GetBucketLocation"}
	callBucketTags     = need.Call{Service: "s3", Operation: "GetBucketTagging"}
	callPutBucketTags  = need.Call{Service: "s3", Operation: "PutBucketTagging"}
	callDropBucketTags = need.Call{Service: "s3", Operation: "DeleteBucketTagging"}
	callFunctions      = need.Call{Service: "lambda", Operation: "ListFunctions"}
	callFunction       = need.Call{Service: "lambda", Operation: "GetFunctionConfiguration"}
	callFunctionTags   = need.Call{Service: "lambda", Operation: "ListTags"}
	callTables         = need.Call{Service: "dynamodb", Operation: "ListTables"}
	callTableTags      = need.Call{Service: "dynamodb", Operation: "ListTagsOfResource"}
	callResources      = need.Call{Service: "tag", Operation: "GetResources"}
	callTagResources   = need.Call{Service: "tag", Operation: "TagResources"}
	callUntagResources = need.Call{Service: "tag", Operation: "UntagResources"}
)

// services are those that types beside EC2's are read from.
type services struct {
	buckets   perRegion[bucketsAPI]
	functions perRegion[functionsAPI]
	taggings  perRegion[taggingAPI]
	configs   perRegion[configAPI]
	explorers perRegion[explorerAPI]
	events    perRegion[eventsAPI]
	audits    perRegion[auditAPI]
	iams      perRegion[iamAPI]

	organizations perRegion[organizationsAPI]
}

// bucketsAPI is S3 in one region, as far as buckets go.
type bucketsAPI struct {
	list     func(context.Context, *s3.ListBucketsInput) (*s3.ListBucketsOutput, error)
	location func(context.Context, *s3.GetBucketLocationInput) (*s3.GetBucketLocationOutput, error)
	tags     func(context.Context, *s3.GetBucketTaggingInput) (*s3.GetBucketTaggingOutput, error)
	putTags  func(context.Context, *s3.PutBucketTaggingInput) (*s3.PutBucketTaggingOutput, error)
	dropTags func(context.Context, *s3.DeleteBucketTaggingInput) (*s3.DeleteBucketTaggingOutput, error)
}

// buckets returns S3 in a region.
func (s *Session) buckets(call need.Call, region string) (*bucketsAPI, error) {
	return s.services.buckets.get(call, region, func() *bucketsAPI {
		c := s3.NewFromConfig(s.cfg, func(o *s3.Options) {
			o.Region = region
			// A stand-in rarely answers to BUCKET.its-own-name.
			o.UsePathStyle = o.BaseEndpoint != nil
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &bucketsAPI{
			list:     calling(at, callBuckets, c.ListBuckets),
			location: calling(at, callBucketLocation, c.GetBucketLocation),
			tags:     calling(at, callBucketTags, c.GetBucketTagging),
			putTags:  calling(at, callPutBucketTags, c.PutBucketTagging),
			dropTags: calling(at, callDropBucketTags, c.DeleteBucketTagging),
		}
	})
}

// functionsAPI is Lambda in one region.
type functionsAPI struct {
	list func(context.Context, *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error)
	get  func(context.Context, *lambda.GetFunctionConfigurationInput) (*lambda.GetFunctionConfigurationOutput, error)
	tags func(context.Context, *lambda.ListTagsInput) (*lambda.ListTagsOutput, error)
}

// functions returns Lambda in a region.
func (s *Session) functions(call need.Call, region string) (*functionsAPI, error) {
	return s.services.functions.get(call, region, func() *functionsAPI {
		c := lambda.NewFromConfig(s.cfg, func(o *lambda.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.limits.install("lambda"), s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &functionsAPI{
			list: calling(at, callFunctions, c.ListFunctions),
			get:  calling(at, callFunction, c.GetFunctionConfiguration),
			tags: calling(at, callFunctionTags, c.ListTags),
		}
	})
}

// taggingAPI is the Resource Groups Tagging API in one region.
type taggingAPI struct {
	at        site
	resources func(context.Context, *resourcegroupstaggingapi.GetResourcesInput) (*resourcegroupstaggingapi.GetResourcesOutput, error)
	tag       func(context.Context, *resourcegroupstaggingapi.TagResourcesInput) (*resourcegroupstaggingapi.TagResourcesOutput, error)
	untag     func(context.Context, *resourcegroupstaggingapi.UntagResourcesInput) (*resourcegroupstaggingapi.UntagResourcesOutput, error)
}

// tagging returns the Resource Groups Tagging API in a region.
func (s *Session) tagging(call need.Call, region string) (*taggingAPI, error) {
	return s.services.taggings.get(call, region, func() *taggingAPI {
		c := resourcegroupstaggingapi.NewFromConfig(s.cfg, func(o *resourcegroupstaggingapi.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.limits.install("tag"), s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &taggingAPI{
			at:        at,
			resources: calling(at, callResources, c.GetResources),
			tag:       calling(at, callTagResources, c.TagResources),
			untag:     calling(at, callUntagResources, c.UntagResources),
		}
	})
}
