package resource

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
)

// FieldType is what an expression sees in a field.
type FieldType string

// The field types, named as CEL names them.
const (
	String     FieldType = "string"
	Bool       FieldType = "bool"
	Int        FieldType = "int"
	Timestamp  FieldType = "timestamp"
	Duration   FieldType = "duration"
	StringList FieldType = "list(string)"
	StringMap  FieldType = "map(string, string)"
	ParentRef  FieldType = "parent"
	RuleList   FieldType = "list(rule)"
)

// Field is one fact of a type as expressions, documentation and JSON see it.
type Field struct {
	Name string
	Type FieldType
	// Doc is a sentence without a full stop.
	Doc string
	// Fact is what must be fetched to know it.
	Fact need.Fact
	// Get returns a string, bool, int, time.Time, time.Duration, []string,
	// map[string]string, Parent or []Rule as Type says; *MissingFact or *UnreadFact for
	// a fact that is not there, another error where AWS does not know it.
	Get func(r Resource, now time.Time) (any, error)
}

// Column is one piece of a resource that people are shown in a message.
type Column struct {
	Title string
	// Get returns the text, and a word of the column's own where there is none.
	Get func(r Resource, now time.Time) string
}

// Schema is everything that is said of a type once.
type Schema struct {
	Type Type
	// Title names it to people: "EC2 instance".
	Title string
	// Doc is a sentence.
	Doc string
	// Fields are sorted by name.
	Fields []Field
	// Columns are what a message shows of it, after its id.
	Columns []Column
	// Actions are what can be done to it, beside notify and marks.
	Actions []action.Kind
	// Metrics is what CloudWatch measures of it, nil for nothing.
	Metrics *Metrics
}

// Field returns the field of that name.
func (s *Schema) Field(name string) (Field, bool) {
	i, ok := slices.BinarySearchFunc(s.Fields, name, func(f Field, n string) int { return cmp.Compare(f.Name, n) })
	if !ok {
		return Field{}, false
	}
	return s.Fields[i], true
}

// schemas is the one list of the types there are, beside Any.
var schemas = []*Schema{
	groupSchema, tableSchema,
	elasticIPSchema, imageSchema, instanceSchema, networkACLSchema, networkInterfaceSchema,
	securityGroupSchema, snapshotSchema, subnetSchema, volumeSchema, vpcSchema,
	functionSchema, dbClusterSchema, databaseSchema, dbSnapshotSchema, bucketSchema,
}

// Schemas returns every type, sorted by name.
func Schemas() []*Schema { return allSchemas }

// SchemaOf returns the schema of a type.
func SchemaOf(t Type) (*Schema, bool) {
	for _, s := range allSchemas {
		if s.Type == t {
			return s, true
		}
	}
	return nil, false
}

// field makes a Field whose getter knows the struct of its type. Every getter
// is only ever given resources of its own schema's type.
func field[R Resource](name string, t FieldType, fact need.Fact, doc string, get func(R, time.Time) (any, error)) Field {
	return Field{Name: name, Type: t, Doc: doc, Fact: fact, Get: func(r Resource, now time.Time) (any, error) {
		return get(r.(R), now)
	}}
}

// plain is field for what is always known.
func plain[R Resource](name string, t FieldType, fact need.Fact, doc string, get func(R) any) Field {
	return field(name, t, fact, doc, func(r R, _ time.Time) (any, error) { return get(r), nil })
}

// shared are the fields that every type has.
func shared[R Resource](fact need.Fact) []Field {
	return []Field{
		plain(`id`, String, fact, "its id, as the service names it", func(r R) any { return r.Ref().ID }),
		plain(`arn`, String, fact, "its ARN", func(r R) any { return r.Ref().ARN }),
		plain(`type`, String, fact, "its type, as in a policy's resource", func(r R) any { return string(r.Ref().Type) }),
		plain(`account`, String, fact, "the 12 digits of the account it is in", func(r R) any { return r.Ref().Account }),
		plain(`region`, String, fact, "the region it is in", func(r R) any { return r.Ref().Region }),
		plain(`name`, String, fact, "the value of its Name tag, \"\" without one", func(r R) any { return r.Tags()["Name"] }),
		plain(`tags`, StringMap, fact, "its tags without tagwarden's own mark", func(r R) any { return map[string]string(r.Tags()) }),
		untaggedField[R](fact),
	}
}

// sorted returns fields by name.
func sorted(fields []Field) []Field {
	slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	return fields
}
