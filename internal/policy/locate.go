package policy

import (
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// spot is a place in a file: line and column from 1, in characters.
type spot struct{ line, col int }

// place says where in the file a character of a scalar's value stands, for
// messages about a part of the value. offset is in characters of the value as
// read. Inside what a variable gave, it is the variable.
func (n *node) place(offset, width int) (diag.Pos, int) {
	for i := len(n.fills) - 1; i >= 0; i-- {
		f := n.fills[i]
		if offset >= f.end {
			offset += f.to - f.end
			break
		}
		if offset >= f.at {
			offset, width = f.from, f.to-f.from
			break
		}
	}
	return n.placeWritten(offset, width)
}

// placeWritten is place for an offset in the value as written.
func (n *node) placeWritten(offset, width int) (diag.Pos, int) {
	spots := n.spots()
	if len(spots) == 0 {
		return n.whole()
	}
	at := spots[min(max(offset, 0), len(spots)-1)]
	// The caret stays on one line; an escape is wider than what it stands for.
	if end := offset + width; end < len(spots) && spots[end].line == at.line && spots[end].col > at.col {
		width = spots[end].col - at.col
	}
	room := len(n.src.row(at.line)) - at.col + 1
	return diag.Pos{File: n.src.name, Line: at.line, Column: at.col}, max(1, min(width, room))
}

// whole is where to point where no single character can be: the value, and for
// a folded block scalar its first line.
func (n *node) whole() (diag.Pos, int) {
	if n.style != folded {
		return n.pos(), n.width
	}
	for line := n.line + 1; line <= len(n.src.lines); line++ {
		if row := n.src.lineText(line); strings.TrimSpace(row) != "" {
			trimmed := strings.TrimLeft(row, " ")
			return diag.Pos{File: n.src.name, Line: line, Column: len(row) - len(trimmed) + 1}, len([]rune(trimmed))
		}
	}
	return n.pos(), n.width
}

// spots returns the place of every character of the scalar's value as written
// in the file, and one more for its end; nil where that cannot be told (a
// folded block scalar).
func (n *node) spots() []spot {
	w := walker{src: n.src, line: n.line - 1, row: n.src.row(n.line), col: n.col - 1}
	switch n.style {
	case plain:
		w.flow(0, len([]rune(n.written)))
	case single:
		w.col++
		w.flow('\'', -1)
	case double:
		w.col++
		w.flow('"', -1)
	case literal:
		w.block(len([]rune(n.written)))
	default:
		return nil
	}
	if string(w.out) != n.written {
		return nil
	}
	return append(w.spots, spot{w.line + 1, w.col + 1})
}

// walker reads a scalar's text again, to tell where each character came from.
type walker struct {
	src   *source
	line  int // from 0
	row   []rune
	col   int // from 0
	out   []rune
	spots []spot
}

func (w *walker) emit(r rune, line, col int) {
	w.out = append(w.out, r)
	w.spots = append(w.spots, spot{line + 1, col + 1})
}

func (w *walker) nextLine() bool {
	if w.line+1 >= len(w.src.lines) {
		return false
	}
	w.line++
	w.row, w.col = w.src.row(w.line+1), 0
	return true
}

// flow reads a plain (quote 0, of that many characters) or quoted scalar:
// line breaks inside it are folded.
func (w *walker) flow(quote rune, most int) {
	for most < 0 || len(w.out) < most {
		if w.col >= len(w.row) {
			if !w.fold() {
				return
			}
			continue
		}
		r := w.row[w.col]
		switch {
		case quote != 0 && r == quote:
			if quote == '\'' && w.col+1 < len(w.row) && w.row[w.col+1] == quote {
				w.emit(quote, w.line, w.col)
				w.col += 2
				continue
			}
			return
		case quote == '"' && r == '\\':
			if !w.escape() {
				return
			}
		default:
			w.emit(r, w.line, w.col)
			w.col++
		}
	}
}

// fold goes over a line break: the spaces around it fall away, one break is a
// space and each further one a break.
func (w *walker) fold() bool {
	for len(w.out) > 0 && (w.out[len(w.out)-1] == ' ' || w.out[len(w.out)-1] == '\t') && w.spots[len(w.spots)-1].line == w.line+1 {
		w.out, w.spots = w.out[:len(w.out)-1], w.spots[:len(w.spots)-1]
	}
	line, col, breaks := w.line, len(w.row), 0
	for {
		if !w.nextLine() {
			return false
		}
		breaks++
		for w.col < len(w.row) && (w.row[w.col] == ' ' || w.row[w.col] == '\t') {
			w.col++
		}
		if w.col < len(w.row) {
			break
		}
	}
	if breaks == 1 {
		w.emit(' ', line, col)
	}
	for i := 1; i < breaks; i++ {
		w.emit('\n', line+i, 0)
	}
	return true
}

// escapes are the one-letter escapes of a double-quoted scalar.
var escapes = map[rune]rune{'0': 0, 'a': 7, 'b': 8, 't': 9, '\t': 9, 'n': 10, 'v': 11, 'f': 12, 'r': 13, 'e': 27,
	' ': ' ', '"': '"', '/': '/', '\\': '\\', 'N': 0x85, '_': 0xa0, 'L': 0x2028, 'P': 0x2029}

// escape reads one escape of a double-quoted scalar.
func (w *walker) escape() bool {
	if w.col+1 >= len(w.row) { // an escaped line break: the lines are joined
		if !w.nextLine() {
			return false
		}
		for w.col < len(w.row) && (w.row[w.col] == ' ' || w.row[w.col] == '\t') {
			w.col++
		}
		return true
	}
	letter := w.row[w.col+1]
	if digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[letter]; digits > 0 {
		value := rune(0)
		for i := range digits {
			if w.col+2+i >= len(w.row) {
				return false
			}
			d := strings.IndexRune("0123456789abcdef", w.row[w.col+2+i]|0x20)
			if d < 0 {
				return false
			}
			value = value<<4 | rune(d)
		}
		w.emit(value, w.line, w.col)
		w.col += 2 + digits
		return true
	}
	r, ok := escapes[letter]
	if !ok {
		return false
	}
	w.emit(r, w.line, w.col)
	w.col += 2
	return true
}

// block reads a literal block scalar of that many characters. Its indentation
// is that of its first line that is not empty, unless its header says it.
func (w *walker) block(most int) {
	header, _, _ := strings.Cut(string(w.row[min(w.col, len(w.row)):]), " ")
	if strings.ContainsAny(header, "123456789") {
		return // an indentation that the header gives counts from the parent's
	}
	indent := -1
	for w.nextLine() {
		if indent < 0 {
			if trimmed := strings.TrimLeft(string(w.row), " "); trimmed != "" {
				indent = len(w.row) - len([]rune(trimmed))
			}
		}
		if len(w.out) >= most {
			w.col = len(w.row)
			return
		}
		for w.col = max(indent, 0); w.col < len(w.row) && len(w.out) < most; w.col++ {
			w.emit(w.row[w.col], w.line, w.col)
		}
		if len(w.out) < most {
			w.emit('\n', w.line, len(w.row))
		}
	}
}
