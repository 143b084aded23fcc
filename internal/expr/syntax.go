package expr

import (
	"fmt"
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
)

// tooComplex is the mistake of an expression that is over a limit of the
// parser.
var tooComplex = fmt.Sprintf("the expression is too complex: it nests deeper than %d levels or has more than %d parts", maxNesting, maxNodes)

// syntax says the parser's errors in our words. What follows the first error
// of grammar is guesswork, so of those only the first is told; errors in how a
// macro is used stand by themselves.
func (c *checked) syntax(errs []*common.Error) []Problem {
	var problems []Problem
	told := false
	for _, err := range errs {
		if err.ExprID == 0 && told {
			continue
		}
		at, ok := c.offset(err.Location)
		switch {
		case !ok:
			problems = append(problems, whole(tooComplex))
		case err.ExprID != 0:
			problems = append(problems, c.between(at, c.text.token(at), err.Message, ""))
		default:
			problems = append(problems, c.unexpected(at))
		}
		told = told || err.ExprID == 0
	}
	return problems
}

// offset is where in the text a location is. The parser has no location for
// errors about the expression as a whole.
func (c *checked) offset(l common.Location) (int, bool) {
	if l.Line() < 1 {
		return 0, false
	}
	at, line := 0, 1
	for ; line < l.Line() && at < len(c.text); at++ {
		if c.text[at] == '\n' {
			line++
		}
	}
	return min(at+max(0, l.Column()), len(c.text)), true
}

func (c *checked) unexpected(at int) Problem {
	at = c.text.after(at)
	if strings.TrimSpace(c.source) == "" {
		return c.between(0, 0, "the expression is empty", "")
	}
	if at >= len(c.text) {
		hint := "something is missing at the end"
		if open := c.text.unclosed(); open != "" {
			hint = open + " is not closed"
		}
		return c.between(len(c.text), len(c.text), "the expression ends too early", hint)
	}
	if end := c.text.literal(at); end > at && !c.text.closed(at, end) {
		return c.between(at, end, "the quote is not closed", "")
	}
	end := c.text.token(at)
	return c.between(at, end, fmt.Sprintf("%s is not expected here", quoted(c.text[at:end])), c.text.meant(at, end))
}

func quoted(t text) string { return `"` + cut(string(t)) + `"` }

// closed says whether a string literal ends with the quote it begins with.
func (t text) closed(start, end int) bool {
	body := strings.TrimLeft(string(t[start:end]), "rRbB")
	return len([]rune(body)) >= 2 && body[0] == body[len(body)-1]
}

// meant says what is written instead of what other languages have there.
func (t text) meant(at, end int) string {
	word := string(t[at:end])
	switch strings.ToLower(word) {
	case "and", "&":
		return "write && between two conditions"
	case "or", "|":
		return "write || between two conditions"
	case "not":
		return "write ! before a condition"
	case "=", "is":
		return "write == to compare"
	case "like":
		return "write x.contains(\"y\"), x.startsWith(\"y\") or x.matches(\"y\")"
	}
	// In 7d the parser takes the number for complete.
	if at > 0 && unicode.IsDigit(t[at-1]) && unicode.IsLetter(t[at]) {
		return "write a length of time as days(7) or hours(12)"
	}
	if before := t.wordBefore(at); before < at && strings.TrimSpace(string(t[before:at])) == "not" {
		return "write ! before a condition"
	}
	return ""
}

// unclosed is the innermost bracket that is still open at the end.
func (t text) unclosed() string {
	var open []rune
	for i := 0; i < len(t); i++ {
		if end := t.literal(i); end > i {
			i = end - 1
			continue
		}
		switch t[i] {
		case '(', '[', '{':
			open = append(open, t[i])
		case ')', ']', '}':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return ""
	}
	return string(open[len(open)-1])
}
