package deploy_test

import (
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

// Words of IAM, of ARNs and of the file itself are not a variable's because they
// read like its value.
func TestOnlyWhatIsMadeOfAVariableFollowsItsParameter(t *testing.T) {
	source := text(strings.Replace(small("ledger: {dynamodb: books}", "", `, match: 'resource.vpc in ["${FLAG:-false}", "${KIND:-instance}", "${LED:-books}", "${LABEL:-Owner}"]', mode: enforce, enforce: [stop]`), "Owner: {}", "Owner: {value: creator.name}", 1))
	body := string(rendered(t, deployed(t, none, source))[0].Data)
	for _, want := range []string{"aws:TagKeys: ['false']", ":instance/*'", "TableName: books\n", "FLAG: !Ref Flag\n", "KIND: !Ref Kind\n", "LED: !Ref Led\n", "LABEL: !Ref Label\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("the template has no %s", want)
		}
	}
	for _, ref := range []string{"!Ref Flag", "!Ref Kind", "!Ref Led\n", "!Ref Label", "${Flag}", "${Kind}", "${Led}", "${Label}"} {
		if n := strings.Count(body, ref); n > 1 || strings.HasPrefix(ref, "${") && n > 0 {
			t.Errorf("%s is there %d times", ref, n)
		}
	}
}

// A parameter that what is deployed would not follow is none.
func TestAVariableThatDecidesMoreThanTextIsNoParameter(t *testing.T) {
	for name, yaml := range map[string]string{
		"SCHED": small("zone: UTC", "", ", on: {schedule: '${SCHED:-rate(2 days)}'}"),
		"ZONE":  small("zone: '${ZONE:-Europe/Berlin}'", "", ""),
		"WAIT":  small("zone: UTC", "", ", on: created, settle: '${WAIT:-5m}'"),
		"STATE": small("zone: UTC", "", ", on: {state: '${STATE:-running}'}"),
		"SES":   small("zone: UTC", ", m: {ses: {from: a@example.com, to: [b@example.com], region: '${SES:-us-east-1}'}}", ", enforce: [notify: m]"),
	} {
		d := deployed(t, none, text(yaml))
		for _, v := range d.Variables {
			if v.Name == name {
				t.Errorf("%s is a parameter:\n%s", name, yaml)
			}
		}
		value := ""
		for _, s := range d.Function.Environment {
			if s.Name == name {
				value = s.Value
			}
		}
		if value == "" || strings.Contains(value, "\x00") {
			t.Errorf("%s is %q in the function", name, value)
		}
	}
}

func TestAShortSecretIsASecret(t *testing.T) {
	env := func(name string) (string, bool) { return "ab1", name == "TOK" }
	d := deployed(t, env, text(small("zone: UTC", ", s: {slack: {webhook: 'https://hooks.slack.com/services/${TOK}'}}", ", enforce: [notify: s]")))
	if len(d.Variables) != 1 || d.Variables[0].Kind != deploy.Secret {
		t.Errorf("%+v", d.Variables)
	}
	if len(d.Notes) > 0 {
		t.Errorf("%q", d.Notes)
	}
	if body := rendered(t, d)[0].Data; strings.Contains(string(body), "ab1") {
		t.Errorf("the template has the secret:\n%s", body)
	}
}
