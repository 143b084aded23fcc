package deploy

import (
	"strconv"
	"strings"
)

// resources are everything that is made in the region of the function.
func (t *terraform) resources() {
	t.things = pseudoBlocks()
	t.function()
	t.role()
	t.queues()
	if t.d.WaitsLong {
		t.waiting()
	}
	t.rules()
	if t.d.bus() {
		t.members()
	}
	t.schedules()
	t.tables()
	t.topics()
	t.people("")
	t.alarms()
	if t.d.records() {
		t.trail()
	}
	t.tell()
}

// pseudoBlocks are what tells the account and the partition.
func pseudoBlocks() []block {
	var out []block
	for _, name := range []string{"aws_caller_identity", "aws_partition"} {
		out = append(out, block{kind: "data", labels: []string{name, "current"}})
	}
	return append(out, block{kind: "locals", body: attributes("account", expr("data.aws_caller_identity.current.account_id"), "partition", expr("data.aws_partition.current.partition"))})
}

// function is the function, its alias, its log, and the secrets that it is
// given.
func (t *terraform) function() {
	d := t.d
	for _, v := range d.Variables {
		if v.Kind == Secret {
			name := t.variable[v.Name]
			t.things = append(t.things, block{kind: "data", labels: []string{"aws_secretsmanager_secret_version", name}, body: attributes("secret_id", expr("var."+name)),
				comment: v.Name + " of the policy files. Its value is in the state of Terraform, and in no file."})
		}
	}
	t.resource("aws_cloudwatch_log_group", "function", attributes("name", "/aws/lambda/"+d.Name, "retention_in_days", expr("var.log_days")), "The function.")
	t.locals("The package: the file beside these, where no bucket is named.",
		"from_file", expr(`var.package_bucket == ""`),
		"package", template{expr("path.module"), "/" + PackageFile},
		"package_sha256", expr("fileexists(local.package) ? filebase64sha256(local.package) : \"\""))
	var vars object
	for _, s := range d.Function.Environment {
		vars.put(s.Name, t.text(s.Value))
	}
	var architecture any = d.Function.Architecture
	if d.Function.SHA256 == "" {
		architecture = expr("var.architecture")
	}
	t.resource("aws_lambda_function", "function", object{
		{key: "function_name", value: d.Name},
		{key: "description", value: "Policies of " + d.Settings + ", release " + d.release()},
		{key: "runtime", value: "provided.al2023"}, {key: "handler", value: Program}, {key: "architectures", value: list{architecture}},
		{key: "filename", value: choose("local.from_file", "local.package", "null")},
		{key: "s3_bucket", value: choose("local.from_file", "null", "var.package_bucket")},
		{key: "s3_key", value: choose("local.from_file", "null", "var.package_key")},
		{key: "source_code_hash", value: choose("local.from_file", "local.package_sha256", t.hash())},
		{key: "role", value: expr("aws_iam_role.function.arn")},
		{key: "memory_size", value: d.Function.Memory}, {key: "timeout", value: d.Function.Timeout},
		{key: "publish", value: true, comment: "A change of anything here, of a variable or of a secret makes a new version."},
		{key: "environment", value: nested{{key: "variables", value: vars}}},
		{key: "logging_config", value: nested(attributes("log_format", "Text", "log_group", expr("aws_cloudwatch_log_group.function.name")))},
		{key: "dead_letter_config", value: nested(attributes("target_arn", expr("aws_sqs_queue.retries.arn")))},
		{key: "lifecycle", value: nested{{key: "precondition", value: t.packed()}}},
		{key: "depends_on", value: list{expr("aws_iam_role_policy.function")}},
	}, "What Lambda has tried three times goes into the queue, from which it is tried again.")
	t.resource("aws_lambda_alias", "prod", attributes("name", alias, "function_name", expr("aws_lambda_function.function.function_name"),
		"function_version", choose(`var.alias_version == ""`, "aws_lambda_function.function.version", "var.alias_version")), "Everything calls this alias.")
	t.resource("aws_lambda_function_event_invoke_config", "prod", attributes("function_name", expr("aws_lambda_function.function.function_name"), "qualifier", expr("aws_lambda_alias.prod.name"),
		"maximum_retry_attempts", 2, "maximum_event_age_in_seconds", 21600))
}

// hash is an expression for the hash of a package in a bucket: it is not read.
func (t *terraform) hash() string {
	if t.d.Function.SHA256 == "" {
		return "null"
	}
	return `"` + t.d.Function.SHA256 + `"` // base64 has nothing to escape
}

