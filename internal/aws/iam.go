package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// iamChange is how a thing of IAM is tagged: one after the other.
func iamChange(t *iamThing, k action.Kind) (change, bool) {
	switch k {
	case action.Tag, action.Mark:
		return change{t.tag, func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
			var tags []types.Tag
			for _, key := range c.Tags.Keys() {
				tags = append(tags, types.Tag{Key: awssdk.String(key), Value: awssdk.String(c.Tags[key])})
			}
			return iamAlone(s, t.tag, c, func(api *iamAPI, arn string) (string, error) { return t.write(ctx, api, t.id(arn), tags) })
		}}, true
	case action.Untag, action.Unmark:
		return change{t.untag, func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
			return iamAlone(s, t.untag, c, func(api *iamAPI, arn string) (string, error) { return t.delete(ctx, api, t.id(arn), c.Keys) })
		}}, true
	default:
		return change{}, false
	}
}

func iamAlone(s *Session, call need.Call, c execute.Call, do func(api *iamAPI, arn string) (string, error)) (execute.Answer, error) {
	api, err := s.iam(call, c.At.Region)
	if err != nil {
		return execute.Answer{}, err
	}
	return alone(c, func(arn string) (string, error) { return do(api, arn) })
}

// iamTags reads the tags of one thing of IAM.
func (s *Session) iamTags(ctx context.Context, t *iamThing, at resource.Place, arn string) (tag.Set, error) {
	api, err := s.iam(t.list, at.Region)
	if err != nil {
		return nil, err
	}
	set := tag.Set{}
	err = eachPage(t.list, at.Region, func(marker *string) (*string, error) {
		page, err := t.read(ctx, api, t.id(arn), marker)
		if err != nil {
			return nil, err
		}
		for _, one := range page.tags {
			set[awssdk.ToString(one.Key)] = awssdk.ToString(one.Value)
		}
		if !page.more {
			return nil, nil
		}
		return page.next, nil
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// fillTags reads the tags of resources of types that tagwarden does not have,
// as an event names them: from IAM those of its own, and from the tagging API
// the rest, a hundred at a time. What that knows nothing of keeps the tags that
// were told of it. Of what could not be read they are not known.
func (s *Source) fillTags(ctx context.Context, at resource.Place, rs []resource.Resource) {
	var things, rest []*resource.Base
	for _, r := range rs {
		a, ok := r.(*resource.Anything)
		if !ok {
			continue
		}
		if _, iam := iamThings[a.Reference.Type]; iam {
			things = append(things, &a.Base)
		} else {
			rest = append(rest, &a.Base)
		}
	}
	sideBySide(len(things), endsAll, func(i int) error {
		set, err := s.s.iamTags(ctx, iamThings[things[i].Reference.Type], at, things[i].Reference.ARN)
		if err == nil {
			things[i].TagSet = set
		}
		return err
	}, func(i int, err error) { things[i].TagsErr = err })
	if err := s.s.tagsOfAll(ctx, at, rest); err != nil {
		for _, b := range rest {
			b.TagsErr = err
		}
	}
}

// tagsOfAll sets the tags of those resources that the tagging API knows.
func (s *Session) tagsOfAll(ctx context.Context, at resource.Place, bases []*resource.Base) error {
	if len(bases) == 0 {
		return nil
	}
	api, err := s.tagging(callResources, at.Region)
	if err != nil {
		return err
	}
	all, err := api.tagsOf(ctx, bases)
	if err != nil {
		return err
	}
	for _, b := range bases {
		if set := all[b.Reference.ARN]; set != nil {
			b.TagSet = set
		}
	}
	return nil
}
