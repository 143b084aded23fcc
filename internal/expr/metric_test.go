package expr

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// cpu is the metric of these tests, over a week.
var cpu = need.Metric{Name: "CPUUtilization", Statistic: "Average", Over: 7 * 24 * time.Hour}

// measured is the running instance of ten days with its metric read.
func measured(l resource.Lazy[float64]) *resource.Instance {
	return with(func(i *resource.Instance) { i.SetMeasured(cpu, l) })
}

func TestAMetricIsComparedAsANumber(t *testing.T) {
	for source, want := range map[string]bool{
		`metric("CPUUtilization", "Average", days(7)) < 2`:                  true, // a whole number will do
		`metric("CPUUtilization", "Average", days(7)) < 1.5`:                false,
		`metric("CPUUtilization", "Average", hours(168)) == 1.5`:            true,
		`metric("CPUUtilization", "Average", duration("168h")) * 2.0 > 2.9`: true,
		`idle`:                           true,
		`!idle || resource.state == "x"`: false,
	} {
		c := NewCompiler(time.UTC, []Define{{"idle", `metric("CPUUtilization", "Average", days(7)) < 2`}})
		p := compile(t, c, source, Bool, instanceOnly)
		if got, err := p.Bool(on(measured(resource.Known(1.5)))); err != nil || got != want {
			t.Errorf("%s gives %v (%v)", source, got, err)
		}
	}
}

func TestWhatAnExpressionMeasuresIsKnownBeforeItRuns(t *testing.T) {
	c := NewCompiler(time.UTC, []Define{{"idle", `metric("CPUUtilization", "Average", days(7)) < 2`}})
	p := compile(t, c, `idle && metric("NetworkIn", "p99.9", hours(24)) < 1e6`, Bool, instanceOnly)
	network := need.Metric{Name: "NetworkIn", Statistic: "p99.9", Over: 24 * time.Hour}
	if diff := cmp.Diff([]need.Metric{cpu, network}, p.Metrics()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]need.Fact{need.Instances, cpu.Fact(), network.Fact()}, p.Facts()); diff != "" {
		t.Error(diff)
	}
}

