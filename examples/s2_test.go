package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// attribute is one attribute as DynamoDB writes it.
func attribute(kind, text string) map[string]any { return map[string]any{kind: text} }

// acmeTable makes the table of the three rules, as the program wrote it that
// had it first.
func acmeTable(t *testing.T, aws *mototest.Account, name string) {
	t.Helper()
	rule := func(id, key, action, required, byDefault string) map[string]map[string]any {
		return map[string]map[string]any{"RuleId": attribute("N", id), "TagKey": attribute("S", key), "Action": attribute("S", action),
			"Required": attribute("S", required), "Default": attribute("S", byDefault)}
	}
	aws.Table(t, name, "RuleId", "N", rule("1", "ProjectCode", "Update", "Y", "Proj007"), rule("2", "CreatedBy", "UserLookup", "Y", ""),
		rule("3", "Expires", "Function", "N", "today()"))
}

// many are so many tags that no further two fit on an instance.
func many() map[string]string {
	tags := map[string]string{"CreatedBy": "ada"}
	for i := range 48 {
		tags[fmt.Sprintf("tag-%02d", i)] = "x"
	}
	return tags
}

// s2 runs one of the two examples on an account with a VPC, and asks of both
// the same.
func s2(t *testing.T, example string, prepare func(aws *mototest.Account, env map[string]string)) {
	t.Helper()
	aws := mototest.Shared(t).Account(t, "us-west-2")
	aws.Setenv(t)
	topic := aws.Topic(t, "s2-"+strings.TrimSuffix(example, ".yaml"))
	vpc, subnet := aws.VPC(t, map[string]string{"Name": "acme"})
	_, foreign := aws.VPC(t, map[string]string{"Name": "other"})
	env := map[string]string{"SNS_TOPIC_ARN": topic.ARN, "VPC_ID": vpc}
	prepare(aws, env)
	launch := func(tags map[string]string) string { return aws.Launch(t, 1, tags, "SubnetId", subnet)[0] }
	bare := launch(map[string]string{"CreatedBy": "ada"})
	empty := launch(map[string]string{"CreatedBy": "ada", "ProjectCode": "", "Expires": ""})
	good := launch(map[string]string{"CreatedBy": "ada", "ProjectCode": "Proj001", "Expires": "2020-01-01"})
	full := launch(many())
	outside := aws.Launch(t, 1, nil, "SubnetId", foreign)[0]
	u := newUser(t, example, env)

	today := time.Now().UTC().Format(time.DateOnly)
	d := u.json(0, "apply", "--yes")
	if later := time.Now().UTC().Format(time.DateOnly); later != today {
		t.Skip("the day has changed meanwhile")
	}
	tagged := map[string]string{"CreatedBy": "ada", "ProjectCode": "Proj007", "Expires": today}
	for id, want := range map[string]map[string]string{bare: tagged, empty: tagged, full: many(), outside: {},
		good: {"CreatedBy": "ada", "ProjectCode": "Proj001", "Expires": "2020-01-01"}} {
		got := tags(t, aws, id)
		delete(got, "tagwarden")
		same(t, "the tags of "+id, want, got)
	}
	same(t, "violations", []string{full}, d.violating())
	same(t, "unread", 0, len(d.Unread))

	reports := topic.Received(t)
	same(t, "reports", 1, len(reports))
	same(t, "subject", "ACME Cloud Tagging Policy Report", reports[0].Subject)
	for _, id := range []string{bare, empty, full} {
		if !strings.Contains(reports[0].Message, id) {
			t.Errorf("the report does not name %s:\n%s", id, reports[0].Message)
		}
	}
	for _, id := range []string{good, outside} {
		if strings.Contains(reports[0].Message, id) {
			t.Errorf("the report names %s, of which there is nothing to say:\n%s", id, reports[0].Message)
		}
	}

	d = u.json(0, "apply", "--yes")
	same(t, "tagged by the second run", []string(nil), d.with("tag", "done"))
	same(t, "reports of the second run", 0, len(topic.Received(t)))
}

