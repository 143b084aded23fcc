package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tagwarden/tagwarden/internal/need"
)

// The calls of a checkup that nothing else makes.
var (
	callSimulate     = need.Call{Service: "iam", Operation: "SimulatePrincipalPolicy"}
	callRole         = need.Call{Service: "iam", Operation: "GetRole"}
	callTrails       = need.Call{Service: "cloudtrail", Operation: "DescribeTrails"}
	callTrailStatus  = need.Call{Service: "cloudtrail", Operation: "GetTrailStatus"}
	callSelectors    = need.Call{Service: "cloudtrail", Operation: "GetEventSelectors"}
	callMailIdentity = need.Call{Service: "sesv2", Operation: "GetEmailIdentity"}
	callMailAccount  = need.Call{Service: "sesv2", Operation: "GetAccount"}
	callMailSet      = need.Call{Service: "sesv2", Operation: "GetConfigurationSet"}
	callTopic        = need.Call{Service: "sns", Operation: "GetTopicAttributes"}
	callBus          = need.Call{Service: "events", Operation: "DescribeEventBus"}
)

// simulatorAPI is IAM, which is one for all regions of a partition.
type simulatorAPI struct {
	at       site
	simulate func(context.Context, *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error)
	role     func(context.Context, *iam.GetRoleInput) (*iam.GetRoleOutput, error)
}

func (c *Checkup) simulator(region string) (*simulatorAPI, error) {
	return c.simulators.get(callSimulate, region, func() *simulatorAPI {
		client := iam.NewFromConfig(c.s.cfg, func(o *iam.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, c.s.bound)
		})
		at := newSite(region, awssdk.ToString(client.Options().BaseEndpoint))
		return &simulatorAPI{at: at, simulate: calling(at, callSimulate, client.SimulatePrincipalPolicy), role: calling(at, callRole, client.GetRole)}
	})
}

// trailsAPI is CloudTrail in one region, as far as trails go.
type trailsAPI struct {
	trails    func(context.Context, *cloudtrail.DescribeTrailsInput) (*cloudtrail.DescribeTrailsOutput, error)
	status    func(context.Context, *cloudtrail.GetTrailStatusInput) (*cloudtrail.GetTrailStatusOutput, error)
	selectors func(context.Context, *cloudtrail.GetEventSelectorsInput) (*cloudtrail.GetEventSelectorsOutput, error)
}

func (c *Checkup) trails(region string) (*trailsAPI, error) {
	return c.trailAPIs.get(callTrails, region, func() *trailsAPI {
		client := cloudtrail.NewFromConfig(c.s.cfg, func(o *cloudtrail.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, c.s.bound)
		})
		at := newSite(region, awssdk.ToString(client.Options().BaseEndpoint))
		return &trailsAPI{
			trails:    calling(at, callTrails, client.DescribeTrails),
			status:    calling(at, callTrailStatus, client.GetTrailStatus),
			selectors: calling(at, callSelectors, client.GetEventSelectors),
		}
	})
}

// mailsAPI is SES in one region, as far as it says what can be sent.
type mailsAPI struct {
	identity func(context.Context, *sesv2.GetEmailIdentityInput) (*sesv2.GetEmailIdentityOutput, error)
	account  func(context.Context, *sesv2.GetAccountInput) (*sesv2.GetAccountOutput, error)
	set      func(context.Context, *sesv2.GetConfigurationSetInput) (*sesv2.GetConfigurationSetOutput, error)
}

func (c *Checkup) mails(call need.Call, region string) (*mailsAPI, error) {
	return c.mailAPIs.get(call, region, func() *mailsAPI {
		client := sesv2.NewFromConfig(c.s.cfg, func(o *sesv2.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, c.s.bound)
		})
		at := newSite(region, awssdk.ToString(client.Options().BaseEndpoint))
		return &mailsAPI{
			identity: calling(at, callMailIdentity, client.GetEmailIdentity),
			account:  calling(at, callMailAccount, client.GetAccount),
			set:      calling(at, callMailSet, client.GetConfigurationSet),
		}
	})
}

// topicsAPI is SNS in one region, as far as it tells of topics.
type topicsAPI struct {
	attributes func(context.Context, *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error)
}

func (c *Checkup) topics(region string) (*topicsAPI, error) {
	return c.topicAPIs.get(callTopic, region, func() *topicsAPI {
		client := sns.NewFromConfig(c.s.cfg, func(o *sns.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, c.s.bound)
		})
		return &topicsAPI{calling(newSite(region, awssdk.ToString(client.Options().BaseEndpoint)), callTopic, client.GetTopicAttributes)}
	})
}

// busesAPI is EventBridge in one region, as far as it tells of buses.
type busesAPI struct {
	describe func(context.Context, *eventbridge.DescribeEventBusInput) (*eventbridge.DescribeEventBusOutput, error)
}

func (c *Checkup) buses(region string) (*busesAPI, error) {
	return c.busAPIs.get(callBus, region, func() *busesAPI {
		client := eventbridge.NewFromConfig(c.s.cfg, func(o *eventbridge.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, c.s.bound)
		})
		return &busesAPI{calling(newSite(region, awssdk.ToString(client.Options().BaseEndpoint)), callBus, client.DescribeEventBus)}
	})
}
