package aws

import (
	"context"
	"fmt"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// groupChange is a change of one group at a time, each read anew before.
func groupChange(call need.Call, do func(context.Context, *autoscalingAPI, execute.Call, *resource.Group) (string, error)) change {
	return change{call, func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
		api, err := s.autoscaling(call, c.At.Region)
		if err != nil {
			return execute.Answer{}, err
		}
		return alone(c, func(id string) (string, error) {
			g, err := api.one(ctx, call, c.At, id)
			if err != nil {
				return "", err
			}
			return do(ctx, api, c, g)
		})
	}}
}

// groupChanges are what can be done to an Auto Scaling group.
var groupChanges = map[action.Kind]change{
	action.Mark:   groupChange(callSetGroupTags, tagGroup),
	action.Unmark: groupChange(callDeleteGroupTags, untagGroup),
	action.Tag:    groupChange(callSetGroupTags, tagGroup),
	action.Untag:  groupChange(callDeleteGroupTags, untagGroup),
	action.Start:  groupChange(callUpdateGroup, growGroup),
	action.Stop:   groupChange(callUpdateGroup, emptyGroup),
}

// groupTag is a tag of a group. Who pays for the group pays for its instances:
// a new tag is given to those that are launched from then on, and one that is
// there keeps what its people have said. tagwarden's own are about the group
// alone.
func groupTag(g *resource.Group, key, value string, own bool) types.Tag {
	propagate := !own
	if _, there := g.TagSet[key]; there {
		propagate = slices.Contains(g.Propagated, key)
	}
	return types.Tag{Key: &key, Value: &value, PropagateAtLaunch: &propagate,
		ResourceId: awssdk.String(g.Reference.ID), ResourceType: awssdk.String("auto-scaling-group")}
}

func (a *autoscalingAPI) write(ctx context.Context, g *resource.Group, tags tag.Set, own bool) (string, error) {
	in := &autoscaling.CreateOrUpdateTagsInput{}
	for _, k := range tags.Keys() {
		in.Tags = append(in.Tags, groupTag(g, k, tags[k], own))
	}
	out, err := a.setTags(ctx, in)
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

func (a *autoscalingAPI) erase(ctx context.Context, g *resource.Group, keys []string) (string, error) {
	in := &autoscaling.DeleteTagsInput{}
	for _, k := range keys {
		// A key without a value is deleted whatever its value is.
		in.Tags = append(in.Tags, types.Tag{Key: &k, ResourceId: awssdk.String(g.Reference.ID), ResourceType: awssdk.String("auto-scaling-group")})
	}
	out, err := a.deleteTags(ctx, in)
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

func (a *autoscalingAPI) resize(ctx context.Context, g *resource.Group, to resource.Sizes) (string, error) {
	out, err := a.update(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: awssdk.String(g.Reference.ID), MinSize: awssdk.Int32(int32(to.Min)), DesiredCapacity: awssdk.Int32(int32(to.Desired)),
	})
	if err != nil {
		return "", err
	}
	return requestID(out.ResultMetadata), nil
}

func tagGroup(ctx context.Context, a *autoscalingAPI, c execute.Call, g *resource.Group) (string, error) {
	return a.write(ctx, g, c.Tags, c.Action == action.Mark)
}

func untagGroup(ctx context.Context, a *autoscalingAPI, c execute.Call, g *resource.Group) (string, error) {
	return a.erase(ctx, g, c.Keys)
}

// emptyGroup notes a group's sizes and then scales it to nothing. What is empty
// already is left alone, so that a second stop does not note "nothing".
func emptyGroup(ctx context.Context, a *autoscalingAPI, _ execute.Call, g *resource.Group) (string, error) {
	if g.Already(action.Stop) {
		return "", nil
	}
	if _, err := a.write(ctx, g, tag.Set{resource.SizesTag: g.Sizes.String()}, true); err != nil {
		return "", err
	}
	return a.resize(ctx, g, resource.Sizes{})
}

// growGroup brings back the sizes that a stop has noted, and then takes the note
// away: it would be wrong at the next stop that somebody else makes.
func growGroup(ctx context.Context, a *autoscalingAPI, c execute.Call, g *resource.Group) (string, error) {
	if g.Already(action.Start) {
		return "", nil
	}
	to, ok := resource.ParseSizes(g.TagSet[resource.SizesTag])
	if !ok || to.Desired == 0 {
		f := invalid(callUpdateGroup, c.At.Region, fmt.Sprintf("the group %s has no tag %s that says its former sizes", g.Reference.ID, resource.SizesTag))
		f.Class = fault.WrongState
		return "", f
	}
	request, err := a.resize(ctx, g, to)
	if err != nil {
		return "", err
	}
	_, err = a.erase(ctx, g, []string{resource.SizesTag})
	return request, err
}
