package aws

import (
	"context"
	"maps"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const (
	// maxTagged is how many ARNs TagResources and UntagResources take ("Request
	// Parameters" of both in the Resource Groups Tagging API reference).
	maxTagged = 20
	// maxAsked is how many ARNs GetResources takes, and gives on a page.
	maxAsked = 100
)

// taggedByARN is how what the Resource Groups Tagging API knows is tagged. arn
// names a resource by its id.
func taggedByARN(arn func(resource.Place, string) resource.Ref) map[action.Kind]change {
	set := func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
		return tagByARN(ctx, s, c, callTagResources, arn)
	}
	drop := func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
		return tagByARN(ctx, s, c, callUntagResources, arn)
	}
	return map[action.Kind]change{
		action.Mark: {callTagResources, set}, action.Tag: {callTagResources, set},
		action.Unmark: {callUntagResources, drop}, action.Untag: {callUntagResources, drop},
		action.Invoke: {callInvoke, invokeFunction},
	}
}

// tagByARN makes as many calls as the resources need. Once one fails as a whole
// the resources not yet asked for have failed with it.
func tagByARN(ctx context.Context, s *Session, c execute.Call, call need.Call, arn func(resource.Place, string) resource.Ref) (execute.Answer, error) {
	api, err := s.tagging(call, c.At.Region)
	if err != nil {
		return execute.Answer{}, err
	}
	answer := execute.Answer{Failed: map[string]error{}}
	for n, ids := range slices.Collect(slices.Chunk(c.IDs, maxTagged)) {
		arns, ofARN := make([]string, len(ids)), map[string]string{}
		for i, id := range ids {
			arns[i] = arn(c.At, id).ARN
			ofARN[arns[i]] = id
		}
		failed, meta, err := api.change(ctx, call, c, arns)
		if err != nil && n == 0 {
			return execute.Answer{}, err
		}
		if err != nil {
			for _, id := range c.IDs[n*maxTagged:] {
				answer.Failed[id] = err
			}
			return answer, nil
		}
		if len(c.IDs) <= maxTagged {
			answer.RequestID = requestID(meta)
		}
		for a, info := range failed {
			answer.Failed[ofARN[a]] = api.at.leftOut(call, info, requestID(meta))
		}
	}
	return answer, nil
}

// change makes one call about up to maxTagged resources.
func (a *taggingAPI) change(ctx context.Context, call need.Call, c execute.Call, arns []string) (map[string]types.FailureInfo, middleware.Metadata, error) {
	if call == callTagResources {
		out, err := a.tag(ctx, &resourcegroupstaggingapi.TagResourcesInput{ResourceARNList: arns, Tags: c.Tags})
		if err != nil {
			return nil, middleware.Metadata{}, err
		}
		return out.FailedResourcesMap, out.ResultMetadata, nil
	}
	out, err := a.untag(ctx, &resourcegroupstaggingapi.UntagResourcesInput{ResourceARNList: arns, TagKeys: c.Keys})
	if err != nil {
		return nil, middleware.Metadata{}, err
	}
	return out.FailedResourcesMap, out.ResultMetadata, nil
}

// leftOut is the error of one resource that a call which succeeded did nothing
// for. Its code is that of the service the resource is of.
func (at site) leftOut(call need.Call, info types.FailureInfo, request string) error {
	f := &fault.Error{Call: call.String(), Region: at.region, Code: string(info.ErrorCode), Message: oneLine(awssdk.ToString(info.ErrorMessage)), RequestID: request}
	v := judgeCode(f.Code, int(info.StatusCode))
	if v.class == fault.NotFound {
		v.hint = gone.hint
	}
	f.Class, f.Hint = v.class, at.advise(call, v, nil)
	return f
}

// tagsByARN are the tags of those of up to maxAsked resources that have any, or
// had once. Changes show there some seconds late.
func (a *taggingAPI) tagsByARN(ctx context.Context, arns []string) (map[string]tag.Set, error) {
	tags := map[string]tag.Set{}
	err := eachPage(callResources, a.at.region, func(token *string) (*string, error) {
		in := &resourcegroupstaggingapi.GetResourcesInput{ResourceARNList: arns}
		if token != nil {
			// AWS pages no list of ARNs; what does takes no list with the token.
			in = &resourcegroupstaggingapi.GetResourcesInput{PaginationToken: token}
		}
		out, err := a.resources(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, m := range out.ResourceTagMappingList {
			tags[awssdk.ToString(m.ResourceARN)] = mappedTags(m.Tags)
		}
		return out.PaginationToken, nil
	})
	return tags, err
}

// tagsOf are the tags of those of any number of resources that have any.
func (a *taggingAPI) tagsOf(ctx context.Context, bases []*resource.Base) (map[string]tag.Set, error) {
	all := map[string]tag.Set{}
	for some := range slices.Chunk(bases, maxAsked) {
		arns := make([]string, len(some))
		for i, b := range some {
			arns[i] = b.Reference.ARN
		}
		tags, err := a.tagsByARN(ctx, arns)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, tags)
	}
	return all, nil
}

func mappedTags(list []types.Tag) tag.Set {
	set := make(tag.Set, len(list))
	for _, t := range list {
		if t.Key != nil {
			set[*t.Key] = awssdk.ToString(t.Value)
		}
	}
	return set
}

// readTags sets the tags of resources of one page. Those of a listing are asked
// for together; where that is denied, and of those that are read anew, so that
// what was just written shows, each is asked for alone by one.
func (s *Session) readTags(ctx context.Context, at resource.Place, anew bool, bases []*resource.Base, one func(*resource.Base) (tag.Set, error)) error {
	if !anew {
		if err := s.tagsOfAll(ctx, at, bases); fault.ClassOf(err) != fault.Denied {
			return err
		}
	}
	sideBySide(len(bases), endsAll, func(i int) error {
		set, err := one(bases[i])
		if err == nil {
			bases[i].TagSet = set
		}
		return err
	}, func(i int, err error) { bases[i].TagsErr = err })
	return nil
}
