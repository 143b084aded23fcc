package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// What was done is put on a bus, as tagwarden's own events and no others, and
// AWS Config is answered.
func TestOtherSystemsAreTold(t *testing.T) {
	const (
		everything = "settings: {outcomes: {eventbridge: audit}}\npolicies: [{name: p, resource: ec2:vpc, tags: {A: {}}}]\n"
		elsewhere  = "settings: {outcomes: {eventbridge: \"arn:aws:events:eu-north-1:999988887777:event-bus/audit\"}}\npolicies: [{name: p, resource: ec2:vpc, tags: {A: {}}}]\n"
		followed   = "policies:\n  - {name: p, resource: ec2:instance, mode: enforce, enforce: [stop]}\n" +
			"  - {name: q, resource: ec2:instance, on: {outcome: {policy: p, action: stop}}, enforce: [{notify: topic}]}\n"
		observed = "policies:\n  - {name: p, resource: ec2:instance, enforce: [stop]}\n" +
			"  - {name: q, resource: ec2:instance, on: {outcome: {policy: p, action: stop}}, enforce: [{notify: topic}]}\n"
		nothing = "policies: [{name: p, resource: ec2:vpc, tags: {A: {}}}]\n"
		asked   = "settings: {regions: [eu-west-1]}\npolicies: [{name: p, resource: ec2:vpc, on: config, tags: {A: {}}}]\n"
	)
	ours := iamtest.Context{"aws:RequestedRegion": {"eu-north-1"}, "events:source": {trigger.OutcomeSource, trigger.OutcomeSource}, "events:detail-type": {trigger.OutcomeKind}}
	foreign := iamtest.Context{"events:source": {trigger.OutcomeSource, "shop"}, "events:detail-type": {trigger.OutcomeKind}}
	other := iamtest.Context{"events:source": {trigger.OutcomeSource}, "events:detail-type": {"Order"}}
	bus := func(account, name string) string {
		return "arn:aws:events:eu-north-1:" + account + ":event-bus/" + name
	}
	for _, tt := range []struct {
		what, file, action, resource string
		context                      iamtest.Context
		readOnly, want               bool
	}{
		{"to the bus of the settings", everything, "events:PutEvents", bus("111122223333", "audit"), ours, false, true},
		{"to another", everything, "events:PutEvents", bus("111122223333", "default"), ours, false, false},
		{"to one of another account", everything, "events:PutEvents", bus("999988887777", "audit"), ours, false, false},
		{"something that is not ours", everything, "events:PutEvents", bus("111122223333", "audit"), foreign, false, false},
		{"something else of ours", everything, "events:PutEvents", bus("111122223333", "audit"), other, false, false},
		{"by a plan", everything, "events:PutEvents", bus("111122223333", "audit"), ours, true, false},
		{"to a bus elsewhere", elsewhere, "events:PutEvents", bus("999988887777", "audit"), ours, false, true},
		{"what another policy follows", followed, "events:PutEvents", bus("111122223333", "default"), ours, false, true},
		{"what is only observed", observed, "events:PutEvents", bus("111122223333", "default"), ours, false, false},
		{"what nobody follows", nothing, "events:PutEvents", bus("111122223333", "default"), ours, false, false},
		{"to AWS Config, which asks", asked, "config:PutEvaluations", "*", iamtest.Context{"aws:RequestedRegion": {"us-east-1"}}, false, true},
		{"by a plan", asked, "config:PutEvaluations", "*", nil, true, false},
		{"to AWS Config, which does not ask", nothing, "config:PutEvaluations", "*", nil, false, false},
	} {
		l := layer(t, role(t, header+tt.file, iam.Options{Account: "111122223333", ReadOnly: tt.readOnly}), iam.MaxDocument)
		got := iamtest.Decide(iamtest.Request{Action: tt.action, Resource: tt.resource, Context: tt.context}, l)
		if (got == iamtest.Allowed) != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

func TestABusIsInThePartitionOfTheRegions(t *testing.T) {
	file := header + "settings: {outcomes: {eventbridge: \"arn:aws-cn:events:cn-north-1:999988887777:event-bus/audit\"}}\npolicies: [{name: p, resource: ec2:vpc, tags: {A: {}}}]\n"
	if _, err := iam.For(load(t, file), iam.Options{Regions: []string{"eu-west-1"}}); err == nil || !strings.Contains(err.Error(), "aws-cn") {
		t.Error(err)
	}
}

// What tells other systems are the credentials that tagwarden has itself, whether
// or not they read anything themselves.
func TestMembersTellOtherSystemsNothing(t *testing.T) {
	file := header + "settings: {regions: [eu-west-1], outcomes: {eventbridge: audit}, accounts: [{id: \"444455556666\", role: gov}]}\n" +
		"policies: [{name: p, resource: ec2:vpc, on: config, tags: {A: {}}}]\n"
	for member, want := range map[bool]bool{true: false, false: true} {
		have := permissions(role(t, file, iam.Options{Member: member}))
		for _, p := range []string{"events:PutEvents", "config:PutEvaluations"} {
			if slices.Contains(have, p) != want {
				t.Errorf("member %t: %v", member, have)
			}
		}
	}
}
