package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Lengths, in characters, that what is shown is cut to. A tag value has 256 at
// most; the rest is what a reader takes in.
const (
	maxValue  = 300
	maxReason = 500
	maxText   = 4000
)

// clean makes one line of text of any origin: control characters, line breaks
// and marks that turn the direction of writing become visible escapes, and
// what no document may hold is replaced. It is not escaped for any format.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == 0xfffe || r == 0xffff { // no characters: XML forbids them
			return utf8.RuneError
		}
		return r
	}, s)
	return view.Cut(diag.Printable(strings.TrimSpace(s)), limit)
}

// lines is clean for text whose line breaks are wanted.
func lines(s string) []string {
	var out []string
	for l := range strings.Lines(view.Cut(strings.TrimSpace(s), maxText)) {
		out = append(out, clean(l, maxText))
	}
	return out
}

// maxHeader is how long a header value may be; RFC 5322 and SES allow 998.
const maxHeader = 200

// header makes text of any origin a header's value: one line without control
// characters, so that it can begin no other header.
func header(s string) string {
	s = strings.Map(func(r rune) rune {
		const zeroWidthJoiner = '\u200d' // holds emoji together
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r) && r != zeroWidthJoiner, r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return view.Cut(strings.Join(strings.Fields(s), " "), maxHeader)
}

// asciiOf are the characters outside ASCII that have a plain look-alike.
var asciiOf = strings.NewReplacer("–", "-", "—", "-", "…", "...", "‘", "'", "’", "'", "“", `"`, "”", `"`, "\u00a0", " ")

// ascii makes text of any origin one line of printable ASCII: letters and
// digits of other scripts become "?", other characters (emoji) are dropped.
func ascii(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r <= '~':
			return r
		case unicode.IsSpace(r), unicode.IsControl(r):
			return ' '
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return '?'
		}
		return -1
	}, asciiOf.Replace(strings.ToValidUTF8(s, "")))
	return strings.Join(strings.Fields(s), " ")
}

// slug makes text of any origin a part of a file name or of a header's id:
// ASCII letters, digits, dots, hyphens and underscores, not beginning with a
// dot, 60 characters at most.
func slug(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '.' || r == '_') {
			return r
		}
		return '_'
	}, s)
	s = strings.TrimLeft(s, ".")
	return s[:min(len(s), 60)]
}
