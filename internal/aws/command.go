package aws

import (
	"context"
	"errors"
	"slices"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
)

var (
	callAgents      = need.Call{Service: "ssm", Operation: "DescribeInstanceInformation"}
	callSendCommand = need.Call{Service: "ssm", Operation: "SendCommand"}
)

// maxCommand is how many instances one SendCommand takes by their ids, and how
// many one page of DescribeInstanceInformation tells of (both in the Systems
// Manager API reference).
const maxCommand = 50

// ssmAPI is Systems Manager in one region.
type ssmAPI struct {
	at        site
	parameter func(context.Context, *ssm.GetParameterInput) (*ssm.GetParameterOutput, error)
	agents    func(context.Context, *ssm.DescribeInstanceInformationInput) (*ssm.DescribeInstanceInformationOutput, error)
	send      func(context.Context, *ssm.SendCommandInput) (*ssm.SendCommandOutput, error)
}

// ssm returns Systems Manager in a region. A command that may have been sent is
// not sent again.
func (s *Session) ssm(call need.Call, region string) (*ssmAPI, error) {
	return s.ssms.get(call, region, func() *ssmAPI {
		c := ssm.NewFromConfig(s.cfg, func(o *ssm.Options) {
			o.Region, o.Retryer = region, newSendRetryer()
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &ssmAPI{at: at, parameter: calling(at, callGetParameter, c.GetParameter),
			agents: calling(at, callAgents, c.DescribeInstanceInformation), send: calling(at, callSendCommand, c.SendCommand)}
	})
}

// runCommand sends a command to those instances that Systems Manager has
// online. That it was sent says nothing of how it ends.
func runCommand(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
	api, err := s.ssm(callSendCommand, c.At.Region)
	if err != nil {
		return execute.Answer{}, err
	}
	out := newOutcomes()
	for some := range slices.Chunk(c.IDs, maxCommand) {
		status, err := api.status(ctx, some)
		if err != nil {
			out.all(some, err)
			continue
		}
		var online []string
		for _, id := range some {
			if status[id] == ssmtypes.PingStatusOnline {
				online = append(online, id)
				continue
			}
			f := invalid(callAgents, c.At.Region, "Systems Manager does not manage the instance")
			if status[id] != "" {
				f.Message = "Systems Manager does not reach the instance: " + string(status[id])
			}
			f.Class, f.Hint = fault.WrongState, "the instance needs the SSM Agent running, an instance profile that allows it, and a way to the endpoints of Systems Manager"
			out.note(id, "", nil, f)
		}
		if len(online) > 0 {
			api.command(ctx, c, online, out)
		}
	}
	return out.Answer, nil
}

// all records one failure for many.
func (o *outcomes) all(ids []string, err error) {
	for _, id := range ids {
		o.note(id, "", nil, err)
	}
}

// command sends one command to some instances.
func (a *ssmAPI) command(ctx context.Context, c execute.Call, ids []string, out *outcomes) {
	sent, err := a.send(ctx, &ssm.SendCommandInput{
		DocumentName: &c.Document, Parameters: c.Parameters, InstanceIds: ids,
		Comment: awssdk.String(comment("tagwarden " + c.Policy)),
	})
	if err != nil {
		out.all(ids, discreet(err, c.Parameters))
		return
	}
	note := "a command was sent"
	if sent.Command != nil && sent.Command.CommandId != nil {
		note = "command " + *sent.Command.CommandId + " was sent"
	}
	for _, id := range ids {
		out.note(id, requestID(sent.ResultMetadata), nil, nil)
		out.Notes[id] = note
	}
}

// discreet takes what the command was given out of the service's text, which
// may repeat it.
func discreet(err error, given map[string][]string) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	for _, values := range given {
		for _, v := range values {
			if v = strings.Join(strings.Fields(v), " "); v != "" { // as the text is
				f.Message = strings.ReplaceAll(f.Message, v, "(hidden)")
			}
		}
	}
	if strings.HasSuffix(f.Message, "…") { // cut off, perhaps within a value
		f.Message = "the service's text is left out, as it may repeat what it was given"
	}
	f.Err = nil // has the text too
	return f
}

// comment is text as SendCommand takes it: at most 100 characters.
func comment(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}

// status is how Systems Manager sees instances, nothing of those it does not
// manage.
func (a *ssmAPI) status(ctx context.Context, ids []string) (map[string]ssmtypes.PingStatus, error) {
	seen := map[string]ssmtypes.PingStatus{}
	key := "InstanceIds"
	err := eachPage(callAgents, a.at.region, func(token *string) (*string, error) {
		out, err := a.agents(ctx, &ssm.DescribeInstanceInformationInput{
			Filters:    []ssmtypes.InstanceInformationStringFilter{{Key: &key, Values: ids}},
			MaxResults: awssdk.Int32(maxCommand), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		for _, i := range out.InstanceInformationList {
			seen[awssdk.ToString(i.InstanceId)] = i.PingStatus
		}
		return out.NextToken, nil
	})
	return seen, err
}