// Each metric that is asked for costs money.
func TestAMetricIsAskedForOnlyWhereItDecides(t *testing.T) {
	const idle = `metric("CPUUtilization", "Average", days(7)) < 2`
	for source, facts := range map[string][]need.Fact{
		idle:                                         {cpu.Fact()},
		idle + ` && tag("Env") == "prod"`:            {cpu.Fact()},
		idle + ` && tag("Env") == "dev"`:             nil,
		`tag("Env") == "prod" || ` + idle:            nil,
		`resource.state == "stopped" && ` + idle:     nil,
		`tag("Env") == "dev" ? ` + idle + ` : false`: nil,
	} {
		_, err := condition(t, source).Bool(on(instance()))
		if facts == nil {
			if err != nil {
				t.Errorf("%s: %v", source, err)
			}
			continue
		}
		if diff := cmp.Diff(facts, unknown(t, err).Facts); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
}

func TestWhatWasNotMeasuredIsUnknownAndNotZero(t *testing.T) {
	denied := errors.New("denied")
	for what, tt := range map[string]struct {
		i    *resource.Instance
		want string
	}{
		"no data":     {measured(resource.Unread[float64](resource.ErrNoData)), "reading metric CPUUtilization Average 7d: CloudWatch has no data of it for that time"},
		"not allowed": {measured(resource.Unread[float64](denied)), "reading metric CPUUtilization Average 7d: denied"},
		"stopped":     {with(func(i *resource.Instance) { i.State = "stopped" }), "metric CPUUtilization Average 7d cannot be told: it is stopped, and reports only while it runs"},
		"too young": {with(func(i *resource.Instance) { i.LaunchedAt = now.Add(-7*24*time.Hour + time.Second) }),
			"metric CPUUtilization Average 7d cannot be told: it was last started only 6d23h59m ago"},
		"of unknown age": {with(func(i *resource.Instance) { i.LaunchedAt = time.Time{} }), "metric CPUUtilization Average 7d cannot be told: its last start is not known"},
	} {
		_, err := condition(t, `metric("CPUUtilization", "Average", days(7)) < 2`).Bool(on(tt.i))
		if diff := cmp.Diff(&Unknown{Reason: tt.want}, unknown(t, err)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	old := with(func(i *resource.Instance) { i.LaunchedAt = now.Add(-7 * 24 * time.Hour) })
	_, err := condition(t, `metric("CPUUtilization", "Average", days(7)) < 2`).Bool(on(old))
	if diff := cmp.Diff([]need.Fact{cpu.Fact()}, unknown(t, err).Facts); diff != "" {
		t.Errorf("one that has run for exactly as long: %s", diff)
	}
}

func TestEachTypeIsMeasuredInItsOwnWay(t *testing.T) {
	both := []resource.Type{resource.EC2Instance, resource.EC2Volume}
	p := compile(t, NewCompiler(time.UTC, nil), `metric("Anything", "Sum", days(1)) == 0.0`, Bool, both)
	v := &resource.Volume{Base: resource.Base{Reference: resource.Ref{Type: resource.EC2Volume}}, CreatedAt: now.Add(-48 * time.Hour)}
	_, err := p.Bool(Input{Resource: v, Now: now})
	if got := unknown(t, err).Reason; got != "metric Anything Sum 1d cannot be told: it is not attached, and reports only while it is" {
		t.Error(got)
	}
	v.Instance = "i-1"
	v.SetMeasured(need.Metric{Name: "Anything", Statistic: "Sum", Over: 24 * time.Hour}, resource.Known(0.0))
	if ok, err := p.Bool(Input{Resource: v, Now: now}); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestMetricsThatCannotBeAskedForAreRefused(t *testing.T) {
	const notWritten = "write " + metricUse
	for source, want := range map[string][]Problem{
		`metric("CPUUtilisation", "Average", days(7)) < 2`:  {one(8, 16, "ec2:instance has no metric CPUUtilisation in CloudWatch", `did you mean "CPUUtilization"?`)},
		`metric("cpuutilization", "Average", days(7)) < 2`:  {one(8, 16, "ec2:instance has no metric cpuutilization in CloudWatch", `did you mean "CPUUtilization"?`)},
		`metric("CPU Utilization", "Average", days(7)) < 2`: {one(8, 17, `"CPU Utilization" cannot be the name of a metric of AWS`, "such a name is like CPUUtilization")},
		`metric(tag("Metric"), "Average", days(7)) < 2`:     {one(8, 13, "the name of a metric must be written out", notWritten)},
		`metric("NetworkIn", "avarage", days(7)) < 2`:       {one(21, 9, `"avarage" is no statistic of CloudWatch`, `did you mean "Average"?`)},
		`metric("NetworkIn", "p101", days(7)) < 2`: {one(21, 6, `"p101" is no statistic of CloudWatch`,
			"known are Average, Maximum, Minimum, SampleCount and Sum, and percentiles such as p90")},
		`metric("NetworkIn", tag("S"), days(7)) < 2`:           {one(21, 8, "the statistic must be written out", notWritten)},
		`metric("NetworkIn", "Sum", resource.running_for) < 2`: {one(28, 20, "the time that a metric is measured over must be written out", notWritten)},
		`metric("NetworkIn", "Sum", days(0)) < 2`:              {one(28, 7, "the time that a metric is measured over must be a whole number of hours", "such as hours(6) or days(14)")},
		`metric("NetworkIn", "Sum", duration("90m")) < 2`:      {one(28, 15, "the time that a metric is measured over must be a whole number of hours", "such as hours(6) or days(14)")},
		`metric("NetworkIn", "Sum", days(456)) < 2`:            {one(28, 9, "CloudWatch keeps nothing for longer than 455d", "")},
		`metric("NetworkIn", "Sum") < 2`:                       {one(1, 26, "metric(string, string) is not a way to call metric", notWritten)},
		`metric("NetworkIn", "Sum", 7) < 2`:                    {one(1, 29, "metric(string, string, int) is not a way to call metric", notWritten)},
		`metric("NetworkIn", "Sum", days(7))`:                  {one(1, 35, "a condition (bool) is wanted here, but this is double", comparison)},
	} {
		p, got := NewCompiler(time.UTC, nil).Compile(source, Bool, instanceOnly)
		if diff := cmp.Diff(want, got); diff != "" || p != nil {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
	_, got := NewCompiler(time.UTC, nil).Compile(`metric("A", "Sum", days(7)) < 2`, Bool, []resource.Type{resource.EC2Subnet, resource.EC2Volume})
	if diff := cmp.Diff([]Problem{one(1, 27, "CloudWatch measures nothing of resources of type ec2:subnet", "")}, got); diff != "" {
		t.Error(diff)
	}
	_, got = NewCompiler(time.UTC, nil).Compile(`string(metric("A", "Sum", days(7)))`, Text, nil)
	if len(got) != 1 || got[0].Summary != "metric() is not known here" {
		t.Errorf("in a text: %+v", got)
	}
	for _, s := range []string{"p0", "p99", "p99.99", "p100", "SampleCount"} {
		compile(t, NewCompiler(time.UTC, nil), `metric("NetworkIn", "`+s+`", hours(1)) < 2`, Bool, instanceOnly)
	}
}
