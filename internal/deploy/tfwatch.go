package deploy

import "slices"

// alarms are on what nobody would otherwise see.
func (t *terraform) alarms() {
	t.topic("alarm", "var.alarm_topic_arn", attributes("Service", "cloudwatch.amazonaws.com"),
		attributes("StringEquals", attributes("aws:SourceAccount", expr("local.account"))), "Alarms.")
	function, messages, dead := expr("aws_lambda_function.function.function_name"), expr("aws_sqs_queue.retries.name"), expr("aws_sqs_queue.dead_letters.name")
	for _, a := range alarmsOn(function, messages, dead) {
		name := snake(a.name[:len(a.name)-len("Alarm")])
		tell := list{expr("local.alarm_topic")}
		t.resource("aws_cloudwatch_metric_alarm", name, attributes("alarm_name", t.named(name, 255), "alarm_description", a.about, "namespace", a.namespace, "metric_name", a.metric,
			"dimensions", attributes(a.dimension, a.of), "statistic", a.stat, "period", 60*a.minutes, "evaluation_periods", a.periods, "datapoints_to_alarm", a.least,
			"threshold", a.threshold, "comparison_operator", "GreaterThanThreshold", "treat_missing_data", "notBreaching", "alarm_actions", tell, "ok_actions", tell))
	}
}

// trail is one for an account that has none: only then EventBridge is told of
// calls.
func (t *terraform) trail() {
	makes := one("!var.trail_is_logging")
	const bucket = "aws_s3_bucket.trail[0]"
	id := member{key: "bucket", value: expr(bucket + ".id")}
	trail := t.here("cloudtrail", "trail/"+t.d.trailName())
	t.resource("aws_s3_bucket", "trail", object{makes, {key: "bucket_prefix", value: "tagwarden-trail-"}, kept()},
		"A trail, where the account has none that is logging. Terraform does not delete its bucket.")
	t.resource("aws_s3_bucket_server_side_encryption_configuration", "trail", object{makes, id,
		{key: "rule", value: nested{{key: "apply_server_side_encryption_by_default", value: nested(attributes("sse_algorithm", "AES256"))}}}})
	t.resource("aws_s3_bucket_lifecycle_configuration", "trail", object{makes, id,
		{key: "rule", value: nested(attributes("id", "expire", "status", "Enabled", "filter", nested{}, "expiration", nested(attributes("days", trailDays))))}})
	t.resource("aws_s3_bucket_ownership_controls", "trail", object{makes, id, {key: "rule", value: nested(attributes("object_ownership", "BucketOwnerEnforced"))}})
	t.resource("aws_s3_bucket_public_access_block", "trail", append(object{makes, id}, attributes("block_public_acls", true, "block_public_policy", true, "ignore_public_acls", true, "restrict_public_buckets", true)...))
	from := attributes("Service", "cloudtrail.amazonaws.com")
	t.resource("aws_s3_bucket_policy", "trail", object{makes, id, {key: "policy", value: encoded{document(list{
		attributes("Effect", "Allow", "Principal", from, "Action", "s3:GetBucketAcl", "Resource", expr(bucket+".arn"),
			"Condition", attributes("StringEquals", attributes("aws:SourceArn", trail))),
		attributes("Effect", "Allow", "Principal", from, "Action", "s3:PutObject", "Resource", template{expr(bucket + ".arn"), "/AWSLogs/", expr("local.account"), "/*"},
			"Condition", attributes("StringEquals", attributes("aws:SourceArn", trail, "s3:x-amz-acl", "bucket-owner-full-control"))),
		attributes("Effect", "Deny", "Principal", "*", "Action", "s3:*", "Resource", list{expr(bucket + ".arn"), template{expr(bucket + ".arn"), "/*"}},
			"Condition", attributes("Bool", attributes("aws:SecureTransport", "false"))),
	})}}})
	t.resource("aws_cloudtrail", "trail", object{makes, {key: "name", value: t.d.trailName()}, {key: "s3_bucket_name", value: expr(bucket + ".id")}, {key: "enable_logging", value: true},
		{key: "is_multi_region_trail", value: true}, {key: "include_global_service_events", value: true}, {key: "enable_log_file_validation", value: true},
		{key: "depends_on", value: list{expr("aws_s3_bucket_policy.trail")}}})
}

// forwarding sends the events of other regions on to that of the function. A
// region that is the function's own is left out: its events would go round in a
// circle.
func (t *terraform) forwarding() []block {
	if len(t.regions) == 0 {
		return nil
	}
	f := &terraform{d: t.d}
	f.locals("", "home_bus", t.here("events", "event-bus/default"))
	f.sends("forwarding", "Lets rules send events on to another region.", "local.home_bus")
	for _, r := range t.regions {
		name := snake(r)
		f.things = append(f.things, block{kind: "module", labels: []string{"forwarding_" + name}, body: attributes("count", choose(`var.region == "`+r+`"`, "0", "1"), "source", "./forwarding",
			"providers", object{{key: "aws", value: expr("aws." + name)}},
			"account", expr("local.account"), "bus", expr("local.home_bus"), "role", expr("aws_iam_role.forwarding.arn"))})
	}
	return f.things
}

// module is what each of the other regions has.
func (t *terraform) module() []block {
	if len(t.regions) == 0 {
		return nil
	}
	m := &terraform{d: t.d}
	for _, v := range [][2]string{{"account", "The account whose events are sent on."}, {"bus", "The bus that gets them."}, {"role", "The role that sends them."}} {
		m.param(v[0], "string", v[1], nil)
	}
	m.locals("", "account", expr("var.account"))
	for _, r := range t.d.Rules {
		if !r.Here {
			m.sent(r, "home", "var.bus", "var.role")
		}
	}
	return slices.Concat([]block{{kind: "terraform", body: required("")}}, m.params, m.things)
}