// packed says that the package is the one that the files were made with, or
// where that is not known, that there is one.
func (t *terraform) packed() nested {
	condition, otherwise := `!local.from_file || local.package_sha256 != ""`, "There is no "+PackageFile+" beside these files: write it with --package, put it there, or name a bucket with package_bucket."
	if sum := t.d.Function.SHA256; sum != "" {
		condition, otherwise = `!local.from_file || local.package_sha256 == "`+sum+`"`, PackageFile+" beside these files is missing or not the one that they were made with: make both anew."
	}
	return nested(attributes("condition", expr(condition), "error_message", otherwise))
}

// queues are that of what is tried again, and that of what was given up.
func (t *terraform) queues() {
	t.resource("aws_sqs_queue", "retries", attributes("name", t.named("retries", 80), "visibility_timeout_seconds", 6*t.d.Function.Timeout, "message_retention_seconds", fortnight,
		"sqs_managed_sse_enabled", true, "redrive_policy", encoded{attributes("deadLetterTargetArn", expr("aws_sqs_queue.dead_letters.arn"), "maxReceiveCount", 5)}),
		t.d.aboutRetries(), "AWS wants the visibility timeout to be six times that of the function.")
	t.resource("aws_sqs_queue", "dead_letters", attributes("name", t.named("dead-letters", 80), "message_retention_seconds", fortnight, "sqs_managed_sse_enabled", true))
	on := expr("aws_sqs_queue.dead_letters.arn")
	statements := list{attributes("Effect", "Deny", "Principal", "*", "Action", "sqs:*", "Resource", on, "Condition", attributes("Bool", attributes("aws:SecureTransport", "false")))}
	var arns list
	for _, r := range t.d.Rules {
		arns = append(arns, expr("aws_cloudwatch_event_rule."+snake(r.Name)+".arn"))
	}
	if t.d.bus() {
		arns = append(arns, t.onBus())
	}
	if len(arns) > 0 {
		statements = append(statements, attributes("Effect", "Allow", "Principal", attributes("Service", "events.amazonaws.com"), "Action", "sqs:SendMessage", "Resource", on,
			"Condition", attributes("ArnEquals", attributes("aws:SourceArn", arns))))
	}
	t.resource("aws_sqs_queue_policy", "dead_letters", attributes("queue_url", expr("aws_sqs_queue.dead_letters.url"), "policy", encoded{document(statements)}))
	t.resource("aws_lambda_event_source_mapping", "retries", object{{key: "event_source_arn", value: expr("aws_sqs_queue.retries.arn")}, {key: "function_name", value: expr("aws_lambda_alias.prod.arn")},
		{key: "batch_size", value: 10}, {key: "function_response_types", value: list{"ReportBatchItemFailures"}}, {key: "scaling_config", value: nested(attributes("maximum_concurrency", 2))}})
}

// waiting is the role with which EventBridge Scheduler puts into the queue what
// waits for longer than the queue itself holds it back. The function makes its
// schedules in the default group.
func (t *terraform) waiting() {
	t.resource("aws_iam_role", "waits", attributes("name_prefix", t.prefix("waits", 64), "description", "Lets schedules put events that have waited into the queue.",
		"assume_role_policy", t.scheduled("default")), "Events that wait for more than 15 minutes wait in EventBridge Scheduler.")
	t.resource("aws_iam_role_policy", "waits", attributes("name", "send", "role", expr("aws_iam_role.waits.id"), "policy", encoded{document(list{
		attributes("Effect", "Allow", "Action", "sqs:SendMessage", "Resource", expr("aws_sqs_queue.retries.arn"))})}))
}

// scheduled is the policy by which schedules of a group of this account assume a
// role.
func (t *terraform) scheduled(group string) encoded {
	return t.assumedBy("scheduler.amazonaws.com", attributes("aws:SourceAccount", expr("local.account"), "aws:SourceArn", t.here("scheduler", "schedule-group/"+group)))
}

// How long, and how often, EventBridge tries to hand an event over: as long and
// as often as it can ("Retry policy" in its user guide).
const (
	eventAge   = 24 * 60 * 60
	eventTries = 185
)

// rules are those of EventBridge, and what lets them call the function.
func (t *terraform) rules() {
	for _, r := range t.d.Rules {
		var bus any
		if r.Bus != "" {
			bus = r.Bus
		}
		t.rule(r, bus)
		t.called(snake(r.Name), r.Name, expr("aws_cloudwatch_event_rule."+snake(r.Name)+".arn"))
	}
}

