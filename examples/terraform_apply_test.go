package examples_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// forgotten is what moto does not keep, or tells otherwise than AWS: with it
// Terraform finds no change where none is.
const forgotten = `
resource "aws_lambda_function" "function" {
  lifecycle {
    ignore_changes = [dead_letter_config, logging_config]
  }
}

resource "aws_lambda_event_source_mapping" "retries" {
  lifecycle {
    ignore_changes = [function_name] # the version of the alias, instead of the alias
  }
}

resource "aws_sqs_queue" "retries" {
  lifecycle {
    ignore_changes = [redrive_policy] # with other blanks
  }
}
`

// applied is an example whose files Terraform has applied in an account.
type applied struct {
	*mototest.Account
	t         *testing.T
	terraform *terraform
	dir       string
	function  string
}

// apply brings an example up by Terraform, with a package of a program that
// nobody starts. Edits are pairs of what to replace in the policy file, and
// values what the variables are, beside those that have to be given.
func apply(t *testing.T, file, function string, values map[string]string, edits ...string) *applied {
	t.Helper()
	a := mototest.Start(t).Account(t, "eu-west-1")
	x := newTerraform(t, a.Env()...)
	u := newUser(t, file, nil)
	b, err := os.ReadFile(u.file)
	if err != nil {
		t.Fatal(err)
	}
	x.write(u.file, strings.NewReplacer(edits...).Replace(string(b)))
	dir := t.TempDir()
	program := make([]byte, 64)
	copy(program, "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00\x01") // a program for arm64, by its header
	program[52] = 64
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	x.write(bootstrap, string(program))
	u.terraformed(dir, "--package", "--bootstrap", bootstrap)
	all := asked(t, filepath.Join(dir, "variables.tf"))
	maps.Copy(all, values)
	var vars strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&vars, "%s = %s\n", name, all[name])
		if strings.HasSuffix(name, "_secret") {
			a.Call(t, "secretsmanager", "secretsmanager.CreateSecret", map[string]string{"Name": strings.Trim(all[name], `"`), "SecretString": "the value of " + name, "ClientRequestToken": strings.Repeat("0", 32)}, nil)
		}
	}
	x.write(filepath.Join(dir, "terraform.tfvars"), vars.String())
	x.write(filepath.Join(dir, "moto_override.tf"), forgotten)
	x.run(dir, "init")
	if out := x.run(dir, "apply", "-no-color", "-auto-approve"); strings.Contains(out, "the value of ") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	return &applied{a, t, x, dir, function}
}

// unchanged fails where Terraform would do something, and where it would not
// refuse another package than that which the files were made with.
func (a *applied) unchanged() {
	a.t.Helper()
	if code, out := a.terraform.try(a.dir, "plan", "-no-color", "-detailed-exitcode"); code != 0 {
		a.t.Errorf("a second plan has changes: exit code %d\n%s", code, out)
	}
	a.terraform.write(filepath.Join(a.dir, "function.zip"), "another")
	if code, out := a.terraform.try(a.dir, "plan", "-no-color", "-refresh=false"); code != 1 || !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(out, "│", "")), " "), "not the one that they were made with") {
		a.t.Errorf("another package: exit code %d\n%s", code, out)
	}
}

