package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// The plain words of on, each an event of its own.
const (
	onCreated     = "created"
	onTagsChanged = "tags_changed"
	onConfig      = "config"
)

var eventWords = []string{onCreated, onTagsChanged, onConfig}

// rawTrigger is one thing that wakes a policy.
type rawTrigger struct {
	word     string // of eventWords, "" for a mapping
	schedule val[string]
	state    val[string]
	api      val[[]val[string]]
	outcome  val[rawOutcome]
}

// rawOutcome is what another policy did.
type rawOutcome struct{ policy, action val[string] }

var triggerSection = section[rawTrigger]{name: "on", doc: "What wakes the policy where deployed.", fields: []field[rawTrigger]{
	key("schedule", "rate(…) or cron(…), in EventBridge's grammar, in the zone of the settings.", scheduleKind, func(t *rawTrigger) *val[string] { return &t.schedule }),
	key("state", "The state that an instance comes into: running.", word("pending", "running", "stopping", "stopped", "shutting-down", "terminated"),
		func(t *rawTrigger) *val[string] { return &t.state }),
	key("api", "API calls about its resources: [ec2:AuthorizeSecurityGroupIngress].", listOf(callKind), func(t *rawTrigger) *val[[]val[string]] { return &t.api }),
	key("outcome", "What another policy did.", outcomeSection.kind(), func(t *rawTrigger) *val[rawOutcome] { return &t.outcome }),
}, check: func(r *reporter, n *node, t *rawTrigger) {
	if len(n.pairs) != 1 {
		r.fault(n, "write a list: on: [{schedule: rate(1 day)}, {state: running}]", "each item of on is one thing")
	}
}, refine: func(o object) { o["minProperties"], o["maxProperties"] = 1, 1 }}

var outcomeSection = section[rawOutcome]{name: "outcome", doc: "What another policy did.", fields: []field[rawOutcome]{
	must(key("policy", "The other policy's name.", policyName, func(o *rawOutcome) *val[string] { return &o.policy })),
	must(key("action", "What it did: stop.", word(outcomeWords()...), func(o *rawOutcome) *val[string] { return &o.action })),
}}

// outcomeWords are the actions that are published.
func outcomeWords() []string {
	var words []string
	for _, k := range action.All() {
		if k != action.Mark && k != action.Unmark && k != action.Backup && k != action.Restore {
			words = append(words, k.String())
		}
	}
	return words
}

// callPattern is service:Call. The service is the first part of CloudTrail's
// eventSource, as in IAM permissions for most.
var callPattern = regexp.MustCompile(`^[a-z0-9-]{2,40}:[A-Z][A-Za-z0-9_]{1,80}$`)

var callKind = text.that(func(s string) (string, string) {
	if !callPattern.MatchString(s) {
		return "is no API call", "write service:Call as CloudTrail names them: ec2:ModifyInstanceAttribute"
	}
	return "", ""
}).with(object{"pattern": callPattern.String()})

// looksOnly warns of a call that changes nothing: CloudTrail calls it read-only,
// and EventBridge leaves such calls out unless a rule asks for them ("Receiving
// read-only management events from AWS services").
func (l *loader) looksOnly(c val[string]) {
	_, name, _ := strings.Cut(c.v, ":")
	if strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "List") {
		l.warn(c.at, "name a call that changes something", "%s only looks, and wakes no policy", c.v)
	}
}

// triggerKind is a mapping or a plain word.
var triggerKind = kind[rawTrigger]{want: "{schedule: …}",
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"enum": eventWords}, triggerSection.schema(defs)}}
	},
	read: func(r *reporter, n *node) (rawTrigger, bool) {
		switch {
		case n.shape == mapping:
			return triggerSection.kind().read(r, n)
		case n.isText() && slices.Contains(eventWords, n.text):
			return rawTrigger{word: n.text}, !n.broken
		case n.isText() && !n.broken:
			hint := meant(n.text, append(slices.Clone(eventWords), triggerSection.keys()...))
			switch {
			case checkSchedule(n.text) == nil:
				hint = "write {schedule: …} around it"
			case slices.Contains(triggerSection.keys(), n.text):
				hint = fmt.Sprintf("write {%s: …}", n.text)
			}
			r.fault(n, hint, "%s is nothing that wakes a policy", n.show())
		default:
			r.wrong(n, "{schedule: …}", "or created, {state: running}, tags_changed, {api: […]}, config, {outcome: …}")
		}
		return rawTrigger{}, false
	}}

