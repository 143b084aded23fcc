package diag_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/diag"
)

func TestCell(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"text", "a=1+1", "a=1+1"},
		{"a formula", "=1+1", "'=1+1"},
		{"a number with a sign", "-1", "'-1"},
		{"a function", "@SUM(A1)", "'@SUM(A1)"},
		{"full width", "＝1", "'＝1"},
		{"behind spaces", "  =1", "'  =1"},
		{"behind a no-break space", "\u00a0=1", "'\u00a0=1"},
		{"behind wide, thin and ideographic spaces", "\u2003\u2009\u3000+1", "'\u2003\u2009\u3000+1"},
		{"behind a joiner and a mark", "\u200d\ufe0f\u0301=1", "'\u200d\ufe0f\u0301=1"},
		{"behind quotes", `"=1`, `'"=1`},
		{"a tab is an escape, which is text", "\t=1", `\t=1`},
		{"behind a semicolon", "web;=1", "web;'=1"},
		{"behind semicolons and spaces", "web; ;\u00a0@x;y", "web; ;'\u00a0@x;y"},
		{"invisible characters are escapes", "\u200b=1", `\u200b=1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := diag.Cell(tt.in); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestNoCellBeginsAFormula reads cells as the spreadsheets of both kinds do:
// whole, and divided at semicolons.
func TestNoCellBeginsAFormula(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"=", "+", "-", "@", "＝", " ", "\u00a0", "\t", "\r\n", ";", `"`, "\u200d", "a", "'"})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOf(pieces).Draw(t, "pieces"), "")
		})).Draw(t, "text")
		cell := diag.Cell(text)
		if strings.IndexFunc(cell, unicode.IsControl) >= 0 {
			t.Fatalf("a control character in %q", cell)
		}
		for _, c := range append(strings.Split(cell, ";"), cell) {
			first := strings.TrimLeftFunc(c, func(r rune) bool {
				return r == '"' || unicode.In(r, unicode.Z, unicode.C, unicode.M)
			})
			if strings.IndexAny(first, "=+-@＝＋－＠") == 0 {
				t.Fatalf("%q begins a formula in %q", c, cell)
			}
		}
		if len(cell) < len(diag.Printable(text)) {
			t.Fatalf("%q lost something in %q", text, cell)
		}
	})
}
