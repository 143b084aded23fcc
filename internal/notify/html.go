package notify

import (
	"strconv"
	"strings"
)

// How the mail looks. Mail programs know tables and inline styles; the style
// element is for dark mode and phones, and what ignores it shows the light
// colours and the wide table.
const (
	pageWidth = "760"
	fontStack = "font-family:-apple-system,'Segoe UI',Helvetica,Arial,sans-serif"

	styleBody  = "margin:0;padding:0;background:#f3f4f6;" + fontStack + ";font-size:14px;line-height:20px;color:#1f2328"
	styleCard  = "table-layout:fixed;max-width:" + pageWidth + "px;background:#ffffff;border:1px solid #d8dee4;border-radius:8px"
	styleTitle = "margin:0;font-size:20px;line-height:27px;font-weight:600;color:#1f2328"
	styleDim   = "color:#59636e"
	styleH2    = "margin:0;font-size:16px;line-height:22px;font-weight:600;color:#1f2328"
	styleBadge = "font-size:12px;font-weight:400;background:#fff8c5;color:#633c01;padding:1px 7px;border-radius:9px"
	styleTable = "border-collapse:collapse;font-size:13px;line-height:18px;" + fontStack
	styleHead  = "border-bottom:2px solid #d8dee4;color:#59636e;font-size:12px;font-weight:600"
	styleCell  = "border-top:1px solid #e5e9ee"
	styleID    = "font-family:Consolas,Menlo,monospace;font-size:12px;white-space:nowrap;color:#0969da;text-decoration:none"
	styleNote  = "margin:8px 0 0;padding:6px 10px;background:#fff8c5;color:#633c01;border-radius:4px"

	// sheet is dark mode, and on a phone the width that a remark can be read at
	// without moving the table it stands in.
	sheet = `<style>
@media (prefers-color-scheme: dark) {
.bg{background:#0d1117 !important}
.card{background:#161b22 !important;border-color:#30363d !important}
.ink{color:#e6edf3 !important}
.dim{color:#9aa4af !important}
.line{border-color:#30363d !important}
.link{color:#6cb6ff !important}
.note{background:#3a2e0a !important;color:#f2cc60 !important}
.good{color:#57d364 !important}.bad{color:#ff8a80 !important}.warn{color:#f2cc60 !important}.soon{color:#6cb6ff !important}
}
@media (max-width: 600px) {
.say{max-width:calc(100vw - 90px)}
}
</style>`
	// Outlook knows no max-width: it gets a table of a fixed one.
	outlookOpen  = "<!--[if mso]><table role=\"presentation\" width=\"" + pageWidth + "\" align=\"center\"><tr><td><![endif]-->\n"
	outlookClose = "<!--[if mso]></td></tr></table><![endif]-->\n"
)

// colours of the remarks' labels, with the class that dark mode changes.
var colours = map[tone][2]string{
	plain: {"dim", "#59636e"}, good: {"good", "#1a7f37"}, bad: {"bad", "#cf222e"}, warn: {"warn", "#9a6700"}, soon: {"soon", "#0969da"},
}

// renderHTML writes the page as a mail's HTML.
func renderHTML(p *page) string {
	m := &markup{}
	m.raw("<!DOCTYPE html>\n")
	m.open("html", "lang", "en")
	m.open("head")
	m.void("meta", "charset", "utf-8")
	m.void("meta", "name", "viewport", "content", "width=device-width, initial-scale=1")
	m.void("meta", "name", "color-scheme", "content", "light dark")
	m.void("meta", "name", "supported-color-schemes", "content", "light dark")
	m.el("title", p.title)
	m.raw(sheet)
	m.close(1)
	m.open("body", "class", "bg", "style", styleBody)
	m.open("table", "role", "presentation", "class", "bg", "width", "100%", "cellpadding", "0", "cellspacing", "0", "border", "0", "style", "table-layout:fixed;background:#f3f4f6")
	m.open("tr")
	m.open("td", "align", "center", "style", "padding:24px 10px")
	m.raw(outlookOpen)
	m.open("table", "role", "presentation", "class", "card", "width", "100%", "cellpadding", "0", "cellspacing", "0", "border", "0", "style", styleCard)
	m.band(func() {
		m.el("h1", p.title, "class", "ink", "style", styleTitle+";"+breaking(p.title))
		for _, l := range p.lead {
			m.line(l, "dim", styleDim)
		}
	})
	for i := range p.parts {
		m.band(func() { m.part(&p.parts[i]) })
	}
	if len(p.unread) > 0 {
		m.band(func() { m.unread(p.unread) })
	}
	m.band(func() {
		for _, l := range p.foot {
			m.line(l, "dim", styleDim+";font-size:12px")
		}
	})
	m.close(1)
	m.raw(outlookClose)
	m.close(5)
	return m.b.String()
}

