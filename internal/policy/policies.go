package policy

import (
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// rawPolicy is one policy as the file has it.
type rawPolicy struct {
	name, description val[string]
	was               val[[]val[string]]
	types             val[[]val[string]]
	on                val[[]val[rawTrigger]]
	mode, match       val[string]
	exempt            val[[]val[rawExempt]]
	tags              val[[]entry[rawRule]]
	tagsFrom          val[rawTagsFrom]
	steps             val[[]val[rawStep]]
	limits            val[rawLimits]
	includeManaged    val[bool]
	hours             val[rawHours]
	memory            val[time.Duration]
	children          val[[]val[string]]
	settle            val[time.Duration]
	sweep             val[bool]
}

var policySection = section[rawPolicy]{name: "a policy", doc: "One thing that must hold.", fields: []field[rawPolicy]{
	must(key("name", "Its name, unique, in kebab-case.", policyName, func(p *rawPolicy) *val[string] { return &p.name })),
	key("was", "Its earlier names, whose cases it takes over.", listOf(policyName), func(p *rawPolicy) *val[[]val[string]] { return &p.was }),
	key("description", "Why, in a sentence for people.", text, func(p *rawPolicy) *val[string] { return &p.description }),
	must(key("resource", "The type of resource it is about, or several.", listOf(typeKind), func(p *rawPolicy) *val[[]val[string]] { return &p.types })),
	key("on", "What wakes it where deployed: {schedule: rate(1 day)}, created, {state: running}, tags_changed, …; by hand unless set.", listOf(triggerKind),
		func(p *rawPolicy) *val[[]val[rawTrigger]] { return &p.on }),
	key("mode", "observe says what would be done, enforce does it; observe unless set.", word(string(Observe), string(Enforce)),
		func(p *rawPolicy) *val[string] { return &p.mode }),
	key("match", "CEL, a condition: what is in scope; everything unless set.", filled, func(p *rawPolicy) *val[string] { return &p.match }),
	key("exempt", "What it leaves alone; the settings' exemptions add to these.", listOf(exemptSection.kind()),
		func(p *rawPolicy) *val[[]val[rawExempt]] { return &p.exempt }),
	key("tags", "The tags it wants, by key. Without any, being in scope is the violation.", mapOf(ruleKind),
		func(p *rawPolicy) *val[[]entry[rawRule]] { return &p.tags }),
	key("enforce", "What is done about a violation, in order; without steps it is only reported.", listOf(stepKind),
		func(p *rawPolicy) *val[[]val[rawStep]] { return &p.steps }),
	key("limits", "How much it may do in any 24 hours; the settings' limits hold for the rest.", limitsSection.kind(),
		func(p *rawPolicy) *val[rawLimits] { return &p.limits }),
	key("include_managed", "Act on members of Auto Scaling groups and the like as well; false unless set.", boolean,
		func(p *rawPolicy) *val[bool] { return &p.includeManaged }),
	key("memory", "A violation that comes back within this time resumes its old clock; the longest after unless set.", length,
		func(p *rawPolicy) *val[time.Duration] { return &p.memory }),
	key("hours", "When its resources are wanted, for steps with at.", hoursSection.kind(), func(p *rawPolicy) *val[rawHours] { return &p.hours }),
	key("children", "What gets the same tags: volumes, network_interfaces, snapshots.", listOf(word("volumes", "network_interfaces", "snapshots")),
		func(p *rawPolicy) *val[[]val[string]] { return &p.children }),
	key("settle", "For events: wait so long, then judge; 0s unless set.", length, func(p *rawPolicy) *val[time.Duration] { return &p.settle }),
	key("sweep", "Whether a policy that events wake also runs once a day where deployed; true unless set.", boolean, func(p *rawPolicy) *val[bool] { return &p.sweep }),
	key("tags_from", "Where more of the tags it wants are told: a table of rules, or a tag policy of the organisation.", tagsFromSection.kind(),
		func(p *rawPolicy) *val[rawTagsFrom] { return &p.tagsFrom }),
}}

var scheduleKind = kind[string]{want: "rate(…) or cron(…)",
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"type": "string", "pattern": `^(rate|cron)\(.*\)$`}, variableSchema()}}
	},
	read: func(r *reporter, n *node) (string, bool) {
		s, ok := text.read(r, n)
		if !ok {
			return "", false
		}
		if t := checkSchedule(s); t != nil {
			if n.secret() { // the words may hold a part of the value
				t = &trouble{0, len(n.text), n.show() + " gives no schedule of EventBridge", "for example rate(1 day)"}
			}
			r.within(n, t.offset, t.width, t.hint, t.summary)
			return "", false
		}
		return s, true
	}}

// typeNames are the types there are.
func typeNames() []string {
	var names []string
	for _, s := range resource.Schemas() {
		names = append(names, string(s.Type))
	}
	return names
}

// typeKind is a type of resource.
var typeKind = kind[string]{want: "a type of resource",
	schema: func(defs object) object { return object{"anyOf": []any{object{"enum": typeNames()}, variableSchema()}} },
	read: func(r *reporter, n *node) (string, bool) {
		s, ok := text.read(r, n)
		switch {
		case !ok:
			return "", false
		case slices.Contains(typeNames(), s):
			return s, true
		default:
			r.fault(n, meant(s, typeNames()), "%s is not a type of resource", n.show())
		}
		return "", false
	}}
