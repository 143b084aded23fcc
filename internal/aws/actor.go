package aws

import (
	"context"
	"fmt"
	"maps"
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

// change is how a kind of action is done to resources of one type.
type change struct {
	call need.Call
	do   func(context.Context, *Session, execute.Call) (execute.Answer, error)
}

// ec2Change is a change that one call of EC2 makes.
func ec2Change(call need.Call, do func(context.Context, *ec2API, execute.Call) (execute.Answer, error)) change {
	return change{call, func(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
		api, err := s.ec2(call, c.At.Region)
		if err != nil {
			return execute.Answer{}, err
		}
		return do(ctx, api, c)
	}}
}

// ec2Tagging is how everything of EC2 is tagged, and told to functions.
var ec2Tagging = map[action.Kind]change{
	action.Mark:   ec2Change(callCreateTags, createTags),
	action.Unmark: ec2Change(callDeleteTags, deleteTags),
	action.Tag:    ec2Change(callCreateTags, createTags),
	action.Untag:  ec2Change(callDeleteTags, deleteTags),
	action.Invoke: {callInvoke, invokeFunction},
}

// changes is every action there is, by the type it is done to.
var changes = map[resource.Type]map[action.Kind]change{
	resource.AutoScalingGroup: groupChanges,
	resource.EC2ElasticIP:     with(ec2Tagging, deletion(callRelease, releaseAddress)),
	resource.EC2Image:         with(ec2Tagging, deletion(callDeregisterImage, deregisterImage)),
	resource.EC2Instance: with(ec2Tagging, map[action.Kind]change{
		action.RunCommand: {callSendCommand, runCommand},
		action.Backup:     ec2Change(callCreateSnapshots, backUpInstance),
		action.Isolate:    ec2Change(callModifyInterface, isolateInstances),
		action.Restore:    ec2Change(callModifyInterface, restoreGroups),
		action.Start:      ec2Change(callStart, startInstances),
		action.Stop:       ec2Change(callStop, stopInstances),
		action.Terminate:  ec2Change(callTerminate, terminateInstances),
	}),
	resource.EC2NetworkACL: with(ec2Tagging, map[action.Kind]change{
		action.Restore: ec2Change(callCreateACLEntry, createACLEntries),
		action.Revoke:  ec2Change(callDeleteACLEntry, deleteACLEntries),
	}),
	resource.EC2NetworkInterface: with(ec2Tagging, deletion(callDeleteInterface, deleteNetworkInterface)),
	resource.EC2SecurityGroup: with(ec2Tagging, deletion(callDeleteGroup, deleteSecurityGroup), map[action.Kind]change{
		action.Restore: ec2Change(callAuthorizeIngress, restoreGroupRules),
		action.Revoke:  ec2Change(callRevokeIngress, revokeGroupRules),
	}),
	resource.EC2Snapshot: with(ec2Tagging, deletion(callDeleteSnapshot, deleteSnapshot)),
	resource.EC2Subnet:   ec2Tagging,
	resource.EC2Volume: with(ec2Tagging, deletion(callDeleteVolume, deleteVolume), map[action.Kind]change{
		action.Backup: ec2Change(callCreateSnapshot, backUpVolume),
	}),
	resource.EC2VPC: ec2Tagging,
	resource.RDSCluster: with(rdsTagging, map[action.Kind]change{
		action.Start: rdsChange(callStartDBCluster, startDBCluster),
		action.Stop:  rdsChange(callStopDBCluster, stopDBCluster),
	}),
	resource.RDSDatabase: with(rdsTagging, map[action.Kind]change{
		action.Start: rdsChange(callStartDatabase, startDatabase),
		action.Stop:  rdsChange(callStopDatabase, stopDatabase),
	}),
	resource.RDSSnapshot: with(rdsTagging, map[action.Kind]change{
		action.Delete: rdsChange(callDeleteDBSnapshot, deleteDBSnapshot),
	}),
	resource.DynamoDBTable:  taggedByARN(resource.DynamoDBRef),
	resource.LambdaFunction: taggedByARN(resource.LambdaRef),
	resource.S3Bucket: {
		action.Mark: {callPutBucketTags, tagBuckets}, action.Tag: {callPutBucketTags, tagBuckets},
		action.Unmark: {callPutBucketTags, tagBuckets}, action.Untag: {callPutBucketTags, tagBuckets},
		action.Invoke: {callInvoke, invokeFunction},
	},
}

// with is the changes of all of these.
func with(tables ...map[action.Kind]change) map[action.Kind]change {
	all := map[action.Kind]change{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// Do makes one API call, or where the API takes one resource a call one for
// each, for at most 1000 resources. It refuses, without
// calling, what AWS would take to mean everything: no ids, or no keys to
// delete.
func (a *Actor) Do(ctx context.Context, c execute.Call) (execute.Answer, error) {
	ch, ok := changes[c.Type][c.Action]
	if !ok {
		ch, ok = foreignChange(c.Type, c.Action)
	}
	if !ok {
		return execute.Answer{}, &fault.Error{
			Class: fault.Unsupported, Call: c.Action.String(), Region: c.At.Region,
			Message: fmt.Sprintf("there is no such call for resources of type %q", c.Type),
		}
	}
	if wrong := incomplete(c); wrong != "" {
		return execute.Answer{}, invalid(ch.call, c.At.Region, wrong)
	}
	return ch.do(touching(ctx, len(c.IDs)), a.s, c)
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
