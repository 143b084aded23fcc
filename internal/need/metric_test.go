package need_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/need"
)

func TestAMetricIsTheSameOnceItWasAFact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := need.Metric{
			Name:      rapid.StringMatching(`[A-Za-z0-9_.%/-]{1,40}`).Draw(t, "name"),
			Statistic: rapid.StringMatching(`Average|Sum|p[0-9]{1,2}(\.[0-9]{1,3})?`).Draw(t, "statistic"),
			Over:      time.Duration(rapid.IntRange(1, 455*24).Draw(t, "hours")) * time.Hour,
		}
		if got, ok := need.MetricOf(m.Fact()); !ok || got != m {
			t.Errorf("%+v became %+v, %v", m, got, ok)
		}
	})
}

func TestOtherFactsAreNoMetrics(t *testing.T) {
	for _, f := range []need.Fact{"", "metric", "metrics", "metric a b", "metric a b c", "metric  b 1h", "metric a  1h", "metric a b 1h x", "vpc_tags a b 1h"} {
		if m, ok := need.MetricOf(f); ok {
			t.Errorf("%q is the metric %+v", f, m)
		}
	}
}

// What was measured a minute ago may be the one thing that the machine did.
func TestTheWindowIsOfWholeHoursAndHoldsTheTimeAskedFor(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct{ now, start, end string }{
		{"2026-06-15T09:00:00Z", "2026-06-14T09:00:00Z", "2026-06-15T09:00:00Z"},
		{"2026-06-15T09:00:01Z", "2026-06-14T09:00:00Z", "2026-06-15T10:00:00Z"},
		{"2026-06-15T09:59:59Z", "2026-06-14T09:00:00Z", "2026-06-15T10:00:00Z"},
		{"2026-06-15T09:45:00+05:30", "2026-06-14T04:00:00Z", "2026-06-15T05:00:00Z"},
	} {
		start, end := need.Metric{Over: 24 * time.Hour}.Window(at(tt.now))
		if start != at(tt.start) || end != at(tt.end) {
			t.Errorf("at %s it is from %v to %v", tt.now, start, end)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), 0)
		m := need.Metric{Over: time.Duration(rapid.IntRange(1, 455*24).Draw(t, "hours")) * time.Hour}
		start, end := m.Window(now)
		if start.After(now.Add(-m.Over)) || end.Before(now) || end.Sub(start) > m.Over+time.Hour || end.Sub(start)%time.Hour != 0 || start.Minute() != 0 {
			t.Errorf("at %v the %v are from %v to %v", now, m.Over, start, end)
		}
	})
}
