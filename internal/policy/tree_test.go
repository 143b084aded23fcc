package policy

import "testing"

// The words are those of YAML 1.2's core schema.
func TestPlainScalarsMeanWhatYAMLSays(t *testing.T) {
	for want, words := range map[plainType][]string{
		plainNull:   {"", "~", "null", "NULL"},
		plainBool:   {"true", "False", "TRUE"},
		plainNumber: {"0", "-1", "+12", "1.5", ".5", "5.", "1e3", "-2.5E-7", "0x1F", "0o17", ".inf", "-.INF", ".nan"},
		plainText: {"yes", "off", "nUll", "1d", "25%", "1.2.3", "--1", "+", "-", ".", "e3", "1e", "1e+-2", "0x", "0xZZ", "0o8", "12:30", "2026-01-01",
			"1_000", "arn:aws"},
	} {
		for _, w := range words {
			if got := resolve(w); got != want {
				t.Errorf("%q is %d, want %d", w, got, want)
			}
		}
	}
}
