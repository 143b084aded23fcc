package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// idle is a policy that stops what has done nothing for two weeks.
const idle = `
settings: {name: idle, limits: {stop: 5000, share: 100%}}
channels: {infra: {file: {dir: /tmp/none}}}
policies:
  - name: idle
    resource: ec2:instance
    mode: enforce
    memory: 0d
    match: tag("Env") != "prod" && resource.running_for >= days(14) && metric("CPUUtilization", "Average", days(14)) < 2
    enforce: [{notify: infra}, {stop: {after: 7d}}]
`

// metricCalls is how often CloudWatch was asked.
func (w *world) metricCalls() int { return w.aws.Calls()["cloudwatch:GetMetricData"] }

// finding is what the plan found of an instance, which it must have.
func finding(t *testing.T, p *plan.Plan, id string) plan.Finding {
	t.Helper()
	for _, f := range p.Findings {
		if f.Resource.ID == id {
			return f
		}
	}
	t.Fatalf("the plan says nothing of %s", id)
	return plan.Finding{}
}

func TestMetricsTakeOneCallForFiveHundredOpenInstancesAndNoneForOthers(t *testing.T) {
	w := newWorld(t, idle)
	for i := range 2400 { // every second is production
		id := w.launch("", 20*day, tag.Set{"Env": []string{"dev", "prod"}[i/1200]})
		w.aws.Report(id, "CPUUtilization", float64(i%100))
	}
	for range 700 { // too young to ask of
		w.launch("", 13*day, nil)
	}
	p := w.plan()
	want(t, "idle", 24, p.Summary.Violating)
	// Three pages of 1000, of which 1000 and 200 are open.
	want(t, "calls", 3, w.metricCalls())
	want(t, "unknown", 0, p.Summary.Unknown)
}

func TestMetricsAreNotAskedForWhereTheRestDecides(t *testing.T) {
	w := newWorld(t, idle)
	w.launch("i-0000000000000000a", 20*day, tag.Set{"Env": "prod"})
	w.launch("i-0000000000000000b", 13*day, nil)
	p := w.plan()
	want(t, "calls", 0, w.metricCalls())
	want(t, "out of scope", 2, p.Summary.OutOfScope)
}

func TestThePlanShowsTheMetricThatDecided(t *testing.T) {
	w := newWorld(t, idle)
	id := w.launch("", 20*day, nil)
	w.aws.Report(id, "CPUUtilization", 0.5, 1)
	f := finding(t, w.plan(), id)
	want(t, "evidence", map[string]string{"metric CPUUtilization Average 14d": "0.75", "running_for": "20d"}, f.Evidence)
	want(t, "reason", eval.Reason{Code: reason.Measured, Text: "CPUUtilization (Average over 14d) is 0.75"}, f.Reasons[len(f.Reasons)-1])
}

func TestWhatHasNoDataIsUnknownAndNothingIsDone(t *testing.T) {
	w := newWorld(t, idle)
	id := w.launch("", 20*day, nil)
	for range 3 {
		p := w.apply().Plan
		f := finding(t, p, id)
		want(t, "status", eval.Unknown, f.Status)
		want(t, "actions", 0, len(f.Actions))
		if len(f.Reasons) != 1 || f.Reasons[0].Code != reason.MatchUnknown || !strings.Contains(f.Reasons[0].Text, "CloudWatch has no data of it for that time") {
			t.Errorf("the reasons are %+v", f.Reasons)
		}
		want(t, "evidence", "unknown", f.Evidence["metric CPUUtilization Average 14d"])
		w.aws.Clock().Advance(8 * day)
	}
	want(t, "state", "running", w.state(id))
}

func TestMetricsThatCannotBeReadStopNothing(t *testing.T) {
	w := newWorld(t, idle)
	id := w.launch("", 20*day, nil)
	w.aws.Report(id, "CPUUtilization", 0)
	w.apply()
	w.aws.Deny("cloudwatch:GetMetricData")
	w.aws.Clock().Advance(8 * day)
	p := w.apply().Plan
	want(t, "status", eval.Unknown, finding(t, p, id).Status)
	want(t, "state", "running", w.state(id))
	w.aws.Mend()
	p = w.apply().Plan
	want(t, "the stop, once it can be told", plan.Done, find(t, p, id, action.Stop).State)
}

// What is used again while its grace period runs is left alone, and has all of
// it again when it falls idle once more.
func TestWhatIsUsedMeanwhileIsNotStopped(t *testing.T) {
	w := newWorld(t, idle)
	id := w.launch("", 20*day, nil)
	w.aws.Report(id, "CPUUtilization", 0)
	want(t, "the stop, at first", plan.Waiting, find(t, w.apply().Plan, id, action.Stop).State)
	w.aws.Clock().Advance(5 * day)
	w.aws.Report(id, "CPUUtilization", 60)
	want(t, "what is done once it is used", []string(nil), did(w.apply().Plan))
	w.aws.Clock().Advance(3 * day)
	want(t, "what is done a week after the warning", []string(nil), did(w.apply().Plan))
	w.aws.Report(id, "CPUUtilization", 0)
	want(t, "the stop, when it is idle again", w.aws.Clock().Now().Add(7*day), find(t, w.apply().Plan, id, action.Stop).At)
	want(t, "state", "running", w.state(id))
}

// Just before a stop everything is read again, the metrics too.
func TestWhatBeginsToWorkBeforeTheStopIsNotStopped(t *testing.T) {
	w := newWorld(t, idle)
	id := w.launch("", 20*day, nil)
	w.aws.Report(id, "CPUUtilization", 0)
	w.apply()
	w.aws.Clock().Advance(7*day + time.Hour)
	p := w.plan()
	want(t, "planned", plan.Planned, find(t, p, id, action.Stop).State)
	w.aws.Report(id, "CPUUtilization", 60)
	p = w.applyPlan(p).Plan
	a := find(t, p, id, action.Stop)
	want(t, "the stop", fmt.Sprint(plan.Skipped, " ", reason.NoLongerHolds), fmt.Sprint(a.State, " ", a.Code))
	want(t, "state", "running", w.state(id))
}

// A fact that takes another to be asked for takes another round; no number of
// them is too many.
func TestManyMetricsOneAfterTheOtherAreAllRead(t *testing.T) {
	names := []string{"DiskReadOps", "DiskWriteOps", "NetworkIn", "NetworkOut", "EBSReadOps", "EBSWriteOps"}
	match := "true"
	for _, n := range names {
		match = fmt.Sprintf(`(metric("%s", "Sum", days(1)) == 0.0 ? %s : false)`, n, match)
	}
	w := newWorld(t, strings.Replace(idle, `tag("Env") != "prod" && resource.running_for >= days(14) && metric("CPUUtilization", "Average", days(14)) < 2`, "'"+match+"'", 1))
	id := w.launch("", 20*day, nil)
	for _, n := range names {
		w.aws.Report(id, n, 0)
	}
	want(t, "status", eval.Violating, finding(t, w.plan(), id).Status)
	want(t, "calls", len(names), w.metricCalls())
}
