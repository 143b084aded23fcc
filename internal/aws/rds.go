package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// rdsPage is the most that RDS's describe calls give at once (MaxRecords), and
// so how many names are asked for at once.
const rdsPage = 100

// rdsReader reads one of RDS's types.
func rdsReader(call need.Call, page func(ctx context.Context, a *rdsAPI, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error)) reader {
	return reader{call: call, batch: rdsPage, page: func(ctx context.Context, s *Session, at resource.Place, ids []string, token *string) ([]resource.Resource, *string, error) {
		api, err := s.rds(call, at.Region)
		if err != nil {
			return nil, nil, err
		}
		return page(ctx, api, at, ids, token)
	}}
}

// rdsFilter is the filter for names, none where there are none. A name that is
// not there is left out of the answer, where one asked for by itself would be an
// error.
func rdsFilter(name string, ids []string) []types.Filter {
	if len(ids) == 0 {
		return nil
	}
	return []types.Filter{{Name: &name, Values: ids}}
}

// rdsBase is what every snapshot of RDS begins with, false where there is no
// name, which RDS never sends but a broken stand-in may.
func rdsBase(at resource.Place, t resource.Type, name *string, tags []types.Tag) (resource.Base, bool) {
	if awssdk.ToString(name) == "" {
		return resource.Base{}, false
	}
	set := make(tag.Set, len(tags))
	for _, t := range tags {
		if t.Key != nil {
			set[*t.Key] = awssdk.ToString(t.Value)
		}
	}
	return resource.Base{Reference: resource.RDSRef(at, t, *name), TagSet: set}, true
}

func vpcGroups(groups []types.VpcSecurityGroupMembership) []string {
	var ids []string
	for _, g := range groups {
		if g.VpcSecurityGroupId != nil {
			ids = append(ids, *g.VpcSecurityGroupId)
		}
	}
	return ids
}

// rdsChange is a change that RDS makes to one resource at a time.
func rdsChange(call need.Call, do func(ctx context.Context, a *rdsAPI, c execute.Call, id string) (string, error)) change {
	return change{call, func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
		api, err := s.rds(call, c.At.Region)
		if err != nil {
			return execute.Answer{}, err
		}
		return alone(c, func(id string) (string, error) {
			return settled(ctx, s, c, id, func() (string, error) { return do(ctx, api, c, id) })
		})
	}}
}

// rdsTagging is how everything of RDS is tagged.
var rdsTagging = map[action.Kind]change{
	action.Mark:   rdsChange(callAddRDSTags, addRDSTags),
	action.Unmark: rdsChange(callRemoveRDSTags, removeRDSTags),
	action.Tag:    rdsChange(callAddRDSTags, addRDSTags),
	action.Untag:  rdsChange(callRemoveRDSTags, removeRDSTags),
}

func addRDSTags(ctx context.Context, a *rdsAPI, c execute.Call, id string) (string, error) {
	in := &rds.AddTagsToResourceInput{ResourceName: awssdk.String(resource.RDSRef(c.At, c.Type, id).ARN)}
	for _, k := range c.Tags.Keys() {
		in.Tags = append(in.Tags, types.Tag{Key: awssdk.String(k), Value: awssdk.String(c.Tags[k])})
	}
	out, err := a.addTags(ctx, in)
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

func removeRDSTags(ctx context.Context, a *rdsAPI, c execute.Call, id string) (string, error) {
	out, err := a.removeTags(ctx, &rds.RemoveTagsFromResourceInput{
		ResourceName: awssdk.String(resource.RDSRef(c.At, c.Type, id).ARN), TagKeys: c.Keys,
	})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}
