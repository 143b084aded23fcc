package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/span"
)

// val is a value that was read, and where. Its node is nil where the file does
// not have it, or has it wrong, which was then reported.
type val[T any] struct {
	v  T
	at *node
}

func (v val[T]) set() bool { return v.at != nil }

// kind is a type of value in a policy file: how it is read, and how an editor
// is told of it. Every key of every section has one.
type kind[T any] struct {
	// want names it in messages: "a string".
	want string
	// read returns false where the value is wrong, having said so.
	read func(r *reporter, n *node) (T, bool)
	// schema is its JSON Schema.
	schema func(defs object) object
}

// object is a JSON object of a JSON Schema.
type object = map[string]any

// wrong reports a value of the wrong type: what it is and what is wanted.
func (r *reporter) wrong(n *node, want, hint string) {
	if n.broken {
		return
	}
	what := "the file"
	if n.label != "" {
		what = strconv.Quote(n.label)
	}
	r.fault(n, hint, "%s must be %s, not %s", what, want, n.is())
}

// text is any string. A number or a truth value must be in quotes to be one.
var text = kind[string]{want: "a string", schema: func(defs object) object { return object{"type": "string"} },
	read: func(r *reporter, n *node) (string, bool) {
		if n.isText() {
			return n.text, !n.broken
		}
		hint := ""
		if n.shape == scalar && !n.null && !n.hidden {
			hint = fmt.Sprintf("put it in quotes: %q", n.text)
		}
		r.wrong(n, "a string", hint)
		return "", false
	}}

// variableSchema is what may stand where a number or a word is wanted.
func variableSchema() object {
	return object{"type": "string", "pattern": `\$\{`}
}

// boolean is true or false.
var boolean = kind[bool]{want: "true or false",
	schema: func(defs object) object { return object{"anyOf": []any{object{"type": "boolean"}, variableSchema()}} },
	read: func(r *reporter, n *node) (bool, bool) {
		if n.shape == scalar && (n.style == plain || len(n.fills) > 0) && resolve(n.text) == plainBool {
			return strings.EqualFold(n.text, "true"), !n.broken
		}
		hint := "write true or false without quotes"
		switch strings.ToLower(n.text) {
		case "yes", "on", "y":
			hint = "write true"
		case "no", "off", "n":
			hint = "write false"
		}
		r.wrong(n, "true or false", hint)
		return false, false
	}}

// count is a whole number that is not negative.
var count = kind[int]{want: "a number",
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"type": "integer", "minimum": 0}, variableSchema()}}
	},
	read: func(r *reporter, n *node) (int, bool) {
		if n.shape != scalar || n.null || n.style != plain && len(n.fills) == 0 || resolve(n.text) != plainNumber {
			hint := ""
			if n.shape == scalar && n.style != plain && resolve(n.text) == plainNumber {
				hint = "write it without quotes"
			}
			r.wrong(n, "a number", hint)
			return 0, false
		}
		v, err := strconv.Atoi(n.text)
		if err != nil || v < 0 {
			r.fault(n, "", "%q must be a whole number from 0, not %s", n.label, n.bare())
			return 0, false
		}
		return v, !n.broken
	}}

// length is a length of time: 7d.
var length = kind[time.Duration]{want: "a length of time such as 7d",
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"type": "string", "pattern": `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$`, "minLength": 2}, variableSchema()}}
	},
	read: func(r *reporter, n *node) (time.Duration, bool) {
		if !n.isText() {
			hint := ""
			if n.shape == scalar && resolve(n.text) == plainNumber {
				hint = fmt.Sprintf("write the unit with it: %sd or %sh", n.text, n.text)
			}
			r.wrong(n, "a length of time such as 7d", hint)
			return 0, false
		}
		d, err := span.Parse(n.text)
		if err != nil {
			r.fault(n, span.ErrSyntax.Error(), "%s is no length of time", n.show())
			return 0, false
		}
		return d, !n.broken
	}}

