package deploy_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// A person with the policy of a stack stops what is their own and nothing else,
// in the account of the function and in the others.
func TestPeopleActOnWhatIsTheirOwn(t *testing.T) {
	access := "access: {owner_key: PrincipalId, protect: [Owner, PrincipalId, '${EXCEPTION:-keep}']}\n"
	d := deployed(t, none, text(governing(list)+access))
	c, m := central(t, d), member(t, d, "eu-west-1", "ExternalId", "7f3a")
	for _, s := range []*stack{c, m} {
		people := iamtest.Layer{s.policy(s.properties("PeoplePolicy")["PolicyDocument"])}
		instance := "arn:aws:ec2:eu-west-1:" + s.account + ":instance/i-1"
		for name, tt := range map[string]struct {
			action, on string
			pairs      []string
			want       iamtest.Decision
		}{
			"their own":          {"ec2:StopInstances", instance, []string{"ec2:ResourceTag/PrincipalId", "AROA1:ada"}, iamtest.Allowed},
			"another's":          {"ec2:StopInstances", instance, []string{"ec2:ResourceTag/PrincipalId", "AROA1:bob"}, iamtest.NotAllowed},
			"nobody's":           {"ec2:StopInstances", instance, nil, iamtest.NotAllowed},
			"in another account": {"ec2:StopInstances", strings.Replace(instance, s.account, stranger, 1), []string{"ec2:ResourceTag/PrincipalId", "AROA1:ada"}, iamtest.NotAllowed},
			"the owner's tag":    {"ec2:CreateTags", instance, []string{"aws:TagKeys", "PrincipalId"}, iamtest.Denied},
			"the exception tag":  {"ec2:CreateTags", instance, []string{"aws:TagKeys", "keep"}, iamtest.Denied},
		} {
			r := iamtest.Request{Action: tt.action, Resource: tt.on, Context: iamtest.Context{"aws:userid": {"AROA1:ada"}}}
			for i := 0; i+1 < len(tt.pairs); i += 2 {
				r.Context[tt.pairs[i]] = []string{tt.pairs[i+1]}
			}
			if got := iamtest.Decide(r, people); got != tt.want {
				t.Errorf("%s in %s: %s", name, s.account, got)
			}
		}
		group := s.properties("PeopleGroup")["ManagedPolicyArns"].([]any)
		if len(group) != 1 || !strings.HasSuffix(group[0].(string), "PeoplePolicy") {
			t.Errorf("the group has %v", group)
		}
	}
	if _, ok := member(t, d, "us-east-1", "ExternalId", "7f3a").nodes["PeoplePolicy"]; ok {
		t.Error("the policy is made once more in another region")
	}
	without := carryOut(t, file(t, d, deploy.TemplateFile), home, "eu-west-1", "CodeBucket", "b", "TrailIsLogging", "yes", "MakePeopleGroup", "no")
	if _, ok := without.nodes["PeopleGroup"]; ok {
		t.Error("a group is made that nobody wants")
	}
	if s := central(t, deployed(t, none, text(governing(list)))); s.nodes["PeoplePolicy"] != nil {
		t.Error("a policy for people is made of a file without access")
	}
}
