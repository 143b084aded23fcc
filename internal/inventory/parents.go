package inventory

import (
	"context"
	"fmt"
	"maps"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// FillParentTags reads the tags of what resources of one place belong to and
// sets them in the resources: the tags, or why they could not be read. It is
// how a Source fills in the facts for them. Resources that belong to nothing of
// that type are left as they are.
func FillParentTags(ctx context.Context, src Source, at resource.Place, parent resource.Type, rs []resource.Resource) {
	byParent := map[string][]resource.Parented{}
	var ids []string
	for _, r := range rs {
		child, ok := r.(resource.Parented)
		if !ok || child.Parent().Type != string(parent) {
			continue
		}
		id := child.Parent().ID
		if byParent[id] == nil {
			ids = append(ids, id)
		}
		byParent[id] = append(byParent[id], child)
	}
	if len(ids) == 0 {
		return
	}
	found, err := src.Get(ctx, at, parent, ids)
	tags := map[string]map[string]string{}
	for _, p := range found {
		tags[p.Ref().ID] = p.Tags()
	}
	for id, children := range byParent {
		for _, child := range children {
			child.SetParentTags(tagsOf(at, parent, id, tags, err))
		}
	}
}

// tagsOf are the tags of one parent. One that is not there has none that could
// be read: "no tags" would be a guess.
func tagsOf(at resource.Place, parent resource.Type, id string, tags map[string]map[string]string, err error) resource.Lazy[map[string]string] {
	t, ok := tags[id]
	switch {
	case err != nil:
		return resource.Unread[map[string]string](err)
	case !ok:
		return resource.Unread[map[string]string](&fault.Error{Class: fault.NotFound, Call: "get " + string(parent), Region: at.Region,
			Message: fmt.Sprintf("%s is not there, or belongs to another account", id)})
	default:
		return resource.Known(maps.Clone(t))
	}
}
