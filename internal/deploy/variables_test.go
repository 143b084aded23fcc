package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

func TestVariablesAreKnownByWhereTheyGo(t *testing.T) {
	_, got, list := read(t, none, text(everything))
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]deploy.Kind{}
	for _, v := range got {
		kinds[v.Name] = v.Kind
	}
	want := map[string]deploy.Kind{"EXCEPTION": deploy.Plain, "HOOK_SECRET": deploy.Secret, "LEDGER": deploy.Plain, "OPS": deploy.ForTopic,
		"PAY_WEBHOOK": deploy.Secret, "SES_FROM": deploy.Plain, "SES_TO": deploy.Plain, "TOKEN": deploy.Secret}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// secretive is an environment that has the secrets of everything.
func secretive(name string) (string, bool) {
	v, ok := map[string]string{"PAY_WEBHOOK": "https://hooks.slack.com/services/T0/B0/seCret-one", "TOKEN": "seCret-two", "HOOK_SECRET": "seCret-three"}[name]
	return v, ok
}

// secretless says of each file whether a secret of that environment is in it.
func secretless(t *testing.T, files []deploy.File) {
	t.Helper()
	for _, f := range files {
		if strings.Contains(string(f.Data), "seCret") || strings.Contains(string(f.Data), "hooks.slack.com") {
			t.Errorf("%s has a secret:\n%s", f.Name, f.Data)
		}
	}
}

func TestNoSecretIsInATemplate(t *testing.T) {
	secretless(t, rendered(t, deployed(t, secretive, text(everything))))
	command := small("zone: UTC", "", ", enforce: [run_command: {document: AWS-RunShellScript, parameters: {key: ['${PASS_WORD}']}}]")
	env := func(string) (string, bool) { return "seCret-four", true }
	if f := rendered(t, deployed(t, env, text(command))); strings.Contains(string(f[0].Data), "seCret") || !strings.Contains(string(f[0].Data), "PASS_WORD: !Sub '{{resolve:secretsmanager:${PassWordSecret}:SecretString}}'") {
		t.Errorf("a command's parameter:\n%s", f[0].Data)
	}
}

func TestWhatTheRoleMayDoFollowsTheParameters(t *testing.T) {
	f := rendered(t, deployed(t, none, text(everything)))
	for _, want := range []string{
		"ses:FromAddress: [!Ref SesFrom]",
		"!Sub 'arn:${AWS::Partition}:ses:eu-west-1:${AWS::AccountId}:identity/${SesFrom}'",
		"!If [MakesOpsTopic, !Ref OpsTopic, !Ref Ops]",
		"!Sub 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${LedgerValue}'",
		"aws:RequestedRegion: [ap-south-1, us-east-1]",
		"OPS: !If [MakesOpsTopic, !Ref OpsTopic, !Ref Ops]",
		"EXCEPTION: !Ref Exception",
	} {
		if !strings.Contains(string(f[0].Data), want) {
			t.Errorf("the template has no %s", want)
		}
	}
}

func TestTwoVariablesNeverShareAParameter(t *testing.T) {
	yaml := small("zone: UTC", "", `, match: 'resource.vpc in ["${SES_FROM:-a}", "${SesFrom:-b}", "${sesfrom:-c}", "${ROLE:-d}", "${RULES_TABLE:-e}", "${CODE_KEY:-f}", "${PROD:-g}"]'`)
	body := string(rendered(t, deployed(t, none, text(yaml)))[0].Data)
	for _, want := range []string{"SES_FROM: !Ref SesFrom\n", "SesFrom: !Ref Sesfrom\n", "sesfrom: !Ref Sesfrom2\n", "ROLE: !Ref RoleValue\n", "RULES_TABLE: !Ref RulesTableValue\n", "CODE_KEY: !Ref CodeKeyValue\n", "PROD: !Ref Prod\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("the template has no %s:\n%s", want, body[:5000])
		}
	}
}

func TestTwoDefaultsOfOneVariableLeaveItToTheFile(t *testing.T) {
	_, got, _ := read(t, none, text(small("zone: UTC", "", `, match: 'resource.vpc in ["${A_B:-x}", "${A_B:-y}"]'`)))
	if diff := cmp.Diff([]deploy.Variable{{Name: "A_B"}}, got, cmpopts.IgnoreUnexported(deploy.Variable{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A mistake elsewhere in the file is not hidden by, and does not bring up, what
// can be left to a parameter.
func TestMistakesAreToldWithoutWhatAParameterStandsFor(t *testing.T) {
	_, _, list := read(t, none, text(small("zone: Nowhere", ", s: {slack: {webhook: '${HOOK}'}}", "")))
	if len(list) != 1 || !strings.Contains(list[0].Summary, "Nowhere") {
		t.Errorf("%v", list)
	}
	_, _, list = read(t, none, text(small("zone: '${ZONE}'", "", "")))
	if len(list) != 1 || list[0].Summary != "the environment variable ZONE is not set" {
		t.Errorf("%v", list)
	}
}
