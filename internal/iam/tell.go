package iam

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// What tagwarden puts on a bus is from this source and of this kind, and of no
// other; internal/trigger, which reads it, has the same words. Of a call with
// several events IAM is told all sources ("Example policy: Send events to a
// custom bus in a different account" in the EventBridge user guide).
var onlyOutcomes = Conditions{
	"ForAllValues:StringEquals": {"events:source": {"tagwarden"}},
	"StringEquals":              {"events:detail-type": {"tagwarden Outcome"}},
}

// systems adds what telling other systems takes: outcomes on a bus, all of them
// or what a policy follows, and answers to AWS Config.
func (b *builder) systems() {
	if b.readOnly {
		return
	}
	put := func(bus string, u Use) {
		if !strings.HasPrefix(bus, "arn:") {
			bus = "arn:{partition}:events:" + everything + ":{account}:event-bus/" + literal(bus)
		}
		for _, call := range need.PublishOutcomes {
			b.add(want{class: telling, permission: call.Permission(), on: []string{bus}, elsewhere: true, central: true, more: onlyOutcomes}, u)
		}
	}
	if bus := b.set.Settings.Outcomes; bus != "" {
		put(bus, Use{For: "the outcomes of all policies"})
	}
	for _, p := range b.set.Policies {
		if b.set.Settings.Outcomes == "" && slices.ContainsFunc(p.Wakes.Outcomes, b.happens) {
			put("default", Use{Policy: p.Name, For: "the outcomes that wake it"})
		}
		if p.Wakes.Config {
			for _, call := range need.AnswerConfig {
				b.add(want{class: telling, permission: call.Permission(), elsewhere: true, central: true}, Use{Policy: p.Name, For: "the answer to AWS Config"})
			}
		}
	}
}

// happens says whether a policy ever does that: one that observes only tells
// people.
func (b *builder) happens(o policy.OutcomeOf) bool {
	p := b.set.Policy(o.Policy)
	return p != nil && (p.Mode == policy.Enforce || o.Action == action.Notify)
}
