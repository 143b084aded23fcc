package identity_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/identity"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// session is a session with a role as CloudTrail tells of it.
func session(role, name, more string) string {
	path := role[strings.LastIndexByte(role, '/')+1:]
	return `{"type":"AssumedRole","principalId":"AROAEXAMPLE:` + name + `","arn":"arn:aws:sts::111122223333:assumed-role/` + path + `/` + name + `",
		"accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE",
		"arn":"arn:aws:iam::111122223333:role/` + role + `","accountId":"111122223333","userName":"` + path + `"}` + more + `}}`
}

func TestTheLadder(t *testing.T) {
	const (
		person  = resource.PersonCreator
		role    = resource.RoleCreator
		service = resource.ServiceCreator
		unknown = resource.UnknownCreator
	)
	sso := "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0123456789abcdef"
	linked := "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	tests := []struct {
		name, json string
		kind       resource.CreatorKind
		who        string
	}{
		{"a user", `{"type":"IAMUser","userName":"ada","arn":"arn:aws:iam::111122223333:user/ada"}`, person, "ada"},
		{"a user without a name", `{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/teams/data/ada"}`, person, "ada"},
		{"a user with an odd ARN", `{"type":"IAMUser","arn":"arn:aws:iam::111122223333:robot"}`, person, "robot"},
		{"a user without anything", `{"type":"IAMUser"}`, unknown, ""},
		{"a user whose name is a number", `{"type":"IAMUser","userName":7}`, unknown, ""},
		{"root has no name but root", `{"type":"Root","userName":"acme-production","arn":"arn:aws:iam::111122223333:root"}`, resource.RootCreator, "root"},
		{"another account", `{"type":"AWSAccount","principalId":"AROAEXAMPLE:job","accountId":"444455556666"}`, resource.AccountCreator, "account:444455556666"},
		{"another account without a number", `{"type":"AWSAccount"}`, unknown, ""},
		{"an account as a number has lost its zeros", `{"type":"AWSAccount","accountId":12345678901}`, unknown, ""},
		{"a service", `{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}`, service, "autoscaling.amazonaws.com"},
		{"no type but who invoked it", `{"accountId":"111122223333","invokedBy":"secretsmanager.amazonaws.com"}`, service, "secretsmanager.amazonaws.com"},
		{"no type and no service", `{"accountId":"111122223333"}`, unknown, ""},
		{"no type but a role in the ARN", `{"arn":"arn:aws:sts::111122223333:assumed-role/deploy/ada"}`, person, "ada"},
		{"no type but a user in the ARN", `{"arn":"arn:aws:iam::111122223333:user/ada","invokedBy":"x"}`, person, "ada"},
		{"another type, and a user in the ARN", `{"type":"User","userName":"ada","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/teams/ada"}`, person, "ada"},
		{"no type but a federated user in the ARN", `{"principalId":"111122223333:ada","arn":"arn:aws:sts::111122223333:federated-user/ada"}`, person, "ada"},
		{"no type but an image builder in the ARN", `{"accountId":"111122223333","arn":"arn:aws:appstream:eu-central-1:111122223333:image-builder/users"}`, unknown, ""},
		{"a role that is a user", `{"type":"AssumedRole","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ada","sessionContext":{"sessionIssuer":{"userName":"other"}}}`, person, "ada"},
		{"a user whose name is hidden", `{"type":"IAMUser","userName":"HIDDEN_DUE_TO_SECURITY_REASONS","accountId":"111122223333"}`, unknown, ""},
		{"a user of a directory", `{"type":"Directory","userName":"ada","accountId":"111122223333"}`, person, "ada"},
		{"a federated user", `{"type":"FederatedUser","principalId":"111122223333:ada","arn":"arn:aws:sts::111122223333:federated-user/ada"}`, person, "ada"},
		{"a federated user by the ARN", `{"type":"FederatedUser","arn":"arn:aws:sts::111122223333:federated-user/ada"}`, person, "ada"},
		{"a user of Identity Center", `{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"d-1:ada","identityStoreArn":"x"}}`, person, "d-1:ada"},
		{"a SAML user", `{"type":"SAMLUser","userName":"ada@example.com","identityProvider":"x"}`, person, "ada@example.com"},
		{"a web user", `{"type":"WebIdentityUser","userName":"1234","identityProvider":"accounts.google.com"}`, person, "1234"},
		{"what CloudTrail does not know, with a name", `{"type":"Unknown","userName":"ada@example.com"}`, person, "ada@example.com"},
		{"a type of next year", `{"type":"Robot","userName":"ada","principalId":"x"}`, unknown, ""},

		{"a person's session", session("deploy", "ada@example.com", ""), person, "ada@example.com"},
		{"a name with a comma stays whole", session("deploy", "lovelace,ada", ""), person, "lovelace,ada"},
		{"the source identity comes first", session(linked, "i-0123456789abcdef0", `,"sourceIdentity":"ada"`), person, "ada"},
		{"Identity Center, by the path", session(sso, "ada@example.com", ""), person, "ada@example.com"},
		{"Identity Center, by the name", session("AWSReservedSSO_Admin_0123", "botocore-session-1", ""), person, "botocore-session-1"},
		{"Identity Center without a session", strings.ReplaceAll(session(sso, "x", ""), `:x"`, `"`), person, "x"},
		{"a service's own role", session(linked, "AutoScaling", ""), service, "autoscaling.amazonaws.com"},
		{"an instance", session("web", "i-0123456789abcdef0", ""), role, "web"},
		{"an old instance", session("web", "i-01234567", ""), role, "web"},
		{"a person who is named like one", session("web", "i-smith", ""), person, "i-smith"},
		{"and one of the right letters", session("web", "i-abc", ""), person, "i-abc"},
		{"an instance by its delivery", session("web", "renamed", `,"ec2RoleDelivery":"2.0"`), role, "web"},
		{"a CloudFormation stack set", session("exec", "0a1b2c3d-0000-4000-8000-0123456789ab", ""), role, "exec"},
		{"a role without a session", `{"type":"AssumedRole","principalId":"AROAEXAMPLE","arn":"arn:aws:sts::111122223333:assumed-role/deploy"}`, role, "deploy"},
		{"a session without a role", `{"type":"AssumedRole","principalId":"AROAEXAMPLE"}`, unknown, ""},
		{"a role without a session, with its issuer", `{"type":"AssumedRole","principalId":"AROAEXAMPLE","sessionContext":{"sessionIssuer":{"userName":"deploy"}}}`, role, "deploy"},
		{"a session without the principal", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/deploy/ada"}`, person, "ada"},
		{"a context of the wrong type", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:ada","sessionContext":[1,{"sourceIdentity":"eve"}]}`, person, "ada"},

		{"null", `null`, unknown, ""},
		{"nothing", ``, unknown, ""},
		{"text", `"IAMUser"`, unknown, ""},
		{"a list", `[{"type":"IAMUser","userName":"ada"}]`, unknown, ""},
		{"types that are no text", `{"type":{"type":"IAMUser"},"userName":["ada"],"arn":1,"principalId":false,"invokedBy":null}`, unknown, ""},
		{"half a document", `{"type":"IAMUser","userName":"ada"`, unknown, ""},
	}
	for _, tt := range tests {
		got := identity.Of([]byte(tt.json))
		if got.Kind != tt.kind || got.Name != tt.who {
			t.Errorf("%s: %s %q, want %s %q", tt.name, got.Kind, got.Name, tt.kind, tt.who)
		}
	}
}

func TestAMachinesSessionBelongsToTheRole(t *testing.T) {
	machines := []string{
		"aws-go-sdk-1722511821294449000", "botocore-session-1733979413", "aws-sdk-js-1700000000000", "aws-sdk-js-session-1700000000000",
		"aws-sdk-java-1700000000000", "aws-dotnet-sdk-session-636238288466144357", "default_session", "1669660343296132000", "1665678811",
		"0123456789abcdef0123456789abcdef", "eks-prod-web-7d9-0a1b2c3d-0000-4000-8000-0123456789ab", "EKS", "AutoScaling", "AWSCloudFormation",
		"AWSCodeBuild-0a1b2c3d-0000-4000-8000-0123456789ab", "AWSBackup-AWSBackupDefaultServiceRole", "aws-batch", "GlueJobRunnerSession",
		"AthenaExecutor-0a1b2c3d-0000-4000-8000-0123456789ab", "AWS-Crawler", "elasticbeanstalk", "pUBglYSipyAbyPsehEoWHmOFMDviUKzd",
		"BackplaneAssumeRoleSession", "AutoScalingDescribeHandlerSession", "dbi-id-db-ABCDEFGHIJKLMNOPQRSTUVWX01", "vm_import_image-111122223333",
		"SageMaker", "ConfigResourceCompositionSession", "TrustedAdvisor_111122223333_x", "GitHubActions", "GitLabRunner-1-22",
	}
	for _, name := range machines {
		if got := identity.Of([]byte(session("ci", name, ""))); got.Kind != resource.RoleCreator || got.Name != "ci" {
			t.Errorf("%s: %s %q", name, got.Kind, got.Name)
		}
	}
	people := []string{
		"eks", "ada-EKS", "AutoScalingAda", "botocore-session-ada", "aws-go-sdk-", "12345678", "dead-beef", "abcdef", "sagemaker-ada", "GitHubActionsAda",
		"default_session2", "x0123456789abcdef0123456789abcdef", "eks-ada", "AWSCloudFormation@example.com", "i-0123456789abcdef0x", "I-0123456789abcdef0",
		"pUBglYSipyAbyPsehEoWHmOFMDviUKz", "AthenaExecutorAda", "vm_import_image-ada", "dbi-id-db-ada",
	}
	for _, name := range people {
		if got := identity.Of([]byte(session("ci", name, ""))); got.Kind != resource.PersonCreator || got.Name != name {
			t.Errorf("%s: %s %q", name, got.Kind, got.Name)
		}
	}
}

func TestTheWayToTheParentIsTold(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:role/"
	linked := "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	tests := []struct {
		name, json string
		want       identity.Identity
	}{
		{"an instance", session("web", "i-0123456789abcdef0", ""), identity.Identity{Role: arn + "web", Instance: "i-0123456789abcdef0"}},
		{"a service", session(linked, "AutoScaling", ""), identity.Identity{Role: arn + linked, Service: "autoscaling.amazonaws.com"}},
		{"a service without a path to its role", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForRDS/x","invokedBy":"rds.amazonaws.com"}`,
			identity.Identity{Service: "rds.amazonaws.com", InvokedBy: "rds.amazonaws.com"}},
		{"CloudFormation on behalf of a person", `{"type":"IAMUser","userName":"ada","invokedBy":"cloudformation.amazonaws.com"}`, identity.Identity{InvokedBy: "cloudformation.amazonaws.com"}},
		{"a Lambda function", strings.Replace(session("cleaner", "nightly", ""), `{"type"`, `{"inScopeOf":{"issuerType":"AWS::Lambda::Function","credentialsIssuedTo":"arn:aws:lambda:x"},"type"`, 1),
			identity.Identity{Role: arn + "cleaner", Within: "arn:aws:lambda:x"}},
	}
	for _, tt := range tests {
		got := identity.Read([]byte(tt.json))
		tt.want.Creator = got.Creator
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	function := strings.Replace(session("cleaner", "nightly", ""), `{"type"`, `{"inScopeOf":{"credentialsIssuedTo":"arn:aws:lambda:x"},"type"`, 1)
	if got := identity.Of([]byte(function)); got.Kind != resource.RoleCreator || got.Name != "cleaner" {
		t.Errorf("a function's session is named after it and no person: %s %q", got.Kind, got.Name)
	}
}

// Access control by tag compares aws:userid, of which the session is a part.
func TestThePrincipalKeepsItsSession(t *testing.T) {
	got := identity.Of([]byte(session("deploy", "ada@example.com", "")))
	want := resource.Creator{Name: "ada@example.com", PrincipalID: "AROAEXAMPLE:ada@example.com",
		ARN: "arn:aws:sts::111122223333:assumed-role/deploy/ada@example.com", Kind: resource.PersonCreator}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A person's name is text that the record holds; nothing is made up.
func TestNoPersonIsInvented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "ada", "IAMUser", "AssumedRole", "i-0123456789abcdef0", "AROAEXAMPLE:eve", "arn:aws:sts::1:assumed-role/deploy/bob", "arn:aws:iam::1:user/x/carl", "AWSReservedSSO_A_1"})
		u := map[string]any{}
		for _, key := range []string{"type", "userName", "principalId", "arn", "accountId", "invokedBy"} {
			if rapid.Bool().Draw(t, "has "+key) {
				u[key] = text.Draw(t, key)
			}
		}
		u["type"] = rapid.SampledFrom([]string{"IAMUser", "AssumedRole", "FederatedUser", "Root", "AWSService", "AWSAccount", "Unknown", ""}).Draw(t, "type")
		u["sessionContext"] = map[string]any{"sourceIdentity": text.Draw(t, "source"), "sessionIssuer": map[string]any{"userName": text.Draw(t, "issuer"), "arn": text.Draw(t, "role")}}
		data, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		got := identity.Of(data)
		if got.Kind == resource.PersonCreator && (got.Name == "" || !strings.Contains(string(data), got.Name)) {
			t.Fatalf("%q out of %s", got.Name, data)
		}
		if (got.Kind == resource.UnknownCreator) != (got.Name == "") {
			t.Fatalf("%s is named %q", got.Kind, got.Name)
		}
	})
}

