package diag_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// at makes a diagnostic about a place in f.yaml.
func at(line, column, width int, source string) diag.Diagnostic {
	return diag.Diagnostic{Pos: diag.Pos{File: "f.yaml", Line: line, Column: column}, Summary: "wrong", Source: source, Width: width}
}

// shown is what String makes of at(7, …): the place, the line and the carets.
func shown(column int, line, carets string) string {
	return fmt.Sprintf("f.yaml:7:%d: error: wrong\n    %s\n    %s", column, line, carets)
}

func TestDiagnosticsReadLikeTheDocumentedOne(t *testing.T) {
	d := diag.Diagnostic{
		Pos: diag.Pos{File: "tagwarden.yaml", Line: 7, Column: 5}, Summary: `unknown key "requird"`,
		Hint: `did you mean "required"?`, Source: "    requird: true", Width: 7,
	}
	want := `tagwarden.yaml:7:5: error: unknown key "requird"
        requird: true
        ^^^^^^^ did you mean "required"?`
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
}

func TestADiagnosticShowsWhatItHas(t *testing.T) {
	tests := []struct {
		name string
		d    diag.Diagnostic
		want string
	}{
		{"a warning", diag.Diagnostic{Severity: diag.Warning, Pos: diag.Pos{File: "f.yaml", Line: 1, Column: 1}, Summary: "odd"}, "f.yaml:1:1: warning: odd"},
		{"about the whole file", diag.Diagnostic{Pos: diag.Pos{File: "f.yaml"}, Summary: "it is empty"}, "f.yaml: error: it is empty"},
		{"about the whole file, with a hint", diag.Diagnostic{Pos: diag.Pos{File: "f.yaml"}, Summary: "it is empty", Hint: "write version: 1", Source: "never shown"},
			"f.yaml: error: it is empty\n    write version: 1"},
		{"without its line, with a hint", diag.Diagnostic{Pos: diag.Pos{File: "f.yaml", Line: 3, Column: 2}, Summary: "wrong", Hint: "try again"}, "f.yaml:3:2: error: wrong\n    try again"},
		{"without its line", at(7, 3, 1, ""), "f.yaml:7:3: error: wrong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.d.String()); diff != "" {
				t.Errorf("the text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCaretsStandUnderTheMistake(t *testing.T) {
	long := strings.Repeat("a", 60) + "MIDDLE" + strings.Repeat("b", 84)  // 150 characters
	later := strings.Repeat("a", 120) + "WRONG" + strings.Repeat("b", 75) // 200 characters
	tests := []struct {
		name          string
		column, width int
		source        string
		line, carets  string
	}{
		{"at the start", 1, 3, "abc: d", "abc: d", "^^^"},
		{"a width of none is one", 2, 0, "abc", "abc", " ^"},
		{"a negative width is one", 2, -4, "abc", "abc", " ^"},
		{"a column of none is the first", 0, 1, "abc", "abc", "^"},
		{"a negative column is the first", -3, 2, "abc", "abc", "^^"},
		{"wider than the line", 2, 99, "abc", "abc", " ^^"},
		{"just behind the line", 4, 1, "abc", "abc", "   ^"},
		{"far behind the line", 1000, 5, "abc", "abc", "   ^"},
		{"characters of more bytes", 8, 2, "größe: äöü", "größe: äöü", "       ^^"},
		{"tabs before it", 3, 3, "\t\tabc", "        abc", "        ^^^"},
		{"a tab in it", 2, 3, "ab\tcd", "ab    cd", " ^^^^^^"},
		{"a tab behind it", 1, 2, "ab\tcd", "ab    cd", "^^"},
		{"an escape before it", 3, 2, "\x1b:ab", `\u001b:ab`, strings.Repeat(" ", 7) + "^^"},
		{"an escape in it", 2, 2, "a\x1bb", `a\u001bb`, " ^^^^^^^"},
		{"an escape, with a width of none", 2, 0, "a\x1bb", `a\u001bb`, " ^^^^^^"},
		{"a broken byte before it", 2, 1, "\xffab", `\xffab`, "    ^"},
		{"a broken byte in it", 2, 2, "a\xffb", `a\xffb`, " ^^^^^"},
		{"the replacement character before it", 2, 1, "\ufffdab", "\ufffdab", " ^"},
		{"early in a long line", 61, 6, long, long[:100], strings.Repeat(" ", 60) + "^^^^^^"},
		{"at the last place that needs no shift", 76, 2, long, long[:100], strings.Repeat(" ", 75) + "^^"},
		{"one further", 77, 2, long, long[26:126], strings.Repeat(" ", 50) + "^^"},
		{"late in a long line", 121, 5, later, later[70:170], strings.Repeat(" ", 50) + "^^^^^"},
		{"at the end of a long line", 200, 1, later, later[149:], strings.Repeat(" ", 50) + "^"},
		{"behind a long line", 500, 1, later, later[150:], strings.Repeat(" ", 50) + "^"},
		{"wider than what is shown", 121, 500, later, later[70:170], strings.Repeat(" ", 50) + strings.Repeat("^", 50)},
		{"a long line from its start", 1, 500, later, later[:100], strings.Repeat("^", 100)},
		{"tabs count as shown when a line is cut", 25, 1, strings.Repeat("\t", 24) + "x" + strings.Repeat("y", 99),
			strings.Repeat(" ", 50) + "x" + strings.Repeat("y", 49), strings.Repeat(" ", 50) + "^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(shown(tt.column, tt.line, tt.carets), at(7, tt.column, tt.width, tt.source).String()); diff != "" {
				t.Errorf("the text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingHostileReachesTheTerminal(t *testing.T) {
	d := diag.Diagnostic{
		Pos: diag.Pos{File: "evil\x1b]0;x\a.yaml", Line: 2, Column: 2}, Summary: "bad\r\n\x1b[2J\u202e",
		Hint: "no\u2028\x9b1m", Source: "a\x1bb\xff", Width: 1,
	}
	want := `evil\u001b]0;x\u0007.yaml:2:2: error: bad\r\n\u001b[2J\u202e
    a\u001bb\xff
     ^^^^^^ no\u2028\x9b1m`
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
	d.Source = ""
	want = `evil\u001b]0;x\u0007.yaml:2:2: error: bad\r\n\u001b[2J\u202e
    no\u2028\x9b1m`
	if diff := cmp.Diff(want, d.String()); diff != "" {
		t.Errorf("the text without a line (-want +got):\n%s", diff)
	}
}

func FuzzDiagnostic(f *testing.F) {
	f.Add("f.yaml", "wrong", "try", "\tabc: d", 7, 2, 3)
	f.Add("\x1b", "\n", "\u2029", "\xff\xff\t\u202e", 1, 3, 1)
	f.Add("f", "s", "", strings.Repeat("x", 300), 1, 299, 9)
	f.Add("f", "s", "h", "abc", -1, -1, -1)
	f.Fuzz(func(t *testing.T, file, summary, hint, source string, line, column, width int) {
		d := diag.Diagnostic{Pos: diag.Pos{File: file, Line: line, Column: column}, Summary: summary, Hint: hint, Source: source, Width: width}
		lines := strings.Split(d.String(), "\n")
		for _, l := range lines {
			checkPrintable(t, l)
		}
		if source == "" || line == 0 {
			return
		}
		if len(lines) != 3 {
			t.Fatalf("%d lines: %q", len(lines), lines)
		}
		text, carets := []rune(lines[1]), []rune(strings.TrimSuffix(lines[2], " "+diag.Printable(hint)))
		if len(text) > 4+100 || len(carets) > max(len(text), 4+1)+1 || !strings.Contains(string(carets), "^") {
			t.Fatalf("line %q, carets %q", string(text), string(carets))
		}
	})
}

func TestPositionsAreWhatEditorsUnderstand(t *testing.T) {
	tests := map[diag.Pos]string{
		{File: "a/b.yaml", Line: 7, Column: 5}: "a/b.yaml:7:5",
		{File: "a/b.yaml"}:                     "a/b.yaml",
		{File: "a/b.yaml", Column: 5}:          "a/b.yaml",
	}
	for p, want := range tests {
		if got := p.String(); got != want {
			t.Errorf("%#v: %q, want %q", p, got, want)
		}
	}
}

func TestAListIsAnErrorWhenSomethingInItIs(t *testing.T) {
	warning := diag.Diagnostic{Severity: diag.Warning, Summary: "odd"}
	wrong := diag.Diagnostic{Severity: diag.Error, Summary: "wrong"}
	tests := []struct {
		name string
		list diag.List
		want bool
	}{
		{"none", nil, false},
		{"warnings", diag.List{warning, warning}, false},
		{"an error", diag.List{wrong}, true},
		{"an error behind a warning", diag.List{warning, wrong}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.list.Err()
			if (err != nil) != tt.want {
				t.Fatalf("got %v", err)
			}
			if !tt.want {
				return
			}
			got, ok := errors.AsType[diag.List](fmt.Errorf("loading: %w", err))
			if diff := cmp.Diff(tt.list, got); !ok || diff != "" {
				t.Errorf("found in a wrapped error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheErrorOfAListIsAllOfIt(t *testing.T) {
	var l diag.List
	l.Add(at(7, 2, 1, "abc"))
	l.Add(diag.Diagnostic{Severity: diag.Warning, Pos: diag.Pos{File: "g.yaml"}, Summary: "odd"})
	want := shown(2, "abc", " ^") + "\ng.yaml: warning: odd"
	if diff := cmp.Diff(want, l.Error()); diff != "" {
		t.Errorf("the text (-want +got):\n%s", diff)
	}
}

func TestSortOrdersByPlaceAndDropsWhatIsSaidTwice(t *testing.T) {
	d := func(file string, line, column int, summary, hint string) diag.Diagnostic {
		return diag.Diagnostic{Pos: diag.Pos{File: file, Line: line, Column: column}, Summary: summary, Hint: hint}
	}
	// The same place and summary with two hints must not keep equal ones apart.
	l := diag.List{
		d("b", 1, 1, "x", ""), d("a", 10, 1, "x", ""), d("a", 2, 10, "x", ""), d("a", 2, 9, "x", "one"), d("a", 2, 9, "x", "two"),
		d("a", 2, 9, "x", "one"), d("a", 2, 9, "w", ""), d("b", 1, 1, "x", ""), d("a", 0, 0, "x", ""),
	}
	want := diag.List{
		d("a", 0, 0, "x", ""), d("a", 2, 9, "w", ""), d("a", 2, 9, "x", "one"), d("a", 2, 9, "x", "two"),
		d("a", 2, 10, "x", ""), d("a", 10, 1, "x", ""), d("b", 1, 1, "x", ""),
	}
	l.Sort()
	if diff := cmp.Diff(want, l); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
}

func TestSortingSaysEverythingExactlyOnceInAnyOrder(t *testing.T) {
	one := rapid.Custom(func(t *rapid.T) diag.Diagnostic {
		small := rapid.IntRange(0, 1)
		word := rapid.SampledFrom([]string{"", "x"})
		return diag.Diagnostic{
			Severity: diag.Severity(small.Draw(t, "severity")), Summary: word.Draw(t, "summary"), Hint: word.Draw(t, "hint"),
			Source: word.Draw(t, "source"), Width: small.Draw(t, "width"),
			Pos: diag.Pos{File: "f", Line: small.Draw(t, "line"), Column: small.Draw(t, "column")},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		l := diag.List(rapid.SliceOf(one).Draw(t, "list"))
		distinct := map[diag.Diagnostic]bool{}
		for _, d := range l {
			distinct[d] = true
		}
		other := slices.Clone(l)
		slices.Reverse(other)
		l.Sort()
		other.Sort()
		if diff := cmp.Diff(l, other); diff != "" {
			t.Fatalf("the order depends on the order before:\n%s", diff)
		}
		for _, d := range l {
			if !distinct[d] {
				t.Fatalf("%v is there twice or was never", d)
			}
			delete(distinct, d)
		}
		if len(distinct) > 0 {
			t.Fatalf("lost: %v", distinct)
		}
	})
}
