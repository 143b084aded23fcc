package deploy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

// small is a policy file with settings, channels and one policy's further lines.
func small(settings, channels, more string) string {
	return "version: 1\nsettings: {" + settings + "}\nchannels: {infra: {sns: {topic: 'arn:aws:sns:us-east-1:111122223333:t'}}" + channels + "}\n" +
		"policies:\n  - {name: p, resource: ec2:instance, tags: {Owner: {}}" + more + "}\n"
}

func TestWhatCannotBeDeployedIsRefusedInWords(t *testing.T) {
	long := strings.Repeat("n", 60)
	for name, tt := range map[string]struct {
		yaml, ask string
		want      []string
	}{
		"a name that is too long":           {small("name: "+long, "", ""), "", []string{"the function's name tagwarden-" + long + " has 70 characters, and Lambda takes 64: give a shorter one with --name, or to the settings"}},
		"a name asked for that is too long": {small("zone: UTC", "", ""), long + "12345", []string{"has 65 characters, and Lambda takes 64: give a shorter one"}},
		"no name":                           {small("zone: UTC", "", ""), "a b", []string{`"a b" is no name of a function`}},
		"AWS's own name":                    {small("zone: UTC", "", ""), "default", []string{"the name default is that of AWS's own bus and group of schedules"}},
		"a folder":                          {small("zone: UTC", ", out: {file: {dir: out}}", ""), "", []string{"p.yaml:3", "the channel out writes files, which nobody would see"}},
		"both at once":                      {small("zone: UTC", ", out: {file: {dir: out}}", ", match: 'resource.vpc == \"${AWS_REGION:-x}\"'"), "", []string{"writes files", "Lambda does not let functions set"}},
		"a bus elsewhere": {small("outcomes: {eventbridge: 'arn:aws:events:us-east-1:111122223333:event-bus/b'}", "", "") +
			"  - {name: q, resource: ec2:instance, tags: {Owner: {}}, on: {outcome: {policy: p, action: stop}}}\n", "", []string{"the policy q follows outcomes on the bus", "name a bus of this one"}},
		"a variable of ours":           {small("zone: UTC", "", ", match: 'resource.vpc == \"${TAGWARDEN_VPC:-x}\"'"), "", []string{"variable TAGWARDEN_VPC", "give it another name"}},
		"a variable of Lambda's":       {small("zone: UTC", "", ", match: 'resource.vpc == \"${AWS_REGION:-x}\"'"), "", []string{"AWS_REGION, which Lambda does not let functions set"}},
		"a sender that nobody knows":   {small("zone: UTC", ", m: {ses: {from: '${FROM}', to: [a@example.com]}}", ", enforce: [notify: m]"), "", []string{"the channel m sends as an identity that is not known"}},
		"a name that nobody knows":     {small("name: '${SET}'", "", ""), "named", []string{"what the variable SET is decides what is deployed: set it in the environment, or give it a default: ${SET:-…}"}},
		"a mark that nobody knows":     {small("mark: '${MARK}'", "", ", on: tags_changed"), "", []string{"what the variable MARK is decides"}},
		"more than an environment has": {small("zone: UTC", "", ", match: 'resource.vpc == \"${VPC:-"+strings.Repeat("v", 4090)+"}\"'"), "", []string{"the variables of the function have 41", "and Lambda takes 4096"}},
	} {
		source := text(tt.yaml)
		set, vars, list := read(t, none, source)
		err := list.Err()
		if err == nil {
			_, err = deploy.For(set, deploy.Options{Name: tt.ask, Variables: vars, Files: []string{"p.yaml"}})
		}
		if err == nil {
			t.Errorf("%s is not refused", name)
			continue
		}
		for _, w := range tt.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v\nwant %q", name, err, w)
			}
		}
	}
}

