package aws

import (
	"context"
	"errors"
	"net"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxAttempts of a call, the first included. The SDK's own three are too few
// for an account whose EC2 rate others use up too. AWS_MAX_ATTEMPTS and
// max_attempts override it.
const maxAttempts = 5

// alsoRetried are EC2's passing errors that the SDK does not know as such, or
// knows only by their HTTP status. "Error codes for the Amazon EC2 API" says of
// each that the request can be retried.
var alsoRetried = []string{
	"ConcurrentTagAccess", "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable",
}

// newRetryer is for reads and for changes that do no harm when done twice,
// which is every change tagwarden makes: a stop of what is stopped succeeds.
func newRetryer() awssdk.Retryer { return retryerWith(retry.IsErrorRetryableFunc(hopeless)) }

// newSendRetryer is for messages: one whose answer was lost may have been
// sent, and to send it again is for the caller to decide.
func newSendRetryer() awssdk.Retryer {
	return retryerWith(retry.IsErrorRetryableFunc(hopeless), retry.IsErrorRetryableFunc(answerLost))
}

func retryerWith(first ...retry.IsErrorRetryable) awssdk.Retryer {
	standard := retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.Retryables = append(first, o.Retryables...)
	})
	return retry.AddWithErrorCodes(standard, alsoRetried...)
}

// hopeless keeps the SDK from repeating what fails the same way a second
// later: nobody listens there, the credential chain (which has retries of its
// own) has nothing, or the time is up. A name server that fails is not hopeless.
func hopeless(err error) awssdk.Ternary {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.Temporary() {
		return awssdk.UnknownTernary
	}
	if isCredentials(err) || isUnreachable(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return awssdk.FalseTernary
	}
	return awssdk.UnknownTernary
}

func answerLost(err error) awssdk.Ternary {
	if _, sent := errors.AsType[*smithyhttp.RequestSendError](err); sent {
		if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
			return awssdk.FalseTernary
		}
	}
	return awssdk.UnknownTernary
}

// attemptTimeout bounds each attempt of a call, and not the waits between them,
// so that a call which waits its turn is not cut off for it.
func attemptTimeout(d time.Duration) func(*middleware.Stack) error {
	bound := middleware.FinalizeMiddlewareFunc("tagwarden.AttemptTimeout",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			ctx, cancel := context.WithTimeout(ctx, d)
			defer cancel()
			return next.HandleFinalize(ctx, in)
		})
	return func(stack *middleware.Stack) error {
		after := "Retry"
		if _, limited := stack.Finalize.Get(limiterID); limited {
			after = limiterID
		}
		return stack.Finalize.Insert(bound, after, middleware.After)
	}
}
