package aws

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/need"
)

var callInvoke = need.Call{Service: "lambda", Operation: "Invoke"}

// maxPayload is how long the event of an asynchronous invocation may be
// ("Lambda quotas" in the Lambda developer guide: 1 MB).
const maxPayload = 1 << 20

// lambdaAPI is Lambda in one region.
type lambdaAPI struct {
	invoke func(context.Context, *lambda.InvokeInput) (*lambda.InvokeOutput, error)
}

// lambda returns Lambda in a region. An event that may have been taken is not
// given again.
func (s *Session) lambda(region string) (*lambdaAPI, error) {
	return s.lambdas.get(callInvoke, region, func() *lambdaAPI {
		c := lambda.NewFromConfig(s.cfg, func(o *lambda.Options) {
			o.Region, o.Retryer = region, newSendRetryer()
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &lambdaAPI{invoke: calling(at, callInvoke, c.Invoke)}
	})
}

// regionOf is the region of a function, bus or parameter: that of its ARN, or
// the one given for a name.
func regionOf(name, region string) string {
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return cmp.Or(parts[3], region)
	}
	return region
}

// invokeFunction gives a function one event for each resource, and does not
// wait for what it makes of it.
func invokeFunction(ctx context.Context, s *Session, c execute.Call) (execute.Answer, error) {
	api, err := s.lambda(regionOf(c.Function, c.At.Region))
	if err != nil {
		return execute.Answer{}, err
	}
	out := newOutcomes()
	for _, id := range c.IDs {
		payload := c.Payloads[id]
		if len(payload) == 0 || len(payload) > maxPayload {
			out.note(id, "", nil, invalid(callInvoke, c.At.Region, fmt.Sprintf("the event has %d bytes, where 1 to %d can be given", len(payload), maxPayload)))
			continue
		}
		done, err := api.invoke(ctx, &lambda.InvokeInput{FunctionName: &c.Function, InvocationType: lambdatypes.InvocationTypeEvent, Payload: payload})
		if err != nil {
			out.note(id, "", nil, err)
			continue
		}
		out.note(id, requestID(done.ResultMetadata), nil, nil)
		out.Notes[id] = c.Function + " took the event"
	}
	return out.Answer, nil
}
