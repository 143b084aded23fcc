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
	return u.written("template.yaml")
}

// written is one of the files that deploy writes.
func (u *user) written(name string) string {
	u.t.Helper()
	dir := u.t.TempDir()
	if code, _, errs := u.run("deploy", "cloudformation", "--out", dir); code != 0 {
		u.t.Fatal(code, errs)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		u.t.Fatal(err)
	}
	return string(b)
}

// busName is the name of the bus in a template.
var busName = regexp.MustCompile(`AWS::Events::EventBus\n    Properties:\n      Name: (\S+)`)

// forMoto is a template without what moto lacks. It has no aliases, so that what
// calls the alias calls the function, and takes no reference for the name of a
// bus.
func forMoto(template string) string {
	template = strings.ReplaceAll(template, "!Ref PROD", "!GetAtt Function.Arn")
	if m := busName.FindStringSubmatch(template); m != nil {
		template = strings.ReplaceAll(template, "EventBusName: !Ref Bus", "EventBusName: "+m[1])
	}
	return template
}

// stacked are the types that moto's CloudFormation makes. It knows no aliases,
// schedules, alarms, policies of queues, topics and buses, and trails, and calls what
// it leaves out nothing.
var stacked = []string{"AWS::DynamoDB::Table", "AWS::Events::EventBus", "AWS::Events::Rule", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::Lambda::EventSourceMapping",
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
			template := forMoto(newUser(t, file, nil).template())
			params := []string{"CodeBucket", bucket, "CodeKey", "function.zip"}
			if strings.Contains(template, "OrganizationId:") {
				params = append(params, "OrganizationId", "o-abcdefghij")
			}
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
	template := forMoto(u.template())
	a.Stack(t, "tagwarden", template, "CodeBucket", bucket, "CodeKey", "function.zip", "TrailIsLogging", "yes")
	u.unwatched = true
	if code, out, errs := u.run("ledger", "init"); code != 0 || out != "the table cases is there already\n" {
		t.Error(code, out, errs)
	}
}

// The stack of the function and that of another account come up; in a second
// region of that account the role is not made again.
func TestAnotherAccountComesUpAsAStackInEachRegion(t *testing.T) {
	server := mototest.Start(t)
	a, b := server.Account(t, "eu-west-1"), server.Account(t, "eu-west-1")
	u := newUser(t, "s3-creator-tags.yaml", nil)
	text, err := os.ReadFile(u.file)
	if err != nil {
		t.Fatal(err)
	}
	accounts := "\nsettings:\n  regions: [eu-west-1, us-east-1]\n  accounts: [{id: '" + a.ID + "'}, {id: '" + b.ID + "', role: ops/tagwarden, external_id: some-id}]\n"
	if err := os.WriteFile(u.file, []byte(strings.Replace(string(text), "\nsettings:\n", accounts, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(a.Object(t, "function.zip", "PK"), "s3://"), "/")
	template := forMoto(u.template())
	id := map[string]string{}
	made := map[string]int{}
	for _, r := range a.Stack(t, "tagwarden", template, "CodeBucket", bucket, "CodeKey", "function.zip", "TrailIsLogging", "yes") {
		id[r.Name] = r.ID
		if r.Type != "" {
			made[r.Type]++
		}
	}
	if d := cmp.Diff(declared(template), made); d != "" {
		t.Errorf("declared and made (-declared +made):\n%s", d)
	}
	member := u.written("member.yaml")
	params := []string{"HomeRegion", "eu-west-1", "CentralRole", "arn:aws:iam::" + a.ID + ":role/" + id["Role"],
		"CentralBus", "arn:aws:events:eu-west-1:" + a.ID + ":event-bus/" + id["Bus"], "ExternalId", "some-id"}
	for region, roles := range map[string]int{"eu-west-1": 2, "us-east-1": 1} {
		in, n := b.In(region), map[string]int{}
		for _, r := range in.Stack(t, "tagwarden", member, params...) {
			n[r.Type]++
			if r.Name == "Role" && r.ID != "tagwarden" {
				t.Errorf("the role is called %s", r.ID)
			}
		}
		if n["AWS::IAM::Role"] != roles || n["AWS::Events::Rule"] != strings.Count(member, "Type: AWS::Events::Rule") {
			t.Errorf("%s: %v", region, n)
		}
	}
}
