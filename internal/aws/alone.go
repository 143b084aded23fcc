package aws

import (
	"context"
	"slices"

	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// enoughDenied is after how many denials, and nothing let through, the
// permission is taken to be missing for all: IAM can deny for single resources.
const enoughDenied = 8

// alone makes a change of an API that takes one resource at a time. do returns
// the request's id. Those for which it fails are in the answer; a call for
// a single one fails as it does.
func alone(c execute.Call, do func(id string) (string, error)) (execute.Answer, error) {
	answer := execute.Answer{RequestIDs: map[string]string{}, Failed: map[string]error{}}
	denied := 0
	for n, id := range c.IDs {
		request, err := do(id)
		if err == nil {
			answer.RequestIDs[id] = request
			continue
		}
		if len(c.IDs) == 1 {
			return execute.Answer{}, err
		}
		answer.Failed[id] = err
		class := fault.ClassOf(err)
		if class == fault.Denied {
			denied++
		}
		if class == fault.Denied && (denied < enoughDenied || len(answer.RequestIDs) > 0) || !sameForAll(class) {
			continue
		}
		for _, rest := range c.IDs[n+1:] {
			answer.Failed[rest] = err
		}
		return answer, nil
	}
	return answer, nil
}

// settled makes a change that the service refuses where it is made already, and
// takes it for made where it is: the SDK may have repeated a request whose
// answer was lost.
func settled(ctx context.Context, s *Session, c execute.Call, id string, do func() (string, error)) (string, error) {
	request, err := do()
	switch fault.ClassOf(err) {
	case fault.WrongState, fault.TimedOut, fault.Passing:
	default:
		return request, err
	}
	rs, readErr := s.Source().Get(ctx, c.At, c.Type, []string{id})
	if readErr == nil && slices.ContainsFunc(rs, func(r resource.Resource) bool { return r.Already(c.Action) }) {
		return fault.RequestIDOf(err), nil
	}
	return "", err
}

// absent is the error of what was to be changed and is not there.
func absent(call need.Call, region, message string) error {
	f := invalid(call, region, message)
	f.Class, f.Hint = fault.NotFound, gone.hint
	return f
}
