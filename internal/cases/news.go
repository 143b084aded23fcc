package cases

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/span"
)

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
		t.prefix = "would|" + t.prefix
	case v.Status == eval.Fixable:
		t.prefix = "fix|" + t.prefix
	}
	if c != nil && c.Closed.IsZero() {
		t.told = c.Told
	}
	fresh := !t.was("violation")
	var items []Item
	if fresh {
		items = append(items, Item{Kind: "violation", Key: t.prefix + "violation", Also: t.passed(n, timings)})
	} else {
		items = append(items, t.reminders(n, timings)...)
		if every := n.Step.Every; every > 0 && len(items) == 0 && now.Sub(t.last()) >= every {
			items = append(items, Item{Kind: "standing", Key: t.prefix + "standing"})
		}
	}
	return items
}

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

// passed are the keys of reminders whose time has come already when the
// violation itself is told, which says the same.
func (t *teller) passed(n *eval.StepVerdict, timings []Timing) []string {
	var keys []string
	for _, k := range t.passedKeys(n, timings) {
		keys = append(keys, t.prefix+k)
	}
	return keys
}

// passedKeys are the keys of the reminders ahead of the next step whose time
// has come, the nearest to the deadline last.
func (t *teller) passedKeys(n *eval.StepVerdict, timings []Timing) []string {
	next, ok := Next(timings)
	if !ok || !next.Clock || len(n.Step.Before) == 0 {
		return nil
	}
	before := slices.Clone(n.Step.Before)
	slices.SortFunc(before, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	var keys []string
	for _, d := range before {
		if !t.now.Before(next.At.Add(-d)) && t.now.Before(next.At) {
			keys = append(keys, fmt.Sprintf("before|%s|%s|%s", next.Step.Step.ID, next.At.UTC().Format(time.RFC3339), span.Format(d)))
		}
	}
	return keys
}

// Next is the earliest step that is still ahead, other than a notice.
func Next(timings []Timing) (Timing, bool) {
	best := -1
	for i, t := range timings {
		if t.Step.Step.Action == action.Notify || t.Due || t.Held || t.At.IsZero() {
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
