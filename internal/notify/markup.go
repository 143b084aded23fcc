package notify

import (
	"html"
	"strings"
)

// markup writes HTML that is well-formed XML too. All text and all attribute
// values are escaped; only names and what raw writes are not, and those are
// constants of this package. html/template is not used because what it links
// in makes the linker keep every method of every type.
type markup struct {
	b     strings.Builder
	stack []string
}

// raw writes a constant as it is.
func (m *markup) raw(constant string) { m.b.WriteString(constant) }

// tag writes a start tag; attributes are pairs of name and value, left out
// where the value is empty.
func (m *markup) tag(name, end string, attrs []string) {
	m.b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		if value := strings.TrimSuffix(attrs[i+1], ";"); value != "" {
			m.b.WriteString(" " + attrs[i] + `="` + html.EscapeString(value) + `"`)
		}
	}
	m.b.WriteString(end)
}

// open begins an element.
func (m *markup) open(name string, attrs ...string) {
	m.tag(name, ">", attrs)
	m.stack = append(m.stack, name)
}

// close ends the latest n elements, with a line break so that no line of the
// document grows beyond what mail takes.
func (m *markup) close(n int) {
	for range n {
		last := len(m.stack) - 1
		m.b.WriteString("</" + m.stack[last] + ">")
		m.stack = m.stack[:last]
	}
	m.b.WriteByte('\n')
}

// void writes an element without content.
func (m *markup) void(name string, attrs ...string) { m.tag(name, "/>", attrs) }

// text writes text.
func (m *markup) text(s string) { m.b.WriteString(html.EscapeString(s)) }

// el writes an element that holds only text.
func (m *markup) el(name, text string, attrs ...string) {
	m.tag(name, ">", attrs)
	m.text(text)
	m.b.WriteString("</" + name + ">")
}
