package deploy

import (
	"regexp"
	"strconv"
	"strings"
)

// yesOrNo are the values of a parameter that decides.
var yesOrNo = list{"yes", "no"}

// logDays are how long a group of logs can keep them ("PutRetentionPolicy" in
// the API reference of CloudWatch Logs).
var logDays = list{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// param adds a parameter. Further attributes come after its description.
func (c *cloudFormation) param(name, kind, about string, more object) {
	c.names[name] = true
	var o object
	o.put("Type", kind)
	o.put("Description", about)
	c.params.put(name, append(o, more...))
}

// when adds a condition.
func (c *cloudFormation) when(name string, test short) { c.conditions.put(name, test) }

func equals(a, b any) short { return short{"Equals", list{a, b}} }
func not(test any) short    { return short{"Not", list{test}} }

// given adds the condition that a parameter is not empty, beside another.
func (c *cloudFormation) given(name, parameter, beside string) {
	c.when(name, short{"And", list{object{{key: "Condition", value: beside}}, not(equals(ref(parameter), ""))}})
}

// ownNames are those that parameters and resources of the template itself have.
var ownNames = regexp.MustCompile("^(Code(Bucket|Key)|Architecture|Release|LogDays|LogGroup|Alarm.*|.*Alarm|MailsAlarms|Trail.*|Function|Version.*|" + alias + "|Invocations|" +
	"(Schedule|Wait|Sender)?Role|Permissions[0-9]+|" + queue + "|" + letters + "|.*(Policy|Permission|Mapping)|(Calls|Schedule|RulesTable|MakeRulesTable)[0-9]*|States|TagChanges|ConfigItems|" +
	"Outcomes[0-9]*|ScheduleGroup|OrganizationId|Bus.*|Member.*|(Make)?People.*|Central(Role|Bus)|HomeRegion|Nothing|Role(Name|Path)|ExternalId|Sender|(Make)?Ledger)$")

// variables chooses the names of the variables' parameters. Those that the
// template has for itself get Value after them.
func (c *cloudFormation) variables() {
	c.parameter, c.topicOf = map[string]string{}, map[string]string{}
	for _, t := range c.d.Topics {
		if t.Variable == "" {
			c.topicOf[t.Channels[0]] = c.roomy("Channel" + camel(t.Channels[0]))
		}
	}
	for _, v := range c.d.Variables {
		name := camel(v.Name)
		if v.Kind == Secret && !strings.HasSuffix(name, "Secret") {
			name += "Secret"
		}
		if ownNames.MatchString(name) {
			name += "Value"
		}
		if v.Kind == ForTopic { // variables are sorted: what is longer comes later
			c.parameter[v.Name] = c.roomy(name)
			continue
		}
		c.parameter[v.Name] = c.free(name)
	}
}

// roomy is a name that nothing has yet, and kept free with it what a topic brings
// along.
func (c *cloudFormation) roomy(name string) string {
	name = c.free(name)
	for _, more := range []string{"Email", "Topic", "TopicMail"} {
		c.names[name+more] = true
	}
	return name
}

// free is a name that nothing has yet.
func (c *cloudFormation) free(name string) string { return free(c.names, name, "") }

// camel writes words without what is no letter or digit between them:
// SES_FROM is SesFrom.
func camel(s string) string {
	var b strings.Builder
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		b.WriteString(strings.ToUpper(w[:1]) + strings.ToLower(w[1:]))
	}
	return b.String()
}

