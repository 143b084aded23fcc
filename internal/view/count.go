package view

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
)

// tally is what Counts are made of, with the actions by kind.
type tally struct {
	Counts
	items int
	done  map[action.Kind]int
	would map[action.Kind]int
}

func tallyOf(items []Item) tally {
	t := tally{items: len(items), done: map[action.Kind]int{}, would: map[action.Kind]int{}}
	for i := range items {
		t.add(&items[i])
	}
	return t
}

func (t *tally) add(i *Item) {
	switch i.Status {
	case eval.Violating:
		t.Violations++
	case eval.Fixed:
		t.Fixed++
	}
	for _, l := range i.Results {
		switch l.State {
		case plan.Done:
			if i.Status == eval.Fixed && repairs(l.Action) {
				continue
			}
			t.Done++
			t.done[l.Action]++
		case plan.Failed:
			t.Failed++
		case plan.Held:
			t.Held++
		}
	}
	for _, l := range i.Next {
		if l.State == plan.Would {
			t.Would++
			t.would[l.Action]++
		}
	}
}

// repairs says whether an action is how tags are repaired.
func repairs(k action.Kind) bool { return k == action.Tag || k == action.Untag }

// Totals are the numbers of a whole digest. A resource that two steps of one
// policy tell here is counted once.
func (d *Digest) Totals() Counts { return tallyOf(d.items()).Counts }

// items are those of all sections, each pair of policy and resource once.
func (d *Digest) items() []Item {
	type pair struct{ policy, arn string }
	seen := make(map[pair]bool)
	var all []Item
	for _, s := range d.Sections {
		for _, i := range s.Items {
			if k := (pair{i.Policy, i.Resource.ARN}); !seen[k] {
				seen[k] = true
				all = append(all, i)
			}
		}
	}
	return all
}

// Summary is the section's numbers in words: "12 violations, 3 stopped".
func (s *Section) Summary() string { return tallyOf(s.Items).words(true) }

// words writes the numbers that are not zero; byKind says what was done with
// the actions' words rather than "done".
func (t tally) words(byKind bool) string {
	var parts []string
	say := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	say(t.Violations, plural(t.Violations, "violation"))
	say(t.Fixed, "fixed")
	if byKind {
		for _, k := range action.All() {
			say(t.done[k], k.Past())
		}
	} else {
		say(t.Done, "done")
	}
	say(t.Failed, "failed")
	say(t.Held, "held")
	if byKind {
		for _, k := range action.All() {
			say(t.would[k], "would be "+k.Past())
		}
	} else {
		say(t.Would, "would be done")
	}
	if len(parts) == 0 {
		say(t.items, plural(t.items, "finding"))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// Limits of a subject, in characters: mail programs show about 70, and SNS
// takes 99 at most. What the policy wrote itself may be longer than what
// tagwarden makes up.
const (
	maxSubject    = 200
	maxPolicyName = 40
)

// subject is the one that tagwarden makes up.
func (d *Digest) subject() string {
	names, observing := map[string]bool{}, true
	for _, s := range d.Sections {
		names[s.Policy] = true
		observing = observing && s.Mode == policy.Observe
	}
	t, what := tallyOf(d.items()), fmt.Sprintf("%d policies", len(names))
	if len(names) == 1 {
		what = Cut(d.Sections[0].Policy, maxPolicyName)
	}
	out := fmt.Sprintf("[tagwarden] %s: %s", what, t.words(len(names) == 1))
	if observing {
		out += " (observing only)"
	}
	return out
}

// Cut shortens text to n characters at most, the last of them "…" where
// something is missing.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:max(0, n-1)]) + "…"
}
