package policy

import (
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// shape is what a value of a policy file is.
type shape uint8

const (
	scalar shape = iota
	mapping
	sequence
)

// style is how a scalar is written.
type style uint8

const (
	plain style = iota
	single
	double
	literal // |
	folded  // >
)

// source is one policy file while it is read.
type source struct {
	name  string
	dir   string
	open  Opener
	lines []string
	runes map[int][]rune // lines that were asked for by character
}

// node is one value or key of a policy file, with its place. It is what goccy's
// syntax tree is turned into, so that only this file's neighbours know goccy:
// aliases are replaced by what they name, and variables are filled in.
type node struct {
	src   *source
	shape shape
	style style
	line  int
	col   int
	width int
	// label is the key the value stands under, for messages.
	label string
	// text is a scalar's value with variables filled in, written without.
	text, written string
	fills         []fill
	// null says that nothing is written there at all, or ~.
	null bool
	// broken values were already complained about; nothing more is said of them.
	broken bool
	// hidden values are secrets wherever they come from: no message repeats them.
	hidden bool
	pairs  []pair
	items  []*node
}

// pair is one key of a mapping and its value.
type pair struct{ key, value *node }

// pos is where the node begins.
func (n *node) pos() diag.Pos { return diag.Pos{File: n.src.name, Line: n.line, Column: n.col} }

// secret says that part of the value came from the environment, so that it
// must not be repeated in a message.
func (n *node) secret() bool {
	for _, f := range n.fills {
		if f.env {
			return true
		}
	}
	return false
}

// show is the value as a message may repeat it: quoted, cut, and as written
// where part of it came from the environment.
func (n *node) show() string {
	const most = 60
	if n.hidden && !n.secret() {
		return "the value"
	}
	s := n.text
	if n.secret() {
		s = n.written
	}
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return `"` + s + `"`
}

// bare is show without the quotes, for what reads better without.
func (n *node) bare() string { return strings.Trim(n.show(), `"`) }

// lineText returns the text of a line, "" where there is none.
func (s *source) lineText(line int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	return s.lines[line-1]
}

// row returns the characters of a line. Kept, because a file may have all it
// says in one line.
func (s *source) row(line int) []rune {
	row, ok := s.runes[line]
	if !ok {
		row = []rune(s.lineText(line))
		if s.runes == nil {
			s.runes = map[int][]rune{}
		}
		s.runes[line] = row
	}
	return row
}

// is names what the value is, for a message.
func (n *node) is() string {
	switch {
	case n.shape == mapping:
		return "a mapping"
	case n.shape == sequence:
		return "a list"
	case n.null:
		return "nothing"
	case n.style != plain:
		return "a string"
	}
	switch resolve(n.text) {
	case plainBool:
		return "true or false"
	case plainNumber:
		return "a number"
	case plainNull:
		return "nothing"
	default:
		return "a string"
	}
}

// isText says whether the value is a string as it stands. What variables were
// filled into is always text: whoever wants a number reads it anew.
func (n *node) isText() bool {
	return n.shape == scalar && !n.null && (n.style != plain || len(n.fills) > 0 || resolve(n.text) == plainText)
}

// plainType is what a scalar without quotes means in YAML's core schema.
type plainType uint8

const (
	plainText plainType = iota
	plainNull
	plainBool
	plainNumber
)

func resolve(s string) plainType {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return plainNull
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return plainBool
	}
	if looksNumeric(s) {
		return plainNumber
	}
	return plainText
}

// looksNumeric says whether YAML's core schema reads the text as a number.
func looksNumeric(s string) bool {
	body := strings.TrimLeft(s, "+-")
	switch {
	case len(s)-len(body) > 1 || body == "":
		return false
	case strings.EqualFold(body, ".inf") || strings.EqualFold(s, ".nan"):
		return true
	case strings.HasPrefix(s, "0x"):
		return len(s) > 2 && strings.Trim(s[2:], "0123456789abcdefABCDEF") == ""
	case strings.HasPrefix(s, "0o"):
		return len(s) > 2 && strings.Trim(s[2:], "01234567") == ""
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(body), "e")
	if scientific {
		digits := strings.TrimLeft(exponent, "+-")
		if len(exponent)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
			return false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return whole+fraction != "" && strings.Trim(whole+fraction, "0123456789") == ""
}
