package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// settling is a policy file that lets events settle for a time.
func settling(t testing.TB, d string) *stack {
	t.Helper()
	f := rendered(t, deployed(t, none, text(small("zone: UTC", "", ", on: created, settle: "+d))))
	return carryOut(t, f[0].Data, "111122223333", "eu-west-1", "CodeBucket", "b", "TrailIsLogging", "yes")
}

func TestWhatSettlesWaitsInTheQueueAndLongerInScheduler(t *testing.T) {
	const url, role = "https://sqs.eu-west-1.amazonaws.com/111122223333/Retries", "arn:aws:iam::111122223333:role/WaitRole"
	for d, want := range map[string]map[string]any{
		"0s":  {},
		"15m": {"TAGWARDEN_QUEUE": url},
		"16m": {"TAGWARDEN_QUEUE": url, "TAGWARDEN_SCHEDULER_ROLE": role},
	} {
		s := settling(t, d)
		vars := s.variables()
		for name := range vars {
			if !slices.Contains([]string{"TAGWARDEN_QUEUE", "TAGWARDEN_SCHEDULER_ROLE"}, name) {
				delete(vars, name)
			}
		}
		if diff := cmp.Diff(want, vars); diff != "" {
			t.Errorf("%s (-want +got)\n%s", d, diff)
		}
		if _, ok := s.nodes["WaitRole"]; ok != (d == "16m") {
			t.Errorf("%s: a role for Scheduler: %v", d, ok)
		}
	}
}

func TestTheFunctionMayKeepWhatSettlesAndHandOverNoOtherRole(t *testing.T) {
	const schedules = "arn:aws:scheduler:eu-west-1:111122223333:schedule/"
	s := settling(t, "1h")
	role := s.role("Role")
	for _, tt := range []struct {
		action, on, to string
		want           bool
	}{
		{"sqs:GetQueueAttributes", "arn:aws:sqs:eu-west-1:111122223333:Retries", "", true},
		{"sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:Retries", "", true},
		{"sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:Other", "", false},
		{"scheduler:CreateSchedule", schedules + "default/tagwarden-0123456789abcdef", "", true},
		{"scheduler:CreateSchedule", schedules + "default/payroll", "", false},
		{"scheduler:CreateSchedule", schedules + "tagwarden/tagwarden-x", "", false},
		{"scheduler:DeleteSchedule", schedules + "default/tagwarden-x", "", false},
		{"iam:PassRole", "arn:aws:iam::111122223333:role/WaitRole", "scheduler.amazonaws.com", true},
		{"iam:PassRole", "arn:aws:iam::111122223333:role/WaitRole", "ec2.amazonaws.com", false},
		{"iam:PassRole", "arn:aws:iam::111122223333:role/Role", "scheduler.amazonaws.com", false},
	} {
		r := iamtest.Request{Action: tt.action, Resource: tt.on, Context: map[string][]string{"aws:requestedregion": {"eu-west-1"}}}
		if tt.to != "" {
			r.Context["iam:passedtoservice"] = []string{tt.to}
		}
		if got := iamtest.Decide(r, role) == iamtest.Allowed; got != tt.want {
			t.Errorf("%s on %s for %q: %v", tt.action, tt.on, tt.to, got)
		}
	}
	if iamtest.Decide(iamtest.Request{Action: "scheduler:CreateSchedule", Resource: schedules + "default/tagwarden-x"}, settling(t, "15m").role("Role")) == iamtest.Allowed {
		t.Error("schedules may be made where nothing waits so long")
	}
	send := s.role("WaitRole")
	for on, want := range map[string]bool{"Retries": true, "DeadLetters": false} {
		if got := iamtest.Decide(iamtest.Request{Action: "sqs:SendMessage", Resource: "arn:aws:sqs:eu-west-1:111122223333:" + on}, send) == iamtest.Allowed; got != want {
			t.Errorf("Scheduler sends to %s: %v", on, got)
		}
	}
}

func TestOnlyThisAccountsSchedulesTakeTheRole(t *testing.T) {
	trust := settling(t, "1h").properties("WaitRole")["AssumeRolePolicyDocument"]
	want := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": map[string]any{"Service": "scheduler.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": "111122223333",
			"aws:SourceArn": "arn:aws:scheduler:eu-west-1:111122223333:schedule-group/default"}}}}}
	if d := cmp.Diff(want, trust); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// A message that settles is held back for 15 minutes, and one that failed once or
// twice is hidden for an hour and a half each time: neither is an alarm.
func TestWaitingAloneIsNoAlarm(t *testing.T) {
	s := settling(t, "1h")
	queue, alarm := s.properties("Retries"), s.properties("RetriesAlarm")
	hidden, threshold := queue["VisibilityTimeout"].(uint64), alarm["Threshold"].(uint64)
	if threshold < 15*60+hidden || threshold > 3*hidden {
		t.Errorf("an alarm after %d s, of what is hidden for %d s", threshold, hidden)
	}
	if !strings.Contains(alarm["AlarmDescription"].(string), "three hours") || threshold != 3*60*60 {
		t.Errorf("%v after %d s", alarm["AlarmDescription"], threshold)
	}
}