// checkFunction fails unless the function is there with its alias, its queue and
// these variables.
func (a *applied) checkFunction(environment map[string]string) {
	t := a.t
	t.Helper()
	var f struct {
		Configuration struct {
			Runtime, Handler, Role string
			Timeout, MemorySize    int
			Architectures          []string
			Environment            struct{ Variables map[string]string }
		}
	}
	a.Get(t, "lambda", "/2015-03-31/functions/"+a.function, &f)
	c := f.Configuration
	if c.Runtime != "provided.al2023" || c.Handler != "bootstrap" || c.Timeout != 900 || c.MemorySize != 512 || !slices.Equal(c.Architectures, []string{"arm64"}) {
		t.Errorf("the function is %+v", c)
	}
	same(t, "environment", environment, c.Environment.Variables)
	var alias struct{ FunctionVersion string }
	a.Get(t, "lambda", "/2015-03-31/functions/"+a.function+"/aliases/PROD", &alias)
	same(t, "version of the alias", "1", alias.FunctionVersion)
	var mappings struct {
		EventSourceMappings []struct {
			EventSourceArn        string
			BatchSize             int
			FunctionResponseTypes []string
		}
	}
	a.Get(t, "lambda", "/2015-03-31/event-source-mappings/", &mappings)
	if m := mappings.EventSourceMappings; len(m) != 1 || m[0].EventSourceArn != a.arn("sqs", a.function+"-retries") || !slices.Equal(m[0].FunctionResponseTypes, []string{"ReportBatchItemFailures"}) {
		t.Errorf("the queue's mapping is %+v", m)
	}
	var logs struct {
		LogGroups []struct {
			LogGroupName    string
			RetentionInDays int
		}
	}
	a.Call(t, "logs", "Logs_20140328.DescribeLogGroups", struct{}{}, &logs)
	if g := logs.LogGroups; len(g) != 1 || g[0].LogGroupName != "/aws/lambda/"+a.function || g[0].RetentionInDays != 30 {
		t.Errorf("the logs are %+v", g)
	}
	for name, seconds := range map[string]string{"retries": "5400", "dead-letters": "30"} {
		var out struct{ Attributes map[string]string }
		a.Call(t, "sqs", "AmazonSQS.GetQueueAttributes", map[string]any{"QueueUrl": a.Env()[0][len("AWS_ENDPOINT_URL="):] + "/" + a.ID + "/" + a.function + "-" + name, "AttributeNames": []string{"All"}}, &out)
		if out.Attributes["VisibilityTimeout"] != seconds || out.Attributes["MessageRetentionPeriod"] != "1209600" || (out.Attributes["RedrivePolicy"] == "") != (name != "retries") {
			t.Errorf("the queue %s is %v", name, out.Attributes)
		}
	}
	a.checkRole(c.Role)
}

// arn is the ARN of what a service has in the account and its region.
func (a *applied) arn(service, name string) string {
	return "arn:aws:" + service + ":" + a.Region + ":" + a.ID + ":" + name
}

// checkRole fails unless a role is Lambda's, and has the policies of the files.
func (a *applied) checkRole(arn string) {
	t := a.t
	t.Helper()
	_, name, _ := strings.Cut(arn, "role/")
	var inline struct {
		Names []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
	}
	a.IAM(t, &inline, "ListRolePolicies", "RoleName", name)
	same(t, "policies of the role", []string{"function"}, inline.Names)
	var attached struct {
		Names []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyName"`
	}
	a.IAM(t, &attached, "ListAttachedRolePolicies", "RoleName", name)
	if len(attached.Names) == 0 || !strings.HasPrefix(attached.Names[0], a.function+"-permissions-1-") {
		t.Errorf("the role has %v", attached.Names)
	}
}

// checkRules fails unless these are the rules in a region, each with one target,
// and with the permission to call it where that is the function.
func (a *applied) checkRules(region, target string, want ...string) {
	t := a.t
	t.Helper()
	in := a.In(region)
	var out struct {
		Rules []struct{ Name, Arn, State, EventPattern string }
	}
	in.Call(t, "events", "AWSEvents.ListRules", struct{}{}, &out)
	var names, callers []string
	for _, r := range out.Rules {
		names = append(names, strings.TrimPrefix(r.Name, a.function+"-"))
		var p struct{ Account, Region []string }
		if err := json.Unmarshal([]byte(r.EventPattern), &p); err != nil || r.State != "ENABLED" || !slices.Equal(p.Account, []string{a.ID}) {
			t.Errorf("%s is %v: %v", r.Name, r, err)
		}
		var targets struct {
			Targets []struct {
				Arn, RoleArn     string
				DeadLetterConfig struct{ Arn string }
			}
		}
		in.Call(t, "events", "AWSEvents.ListTargetsByRule", map[string]string{"Rule": r.Name}, &targets)
		if len(targets.Targets) != 1 || targets.Targets[0].Arn != target || region == a.Region && targets.Targets[0].DeadLetterConfig.Arn != a.arn("sqs", a.function+"-dead-letters") {
			t.Errorf("%s goes to %+v", r.Name, targets.Targets)
		}
		callers = append(callers, r.Arn)
	}
	slices.Sort(names)
	same(t, "rules in "+region, want, names)
	if region == a.Region && len(want) > 0 {
		a.checkCallers(callers)
	}
}

