package policy

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// reporter collects every mistake of one load.
type reporter struct{ list diag.List }

// fault reports a mistake that concerns a node as a whole.
func (r *reporter) fault(n *node, hint, format string, args ...any) {
	r.at(n.src, n.pos(), n.width, hint, fmt.Sprintf(format, args...), diag.Error)
	if n.hidden && !n.secret() {
		blot(&r.list[len(r.list)-1])
	}
}

// blot takes the value at fault out of the line that is shown.
func blot(d *diag.Diagnostic) {
	const shown = "hidden"
	line := []rune(d.Source)
	from := min(max(d.Pos.Column-1, 0), len(line))
	to := min(from+d.Width, len(line))
	d.Source = string(line[:from]) + shown + string(line[to:])
	d.Width = len(shown)
}

// warn reports what loads and is probably not meant.
func (r *reporter) warn(n *node, hint, format string, args ...any) {
	r.at(n.src, n.pos(), n.width, hint, fmt.Sprintf(format, args...), diag.Warning)
}

// within reports a mistake in a part of a scalar's value: an offset and width
// in characters of the value as read.
func (r *reporter) within(n *node, offset, width int, hint, summary string) {
	pos, width := n.place(offset, width)
	r.at(n.src, pos, width, hint, summary, diag.Error)
}

func (r *reporter) at(src *source, pos diag.Pos, width int, hint, summary string, severity diag.Severity) {
	r.list.Add(diag.Diagnostic{Severity: severity, Pos: pos, Summary: summary, Hint: hint,
		Source: src.lineText(pos.Line), Width: max(1, width)})
}

// file reports a mistake that has no place within a file.
func (r *reporter) file(name, hint, summary string) {
	r.list.Add(diag.Diagnostic{Pos: diag.Pos{File: name}, Summary: summary, Hint: hint})
}

// meant is the hint that offers the nearest of the words, or lists them where
// none is near and they are few.
func meant(word string, words []string) string {
	const most = 500 // comparing a word with more takes too long
	if len(words) > most {
		return ""
	}
	if s := diag.Suggest(word, words); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	if len(words) == 0 || len(words) > 13 {
		return ""
	}
	return "known here: " + strings.Join(words, ", ")
}
