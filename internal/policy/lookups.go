package policy

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/expr"
)

// rawLookup is one table as the file names it.
type rawLookup struct{ csv, s3, dynamodb, region, key, value val[string] }

var lookupSection = section[rawLookup]{name: "a lookup", doc: "A table of keys and their values: one of csv, s3 and dynamodb.", fields: []field[rawLookup]{
	key("csv", "The file: CSV in UTF-8, its first line the names of the columns; a relative path starts at the policy file.", filled,
		func(t *rawLookup) *val[string] { return &t.csv }),
	key("s3", "The object with such a file: s3://BUCKET/KEY.", objectURL, func(t *rawLookup) *val[string] { return &t.s3 }),
	key("dynamodb", "The name of a DynamoDB table; its attributes are the columns.", tableName, func(t *rawLookup) *val[string] { return &t.dynamodb }),
	key("region", "Where the object or the table is; the region of the AWS configuration unless set.", region,
		func(t *rawLookup) *val[string] { return &t.region }),
	must(key("key", "The name of the column with the keys.", filled, func(t *rawLookup) *val[string] { return &t.key })),
	key("value", "The name of the column with the values; not needed for allowed.", filled, func(t *rawLookup) *val[string] { return &t.value }),
}, check: func(r *reporter, n *node, t *rawLookup) {
	r.exactlyOne(n, "a lookup", "csv", "s3", "dynamodb")
	if t.region.set() && t.csv.set() {
		r.fault(t.region.at, "leave it out", "a file has no region")
	}
}, refine: oneOf("csv", "s3", "dynamodb")}

// at is where the file says what the table is.
func (t *rawLookup) at() *node {
	for _, v := range []val[string]{t.csv, t.s3, t.dynamodb} {
		if v.set() {
			return v.at
		}
	}
	return nil
}

// ref is the document that the table is kept in; false for a file.
func (t *rawLookup) ref() (document.Ref, bool) {
	switch {
	case t.dynamodb.set():
		return document.TableRef(t.dynamodb.v, t.region.v), true
	case t.s3.set():
		r, ok := document.ObjectRef(t.s3.v)
		r.Region = t.region.v
		return r, ok
	default:
		return document.Ref{}, false
	}
}

// objectURL is where an object in S3 is.
var objectURL = text.that(func(s string) (string, string) {
	if _, ok := document.ObjectRef(s); !ok {
		return "is not the URL of an object in S3", "it is written like s3://bucket/people.csv"
	}
	return "", ""
}).with(object{"pattern": `^s3://|\$\{`})

// buildTables adds up the files' tables and reads them. One that cannot be
// read has no rows here, so that what names it is no second mistake.
func (l *loader) buildTables() {
	first := map[string]*node{}
	left := MaxTables
	for _, f := range l.files {
		for _, e := range f.lookups.v {
			name := e.key.text
			if at, dup := first[name]; dup {
				l.fault(e.key, "give it another name", "the table %q is there twice (first at %s)", name, at.pos())
				continue
			}
			first[name] = e.key
			if !identifier.MatchString(name) {
				l.fault(e.key, "1 to 64 letters, digits, hyphens, dots and underscores", "%s is no name for a table", e.key.show())
			}
			t := &expr.Table{Name: name, KeysOnly: e.set() && e.at.child("value") == nil}
			l.tables = append(l.tables, t)
			switch ref, outside := e.v.ref(); {
			case !e.v.key.set():
			case outside:
				l.set.Outside = append(l.set.Outside, Outside{Ref: ref, Shown: e.v.at().bare(), Lookup: name})
				left -= l.outsideTable(&e.v, ref, left, t)
			case e.v.csv.set():
				left -= l.readTable(&e.v, left, t)
			}
		}
	}
}

// table is the table of that name, nil where there is none.
func (l *loader) table(name val[string]) *expr.Table {
	var names []string
	for _, t := range l.tables {
		if t.Name == name.v {
			return t
		}
		names = append(names, t.Name)
	}
	if !l.partial {
		slices.Sort(names)
		hint := "there are no tables: write them under lookups:"
		if len(names) > 0 {
			hint = meant(name.v, names)
		}
		l.fault(name.at, hint, "there is no table %s", name.at.show())
	}
	return nil
}
