package function

import (
	"context"
	"errors"
	"strings"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/record"
)

// The names of errors, which Lambda shows as the errorType. All but Malformed
// are worth another delivery.
const (
	// Misconfigured: the variables of the environment are wrong, or AWS's own
	// configuration is.
	Misconfigured = "ConfigurationError"
	// NoPolicies: there are none that could be loaded yet.
	NoPolicies = "PolicyError"
	// Malformed: it is no event, and stays none.
	Malformed = "MalformedEvent"
	// Unfinished: something is left to do that may succeed a little later.
	Unfinished = "Unfinished"
	// Internal: anything else.
	Internal = "InternalError"
)

// Error is a failure with a name that programs can tell it by.
type Error struct {
	Name string
	Err  error
}

// Error is the text, in which nothing changes a terminal. Of several lines, as
// the mistakes in a policy file are, it makes one.
func (e *Error) Error() string {
	return diag.Printable(strings.Join(strings.Fields(plainText(e.Err)), " "))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// plainText is the text of an error without the lines of policy files, which an
// answer need not repeat.
func plainText(err error) string {
	list, ok := errors.AsType[diag.List](err)
	if !ok {
		if hint := fault.HintOf(err); hint != "" {
			return err.Error() + " (" + hint + ")"
		}
		return err.Error()
	}
	var all []string
	for _, d := range list {
		if d.Severity == diag.Error {
			all = append(all, d.Pos.String()+": "+d.Summary)
		}
	}
	return strings.Join(all, "; ")
}

// named gives the error of an event its name.
func named(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	switch c := fault.ClassOf(err); {
	case errors.Is(err, app.ErrTaken), errors.Is(err, record.ErrBusy), errors.Is(err, record.ErrLost),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		c.Passes(), c == fault.TimedOut, c == fault.Cancelled, c == fault.Unreachable:
		return &Error{Unfinished, err}
	}
	return &Error{Internal, err}
}
