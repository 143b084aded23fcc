package deploy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tagwarden/tagwarden/internal/iam"
)

// role is the function's: what its policies need, and what it needs itself.
func (t *terraform) role() {
	t.resource("aws_iam_role", "function", attributes("name_prefix", t.prefix("function", 64), "description", "What the policies need, and no more.",
		"assume_role_policy", t.assumedBy("lambda.amazonaws.com", nil)), "The role of the function.")
	own := list{
		attributes("Sid", "Log", "Effect", "Allow", "Action", list{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource", template{expr("aws_cloudwatch_log_group.function.arn"), ":*"}),
		attributes("Sid", "Retry", "Effect", "Allow", "Action", list{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
			"Resource", expr("aws_sqs_queue.retries.arn")),
	}
	if t.d.WaitsLong {
		own = append(own,
			attributes("Sid", "Wait", "Effect", "Allow", "Action", "scheduler:CreateSchedule", "Resource", t.here("scheduler", "schedule/default/tagwarden-*")),
			attributes("Sid", "PassWaitRole", "Effect", "Allow", "Action", "iam:PassRole", "Resource", expr("aws_iam_role.waits.arn"),
				"Condition", attributes("StringEquals", attributes("iam:PassedToService", "scheduler.amazonaws.com"))))
	}
	t.resource("aws_iam_role_policy", "function", attributes("name", "function", "role", expr("aws_iam_role.function.id"), "policy", encoded{document(own)}))
	t.permissions(t.d.Documents, "aws_iam_role.function.name", nil)
}

// permissions are the managed policies of a role, with what its resources have
// above all else.
func (t *terraform) permissions(docs []iam.Document, role expr, under object) {
	for i := range docs {
		about := ""
		if i == 0 {
			about = "As tagwarden iam computes them: tagwarden iam --explain says which policy needs which."
		}
		name := "permissions_" + strconv.Itoa(i+1)
		t.resource("aws_iam_policy", name, append(slices.Clone(under), attributes("name_prefix", t.prefix("permissions-"+strconv.Itoa(i+1), 128), "description", "Permissions of tagwarden.",
			"policy", encoded{marks(t.text).document(&docs[i])})...), about)
		t.resource("aws_iam_role_policy_attachment", name, append(slices.Clone(under), attributes("role", role, "policy_arn", only(expr("aws_iam_policy."+name), under)+".arn")...))
	}
}

// only is a resource, which with a count is the first of at most one.
func only(resource expr, under object) expr {
	if len(under) > 0 {
		return resource + "[0]"
	}
	return resource
}

// people are the policy of those who act on what is their own, for roles of any
// kind, and a group of users that has it. beside is a condition for both, "" for
// none.
func (t *terraform) people(beside string) {
	if t.d.People == nil {
		return
	}
	t.param("make_people_group", "bool", "false, if the people have roles alone: the output people_policy is for these as well.", attributes("default", true))
	wanted := "var.make_people_group"
	var under object
	if beside != "" {
		under, wanted = object{one(beside)}, beside+" && "+wanted
	}
	policy := only("aws_iam_policy.people", under) + ".arn"
	t.resource("aws_iam_policy", "people", append(under, attributes("name_prefix", t.prefix("people", 128), "description", "People act on what is their own by its tags.",
		"policy", encoded{marks(t.text).document(t.d.People)})...), "What people may do, as tagwarden access policy writes it: attach it to their roles.")
	t.resource("aws_iam_group", "people", object{one(wanted), {key: "name", value: t.named("people", 128)}})
	t.resource("aws_iam_group_policy_attachment", "people", object{one(wanted), {key: "group", value: expr("aws_iam_group.people[0].name")}, {key: "policy_arn", value: policy}})
	about := "The policy of the people, for their roles."
	value := policy
	if beside != "" {
		about, value = about+" It is made in the region of the function alone.", choose(beside, string(policy), `""`)
	}
	t.output("people_policy", about, value)
}

// tables are the ledger and those of rules, which Terraform deletes only after
// somebody has said so in two places.
func (t *terraform) tables() {
	if t.d.Ledger.Made {
		t.table("ledger", t.d.Ledger, "Cases and history. Without the table, every clock starts again: Terraform does not delete it.")
	}
	for i, table := range t.d.Tables {
		t.table(snake(rulesName(i)), table, "Tag rules.")
	}
}

func (t *terraform) table(name string, table Table, about string) {
	sorted := func(o object, key string) object {
		if key != "" {
			o.put("range_key", key)
		}
		return o
	}
	o := object{one("var.make_" + name), {key: "name", value: marks(t.text).tableName(table)}, {key: "billing_mode", value: "PAY_PER_REQUEST"}, {key: "hash_key", value: table.HashKey}}
	o = append(sorted(o, table.RangeKey), member{key: "deletion_protection_enabled", value: true})
	for _, k := range table.Kinds {
		o.put("attribute", nested(attributes("name", k.Name, "type", k.Value)))
	}
	for _, i := range table.Indexes {
		o.put("global_secondary_index", nested(append(sorted(attributes("name", i.Name, "hash_key", i.HashKey), i.RangeKey), member{key: "projection_type", value: "ALL"})))
	}
	if table.TTL != "" {
		o.put("ttl", nested(attributes("attribute_name", table.TTL, "enabled", true)))
	}
	o.put("point_in_time_recovery", nested(attributes("enabled", true)))
	t.resource("aws_dynamodb_table", name, append(o, kept()), about)
}

// topics are those of channels that have none.
func (t *terraform) topics() {
	publisher := attributes("AWS", expr("aws_iam_role.function.arn"))
	for _, topic := range t.d.Topics {
		about := "The topic of " + strings.Join(topic.Channels, ", ")
		if topic.Variable == "" {
			t.topic(t.topicOf[topic.Channels[0]], "", publisher, nil, about+".")
			continue
		}
		name := t.variable[topic.Variable]
		t.topic(name, "var."+name, publisher, nil, about+", where "+topic.Variable+" names none.")
	}
}

// topic is a topic, who may publish to it, and who gets mail. given is a variable
// with the ARN of another, "" where there is none.
func (t *terraform) topic(name, given string, principal, condition object, about string) {
	made, mails := "aws_sns_topic."+name, "var."+name+`_email != ""`
	var counted object
	if given == "" {
		t.locals(about, name+"_topic", expr(made+".arn"))
	} else {
		makes := given + ` == ""`
		counted, mails, made = object{one(makes)}, makes+" && "+mails, made+"[0]"
		t.locals(about, name+"_topic", choose(makes, made+".arn", given))
	}
	with := func(pairs ...any) object { return append(slices.Clone(counted), attributes(pairs...)...) }
	arn := expr(made + ".arn")
	t.resource("aws_sns_topic", name, with("name", t.named(name, 256), "display_name", "tagwarden"))
	publish := attributes("Effect", "Allow", "Principal", principal, "Action", "sns:Publish", "Resource", arn)
	if condition != nil {
		publish.put("Condition", condition)
	}
	deny := attributes("Effect", "Deny", "Principal", "*", "Action", "sns:Publish", "Resource", arn, "Condition", attributes("Bool", attributes("aws:SecureTransport", "false")))
	t.resource("aws_sns_topic_policy", name, with("arn", arn, "policy", encoded{document(list{publish, deny})}))
	t.resource("aws_sns_topic_subscription", name, append(object{one(mails)}, attributes("topic_arn", arn, "protocol", "email", "endpoint", expr("var."+name+"_email"))...))
}
