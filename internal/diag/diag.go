// Package diag is a mistake in something a user wrote: where it is, what is
// wrong and what would be right. All mistakes of one reading are collected in
// a List and shown together.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops the work.
type Severity uint8

const (
	// Error stops the work.
	Error Severity = iota
	// Warning does not.
	Warning
)

// String is the severity's word.
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Pos is a place in a file. Line and Column count from 1, Column in
// characters; a Line of 0 means the file as a whole.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String is file:line:column, as editors and terminals make links of it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Diagnostic is one mistake.
type Diagnostic struct {
	Severity Severity
	Pos      Pos
	// Summary says what is wrong, in lower case and without a full stop.
	Summary string
	// Hint says what would be right; empty where Summary already does.
	Hint string
	// Source is the offending line as written, without its line break; empty
	// where there is none to show.
	Source string
	// Width is how many characters of Source the carets underline, at least one.
	Width int
}

// List is every mistake of one reading. It is an error when it holds one of
// severity Error; use Err.
type List []Diagnostic

// Add appends a diagnostic.
func (l *List) Add(d Diagnostic) { *l = append(*l, d) }

// Sort orders by file, line and column, and drops what is said twice.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), cmp.Compare(a.Summary, b.Summary),
			// The rest only brings what is equal together, for Compact to see it.
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Hint, b.Hint),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Width, b.Width))
	})
	*l = slices.Compact(*l)
}

// Err returns the list as an error when something in it stops the work, and
// nil otherwise.
func (l List) Err() error {
	if slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error }) {
		return l
	}
	return nil
}

// Error writes every diagnostic as String does.
func (l List) Error() string {
	parts := make([]string, len(l))
	for i, d := range l {
		parts[i] = d.String()
	}
	return strings.Join(parts, "\n")
}

// String is the diagnostic as a person reads it:
//
//	tagwarden.yaml:7:5: error: unknown key "requird"
//	    requird: true
//	    ^^^^^^^ did you mean "required"?
//
// Everything in it that came from outside has its control characters escaped.
func (d Diagnostic) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", Printable(d.Pos.String()), d.Severity, Printable(d.Summary))
	hint := Printable(d.Hint)
	if d.Source == "" || d.Pos.Line == 0 {
		if hint != "" {
			b.WriteString("\n    " + hint)
		}
		return b.String()
	}
	line, indent, width := d.window()
	b.WriteString("\n    " + line + "\n    " + indent + strings.Repeat("^", width))
	if hint != "" {
		b.WriteString(" " + hint)
	}
	return b.String()
}

// maxLine is how many characters of a source line are shown.
const maxLine = 100

// window cuts the source line to what fits a terminal around the mistake, and
// returns it with the carets' indent and number. Tabs are shown as four spaces,
// so that carets line up whatever the terminal makes of a tab.
func (d Diagnostic) window() (line, indent string, width int) {
	shown := func(s string) []rune { return []rune(Printable(strings.ReplaceAll(s, "\t", "    "))) }
	from := offset(d.Source, d.Pos.Column-1)
	to := from + offset(d.Source[from:], max(1, d.Width))
	src, at := shown(d.Source), len(shown(d.Source[:from]))
	start := 0
	if at > maxLine*3/4 {
		start = at - maxLine/2
	}
	end := min(start+maxLine, len(src))
	start = min(start, end)
	width = max(1, min(len(shown(d.Source[from:to])), end-at))
	return string(src[start:end]), strings.Repeat(" ", at-start), width
}

// offset is where the character after the first n of s begins, in bytes. A
// broken byte is one character, as it is in a range over s.
func offset(s string, n int) int {
	for i := range s {
		if n <= 0 {
			return i
		}
		n--
	}
	return len(s)
}