// checkCallers fails unless these may call the alias, and nobody else.
func (a *applied) checkCallers(want []string) {
	a.t.Helper()
	var out struct{ Policy string }
	a.Get(a.t, "lambda", "/2015-03-31/functions/"+a.function+"/policy?Qualifier=PROD", &out)
	var p struct {
		Statement []struct {
			Principal struct{ Service string }
			Condition struct{ ArnLike map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(out.Policy), &p); err != nil {
		a.t.Fatal(err)
	}
	var got []string
	for _, s := range p.Statement {
		if s.Principal.Service == "events.amazonaws.com" {
			got = append(got, s.Condition.ArnLike["AWS:SourceArn"])
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	same(a.t, "who may call the function", want, got)
}

// checkTable fails unless a table is there, protected and restorable.
func (a *applied) checkTable(name, hash, ttl string) {
	t := a.t
	t.Helper()
	var out struct {
		Table struct {
			KeySchema                 []struct{ AttributeName, KeyType string }
			BillingModeSummary        struct{ BillingMode string }
			DeletionProtectionEnabled bool
		}
	}
	a.Call(t, "dynamodb", "DynamoDB_20120810.DescribeTable", map[string]string{"TableName": name}, &out)
	if out.Table.KeySchema[0].AttributeName != hash || out.Table.BillingModeSummary.BillingMode != "PAY_PER_REQUEST" || !out.Table.DeletionProtectionEnabled {
		t.Errorf("the table %s is %+v", name, out.Table)
	}
	var back struct {
		ContinuousBackupsDescription struct {
			PointInTimeRecoveryDescription struct{ PointInTimeRecoveryStatus string }
		}
	}
	a.Call(t, "dynamodb", "DynamoDB_20120810.DescribeContinuousBackups", map[string]string{"TableName": name}, &back)
	same(t, "recovery of "+name, "ENABLED", back.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus)
	var life struct {
		TimeToLiveDescription struct{ AttributeName string }
	}
	a.Call(t, "dynamodb", "DynamoDB_20120810.DescribeTimeToLive", map[string]string{"TableName": name}, &life)
	same(t, "time to live in "+name, ttl, life.TimeToLiveDescription.AttributeName)
}

// checkSchedules fails unless the function's group has these schedules.
func (a *applied) checkSchedules(want ...string) {
	a.t.Helper()
	var all struct{ Schedules []struct{ Name string } }
	a.Get(a.t, "scheduler", "/schedules?ScheduleGroup="+a.function, &all)
	var got []string
	for _, s := range all.Schedules {
		var one struct {
			ScheduleExpression string
			Target             struct{ Arn string }
		}
		a.Get(a.t, "scheduler", "/schedules/"+s.Name+"?groupName="+a.function, &one)
		got = append(got, one.ScheduleExpression)
		same(a.t, "what "+s.Name+" calls", a.alias(), one.Target.Arn)
	}
	slices.Sort(got)
	same(a.t, "schedules", want, got)
}

// alias is the ARN of what is called.
func (a *applied) alias() string { return a.arn("lambda", "function:"+a.function+":PROD") }

// checkTopics fails unless there are these topics, each with one subscription.
func (a *applied) checkTopics(want ...string) {
	a.t.Helper()
	var topics struct {
		ARNs []string `xml:"ListTopicsResult>Topics>member>TopicArn"`
	}
	a.SNS(a.t, &topics, "ListTopics")
	var got []string
	for _, arn := range topics.ARNs {
		got = append(got, strings.TrimPrefix(arn, a.arn("sns", a.function+"-")))
		var mails struct {
			To []string `xml:"ListSubscriptionsByTopicResult>Subscriptions>member>Endpoint"`
		}
		a.SNS(a.t, &mails, "ListSubscriptionsByTopic", "TopicArn", arn)
		same(a.t, "who gets mail", []string{"ops@example.com"}, mails.To)
	}
	slices.Sort(got)
	same(a.t, "topics", want, got)
}

func TestTerraformBringsReactionsUpInTwoRegionsAndTwiceIsOnce(t *testing.T) {
	t.Parallel()
	a := apply(t, "reactions.yaml", "tagwarden-reactions", map[string]string{"alarm_email": `"ops@example.com"`, "tags": `{ Owner = "gov" }`},
		"name: reactions\n", "name: reactions\n  regions: [eu-west-1, us-east-1]\n", "settle: 2m", "settle: 20m")
	environment := map[string]string{"EXCEPTION_TAG": "SPECIAL_EXCEPTION", "TAGWARDEN_LEDGER": "tagwarden-reactions", "TAGWARDEN_POLICY": "reactions.yaml",
		"TAGWARDEN_QUEUE": a.Env()[0][len("AWS_ENDPOINT_URL="):] + "/" + a.ID + "/tagwarden-reactions-retries"}
	for _, name := range []string{"SLACK_WEBHOOK", "TICKET_URL", "TICKET_SECRET"} {
		environment[name] = "the value of " + strings.TrimSuffix(strings.ToLower(name), "_secret") + "_secret"
	}
	var roles struct {
		ARNs []string `xml:"ListRolesResult>Roles>member>Arn"`
	}
	a.IAM(t, &roles, "ListRoles")
	environment["TAGWARDEN_SCHEDULER_ROLE"] = roles.ARNs[slices.IndexFunc(roles.ARNs, func(arn string) bool { return strings.Contains(arn, "tagwarden-reactions-waits-") })]
	a.checkFunction(environment)
	a.checkRules("eu-west-1", a.alias(), "calls", "config-items", "outcomes", "tag-changes")
	a.checkRules("us-east-1", a.arn("events", "event-bus/default"), "calls", "config-items", "tag-changes")
	a.checkTable("tagwarden-reactions", "pk", "ttl")
	a.checkSchedules("rate(1 day)")
	a.checkTopics("alarm")
	a.unchanged()
}

func TestTerraformBringsATableOfRulesAndATopicUpAndTwiceIsOnce(t *testing.T) {
	t.Parallel()
	a := apply(t, "s2-dynamodb.yaml", "tagwarden-acme-tagging-table",
		map[string]string{"sns_topic_arn": `""`, "sns_topic_arn_email": `"ops@example.com"`, "alarm_email": `"ops@example.com"`, "vpc_name": `"it's \"$${x}\""`})
	a.checkFunction(map[string]string{"RULES_TABLE": "acme_cloud_policy_tagging_def", "SNS_TOPIC_ARN": a.arn("sns", "tagwarden-acme-tagging-table-sns-topic-arn"),
		"TAGWARDEN_LEDGER": "tagwarden-acme-tagging-table", "TAGWARDEN_POLICY": "s2-dynamodb.yaml", "VPC_NAME": `it's "${x}"`})
	a.checkRules("eu-west-1", a.alias())
	a.checkTable("tagwarden-acme-tagging-table", "pk", "ttl")
	a.checkTable("acme_cloud_policy_tagging_def", "RuleId", "")
	a.checkSchedules("rate(1 hour)")
	a.checkTopics("alarm", "sns-topic-arn")
	a.unchanged()
}
