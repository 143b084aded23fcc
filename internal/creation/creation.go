package creation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// MaxMade is how many resources are taken from one record. A launched instance
// takes about a kilobyte of a record, and a record has room for 256.
const MaxMade = 1000

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
	// Cut says that the record holds more than MaxMade ids, and that the rest
	// is not in Made.
	Cut bool
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
	rows := Rows(r.Key)
	switch {
	case r.ErrorCode != "":
		return Creation{}, &Ignored{Failed, "the call failed with " + r.ErrorCode}
	case r.request.Field("dryRun").Is("true"): // Cloud9's do not fail, as EC2's do
		return Creation{}, &Ignored{Failed, "the call was a dry run"}
	case r.passing:
		return Creation{}, &Ignored{NotListed, "it tells that " + r.Key.String() + " passed an endpoint of a VPC: the call has a record of its own"}
	case len(rows) == 0:
		return Creation{}, &Ignored{NotListed, r.Key.String() + " is not among the calls that create what can be tagged"}
	case rows[0].Not != "":
		return Creation{}, &Ignored{NotTaggable, rows[0].Not}
	case r.Region == "" || r.Account == "":
		return Creation{}, &Ignored{NoID, r.Key.String() + " made something, but the record does not say in which account and region"}
	}
	return r.creation(rows)
}

// creation goes through the rows of an event. Of those of one type the first
// that finds something holds.
func (r *Record) creation(rows []Row) (Creation, *Ignored) {
	var c Creation
	for i := range rows {
		row := &rows[i]
		if slices.ContainsFunc(c.Made, func(m Made) bool { return m.Ref.Type == row.Type }) {
			continue
		}
		if !r.says(row.only) {
			return Creation{}, &Ignored{Updated, fmt.Sprintf("%s may have changed what was there: the record does not say that %s is %s", r.Key, row.only.path, row.only.value)}
		}
		before := len(c.Made)
		r.make(&c, row)
		if len(c.Made) > before {
			c.Brings = append(c.Brings, row.Brings...)
			c.Overwrites = c.Overwrites || row.Overwrites
		}
	}
	if len(c.Made) == 0 {
		return Creation{}, &Ignored{NoID, fmt.Sprintf("%s made something, but the record does not say which: nothing at %s", r.Key, rows[0].At)}
	}
	c.Parents = parents(c.Made)
	return c, nil
}

// says says whether the record holds the value at the path; of no path it does.
func (r *Record) says(f filter) bool {
	return f.path == "" || !r.values(f.path, func(v, _ loose.Value) bool { return !v.Is(f.value) })
}

// asks says whether the request holds a text as a whole.
func (r *Record) asks(text string) bool {
	found := false
	everyText(r.request, func(s string) { found = found || s == text })
	return found
}

// make adds what one row finds in the record, each resource once.
func (r *Record) make(c *Creation, row *Row) {
	requested := r.requestTags(row.Type)
	_, known := resource.SchemaOf(row.Type)
	seen := map[string]bool{}
	for _, path := range strings.Split(row.At, "|") {
		r.values(path, func(v, in loose.Value) bool {
			ref, ok := r.ref(row, v.Text())
			switch {
			case !ok || seen[ref.ID] || mixed(path) && !ownARN(ref) || row.unasked && r.asks(v.Text()):
				return true
			case len(c.Made) == MaxMade:
				c.Cut = true
				return false
			}
			seen[ref.ID] = true
			c.Made = append(c.Made, Made{Ref: ref, Known: known, Tags: withTags(requested, in), Tagging: row.Tagging})
			return true
		})
		if len(seen) > 0 {
			return
		}
	}
}
