package expr

import (
	"maps"
	"slices"
)

// FunctionDoc describes a variable or function of ours for people.
type FunctionDoc struct {
	// Signature is how it is written, with its type: "days(n int) duration".
	Signature string
	// Doc is a sentence without a full stop.
	Doc string
	// Example is an expression that uses it.
	Example string
}

// Functions returns our own variables, then our own functions; CEL's are
// described in its language definition. The fields of resource are in the
// tables of package resource.
func Functions() []FunctionDoc {
	return []FunctionDoc{
		{"resource", "the resource that is judged, its fields as its type's table says", `resource.region == "eu-central-1"`},
		{"account.id string", "the 12 digits of the account that the resource is in", `account.id in ["111122223333"]`},
		{"account.name string", "the name of that account, where every account has one in the settings or they are those of an organization", `account.name == "payments"`},
		{"account.ou string", "the ID of the organizational unit that the account is directly in, where the accounts are those of an organization", `account.ou == "ou-ab12-11112222"`},
		{"creator", "who made the resource: name, principal_id, arn and kind, all string; where nobody can be found, kind is \"unknown\" and the others are \"\"", `creator.kind == "person"`},
		{"event", "what happened, in a policy that an event wakes: time timestamp; name and source string; unknown where no event is judged, as in a sweep", `event.name == "RunInstances"`},
		{"now timestamp", "when it is judged", `now - resource.launched_at > hours(12)`},
		{"rule", "in revoke alone: a rule of the security group or network ACL, its fields as those of resource.rules", `rule.direction == "ingress" && rule.cidr == "0.0.0.0/0"`},
		{"run", "in subject and text alone: policy string; violations, fixed, done, held and failed int; items, each with id, arn, type, account, region, name, owner, status, action and reason",
			`run.policy + ": " + string(run.violations)`},
		{"tag(key string) string", "the value of the resource's tag, \"\" where it has none of that key", `tag("Project") == ""`},
		{"days(n int) duration", "n times 24 hours", `resource.running_for > days(7)`},
		{"hours(n int) duration", "n hours", `resource.age < hours(12)`},
		{"today() timestamp", "when the day of now began in the settings' zone; written into a tag it is YYYY-MM-DD", `date(tag("Expires")) < today()`},
		{"date(s string) timestamp", "when that day, YYYY-MM-DD, begins in the settings' zone, or the instant that an RFC 3339 text names; a mistake where it is neither", `date("2026-12-31") < now`},
		{"office_hours(hours string, zone string, country string) bool", "whether now is within such hours in that time zone and no public holiday of the country, \"\" for none",
			`!office_hours("Mon-Fri 08:00-19:00", "Europe/Berlin", "DE")`},
		{"lookup(table string, key string) string", "the value of the key in that table of the lookups, \"\" where the table does not have it; the table's name is written out",
			`lookup("departments", tag("Owner")) == ""`},
		{"metric(name string, statistic string, over duration) double", "what CloudWatch measured of the resource over that time until now; unknown where it has no data or the resource is younger; all three are written out",
			`metric("CPUUtilization", "Average", days(14)) < 2`},
	}
}

// variableNames and functionNames are ours, in whatever environment.
var (
	variableNames = []string{"resource", "account", "creator", "event", "now", "rule", "run"}
	functionNames = []string{"tag", "days", "hours", "today", "date", officeHours, lookup, metric}
)

// signatures are how our functions are called.
var signatures = map[string]string{
	"tag":       `tag(string), as in tag("Project")`,
	"days":      "days(int), as in days(7)",
	"hours":     "hours(int), as in hours(12)",
	"today":     "today(), without anything in the brackets",
	"date":      `date(string), as in date("2026-12-31")`,
	officeHours: `office_hours(string, string, string), as in office_hours("Mon-Fri 08:00-19:00", "Europe/Berlin", "DE")`,
	lookup:      lookupUse,
	metric:      metricUse,
}

// known are the variables that an expression can name here, with the
// definitions, sorted.
func (env *environment) known() []string {
	return slices.Sorted(maps.Keys(env.variables))
}
