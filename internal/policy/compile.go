package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// compile compiles the expression of a value, and reports its mistakes at
// their places in the file. It returns nil where there is none or a bad one.
func (l *loader) compile(source val[string], want expr.Want, types []resource.Type) *expr.Program {
	if !source.set() {
		return nil
	}
	p, problems := l.compiler.Compile(source.v, want, types)
	return l.sound(source.at, p, problems)
}

// sound reports what is wrong with a program, and that it asks for an event
// where there never is one. It returns nil where anything is.
func (l *loader) sound(at *node, p *expr.Program, problems []expr.Problem) *expr.Program {
	if p != nil && !l.woken {
		problems = append(problems, p.AsksEvent("event is known only in a policy that an event wakes", "a policy with on: created, or another event, can ask for it")...)
	}
	l.problems(at, problems)
	if len(problems) > 0 {
		return nil
	}
	return p
}

// checkDefines reports the mistakes in definitions, for the types that each
// policy is about.
func (l *loader) checkDefines() {
	seen := map[string]bool{}
	check := func(types []resource.Type) {
		if id := fmt.Sprint(types); !seen[id] {
			seen[id] = true
			l.problems(nil, l.compiler.CheckDefines(types))
		}
	}
	for _, p := range l.policies {
		if len(p.Types) > 0 {
			check(p.Types)
		}
	}
	if len(seen) == 0 {
		check(l.types())
	}
}

// problems reports what is wrong with an expression. What is wrong with a
// definition is reported where the definition is.
func (l *loader) problems(at *node, problems []expr.Problem) {
	for _, p := range problems {
		n := at
		if p.Define != "" {
			n = l.defines[p.Define]
		}
		if n == nil {
			continue
		}
		offset := offsetOf(n.text, p.Line, p.Column)
		summary, hint := p.Summary, p.Hint
		if n.mustHide(offset, offset+p.Width, summary+hint) {
			summary, hint = "the expression is wrong with what the environment gave it", "look at the value of the variables in it"
		}
		l.within(n, offset, p.Width, hint, summary)
	}
}

// mustHide says whether a message about an expression could repeat something
// that came from the environment: it is about such a part, or has it in it.
func (n *node) mustHide(from, to int, message string) bool {
	runes := []rune(n.text)
	for _, f := range n.fills {
		if !f.env || f.at == f.end {
			continue
		}
		if from < f.end && to > f.at || strings.Contains(message, string(runes[f.at:f.end])) {
			return true
		}
	}
	return false
}

// offsetOf turns a line and a column, from 1 and in characters, into an offset
// in characters.
func offsetOf(s string, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		before, rest, ok := strings.Cut(s, "\n")
		if !ok {
			break
		}
		offset += utf8.RuneCountInString(before) + 1
		s = rest
	}
	return offset + max(0, column-1)
}
