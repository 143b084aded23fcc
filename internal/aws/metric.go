package aws

import (
	"context"
	"slices"
	"strconv"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// maxQueries is how many metrics one call takes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const maxQueries = 500

// Measure reads a metric for resources of one type and place, 500 a call. It
// asks for one number for the whole time of each.
func (s *Source) Measure(ctx context.Context, at resource.Place, m need.Metric, now time.Time, rs []resource.Resource) {
	var fatal error // what every further call would fail with
	for some := range slices.Chunk(rs, maxQueries) {
		var values []resource.Lazy[float64]
		err := fatal
		if err == nil {
			values, err = s.measure(ctx, at, m, now, some)
		}
		if sameForAll(fault.ClassOf(err)) {
			fatal = err
		}
		for n, r := range some {
			if err != nil {
				r.SetMeasured(m, resource.Unread[float64](err))
			} else {
				r.SetMeasured(m, values[n])
			}
		}
	}
}

// measure makes one call, and further ones where the answer has several pages.
// The values are in the order of the resources.
func (s *Source) measure(ctx context.Context, at resource.Place, m need.Metric, now time.Time, rs []resource.Resource) ([]resource.Lazy[float64], error) {
	in, err := metricQuery(at, m, now, rs)
	if err != nil {
		return nil, err
	}
	api, err := s.s.cloudwatch(at.Region)
	if err != nil {
		return nil, err
	}
	results := make([]measured, len(rs))
	err = eachPage(callMetrics, at.Region, func(token *string) (*string, error) {
		in.NextToken = token
		out, err := api.getMetricData(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, r := range out.MetricDataResults {
			// An id that was not asked for is nobody's.
			if n, ok := queryNumber(awssdk.ToString(r.Id)); ok && n < len(results) {
				results[n].add(r)
			}
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	values := make([]resource.Lazy[float64], len(rs))
	for n := range results {
		values[n] = results[n].value(api.at)
	}
	return values, nil
}

// metricQuery asks for one metric of each resource.
func metricQuery(at resource.Place, m need.Metric, now time.Time, rs []resource.Resource) (*cloudwatch.GetMetricDataInput, error) {
	schema, ok := resource.SchemaOf(resource.KindOf(rs[0]))
	if !ok || schema.Metrics == nil {
		return nil, invalid(callMetrics, at.Region, "CloudWatch measures nothing of resources of type "+string(rs[0].Ref().Type))
	}
	start, end := m.Window(now)
	in := &cloudwatch.GetMetricDataInput{StartTime: &start, EndTime: &end, MetricDataQueries: make([]types.MetricDataQuery, len(rs))}
	period := int32(end.Sub(start) / time.Second) // at most 456 days
	for n, r := range rs {
		in.MetricDataQueries[n] = types.MetricDataQuery{Id: awssdk.String(queryID(n)), MetricStat: &types.MetricStat{
			Period: &period, Stat: &m.Statistic,
			Metric: &types.Metric{Namespace: &schema.Metrics.Namespace, MetricName: &m.Name,
				Dimensions: []types.Dimension{{Name: &schema.Metrics.Dimension, Value: awssdk.String(r.Ref().ID)}}},
		}}
	}
	return in, nil
}

// queryID names a query. CloudWatch wants a small letter first.
func queryID(n int) string { return "q" + strconv.Itoa(n) }

func queryNumber(id string) (int, bool) {
	if len(id) < 2 || id[0] != 'q' {
		return 0, false
	}
	n, err := strconv.Atoi(id[1:])
	return n, err == nil && n >= 0
}

// measured is what the pages of an answer say of one metric.
type measured struct {
	status types.StatusCode // of the last page that names it
	values []float64
	text   string // what CloudWatch adds
}

func (r *measured) add(page types.MetricDataResult) {
	r.status = page.StatusCode
	r.values = append(r.values, page.Values...)
	for _, m := range page.Messages {
		r.text = oneLine(awssdk.ToString(m.Value))
	}
}

// value is the one number that was asked for. Whatever is no such number says
// nothing of the resource, and is never zero.
func (r *measured) value(at site) resource.Lazy[float64] {
	failed := func(class fault.Class, what string) resource.Lazy[float64] {
		if r.text != "" {
			what += ": " + r.text
		}
		return resource.Unread[float64](&fault.Error{Class: class, Call: callMetrics.String(), Region: at.region, Message: what})
	}
	switch {
	case r.status == "":
		return failed(fault.Other, "the answer does not hold the metric that was asked for")
	case r.status == types.StatusCodeForbidden:
		return failed(fault.Denied, "CloudWatch forbids to read the metric")
	case r.status != types.StatusCodeComplete:
		return failed(fault.Passing, "CloudWatch could not give all of the metric ("+string(r.status)+")")
	case len(r.values) == 0:
		return resource.Unread[float64](&fault.Error{Class: fault.NotFound, Call: callMetrics.String(), Region: at.region, Err: resource.ErrNoData})
	case len(r.values) > 1:
		return failed(fault.Other, "CloudWatch gave "+strconv.Itoa(len(r.values))+" numbers where one was asked for")
	}
	return resource.Known(r.values[0])
}
