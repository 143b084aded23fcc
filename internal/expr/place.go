package expr

import (
	"slices"
	"unicode"

	"cel.dev/cel-go/common/ast"
)

// text is the source of an expression, in characters, which is how CEL counts
// places in it.
type text []rune

// position is the line and column of a place, both from 1.
func (t text) position(at int) (line, column int) {
	line, column = 1, 1
	for _, r := range t[:min(at, len(t))] {
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

// width is how many characters from start to end are on start's line.
func (t text) width(start, end int) int {
	start, end = min(start, len(t)), min(end, len(t))
	if end <= start {
		return 1
	}
	if i := slices.Index(t[start:end], '\n'); i >= 0 {
		end = start + i
	}
	return max(1, end-start)
}

// token is the end of what begins at a place: a string, a number, a name or
// else one character.
func (t text) token(start int) int {
	if start >= len(t) {
		return start
	}
	if end := t.literal(start); end > start {
		return end
	}
	end := start
	if t[end] == '-' {
		end++
	}
	for end < len(t) && (wordRune(t[end]) || t[end] == '.' && end > start && unicode.IsDigit(t[start])) {
		end++
	}
	return max(end, start+1)
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// literal is the end of the string literal that begins at a place, the place
// itself where none does.
func (t text) literal(start int) int {
	i, raw := start, false
	for i < len(t) && i < start+2 && slices.Contains([]rune("rRbB"), t[i]) {
		raw = raw || t[i] == 'r' || t[i] == 'R'
		i++
	}
	if i >= len(t) || t[i] != '"' && t[i] != '\'' {
		return start
	}
	quote := t[i : i+1]
	if i+2 < len(t) && t[i+1] == t[i] && t[i+2] == t[i] {
		quote = t[i : i+3]
	}
	for i += len(quote); i < len(t); i++ {
		switch {
		case t[i] == '\\' && !raw:
			i++
		case i+len(quote) <= len(t) && slices.Equal(t[i:i+len(quote)], quote):
			return i + len(quote)
		}
	}
	return len(t)
}

// closing is the place after the bracket that closes the one at a place.
func (t text) closing(open int) int {
	depth := 0
	for i := open; i < len(t); i++ {
		if end := t.literal(i); end > i {
			i = end - 1
			continue
		}
		switch t[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(t)
}

// after skips blanks.
func (t text) after(i int) int {
	for i < len(t) && unicode.IsSpace(t[i]) {
		i++
	}
	return i
}

// wordBefore is where the name begins that ends before a place.
func (t text) wordBefore(i int) int {
	for i > 0 && unicode.IsSpace(t[i-1]) {
		i--
	}
	for i > 0 && wordRune(t[i-1]) {
		i--
	}
	return i
}

// extent is where a part of the expression begins and ends. CEL notes one
// token for each part: the sign of an operator, the bracket of a call.
func (c *checked) extent(e ast.Expr) (start, end int) {
	o, ok := c.ast.SourceInfo().GetOffsetRange(e.ID())
	if !ok {
		return 0, 0
	}
	at := int(o.Start)
	switch e.Kind() {
	case ast.LiteralKind, ast.IdentKind:
		return at, c.text.token(at)
	case ast.ListKind, ast.MapKind:
		return at, c.text.closing(at)
	case ast.StructKind:
		start = at
		for start > 0 && (wordRune(c.text[start-1]) || c.text[start-1] == '.') {
			start--
		}
		return start, c.text.closing(at)
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			return c.text.wordBefore(at), c.text.closing(at)
		}
		start, _ = c.extent(e.AsSelect().Operand())
		return min(start, at), c.text.token(c.text.after(at + 1))
	case ast.ComprehensionKind:
		start, _ = c.extent(e.AsComprehension().IterRange())
		return min(start, at), c.text.closing(at)
	default:
		return c.callExtent(e.AsCall(), at)
	}
}

func (c *checked) callExtent(call ast.CallExpr, at int) (start, end int) {
	parts := call.Args()
	if call.IsMemberFunction() {
		parts = append([]ast.Expr{call.Target()}, parts...)
	}
	start, end = at, c.text.token(at)
	if at < len(c.text) && (c.text[at] == '(' || c.text[at] == '[') {
		end = c.text.closing(at)
		if c.text[at] == '(' {
			start = c.text.wordBefore(at)
		}
	}
	for _, p := range parts {
		s, e := c.extent(p)
		start, end = min(start, s), max(end, e)
	}
	return start, end
}

// at is a problem with a part of the expression.
func (c *checked) at(e ast.Expr, summary, hint string) Problem {
	start, end := c.extent(e)
	return c.between(start, end, summary, hint)
}

// between is a problem with the characters from start to end.
func (c *checked) between(start, end int, summary, hint string) Problem {
	line, column := c.text.position(start)
	return Problem{Line: line, Column: column, Width: c.text.width(start, end), Summary: summary, Hint: hint}
}

// atName is a problem with the name of a field or a function in a part of the
// expression.
func (c *checked) atName(e ast.Expr, summary, hint string) Problem {
	o, _ := c.ast.SourceInfo().GetOffsetRange(e.ID())
	at := int(o.Start)
	if e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly() {
		start := c.text.after(at + 1)
		return c.between(start, c.text.token(start), summary, hint)
	}
	start := c.text.wordBefore(at)
	return c.between(start, c.text.token(start), summary, hint)
}
