package resource

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
)

// Any is the type that stands for all: policies about it see everything that
// has an ARN, whatever its own type.
const Any Type = "any"

// Anything is what was read of a resource without asking its own service. Its
// Ref has its own type: one that tagwarden has, with the id it has there, or
// one it does not have ("sqs:queue"), with its ARN for an id.
type Anything struct {
	Base
	Lasting
	CreatedAt time.Time // zero where it was not told
	// NoCall is why tagwarden cannot change its tags, as a clause; "" where there
	// is a call for it, as far as is known.
	NoCall string
}

// Untaggable is why the tags of a resource cannot be changed, as a clause; ""
// where they can, as far as is known.
func Untaggable(r Resource) string {
	if a, ok := r.(*Anything); ok {
		return a.NoCall
	}
	return ""
}

// AnythingRef names what has an ARN. Where the ARN has no account or region the
// place's are taken. It is false for what is no ARN.
func AnythingRef(at Place, arn string) (Ref, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || parts[2] == "" || parts[5] == "" {
		return Ref{}, false
	}
	ref, ok := FromARN(arn)
	if !ok { // a name without the word for its type
		ref = Ref{Type: Type(parts[2]), Account: parts[4], Region: parts[3]}
	}
	if _, ours := nativeSchema(ref.Type); !ours {
		ref.ID = arn
	}
	ref.ARN, ref.Account, ref.Region = arn, cmp.Or(ref.Account, at.Account), cmp.Or(ref.Region, at.Region)
	return ref, true
}

// KindOf is the type as which a resource was read: Any for an Anything, its own
// for all others. It names the schema whose getters take the resource.
func KindOf(r Resource) Type {
	if _, ok := r.(*Anything); ok {
		return Any
	}
	return r.Ref().Type
}

// nativeSchema is the schema of a type other than Any.
func nativeSchema(t Type) (*Schema, bool) {
	i := slices.IndexFunc(schemas, func(s *Schema) bool { return s.Type == t })
	if i < 0 {
		return nil, false
	}
	return schemas[i], true
}

// allSchemas are Any and the types there are.
var allSchemas = append([]*Schema{{
	Type:    Any,
	Title:   "resource",
	Doc:     "Every resource with an ARN, of any type, with the fields that all of them share.",
	Actions: tagging,
	Fields:  sorted(slices.Concat(shared[Resource](need.Anything), anyCreated)),
	Columns: []Column{
		column("Type", func(r Resource) string { return string(r.Ref().Type) }),
		nameColumn, ownerColumn,
		column("ARN", func(r Resource) string { return r.Ref().ARN }),
	},
}}, schemas...)

var anyCreated = []Field{
	field("created_at", Timestamp, need.Anything, "when it was created, where AWS tells: mostly where AWS Config records it", createdOf),
	field("age", Duration, need.Anything, "how long ago it was created, where AWS tells", func(r Resource, now time.Time) (any, error) {
		v, err := createdOf(r, now)
		if err != nil {
			return nil, err
		}
		return now.Sub(v.(time.Time)), nil
	}),
}

// createdOf asks a resource of a type that tagwarden has by that type's field.
func createdOf(r Resource, now time.Time) (any, error) {
	if a, ok := r.(*Anything); ok {
		return timeOr(a.CreatedAt, "its creation")
	}
	if s, ok := nativeSchema(r.Ref().Type); ok {
		if f, ok := s.Field("created_at"); ok {
			return f.Get(r, now)
		}
	}
	return timeOr(time.Time{}, "its creation")
}
