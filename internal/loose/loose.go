// Package loose reads JSON that others wrote and whose shape nobody promises:
// records of CloudTrail, above all, in which a list may be an array, an object,
// a string or "", and a field is there in one year and gone in the next. A
// Value never fails: what is absent, or of another type than was asked for, is
// absent. It reads in place, so that looking at five fields of a large record
// costs no more than one pass over it.
package loose

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// The bounds on a document. A record of CloudTrail is at most 256 KB, and 1 MB
// where it was enriched ("CloudTrail record contents"); its deepest field lies
// about a dozen levels down.
const (
	MaxSize  = 1 << 20 // bytes
	MaxDepth = 128     // arrays and objects within each other
)

// Errors of Parse.
var (
	ErrMalformed = errors.New("not a JSON document")
	ErrTooLarge  = errors.New("larger than it may be")
	ErrTooDeep   = errors.New("nested more than 128 levels deep")
)

// Value is one value of a document, the bytes of it from the first to the last.
// The zero Value is absent. It shares the memory of the document.
type Value struct{ raw []byte }

// Parse checks a document and returns the value it holds. Its errors wrap
// ErrMalformed, ErrTooLarge or ErrTooDeep.
func Parse(data []byte) (Value, error) { return ParseWithin(data, MaxSize) }

// ParseWithin is Parse for documents of up to max bytes.
func ParseWithin(data []byte, max int) (Value, error) {
	if len(data) > max {
		return Value{}, fmt.Errorf("reading %d bytes of JSON: %w", len(data), ErrTooLarge)
	}
	if deeper(data, MaxDepth) {
		return Value{}, fmt.Errorf("reading JSON: %w", ErrTooDeep)
	}
	if !json.Valid(data) {
		return Value{}, fmt.Errorf("reading JSON: %w", ErrMalformed)
	}
	start := space(data, 0)
	return Value{data[start:end(data, start)]}, nil
}

// Raw is the value as it stands in the document, nil where it is absent.
func (v Value) Raw() []byte { return v.raw }

// Exists says whether there is a value other than null.
func (v Value) Exists() bool { return len(v.raw) > 0 && v.raw[0] != 'n' }

// IsObject says whether the value is an object.
func (v Value) IsObject() bool { return len(v.raw) > 0 && v.raw[0] == '{' }

// IsList says whether the value is an array.
func (v Value) IsList() bool { return len(v.raw) > 0 && v.raw[0] == '[' }

// Text is the value of a string, "" for anything else. Numbers are not text:
// an account number loses its leading zeros on becoming one.
func (v Value) Text() string {
	if len(v.raw) == 0 || v.raw[0] != '"' {
		return ""
	}
	return unquote(v.raw)
}

// IsText says whether the value is a string.
func (v Value) IsText() bool { return len(v.raw) > 0 && v.raw[0] == '"' }

// Is says whether the value, a string or a number or a boolean, is written
// like this.
func (v Value) Is(text string) bool {
	switch {
	case len(v.raw) == 0 || v.IsObject() || v.IsList():
		return false
	case v.IsText():
		return says(v.raw, text)
	default:
		return string(v.raw) == text
	}
}

// Field returns the field of an object, absent where there is none. A name in
// another case is taken where the very name is absent, because CloudTrail's
// casing differs between services and years; of two of the same name the first.
func (v Value) Field(name string) Value {
	var folded Value
	for key, value := range v.fields() {
		if says(key, name) {
			return value
		}
		if folded.raw == nil && len(key) == len(name)+2 && strings.EqualFold(string(key[1:len(key)-1]), name) {
			folded = value
		}
	}
	return folded
}

// Fields are the fields of an object in their order; of anything else, none.
func (v Value) Fields() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for key, value := range v.fields() {
			if !yield(unquote(key), value) {
				return
			}
		}
	}
}

// fields are Fields with the names as they stand in the document.
func (v Value) fields() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if !v.IsObject() {
			return
		}
		for i := space(v.raw, 1); v.raw[i] != '}'; {
			keyEnd := end(v.raw, i)
			key := v.raw[i:keyEnd]
			start := space(v.raw, space(v.raw, keyEnd)+1)
			i = end(v.raw, start)
			if !yield(key, Value{v.raw[start:i]}) {
				return
			}
			i = next(v.raw, i)
		}
	}
}

// Items are the elements of an array; of anything else, none.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.IsList() {
			return
		}
		for i := space(v.raw, 1); v.raw[i] != ']'; {
			start := i
			i = end(v.raw, start)
			if !yield(Value{v.raw[start:i]}) {
				return
			}
			i = next(v.raw, i)
		}
	}
}

// next returns the place of the next element after one that ended at i, or of
// the bracket that closes the list.
func next(b []byte, i int) int {
	i = space(b, i)
	if b[i] == ',' {
		i = space(b, i+1)
	}
	return i
}

// space returns the place of the first byte from i on that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// end returns the place after the value that begins at i of a valid document.
func end(b []byte, i int) int {
	switch b[i] {
	case '"':
		return quoted(b, i)
	case '{', '[':
		depth := 0
		for ; i < len(b); i++ {
			switch b[i] {
			case '"':
				i = quoted(b, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return i
	default:
		for i < len(b) && b[i] > ' ' && b[i] != ',' && b[i] != '}' && b[i] != ']' {
			i++
		}
		return i
	}
}

// quoted returns the place after the string that begins at i.
func quoted(b []byte, i int) int {
	for i++; ; i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		first := i
		i += n
		if escapes := len(b[first:i]) - len(bytes.TrimRight(b[first:i], `\`)); escapes%2 == 0 {
			return i + 1
		}
	}
}

// says compares a string as it stands in the document, most of which need no
// unquoting.
func says(quoted []byte, text string) bool {
	if plain(quoted) {
		return string(quoted[1:len(quoted)-1]) == text
	}
	return unquote(quoted) == text
}

// plain says that a string stands for itself between its quotes.
func plain(quoted []byte) bool { return bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) }

// unquote returns what a string of a valid document says.
func unquote(quoted []byte) string {
	if plain(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return ""
	}
	return s
}

// deeper says whether brackets outside strings are nested more than limit deep.
func deeper(b []byte, limit int) bool {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = quoted(b, i) - 1
		case '{', '[':
			if depth++; depth > limit {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}