// rule is one whose events go to the function. bus is nil for the default one.
func (t *terraform) rule(r Rule, bus any) {
	name := snake(r.Name)
	o := attributes("name", t.named(name, 64), "description", sentence(r.About))
	target := attributes("rule", expr("aws_cloudwatch_event_rule."+name+".name"))
	if bus != nil {
		o.put("event_bus_name", bus)
		target.put("event_bus_name", bus)
	}
	o.put("event_pattern", encoded{marks(t.text).pattern(r.Pattern)})
	t.resource("aws_cloudwatch_event_rule", name, o, sentence(r.About))
	t.resource("aws_cloudwatch_event_target", name, append(target, attributes("target_id", "function", "arn", expr("aws_lambda_alias.prod.arn"),
		"retry_policy", nested(attributes("maximum_event_age_in_seconds", eventAge, "maximum_retry_attempts", eventTries)),
		"dead_letter_config", nested(attributes("arn", expr("aws_sqs_queue.dead_letters.arn"))))...))
}

// called lets rules call the function, by their ARN or a pattern of it.
func (t *terraform) called(name, id string, by any) {
	t.resource("aws_lambda_permission", name, attributes("statement_id", id, "action", "lambda:InvokeFunction", "function_name", expr("aws_lambda_function.function.function_name"),
		"qualifier", expr("aws_lambda_alias.prod.name"), "principal", "events.amazonaws.com", "source_arn", by))
}

// sent is a rule whose events a role sends on to a bus.
func (t *terraform) sent(r Rule, target string, bus, role expr) {
	name := snake(r.Name)
	r.Pattern.Region = nil
	t.resource("aws_cloudwatch_event_rule", name, attributes("name", t.named(name, 64), "description", sentence(r.About), "event_pattern", encoded{marks(t.text).pattern(r.Pattern)}), sentence(r.About))
	t.resource("aws_cloudwatch_event_target", name, attributes("rule", expr("aws_cloudwatch_event_rule."+name+".name"), "target_id", target, "arn", bus, "role_arn", role))
}

// schedules run policies, by a role of their own.
func (t *terraform) schedules() {
	d := t.d
	if len(d.Schedules) == 0 {
		return
	}
	t.resource("aws_scheduler_schedule_group", "schedules", attributes("name", d.Name), "Schedules. One is for all policies that it is told for.")
	t.resource("aws_iam_role", "schedules", attributes("name_prefix", t.prefix("schedules", 64), "description", "Lets the schedules call the function.",
		"assume_role_policy", t.scheduled(d.Name)))
	t.resource("aws_iam_role_policy", "schedules", attributes("name", "call", "role", expr("aws_iam_role.schedules.id"), "policy", encoded{document(list{
		attributes("Effect", "Allow", "Action", "lambda:InvokeFunction", "Resource", expr("aws_lambda_alias.prod.arn")),
		attributes("Effect", "Allow", "Action", "sqs:SendMessage", "Resource", expr("aws_sqs_queue.dead_letters.arn"))})}))
	for i, s := range d.Schedules {
		n := strconv.Itoa(i + 1)
		t.resource("aws_scheduler_schedule", "schedule_"+n, attributes("name", "schedule-"+n, "group_name", expr("aws_scheduler_schedule_group.schedules.name"),
			"schedule_expression", s.Expression, "schedule_expression_timezone", s.Zone,
			"flexible_time_window", nested(attributes("mode", "OFF")),
			"target", nested(attributes("arn", expr("aws_lambda_alias.prod.arn"), "role_arn", expr("aws_iam_role.schedules.arn"), "input", s.Input,
				"retry_policy", nested(attributes("maximum_event_age_in_seconds", 3600, "maximum_retry_attempts", 5)),
				"dead_letter_config", nested(attributes("arn", expr("aws_sqs_queue.dead_letters.arn")))))), strings.Join(s.Policies, ", "))
	}
}

// here is the ARN of what a service has in this account and region.
func (t *terraform) here(service, name string) template {
	return template{"arn:", expr("local.partition"), ":" + service + ":", expr("var.region"), ":", expr("local.account"), ":" + name}
}

// assumedBy is a role's policy that a service assumes it by.
func (t *terraform) assumedBy(service string, equal object) encoded {
	s := attributes("Effect", "Allow", "Principal", attributes("Service", service), "Action", "sts:AssumeRole")
	if len(equal) > 0 {
		s.put("Condition", attributes("StringEquals", equal))
	}
	return encoded{document(list{s})}
}
