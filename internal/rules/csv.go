package rules

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/document"
)

// MaxFile is how large a file of rules may be, in bytes. A resource has 50 tags.
const MaxFile = 1 << 20

// Write writes rules as CSV: a line with the names of the attributes, and one
// for each rule. What Read makes of it are the same rules.
func Write(w io.Writer, list []Rule) error {
	c := csv.NewWriter(w)
	lines := [][]string{Attributes}
	for _, r := range list {
		lines = append(lines, cells(Encode(r)))
	}
	if err := c.WriteAll(lines); err != nil {
		return fmt.Errorf("writing rules: %w", err)
	}
	return nil
}

// cells are an item's attributes in the order of Attributes.
func cells(item document.Item) []string {
	out := make([]string, len(Attributes))
	for i, name := range Attributes {
		out[i] = item[name].Text
	}
	return out
}

// Read reads what Write writes. The columns may stand in any order, and Default
// may be left out. It reports every mistake with its place; there are no rules
// where there is one.
func Read(name string, data []byte) ([]Rule, diag.List) {
	f := &file{name: name, lines: strings.Split(string(data), "\n"), at: map[string]place{}}
	switch {
	case len(data) > MaxFile:
		f.say(0, 0, "keep one table's rules in it", "the file is larger than 1 MiB")
		return nil, f.list
	case !utf8.Valid(data):
		f.say(0, 0, "save it as UTF-8", "the file is not UTF-8")
		return nil, f.list
	}
	f.csv = csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	f.csv.FieldsPerRecord = -1
	if f.header() {
		f.rows()
	}
	rules := f.rules()
	f.list.Sort()
	if f.list.Err() != nil {
		return nil, f.list
	}
	return rules, f.list
}

// place is a line and a column, from 1.
type place struct{ line, column int }

// file is a file of rules while it is read.
type file struct {
	name    string
	lines   []string
	csv     *csv.Reader
	columns []string
	items   []document.Item
	at      map[string]place // of each attribute: RuleId, a slash, its name
	list    diag.List
}

// say reports a mistake; line 0 means the file as a whole.
func (f *file) say(line, column int, hint, format string, args ...any) {
	d := diag.Diagnostic{Pos: diag.Pos{File: f.name, Line: line, Column: column}, Summary: fmt.Sprintf(format, args...), Hint: hint, Width: 1}
	if line > 0 && line <= len(f.lines) {
		d.Source = strings.TrimSuffix(f.lines[line-1], "\r")
	}
	f.list.Add(d)
}

// next reads a line of cells. It is false at the end, and after what is no CSV.
func (f *file) next() ([]string, bool) {
	cells, err := f.csv.Read()
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		f.say(p.StartLine, 1, `quotes stand around a whole value, and are doubled within it: "lookup(""people"", tag(""Owner""))"`,
			"a quote is where none can be")
	}
	return cells, err == nil
}

// header reads the names of the columns.
func (f *file) header() bool {
	names, ok := f.next()
	if !ok {
		if len(f.list) == 0 {
			f.say(0, 0, "its first line is "+strings.Join(Attributes, ","), "there is nothing in the file")
		}
		return false
	}
	for i, n := range names {
		line, column := f.pos(i)
		switch {
		case !slices.Contains(Attributes, n):
			hint := "the columns are " + strings.Join(Attributes, ", ")
			if near := diag.Suggest(n, Attributes); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			f.say(line, column, hint, "%q is not a column of a table of rules", n)
		case slices.Contains(names[:i], n):
			f.say(line, column, "delete one", "the column %s is there twice", n)
		}
	}
	for _, n := range Attributes {
		if n != Default && !slices.Contains(names, n) && len(f.list) == 0 {
			f.say(1, 1, "write "+strings.Join(Attributes, ","), "there is no column %s", n)
		}
	}
	f.columns = names
	return len(f.list) == 0
}

// pos is where a cell begins, its column counted in characters.
func (f *file) pos(cell int) (line, column int) {
	line, at := f.csv.FieldPos(cell)
	if line < 1 || line > len(f.lines) {
		return line, at
	}
	text := f.lines[line-1]
	return line, utf8.RuneCountInString(text[:min(at-1, len(text))]) + 1
}

// rows makes an item of every line.
func (f *file) rows() {
	for {
		cells, ok := f.next()
		if !ok {
			return
		}
		line, column := f.pos(0)
		if len(cells) != len(f.columns) {
			f.say(line, column, "put quotes around a value with a comma in it", "there are %d columns, and the first line has %d", len(cells), len(f.columns))
			continue
		}
		f.item(cells)
	}
}

func (f *file) item(cells []string) {
	item := document.Item{}
	for i, name := range f.columns {
		if name == RuleID {
			item[name] = document.Number(cells[i])
		} else if cells[i] != "" {
			item[name] = document.String(cells[i])
		}
	}
	id := item[RuleID].Text
	line, column := f.pos(slices.Index(f.columns, RuleID))
	if first, dup := f.at[id+"/"+RuleID]; dup {
		f.say(line, column, "give it another number", "RuleId %s is there twice (first in line %d)", id, first.line)
		return
	}
	for i, name := range f.columns {
		l, c := f.pos(i)
		f.at[id+"/"+name] = place{l, c}
	}
	f.items = append(f.items, item)
}

// rules decodes the items, and reports their faults where the file has them.
func (f *file) rules() []Rule {
	var out []Rule
	for _, row := range Decode(f.items) {
		for _, fault := range row.Faults {
			p, ok := f.at[fault.ID+"/"+fault.Attribute]
			if !ok {
				p = f.at[fault.ID+"/"+RuleID]
			}
			f.say(p.line, p.column, fault.Hint, "%s", fault.Summary)
		}
		out = append(out, row.Rule)
	}
	return out
}