// that is the kind with a condition. check returns what is wrong with a value
// ("is no region"), "" where nothing is, and what would be right.
func (k kind[T]) that(check func(T) (wrong, hint string)) kind[T] {
	read := k.read
	k.read = func(r *reporter, n *node) (T, bool) {
		v, ok := read(r, n)
		if !ok {
			return v, false
		}
		if wrong, hint := check(v); wrong != "" {
			r.fault(n, hint, "%s %s", n.show(), wrong)
			return v, false
		}
		return v, true
	}
	return k
}

// hidden is the kind whose values no message repeats.
func (k kind[T]) hidden() kind[T] {
	read := k.read
	k.read = func(r *reporter, n *node) (T, bool) {
		n.hidden = true
		if !n.secret() { // else the name of a variable is in its place
			r.hidden = append(r.hidden, n)
		}
		return read(r, n)
	}
	return k
}

// with is the kind with more in its JSON Schema.
func (k kind[T]) with(more object) kind[T] {
	inner := k.schema
	k.schema = func(defs object) object {
		s := inner(defs)
		for name, v := range more {
			s[name] = v
		}
		return s
	}
	return k
}

// word is one of a few words.
func word(words ...string) kind[string] {
	want := strings.Join(words, " or ")
	return kind[string]{want: want,
		schema: func(defs object) object { return object{"anyOf": []any{object{"enum": words}, variableSchema()}} },
		read: func(r *reporter, n *node) (string, bool) {
			switch {
			case !n.isText():
				r.wrong(n, want, "")
			case !n.broken && !slices.Contains(words, n.text):
				r.fault(n, meant(n.text, words), "%q must be %s, not %s", n.label, want, n.show())
			default:
				return n.text, !n.broken
			}
			return "", false
		}}
}

// listOf is a list, or one value in place of a list of one.
func listOf[T any](k kind[T]) kind[[]val[T]] {
	return kind[[]val[T]]{want: "a list",
		schema: func(defs object) object {
			return object{"anyOf": []any{k.schema(defs), object{"type": "array", "items": k.schema(defs), "minItems": 1}}}
		},
		read: func(r *reporter, n *node) ([]val[T], bool) {
			items := []*node{n}
			if n.shape == sequence {
				items = n.items
			}
			if len(items) == 0 {
				r.fault(n, "leave the key out where there is nothing to say", "the list %q is empty", n.label)
				return nil, false
			}
			var out []val[T]
			good := true
			for _, item := range items {
				v, ok := k.read(r, item)
				if !ok {
					good = false
					continue
				}
				out = append(out, val[T]{v, item})
			}
			return out, good || len(out) > 0
		}}
}

// entry is one key of a mapping whose keys are the user's own.
type entry[T any] struct {
	key *node
	val[T]
}

// mapOf is a mapping whose keys are the user's own.
func mapOf[T any](k kind[T]) kind[[]entry[T]] {
	return kind[[]entry[T]]{want: "a mapping",
		schema: func(defs object) object { return object{"type": "object", "additionalProperties": k.schema(defs)} },
		read: func(r *reporter, n *node) ([]entry[T], bool) {
			if n.shape != mapping {
				r.wrong(n, "a mapping", "")
				return nil, false
			}
			seen := map[string]*node{}
			var out []entry[T]
			for _, p := range n.pairs {
				if r.twice(p.key, seen) {
					continue
				}
				e := entry[T]{key: p.key}
				if v, ok := k.read(r, p.value); ok {
					e.val = val[T]{v, p.value}
				}
				out = append(out, e)
			}
			return out, true
		}}
}

// twice reports a key that stood before, and remembers one that did not.
func (r *reporter) twice(key *node, seen map[string]*node) bool {
	if first, dup := seen[key.text]; dup {
		r.fault(key, "", "the key %q is there twice (first in line %d)", key.text, first.line)
		return true
	}
	seen[key.text] = key
	return false
}
