package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// template writes the template of an example and returns it.
func (u *user) template() string {
	u.t.Helper()
	dir := u.t.TempDir()
	if code, _, errs := u.run("deploy", "cloudformation", "--out", dir); code != 0 {
		u.t.Fatal(code, errs)
	}
	b, err := os.ReadFile(filepath.Join(dir, "template.yaml"))
	if err != nil {
		u.t.Fatal(err)
	}
	return string(b)
}

// stacked are the types that moto's CloudFormation makes. It knows no aliases,
// schedules, alarms, policies of queues and topics, and trails, and calls what
// it leaves out nothing.
var stacked = []string{"AWS::DynamoDB::Table", "AWS::Events::Rule", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::Lambda::EventSourceMapping",
	"AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::Version", "AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::SNS::Topic"}

// declared counts the resources of each of these types in a template, without
// those whose condition only a parameter makes true that is not given here.
func declared(template string) map[string]int {
	n := map[string]int{}
	for block := range strings.SplitSeq(template, "\n    Type: ") {
		kind, rest, _ := strings.Cut(block, "\n")
		if strings.HasPrefix(rest, "    Condition: MakesSnsTopicArnTopic\n") {
			continue
		}
		for _, s := range stacked {
			if kind == s {
				n[s]++
			}
		}
	}
	return n
}

func TestEveryExampleComesUpAsAStackAndTwiceIsOnce(t *testing.T) {
	server := mototest.Start(t) // moto tells nothing of itself any more once it has made a stack
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			a := server.Account(t, "eu-west-1")
			bucket, _, _ := strings.Cut(strings.TrimPrefix(a.Object(t, "function.zip", "PK"), "s3://"), "/")
			// moto has no aliases: what calls the alias calls the function.
			template := strings.ReplaceAll(newUser(t, file, nil).template(), "!Ref PROD", "!GetAtt Function.Arn")
			params := []string{"CodeBucket", bucket, "CodeKey", "function.zip"}
			if strings.Contains(template, "TrailIsLogging") {
				params = append(params, "TrailIsLogging", "yes")
			}
			for _, m := range regexp.MustCompile(`(?m)^  (\w+Secret):$`).FindAllStringSubmatch(template, -1) {
				params = append(params, m[1], "tagwarden/"+m[1]) // the name of a secret
			}
			made := map[string]int{}
			resources := a.Stack(t, "tagwarden", template, params...)
			for _, r := range resources {
				if r.Type != "" {
					made[r.Type]++
				}
			}
			if d := cmp.Diff(declared(template), made); d != "" {
				t.Errorf("declared and made (-declared +made):\n%s", d)
			}
			if d := cmp.Diff(resources, a.UpdateStack(t, "tagwarden", template, params...), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Status" }, cmp.Ignore())); d != "" {
				t.Errorf("a second deployment changes:\n%s", d)
			}
		})
	}
}

// What the stack makes and what "ledger init" makes are one table: it finds
// nothing to do, and what it would refuse is not there.
func TestTheLedgerOfAStackIsOneThatLedgerInitKnows(t *testing.T) {
	a := mototest.Start(t).Account(t, "eu-west-1")
	a.Setenv(t)
	bucket, _, _ := strings.Cut(strings.TrimPrefix(a.Object(t, "function.zip", "PK"), "s3://"), "/")
	u := newUser(t, "s3-creator-tags.yaml", nil)
	b, err := os.ReadFile(u.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(u.file, []byte(strings.Replace(string(b), "\nsettings:\n", "\nsettings:\n  ledger: {dynamodb: cases}\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	template := strings.ReplaceAll(u.template(), "!Ref PROD", "!GetAtt Function.Arn")
	a.Stack(t, "tagwarden", template, "CodeBucket", bucket, "CodeKey", "function.zip", "TrailIsLogging", "yes")
	u.unwatched = true
	if code, out, errs := u.run("ledger", "init"); code != 0 || out != "the table cases is there already\n" {
		t.Error(code, out, errs)
	}
}
