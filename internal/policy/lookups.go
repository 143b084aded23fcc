package policy

import (
	"slices"

	"github.com/tagwarden/tagwarden/internal/expr"
)

// rawLookup is one table as the file names it.
type rawLookup struct{ csv, key, value val[string] }

var lookupSection = section[rawLookup]{name: "a lookup", doc: "A table of keys and their values.", fields: []field[rawLookup]{
	must(key("csv", "The file: CSV in UTF-8, its first line the names of the columns; a relative path starts at the policy file.", filled,
		func(t *rawLookup) *val[string] { return &t.csv })),
	must(key("key", "The name of the column with the keys.", filled, func(t *rawLookup) *val[string] { return &t.key })),
	key("value", "The name of the column with the values; not needed for allowed.", filled, func(t *rawLookup) *val[string] { return &t.value }),
	later[rawLookup]("s3", "copy it to a file beside the policy file: csv: FILE"),
	later[rawLookup]("dynamodb", "write it to a file beside the policy file: csv: FILE"),
}}

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
			if e.v.csv.set() && e.v.key.set() {
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
