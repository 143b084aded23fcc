package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// fill is one place of a scalar where what is read differs from what is
// written: a variable, or "$${" which stands for "${". Offsets are in
// characters, from and to in the written value, at and end in the read one.
type fill struct {
	from, to int
	at, end  int
	env      bool // the value is the environment's
}

// variable is a reference to the environment as written: ${NAME} or
// ${NAME:-default}.
type variable struct {
	name     string
	fallback string
	hasElse  bool
	length   int // bytes, from "$" to "}"
}

// scanVariable reads the reference that s begins with.
func scanVariable(s string) (variable, bool) {
	if !strings.HasPrefix(s, "${") {
		return variable{}, false
	}
	end := strings.IndexAny(s[2:], "{}\n")
	if end < 0 || s[2+end] != '}' {
		return variable{}, false
	}
	v := variable{length: end + 3}
	v.name, v.fallback, v.hasElse = strings.Cut(s[2:2+end], ":-")
	if v.name == "" || strings.ContainsFunc(v.name, notNameRune) || v.name[0] >= '0' && v.name[0] <= '9' {
		return variable{}, false
	}
	return v, true
}

// notNameRune says whether a character cannot be in a variable's name.
func notNameRune(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// trouble is a mistake inside a scalar: an offset in characters of the written
// value, and what to say.
type trouble struct {
	offset, width int
	summary, hint string
}

// expand fills in the variables of a value. It works on one scalar that YAML
// has already been read from, so no value can bring structure with it. As in a
// shell, the default of ${NAME:-default} also stands in for an empty value.
func expand(written string, env func(string) (string, bool)) (text string, fills []fill, troubles []trouble) {
	if !strings.Contains(written, "${") {
		return written, nil, nil
	}
	var b strings.Builder
	in, out := 0, 0 // characters so far
	for i := 0; i < len(written); {
		rest := written[i:]
		if strings.HasPrefix(rest, "$${") {
			b.WriteString("${")
			fills = append(fills, fill{from: in, to: in + 3, at: out, end: out + 2})
			i, in, out = i+3, in+3, out+2
			continue
		}
		if !strings.HasPrefix(rest, "${") {
			_, size := utf8.DecodeRuneInString(rest)
			b.WriteString(rest[:size])
			i, in, out = i+size, in+1, out+1
			continue
		}
		v, ok := scanVariable(rest)
		if !ok {
			troubles = append(troubles, trouble{in, 2, `"${" does not begin a variable here`,
				"write ${NAME} or ${NAME:-default}, and $${ where you mean the characters themselves"})
			b.WriteString("${")
			i, in, out = i+2, in+2, out+2
			continue
		}
		width := utf8.RuneCountInString(rest[:v.length])
		value, set := env(v.name)
		fromEnv := set && (value != "" || !v.hasElse)
		switch {
		case fromEnv && !utf8.ValidString(value):
			troubles = append(troubles, trouble{in, width,
				fmt.Sprintf("the environment variable %s is not valid UTF-8", v.name), ""})
			value = ""
		case !fromEnv && !v.hasElse:
			troubles = append(troubles, trouble{in, width,
				fmt.Sprintf("the environment variable %s is not set", v.name),
				fmt.Sprintf("set it, or give a default: ${%s:-…}", v.name)})
			value = ""
		case !fromEnv:
			value = v.fallback
		}
		b.WriteString(value)
		n := utf8.RuneCountInString(value)
		fills = append(fills, fill{from: in, to: in + width, at: out, end: out + n, env: fromEnv})
		i, in, out = i+v.length, in+width, out+n
	}
	return b.String(), fills, troubles
}

// Two things that YAML allows or everybody writes do not survive goccy's lexer:
// the braces of a variable between YAML's own, as in {stop: ${N}}, and a colon
// within a word between them, as in {resource: [ec2:volume]}. While goccy
// reads, they are therefore other characters: ones that Unicode promises to be
// of no use in text.
const (
	maskOpen  = '\ufdd0'
	maskClose = '\ufdd1'
	maskColon = '\ufdd2'
)

var (
	unmasker   = strings.NewReplacer(string(maskOpen), "{", string(maskClose), "}", string(maskColon), ":")
	maskColons = strings.NewReplacer(":", string(maskColon))
)

// mask replaces braces of variables and colons within words, one character for
// one.
func mask(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/16)
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '$':
			v, ok := scanVariable(s[i:])
			if !ok {
				b.WriteByte('$')
				continue
			}
			b.WriteByte('$')
			b.WriteRune(maskOpen)
			b.WriteString(maskColons.Replace(s[i+2 : i+v.length-1]))
			b.WriteRune(maskClose)
			i += v.length - 1
		case ':':
			if inWord(s, i) {
				b.WriteRune(maskColon)
			} else {
				b.WriteByte(':')
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// inWord says whether the colon at i ends no key: something other than a space
// or a bracket follows, and no quote stands before it, as in {"key":1}.
func inWord(s string, i int) bool {
	return i+1 < len(s) && !strings.ContainsRune(" \t\n,[]{}", rune(s[i+1])) && (i == 0 || s[i-1] != '"' && s[i-1] != '\'')
}
