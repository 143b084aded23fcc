package policy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// positioned is what goccy's syntax errors are.
type positioned interface {
	error
	GetToken() *token.Token
	GetMessage() string
}

// syntax reports that a file is not YAML. The parser's errors have no codes,
// so what is likely wrong is told from the text around the place they name.
func (r *reporter) syntax(src *source, err error) {
	var p positioned
	if !errors.As(err, &p) || p.GetToken() == nil {
		r.file(src.name, "look for unclosed quotes and brackets", "the file is not valid YAML: "+errParser.Error())
		return
	}
	t := p.GetToken()
	n := r.tokenNode(src, t)
	n.width = 1
	for line := n.line; line < n.line+2; line++ { // the parser may stop one line early
		row := src.lineText(line)
		if indent := row[:len(row)-len(strings.TrimLeft(row, " \t"))]; strings.Contains(indent, "\t") {
			n.line, n.col = line, strings.Index(row, "\t")+1
			r.fault(n, "use spaces", "a tab cannot indent a line of YAML")
			return
		}
	}
	summary, hint := src.explain(t, n)
	if summary == "" {
		summary, hint = "this is not valid YAML: "+unmasker.Replace(p.GetMessage()), "look at quotes, brackets and indentation here and on the line before"
	}
	r.fault(n, hint, "%s", summary)
}

// explain says what is probably wrong at a token the parser stumbled over, and
// moves n to where it is.
func (s *source) explain(t *token.Token, n *node) (summary, hint string) {
	const quoteAll = "put the whole value in single quotes"
	row := s.row(n.line)
	rest := string(row[min(n.col-1, len(row)):])
	switch {
	case t.Type == token.MappingStartType:
		return "this { is never closed", "write } where the mapping ends"
	case t.Type == token.SequenceStartType:
		return "this [ is never closed", "write ] where the list ends"
	case t.Type == token.MappingEndType, t.Type == token.SequenceEndType:
		if open := opener(t); open != nil {
			return fmt.Sprintf("this %s comes before the %s of line %d is closed", t.Value, open.Value, open.Position.Line), "close the brackets in the order in which they were opened"
		}
		return "nothing was opened that this " + t.Value + " closes", "delete it, or put the value in quotes"
	case strings.HasPrefix(rest, "@"), strings.HasPrefix(rest, "`"):
		return "a value cannot begin with " + rest[:1], quoteAll
	}
	if q := rest; (strings.HasPrefix(q, `"`) || strings.HasPrefix(q, "'")) && t.Type == token.InvalidType && !strings.Contains(q[1:], q[:1]) {
		return "this quote is never closed", "write " + q[:1] + " where the text ends"
	}
	before := strings.TrimRight(string(row[:min(n.col-1, len(row))]), " ")
	if strings.HasSuffix(before, `"`) || strings.HasSuffix(before, "'") {
		return "text goes on after a closing quote", quoteAll
	}
	if i := strings.Index(rest, ": "); i > 0 && t.Type != token.InvalidType && strings.Contains(string(row[:n.col-1]), ":") {
		n.col += len([]rune(rest[:i]))
		return `": " in the middle of a value`, quoteAll
	}
	if s.deeper(n) {
		return "this line is indented deeper than the key above it, which has its value already", "give both the same indentation"
	}
	return "", ""
}

// deeper says whether a key with a value in its line has a line below it that
// is indented more, and moves n there.
func (s *source) deeper(n *node) bool {
	above, below := s.lineText(n.line), s.lineText(n.line+1)
	indent := func(row string) int { return len(row) - len(strings.TrimLeft(row, " -")) }
	if strings.TrimSpace(below) == "" || !strings.Contains(above, ": ") || indent(below) <= indent(above) {
		return false
	}
	n.line, n.col = n.line+1, indent(below)+1
	return true
}

// opener is the bracket that is open where t stands, nil where none is.
func opener(t *token.Token) *token.Token {
	depth := 0
	for t = t.Prev; t != nil; t = t.Prev {
		switch t.Type {
		case token.MappingEndType, token.SequenceEndType:
			depth++
		case token.MappingStartType, token.SequenceStartType:
			if depth == 0 {
				return t
			}
			depth--
		}
	}
	return nil
}
