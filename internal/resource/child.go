package resource

import (
	"maps"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
)

// Child is embedded by types that belong to another resource whose tags can be
// read. Its zero value is a child whose parent's tags were not read.
type Child struct {
	ParentTagSet Lazy[map[string]string]
}

// ParentTags are the tags of what it belongs to.
func (c *Child) ParentTags() Lazy[map[string]string] { return c.ParentTagSet }

// SetParentTags sets them once they were read, or could not be.
func (c *Child) SetParentTags(l Lazy[map[string]string]) { c.ParentTagSet = l }

// Parented is a resource of a type that embeds Child.
type Parented interface {
	Resource
	// Parent is what it belongs to; its Type is one of the types there are.
	Parent() Parent
	ParentTags() Lazy[map[string]string]
	SetParentTags(Lazy[map[string]string])
}

// HideParentMark takes the mark out of the tags of what a resource belongs to,
// as far as they were read.
func HideParentMark(r Resource, key string) {
	if c, ok := r.(Parented); ok {
		c.SetParentTags(without(c.ParentTags(), key))
	}
	if i, ok := r.(*Instance); ok {
		i.VPCTags = without(i.VPCTags, key)
	}
}

// without is tags without one of them. Several resources may share the map.
func without(l Lazy[map[string]string], key string) Lazy[map[string]string] {
	if _, ok := l.value[key]; ok {
		l.value = maps.Clone(l.value)
		delete(l.value, key)
	}
	return l
}

// TagsOfParent is the name of the field for the parent's tags. Its dot makes
// it a field of the parent in expressions, with a fact of its own.
const TagsOfParent = "parent.tags"

// parentFields are the two fields of a child. listing tells the parent, tags is
// the fact that reading the parent's tags takes, doc says what the parent is.
func parentFields[R Parented](listing, tags need.Fact, doc string) []Field {
	return []Field{
		plain("parent", ParentRef, listing, doc+", as parent.type and parent.id; both \"\" without one", func(r R) any { return r.Parent() }),
		field(TagsOfParent, StringMap, tags, "the tags of its parent, none without one", func(r R, _ time.Time) (any, error) {
			if r.Parent() == (Parent{}) {
				return map[string]string{}, nil
			}
			return r.ParentTags().Get(tags)
		}),
	}
}

// parentOf is a parent with that id, none where it is "".
func parentOf(t Type, id string) Parent {
	if id == "" {
		return Parent{}
	}
	return Parent{Type: string(t), ID: id}
}

// ChildIDs are the ids of what belongs to a resource and is of a type: the
// volumes and network interfaces of an instance, the snapshots of an image.
func ChildIDs(r Resource, t Type) []string {
	switch r := r.(type) {
	case *Instance:
		switch t {
		case EC2Volume:
			return r.Volumes
		case EC2NetworkInterface:
			ids := make([]string, 0, len(r.Interfaces))
			for _, n := range r.Interfaces {
				ids = append(ids, n.ID)
			}
			return ids
		}
	case *Image:
		if t == EC2Snapshot {
			return r.Snapshots
		}
	}
	return nil
}

// Forming says whether a resource is so new that AWS does not tell yet what
// belongs to it: an instance that still starts shows no volume at first, and an
// image that is still made no snapshot.
func Forming(r Resource) bool {
	switch r := r.(type) {
	case *Instance:
		return r.State == "pending" && r.RootDevice == "ebs" && len(r.Volumes) == 0
	case *Image:
		return r.State == "pending" && r.RootDevice == "ebs" && len(r.Snapshots) == 0
	}
	return false
}

// Bare is a resource of one of the types that belong to others, of which no
// more is known than that it is there; nil for another type.
func Bare(ref Ref) Resource {
	base := Base{Reference: ref}
	switch ref.Type {
	case EC2Volume:
		return &Volume{Base: base}
	case EC2NetworkInterface:
		return &NetworkInterface{Base: base}
	case EC2Snapshot:
		return &Snapshot{Base: base}
	default:
		return nil
	}
}