// parameters are what whoever deploys decides.
func (c *cloudFormation) parameters() {
	d := c.d
	c.param("CodeBucket", "String", "The bucket that the package of the function is in.", nil)
	// A stack keeps the values of its parameters: were the key one's default, an
	// update would go on with the package that is there.
	c.param("CodeKey", "String", "The key of the package in the bucket. Empty: "+d.CodeKey()+".", attributes("Default", ""))
	c.when("NamesCode", not(equals(ref("CodeKey"), "")))
	if d.Function.SHA256 == "" {
		c.param("Architecture", "String", "What the program in the package was built for.", attributes("Default", d.Function.Architecture, "AllowedValues", list{"arm64", "x86_64"}))
	}
	c.param("Release", "String", "Raise it with every change of a parameter below or of a secret: the function keeps the values that it was published with.",
		attributes("Default", "1", "AllowedPattern", "[A-Za-z0-9.-]{1,32}"))
	for _, v := range d.Variables {
		c.variable(v)
	}
	for _, t := range d.Topics {
		if t.Variable == "" {
			name := c.topicOf[t.Channels[0]]
			c.param(name+"Email", "String", "Who gets what is told through the channel "+t.Channels[0]+", whose topic the stack makes. Empty: nobody.", attributes("Default", ""))
			c.when("Mails"+name, not(equals(ref(name+"Email"), "")))
		}
	}
	if m := d.Members; m != nil && len(m.Accounts) == 0 {
		c.param("OrganizationId", "String", "The id of the organization, as aws organizations describe-organization tells it: only roles in it are taken on, and only its accounts may send events.",
			attributes("AllowedPattern", "o-[a-z0-9]{10,32}"))
	}
	if d.records() {
		c.param("TrailIsLogging", "String", "yes, if a trail of CloudTrail is logging management events in every region that the policies are about: without one, no event tells of a call. With no, the stack makes one.",
			attributes("AllowedValues", yesOrNo))
		c.when("MakesTrail", equals(ref("TrailIsLogging"), "no"))
	}
	if d.Ledger.Made {
		c.param("MakeLedger", "String", "no, if the table of the ledger is there already: after tagwarden ledger init, or of an earlier stack.", attributes("Default", "yes", "AllowedValues", yesOrNo))
		c.when("MakesLedger", equals(ref("MakeLedger"), "yes"))
	}
	for i := range d.Tables {
		name := rulesName(i)
		c.param("Make"+name, "String", "no, if the table of tag rules is there already.", attributes("Default", "yes", "AllowedValues", yesOrNo))
		c.when("Makes"+name, equals(ref("Make"+name), "yes"))
	}
	c.param("LogDays", "Number", "For how many days the log of the function is kept.", attributes("Default", 30, "AllowedValues", logDays))
	c.param("AlarmTopicArn", "String", "The topic that is told of alarms. Empty: the stack makes one.", attributes("Default", ""))
	c.param("AlarmEmail", "String", "Who gets mail of alarms, where the stack makes the topic. Empty: nobody.", attributes("Default", ""))
	c.when("MakesAlarmTopic", equals(ref("AlarmTopicArn"), ""))
	c.given("MailsAlarms", "AlarmEmail", "MakesAlarmTopic")
}

// variable adds the parameter of a variable.
func (c *cloudFormation) variable(v Variable) {
	name := c.parameter[v.Name]
	switch v.Kind {
	case Secret:
		c.param(name, "String", "The name or the ARN of the secret in Secrets Manager that holds "+v.Name+" of the policy files, as text.", attributes("MinLength", 1))
	case ForTopic:
		value := v.Default
		if !v.Known {
			value = ""
		}
		c.param(name, "String", v.Name+" of the policy files, the ARN of a topic. Empty: the stack makes one.", attributes("Default", value))
		c.param(name+"Email", "String", "Who gets what is told through the topic, where the stack makes it. Empty: nobody.", attributes("Default", ""))
		c.when("Makes"+name+"Topic", equals(ref(name), ""))
		c.given("Mails"+name, name+"Email", "Makes"+name+"Topic")
	case Plain:
		var more object
		if v.Known || v.Default == "" {
			more = attributes("Default", v.Default)
		}
		c.param(name, "String", v.Name+" of the policy files.", more)
	}
}

// rulesName names the nth table of tag rules.
func rulesName(i int) string {
	if i == 0 {
		return "RulesTable"
	}
	return "RulesTable" + strconv.Itoa(i+1)
}
