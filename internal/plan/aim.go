package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// aim writes into an action what its step does to this very resource, and
// returns why it cannot be done to it, or nil.
func aim(a *Action, sv *eval.StepVerdict, r resource.Resource) *resource.Refusal {
	switch s := sv.Step; a.Action {
	case action.Isolate:
		i, ok := r.(*resource.Instance)
		if !ok {
			return nil
		}
		groups, no := i.Quarantine(s.Groups)
		a.Groups = groups
		return no
	case action.Revoke:
		a.Rules = slices.Clone(sv.Rules)
		slices.SortFunc(a.Rules, func(x, y resource.Rule) int { return cmp.Compare(x.ID, y.ID) })
	case action.RunCommand:
		a.Document, a.Parameters = s.Document, slices.Sorted(maps.Keys(s.Parameters))
	case action.Invoke:
		a.Function = s.Function
	}
	return nil
}

// elsewhere says whether two isolations give one interface different groups.
func elsewhere(a, b map[string]string) bool {
	for id, group := range a {
		if other, ok := b[id]; ok && other != group {
			return true
		}
	}
	return false
}

// maxShown is how many rules a line shows. A security group can have a
// thousand.
const maxShown = 10

// Detail is what exactly an action writes, deletes, takes away or calls, as a
// line; "" where its word says it all.
func (a *Action) Detail() string {
	var parts []string
	for _, k := range a.Tags.Keys() {
		parts = append(parts, k+"="+a.Tags[k])
	}
	parts = append(parts, a.Keys...)
	for _, id := range slices.Sorted(maps.Keys(a.Groups)) {
		parts = append(parts, id+" to "+a.Groups[id])
	}
	for _, id := range slices.Sorted(maps.Keys(a.Former)) {
		parts = append(parts, id+" to "+strings.Join(a.Former[id], " and "))
	}
	parts = append(parts, a.Volumes...)
	if len(a.Backups) > 0 {
		parts = append(parts, "backed up by "+strings.Join(a.Backups, " and "))
	}
	for i, r := range a.Rules {
		if i == maxShown {
			parts = append(parts, fmt.Sprintf("and %d more", len(a.Rules)-i))
			break
		}
		parts = append(parts, r.String())
	}
	if a.Document != "" {
		parts = append(parts, a.Document)
	}
	if len(a.Parameters) > 0 {
		parts = append(parts, "with "+strings.Join(a.Parameters, " and "))
	}
	if a.Function != "" {
		parts = append(parts, a.Function)
	}
	return strings.Join(parts, ", ")
}
