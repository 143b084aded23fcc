package aws

import (
	"context"
	"fmt"
	"slices"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// maxIDs of one call: what CreateTags takes, and the resource tokens that a
// full bucket holds for the others.
const maxIDs = 1000

// Actor changes an account. It is an execute.Actor.
type Actor struct{ s *Session }

var _ execute.Actor = (*Actor)(nil)

// change is how a kind of action is done.
type change struct {
	call need.Call
	// to is the one type of resources it is done to, "" where it is all of EC2's.
	to resource.Type
	do func(context.Context, *ec2API, execute.Call) (execute.Answer, error)
}

// changes is every action there is for EC2.
var changes = map[action.Kind]change{
	action.Mark:      {callCreateTags, "", createTags},
	action.Unmark:    {callDeleteTags, "", deleteTags},
	action.Tag:       {callCreateTags, "", createTags},
	action.Untag:     {callDeleteTags, "", deleteTags},
	action.Start:     {callStart, resource.EC2Instance, startInstances},
	action.Stop:      {callStop, resource.EC2Instance, stopInstances},
	action.Terminate: {callTerminate, resource.EC2Instance, terminateInstances},
}

// Do makes one API call, for at most 1000 resources. It refuses, without
// calling, what AWS would take to mean everything: no ids, or no keys to
// delete.
func (a *Actor) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	ch, ok := changes[c.Action]
	if !ok || !ch.takes(c.Type) {
		return execute.Answer{}, &fault.Error{
			Class: fault.Unsupported, Call: c.Action.String(), Region: c.At.Region,
			Message: fmt.Sprintf("there is no such call for resources of type %q", c.Type),
		}
	}
	if wrong := incomplete(c); wrong != "" {
		return execute.Answer{}, invalid(ch.call, c.At.Region, wrong)
	}
	api, err := a.s.ec2(ch.call, c.At.Region)
	if err != nil {
		return execute.Answer{}, err
	}
	return ch.do(touching(ctx, len(c.IDs)), api, c)
}

// takes says whether the change can be made to resources of a type.
func (c change) takes(t resource.Type) bool {
	_, known := readers[t]
	return known && (c.to == "" || c.to == t)
}

// incomplete says what is missing in a call, or "".
func incomplete(c execute.Call) string {
	switch {
	case len(c.IDs) == 0:
		return "no resource is named"
	case len(c.IDs) > maxIDs:
		return fmt.Sprintf("%d resources are named, %d is the most", len(c.IDs), maxIDs)
	case slices.Contains(c.IDs, ""):
		return "a resource without an id is named"
	}
	switch c.Action {
	case action.Tag, action.Mark:
		if len(c.Tags) == 0 {
			return "no tag is named"
		}
	case action.Untag, action.Unmark:
		if len(c.Keys) == 0 {
			return "no key is named, which would delete every tag"
		}
		if slices.Contains(c.Keys, "") {
			return "an empty key is named"
		}
	}
	return ""
}

func createTags(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	in := &ec2.CreateTagsInput{Resources: c.IDs}
	for _, k := range c.Tags.Keys() {
		in.Tags = append(in.Tags, types.Tag{Key: awssdk.String(k), Value: awssdk.String(c.Tags[k])})
	}
	out, err := api.createTags(ctx, in)
	if err != nil {
		return execute.Answer{}, err
	}
	return execute.Answer{RequestID: requestID(out.ResultMetadata)}, nil
}

func deleteTags(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	in := &ec2.DeleteTagsInput{Resources: c.IDs}
	for _, k := range c.Keys {
		// A key without a value is deleted whatever its value is.
		in.Tags = append(in.Tags, types.Tag{Key: awssdk.String(k)})
	}
	out, err := api.deleteTags(ctx, in)
	if err != nil {
		return execute.Answer{}, err
	}
	return execute.Answer{RequestID: requestID(out.ResultMetadata)}, nil
}

func startInstances(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out, err := api.start(ctx, &ec2.StartInstancesInput{InstanceIds: c.IDs})
	if err != nil {
		return execute.Answer{}, err
	}
	return answer(out.ResultMetadata, out.StartingInstances), nil
}

func stopInstances(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out, err := api.stop(ctx, &ec2.StopInstancesInput{InstanceIds: c.IDs})
	if err != nil {
		return execute.Answer{}, err
	}
	return answer(out.ResultMetadata, out.StoppingInstances), nil
}

func terminateInstances(ctx context.Context, api *ec2API, c execute.Call) (execute.Answer, error) {
	out, err := api.terminate(ctx, &ec2.TerminateInstancesInput{InstanceIds: c.IDs})
	if err != nil {
		return execute.Answer{}, err
	}
	return answer(out.ResultMetadata, out.TerminatingInstances), nil
}

func answer(meta middleware.Metadata, changed []types.InstanceStateChange) execute.Answer {
	a := execute.Answer{RequestID: requestID(meta), Previous: make(map[string]string, len(changed))}
	for _, c := range changed {
		if c.InstanceId != nil && c.PreviousState != nil {
			a.Previous[*c.InstanceId] = string(c.PreviousState.Name)
		}
	}
	return a
}

func requestID(meta middleware.Metadata) string {
	id, _ := awsmiddleware.GetRequestIDMetadata(meta)
	return id
}
