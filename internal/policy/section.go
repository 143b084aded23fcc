package policy

import (
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// section is a mapping with known keys. The table of its fields is the one
// place that knows them: reading, messages and the JSON Schema follow from it.
type section[T any] struct {
	// name is what messages call it: "settings", "a tag rule".
	name   string
	doc    string
	fields []field[T]
	// check says more of the whole after its keys were read; may be nil.
	check func(r *reporter, n *node, v *T)
	// refine adds to the JSON Schema what the table does not say; may be nil.
	refine func(object)
}

// field is one key of a section.
type field[T any] struct {
	key, doc string
	required bool
	read     func(r *reporter, n *node, into *T)
	schema   func(defs object) object
}

// key is a field: its name, what it means, its kind, and where it goes.
func key[T, V any](name, doc string, k kind[V], at func(*T) *val[V]) field[T] {
	return field[T]{key: name, doc: doc, schema: k.schema,
		read: func(r *reporter, n *node, into *T) {
			if v, ok := k.read(r, n); ok {
				*at(into) = val[V]{v, n}
			}
		}}
}

// must is a field that cannot be left out.
func must[T any](f field[T]) field[T] {
	f.required = true
	return f
}

// kind is the section as a kind of value.
func (s *section[T]) kind() kind[T] {
	return kind[T]{want: "a mapping", schema: s.schema, read: func(r *reporter, n *node) (T, bool) {
		var v T
		if n.shape != mapping {
			r.wrong(n, "a mapping", "its keys: "+strings.Join(s.keys(), ", "))
			return v, false
		}
		s.into(r, n, &v, map[string]*node{})
		return v, true
	}}
}

// into reads the mapping's keys. seen are keys that were read before, where a
// section is written in two places.
func (s *section[T]) into(r *reporter, n *node, v *T, seen map[string]*node) {
	near := map[string]bool{} // keys that a mistyped one stands for
	for _, p := range n.pairs {
		if r.twice(p.key, seen) {
			continue
		}
		if !s.one(r, p, v) {
			near[diag.Suggest(p.key.text, s.keys())] = true
			r.fault(p.key, meant(p.key.text, s.keys()), "%s has no key %q", s.name, p.key.text)
		}
	}
	for _, f := range s.fields {
		if f.required && seen[f.key] == nil && !near[f.key] {
			r.fault(n, "write "+f.key+": …", "%s has no %q", s.name, f.key)
		}
	}
	if s.check != nil {
		s.check(r, n, v)
	}
}

// one reads one key, unless it is none of the section's.
func (s *section[T]) one(r *reporter, p pair, v *T) bool {
	i := slices.IndexFunc(s.fields, func(f field[T]) bool { return f.key == p.key.text })
	if i < 0 {
		return false
	}
	s.fields[i].read(r, p.value, v)
	return true
}

// keys are the names of the section's keys.
func (s *section[T]) keys() []string {
	var keys []string
	for _, f := range s.fields {
		keys = append(keys, f.key)
	}
	return keys
}

// schema refers to the section's JSON Schema, which it puts into defs.
func (s *section[T]) schema(defs object) object {
	return define(defs, s.name, s.whole)
}

// define puts a JSON Schema into defs, once, and refers to it.
func define(defs object, name string, schema func(object) object) object {
	name = strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(name, "a "), "an "), " ", "-")
	if _, ok := defs[name]; !ok {
		defs[name] = nil
		defs[name] = schema(defs)
	}
	return object{"$ref": "#/$defs/" + name}
}

// whole is the section's JSON Schema itself.
func (s *section[T]) whole(defs object) object {
	properties := object{}
	var required []string
	for _, f := range s.fields {
		p := f.schema(defs)
		p["description"] = f.doc
		properties[f.key] = p
		if f.required {
			required = append(required, f.key)
		}
	}
	o := object{"type": "object", "description": s.doc, "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	if s.refine != nil {
		s.refine(o)
	}
	return o
}
