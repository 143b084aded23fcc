package deploy

import (
	"cmp"
	"strconv"
	"strings"
)

// What the parts of the template are called.
const (
	alias   = "PROD"
	queue   = "Retries"
	letters = "DeadLetters"

	waitRole = "WaitRole"
)

// resources are everything that the stack makes.
func (c *cloudFormation) resources() {
	c.function()
	c.role()
	c.queues()
	if c.d.WaitsLong {
		c.waiting()
	}
	c.rules()
	if c.d.bus() {
		c.members()
	}
	c.schedules()
	c.tables()
	c.topics()
	c.people("")
	c.alarms()
	if c.d.records() {
		c.trail()
	}
	c.tell()
}

// function is the function, its version and alias, and its log.
func (c *cloudFormation) function() {
	d := c.d
	c.resource("LogGroup", "AWS::Logs::LogGroup", attributes("LogGroupName", "/aws/lambda/"+d.Name, "RetentionInDays", ref("LogDays")), "The function.")
	var vars object
	for _, s := range d.Function.Environment {
		vars.put(s.Name, c.text(s.Value))
	}
	var architecture any = d.Function.Architecture
	if d.Function.SHA256 == "" {
		architecture = ref("Architecture")
	}
	c.resource("Function", "AWS::Lambda::Function", attributes(
		"FunctionName", d.Name,
		"Description", sub("Policies of "+strings.ReplaceAll(d.Settings, "${", "${!")+", release "+d.release()+" ${Release}"),
		"Runtime", "provided.al2023", "Handler", Program, "Architectures", list{architecture},
		"Code", attributes("S3Bucket", ref("CodeBucket"), "S3Key", either("NamesCode", ref("CodeKey"), d.CodeKey())),
		"Role", attribute("Role", "Arn"),
		"MemorySize", d.Function.Memory, "Timeout", d.Function.Timeout,
		"Environment", attributes("Variables", vars),
		"LoggingConfig", attributes("LogGroup", ref("LogGroup")),
		"DeadLetterConfig", attributes("TargetArn", attribute(queue, "Arn")),
	), "What Lambda has tried three times goes into the queue, from which it is tried again.")
	version := "Version" + d.release()
	properties := attributes("FunctionName", ref("Function"), "Description", sub(d.release()+" ${Release}"))
	if d.Function.SHA256 != "" {
		properties.put("CodeSha256", d.Function.SHA256)
	}
	c.resourceWith(version, "AWS::Lambda::Version", attributes("DeletionPolicy", "Retain", "UpdateReplacePolicy", "Retain"), properties,
		"Named after what is deployed: other policies or another package make another version.", "Earlier ones stay until the function itself is deleted.")
	c.resource(alias, "AWS::Lambda::Alias", attributes("Name", alias, "FunctionName", ref("Function"), "FunctionVersion", attribute(version, "Version")),
		"Everything calls this alias. To go back, let it name an earlier version.")
	c.resourceWith("Invocations", "AWS::Lambda::EventInvokeConfig", attributes("DependsOn", alias),
		attributes("FunctionName", ref("Function"), "Qualifier", alias, "MaximumRetryAttempts", 2, "MaximumEventAgeInSeconds", 21600))
}

// fortnight is as long as SQS keeps a message.
const fortnight = 14 * 24 * 60 * 60

// aboutRetries says what is in the queue that calls the function.
func (d *Deployment) aboutRetries() string {
	if d.Waits {
		return "What failed waits here, and what settles. It is tried five times, and then goes to the dead letters."
	}
	return "What failed waits here, is tried five times more, and then goes to the dead letters."
}

// queues are that of what is tried again, and that of what was given up.
func (c *cloudFormation) queues() {
	c.resource(queue, "AWS::SQS::Queue", attributes("VisibilityTimeout", 6*c.d.Function.Timeout, "MessageRetentionPeriod", fortnight, "SqsManagedSseEnabled", true,
		"RedrivePolicy", attributes("deadLetterTargetArn", attribute(letters, "Arn"), "maxReceiveCount", 5)),
		c.d.aboutRetries(), "AWS wants the visibility timeout to be six times that of the function.")
	c.resource(letters, "AWS::SQS::Queue", attributes("MessageRetentionPeriod", fortnight, "SqsManagedSseEnabled", true))
	allow := func(service string, arns list) object {
		return attributes("Effect", "Allow", "Principal", attributes("Service", service), "Action", "sqs:SendMessage", "Resource", attribute(letters, "Arn"),
			"Condition", attributes("ArnEquals", attributes("aws:SourceArn", arns)))
	}
	statements := list{attributes("Effect", "Deny", "Principal", "*", "Action", "sqs:*", "Resource", attribute(letters, "Arn"),
		"Condition", attributes("Bool", attributes("aws:SecureTransport", "false")))}
	var arns list
	for _, r := range c.d.Rules {
		arns = append(arns, attribute(r.Name, "Arn"))
	}
	if c.d.bus() {
		arns = append(arns, c.onBus())
	}
	if len(arns) > 0 {
		statements = append(statements, allow("events.amazonaws.com", arns))
	}
	c.resource("DeadLettersPolicy", "AWS::SQS::QueuePolicy", attributes("Queues", list{ref(letters)}, "PolicyDocument", document(statements)))
	c.resource("RetriesMapping", "AWS::Lambda::EventSourceMapping", attributes("EventSourceArn", attribute(queue, "Arn"), "FunctionName", ref(alias), "BatchSize", 10,
		"FunctionResponseTypes", list{"ReportBatchItemFailures"}, "ScalingConfig", attributes("MaximumConcurrency", 2)))
}

