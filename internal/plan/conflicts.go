package plan

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/reason"
)

// conflicts holds what two policies want that cannot both be had: neither
// happens. What one of them has already counts too: otherwise two policies, of
// which one stops and one starts the same instance, would take turns.
func (d *decision) conflicts() {
	type place struct{ f, a int }
	var wanted []place
	for i := range d.findings {
		for j := range d.findings[i].Actions {
			a := &d.findings[i].Actions[j]
			if a.Action != action.Notify && (a.State == Planned || a.Code == reason.Already) {
				wanted = append(wanted, place{i, j})
			}
		}
	}
	hold := map[place]string{}
	for x, p := range wanted {
		for _, q := range wanted[x+1:] {
			a, b := &d.findings[p.f].Actions[p.a], &d.findings[q.f].Actions[q.a]
			if why := contradict(a, b); why != "" && rivals(a, b, p.f == q.f) {
				hold[p] = fmt.Sprintf("policy %s wants %s", d.findings[q.f].Policy, describe(b))
				hold[q] = fmt.Sprintf("policy %s wants %s", d.findings[p.f].Policy, describe(a))
			}
		}
	}
	for _, p := range wanted {
		if why := d.kept(p.f, &d.findings[p.f].Actions[p.a]); why != "" && hold[p] == "" {
			hold[p] = why
		}
	}
	for p, why := range hold {
		a := &d.findings[p.f].Actions[p.a]
		a.State, a.Code, a.Reason = Held, reason.Conflict, "conflict: "+why
	}
}

// kept says which other policy wants to keep a tag that the action of a
// finding would change, "" where none does. Two policies that each rename to
// the other's key would delete both, and one that renames what another wants
// would do so again and again.
func (d *decision) kept(finding int, a *Action) string {
	if a.Action != action.Tag && a.Action != action.Untag || a.State != Planned {
		return ""
	}
	for _, k := range d.g.keeps {
		want := &Action{Action: action.Tag, Tags: k.tags}
		if key := contradict(a, want); key != "" && k.policy != d.findings[finding].Policy {
			return fmt.Sprintf("policy %s wants tag %s=%s", k.policy, key, k.tags[key])
		}
	}
	for _, k := range d.g.rests {
		for _, key := range a.Keys {
			if (slices.Contains(k.keys, key) || a.Step == "" && d.mutual(k.policy, d.findings[finding].Policy, key)) && k.policy != d.findings[finding].Policy {
				return fmt.Sprintf("policy %s wants tag %s", k.policy, key)
			}
		}
	}
	return ""
}

// mutual says whether one policy would rename back to a key what another
// renames from it.
func (d *decision) mutual(back, from, key string) bool {
	theirs, ours := d.c.Set.Policy(back), d.c.Set.Policy(from)
	return slices.ContainsFunc(theirs.Tags, func(t policy.TagRule) bool {
		return t.Key == key && slices.ContainsFunc(ours.Tags, func(o policy.TagRule) bool { return o.Renames(key) && t.Renames(o.Key) })
	})
}

// rivals says whether two actions compete. Within one policy a later step may
// undo what an earlier one has brought about, and a repair deletes the tag
// that it renames.
func rivals(a, b *Action, samePolicy bool) bool {
	if samePolicy {
		return a.State == Planned && b.State == Planned && (a.Step != "" || b.Step != "")
	}
	return a.State == Planned || b.State == Planned
}

// contradict says what two actions on one resource contradict each other in,
// "" where they do not.
func contradict(a, b *Action) string {
	if a.Action != action.Tag && a.Action != action.Untag {
		if a.Action.Opposes(b.Action) || a.Action == b.Action && elsewhere(a.Groups, b.Groups) {
			return a.Action.String()
		}
		return ""
	}
	for k, v := range a.Tags {
		if w, ok := b.Tags[k]; ok && w != v || slices.Contains(b.Keys, k) {
			return k
		}
	}
	for k := range b.Tags {
		if slices.Contains(a.Keys, k) {
			return k
		}
	}
	return ""
}

// describe names an action for a sentence.
func describe(a *Action) string {
	switch {
	case len(a.Tags) > 0:
		k := a.Tags.Keys()[0]
		return fmt.Sprintf("tag %s=%s", k, a.Tags[k])
	case len(a.Keys) > 0:
		return "to delete tag " + a.Keys[0]
	default:
		return "to " + a.Action.String() + " it"
	}
}
