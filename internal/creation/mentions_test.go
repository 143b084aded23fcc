package creation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/resource"
)

func TestACallNamesWhatItIsAbout(t *testing.T) {
	r, err := creation.Parse([]byte(`{"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","awsRegion":"eu-west-1","recipientAccountId":"111122223333",
		"requestParameters":{"groupId":"sg-0aaaaaaaaaaaaaaaa","ipPermissions":{"items":[{"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}},
		"responseElements":{"securityGroupRuleSet":{"items":[{"groupId":"sg-0aaaaaaaaaaaaaaaa","securityGroupRuleId":"sgr-0aaaaaaaaaaaaaaaa"}]}},
		"resources":[{"ARN":"arn:aws:s3:::logs"},{"ARN":"nothing"},7,null]}`))
	if err != nil {
		t.Fatal(err)
	}
	at := resource.Place{Account: "111122223333", Region: "eu-west-1"}
	want := []resource.Ref{
		resource.EC2Ref(at, resource.EC2SecurityGroup, "sg-0aaaaaaaaaaaaaaaa"),
		{ID: "logs", ARN: "arn:aws:s3:::logs", Type: "s3:bucket", Account: at.Account, Region: at.Region},
	}
	if diff := cmp.Diff(want, r.Mentions()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
