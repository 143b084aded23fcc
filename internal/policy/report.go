package policy

import (
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// reporter collects every mistake of one load.
type reporter struct {
	list diag.List
	// hidden are the values that no message repeats.
	hidden []*node
}

// fault reports a mistake that concerns a node as a whole.
func (r *reporter) fault(n *node, hint, format string, args ...any) {
	r.at(n.src, n.pos(), n.width, hint, fmt.Sprintf(format, args...), diag.Error)
}

// lineAt is a line of a file.
type lineAt struct {
	file string
	n    int
}

// covered is what may be shown of a line that has hidden values.
type covered struct {
	chars  []rune
	text   string
	rest   int           // from where on everything is hidden
	hidden map[int]*node // by column
}

// conceal takes the hidden values out of the lines that are shown, whatever is
// wrong in them. Every line keeps its length, but for the value at fault.
func (r *reporter) conceal() {
	rows := map[lineAt]*covered{}
	for _, n := range r.hidden {
		at := lineAt{n.src.name, n.line}
		if rows[at] == nil {
			chars := []rune(n.src.lineText(n.line))
			rows[at] = &covered{chars: chars, rest: len(chars), hidden: map[int]*node{}}
		}
		rows[at].cover(n)
	}
	for _, row := range rows {
		for i := row.rest; i < len(row.chars); i++ {
			row.chars[i] = '*'
		}
		row.text = string(row.chars)
	}
	for i := range r.list {
		d := &r.list[i]
		if row := rows[lineAt{d.Pos.File, d.Pos.Line}]; row != nil && d.Source != "" {
			row.blot(d)
		}
	}
}

// cover hides a value.
func (w *covered) cover(n *node) {
	w.hidden[n.col] = n
	from, to := w.span(n)
	if n.shape != scalar {
		w.rest, to = min(w.rest, from), from
	}
	for i := from; i < to; i++ {
		w.chars[i] = '*'
	}
}

// span is where a value is: one that is no text goes on to the end.
func (w *covered) span(n *node) (from, to int) {
	from = min(max(n.col-1, 0), len(w.chars))
	if n.shape != scalar {
		return from, len(w.chars)
	}
	return from, min(from+n.width, len(w.chars))
}

// blot takes hidden values out of what is shown with a mistake.
func (w *covered) blot(d *diag.Diagnostic) {
	const shown = "hidden"
	d.Source = w.text
	if n := w.hidden[d.Pos.Column]; n != nil {
		from, to := w.span(n)
		d.Source, d.Width = string(w.chars[:from])+shown+string(w.chars[to:]), len(shown)
	}
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
