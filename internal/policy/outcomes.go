package policy

import "regexp"

// rawOutcomes is where outcomes are published.
type rawOutcomes struct{ eventBridge val[string] }

var outcomesSection = section[rawOutcomes]{name: "outcomes", doc: "Where what was done, failed or is held is published as events.",
	fields: []field[rawOutcomes]{
		must(key("eventbridge", "The name of a bus of EventBridge in the region of the AWS configuration, such as default, or its ARN.", busName,
			func(o *rawOutcomes) *val[string] { return &o.eventBridge })),
	}}

// busPattern is what PutEvents takes for a bus (EventBusName in the EventBridge
// API reference), without those of partners, on which nobody else can put
// anything.
var busPattern = regexp.MustCompile(`^(arn:aws[\w-]*:events:[a-z]+-[\w-]+:\d{12}:event-bus/)?[.\-_A-Za-z0-9]{1,256}$`)

var busName = text.that(func(s string) (string, string) {
	if !busPattern.MatchString(s) {
		return "is not the name of a bus of EventBridge", "for example default, or arn:aws:events:eu-west-1:111122223333:event-bus/audit"
	}
	return "", ""
}).with(object{"minLength": 1})
