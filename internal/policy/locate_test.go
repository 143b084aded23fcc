package policy

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var sprintf = fmt.Sprintf

func crlf(s, end string) string { return strings.ReplaceAll(s, "\n", end) }

// scalarStyles write a value as YAML under the key "k" of line 2.
var scalarStyles = map[string]func(string) string{
	"single": func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" },
	"double": func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "é", `\u00e9`, "a", `\x61`).Replace(s) + `"`
	},
	"literal": func(s string) string { return "|\n    " + strings.ReplaceAll(s, "\n", "\n    ") },
}

// Every character of a value is found where it stands, in each style.
func TestEveryCharacterOfAScalarIsFoundInTheFile(t *testing.T) {
	for name, write := range scalarStyles {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				chars := `ab é日'"\ ${}:#-` // what styles treat in a way of their own
				if name == "literal" {
					chars += "\n"
				}
				value := "x" + rapid.StringOfN(rapid.RuneFrom([]rune(chars)), 0, 30, -1).Draw(t, "value") + "y"
				value = strings.ReplaceAll(value, "${", "$")
				if strings.Contains(value, "\n ") {
					value = strings.ReplaceAll(value, "\n ", "\n")
				}
				r := &reporter{}
				root := r.parse(Source{Name: "f", Data: []byte("# é\nk: " + write(value) + "\n")}, environ)
				if root == nil {
					t.Fatalf("%q: %v", write(value), r.list)
				}
				n := root.pairs[0].value
				if got := strings.TrimSuffix(n.text, "\n"); got != value {
					t.Fatalf("read as %q, want %q", got, value)
				}
				for i, want := range []rune(value) {
					pos, _ := n.place(i, 1)
					row := []rune(n.src.lineText(pos.Line) + "\n")
					if got := row[pos.Column-1]; got != want && got != '\\' {
						t.Fatalf("character %d (%q) is placed on %q of %q", i, want, got, string(row))
					}
				}
			})
		})
	}
}

func TestAPlaceIsFoundBehindVariables(t *testing.T) {
	for _, c := range []struct {
		written string
		offset  int // in the value as read
		column  int
		width   int
	}{
		{`k: ab${NUMBER}cd`, 0, 4, 1},
		{`k: ab${NUMBER}cd`, 2, 6, len("${NUMBER}")},
		{`k: ab${NUMBER}cd`, 3, 15, 1},
		{`k: "ab${PAY_WEBHOOK}cd"`, 2 + len("https://hooks.example.com/pay"), 21, 1},
		{`k: a${NONE:-}b`, 1, 14, 1},
		{`k: a$${x`, 3, 8, 1},
		{`k: '''''${NUMBER}''x'`, 4, 20, 1},
	} {
		r := &reporter{}
		root := r.parse(Source{Name: "f", Data: []byte(c.written)}, environ)
		if root == nil {
			t.Fatal(r.list)
		}
		pos, width := root.pairs[0].value.place(c.offset, 1)
		if pos.Column != c.column || width != c.width {
			t.Errorf("%s, %d: column %d width %d, want %d, %d", c.written, c.offset, pos.Column, width, c.column, c.width)
		}
	}
}

func TestColumnsAreRightAfterTabsAndWideLetters(t *testing.T) {
	for _, text := range []string{"k:\tv", "k: \tv", "\"日本\": [é, v]", "k: {é: 1, b: v}", "k: &a v", "k:  'v'"} {
		r := &reporter{}
		root := r.parse(Source{Name: "f", Data: []byte(text)}, environ)
		if root == nil {
			t.Fatal(r.list)
		}
		n := root.pairs[0].value
		for len(n.items) > 0 || len(n.pairs) > 0 {
			if len(n.items) > 0 {
				n = n.items[len(n.items)-1]
			} else {
				n = n.pairs[len(n.pairs)-1].value
			}
		}
		if got, want := n.col, len([]rune(text[:strings.LastIndexAny(text, "v'")]))+1-(n.width-1); got != want {
			t.Errorf("%s: column %d, want %d", strconv.Quote(text), got, want)
		}
	}
}

func TestCharactersOfFoldedLinesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		text      string
		want      string
		offset    int
		line, col int
	}{
		"plain, next line":       {"k: ab\n  cd", "ab cd", 3, 2, 3},
		"plain, the break":       {"k: ab\n  cd", "ab cd", 2, 1, 6},
		"plain, an empty line":   {"k: ab\n\n  cd", "ab\ncd", 3, 3, 3},
		"single, next line":      {"k: 'a  \n  b''c'", "a b'c", 3, 2, 4},
		"double, joined":         {"k: \"ab\\\n   cd\"", "abcd", 2, 2, 4},
		"double, escapes":        {`k: "\x41\t\U0001F600\\z"`, "A\t😀\\z", 4, 1, 23},
		"literal, deeper line":   {"k: |-\n  ab\n    cd\n", "ab\n  cd", 5, 3, 5},
		"literal, comment":       {"k: | # why\n  ab\n", "ab\n", 1, 2, 4},
		"literal, given indent":  {"k: |2-\n   ab", " ab", 1, 1, 4},
		"folded, its first line": {"k: >-\n  ab\n  cd", "ab cd", 4, 2, 3},
	} {
		r := &reporter{}
		root := r.parse(Source{Name: "f", Data: []byte(c.text)}, environ)
		if root == nil {
			t.Fatal(r.list)
		}
		n := root.pairs[0].value
		pos, _ := n.place(c.offset, 1)
		if n.text != c.want || pos.Line != c.line || pos.Column != c.col {
			t.Errorf("%s: %q at %d:%d, want %q at %d:%d", name, n.text, pos.Line, pos.Column, c.want, c.line, c.col)
		}
	}
}
