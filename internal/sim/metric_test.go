package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
)

// read is what the account has of a metric of its instances.
func read(t *testing.T, a *sim.Account, m need.Metric) map[string]any {
	t.Helper()
	var rs []resource.Resource
	for _, i := range a.Instances() {
		if i.Reference.Region == home.Region {
			rs = append(rs, &i)
		}
	}
	a.Measure(t.Context(), home, m, a.Clock().Now(), rs)
	got := map[string]any{}
	for _, r := range rs {
		v, err := r.Measured(m).Get(m.Fact())
		if got[r.Ref().ID] = v; err != nil {
			got[r.Ref().ID] = fault.ClassOf(err)
		}
	}
	return got
}

func TestStatisticsAreOfTheHoursAskedFor(t *testing.T) {
	a := newAccount()
	id := a.Launch(sim.Instance{Region: home.Region, LaunchedAt: sim.DemoStart().Add(-8 * time.Hour)})
	a.Report(id, "NetworkIn", 9, 9, 9, 9, 1, 2, 3, 6) // the last four hours are 1, 2, 3 and 6
	for statistic, want := range map[string]float64{"Average": 3, "Sum": 12, "Minimum": 1, "Maximum": 6, "SampleCount": 4, "p0": 1, "p50": 2, "p75": 3, "p99.9": 6, "p100": 6} {
		got := read(t, a, need.Metric{Name: "NetworkIn", Statistic: statistic, Over: 4 * time.Hour})
		if diff := cmp.Diff(map[string]any{id: want}, got); diff != "" {
			t.Errorf("%s: %s", statistic, diff)
		}
	}
}

func TestWhatDoesNotRunOrWasNotSetReportsNothing(t *testing.T) {
	a := newAccount()
	silent := a.Launch(sim.Instance{Region: home.Region})
	stopped := a.Launch(sim.Instance{Region: home.Region, State: "stopped"})
	a.Report(stopped, "CPUUtilization", 1)
	m := need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: time.Hour}
	if diff := cmp.Diff(map[string]any{silent: fault.NotFound, stopped: fault.NotFound}, read(t, a, m)); diff != "" {
		t.Error(diff)
	}
	i, _ := a.Instance(silent)
	a.Measure(t.Context(), home, m, a.Clock().Now(), []resource.Resource{&i})
	if _, err := i.Measured(m).Get(m.Fact()); !errors.Is(err, resource.ErrNoData) {
		t.Errorf("%v", err)
	}
}

func TestMetricsAreCountedByTheFiveHundredAndCanBeDenied(t *testing.T) {
	a := newAccount()
	for range 501 {
		a.Launch(sim.Instance{Region: home.Region})
	}
	m := need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: time.Hour}
	read(t, a, m)
	if n := a.Calls()["cloudwatch:GetMetricData"]; n != 2 {
		t.Errorf("%d calls", n)
	}
	a.Deny("cloudwatch:GetMetricData")
	for id, got := range read(t, a, m) {
		if got != fault.Denied {
			t.Fatalf("%s: %v", id, got)
		}
	}
}

// Some of the demo's machines do nothing, so that there is something to find.
func TestSomeOfTheDemoIsIdle(t *testing.T) {
	a := sim.Demo()
	m := need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: 7 * 24 * time.Hour}
	idle, busy := 0, 0
	for _, got := range read(t, a, m) {
		if v, ok := got.(float64); ok && v < 2 {
			idle++
		} else if ok && v > 10 {
			busy++
		}
	}
	if idle < 2 || busy < 10 {
		t.Errorf("%d idle and %d busy", idle, busy)
	}
}
