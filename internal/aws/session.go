// Package aws is the one place that speaks to AWS. It reads resources
// (inventory.Source), changes them (execute.Actor) and sends mail and
// publications (notify.Mailer, notify.Publisher), and it classifies AWS's
// errors so that nobody else needs to know one by its code.
package aws

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/tagwarden/tagwarden/internal/need"
)

const (
	// defaultTimeout is generous: the slowest call made is a page of 1000
	// instances, which takes AWS a few seconds.
	defaultTimeout = 30 * time.Second
	// dialTimeout ends the attempt to reach what drops packets. TCP repeats its
	// first one after one second and after three, so more would be of no use.
	dialTimeout = 5 * time.Second
	// idlePerHost keeps connections for calls made side by side (see
	// workers); Go's default of 2 would open a new one for most calls.
	idlePerHost = 2 * workers
)

// Options say how to reach AWS. The zero value takes everything from the
// environment and the shared configuration files, as the AWS CLI does.
type Options struct {
	// Profile is the name of a profile in the shared configuration; "" means
	// AWS_PROFILE, or the default one.
	Profile string
	// Region overrides the default region of the AWS configuration.
	Region string
	// FallbackRegion is the default region where neither Region nor the AWS
	// configuration names one.
	FallbackRegion string
	// Timeout is how long one attempt of a call may go without its whole
	// answer, 30 s when zero. An attempt that runs into it is not repeated.
	Timeout time.Duration
	// Version of tagwarden, for the user agent that CloudTrail records.
	Version string
	// HTTP makes the requests, nil: one with the proxy and the certificates of
	// the AWS configuration. Tests set it.
	HTTP *http.Client
}

// Session is one set of credentials, and so one account. It is safe for
// concurrent use; a service is opened once for each region, and its settings
// never change.
type Session struct {
	cfg      awssdk.Config
	endpoint string // of EC2 where it is overridden, else ""
	limits   *limiter
	bound    func(*middleware.Stack) error // the time-out of an attempt
	timeout  time.Duration                 // the same, for what is read after the attempt

	ec2s perRegion[ec2API]
	stss perRegion[stsAPI]
	sess perRegion[sesAPI]
	snss perRegion[snsAPI]
	cws  perRegion[cloudwatchAPI]

	ssms     perRegion[ssmAPI]
	lambdas  perRegion[lambdaAPI]
	trails   perRegion[trailAPI]
	archives perRegion[archiveAPI]
	ddbs     perRegion[tablesAPI]
	s3s      perRegion[objectsAPI]
	rdss     perRegion[rdsAPI]
	asgs     perRegion[autoscalingAPI]
	ledgers  perRegion[ledgerAPI]

	sqss       perRegion[sqsAPI]
	schedulers perRegion[schedulerAPI]

	services services
}

// perRegion holds one service's calls for each region.
type perRegion[API any] struct {
	mu   sync.Mutex
	apis map[string]*API
}

// get returns the calls of a region, opening it where that is new. The call
// that it is wanted for names the error.
func (p *perRegion[API]) get(call need.Call, region string, open func() *API) (*API, error) {
	if err := checkRegion(call, region); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	api, ok := p.apis[region]
	if !ok {
		if p.apis == nil {
			p.apis = map[string]*API{}
		}
		api = open()
		p.apis[region] = api
	}
	return api, nil
}

// Open reads the AWS configuration. It makes no call: credentials that are
// missing or wrong show at the first one. A profile that does not exist and a
// configuration file that cannot be read are errors; a missing default region
// is not (Region is "" then, and only what needs one fails). Errors are
// *fault.Error.
func Open(ctx context.Context, o Options) (*Session, error) {
	load := []func(*config.LoadOptions) error{
		// What the SDK would write to standard error, such as a fall back to IMDSv1,
		// is in the error too where it matters.
		config.WithLogger(logging.Nop{}),
		config.WithAPIOptions([]func(*middleware.Stack) error{
			awsmiddleware.AddUserAgentKeyValue("tagwarden", cmp.Or(o.Version, "dev")),
		}),
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.FallbackRegion != "" {
		load = append(load, config.WithDefaultRegion(o.FallbackRegion))
	}
	if o.HTTP != nil {
		load = append(load, config.WithHTTPClient(o.HTTP))
	} else {
		load = append(load, config.WithHTTPClient(httpClient()))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, configFault(o, err)
	}
	// Set before, it would keep AWS_MAX_ATTEMPTS from being read.
	cfg.Retryer = newRetryer
	cfg.Credentials = credentials{cfg.Credentials}
	s := &Session{cfg: cfg, limits: newLimiter(), timeout: cmp.Or(o.Timeout, defaultTimeout)}
	s.bound = attemptTimeout(s.timeout)
	// Only a client resolves what is set for its service alone.
	s.endpoint = awssdk.ToString(ec2.NewFromConfig(cfg).Options().BaseEndpoint)
	return s, nil
}

func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = idlePerHost })
}

// Region is the default region, "" where none is configured.
func (s *Session) Region() string { return s.cfg.Region }

// EndpointOverridden says whether calls go somewhere else than to AWS:
// AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_EC2, or endpoint_url in the profile.
func (s *Session) EndpointOverridden() bool { return s.endpoint != "" }

// Source returns the reading side.
func (s *Session) Source() *Source { return &Source{s} }

// Actor returns the changing side.
func (s *Session) Actor() *Actor { return &Actor{s} }

// ec2 returns EC2 in a region.
func (s *Session) ec2(call need.Call, region string) (*ec2API, error) {
	return s.ec2s.get(call, region, func() *ec2API {
		c := ec2.NewFromConfig(s.cfg, func(o *ec2.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.limits.install("ec2"), s.bound)
		})
		return newEC2(c, newSite(region, s.endpoint))
	})
}

// sts returns STS in a region.
func (s *Session) sts(region string) (*stsAPI, error) {
	return s.stss.get(callIdentity, region, func() *stsAPI {
		c := sts.NewFromConfig(s.cfg, func(o *sts.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newSTS(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
}

// ses returns SES in a region.
func (s *Session) ses(region string) (*sesAPI, error) {
	return s.sess.get(callSendEmail, region, func() *sesAPI {
		c := sesv2.NewFromConfig(s.cfg, func(o *sesv2.Options) {
			o.Region, o.Retryer = region, newSendRetryer()
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newSES(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
}

// sns returns SNS in a region.
func (s *Session) sns(region string) (*snsAPI, error) {
	return s.snss.get(callPublish, region, func() *snsAPI {
		c := sns.NewFromConfig(s.cfg, func(o *sns.Options) {
			o.Region, o.Retryer = region, newSendRetryer()
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newSNS(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
}

// cloudwatch returns CloudWatch in a region.
func (s *Session) cloudwatch(region string) (*cloudwatchAPI, error) {
	return s.cws.get(callMetrics, region, func() *cloudwatchAPI {
		c := cloudwatch.NewFromConfig(s.cfg, func(o *cloudwatch.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		return newCloudWatch(c, newSite(region, awssdk.ToString(c.Options().BaseEndpoint)))
	})
}
