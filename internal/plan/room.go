package plan

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// room holds what AWS would refuse for want of room: each policy's tags may fit
// alone and those of all be too many, and one call writes them all. What
// replaces a value comes first, so that nobody keeps a forged owner by filling
// a resource with tags; for the rest, the order of the policies decides.
func (d *decision) room() {
	var writes []*Action
	d.planned(func(_ *Finding, a *Action) {
		if a.Action == action.Tag {
			writes = append(writes, a)
		}
	})
	if len(writes) == 0 {
		return
	}
	have := d.worn()
	slices.SortStableFunc(writes, func(a, b *Action) int { return replaced(b, have) - replaced(a, have) })
	for _, a := range writes {
		if err := tag.Fits(have, tag.Diff{Set: a.Tags}); err != nil {
			a.State, a.Code, a.Reason = Held, reason.TagLimit, "with its other tags it does not fit: "+err.Error()
			continue
		}
		maps.Copy(have, a.Tags)
	}
}

// renames keeps what would be deleted as another spelling of a tag that this
// repair does not come to write.
func (d *decision) renames() {
	for i := range d.findings {
		var written *Action
		for j := range d.findings[i].Actions {
			a := &d.findings[i].Actions[j]
			switch {
			case a.Step != "":
			case a.Action == action.Tag:
				written = a
			case a.Action == action.Untag && a.State == Planned && written != nil && written.State != Planned:
				a.State, a.Code, a.Reason = Held, reason.RenameIncomplete, "the new tag is not written, so the old one stays"
			}
		}
	}
}

// replaced is 1 where an action writes over a tag that is there, else 0.
func replaced(a *Action, have tag.Set) int {
	for k := range a.Tags {
		if _, there := have[k]; there {
			return 1
		}
	}
	return 0
}

// worn are the tags of the resource, its mark among them.
func (d *decision) worn() tag.Set {
	have := tag.Set{}
	maps.Copy(have, d.g.resource.Tags())
	if mark := d.g.resource.MarkValue(); mark != "" {
		have[d.c.Set.Settings.Mark] = mark
	}
	return have
}

// full says whether the resource has all the tags that AWS allows once those
// of this run are written.
func (d *decision) full() bool {
	have := d.worn()
	d.planned(func(_ *Finding, a *Action) {
		if a.Action == action.Tag {
			maps.Copy(have, a.Tags)
		}
	})
	return len(have.User()) >= tag.MaxPerResource
}
