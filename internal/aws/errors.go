package aws

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
)

// site is where calls go, as far as errors tell it.
type site struct {
	region string
	host   string // of an overridden endpoint, else ""
}

// newSite keeps of an endpoint's URL only the host: the rest may hold a
// password.
func newSite(region, endpoint string) site {
	at := site{region: region}
	if u, err := url.Parse(endpoint); err == nil {
		at.host = u.Host
	}
	return at
}

// failed turns the SDK's error of a call into a *fault.Error, and nil into nil.
func (at site) failed(call need.Call, err error) error {
	if err == nil {
		return nil
	}
	f := &fault.Error{Call: call.String(), Region: at.region, Err: err}
	if sent, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		f.RequestID = sent.ServiceRequestID()
	}
	v := judge(f, err)
	f.Class, f.Hint = v.class, at.advise(call, v, err)
	return f
}

// advise is the hint of a verdict on an error of a call, which is nil where the
// call itself succeeded.
func (at site) advise(call need.Call, v verdict, err error) string {
	return strings.NewReplacer("{permission}", call.Permission(), "{region}", at.region, "{endpoint}", at.endpoint(err)).Replace(v.hint)
}

// verdict is what an error means and what a person can do about it. In a hint
// {permission}, {region} and {endpoint} stand for those of the call.
type verdict struct {
	class fault.Class
	hint  string
}

const (
	waysToCredentials = "aws configure, aws sso login, --profile, or the AWS_* environment variables"
	unreachableHint   = "nothing answers at {endpoint}: check the network and any proxy, that {region} is a region's name, and AWS_ENDPOINT_URL where it is set"
)

// judge finds the class of an error, and fills in the service's code and text.
func judge(f *fault.Error, err error) verdict {
	api, isAPI := errors.AsType[smithy.APIError](err)
	switch {
	case isCredentials(err):
		cause, _ := errors.AsType[*credentialsError](err)
		// A role that could not be taken on says why.
		if inner, ok := errors.AsType[*fault.Error](cause.err); ok {
			f.Code, f.Message = inner.Code, "no credentials: "+oneLine(inner.Error())
			return verdict{inner.Class, inner.Hint}
		}
		f.Message = "no usable credentials: " + oneLine(cause.err.Error())
		return verdict{fault.Credentials, "give some: " + waysToCredentials}
	case errors.Is(err, context.Canceled):
		f.Message = "cancelled"
		return verdict{class: fault.Cancelled}
	case errors.Is(err, context.DeadlineExceeded):
		f.Message = "no answer in time"
		return verdict{fault.TimedOut, "the endpoint {endpoint} is slow or cut off; try again"}
	case isRate(err):
		f.Message = "keeping to AWS's request rate would take longer than the time left"
		return verdict{fault.Throttled, "give the run more time, or act on fewer resources"}
	case isAPI:
		f.Code, f.Message = api.ErrorCode(), oneLine(api.ErrorMessage())
		return judgeCode(f.Code, statusOf(err))
	}
	f.Message = oneLine(rootText(err))
	return judgeNetwork(err)
}

// judgeCode looks an error code up. One that is not in the table is judged by
// the HTTP status: AWS adds codes, but a 5xx stays a failure of the service.
func judgeCode(code string, status int) verdict {
	if v, ok := codes[code]; ok {
		return v
	}
	switch {
	case missing(code):
		return gone
	case status >= 500:
		return passing
	case status == http.StatusTooManyRequests:
		return throttled
	case status == http.StatusForbidden:
		return denied
	}
	return verdict{class: fault.Other}
}

// missing says whether a code is one by which services say that something is
// not there: they have some hundred of them, named alike.
func missing(code string) bool {
	for _, end := range []string{"NotFound", "NotFoundException", "NotFoundFault", "NonExistentQueue", "DoesNotExist", "DoesNotExistException"} {
		if strings.HasSuffix(code, end) {
			return true
		}
	}
	return strings.HasPrefix(code, "NoSuch")
}

func judgeNetwork(err error) verdict {
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	timer, timed := errors.AsType[net.Error](err)
	switch {
	case isUnreachable(err):
		return verdict{fault.Unreachable, unreachableHint}
	case timed && timer.Timeout():
		return verdict{fault.TimedOut, "the endpoint {endpoint} is slow or cut off; try again"}
	case unsent, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return verdict{fault.Passing, "the connection to {endpoint} broke; try again"}
	}
	if _, garbled := errors.AsType[*smithy.DeserializationError](err); garbled {
		return verdict{fault.Other, "what answers at {endpoint} is not AWS: check proxies and AWS_ENDPOINT_URL"}
	}
	return verdict{class: fault.Other}
}

// isUnreachable says that nobody answers there: the name is not known, the
// connection was not made, or it was made with somebody else.
func isUnreachable(err error) bool {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok
}

func isRate(err error) bool {
	_, ok := errors.AsType[*rateError](err)
	return ok
}

// endpoint names the host of a call: the overridden one, else the one that the
// error names.
func (at site) endpoint(err error) string {
	if at.host != "" {
		return at.host
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		if parsed, perr := url.Parse(u.URL); perr == nil && parsed.Host != "" {
			return parsed.Host
		}
	}
	return "AWS in " + at.region
}

func statusOf(err error) int {
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}

// rootText is the text of what went wrong in the transport, without the URL
// (which repeats the whole query) and without the SDK's words about attempts.
func rootText(err error) string {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err.Error()
	}
	if o, ok := errors.AsType[*smithy.OperationError](err); ok {
		return o.Err.Error()
	}
	return err.Error()
}

// maxMessage characters of a service's text are kept: EC2 puts an encoded
// authorization message of about a thousand behind a denial.
const maxMessage = 400

// oneLine makes text one line of at most maxMessage characters.
func oneLine(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > maxMessage {
		return string(r[:maxMessage]) + "…"
	}
	return string(r)
}
