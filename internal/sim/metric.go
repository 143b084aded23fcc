package sim

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// getMetricData is the operation that Measure calls.
const getMetricData = "cloudwatch:GetMetricData"

// maxQueries is how many metrics it takes at once.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const maxQueries = 500

// series is what a resource reports of a metric: one of the values each hour,
// over and over.
type series struct{ values []float64 }

// Report sets what a resource reports of a metric from the time on at which it
// was last started or made: each hour one of the values, and after the last the
// first again. Without values it reports nothing, as everything does of which
// Report says nothing. An instance reports nothing while it does not run.
func (a *Account) Report(id, metric string, values ...float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reports[id] == nil {
		a.reports[id] = map[string]series{}
	}
	a.reports[id][metric] = series{slices.Clone(values)}
}

// Measure reads a metric for resources, 500 a call.
func (a *Account) Measure(ctx context.Context, at resource.Place, m need.Metric, now time.Time, rs []resource.Resource) {
	for some := range slices.Chunk(rs, maxQueries) {
		err := a.asked(ctx, at)
		for _, r := range some {
			if err != nil {
				r.SetMeasured(m, resource.Unread[float64](err))
			} else {
				r.SetMeasured(m, a.measured(at, r, m, now))
			}
		}
	}
}

// asked counts one call, and refuses it where it fails.
func (a *Account) asked(ctx context.Context, at resource.Place) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.begin(ctx, getMetricData, at)
	return err
}

// measured is what the account has of a metric of one resource.
func (a *Account) measured(at resource.Place, r resource.Resource, m need.Metric, now time.Time) resource.Lazy[float64] {
	a.mu.Lock()
	defer a.mu.Unlock()
	start, end := m.Window(now)
	if end.After(now) {
		end = now
	}
	if began, ok := since(r); ok {
		values := a.reports[r.Ref().ID][m.Name].within(began, start, end)
		if v, ok := statistic(m.Statistic, values); ok {
			return resource.Known(v)
		}
	}
	return resource.Unread[float64](&fault.Error{Class: fault.NotFound, Call: getMetricData, Region: at.Region, Err: resource.ErrNoData})
}

// since is from when on a resource has reported, false for one that does not. Of
// types of which AWS does not tell it, that is always.
func since(r resource.Resource) (time.Time, bool) {
	s, ok := resource.SchemaOf(resource.KindOf(r))
	if !ok || s.Metrics == nil {
		return time.Time{}, false
	}
	if s.Metrics.Since == nil {
		return time.Unix(0, 0), true
	}
	t, err := s.Metrics.Since(r)
	return t, err == nil
}

// within are the values of the hours that begin in a time.
func (s series) within(began, start, end time.Time) []float64 {
	var out []float64
	if len(s.values) == 0 {
		return nil
	}
	first := max(0, int(math.Ceil(start.Sub(began).Hours())))
	for n := first; began.Add(time.Duration(n) * time.Hour).Before(end); n++ {
		out = append(out, s.values[n%len(s.values)])
	}
	return out
}

// statistic is what CloudWatch makes of the values of a time; false where it
// has none.
func statistic(name string, values []float64) (float64, bool) {
	if len(values) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	switch name {
	case "Sum":
		return sum, true
	case "SampleCount":
		return float64(len(values)), true
	case "Minimum":
		return slices.Min(values), true
	case "Maximum":
		return slices.Max(values), true
	case "Average":
		return sum / float64(len(values)), true
	}
	p, err := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64)
	if err != nil {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(p/100*float64(len(sorted))))-1)], true
}
