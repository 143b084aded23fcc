package aws

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/aws/cloudwatchtest"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var (
	cpu   = need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: 14 * 24 * time.Hour}
	asOf  = time.Date(2026, 6, 15, 9, 20, 0, 0, time.UTC)
	query = func(id string) cloudwatchtest.Query {
		return cloudwatchtest.Query{Namespace: "AWS/EC2", Dimension: "InstanceId", Value: id, Metric: "CPUUtilization", Statistic: "Average"}
	}
)

// metrics opens a session that asks a stand-in for CloudWatch.
func metrics(t *testing.T) (*Source, *cloudwatchtest.Server) {
	t.Helper()
	isolate(t)
	server := cloudwatchtest.Start(t)
	t.Setenv("AWS_ENDPOINT_URL_CLOUDWATCH", server.URL())
	s, err := Open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Source(), server
}

// fleet is so many instances, of which the stand-in has that they use as many
// percent as their number.
func fleet(n int, server *cloudwatchtest.Server) []resource.Resource {
	rs := make([]resource.Resource, n)
	for i := range rs {
		id := fmt.Sprintf("i-%017x", i)
		rs[i] = instance(id, nil)
		server.Set(query(id), float64(i))
	}
	return rs
}

// values are what was read of the metric; an error counts as none.
func values(t *testing.T, rs []resource.Resource) []float64 {
	t.Helper()
	var out []float64
	for _, r := range rs {
		v, err := r.Measured(cpu).Get(cpu.Fact())
		if err != nil {
			t.Errorf("%s: %v", r.Ref().ID, err)
		}
		out = append(out, v)
	}
	return out
}

func TestMetricsAreReadFiveHundredACall(t *testing.T) {
	for n, calls := range map[int]int{0: 0, 1: 1, 500: 1, 501: 2, 1200: 3} {
		src, server := metrics(t)
		rs := fleet(n, server)
		src.Measure(t.Context(), place, cpu, asOf, rs)
		if got := len(server.Requests()); got != calls {
			t.Errorf("%d resources took %d calls, want %d", n, got, calls)
		}
		for i, v := range values(t, rs) {
			if v != float64(i) {
				t.Errorf("instance %d has %v", i, v)
			}
		}
	}
}

func TestOneNumberIsAskedForInTheWholeTime(t *testing.T) {
	src, server := metrics(t)
	src.Measure(t.Context(), place, cpu, asOf, fleet(1, server))
	want := []cloudwatchtest.Request{{
		Start: time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC), End: time.Date(2026, 6, 15, 10, 0, 0, 0, time.UTC),
		Period: 14*24*time.Hour + time.Hour, Queries: []cloudwatchtest.Query{query("i-00000000000000000")},
	}}
	if diff := cmp.Diff(want, server.Requests()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// CloudWatch keeps old data by five minutes and then by the hour, and gives
// nothing where it is asked for finer.
func TestMetricsAreReadAsFarBackAsTheyAreKept(t *testing.T) {
	for _, over := range []time.Duration{time.Hour, 3 * time.Hour, 15 * 24 * time.Hour, 16 * 24 * time.Hour, 90 * 24 * time.Hour, need.MaxMetric} {
		src, server := metrics(t)
		rs := fleet(1, server)
		m := need.Metric{Name: cpu.Name, Statistic: cpu.Statistic, Over: over}
		src.Measure(t.Context(), place, m, asOf, rs)
		if _, err := rs[0].Measured(m).Get(m.Fact()); err != nil {
			t.Errorf("over %v: %v", over, err)
		}
	}
}

func TestEveryPageOfTheAnswerCounts(t *testing.T) {
	src, server := metrics(t)
	server.SetPageSize(70)
	rs := fleet(500, server)
	src.Measure(t.Context(), place, cpu, asOf, rs)
	if got := len(server.Requests()); got != 8 {
		t.Errorf("%d calls for 8 pages", got)
	}
	for i, v := range values(t, rs) {
		if v != float64(i) {
			t.Errorf("instance %d has %v", i, v)
		}
	}
}

func TestWhatCloudWatchDoesNotTellIsNotZero(t *testing.T) {
	src, server := metrics(t)
	rs := []resource.Resource{instance("i-silent", nil), instance("i-failed", nil), instance("i-partial", nil), instance("i-forbidden", nil), instance("i-well", nil)}
	server.SetStatus("i-failed", "InternalError")
	server.SetStatus("i-partial", "PartialData")
	server.SetStatus("i-forbidden", "Forbidden")
	server.Set(query("i-well"), 0)
	src.Measure(t.Context(), place, cpu, asOf, rs)
	for n, want := range []fault.Class{fault.NotFound, fault.Passing, fault.Passing, fault.Denied, ""} {
		_, err := rs[n].Measured(cpu).Get(cpu.Fact())
		if got := fault.ClassOf(err); got != want {
			t.Errorf("%s: %q (%v), want %q", rs[n].Ref().ID, got, err, want)
		}
		if errors.Is(err, resource.ErrNoData) != (n == 0) {
			t.Errorf("%s: %v", rs[n].Ref().ID, err)
		}
	}
}

func TestAThrottledCallIsMadeAgain(t *testing.T) {
	src, server := metrics(t)
	server.Fail(2, 400, "ThrottlingException", "Rate exceeded")
	rs := fleet(3, server)
	src.Measure(t.Context(), place, cpu, asOf, rs)
	if got := values(t, rs); !slices.Equal(got, []float64{0, 1, 2}) || len(server.Requests()) != 3 {
		t.Errorf("%v in %d calls", got, len(server.Requests()))
	}
}

func TestADenialIsToldOfAllAndAskedForOnce(t *testing.T) {
	src, server := metrics(t)
	server.Fail(9, 403, "AccessDeniedException", "no")
	rs := fleet(1200, server)
	src.Measure(t.Context(), place, cpu, asOf, rs)
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d calls", n)
	}
	for _, r := range rs {
		_, err := r.Measured(cpu).Get(cpu.Fact())
		if fault.ClassOf(err) != fault.Denied || !strings.Contains(fault.HintOf(err), "cloudwatch:GetMetricData") {
			t.Fatalf("%s: %v, hint %q", r.Ref().ID, err, fault.HintOf(err))
		}
	}
}

func TestWhatFailsOnceIsOfItsOwnCallAlone(t *testing.T) {
	src, server := metrics(t)
	server.Fail(1, 400, "ValidationException", "no")
	rs := fleet(501, server)
	src.Measure(t.Context(), place, cpu, asOf, rs)
	if _, err := rs[0].Measured(cpu).Get(cpu.Fact()); fault.ClassOf(err) != fault.Invalid {
		t.Errorf("the first: %v", err)
	}
	if v, err := rs[500].Measured(cpu).Get(cpu.Fact()); err != nil || v != 500 {
		t.Errorf("the last: %v, %v", v, err)
	}
}

func TestATypeWithoutMetricsIsNotAskedFor(t *testing.T) {
	src, server := metrics(t)
	vpc := &resource.VPC{Base: resource.Base{Reference: resource.Ref{ID: "vpc-1", Type: resource.EC2VPC}}}
	src.Measure(t.Context(), place, cpu, asOf, []resource.Resource{vpc})
	if _, err := vpc.Measured(cpu).Get(cpu.Fact()); fault.ClassOf(err) != fault.Invalid || len(server.Requests()) != 0 {
		t.Errorf("%v after %d calls", err, len(server.Requests()))
	}
}
