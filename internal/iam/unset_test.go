package iam_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// unset loads a file with values that stand in for variables.
func unset(t *testing.T, file string, standIns map[string]string) *policy.Set {
	t.Helper()
	set, list := policy.Load([]policy.Source{{Name: "policy.yaml", Data: []byte(file)}}, func(name string) (string, bool) { v, ok := standIns[name]; return v, ok })
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestWhatAVariableThatIsNotSetNamesIsAnyOfItsKind(t *testing.T) {
	const file = `version: 1
settings: {regions: [cn-north-1], ledger: {dynamodb: "${TABLE}"}, outcomes: {eventbridge: "${BUS}"}, creators: {s3: "s3://${BUCKET}/a"}}
channels:
  topic: {sns: {topic: "${TOPIC}"}}
  mail: {ses: {from: "Tags <${FROM}>", to: [a@example.com], configuration_set: bulk}}
  chat: {slack: {webhook: "${HOOK}"}}
policies: [{name: p, resource: ec2:vpc, match: creator.name == "x", enforce: [{notify: topic}, {notify: mail}, {notify: chat}]}]
`
	standIns := map[string]string{"TABLE": "table.unset.invalid", "BUS": "bus.unset.invalid", "BUCKET": "bucket.unset.invalid", "FROM": "from@from.unset.invalid",
		"TOPIC": "arn:aws:sns:us-east-1:000000000000:topic-unset-invalid", "HOOK": "https://hook.unset.invalid"}
	r, err := iam.For(unset(t, file, standIns), iam.Options{Account: "111122223333", Unset: standIns})
	if err != nil {
		t.Fatal(err)
	}
	l := layer(t, r, iam.MaxDocument)
	cn := func(service, rest string) string { return "arn:aws-cn:" + service + ":cn-north-1:111122223333:" + rest }
	ours := iamtest.Context{"events:source": {"tagwarden"}, "events:detail-type": {"tagwarden Outcome"}}
	for _, tt := range []struct {
		action, resource string
		context          iamtest.Context
		want             iamtest.Decision
	}{
		{"dynamodb:PutItem", cn("dynamodb", "table/whatever"), nil, iamtest.Allowed},
		{"dynamodb:Query", cn("dynamodb", "table/whatever/index/one"), nil, iamtest.Allowed},
		{"events:PutEvents", cn("events", "event-bus/whatever"), ours, iamtest.Allowed},
		{"events:PutEvents", cn("events", "event-bus/whatever"), nil, iamtest.NotAllowed},
		{"sns:Publish", cn("sns", "whatever"), nil, iamtest.Allowed},
		{"sns:Publish", strings.Replace(cn("sns", "whatever"), "1111", "9999", 1), nil, iamtest.NotAllowed},
		{"ses:SendEmail", cn("ses", "identity/example.com"), iamtest.Context{"ses:FromAddress": {"a@example.com"}}, iamtest.Allowed},
		{"ses:SendEmail", cn("ses", "configuration-set/bulk"), nil, iamtest.Allowed},
		{"ses:SendEmail", cn("ses", "configuration-set/other"), nil, iamtest.NotAllowed},
		{"s3:GetObject", "arn:aws-cn:s3:::logs/a/AWSLogs/1", nil, iamtest.Allowed},
		{"s3:GetObject", "arn:aws-cn:s3:::logs/b/secret", nil, iamtest.NotAllowed},
	} {
		if got := iamtest.Decide(iamtest.Request{Action: tt.action, Resource: tt.resource, Context: tt.context}, l); got != tt.want {
			t.Errorf("%s on %s: %v", tt.action, tt.resource, got)
		}
	}
	said := strings.Join(r.Notes, "\n")
	for name := range standIns {
		if strings.Contains(said, "variable "+name+" is not set") != (name != "HOOK") { // no permission is about it
			t.Errorf("of %s it is said:\n%s", name, said)
		}
	}
	for _, g := range r.Grants {
		if strings.Contains(strings.Join(g.Resources, " "), "unset") {
			t.Errorf("%s is on %v", g.Permission, g.Resources)
		}
	}
}

// A tag whose key nobody knows would be every tag.
func TestAKeyThatIsNotSetIsNoKey(t *testing.T) {
	file := "version: 1\npolicies: [{name: p, resource: ec2:vpc, mode: enforce, enforce: [untag: [\"${KEY}\"]]}]\n"
	standIns := map[string]string{"KEY": "key.unset.invalid"}
	if _, err := iam.For(unset(t, file, standIns), iam.Options{Unset: standIns}); err == nil || !strings.Contains(err.Error(), "variable KEY is not set") {
		t.Error(err)
	}
}
