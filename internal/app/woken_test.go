package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

const wakeful = `version: 1
policies:
  - {name: made, resource: [ec2:instance, ec2:volume], on: created, tags: {Owner: {default: x}}}
  - {name: images, resource: ec2:image, on: created, tags: {Owner: {default: x}}}
  - {name: runs, resource: ec2:instance, on: {state: running}, match: 'true'}
  - {name: tagged, resource: ec2:snapshot, on: tags_changed, match: 'true'}
  - {name: opened, resource: ec2:security-group, on: {api: [ec2:AuthorizeSecurityGroupIngress]}, match: 'true'}
  - {name: seen, resource: ec2:instance, on: config, match: 'true'}
  - {name: follows, resource: ec2:instance, on: {outcome: {policy: runs, action: stop}}, match: 'true'}
  - {name: nightly, resource: ec2:instance, on: {schedule: rate(1 day)}, match: 'true'}
`

// envelope is an event of EventBridge.
func envelope(kind, detail string, arns ...string) string {
	source := "aws.ec2"
	if kind == trigger.OutcomeKind {
		source = trigger.OutcomeSource
	}
	return fmt.Sprintf(`{"id":"e-1","detail-type":%q,"source":%q,"account":"111122223333","time":"2026-11-02T10:00:00Z","region":"us-east-1","resources":%s,"detail":%s}`,
		kind, source, jsonOf(arns), detail)
}

func jsonOf(list []string) string {
	out := "["
	for i, s := range list {
		if i > 0 {
			out += ","
		}
		out += fmt.Sprintf("%q", s)
	}
	return out + "]"
}

// call is a record of EC2.
func call(name, request, response string) string {
	return fmt.Sprintf(`{"eventID":"c-1","eventSource":"ec2.amazonaws.com","eventName":%q,"eventTime":"2026-11-02T10:00:00Z","awsRegion":"us-east-1","recipientAccountId":"111122223333",
		"userIdentity":{"type":"IAMUser","userName":"ada","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ada"},"requestParameters":%s,"responseElements":%s}`, name, request, response)
}

func TestAnEventWakesTheRightPolicies(t *testing.T) {
	set := loadSet(t, wakeful)
	const (
		inst  = "arn:aws:ec2:us-east-1:111122223333:instance/i-0aaaaaaaaaaaaaaaa"
		snap  = "arn:aws:ec2:us-east-1::snapshot/snap-0aaaaaaaaaaaaaaaa"
		group = `{"groupId":"sg-0aaaaaaaaaaaaaaaa"}`
	)
	done := func(state string) string {
		return envelope(trigger.OutcomeKind, fmt.Sprintf(`{"policy":"runs","action":"stop","state":%q,"resource":%q}`, state, inst))
	}
	elsewhere := strings.Replace(done("done"), `"policy"`, `"name":"elsewhere","policy"`, 1)
	launch := call("RunInstances", `null`, `{"instancesSet":{"items":[{"instanceId":"i-0aaaaaaaaaaaaaaaa"}]}}`)
	for name, tt := range map[string]struct {
		payload string
		want    []string
		why     string
	}{
		"a launch":            {launch, []string{"made"}, ""},
		"a volume":            {call("CreateVolume", `null`, `{"volumeId":"vol-0aaaaaaaaaaaaaaaa"}`), []string{"made"}, ""},
		"an image":            {call("CreateImage", `null`, `{"imageId":"ami-0aaaaaaaaaaaaaaaa"}`), []string{"images"}, ""},
		"a subnet":            {call("CreateSubnet", `null`, `{"subnet":{"subnetId":"subnet-0aaaaaaaaaaaaaaaa"}}`), nil, "no policy is woken by it"},
		"a rule of a group":   {call("AuthorizeSecurityGroupIngress", group, `{}`), []string{"opened"}, ""},
		"another call":        {call("ModifySecurityGroupRules", group, `{}`), nil, "ec2:ModifySecurityGroupRules is not among the calls that create what can be tagged"},
		"it runs":             {envelope("EC2 Instance State-change Notification", `{"instance-id":"i-0aaaaaaaaaaaaaaaa","state":"running"}`), []string{"runs"}, ""},
		"it stops":            {envelope("EC2 Instance State-change Notification", `{"instance-id":"i-0aaaaaaaaaaaaaaaa","state":"stopping"}`), nil, "no policy is woken by it"},
		"a snapshot's tags":   {envelope("Tag Change on Resource", `{"changed-tag-keys":["a"]}`, snap), []string{"tagged"}, ""},
		"an instance's tags":  {envelope("Tag Change on Resource", `{"changed-tag-keys":["a"]}`, inst), nil, "no policy is woken by it"},
		"what another did":    {done("done"), []string{"follows"}, ""},
		"what another failed": {done("failed"), nil, "no policy is woken by it"},
		"another's outcome":   {elsewhere, nil, `it is an outcome of "elsewhere", and this is "default"`},
		"settled, another's":  {`{"tagwarden":"settled","policies":["follows"],"event":` + elsewhere + `}`, nil, `it is an outcome of "elsewhere", and this is "default"`},
		"a schedule for two":  {`{"tagwarden":"schedule","policies":["nightly","runs"]}`, []string{"runs", "nightly"}, ""},
	} {
		b, err := trigger.Read([]byte(tt.payload))
		if err != nil || b.Messages[0].Request == nil {
			t.Fatalf("%s: %+v, %v", name, b, err)
		}
		got, why := app.Woken(set, b.Messages[0].Request)
		if diff := cmp.Diff(tt.want, got); diff != "" || why != tt.why {
			t.Errorf("%s: %q (-want +got)\n%s", name, why, diff)
		}
	}
}

// loadSet loads a policy file that has no mistakes.
func loadSet(t *testing.T, text string) *policy.Set {
	t.Helper()
	set, list := policy.Load([]policy.Source{{Name: "p.yaml", Data: []byte(text)}}, func(string) (string, bool) { return "", false })
	if set == nil {
		t.Fatal(list)
	}
	return set
}
