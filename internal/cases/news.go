package cases

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/span"
)

// observed begins the keys of what is told while a policy only observes.
const observed = "would|"

// partial begins the keys of what is told of what is unknown: the repair of the
// tags that are certain.
const partial = "part|"

// Mended forgets that people were told of a repair of what is unknown, once it
// is made: the next is told again.
func (c *Case) Mended() {
	maps.DeleteFunc(c.Told, func(key string, _ time.Time) bool { return strings.HasPrefix(key, partial) })
}

// Item is one thing to tell about a case through one notify step.
type Item struct {
	Kind string // violation, reminder or standing: a plan.NewsKind
	Key  string
	Also []string // keys that count as told with it
}

// News is what a notify step has to tell of a case now. c is nil for a case
// that is new; timings are the case's steps. What is only observed, and what
// is only to be repaired, is told on keys of its own, so that everybody hears
// anew when it becomes a violation under enforce. One that came back after its
// case was closed is told again.
func News(n *eval.StepVerdict, v *eval.Verdict, c *Case, timings []Timing, now time.Time) []Item {
	t := teller{prefix: n.Step.ID + "|", now: now}
	switch {
	case v.Policy.Mode == policy.Observe:
		t.prefix = observed + t.prefix
	case v.Status == eval.Fixable:
		t.prefix = "fix|" + t.prefix
	case v.Status == eval.Unknown:
		t.prefix = partial + t.prefix
	}
	if c != nil && c.Closed.IsZero() {
		t.told = c.Told
	}
	// Where steps only wait for hours, nobody does anything wrong: there is
	// nothing to tell but results.
	if !t.was("violation") && !v.Policy.Timed() {
		return []Item{{Kind: "violation", Key: t.prefix + "violation"}}
	}
	items := t.reminders(n, timings)
	if every := n.Step.Every; every > 0 && len(items) == 0 && now.Sub(t.last()) >= every-slack(every) {
		items = append(items, Item{Kind: "standing", Key: t.prefix + "standing"})
	}
	return items
}

// slack is how much early a standing digest may be: a daily one, sent by a
// daily schedule that is some minutes late one day and on time the next, must
// not become one every second day.
func slack(every time.Duration) time.Duration { return min(every/10, time.Hour) }

type teller struct {
	prefix string
	told   map[string]time.Time
	now    time.Time
}

func (t *teller) was(key string) bool {
	_, ok := t.told[t.prefix+key]
	return ok
}

// last is when this step last told anything of the case.
func (t *teller) last() time.Time {
	var last time.Time
	for key, at := range t.told {
		if len(key) > len(t.prefix) && key[:len(t.prefix)] == t.prefix && at.After(last) {
			last = at
		}
	}
	return last
}

// reminders are due ahead of the next step. Of several that have become due
// since the last run only the nearest is told; the others count as told.
func (t *teller) reminders(n *eval.StepVerdict, timings []Timing) []Item {
	keys := t.passedKeys(n, timings)
	if len(keys) == 0 || t.was(keys[len(keys)-1]) {
		return nil
	}
	it := Item{Kind: "reminder", Key: t.prefix + keys[len(keys)-1]}
	for _, k := range keys[:len(keys)-1] {
		it.Also = append(it.Also, t.prefix+k)
	}
	return []Item{it}
}

// passedKeys are the keys of the reminders ahead of the next step whose time
// has come since the violation was told, the nearest to the deadline last. The
// notice of the violation says the same as those whose time had come by then.
func (t *teller) passedKeys(n *eval.StepVerdict, timings []Timing) []string {
	next, ok := Next(timings)
	if !ok || !next.Clock || len(n.Step.Before) == 0 {
		return nil
	}
	before := slices.Clone(n.Step.Before)
	slices.SortFunc(before, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	var keys []string
	told := t.told[t.prefix+"violation"]
	for _, d := range before {
		if at := next.At.Add(-d); told.Before(at) && !t.now.Before(at) && t.now.Before(next.At) {
			keys = append(keys, fmt.Sprintf("before|%s|%s|%s", next.Step.Step.ID, next.At.UTC().Format(time.RFC3339), span.Format(d)))
		}
	}
	return keys
}

// Next is the earliest step that is still ahead, other than a notice and what
// is done day by day at the edges of the hours, of which nobody is reminded.
func Next(timings []Timing) (Timing, bool) {
	best := -1
	for i, t := range timings {
		if t.Step.Step.Action == action.Notify || t.Step.Edge != nil || t.Due || t.Held || t.At.IsZero() {
			continue
		}
		if best < 0 || t.At.Before(timings[best].At) {
			best = i
		}
	}
	if best < 0 {
		return Timing{}, false
	}
	return timings[best], true
}

// Mark is the text of the mark for a deadline: "stop 2026-12-04 by
// cost-center". The date is that of the zone.
func Mark(k action.Kind, at time.Time, zone *time.Location, policyName string) string {
	return fmt.Sprintf("%s %s by %s", k, at.In(zone).Format(time.DateOnly), policyName)
}
