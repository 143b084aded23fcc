// Package tag holds tags as AWS knows them: a set of keys and values, the
// difference between two sets, and the limits a service puts on them.
package tag

import (
	"maps"
	"slices"
	"strings"
)

// Reserved is the prefix of keys that only AWS may write. Tags under it do
// not count towards MaxPerResource and never count as a user's tag.
const Reserved = "aws:"

// Set is the tags of one resource, by key. A nil Set is an empty one.
type Set map[string]string

// Keys returns the keys, sorted.
func (s Set) Keys() []string { return slices.Sorted(maps.Keys(s)) }

// Clone returns a copy that shares nothing with s; it is never nil.
func (s Set) Clone() Set {
	c := make(Set, len(s))
	maps.Copy(c, s)
	return c
}

// User returns the tags that are a user's own: all but those AWS reserves.
func (s Set) User() Set {
	u := make(Set, len(s))
	for k, v := range s {
		if !IsReserved(k) {
			u[k] = v
		}
	}
	return u
}

// IsReserved says whether only AWS may write the key. AWS compares the prefix
// without regard to case.
func IsReserved(key string) bool {
	return len(key) >= len(Reserved) && strings.EqualFold(key[:len(Reserved)], Reserved)
}

// Diff is a change of one resource's tags: what to set, then what to delete.
// A key is never in both.
type Diff struct {
	Set    Set      `json:"set,omitempty"`
	Delete []string `json:"delete,omitempty"`
}

// Empty says whether the change changes nothing.
func (d Diff) Empty() bool { return len(d.Set) == 0 && len(d.Delete) == 0 }

// Apply returns s after the change; s itself is not touched.
func (d Diff) Apply(s Set) Set {
	out := s.Clone()
	maps.Copy(out, d.Set)
	for _, k := range d.Delete {
		delete(out, k)
	}
	return out
}

// Compare returns the change that turns from into to.
func Compare(from, to Set) Diff {
	var d Diff
	for k, v := range to {
		if old, ok := from[k]; !ok || old != v {
			if d.Set == nil {
				d.Set = Set{}
			}
			d.Set[k] = v
		}
	}
	for _, k := range from.Keys() {
		if _, ok := to[k]; !ok {
			d.Delete = append(d.Delete, k)
		}
	}
	return d
}
