package policy

import (
	"time"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/span"
)

// computedMemory is the memory of a policy whose grace periods are computed,
// so that the longest is not known; 30 days are as long as most.
const computedMemory = 30 * span.Day

// hoursMemory is the memory of a policy of nothing but hours, for which there is
// no clock to keep: how long it knows that it stopped what was exempt since then.
// It is longer than any holidays.
const hoursMemory = 14 * span.Day

// buildPolicy makes a policy of what the file has.
func (l *loader) buildPolicy(p *policyDraft) {
	raw := &p.raw
	p.Was = values(raw.was)
	p.Description = raw.description.v
	l.buildTriggers(p)
	l.woken = p.Wakes.Any() || len(p.raw.on.v) == 0 && p.at.child("on") != nil // which has a mistake of its own
	defer func() { l.woken = false }()
	l.buildChildren(p)
	p.Mode = Observe
	if raw.mode.set() {
		p.Mode = Mode(raw.mode.v)
	}
	p.Limits = buildLimits(raw.limits)
	p.IncludeManaged = raw.includeManaged.v
	if len(p.Types) > 0 { // else every expression would be wrong
		p.Match = l.compile(raw.match, expr.Bool, p.Types)
		p.Exempt = l.exemptions(raw.exempt, p.Types)
	}
	l.buildRules(p)
	l.buildTagsFrom(p)
	l.buildHours(p)
	l.buildSteps(p)
	l.checkEdges(p)
	p.Memory = memory(raw.memory, p.Steps)
	if !raw.memory.set() && p.Timed() {
		p.Memory = hoursMemory
	}
	everything := len(p.Wakes.Outcomes) == 0 || !p.NoSweep // what another policy acted on was chosen by that
	if everything && !raw.match.set() && p.at.child("match") == nil && p.at.child("tags") == nil && p.at.child("tags_from") == nil && p.at.child("hours") == nil {
		l.warn(whereName(p), "write match or tags, unless this is meant", "with neither match nor tags, every resource of the type violates the policy")
	}
}

// whereName is where to point for what concerns a policy as a whole.
func whereName(p *policyDraft) *node {
	if p.raw.name.set() {
		return p.raw.name.at
	}
	return p.at
}

// memory is how long a closed case's clock is kept.
func memory(raw val[time.Duration], steps []Step) time.Duration {
	if raw.set() {
		return raw.v
	}
	longest := time.Duration(0)
	for _, s := range steps {
		switch {
		case s.After == nil:
		case s.After.Prog != nil:
			longest = max(longest, computedMemory)
		default:
			longest = max(longest, s.After.Fixed)
		}
	}
	return longest
}