// band is one row of the card.
func (m *markup) band(write func()) {
	m.open("tr")
	m.open("td", "class", "line", "align", "left", "style", "padding:16px 20px;border-bottom:1px solid #d8dee4")
	write()
	m.close(2)
}

// line is a paragraph of one line of text.
func (m *markup) line(text, class, style string) {
	m.el("p", text, "class", class, "style", "margin:4px 0 0;"+style)
	m.raw("\n")
}

func (m *markup) part(p *part) {
	m.open("h2", "class", "ink", "style", styleH2)
	m.text(p.heading)
	if p.observe {
		m.text(" ")
		m.el("span", "observing: nothing is done", "class", "note", "style", styleBadge)
	}
	m.close(1)
	m.line(p.summary, "ink", "font-weight:600")
	for _, l := range p.intro {
		m.line(l, "ink", "")
	}
	for _, l := range p.notes {
		m.el("p", l, "class", "note", "style", styleNote)
	}
	for i := range p.blocks {
		m.block(&p.blocks[i], len(p.blocks) > 1)
	}
	if len(p.advice) > 0 {
		m.el("p", "What to do", "class", "ink", "style", "margin:14px 0 4px;font-weight:600")
		m.open("ol", "class", "ink", "style", "margin:0;padding:0 0 0 22px")
		for _, l := range p.advice {
			m.el("li", l)
		}
		m.close(1)
	}
}

func (m *markup) block(b *block, titled bool) {
	if titled {
		m.el("p", b.title, "class", "ink", "style", "margin:14px 0 0;font-weight:600")
	}
	for _, r := range b.common {
		m.remark(r)
	}
	for _, rows := range tables(b.rows) {
		m.table(rows)
	}
	if b.more != "" {
		m.line("… "+b.more, "dim", styleDim)
	}
}

func (m *markup) table(rows []row) {
	m.open("div", "style", "overflow-x:auto") // on a phone the table is wider than the page
	m.open("table", "width", "100%", "cellpadding", "5", "cellspacing", "0", "border", "0", "style", "margin:10px 0 0;"+styleTable)
	m.open("tr", "align", "left", "valign", "bottom")
	for _, title := range append([]string{"#", "Resource"}, rows[0].titles()...) {
		m.el("th", title, "class", "dim line", "style", styleHead)
	}
	m.close(1)
	for i := range rows {
		m.row(&rows[i])
	}
	m.close(2)
}

func (m *markup) row(r *row) {
	m.open("tr", "align", "left", "valign", "top", "class", "ink")
	m.el("td", strconv.Itoa(r.n), "class", "dim line", "style", styleCell+";"+styleDim)
	m.open("td", "class", "line", "style", styleCell)
	if r.link != "" {
		m.el("a", r.id, "href", r.link, "class", "link", "style", styleID)
	} else {
		m.el("b", r.id, "style", breaking(r.id))
	}
	if r.place != "" {
		m.void("br")
		m.el("span", r.place, "class", "dim", "style", styleDim+";font-size:12px")
	}
	m.close(1)
	for _, c := range r.cells {
		m.el("td", c.Text, "class", "line", "style", styleCell+";"+breaking(c.Text))
	}
	m.close(1)
	if len(r.remarks) == 0 {
		return
	}
	m.open("tr", "align", "left", "class", "ink")
	m.el("td", "")
	m.open("td", "colspan", strconv.Itoa(len(r.cells)+1), "style", "padding-top:0")
	for _, remark := range r.remarks {
		m.remark(remark)
	}
	m.close(2)
}

func (m *markup) remark(r remark) {
	c := colours[r.tone]
	m.open("div", "class", "ink say", "style", breaking(r.text))
	m.el("b", r.label+":", "class", c[0], "style", "color:"+c[1])
	m.text(" " + r.text)
	m.close(1)
}

// breaking is the style that lets a text with a very long word break within
// it, so that it does not push the table beyond the page. Others go without:
// it makes tables break dates and types as well.
func breaking(s string) string {
	const long = 18
	for word := range strings.FieldsSeq(s) {
		if len(word) > long {
			return "overflow-wrap:anywhere"
		}
	}
	return ""
}

func (m *markup) unread(lines []string) {
	m.el("h2", "Could not be read", "class", "warn", "style", styleH2+";color:#9a6700")
	m.line("What depends on it was left alone.", "dim", styleDim)
	m.open("ul", "class", "ink", "style", "margin:6px 0 0;padding:0 0 0 22px")
	for _, l := range lines {
		m.el("li", l)
	}
	m.close(1)
}
