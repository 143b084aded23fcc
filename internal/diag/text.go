package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable makes text of any origin safe for a terminal and a log line:
// control characters (the escape that starts a terminal sequence, line
// breaks, …), characters that turn the direction of text, and broken UTF-8 are
// written as escapes.
func Printable(s string) string {
	clean := true
	for _, r := range s {
		if hostile(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case hostile(r) && r != utf8.RuneError && r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case hostile(r) && r != utf8.RuneError:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hostile says whether a character can change what a terminal shows around
// it. Cf is "format": directional overrides, zero-width joiners and the like;
// the joiner inside emoji and the variation selectors are harmless and kept.
func hostile(r rune) bool {
	const zeroWidthJoiner = '\u200d'
	return r == utf8.RuneError || unicode.IsControl(r) ||
		r != zeroWidthJoiner && unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// Suggest returns the candidate nearest to a mistyped word, or "" where none
// is near enough to be what was meant.
func Suggest(word string, candidates []string) string {
	best, bestDistance := "", 1+max(1, len([]rune(word))/3)
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c), bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance is the number of single-character edits (with neighbours swapped
// counting as one) between two words; it gives up at limit.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) >= limit || len(y)-len(x) >= limit {
		return limit
	}
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, prev, cur := rows[0], rows[1], rows[2]
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = prev, cur, before
	}
	return rows[1][len(y)]
}

// JSON writes what Printable would escape in finished JSON as JSON's own
// escapes: the same values to every reader, and nothing that changes the
// terminal it is shown on.
func JSON(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i, w := 0, 0; i < len(b); i += w {
		var r rune
		r, w = utf8.DecodeRune(b[i:])
		switch {
		case r < utf8.RuneSelf && r != 0x7f, r == utf8.RuneError, !hostile(r):
			out = append(out, b[i:i+w]...) // line breaks stand between values here
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
