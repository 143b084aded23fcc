// Package fault is what went wrong in a call to a service, by class: what the
// rest of tagwarden may know of an error without knowing whose it is. The
// adapters classify (by code, never by message text); everybody else branches
// on the class.
package fault

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Class is what an error means for what to do next.
type Class string

// The classes.
const (
	// Other is an error of no known class: report it, do not retry.
	Other Class = "other"
	// NotFound: the resource is not there, or not there yet.
	NotFound Class = "not found"
	// Denied: the caller lacks a permission.
	Denied Class = "denied"
	// Credentials: there are none, or they are wrong or have expired.
	Credentials Class = "credentials"
	// Throttled: too many calls; retry later.
	Throttled Class = "throttled"
	// Passing: the service or the way to it failed for a moment; retry.
	Passing Class = "passing"
	// Unreachable: nothing answers at the endpoint.
	Unreachable Class = "unreachable"
	// TimedOut: no answer in time; what was asked may have been done.
	TimedOut Class = "timed out"
	// Protected: protection against stopping or terminating is on.
	Protected Class = "protected"
	// Unsupported: the resource cannot do this at all.
	Unsupported Class = "unsupported"
	// WrongState: the resource cannot do this in its present state.
	WrongState Class = "wrong state"
	// TagLimit: the resource would have too many tags.
	TagLimit Class = "tag limit"
	// TagPolicy: a tag policy of the organisation refuses the tag.
	TagPolicy Class = "tag policy"
	// Invalid: the request itself is wrong (a malformed id, …).
	Invalid Class = "invalid"
	// Unverified: the mail identity is not verified.
	Unverified Class = "unverified"
	// Quota: a quota is used up; do not retry soon.
	Quota Class = "quota"
	// Cancelled: the user or the deadline ended the work.
	Cancelled Class = "cancelled"
)

// Error is a failed call.
type Error struct {
	Class Class
	// Call is the operation: ec2:StopInstances.
	Call string
	// Region is where, empty for services without one.
	Region string
	// Code is the service's own error code, empty where it gave none.
	Code string
	// Message is the service's own text, in one line.
	Message string
	// RequestID is what the service's support asks for.
	RequestID string
	// Hint says what a person can do about it; may be empty.
	Hint string
	// Err is the cause; it may be nil.
	Err error
}

// Error names the call, the place, the code and the text, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Call)
	if e.Region != "" {
		b.WriteString(" in " + e.Region)
	}
	switch {
	case e.Code != "" && e.Message != "":
		fmt.Fprintf(&b, ": %s: %s", e.Code, e.Message)
	case e.Code != "":
		b.WriteString(": " + e.Code)
	case e.Message != "":
		b.WriteString(": " + e.Message)
	case e.Err != nil:
		b.WriteString(": " + e.Err.Error())
	default:
		b.WriteString(": " + string(cmp.Or(e.Class, Other)))
	}
	return lineBreaks.Replace(b.String())
}

// lineBreaks are what a cause may have between its parts.
var lineBreaks = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of an error: Other for one that carries none, and
// "" for nil.
func ClassOf(err error) Class {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return cmp.Or(e.Class, Other)
	}
	return Other
}

// HintOf returns what a person can do about an error, or "".
func HintOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Hint
	}
	return ""
}

// RequestIDOf returns the request id an error carries, or "".
func RequestIDOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RequestID
	}
	return ""
}

// Whole says whether an error concerns every resource of a call alike, so that
// asking again for each of them alone would fail the same way.
func (c Class) Whole() bool {
	switch c {
	case Denied, Credentials, Throttled, Passing, Unreachable, TimedOut, Quota, Cancelled:
		return true
	default:
		return false
	}
}

// Passes says whether the same call may succeed a moment later.
func (c Class) Passes() bool { return c == Throttled || c == Passing }
