package diag

import (
	"strings"
	"unicode"
)

// formulaStarts are the characters with which a spreadsheet takes a cell for a
// formula, and the full-width forms that East Asian editions take for the
// same. See OWASP, "CSV Injection".
const formulaStarts = "=+-@＝＋－＠"

// Cell makes text of any origin a cell of a CSV file that a spreadsheet shows
// and does not compute: Printable, with an apostrophe (which spreadsheets take
// for "this is text") before what could be a formula. A semicolon counts as
// the beginning of another cell: where the decimal sign is a comma,
// spreadsheets separate cells by it. A tab or line break, which could hide a
// formula, is an escape already.
func Cell(s string) string {
	parts := strings.Split(Printable(s), ";")
	for i, p := range parts {
		if strings.IndexAny(strings.TrimLeftFunc(p, ignored), formulaStarts) == 0 {
			parts[i] = "'" + p
		}
	}
	return strings.Join(parts, ";")
}

// ignored says whether a character before a formula may not hide it from a
// spreadsheet: spaces of every kind, invisible characters, marks that stand on
// another character, and quotes.
func ignored(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsGraphic(r) || unicode.IsMark(r) || r == '"'
}