// waiting is the role with which EventBridge Scheduler puts into the queue what
// waits for longer than the queue itself holds it back. The function makes its
// schedules in the default group.
func (c *cloudFormation) waiting() {
	c.resource(waitRole, "AWS::IAM::Role", attributes("Description", "Lets schedules put events that have waited into the queue.",
		"AssumeRolePolicyDocument", document(list{scheduler("default")}),
		"Policies", list{attributes("PolicyName", "send", "PolicyDocument", document(list{
			attributes("Effect", "Allow", "Action", "sqs:SendMessage", "Resource", attribute(queue, "Arn"))}))}),
		"Events that wait for more than 15 minutes wait in EventBridge Scheduler.")
}

// scheduler trusts the schedules of a group of this account.
func scheduler(group string) object {
	return attributes("Effect", "Allow", "Principal", attributes("Service", "scheduler.amazonaws.com"), "Action", "sts:AssumeRole",
		"Condition", attributes("StringEquals", attributes("aws:SourceAccount", ref("AWS::AccountId"),
			"aws:SourceArn", sub("arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/"+group))))
}

// document is a policy document.
func document(statements list) object {
	return attributes("Version", "2012-10-17", "Statement", statements)
}

// rules are those of EventBridge, and what lets them call the function.
func (c *cloudFormation) rules() {
	for _, r := range c.d.Rules {
		var bus any
		if r.Bus != "" {
			bus = r.Bus
		}
		c.rule(r, bus)
		c.called(r.Name+"Permission", attribute(r.Name, "Arn"))
	}
}

// rule is one whose events go to the function. bus is nil for the default one.
func (c *cloudFormation) rule(r Rule, bus any) {
	o := attributes("Description", sentence(r.About), "State", "ENABLED")
	if bus != nil {
		o.put("EventBusName", bus)
	}
	o.put("EventPattern", marks(c.text).pattern(r.Pattern))
	o.put("Targets", list{attributes("Id", "function", "Arn", ref(alias), "DeadLetterConfig", attributes("Arn", attribute(letters, "Arn")))})
	c.resource(r.Name, "AWS::Events::Rule", o, sentence(r.About))
}

