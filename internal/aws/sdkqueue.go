package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tagwarden/tagwarden/internal/need"
)

// The calls.
var (
	callReceive        = need.Call{Service: "sqs", Operation: "ReceiveMessage"}
	callDeleteMessage  = need.Call{Service: "sqs", Operation: "DeleteMessage"}
	callHide           = need.Call{Service: "sqs", Operation: "ChangeMessageVisibility"}
	callQueue          = need.Call{Service: "sqs", Operation: "GetQueueAttributes"}
	callSend           = need.Call{Service: "sqs", Operation: "SendMessage"}
	callCreateSchedule = need.Call{Service: "scheduler", Operation: "CreateSchedule"}
)

// sqsAPI is SQS in one region.
type sqsAPI struct {
	receive    func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error)
	remove     func(context.Context, *sqs.DeleteMessageInput) (*sqs.DeleteMessageOutput, error)
	hide       func(context.Context, *sqs.ChangeMessageVisibilityInput) (*sqs.ChangeMessageVisibilityOutput, error)
	attributes func(context.Context, *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error)
	send       func(context.Context, *sqs.SendMessageInput) (*sqs.SendMessageOutput, error)
}

// sqs returns SQS in a region.
func (s *Session) sqs(region string) (*sqsAPI, error) {
	return s.sqss.get(callReceive, region, func() *sqsAPI {
		c := sqs.NewFromConfig(s.cfg, func(o *sqs.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &sqsAPI{
			receive:    calling(at, callReceive, c.ReceiveMessage),
			remove:     calling(at, callDeleteMessage, c.DeleteMessage),
			hide:       calling(at, callHide, c.ChangeMessageVisibility),
			attributes: calling(at, callQueue, c.GetQueueAttributes),
			send:       calling(at, callSend, c.SendMessage),
		}
	})
}

// schedulerAPI is EventBridge Scheduler in one region.
type schedulerAPI struct {
	create func(context.Context, *scheduler.CreateScheduleInput) (*scheduler.CreateScheduleOutput, error)
}

// scheduler returns EventBridge Scheduler in a region.
func (s *Session) scheduler(region string) (*schedulerAPI, error) {
	return s.schedulers.get(callCreateSchedule, region, func() *schedulerAPI {
		c := scheduler.NewFromConfig(s.cfg, func(o *scheduler.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &schedulerAPI{create: calling(at, callCreateSchedule, c.CreateSchedule)}
	})
}
