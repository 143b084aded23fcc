package deploy

import (
	"strconv"

	"github.com/tagwarden/tagwarden/internal/iam"
)

// role is the function's: what its policies need, and what it needs itself.
func (c *cloudFormation) role() {
	var arns list
	for i := range c.d.Documents {
		arns = append(arns, ref("Permissions"+strconv.Itoa(i+1)))
	}
	own := list{
		attributes("Sid", "Log", "Effect", "Allow", "Action", list{"logs:CreateLogStream", "logs:PutLogEvents"}, "Resource", attribute("LogGroup", "Arn")),
		attributes("Sid", "Retry", "Effect", "Allow", "Action", list{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"},
			"Resource", attribute(queue, "Arn")),
	}
	if c.d.WaitsLong {
		own = append(own,
			attributes("Sid", "Wait", "Effect", "Allow", "Action", "scheduler:CreateSchedule",
				"Resource", sub("arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/default/tagwarden-*")),
			attributes("Sid", "PassWaitRole", "Effect", "Allow", "Action", "iam:PassRole", "Resource", attribute(waitRole, "Arn"),
				"Condition", attributes("StringEquals", attributes("iam:PassedToService", "scheduler.amazonaws.com"))))
	}
	o := attributes("Description", "What the policies need, and no more.",
		"AssumeRolePolicyDocument", document(list{attributes("Effect", "Allow", "Principal", attributes("Service", "lambda.amazonaws.com"), "Action", "sts:AssumeRole")}))
	if len(arns) > 0 {
		o.put("ManagedPolicyArns", arns)
	}
	o.put("Policies", list{attributes("PolicyName", "function", "PolicyDocument", document(own))})
	c.resource("Role", "AWS::IAM::Role", o, "The role of the function.")
	c.permissions(c.d.Documents, nil)
}

// permissions are the managed policies of a role.
func (c *cloudFormation) permissions(docs []iam.Document, under object) {
	for i := range docs {
		about := ""
		if i == 0 {
			about = "As tagwarden iam computes them: tagwarden iam --explain says which policy needs which."
		}
		c.resourceWith("Permissions"+strconv.Itoa(i+1), "AWS::IAM::ManagedPolicy", under,
			attributes("Description", "Permissions of tagwarden.", "PolicyDocument", marks(c.text).document(&docs[i])), about)
	}
}

// people are the policy of those who act on what is their own, for roles of any
// kind, and a group of users that has it. beside is a condition for both, "" for
// none.
func (c *cloudFormation) people(beside string) {
	if c.d.People == nil {
		return
	}
	c.param("MakePeopleGroup", "String", "no, if the people have roles alone: PeoplePolicy is for these as well.", attributes("Default", "yes", "AllowedValues", yesOrNo))
	wanted := equals(ref("MakePeopleGroup"), "yes")
	var under object
	if beside != "" {
		under = attributes("Condition", beside)
		wanted = short{"And", list{object{{key: "Condition", value: beside}}, wanted}}
	}
	c.when("MakesPeopleGroup", wanted)
	c.resourceWith("PeoplePolicy", "AWS::IAM::ManagedPolicy", under, attributes("Description", "People act on what is their own by its tags.", "PolicyDocument", marks(c.text).document(c.d.People)),
		"What people may do, as tagwarden access policy writes it: attach it to their roles.")
	c.resourceWith("PeopleGroup", "AWS::IAM::Group", attributes("Condition", "MakesPeopleGroup"), attributes("ManagedPolicyArns", list{ref("PeoplePolicy")}))
}

// alarm is one on the largest or the sum of a metric over some minutes.
type alarm struct {
	name, about             string
	namespace, metric, stat string
	dimension               string
	of                      any
	minutes, periods, least int
	threshold               int
}

// alarmsOn are on what nobody would otherwise see: on the function, the queue of
// what is tried again, and that of dead letters, which a renderer names.
func alarmsOn(function, messages, dead any) []alarm {
	return []alarm{
		{"ErrorsAlarm", "The function of tagwarden fails again and again: its log says why.", "AWS/Lambda", "Errors", "Sum", "FunctionName", function, 5, 3, 2, 0},
		{"EventAgeAlarm", "Events wait for the function of tagwarden for more than 30 minutes.", "AWS/Lambda", "AsyncEventAge", "Maximum", "FunctionName", function, 5, 3, 2, 30 * 60 * 1000},
		{"RetriesAlarm", "What failed has waited to be tried again for more than three hours.", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", "QueueName", messages, 5, 1, 1, 3 * 60 * 60},
		{"DeadLettersAlarm", "Events were given up: they are in the queue of dead letters.", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "QueueName", dead, 5, 1, 1, 0},
	}
}

// alarms tell a topic.
func (c *cloudFormation) alarms() {
	c.topic("AlarmTopic", "MakesAlarmTopic", "AlarmEmail", "MailsAlarms", attributes("Service", "cloudwatch.amazonaws.com"),
		attributes("StringEquals", attributes("aws:SourceAccount", ref("AWS::AccountId"))), "Alarms.")
	for _, a := range alarmsOn(ref("Function"), attribute(queue, "QueueName"), attribute(letters, "QueueName")) {
		tell := list{either("MakesAlarmTopic", ref("AlarmTopic"), ref("AlarmTopicArn"))}
		c.resource(a.name, "AWS::CloudWatch::Alarm", attributes("AlarmDescription", a.about, "Namespace", a.namespace, "MetricName", a.metric,
			"Dimensions", list{attributes("Name", a.dimension, "Value", a.of)}, "Statistic", a.stat, "Period", 60*a.minutes,
			"EvaluationPeriods", a.periods, "DatapointsToAlarm", a.least, "Threshold", a.threshold, "ComparisonOperator", "GreaterThanThreshold",
			"TreatMissingData", "notBreaching", "AlarmActions", tell, "OKActions", tell))
	}
}

// trailDays is how long the trail's logs are kept: CloudTrail itself tells of 90
// days, and creators are looked for in the logs beyond that.
const trailDays = 400

// trail is one for an account that has none: only then EventBridge is told of
// calls.
func (c *cloudFormation) trail() {
	const when = "MakesTrail"
	arn := "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/" + c.d.trailName()
	kept := attributes("Condition", when, "DeletionPolicy", "Retain", "UpdateReplacePolicy", "Retain")
	c.resourceWith("TrailBucket", "AWS::S3::Bucket", kept, attributes(
		"BucketEncryption", attributes("ServerSideEncryptionConfiguration", list{attributes("ServerSideEncryptionByDefault", attributes("SSEAlgorithm", "AES256"))}),
		"LifecycleConfiguration", attributes("Rules", list{attributes("Status", "Enabled", "ExpirationInDays", trailDays)}),
		"OwnershipControls", attributes("Rules", list{attributes("ObjectOwnership", "BucketOwnerEnforced")}),
		"PublicAccessBlockConfiguration", attributes("BlockPublicAcls", true, "BlockPublicPolicy", true, "IgnorePublicAcls", true, "RestrictPublicBuckets", true),
	), "A trail, where the account has none that is logging.")
	from := attributes("Service", "cloudtrail.amazonaws.com")
	c.resourceWith("TrailBucketPolicy", "AWS::S3::BucketPolicy", attributes("Condition", when), attributes("Bucket", ref("TrailBucket"), "PolicyDocument", document(list{
		attributes("Effect", "Allow", "Principal", from, "Action", "s3:GetBucketAcl", "Resource", attribute("TrailBucket", "Arn"),
			"Condition", attributes("StringEquals", attributes("aws:SourceArn", sub(arn)))),
		attributes("Effect", "Allow", "Principal", from, "Action", "s3:PutObject", "Resource", sub("${TrailBucket.Arn}/AWSLogs/${AWS::AccountId}/*"),
			"Condition", attributes("StringEquals", attributes("aws:SourceArn", sub(arn), "s3:x-amz-acl", "bucket-owner-full-control"))),
		attributes("Effect", "Deny", "Principal", "*", "Action", "s3:*", "Resource", list{attribute("TrailBucket", "Arn"), sub("${TrailBucket.Arn}/*")},
			"Condition", attributes("Bool", attributes("aws:SecureTransport", "false"))),
	})))
	c.resourceWith("Trail", "AWS::CloudTrail::Trail", attributes("Condition", when, "DependsOn", "TrailBucketPolicy"), attributes("TrailName", c.d.trailName(),
		"S3BucketName", ref("TrailBucket"), "IsLogging", true, "IsMultiRegionTrail", true, "IncludeGlobalServiceEvents", true, "EnableLogFileValidation", true))
}

// forwarding is the template for every other region whose events are wanted: it
// sends them on to the stack's. Deployed in the stack's own region it makes
// nothing: events would go round in a circle.
func forwarding(d *Deployment) []byte {
	const when = "IsElsewhere"
	c := newCloudFormation(d)
	c.param("HomeRegion", "String", "The region of the stack that "+TemplateFile+" made.", attributes("AllowedPattern", "[a-z]{2}(-[a-z]+)+-[0-9]+"))
	c.when(when, not(equals(ref("AWS::Region"), ref("HomeRegion"))))
	under, bus := attributes("Condition", when), sub("arn:${AWS::Partition}:events:${HomeRegion}:${AWS::AccountId}:event-bus/default")
	c.nothing()
	c.sends("Role", under, bus)
	for _, r := range d.Rules {
		if !r.Here {
			r.Pattern.Region = nil
			c.sent(r, "home", "Role", under, bus)
		}
	}
	return c.template("tagwarden: sends events on to the region of the policies of " + d.Settings)
}

// nothing is a resource that does nothing: CloudFormation wants one in a stack, and
// all others may be left out by a condition.
func (c *cloudFormation) nothing() {
	c.resource("Nothing", "AWS::CloudFormation::WaitConditionHandle", nil, "Does nothing. A stack has at least one resource, also where the others are not made.")
}

// sends is the role with which rules send events on to a bus.
func (c *cloudFormation) sends(name string, under object, bus any) {
	c.resourceWith(name, "AWS::IAM::Role", under, attributes("Description", "Lets rules send events on to the bus of tagwarden.",
		"AssumeRolePolicyDocument", document(list{attributes("Effect", "Allow", "Principal", attributes("Service", "events.amazonaws.com"), "Action", "sts:AssumeRole",
			"Condition", attributes("StringEquals", attributes("aws:SourceAccount", ref("AWS::AccountId"))))}),
		"Policies", list{attributes("PolicyName", "send", "PolicyDocument", document(list{attributes("Effect", "Allow", "Action", "events:PutEvents", "Resource", bus)}))}))
}

// sent is a rule whose events a role sends on to a bus.
func (c *cloudFormation) sent(r Rule, target, role string, under object, bus any) {
	c.resourceWith(r.Name, "AWS::Events::Rule", under, attributes("Description", sentence(r.About), "State", "ENABLED", "EventPattern", marks(c.text).pattern(r.Pattern),
		"Targets", list{attributes("Id", target, "Arn", bus, "RoleArn", attribute(role, "Arn"))}), sentence(r.About))
}
