package need

import (
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/span"
)

// Metric is a number that CloudWatch keeps of a resource: a statistic of one
// of its metrics, over a time that ends when the resource is judged.
type Metric struct {
	Name      string // as CloudWatch names it: CPUUtilization; without spaces
	Statistic string // Average, Sum, Minimum, Maximum, SampleCount, p90, …
	// Over is a whole number of hours.
	Over time.Duration
}

// String is the metric as reasons and evidence name it: "metric CPUUtilization
// Average 14d".
func (m Metric) String() string {
	return strings.Join([]string{metricWord, m.Name, m.Statistic, span.Format(m.Over)}, " ")
}

// metricWord begins the fact of a metric.
const metricWord = "metric"

// Fact is the fact that the metric is. Its cost is that of Metrics.
func (m Metric) Fact() Fact { return Fact(m.String()) }

// MetricOf returns the metric that a fact is, false where it is none.
func MetricOf(f Fact) (Metric, bool) {
	parts := strings.Split(string(f), " ")
	if len(parts) != 4 || parts[0] != metricWord || parts[1] == "" || parts[2] == "" {
		return Metric{}, false
	}
	over, err := span.Parse(parts[3])
	if err != nil {
		return Metric{}, false
	}
	return Metric{Name: parts[1], Statistic: parts[2], Over: over}, true
}

// Window is the time over which CloudWatch is asked for the metric at an
// instant: the whole hours that Over touches, so that what was measured last
// is in it. CloudWatch keeps old data by the hour alone, and gives one number
// for the window only where it begins with an hour
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
func (m Metric) Window(now time.Time) (start, end time.Time) {
	end = now.UTC().Truncate(time.Hour)
	if end.Before(now) {
		end = end.Add(time.Hour)
	}
	return now.UTC().Add(-m.Over).Truncate(time.Hour), end
}

// MaxMetric is how far back CloudWatch keeps data: 455 days.
const MaxMetric = 455 * span.Day