func FuzzOf(f *testing.F) {
	f.Add([]byte(session("deploy", "ada", `,"sourceIdentity":"eve"`)))
	f.Add([]byte(`{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ada"}`))
	f.Add([]byte(`{"type":"IdentityCenterUser","onBehalfOf":{"userId":"x"}}`))
	f.Add([]byte(`{"type":"\u0049AMUser","userName":"\ud800"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := identity.Of(data)
		if got.Kind == "" || (got.Kind == resource.UnknownCreator) != (got.Name == "") {
			t.Errorf("%+v", got)
		}
	})
}

func TestAFunctionOfLambdaIsItsRole(t *testing.T) {
	const agent = "Boto3/1.34.145 lang/python#3.11.10 exec-env/AWS_Lambda_python3.11 Botocore/1.34.145"
	for name, tt := range map[string]struct {
		json, agent, who string
		kind             resource.CreatorKind
	}{
		"a function":                 {session("cleaner", "nightly-cleanup", ""), agent, "cleaner", resource.RoleCreator},
		"the same name elsewhere":    {session("cleaner", "nightly-cleanup", ""), "aws-cli/2.15.0 exec-env/CloudShell", "nightly-cleanup", resource.PersonCreator},
		"a person told it who it is": {session("cleaner", "nightly-cleanup", `,"sourceIdentity":"ada"`), agent, "ada", resource.PersonCreator},
		"a user with keys in it":     {`{"type":"IAMUser","userName":"ada"}`, agent, "ada", resource.PersonCreator},
	} {
		if got := identity.ReadFrom([]byte(tt.json), tt.agent); got.Kind != tt.kind || got.Name != tt.who {
			t.Errorf("%s: %s %q", name, got.Kind, got.Name)
		}
	}
}
