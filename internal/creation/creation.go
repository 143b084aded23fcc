package creation

import (
	"fmt"
	"slices"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// Creation is what a call made.
type Creation struct {
	// Made are the resources whose ids the record holds, each once, in the
	// order of the table and then of the record.
	Made []Made
	// Brings are the types of what came along and is not in the record: the
	// volumes of an instance, the snapshots of an image. To know them, describe
	// what was made.
	Brings []resource.Type
	// Parents are what the resources belong to by the tags in the record, the
	// nearest first: an Auto Scaling group, a fleet, a launch template, a
	// stack. Where a service made them, a person may be found there.
	Parents []resource.Parent
	// Overwrites says that the call also changes what exists, and that the
	// record does not tell which it did: what has an owner keeps it.
	Overwrites bool
}

// Made is one resource that a call made.
type Made struct {
	// Ref names it. Its ARN is "" where the record does not tell it, which is
	// so for an Auto Scaling group. Its type may be one that tagwarden does not
	// list.
	Ref resource.Ref
	// Known says that tagwarden lists the type.
	Known bool
	// Tags are those that the record shows on it. There may be more: a record
	// can be cut, and services add tags on their own.
	Tags tag.Set
	// Tagging is the call that tags it.
	Tagging Tagging
}

// Why is a reason for which a record made nothing.
type Why string

// The reasons.
const (
	Failed      Why = "failed"       // the call failed, or was a dry run
	NotListed   Why = "not listed"   // no creation that the table has
	NotTaggable Why = "not taggable" // what it makes carries no tags
	Updated     Why = "updated"      // it changed what was there
	NoID        Why = "no id"        // it made something, and the record does not say which or where
)

// Ignored is why a record made nothing that can be tagged.
type Ignored struct {
	Why Why
	// Text is a sentence without a full stop. It may hold what came from
	// outside.
	Text string
}

// Creation returns what the call made, or why there is nothing to be tagged.
// One of the two is empty: Made has at least one resource where Ignored is nil.
func (r *Record) Creation() (Creation, *Ignored) {
	if r.ErrorCode != "" {
		return Creation{}, &Ignored{Failed, "the call failed with " + r.ErrorCode}
	}
	rows := Rows(r.Key)
	switch {
	case len(rows) == 0:
		return Creation{}, &Ignored{NotListed, r.Key.String() + " is not among the calls that create what can be tagged"}
	case rows[0].Not != "":
		return Creation{}, &Ignored{NotTaggable, rows[0].Not}
	case r.Region == "" || r.Account == "":
		return Creation{}, &Ignored{NoID, r.Key.String() + " made something, but the record does not say in which account and region"}
	}
	var c Creation
	done := map[resource.Type]bool{}
	for i := range rows {
		row := &rows[i]
		if done[row.Type] {
			continue
		}
		if ignored := r.updated(row); ignored != nil {
			return Creation{}, ignored
		}
		made := r.made(row)
		done[row.Type] = len(made) > 0
		c.Made = append(c.Made, made...)
		if len(made) > 0 {
			c.Brings = append(c.Brings, row.Brings...)
			c.Overwrites = c.Overwrites || row.Overwrites
		}
	}
	if len(c.Made) == 0 {
		return Creation{}, &Ignored{NoID, fmt.Sprintf("%s made something, but the record does not say which: nothing at %s", r.Key, rows[0].At)}
	}
	c.Parents = r.parents(c.Made)
	return c, nil
}

// updated returns a reason where the record itself says that the call changed
// what was there.
func (r *Record) updated(row *Row) *Ignored {
	if row.Only == (filter{}) {
		return nil
	}
	said := false
	r.values(row.Only.path, func(v loose.Value) bool {
		said = v.Is(row.Only.value)
		return !said
	})
	if said {
		return nil
	}
	return &Ignored{Updated, fmt.Sprintf("%s changed what was there: %s is not %s", r.Key, row.Only.path, row.Only.value)}
}

// made returns what one row finds in the record, each resource once.
func (r *Record) made(row *Row) []Made {
	var made []Made
	for _, path := range row.paths() {
		for _, value := range r.texts(path) {
			ref, ok := r.ref(row, value)
			same := func(m Made) bool { return m.Ref == ref }
			if ok && !slices.ContainsFunc(made, same) {
				_, known := resource.SchemaOf(ref.Type)
				made = append(made, Made{Ref: ref, Known: known, Tagging: row.Tagging})
			}
		}
		if len(made) > 0 {
			break
		}
	}
	return made
}
