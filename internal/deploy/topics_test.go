package deploy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/iamtest"
)

const topicless = `version: 1
channels: {on-call: {sns: {}}, on.call: {sns: {}}, alarm: {sns: {}}, named: {sns: {topic: "${CHANNEL_ON_CALL}"}}}
policies:
  - {name: p, resource: ec2:instance, tags: {Owner: {}}, enforce: [notify: on-call, notify: on.call, notify: alarm, notify: named]}
`

func TestAChannelWithoutATopicGetsOneOfItsOwn(t *testing.T) {
	d := deployed(t, none, text(topicless))
	s := carryOut(t, rendered(t, d)[0].Data, "111122223333", "eu-west-1", "CodeBucket", "b", "ChannelOnCallEmail", "ops@example.com")
	const arn = "arn:aws:sns:eu-west-1:111122223333:"
	want := "alarm=" + arn + "ChannelAlarmTopic,on-call=" + arn + "ChannelOnCallTopic,on.call=" + arn + "ChannelOnCall2Topic"
	if diff := cmp.Diff(want, s.variables()["TAGWARDEN_TOPICS"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := s.variables()["CHANNEL_ON_CALL"]; got != arn+"ChannelOnCall3Topic" {
		t.Errorf("the topic of a variable: %v", got)
	}
	role := s.role("Role")
	for topic, want := range map[string]bool{"ChannelAlarmTopic": true, "ChannelOnCallTopic": true, "ChannelOnCall2Topic": true, "ChannelOnCall3Topic": true, "AlarmTopic": false} {
		if got := iamtest.Decide(iamtest.Request{Action: "sns:Publish", Resource: arn + topic, Context: iamtest.Context{"aws:RequestedRegion": {"eu-west-1"}}}, role) == iamtest.Allowed; got != want {
			t.Errorf("publishing to %s: %v", topic, got)
		}
	}
	mail := s.properties("ChannelOnCallTopicMail")
	if diff := cmp.Diff(map[string]any{"TopicArn": arn + "ChannelOnCallTopic", "Protocol": "email", "Endpoint": "ops@example.com"}, mail); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, ok := s.nodes["ChannelAlarmTopicMail"]; ok {
		t.Error("nobody is subscribed all the same")
	}
	policy := s.properties("ChannelOnCallTopicPolicy")["PolicyDocument"].(map[string]any)["Statement"].([]any)[0].(map[string]any)
	if diff := cmp.Diff(map[string]any{"AWS": "arn:aws:iam::111122223333:role/Role"}, policy["Principal"]); diff != "" {
		t.Errorf("who may publish (-want +got)\n%s", diff)
	}
}

func TestAVariableWithoutAValueIsNoTopic(t *testing.T) {
	d := deployed(t, none, text(topicless+"  - {name: q, resource: ec2:instance, match: 'resource.vpc == \"${VPC:-}\"'}\n"))
	if len(d.Topics) != 4 {
		t.Errorf("%+v", d.Topics)
	}
}
