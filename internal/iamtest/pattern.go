package iamtest

import (
	"fmt"
	"strings"
)

// pattern is text with wildcards and variables.
type pattern []part

// part is a wildcard ('*' or '?'), a variable, or text.
type part struct {
	wild     byte
	variable string
	// otherwise is the default of a variable, nil for none.
	otherwise *string
	text      string
}

// compile reads a pattern. ${*}, ${?} and ${$} are those characters, where
// there are variables.
func compile(s string, variables bool) pattern {
	var p pattern
	for s != "" {
		switch {
		case s[0] == '*' || s[0] == '?':
			p = append(p, part{wild: s[0]})
			s = s[1:]
		case variables && strings.HasPrefix(s, "${") && strings.Contains(s, "}"):
			end := strings.IndexByte(s, '}')
			p = append(p, variable(s[2:end]))
			s = s[end+1:]
		default:
			n := strings.IndexAny(s[1:], "*?$")
			if n < 0 {
				n = len(s) - 1
			}
			p = append(p, part{text: s[:n+1]})
			s = s[n+1:]
		}
	}
	return p
}

func variable(s string) part {
	switch s {
	case "*", "?", "$":
		return part{text: s}
	}
	name, rest, ok := strings.Cut(s, ",")
	one := part{variable: strings.TrimSpace(name)}
	if value := strings.TrimSpace(rest); ok && len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		value = value[1 : len(value)-1]
		one.otherwise = &value
	}
	return one
}

// resolve fills the variables in. It is false where one has no value, or
// several.
func (p pattern) resolve(c Context) (pattern, bool) {
	out := make(pattern, 0, len(p))
	for _, one := range p {
		if one.variable != "" {
			values := c.get(one.variable)
			switch {
			case len(values) == 1:
				one = part{text: values[0]}
			case len(values) == 0 && one.otherwise != nil:
				one = part{text: *one.otherwise}
			default:
				return nil, false
			}
		}
		out = append(out, one)
	}
	return out, true
}

// match says whether the whole of s is as the pattern has it. What a variable
// has put in stands for itself.
func (p pattern) match(s string) bool {
	// cells are the pattern's characters and wildcards, one each.
	type cell struct {
		wild byte
		c    rune
	}
	var cells []cell
	for _, one := range p {
		if one.wild != 0 {
			cells = append(cells, cell{wild: one.wild})
			continue
		}
		for _, c := range one.text {
			cells = append(cells, cell{c: c})
		}
	}
	text := []rune(s)
	at, back, mark := 0, -1, 0
	for n := 0; n < len(text); {
		switch {
		case at < len(cells) && cells[at].wild == '*':
			back, mark = at, n
			at++
		case at < len(cells) && (cells[at].wild == '?' || cells[at].wild == 0 && cells[at].c == text[n]):
			at++
			n++
		case back >= 0:
			mark++
			at, n = back+1, mark
		default:
			return false
		}
	}
	for at < len(cells) && cells[at].wild == '*' {
		at++
	}
	return at == len(cells)
}

// string is the pattern as text, its wildcards as they are written.
func (p pattern) string() string {
	var b strings.Builder
	for _, one := range p {
		if one.wild != 0 {
			b.WriteByte(one.wild)
			continue
		}
		b.WriteString(one.text)
	}
	return b.String()
}

// fields are the fields of an ARN, of a pattern that is resolved.
func (p pattern) fields() []pattern {
	out := []pattern{nil}
	for _, one := range p {
		for text, more := one.text, true; more; {
			before, after, colon := strings.Cut(text, ":")
			if more = colon && len(out) < fields; !more {
				before = text
			}
			last := &out[len(out)-1]
			*last = append(*last, part{wild: one.wild, text: before})
			if more {
				out, text = append(out, nil), after
			}
		}
	}
	return out
}

// fields is how many an ARN has; the last is whatever follows the fifth colon.
const fields = 6

// arnPattern is a pattern of each field of an ARN. An empty one is "*".
type arnPattern []pattern

func compileARN(s string, variables bool) (arnPattern, error) {
	if s == "*" {
		return nil, nil
	}
	parts := split(s, variables)
	if len(parts) != fields || parts[0] != "arn" || strings.ContainsAny(parts[2], "*?") || parts[2] == "" {
		return nil, fmt.Errorf("%q is no ARN", s)
	}
	var out arnPattern
	for _, f := range parts {
		out = append(out, compile(f, variables))
	}
	return out, nil
}

// split is the fields of an ARN, whose colons are not those of variables.
func split(s string, variables bool) []string {
	var out []string
	depth, from := 0, 0
	for i := range len(s) {
		switch {
		case variables && strings.HasPrefix(s[i:], "${"):
			depth++
		case s[i] == '}' && depth > 0:
			depth--
		case s[i] == ':' && depth == 0 && len(out) < fields-1:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// match compares field by field: no wildcard reaches over a colon, but for those
// of the last field.
func (p arnPattern) match(arn string, c Context) bool {
	if p == nil {
		return true
	}
	parts := strings.SplitN(arn, ":", fields)
	if len(parts) != fields {
		return false
	}
	for i, f := range p {
		resolved, ok := f.resolve(c)
		if !ok || !resolved.match(parts[i]) {
			return false
		}
	}
	return true
}