// buildTriggers says what wakes a policy.
func (l *loader) buildTriggers(p *policyDraft) {
	for _, t := range p.raw.on.v {
		switch {
		case t.v.word == onCreated:
			p.Wakes.Created = true
			l.checkCreated(p, t.at)
		case t.v.word == onTagsChanged:
			p.Wakes.TagsChanged = true
		case t.v.word == onConfig:
			p.Wakes.Config = true
		case t.v.schedule.set() && p.Schedule != "":
			l.fault(t.v.schedule.at, "one schedule can say several times: cron(0 6,18 * * ? *)", "a policy has one schedule, this is a second")
		case t.v.schedule.set():
			p.Schedule = t.v.schedule.v
		case t.v.state.set():
			p.Wakes.States = append(p.Wakes.States, t.v.state.v)
			if !p.Concerns(resource.EC2Instance) && len(p.Types) > 0 {
				l.fault(t.v.state.at, "write resource: ec2:instance", "only instances tell of their state, and the policy is about none")
			}
		case t.v.api.set():
			p.Wakes.Calls = append(p.Wakes.Calls, values(t.v.api)...)
			for _, c := range t.v.api.v {
				l.looksOnly(c)
			}
		case t.v.outcome.set():
			k, _ := action.Parse(t.v.outcome.v.action.v)
			p.Wakes.Outcomes = append(p.Wakes.Outcomes, OutcomeOf{Policy: t.v.outcome.v.policy.v, Action: k})
		}
	}
	if p.raw.settle.set() && !p.Wakes.Any() {
		l.fault(p.raw.settle.at, "write on: created, or another event", "settle waits after an event, and no event wakes the policy")
	}
	if p.raw.sweep.set() && !p.Wakes.Any() {
		l.fault(p.raw.sweep.at, "leave it out", "sweep is about the daily sweep of a policy that events wake, and none wakes this one")
	}
	p.Settle, p.NoSweep = p.raw.settle.v, p.raw.sweep.set() && !p.raw.sweep.v
}

// checkCreated looks for types whose creation no event tells.
func (l *loader) checkCreated(p *policyDraft, at *node) {
	for _, t := range p.Types {
		if t != resource.Any && len(creation.ByType(t)) == 0 {
			l.fault(at, "write on: {schedule: …} for it", "no event tells of the creation of %s", t)
		}
	}
}

// checkOutcomes looks for policies that are not there and for those that would
// wake each other for ever.
func (l *loader) checkOutcomes() {
	for _, p := range l.policies {
		for _, t := range p.raw.on.v {
			o := t.v.outcome
			if !o.set() || !o.v.policy.set() {
				continue
			}
			of := l.set.Policy(o.v.policy.v)
			if of == nil && !l.partial {
				l.fault(o.v.policy.at, meant(o.v.policy.v, l.policyNames()), "there is no policy %s", o.v.policy.at.show())
				continue
			}
			if of != nil && l.follows(of, p.Policy, nil) {
				l.fault(o.v.policy.at, "let one of them run on a schedule", "the policies %s and %s would wake each other in a circle", p.Name, of.Name)
			}
		}
	}
}

// follows says whether one policy is woken by what another does, directly or
// by way of others.
func (l *loader) follows(p, other *Policy, seen []string) bool {
	if p.Name == other.Name {
		return true
	}
	if slices.Contains(seen, p.Name) {
		return false
	}
	for _, o := range p.Wakes.Outcomes {
		if of := l.set.Policy(o.Policy); of != nil && l.follows(of, other, append(seen, p.Name)) {
			return true
		}
	}
	return false
}

func (l *loader) policyNames() []string {
	var names []string
	for _, p := range l.policies {
		names = append(names, p.Name)
	}
	return names
}

// childWords are what can get the tags of what it belongs to, with the types
// that have such children.
var childWords = map[string]struct {
	child resource.Type
	of    []resource.Type
}{
	"volumes":            {resource.EC2Volume, []resource.Type{resource.EC2Instance}},
	"network_interfaces": {resource.EC2NetworkInterface, []resource.Type{resource.EC2Instance}},
	"snapshots":          {resource.EC2Snapshot, []resource.Type{resource.EC2Image}},
}

// buildChildren says what gets the same tags.
func (l *loader) buildChildren(p *policyDraft) {
	for _, c := range p.raw.children.v {
		w := childWords[c.v]
		p.Children = append(p.Children, w.child)
		if len(p.Types) > 0 && !slices.ContainsFunc(w.of, func(t resource.Type) bool { return slices.Contains(p.Types, t) }) {
			l.fault(c.at, "write resource: "+string(w.of[0]), "nothing that the policy is about has %s", strings.ReplaceAll(c.v, "_", " "))
		}
	}
	if p.raw.children.set() && p.at.child("tags") == nil && p.at.child("tags_from") == nil {
		l.fault(p.raw.children.at, "write tags: …", "children get the tags of a policy, and this one has none")
	}
}