// called lets rules call the function, by their ARN or a pattern of it.
func (c *cloudFormation) called(name string, by any) {
	c.resource(name, "AWS::Lambda::Permission", attributes("Action", "lambda:InvokeFunction", "FunctionName", ref(alias), "Principal", "events.amazonaws.com", "SourceArn", by))
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// schedules run policies, by a role of their own.
func (c *cloudFormation) schedules() {
	d := c.d
	if len(d.Schedules) == 0 {
		return
	}
	c.resource("ScheduleGroup", "AWS::Scheduler::ScheduleGroup", attributes("Name", d.Name), "Schedules. One is for all policies that it is told for.")
	c.resource("ScheduleRole", "AWS::IAM::Role", attributes("Description", "Lets the schedules call the function.",
		"AssumeRolePolicyDocument", document(list{scheduler(d.Name)}),
		"Policies", list{attributes("PolicyName", "call", "PolicyDocument", document(list{
			attributes("Effect", "Allow", "Action", "lambda:InvokeFunction", "Resource", ref(alias)),
			attributes("Effect", "Allow", "Action", "sqs:SendMessage", "Resource", attribute(letters, "Arn"))}))}))
	for i, s := range d.Schedules {
		c.resource("Schedule"+strconv.Itoa(i+1), "AWS::Scheduler::Schedule", attributes("GroupName", ref("ScheduleGroup"), "ScheduleExpression", s.Expression,
			"ScheduleExpressionTimezone", s.Zone, "FlexibleTimeWindow", attributes("Mode", "OFF"),
			"Target", attributes("Arn", ref(alias), "RoleArn", attribute("ScheduleRole", "Arn"), "Input", s.Input,
				"RetryPolicy", attributes("MaximumEventAgeInSeconds", 3600, "MaximumRetryAttempts", 5),
				"DeadLetterConfig", attributes("Arn", attribute(letters, "Arn")))))
	}
}

// tables are the ledger and those of rules, which outlive the stack.
func (c *cloudFormation) tables() {
	if c.d.Ledger.Made {
		c.table("Ledger", c.d.Ledger, "MakesLedger", "Cases and history. The table stays when the stack is deleted: without it, every clock starts again.")
	}
	for i, t := range c.d.Tables {
		c.table(rulesName(i), t, "Makes"+rulesName(i), "Tag rules.")
	}
}

func (c *cloudFormation) table(name string, t Table, when, about string) {
	keys := func(hash, sort string) list {
		out := list{attributes("AttributeName", hash, "KeyType", "HASH")}
		if sort != "" {
			out = append(out, attributes("AttributeName", sort, "KeyType", "RANGE"))
		}
		return out
	}
	var kinds, indexes list
	for _, k := range t.Kinds {
		kinds = append(kinds, attributes("AttributeName", k.Name, "AttributeType", k.Value))
	}
	for _, i := range t.Indexes {
		indexes = append(indexes, attributes("IndexName", i.Name, "KeySchema", keys(i.HashKey, i.RangeKey), "Projection", attributes("ProjectionType", "ALL")))
	}
	o := attributes("TableName", marks(c.text).tableName(t), "BillingMode", "PAY_PER_REQUEST", "AttributeDefinitions", kinds, "KeySchema", keys(t.HashKey, t.RangeKey))
	if len(indexes) > 0 {
		o.put("GlobalSecondaryIndexes", indexes)
	}
	if t.TTL != "" {
		o.put("TimeToLiveSpecification", attributes("AttributeName", t.TTL, "Enabled", true))
	}
	o.put("PointInTimeRecoverySpecification", attributes("PointInTimeRecoveryEnabled", true))
	// An empty table is left by no first deployment that fails: the second would find
	// it in its way.
	c.resourceWith(name, "AWS::DynamoDB::Table", attributes("Condition", when, "DeletionPolicy", "RetainExceptOnCreate", "UpdateReplacePolicy", "Retain"), o, about)
}

// topics are those of channels that have none.
func (c *cloudFormation) topics() {
	for _, t := range c.d.Topics {
		name, when, about := c.topicOf[t.Channels[0]], "", "The topic of "+strings.Join(t.Channels, ", ")+"."
		if t.Variable != "" {
			name, about = c.parameter[t.Variable], strings.TrimSuffix(about, ".")+", where "+t.Variable+" names none."
			when = "Makes" + name + "Topic"
		}
		c.topic(name+"Topic", when, name+"Email", "Mails"+name, attributes("AWS", attribute("Role", "Arn")), nil, about)
	}
}

// topic is a topic, who may publish to it, and who gets mail.
func (c *cloudFormation) topic(name, when, email, mails string, principal, condition object, about string) {
	var under object
	if when != "" {
		under.put("Condition", when)
	}
	c.resourceWith(name, "AWS::SNS::Topic", under, attributes("DisplayName", "tagwarden"), about)
	publish := attributes("Effect", "Allow", "Principal", principal, "Action", "sns:Publish", "Resource", ref(name))
	if condition != nil {
		publish.put("Condition", condition)
	}
	deny := attributes("Effect", "Deny", "Principal", "*", "Action", "sns:Publish", "Resource", ref(name), "Condition", attributes("Bool", attributes("aws:SecureTransport", "false")))
	c.resourceWith(name+"Policy", "AWS::SNS::TopicPolicy", under, attributes("Topics", list{ref(name)}, "PolicyDocument", document(list{publish, deny})))
	c.resourceWith(name+"Mail", "AWS::SNS::Subscription", attributes("Condition", mails), attributes("TopicArn", ref(name), "Protocol", "email", "Endpoint", ref(email)))
}

// tell says what whoever deploys may want to know.
func (c *cloudFormation) tell() {
	c.outputs.put("Function", attributes("Description", "What events and schedules call.", "Value", ref(alias)))
	if c.d.Members != nil {
		c.outputs.put("CentralRole", attributes("Description", "The role of the function, which "+MemberFile+" asks for.", "Value", attribute("Role", "Arn")))
	}
	if c.d.bus() {
		c.outputs.put("CentralBus", attributes("Description", "The bus for events of other accounts, which "+MemberFile+" asks for.", "Value", attribute("Bus", "Arn")))
	}
	if c.d.People != nil {
		c.outputs.put("PeoplePolicy", attributes("Description", "The policy of the people, for their roles.", "Value", ref("PeoplePolicy")))
	}
	c.outputs.put("LedgerTable", attributes("Description", "The table of the ledger.", "Value", marks(c.text).tableName(c.d.Ledger)))
	c.outputs.put("DeadLettersQueue", attributes("Description", "The queue of what was given up.", "Value", ref(letters)))
	for _, s := range c.d.Senders {
		in := cmp.Or(s.Region, Region)
		c.outputs.put(c.free("Sender"+camel(s.Channel)), attributes("Description", "SES must have verified this sender, or its domain, in the region.", "Value", c.text(c.d.referring(s.From)+" in "+in)))
	}
}
