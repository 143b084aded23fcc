package policy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/expr"
)

const (
	// MaxTables is how many bytes the tables of one load may have together: a
	// list of some hundred thousand people.
	MaxTables = 16 << 20
	// mostRows is of how many bad rows of one table is told.
	mostRows = 5
)

// readTable reads the rows of a table and returns how many bytes they took, of
// those that are left. All mistakes are told at the policy file's own lines.
func (l *loader) readTable(raw *rawLookup, left int, into *expr.Table) int {
	data, err := readAll(raw.csv.at.src, raw.csv.v, left)
	if err != nil {
		why, hint := unreadable(err)
		l.fault(raw.at(), hint, "the table %s cannot be read: %s", raw.at().show(), why)
		return 0
	}
	return l.readCSV(raw, data, left, into)
}

// readCSV reads the rows of what a file or an object holds.
func (l *loader) readCSV(raw *rawLookup, data []byte, left int, into *expr.Table) int {
	size := len(data)
	switch {
	case size > left:
		l.fault(raw.at(), "leave out what no policy needs", "with %s, the tables are larger than %d MiB together", raw.at().show(), MaxTables>>20)
		return left
	case !utf8.Valid(data):
		l.row(raw, 1+bytes.Count(data[:firstInvalid(data)], []byte("\n")), "save it as UTF-8", "it is not UTF-8 from here on")
		return size
	}
	t := table{loader: l, raw: raw, csv: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))),
		values: map[string]string{}, lines: map[string]int{}}
	t.csv.ReuseRecord = true
	if t.header() && t.rows() {
		into.Values = t.values
	}
	return size
}

// errNoOpener is why nothing can be read where Source.Open is nil.
var errNoOpener = errors.New("no files can be opened here")

// readAll reads a file that a policy file names, as far as one can tell that it
// is larger than most bytes.
func readAll(src *source, path string, most int) (data []byte, err error) {
	if src.open == nil {
		return nil, errNoOpener
	}
	f, err := src.open(beside(src.dir, path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, int64(most)+1))
}

// unreadable says why a file cannot be read. The error's own text has the path
// in it, which may be the environment's.
func unreadable(err error) (why, hint string) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file", "a relative path starts at the policy file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied", "let whoever runs tagwarden read it"
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return err.Error(), ""
}

// firstInvalid is where text stops being UTF-8.
func firstInvalid(data []byte) int {
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// row reports a mistake in a line of a table.
func (l *loader) row(raw *rawLookup, line int, hint, format string, args ...any) {
	l.fault(raw.at(), hint, "the table %s, line %d: %s", raw.at().show(), line, fmt.Sprintf(format, args...))
}

// table is a table while it is read.
type table struct {
	*loader
	raw *rawLookup
	csv *csv.Reader
	// key and value are the numbers of the columns; value is -1 where there is
	// none.
	key, value int
	values     map[string]string
	lines      map[string]int // where each key is
}

// header reads the names of the columns and finds those that are wanted.
func (t *table) header() bool {
	names, err := t.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		t.fault(t.raw.at(), "its first line is the names of the columns", "the table %s has nothing in it", t.raw.at().show())
		return false
	case err != nil:
		t.malformed(err)
		return false
	}
	var ok bool
	if t.key, ok = t.column(t.raw.key, names); !ok {
		return false
	}
	t.value = -1
	if t.raw.value.set() {
		t.value, ok = t.column(t.raw.value, names)
	}
	return ok
}

// column is the number of a column.
func (t *table) column(name val[string], names []string) (int, bool) {
	i := slices.Index(names, name.v)
	switch {
	case i < 0:
		hint := meant(name.v, names)
		if len(names) == 1 && strings.ContainsAny(names[0], ";\t") {
			hint = "columns are separated by commas"
		}
		t.fault(name.at, hint, "the table %s has no column %s", t.raw.at().show(), name.at.show())
	case slices.Contains(names[i+1:], name.v):
		t.fault(name.at, "give the columns different names", "the table %s has the column %s twice", t.raw.at().show(), name.at.show())
	default:
		return i, true
	}
	return 0, false
}

// rows reads the rows. It goes on after a bad one, unless there is no telling
// where the next begins.
func (t *table) rows() bool {
	bad := 0
	for bad < mostRows {
		cells, err := t.csv.Read()
		switch {
		case errors.Is(err, io.EOF):
			return bad == 0
		case err != nil && !errors.Is(err, csv.ErrFieldCount):
			t.malformed(err)
			return false
		case err != nil:
			t.malformed(err)
			bad++
		case !t.add(cells):
			bad++
		}
	}
	return false
}

// add adds a row. Rows of empty cells, as spreadsheets leave them behind, are
// none.
func (t *table) add(cells []string) bool {
	line, _ := t.csv.FieldPos(0)
	k, v := cells[t.key], ""
	if t.value >= 0 {
		v = cells[t.value]
	}
	first, dup := t.lines[k]
	switch {
	case k == "" && !slices.ContainsFunc(cells, func(c string) bool { return c != "" }):
		return true
	case k == "":
		t.row(t.raw, line, "fill it in, or delete the row", "there is no key")
	case len(k) > expr.MaxCell || len(v) > expr.MaxCell:
		t.row(t.raw, line, "look for a quote that is never closed", "a key or a value is longer than %d bytes", expr.MaxCell)
	case dup && t.values[k] != v:
		t.row(t.raw, line, "delete one", "the key %s has another value than in line %d", shorten(k), first)
	case !dup:
		k = strings.Clone(k) // a cell holds on to its whole row
		t.values[k], t.lines[k] = strings.Clone(v), line
		return true
	default:
		return true
	}
	return false
}

// shorten quotes text of a table for a message.
func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// malformed reports a row that is no CSV.
func (t *table) malformed(err error) {
	line := 0
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		line = p.StartLine
	}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		t.row(t.raw, line, "put quotes around a value with a comma in it", "it has not as many columns as the first line")
	default:
		t.row(t.raw, line, `quotes stand around a whole value, and are doubled within it: "say ""hi"""`, "a quote is where none can be")
	}
}
