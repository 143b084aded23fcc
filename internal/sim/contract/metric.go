package contract

import (
	"errors"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func testMetrics(t *testing.T, b Backend) {
	if b.Report == nil {
		t.Skip("nothing answers for CloudWatch here")
	}
	ids := b.Launch(t, 2)
	m := need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: time.Hour}
	now := b.Report(t, ids[0], m, 1.5)
	loud, silent := b.must(t, ids[0]), b.must(t, ids[1])
	if _, err := loud.Measured(m).Get(m.Fact()); !missing(err, m.Fact()) {
		t.Errorf("the metric of a fresh listing is there: %v", err)
	}
	b.Source.Measure(t.Context(), b.Place, m, now, []resource.Resource{loud, silent})
	if v, err := loud.Measured(m).Get(m.Fact()); err != nil || v != 1.5 {
		t.Errorf("the metric is %v, %v; want 1.5", v, err)
	}
	if v, err := silent.Measured(m).Get(m.Fact()); !errors.Is(err, resource.ErrNoData) {
		t.Errorf("of what never reported it is %v, %v", v, err)
	}
	other := need.Metric{Name: m.Name, Statistic: m.Statistic, Over: 2 * time.Hour}
	if _, err := loud.Measured(other).Get(other.Fact()); !missing(err, other.Fact()) {
		t.Errorf("another metric is there: %v", err)
	}
	b.Source.Measure(t.Context(), b.Place, m, now, nil)
}
