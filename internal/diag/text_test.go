package diag_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/diag"
)

// checkPrintable fails on what could change a terminal or a log: by Unicode's
// own properties, not by the list of the code.
func checkPrintable(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("broken UTF-8 in %q", s)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			t.Fatalf("%U in %q", r, s)
		}
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"letters, marks, emoji", "größe e\u0301 語 👩\u200d💻 ❤\ufe0f", "größe e\u0301 語 👩\u200d💻 ❤\ufe0f"},
		{"a backslash and a quote stay", `C:\new "x"`, `C:\new "x"`},
		{"line breaks and tabs", "a\nb\rc\td", `a\nb\rc\td`},
		{"a terminal sequence", "\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`},
		{"other control characters", "\x00\a\b\x7f", `\u0000\u0007\u0008\u007f`},
		{"the second control block", "\u0085\u009b", `\u0085\u009b`},
		{"turning the direction", "a\u202eb\u2066c\u200fd\u061ce", `a\u202eb\u2066c\u200fd\u061ce`},
		{"line and paragraph separators", "a\u2028b\u2029c", `a\u2028b\u2029c`},
		{"invisible characters", "a\u200bb\u200cc\ufeffd\u00ade", `a\u200bb\u200cc\ufeffd\u00ade`},
		{"invisible characters beyond 16 bits", "a\U000e0041b", `a\U000e0041b`},
		{"broken UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"an encoded surrogate", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"the replacement character itself", "a\ufffdb", "a\ufffdb"},
		{"both replacement character and broken UTF-8", "\ufffd\xff", "\ufffd\\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := diag.Printable(tt.in); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "plain", "größe 語", "a\nb\t", "\x1b[31m", "\u202e\u2066\u061c", "\u2028\u2029", "\u009b", "\xff\xfe", "\ufffd\xff", "👩\u200d💻", "\U000e0041", `\n`} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, s, more string) {
		got := diag.Printable(s)
		checkPrintable(t, got)
		if again := diag.Printable(got); again != got {
			t.Fatalf("%q becomes %q and then %q", s, got, again)
		}
		harmless := func(r rune) bool { return unicode.IsGraphic(r) || r == '\u200d' }
		if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !harmless(r) }) && got != s {
			t.Fatalf("%q was printable and became %q", s, got)
		}
		// What stands beside a character does not change how it is written.
		if utf8.ValidString(s) && diag.Printable(s+more) != got+diag.Printable(more) {
			t.Fatalf("%q and %q together are %q", s, more, diag.Printable(s+more))
		}
	})
}

func TestSuggest(t *testing.T) {
	keys := []string{"required", "allow_empty", "default", "value", "fallback", "allowed", "pattern", "aliases", "overwrite"}
	tests := []struct {
		name, word string
		candidates []string
		want       string
	}{
		{"a letter missing", "requird", keys, "required"},
		{"a letter too many", "defaullt", keys, "default"},
		{"a wrong letter", "patters", keys, "pattern"},
		{"two neighbours swapped count once", "vlaue", keys, "value"},
		{"neighbours swapped at the end", "on", []string{"no"}, "no"},
		{"in other case", "REQUIRED", keys, "required"},
		{"two edits of six letters", "sttop!", []string{"stop"}, "stop"},
		{"two edits of five letters are too many", "stpp!", []string{"stop"}, ""},
		{"one edit of a short word", "tga", []string{"tag", "untag"}, "tag"},
		{"nothing near", "colour", keys, ""},
		{"no candidates", "required", nil, ""},
		{"the nearest, not the first", "allowd", []string{"allow_x", "allowed"}, "allowed"},
		{"the nearest, though last", "notifi", []string{"notice", "notified", "notify"}, "notify"},
		{"the first of equals", "cat", []string{"bat", "hat"}, "bat"},
		{"letters of other scripts", "grösse", []string{"größe", "grosse"}, "grosse"},
		{"an empty word has no near ones of two letters", "", []string{"on"}, ""},
		{"a start only", "ow", []string{"overwrite"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := diag.Suggest(tt.word, tt.candidates); got != tt.want {
				t.Errorf("%q: %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}

func TestSuggestUndoesOneMistake(t *testing.T) {
	// No two of these are within three edits of each other.
	words := []string{"terminate", "overwrite", "schedule", "include_managed", "fallback"}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom(words).Draw(t, "word")
		typed := []rune(word)
		i := rapid.IntRange(0, len(typed)-2).Draw(t, "at")
		switch rapid.IntRange(0, 3).Draw(t, "mistake") {
		case 0:
			typed = slices.Delete(typed, i, i+1)
		case 1:
			typed = slices.Insert(typed, i, 'ß')
		case 2:
			typed[i] = 'ß'
		case 3:
			typed[i], typed[i+1] = typed[i+1], typed[i]
		}
		if got := diag.Suggest(string(typed), words); got != word {
			t.Fatalf("%q: %q, want %q", string(typed), got, word)
		}
	})
}

func FuzzSuggest(f *testing.F) {
	f.Add("requird", "required", "pattern")
	f.Add("", "", "x")
	f.Add("\xff", "\xfe\xff", "\ufffd")
	f.Add("İ", "i\u0307", "I")
	f.Add("ab", "ba", "abc")
	f.Fuzz(func(t *testing.T, word, a, b string) {
		got := diag.Suggest(word, []string{a, b})
		if got != "" && got != a && got != b {
			t.Fatalf("%q: %q is neither %q nor %q", word, got, a, b)
		}
		if word == a && !strings.EqualFold(a, b) && utf8.ValidString(a) && got != a {
			t.Fatalf("%q is a candidate, and %q is suggested", word, got)
		}
	})
}

func TestJSONKeepsEveryValueAndChangesNoTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\u009b31m", "\u0085", "\x7f", "a\u202eb", "\U000e0041", "\ufffd", "größe 👩\u200d💻"})).Draw(t, "text")
		b, err := json.Marshal(map[string]string{"k": text})
		if err != nil {
			t.Fatal(err)
		}
		got := diag.JSON(b)
		if string(got) != diag.Printable(string(got)) {
			t.Fatalf("%q can change a terminal", got)
		}
		var want, back map[string]string
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &back); err != nil || back["k"] != want["k"] {
			t.Fatalf("%q became %q: %v", want["k"], back["k"], err)
		}
	})
}
