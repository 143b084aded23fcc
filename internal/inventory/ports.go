package inventory

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Caller is whose credentials we act with.
type Caller struct {
	Account string `json:"account"` // 12 digits
	ARN     string `json:"arn"`
}

// Source reads resources. aws and sim implement it; both are safe for
// concurrent use. Every error is or wraps a *fault.Error.
type Source interface {
	// Caller says whose account this is.
	Caller(ctx context.Context) (Caller, error)
	// Regions lists the regions that are enabled for the account, sorted.
	Regions(ctx context.Context) ([]string, error)
	// List hands over every resource of a type in a place, one page at a time,
	// AWS-managed ones included. An error of page ends the listing and is
	// returned as it is. Pages already handed over stand even when a later one
	// fails.
	List(ctx context.Context, at resource.Place, t resource.Type, page func([]resource.Resource) error) error
	// Get reads resources anew by id. One that is not there is left out of the
	// answer and is no error.
	Get(ctx context.Context, at resource.Place, t resource.Type, ids []string) ([]resource.Resource, error)
	// Fill reads a fact for resources of one type and place, and sets it in
	// them: the value, or that it could not be read and why. It therefore
	// returns no error.
	Fill(ctx context.Context, at resource.Place, f need.Fact, rs []resource.Resource)
	// Measure reads a metric, over the time that ends with now, for resources of
	// one type and place, and sets it in them as Fill does. What CloudWatch has
	// no data of could not be read, because of resource.ErrNoData.
	Measure(ctx context.Context, at resource.Place, m need.Metric, now time.Time, rs []resource.Resource)
}