func TestAPatternThatNoDivisionMakesSmallEnoughIsRefused(t *testing.T) {
	var regions []string
	for _, part := range []string{"northeast", "northwest", "southeast", "southwest", "central"} {
		for n := range 9 {
			regions = append(regions, fmt.Sprintf("ap-%s-%d", part, n+1), fmt.Sprintf("eu-%s-%d", part, n+1), fmt.Sprintf("sa-%s-%d", part, n+1))
		}
	}
	for _, on := range []string{"created", "{state: running}", "tags_changed"} {
		set, vars, list := read(t, none, text(small("regions: ["+strings.Join(regions, ", ")+"]", "", ", on: "+on)))
		if err := list.Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := deploy.For(set, deploy.Options{Variables: vars}); err == nil || !strings.Contains(err.Error(), "EventBridge takes 2048: name fewer regions, or write regions: [all]") {
			t.Errorf("%s: %v", on, err)
		}
	}
}

func TestPoliciesWithOneScheduleShareIt(t *testing.T) {
	d := deployed(t, none, text(everything))
	got := map[string][]string{}
	for _, s := range d.Schedules {
		got[s.Expression+" "+s.Zone] = s.Policies
	}
	want := map[string][]string{"cron(0 6 * * ? *) Europe/Berlin": {"stop-it", "after-it"}, "rate(1 day) Europe/Berlin": {"everything-made"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAPolicyThatEventsAloneWakeHasNoSchedule(t *testing.T) {
	d := deployed(t, none, text(small("zone: UTC", "", ", on: created, sweep: false")))
	if len(d.Schedules) != 0 || len(d.Rules) != 1 {
		t.Errorf("%v, %v", d.Schedules, d.Rules)
	}
	if f := rendered(t, d); strings.Contains(string(f[0].Data), "Schedule") {
		t.Error("the template has schedules")
	}
}

// Whoever writes a tag's key does not thereby read a secret of the account.
func TestNothingInAPolicyFileIsResolvedByCloudFormation(t *testing.T) {
	for name, yaml := range map[string]string{
		"a tag":      strings.Replace(small("zone: UTC", "", ", mode: enforce"), "Owner: {}", "'{{resolve:secretsmanager:db}}': {value: creator.name}", 1),
		"a mark":     small("mark: '{{resolve:ssm:/x}}'", "", ", on: tags_changed"),
		"a variable": small("zone: UTC", "", ", match: 'resource.vpc == \"${VPC}\"'"),
	} {
		env := func(string) (string, bool) { return "{{resolve:ssm-secure:/x}}", true }
		if _, err := deploy.CloudFormation(deployed(t, env, text(yaml))); err == nil || !strings.Contains(err.Error(), "have the text {{resolve:") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := deploy.Terraform(deployed(t, env, text(yaml)), nil); err != nil {
			t.Errorf("%s with Terraform: %v", name, err)
		}
	}
}

func TestPathsThatTheFunctionWouldLookForElsewhereAreRefused(t *testing.T) {
	set, vars, _ := read(t, none, text(small("zone: UTC", "", "")))
	for _, f := range []string{"a,b.yaml", "s3:a.yaml", "ssm:a.yaml", " a.yaml", "a.yaml "} {
		if _, err := deploy.For(set, deploy.Options{Variables: vars, Files: []string{"ok.yaml", f}}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("the path %q", f)) {
			t.Errorf("%q: %v", f, err)
		}
	}
}

// CloudTrail takes no two hyphens beside each other, which functions may have.
func TestATrailHasANameThatTrailsCanHave(t *testing.T) {
	set, vars, _ := read(t, none, text(small("zone: UTC", "", ", on: created")))
	d, err := deploy.For(set, deploy.Options{Name: "a--b_-c-", Variables: vars})
	if err != nil {
		t.Fatal(err)
	}
	files, err := deploy.Terraform(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(rendered(t, d)[:1], files[3]) {
		body := string(f.Data)
		if n := strings.Count(body, "trail/a-b_c"); n != 2 || strings.Contains(body, "trail/a--b") || !strings.Contains(body, "TrailName: a-b_c\n") && !strings.Contains(body, "= \"a-b_c\"\n") {
			t.Errorf("%s names the trail otherwise (%d)", f.Name, n)
		}
	}
}
