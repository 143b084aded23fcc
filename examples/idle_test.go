package examples_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/cloudwatchtest"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/plan"
)

func TestIdleOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "idle.yaml")
	p := r.apply(0)
	warned := in(p, action.Stop, plan.Waiting)
	if len(warned) < 3 || p.Summary.Unknown > 0 {
		t.Fatalf("%d are warned, %d unknown", len(warned), p.Summary.Unknown)
	}
	same(t, "mails at first", 1, len(r.box.mails))
	if text := r.box.mails[0].Text; !strings.Contains(text, "CPUUtilization (Average over 14d) is 0.38") {
		t.Errorf("the mail does not say how idle they are:\n%s", text)
	}
	used := warned[0]
	r.aws.Report(used, "CPUUtilization", 50)
	same(t, "warned once one is used", warned[1:], in(r.apply(3*day), action.Stop, plan.Waiting))
	r.apply(3 * day)
	same(t, "mails on the day before", 2, len(r.box.mails))
	p = r.apply(day)
	stopped := in(p, action.Stop, plan.Done)
	if len(stopped) == 0 || slices.Contains(stopped, used) {
		t.Errorf("stopped after a week: %v", stopped)
	}
	for _, id := range stopped {
		if !slices.Contains(warned, id) {
			t.Errorf("%s was stopped without a warning a week before", id)
		}
	}
	r.aws.Report(used, "CPUUtilization", 0.1)
	p = r.apply(0)
	if !slices.Contains(in(p, action.Stop, plan.Waiting), used) {
		t.Errorf("%s, idle once more, does not have a new week", used)
	}
}

func TestIdleOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-west-1")
	aws.Setenv(t)
	metrics := cloudwatchtest.Start(t)
	t.Setenv("AWS_ENDPOINT_URL_CLOUDWATCH", metrics.URL())
	const sender = "idle@example.com"
	aws.VerifyIdentity(t, sender)
	report := func(id string, cpu, traffic float64) {
		for metric, v := range map[string]float64{"CPUUtilization": cpu, "NetworkIn": traffic, "NetworkOut": traffic} {
			statistic := "Sum"
			if metric == "CPUUtilization" {
				statistic = "Average"
			}
			metrics.Set(cloudwatchtest.Query{Namespace: "AWS/EC2", Dimension: "InstanceId", Value: id, Metric: metric, Statistic: statistic}, v)
		}
	}
	ids := aws.Launch(t, 5, nil)
	idle, busy, chatty, silent, awake := ids[0], ids[1], ids[2], ids[3], ids[4]
	report(idle, 0.4, 1e6)
	report(busy, 12, 1e6)
	report(chatty, 0.4, 600e6)
	report(awake, 0.4, 1e6)
	kept := aws.Launch(t, 1, map[string]string{"KeepRunning": "licence server"})[0]
	report(kept, 0.1, 0)
	member := aws.Launch(t, 1, map[string]string{"aws:autoscaling:groupName": "web"})[0]
	u := newUser(t, "idle.yaml", map[string]string{"SES_FROM": sender})

	d := u.json(0, "plan", "--at", "+13d")
	same(t, "found too early", []string(nil), d.violating())
	same(t, "calls too early", 0, len(metrics.Requests()))

	d = u.json(0, "apply", "--yes", "--at", "+15d")
	same(t, "warned", slices.Sorted(slices.Values([]string{awake, idle})), d.with("stop", "waiting"))
	same(t, "unknown", 1, d.Summary["unknown"]) // silent
	for _, r := range metrics.Requests() {
		for _, q := range r.Queries {
			if q.Value == member || q.Value == busy && q.Metric != "CPUUtilization" {
				t.Errorf("CloudWatch was asked for %s of %s, which decides nothing", q.Metric, q.Value)
			}
		}
	}
	mails := server.SentMail(t, sender)
	if len(mails) != 1 || !strings.Contains(mails[0].Body, "CPUUtilization (Average over 14d) is 0.4") {
		t.Fatalf("the mails are %+v", mails)
	}
	report(awake, 40, 1e6)
	u.json(0, "apply", "--yes", "--at", "+21d")
	d = u.json(0, "apply", "--yes", "--at", "+22d1h")
	same(t, "stopped", []string{idle}, d.with("stop", "done"))
	for id, want := range map[string]string{idle: "stopped", busy: "running", chatty: "running", silent: "running", awake: "running", kept: "running", member: "running"} {
		same(t, "state of "+id, want, states(t, aws)[id])
	}
	metrics.Fail(50, 403, "AccessDeniedException", "not authorised to perform cloudwatch:GetMetricData")
	code, stdout, stderr := u.run("plan", "--at", "+23d")
	if all := stdout + stderr; !strings.Contains(all, "cloudwatch:GetMetricData") {
		t.Errorf("exit code %d, and no word of what is denied:\n%s", code, all)
	}
}
