package notify

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// textWidth is how wide a line of plain text is, as mail programs have it.
const textWidth = 76

// text writes wrapped plain text.
type text struct{ b strings.Builder }

// para writes a paragraph, its first line after first and the others indented
// by as much. A word longer than a line is not cut: it may be an id or a link.
func (t *text) para(first, s string) { t.flow(first, strings.Fields(s)) }

// flow is para for words that may have spaces in them.
func (t *text) flow(first string, words []string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(first))
	line := first
	width := utf8.RuneCountInString(first)
	begun := false
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		if begun && width+1+n > textWidth {
			t.b.WriteString(line + "\n")
			line, width, begun = indent, utf8.RuneCountInString(indent), false
		}
		if begun {
			line += " "
			width++
		}
		line += strings.TrimSpace(word)
		width += n
		begun = true
	}
	t.b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// blank writes an empty line, but never two.
func (t *text) blank() {
	if !strings.HasSuffix(t.b.String(), "\n\n") {
		t.b.WriteString("\n")
	}
}

// renderText writes the page as plain text, for mails and topics.
func renderText(p *page) string {
	t := &text{}
	t.para("", p.title)
	for _, l := range p.lead {
		t.para("", l)
	}
	for i := range p.parts {
		t.part(&p.parts[i])
	}
	if len(p.unread) > 0 {
		t.blank()
		t.para("", "Could not be read (what depends on it was left alone):")
		for _, l := range p.unread {
			t.para("  - ", l)
		}
	}
	t.blank()
	t.b.WriteString("-- \n") // what mail programs take for a signature
	for _, l := range p.foot {
		t.para("", l)
	}
	return t.b.String()
}

func (t *text) part(p *part) {
	t.blank()
	heading := p.heading
	if p.observe {
		heading += " (observing: nothing is done)"
	}
	t.para("", heading)
	t.b.WriteString(strings.Repeat("=", min(textWidth, utf8.RuneCountInString(heading))) + "\n")
	t.para("", p.summary)
	for _, l := range p.intro {
		t.para("", l)
	}
	for _, l := range p.notes {
		t.para("Note: ", l)
	}
	for i := range p.blocks {
		t.block(&p.blocks[i], len(p.blocks) > 1)
	}
	if len(p.advice) > 0 {
		t.blank()
		t.para("", "What to do:")
		for i, l := range p.advice {
			t.para(fmt.Sprintf("  %d. ", i+1), l)
		}
	}
}

func (t *text) block(b *block, titled bool) {
	t.blank()
	if titled {
		t.para("", b.title+":")
	}
	for _, r := range b.common {
		t.para(r.label+": ", r.text)
	}
	if len(b.common) > 0 {
		t.blank()
	}
	digits := len(fmt.Sprint(len(b.rows)))
	for i := range b.rows {
		t.row(&b.rows[i], digits)
	}
	if b.more != "" {
		t.para("... ", b.more)
	}
}

func (t *text) row(r *row, digits int) {
	number := fmt.Sprintf("%*d. ", digits+1, r.n)
	t.para(number, join(" ", r.id, "("+r.place+")"))
	indent := strings.Repeat(" ", len(number))
	if len(r.cells) > 0 {
		t.flow(indent, strings.SplitAfter(r.line(), " ·"))
	}
	for _, m := range r.remarks {
		t.para(indent+m.label+": ", m.text)
	}
}

// line is the row's details in one line.
func (r *row) line() string {
	parts := make([]string, len(r.cells))
	for i, c := range r.cells {
		parts[i] = c.Title + ": " + c.Text
	}
	return strings.Join(parts, " · ")
}
