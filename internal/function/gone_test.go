package function

import (
	"fmt"
	"testing"
	"time"
)

const owned = `version: 1
settings: {mark: off, ledger: {dynamodb: tagwarden}}
policies:
  - {name: own, resource: ec2:instance, on: created, mode: enforce, tags: {Owner: {value: creator.name, overwrite: true}}}
`

// What is gone ends nothing but the waiting for itself.
func TestWhatIsGoneDoesNotEndWhatFailedBesideIt(t *testing.T) {
	l := newLambda(t, owned)
	id := l.launch("i-00000000000000001", nil)
	event := fmt.Sprintf(`{"eventID":"c-1","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","eventTime":"2026-11-02T10:00:00Z","awsRegion":%q,"recipientAccountId":%q,
		"userIdentity":{"type":"IAMUser","userName":"ada","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ada"},"requestParameters":null,
		"responseElements":{"instancesSet":{"items":[{"instanceId":%q},{"instanceId":"i-00000000000000002"}]}}}`, region, account1, id)
	l.aws.Clock().Advance(10 * time.Minute)
	l.aws.Throttle("ec2:CreateTags", 1)
	if a := l.done(queued(event, "{}")); len(a.Failures) == 0 || a.Failures[0].Message != "m-1" {
		t.Errorf("%+v", a)
	}
	if a := l.done(queued(event, "{}")); len(a.Failures) != 0 {
		t.Errorf("the second time: %+v", a)
	}
	if i, _ := l.aws.Instance(id); i.TagSet["Owner"] != "ada" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}
