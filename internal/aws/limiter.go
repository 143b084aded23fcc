package aws

import (
	"context"
	"fmt"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"

	"github.com/tagwarden/tagwarden/internal/need"
)

// bucket is a token bucket: its size, and the tokens it gains in a second.
type bucket struct {
	size int
	rate rate.Limit
}

// published is what AWS allows an account in one region for each call, from
// "Request throttling for the Amazon EC2 API"
// (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
// Keeping to it avoids errors that would also hit everybody else who works in
// the account.
var published = map[need.Call]struct {
	requests  bucket
	resources bucket // zero where the call takes no tokens for its resources
}{
	callInstances:         {requests: bucket{100, 20}},
	callAttribute:         {requests: bucket{100, 20}},
	callSpot:              {requests: bucket{100, 20}},
	callVpcs:              {requests: bucket{100, 20}},
	callVolumes:           {requests: bucket{100, 20}},
	callSnapshots:         {requests: bucket{100, 20}},
	callImages:            {requests: bucket{100, 20}},
	callNetworkInterfaces: {requests: bucket{100, 20}},
	callSecurityGroups:    {requests: bucket{100, 20}},
	callNetworkAcls:       {requests: bucket{100, 20}},
	callSubnets:           {requests: bucket{100, 20}},
	callRegions:           {requests: bucket{50, 10}}, // neither filtered nor paged
	callAddresses:         {requests: bucket{50, 10}}, // never paged
	callTemplates:         {requests: bucket{100, 20}},
	callTemplateVersions:  {requests: bucket{100, 20}},
	callSnapshotAttribute: {requests: bucket{100, 20}},
	callImageAttribute:    {requests: bucket{100, 20}},
	callDeleteVolume:      {requests: bucket{50, 5}},
	callDeleteSnapshot:    {requests: bucket{50, 5}},
	callDeregisterImage:   {requests: bucket{50, 5}},
	callDeleteInterface:   {requests: bucket{50, 5}},
	callDeleteGroup:       {requests: bucket{50, 5}},
	callRelease:           {requests: bucket{50, 5}},
	callStop:              {requests: bucket{50, 5}, resources: bucket{1000, 20}},
	callTerminate:         {requests: bucket{100, 5}, resources: bucket{1000, 20}},
	callStart:             {requests: bucket{5, 2}, resources: bucket{1000, 2}},
	callCreateTags:        {requests: bucket{100, 10}},
	callDeleteTags:        {requests: bucket{100, 10}},
	callGroupRules:        {requests: bucket{100, 20}},
	callCreateSnapshot:    {requests: bucket{50, 5}}, // a mutating action, as the next eight
	callCreateSnapshots:   {requests: bucket{50, 5}},
	callRevokeIngress:     {requests: bucket{50, 5}},
	callRevokeEgress:      {requests: bucket{50, 5}},
	callAuthorizeIngress:  {requests: bucket{50, 5}},
	callAuthorizeEgress:   {requests: bucket{50, 5}},
	callCreateACLEntry:    {requests: bucket{50, 5}},
	callDeleteACLEntry:    {requests: bucket{50, 5}},
	callModifyInterface:   {requests: bucket{50, 5}},
	callLookupEvents:      {requests: bucket{2, 2}}, // "Quotas in AWS CloudTrail"

	// Lambda allows 15 requests a second to all of its control plane together
	// ("Lambda quotas", API requests): these are shares of them. The
	// Resource Groups Tagging API allows 15 GetResources a second ("Service quotas"
	// of Tag Editor), and its changes are kept below that. DynamoDB's and S3's
	// rates are far above what is asked of them here.
	callFunctions:      {requests: bucket{5, 5}},
	callFunctionTags:   {requests: bucket{5, 5}},
	callFunction:       {requests: bucket{5, 5}},
	callResources:      {requests: bucket{15, 15}},
	callTagResources:   {requests: bucket{5, 5}},
	callUntagResources: {requests: bucket{5, 5}},
}

// limiterID names the middleware in the SDK's stack.
const limiterID = "tagwarden.RateLimit"

// limiter makes calls wait until AWS will take them. One belongs to one
// account; it has buckets for each region and call.
type limiter struct {
	mu      sync.Mutex
	buckets map[limitKey]limits
}

type limitKey struct {
	region string
	call   need.Call
}

type limits struct{ requests, resources *rate.Limiter }

func newLimiter() *limiter { return &limiter{buckets: map[limitKey]limits{}} }

// of returns the buckets of a call in a region; the limiters of one that AWS
// publishes nothing for are nil.
func (l *limiter) of(region string, call need.Call) limits {
	p, ok := published[call]
	if !ok {
		return limits{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := limitKey{region, call}
	b, ok := l.buckets[key]
	if !ok {
		b.requests = rate.NewLimiter(p.requests.rate, p.requests.size)
		if p.resources.size > 0 {
			b.resources = rate.NewLimiter(p.resources.rate, p.resources.size)
		}
		l.buckets[key] = b
	}
	return b
}

// take waits for one request of a call that touches n resources. It fails at
// once when the wait would outlast the context's deadline.
func (l *limiter) take(ctx context.Context, region string, call need.Call, n int) error {
	b := l.of(region, call)
	if b.requests != nil {
		if err := b.requests.Wait(ctx); err != nil {
			return tooSlow(ctx, err)
		}
	}
	if b.resources != nil && n > 0 {
		if err := b.resources.WaitN(ctx, n); err != nil {
			return tooSlow(ctx, err)
		}
	}
	return nil
}

// rateError says that a call was not made because AWS would not take it
// before the deadline.
type rateError struct{ err error }

func (e *rateError) Error() string { return fmt.Sprintf("keeping to AWS's request rate: %v", e.err) }
func (e *rateError) Unwrap() error { return e.err }

func tooSlow(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &rateError{err}
}

// install puts the limiter of a service's calls behind the SDK's retries, so that
// each attempt takes tokens.
func (l *limiter) install(service string) func(*middleware.Stack) error {
	limit := middleware.FinalizeMiddlewareFunc(limiterID,
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
			call := need.Call{Service: service, Operation: awsmiddleware.GetOperationName(ctx)}
			n, _ := ctx.Value(touchingKey{}).(int)
			if err := l.take(ctx, awsmiddleware.GetRegion(ctx), call, n); err != nil {
				return out, meta, err
			}
			return next.HandleFinalize(ctx, in)
		})
	return func(stack *middleware.Stack) error { return stack.Finalize.Insert(limit, "Retry", middleware.After) }
}

type touchingKey struct{}

// touching tells the limiter how many resources the call in this context is
// about; the middleware sees only its bytes.
func touching(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, touchingKey{}, n)
}
