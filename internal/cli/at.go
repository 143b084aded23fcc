package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/span"
)

// Errors of --at.
var (
	errAt     = errors.New("write it as 2026-06-30, 2026-06-30T09:00:00Z or +8d")
	errPast   = errors.New("it lies in the past: apply acts now, and only plan can look back")
	errFuture = errors.New("it lies in the future: apply would act before its time. Use plan to look ahead; apply can on the --embedded account, or where AWS_ENDPOINT_URL names a test endpoint")
)

// parseAt reads the value of --at: an instant (RFC 3339), the beginning of a
// day in zone, or a length of time after now.
func parseAt(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		d, err := span.Parse(rest)
		if err != nil {
			return time.Time{}, fmt.Errorf("--at: %w", err)
		}
		return now.Add(d), nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("--at %q is no time: %w", s, errAt)
}

// mayApplyAt says why apply must not act as of a time other than now, or nil.
// Where nothing real is at stake (rehearsal) it may look ahead.
func mayApplyAt(at, now time.Time, rehearsal bool) error {
	switch {
	case at.Before(now):
		return fmt.Errorf("--at %s: %w", at.Format(time.RFC3339), errPast)
	case at.After(now) && !rehearsal:
		return fmt.Errorf("--at %s: %w", at.Format(time.RFC3339), errFuture)
	default:
		return nil
	}
}
