package tag_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/tag"
)

func TestCheckKey(t *testing.T) {
	tests := []struct {
		name, key string
		want      error
	}{
		{"plain", "Owner", nil},
		{"one character", "x", nil},
		{"128 letters", strings.Repeat("k", 128), nil},
		{"128 characters of three bytes", strings.Repeat("語", 128), nil},
		{"129 letters", strings.Repeat("k", 129), tag.ErrTooLong},
		{"129 characters of two bytes", strings.Repeat("ä", 129), tag.ErrTooLong},
		{"empty", "", tag.ErrEmptyKey},
		{"reserved", "aws:createdBy", tag.ErrReserved},
		{"reserved in capitals", "AwS:createdBy", tag.ErrReserved},
		{"the prefix alone", "aws:", tag.ErrReserved},
		{"the prefix without its colon", "aws", nil},
		{"the prefix inside", "my-aws:x", nil},
		{"reserved and too long", "aws:" + strings.Repeat("k", 128), tag.ErrReserved},
		{"broken UTF-8", "a\xffb", tag.ErrEncoding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tag.CheckKey(tt.key); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestCheckValue(t *testing.T) {
	tests := []struct {
		name, value string
		want        error
	}{
		{"empty", "", nil},
		{"what other services refuse", "a*b\x1b", nil},
		{"256 letters", strings.Repeat("v", 256), nil},
		{"256 characters of four bytes", strings.Repeat("😀", 256), nil},
		{"257 letters", strings.Repeat("v", 257), tag.ErrTooLong},
		{"257 characters of two bytes", strings.Repeat("ä", 257), tag.ErrTooLong},
		{"broken UTF-8", "a\xc3", tag.ErrEncoding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tag.CheckValue(tt.value); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestErrorsSayHowLongAndShowNoControlCharacters(t *testing.T) {
	if err := tag.CheckKey(strings.Repeat("ä", 130)); err.Error() != "tag key of 130 characters (limit 128): too long" {
		t.Error(err)
	}
	if err := tag.CheckValue(strings.Repeat("ä", 300)); err.Error() != "tag value of 300 characters (limit 256): too long" {
		t.Error(err)
	}
	for _, err := range []error{tag.CheckKey("aws:\x1b[31m\n"), tag.CheckKey("\x1b\xff"), tag.CheckValue("\n\xff")} {
		if strings.ContainsAny(err.Error(), "\x1b\n\xff") {
			t.Errorf("not escaped: %q", err)
		}
	}
}

// many makes n user tags.
func many(n int) tag.Set {
	s := tag.Set{}
	for i := range n {
		s[fmt.Sprintf("key-%02d", i)] = "v"
	}
	return s
}

func with(s tag.Set, more ...string) tag.Set {
	for _, k := range more {
		s[k] = "v"
	}
	return s
}

func TestFits(t *testing.T) {
	tests := []struct {
		name string
		have tag.Set
		d    tag.Diff
		want error
	}{
		{"nothing on nothing", nil, tag.Diff{}, nil},
		{"the 50th", many(49), tag.Diff{Set: tag.Set{"new": ""}}, nil},
		{"the 51st", many(50), tag.Diff{Set: tag.Set{"new": ""}}, tag.ErrTooMany},
		{"a new value for one of 50", many(50), tag.Diff{Set: tag.Set{"key-07": "new"}}, nil},
		{"those of AWS do not count", with(many(49), "aws:a", "aws:b", "aws:c"), tag.Diff{Set: tag.Set{"new": ""}}, nil},
		{"a rename at the limit has both for a moment", many(50), tag.Diff{Set: tag.Set{"new": ""}, Delete: []string{"key-07"}}, tag.ErrTooMany},
		{"a rename below the limit", many(49), tag.Diff{Set: tag.Set{"new": ""}, Delete: []string{"key-07"}}, nil},
		{"deleting at the limit", many(50), tag.Diff{Delete: []string{"key-07"}}, nil},
		{"setting what is reserved", nil, tag.Diff{Set: tag.Set{"aws:x": ""}}, tag.ErrReserved},
		{"deleting what is reserved", tag.Set{"aws:x": ""}, tag.Diff{Delete: []string{"aws:x"}}, tag.ErrReserved},
		{"deleting the empty key", nil, tag.Diff{Delete: []string{""}}, tag.ErrEmptyKey},
		{"an empty key", nil, tag.Diff{Set: tag.Set{"": "x"}}, tag.ErrEmptyKey},
		{"a long key", nil, tag.Diff{Set: tag.Set{strings.Repeat("k", 129): ""}}, tag.ErrTooLong},
		{"a long value", nil, tag.Diff{Set: tag.Set{"k": strings.Repeat("v", 257)}}, tag.ErrTooLong},
		{"a broken value", nil, tag.Diff{Set: tag.Set{"k": "\xff"}}, tag.ErrEncoding},
		{"one bad among good ones", nil, tag.Diff{Set: tag.Set{"a": "1", "aws:b": "2", "c": "3"}}, tag.ErrReserved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tag.Fits(tt.have, tt.d); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// lawful is the rule in other words than the code's: bytes are valid, the
// length is within the limit, the prefix is not AWS's.
func lawful(text string, limit int, key bool) bool {
	reserved := strings.HasPrefix(strings.ToLower(text), "aws:")
	return strings.ToValidUTF8(text, "") == text && len([]rune(text)) <= limit && (!key || text != "" && !reserved)
}

func TestFitsAcceptsWhatKeepsTheLimitsAndNothingElse(t *testing.T) {
	key := rapid.OneOf(
		rapid.Map(rapid.IntRange(0, 60), func(i int) string { return fmt.Sprintf("key-%02d", i) }),
		rapid.Map(rapid.IntRange(126, 130), func(n int) string { return strings.Repeat("ä", n) }),
		rapid.SampledFrom([]string{"aws:x", "Aws:y", "aws", "", "\xff", "größe"}),
	)
	value := rapid.OneOf(
		rapid.Just("v"),
		rapid.Map(rapid.IntRange(255, 258), func(n int) string { return strings.Repeat("語", n) }),
		rapid.SampledFrom([]string{"", "\xff"}),
	)
	accepted, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		have := with(many(rapid.IntRange(45, 50).Draw(t, "have")), "aws:one", "aws:two")
		d := tag.Diff{Delete: []string{}}
		if rapid.Bool().Draw(t, "harmless") {
			d.Set = rapid.MapOfN(rapid.Map(rapid.IntRange(40, 60), func(i int) string { return fmt.Sprintf("key-%02d", i) }), rapid.Just("v"), 0, 6).Draw(t, "set")
		} else {
			d.Set = rapid.MapOfN(key, value, 0, 6).Draw(t, "set")
			d.Delete = rapid.SliceOfN(key, 0, 3).Draw(t, "delete")
		}
		ok := true
		users := map[string]bool{}
		for k := range have {
			if !strings.HasPrefix(k, "aws:") {
				users[k] = true
			}
		}
		for k, v := range d.Set {
			ok = ok && lawful(k, 128, true) && lawful(v, 256, false)
			users[k] = true
		}
		for _, k := range d.Delete {
			ok = ok && lawful(k, 128, true)
		}
		ok = ok && len(users) <= 50
		if err := tag.Fits(have, d); (err == nil) != ok {
			t.Fatalf("%d tags and %v: %v, want accepted: %v", len(have), d, err, ok)
		}
		if ok {
			accepted++
		} else {
			refused++
		}
	})
	if accepted == 0 || refused == 0 {
		t.Errorf("%d accepted, %d refused: the property was not tried", accepted, refused)
	}
}

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"nothing but blanks", " \t\n", ""},
		{"what is safe everywhere", "aZ09 +-=._:/@", "aZ09 +-=._:/@"},
		{"letters and digits of other scripts", "größe 語 Ж ٣", "größe 語 Ж ٣"},
		{"an ARN", "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:user/alice"},
		{"what some service refuses", `a*b?c"d<e>f,g;h(i)`, "a_b_c_d_e_f_g_h_i_"},
		{"control characters", "a\x1b[31mb\nc", "a__31mb_c"},
		{"characters that turn the text", "a\u202eb", "a_b"},
		{"emoji and marks", "😀e\u0301", "_e_"},
		{"broken UTF-8, byte by byte", "a\xff\xfeb", "a__b"},
		{"the replacement character", "a\ufffdb", "a_b"},
		{"blanks around it", "  a b\u00a0", "a b"},
		{"a blank that is no space inside", "a\u00a0b", "a_b"},
		{"256 characters", strings.Repeat("ä", 256), strings.Repeat("ä", 256)},
		{"257 characters", strings.Repeat("ä", 257), strings.Repeat("ä", 256)},
		{"257 refused ones", strings.Repeat("*", 257), strings.Repeat("_", 256)},
		{"a cut after a space", strings.Repeat("a", 255) + " b", strings.Repeat("a", 255)},
		{"blanks before what is long", "   " + strings.Repeat("a", 256), strings.Repeat("a", 256)},
		{"the prefix of AWS", "aws:reserved:x", "aws_reserved:x"},
		{"the prefix of AWS in capitals", " AWS:", "AWS_"},
		{"the prefix of AWS inside", "x aws:y", "x aws:y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tag.Clean(tt.in); got != tt.want {
				t.Errorf("%q becomes %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// everywhere is the strictest pattern that AWS publishes for tag values.
var everywhere = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// plain are values that need no cleaning.
var plain = regexp.MustCompile(`^[\p{L}\p{Nd}+\-=._:/@ ]*$`)

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "alice@example.com", "a*b", "größe 語", "a\xffb", "\u202e\x1b[31m", "aws:x", "AWS:", " a ", "\u00a0", "😀", "½", strings.Repeat("ä", 255) + " b", strings.Repeat("*", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := tag.Clean(s)
		if err := tag.CheckValue(got); err != nil {
			t.Fatalf("%q becomes %q: %v", s, got, err)
		}
		if again := tag.Clean(got); again != got {
			t.Fatalf("%q becomes %q and then %q", s, got, again)
		}
		if !everywhere.MatchString(got) || strings.TrimSpace(got) != got || strings.HasPrefix(strings.ToLower(got), "aws:") {
			t.Fatalf("%q becomes %q, which some service refuses", s, got)
		}
		if plain.MatchString(s) && utf8.RuneCountInString(s) <= tag.MaxValue && strings.TrimSpace(s) == s && !tag.IsReserved(s) && got != s {
			t.Fatalf("%q needed no change and became %q", s, got)
		}
	})
}