func TestS2OnMoto(t *testing.T) {
	s2(t, "s2-tagging-policy.yaml", func(*mototest.Account, map[string]string) {})
}

func TestS2WithItsRulesInATableOnMoto(t *testing.T) {
	s2(t, "s2-dynamodb.yaml", func(aws *mototest.Account, _ map[string]string) { acmeTable(t, aws, "acme_cloud_policy_tagging_def") })
}

func TestTheTableOfRulesIsReadForEachRun(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "us-west-2")
	aws.Setenv(t)
	_, subnet := aws.VPC(t, map[string]string{"Name": "acme"})
	one := aws.Launch(t, 1, map[string]string{"CreatedBy": "ada", "Stage": ""}, "SubnetId", subnet)[0]
	two := aws.Launch(t, 1, map[string]string{"CreatedBy": "ada"}, "SubnetId", subnet)[0]
	u := newUser(t, "s2-dynamodb.yaml", map[string]string{"SNS_TOPIC_ARN": aws.Topic(t, "s2-each-run").ARN})
	file := func(lines ...string) string {
		path := filepath.Join(t.TempDir(), "rules.csv")
		text := "RuleId,TagKey,Action,Required,Default\n" + strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	must := func(want int, says string, args ...string) {
		t.Helper()
		code, stdout, stderr := u.run(args...)
		if code != want || !strings.Contains(stdout+stderr, says) {
			t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}

	must(1, "there is none of that name", "apply", "--yes")
	must(0, "made the table", "rules", "init")
	must(0, "is there already", "rules", "init")
	must(1, "is empty", "apply", "--yes")
	same(t, "tags without rules", map[string]string{"CreatedBy": "ada"}, tags(t, aws, two))

	// Required N: an Update fills what is empty, and adds nothing.
	must(0, "2 changes written", "rules", "push", file("1,Stage,Update,N,test", "2,CreatedBy,UserLookup,Y,"), "--yes")
	d := u.json(0, "apply", "--yes")
	same(t, "tagged", []string{one}, d.with("tag", "done"))
	same(t, "the stage of one", "test", tags(t, aws, one)["Stage"])
	if _, there := tags(t, aws, two)["Stage"]; there {
		t.Error("a rule with Required N adds its tag")
	}

	// A change of the table is a change of the policy: an older plan is refused.
	saved := filepath.Join(t.TempDir(), "plan.json")
	must(0, "", "plan", "--out", saved)
	must(0, "1 change written", "rules", "push", file("1,Stage,Update,Y,dev"), "--yes")
	must(1, "policies", "apply", saved, "--yes")
	d = u.json(0, "apply", "--yes")
	same(t, "tagged when it is required", []string{two}, d.with("tag", "done"))
	same(t, "the stages", []string{"test", "dev"}, []string{tags(t, aws, one)["Stage"], tags(t, aws, two)["Stage"]})

	must(0, "2,CreatedBy,UserLookup,Y,", "rules", "pull")
	must(0, "1 change written", "rules", "push", file("1,Stage,Update,Y,dev"), "--yes", "--prune")
	_, stdout, _ := u.run("rules", "pull")
	same(t, "the table at last", "RuleId,TagKey,Action,Required,Default\n1,Stage,Update,Y,dev\n", stdout)
}

func TestTheRulesOfS2AreTheTableThatItShows(t *testing.T) {
	u := newUser(t, "s2-dynamodb.yaml", nil)
	code, stdout, stderr := u.run("rules", "push", "s2-rules.csv", "--yes", "--embedded")
	if code != 0 || !strings.Contains(stdout, "nothing to change") {
		t.Errorf("the sample account has other rules: exit code %d\n%s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile("s2-dynamodb.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("s2-rules.csv")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(strings.TrimPrefix(line, "#")); len(words) >= 4 && len(words) <= 5 && (words[0] == "RuleId" || len(words[0]) == 1) {
			shown = append(shown, strings.Join(append(words, make([]string, 5-len(words))...), ","))
		}
	}
	same(t, "the table in the comment", strings.Fields(strings.TrimSpace(string(rules))), slices.Clip(shown))
}
