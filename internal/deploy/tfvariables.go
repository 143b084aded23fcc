package deploy

import (
	"regexp"
	"strconv"
	"strings"
)

// ownVariables are names that the files have for themselves, and those that
// Terraform lets no variable have ("Input Variables" in its documentation).
var ownVariables = regexp.MustCompile("^(region|tags|package_(bucket|key)|architecture|alias_version|trail_is_logging|make_(ledger|people_group)|make_rules_table_?[0-9]*|log_days|alarm(_topic_arn|_email)?|" +
	"source|version|providers|count|for_each|lifecycle|depends_on|locals|account|partition|organization_id|home_region|central_(role|bus)|role_(name|path)|external_id)$")

// variables chooses the names of the variables. Those that the files have for
// themselves get value after them.
func (t *terraform) variables() {
	t.variable, t.topicOf = map[string]string{}, map[string]string{}
	for _, topic := range t.d.Topics {
		if topic.Variable == "" {
			t.topicOf[topic.Channels[0]] = t.roomy("channel_" + snake(topic.Channels[0]))
		}
	}
	for _, v := range t.d.Variables {
		name := snake(v.Name)
		if v.Kind == Secret && !strings.HasSuffix(name, "secret") {
			name += "_secret"
		}
		if ownVariables.MatchString(name) {
			name += "_value"
		}
		if v.Kind == ForTopic { // variables are sorted: what is longer comes later
			t.variable[v.Name] = t.roomy(name)
			continue
		}
		t.variable[v.Name] = free(t.taken, name, "_")
	}
}

// roomy is a name that nothing has yet, and kept free with it that of who gets
// mail of a topic.
func (t *terraform) roomy(name string) string {
	name = free(t.taken, name, "_")
	t.taken[name+"_email"] = true
	return name
}

// free is a name that nothing has yet, with a number after it where something
// has it.
func free(taken map[string]bool, name, before string) string {
	out := name
	for n := 2; taken[out]; n++ {
		out = name + before + strconv.Itoa(n)
	}
	taken[out] = true
	return out
}

// param adds a variable, which is never null. Further attributes come after its
// description.
func (t *terraform) param(name, kind, about string, more object) {
	body := attributes("type", expr(kind), "description", about, "nullable", false)
	t.params = append(t.params, block{kind: "variable", labels: []string{name}, body: append(body, more...)})
}

// valid is a condition on a variable's value, and what is said where it does not
// hold.
func valid(condition, otherwise string) member {
	return member{key: "validation", value: nested{{key: "condition", value: expr(condition)}, {key: "error_message", value: otherwise}}}
}

// looksLikeRegion holds the variable of that name to the name of one.
var looksLikeRegion = valid(`can(regex("`+regionName.String()+`", var.region))`, "A region looks like eu-west-1.")

// parameters are what whoever applies decides.
func (t *terraform) parameters() {
	d := t.d
	home := object{looksLikeRegion}
	if len(d.Regions) == 1 {
		home = append(attributes("default", d.Regions[0]), home...)
	}
	t.param("region", "string", "The region of the function.", home)
	t.param("tags", "map(string)", "Tags of everything that is made.", attributes("default", object{}))
	t.param("package_bucket", "string", "The bucket that the package of the function is in. Empty: it is "+PackageFile+" beside these files.", attributes("default", ""))
	t.param("package_key", "string", "The key of the package in the bucket.", attributes("default", d.CodeKey()))
	if d.Function.SHA256 == "" {
		t.param("architecture", "string", "What the program in the package was built for.", object{{key: "default", value: d.Function.Architecture},
			valid(`contains(["arm64", "x86_64"], var.architecture)`, "It is arm64 or x86_64.")})
	}
	t.param("alias_version", "string", "The version of the function that is called. Empty: the newest. To go back, the number of an earlier one.", object{{key: "default", value: ""},
		valid(`can(regex("^[0-9]*$", var.alias_version))`, "A version is a number.")})
	for _, v := range d.Variables {
		t.forVariable(v)
	}
	for _, topic := range d.Topics {
		if topic.Variable == "" {
			t.param(t.topicOf[topic.Channels[0]]+"_email", "string", "Who gets what is told through the channel "+topic.Channels[0]+", whose topic is made. Empty: nobody.", attributes("default", ""))
		}
	}
	if m := d.Members; m != nil && len(m.Accounts) == 0 {
		t.param("organization_id", "string", "The id of the organization, as aws organizations describe-organization tells it: only roles in it are taken on, and only its accounts may send events.",
			object{valid(`can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))`, "It looks like o-abcdefghij.")})
	}
	if d.records() {
		t.param("trail_is_logging", "bool", "true, if a trail of CloudTrail is logging management events in every region that the policies are about: without one, no event tells of a call. With false, one is made.", nil)
	}
	if d.Ledger.Made {
		t.param("make_ledger", "bool", "false, if the table of the ledger is there already: after tagwarden ledger init, or of an earlier time.", attributes("default", true))
	}
	for i := range d.Tables {
		t.param("make_"+snake(rulesName(i)), "bool", "false, if the table of tag rules is there already.", attributes("default", true))
	}
	days := make([]string, len(logDays))
	for i, n := range logDays {
		days[i] = strconv.Itoa(n.(int))
	}
	t.param("log_days", "number", "For how many days the log of the function is kept.", object{{key: "default", value: 30},
		valid("contains(["+strings.Join(days, ", ")+"], var.log_days)", "CloudWatch Logs keeps logs for "+strings.Join(days, ", ")+" days.")})
	t.param("alarm_topic_arn", "string", "The topic that is told of alarms. Empty: one is made.", attributes("default", ""))
	t.param("alarm_email", "string", "Who gets mail of alarms, where the topic is made. Empty: nobody.", attributes("default", ""))
}

// forVariable adds what a variable of the policy files becomes.
func (t *terraform) forVariable(v Variable) {
	name := t.variable[v.Name]
	switch v.Kind {
	case Secret:
		t.param(name, "string", "The name or the ARN of the secret in Secrets Manager that holds "+v.Name+" of the policy files, as text.",
			object{valid("length(var."+name+") > 0", "It names a secret, and is not the secret itself.")})
	case ForTopic:
		value := v.Default
		if !v.Known {
			value = ""
		}
		t.param(name, "string", v.Name+" of the policy files, the ARN of a topic. Empty: one is made.", attributes("default", value))
		t.param(name+"_email", "string", "Who gets what is told through the topic, where it is made. Empty: nobody.", attributes("default", ""))
	case Plain:
		var more object
		if v.Known || v.Default == "" {
			more = attributes("default", v.Default)
		}
		t.param(name, "string", v.Name+" of the policy files.", more)
	}
}
