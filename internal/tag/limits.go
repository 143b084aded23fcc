package tag

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits AWS puts on the tags of a resource, from "Tag your Amazon EC2
// resources", section "Tag restrictions". Lengths are in Unicode characters.
const (
	MaxPerResource = 50  // user tags; those under "aws:" are not counted
	MaxKey         = 128 // characters in a key
	MaxValue       = 256 // characters in a value
)

// Errors that CheckKey, CheckValue and Fits wrap.
var (
	ErrReserved = errors.New("keys that begin with aws: are written by AWS alone")
	ErrEmptyKey = errors.New("a tag key cannot be empty")
	ErrTooLong  = errors.New("too long")
	ErrTooMany  = errors.New("a resource holds at most 50 tags")
	ErrEncoding = errors.New("not valid UTF-8")
)

// CheckKey returns why AWS would refuse the key, or nil.
func CheckKey(key string) error {
	switch n := utf8.RuneCountInString(key); {
	case key == "":
		return ErrEmptyKey
	case !utf8.ValidString(key):
		return fmt.Errorf("tag key %q: %w", key, ErrEncoding)
	case IsReserved(key):
		return fmt.Errorf("tag key %q: %w", key, ErrReserved)
	case n > MaxKey:
		return fmt.Errorf("tag key of %d characters (limit %d): %w", n, MaxKey, ErrTooLong)
	}
	return nil
}

// CheckValue returns why AWS would refuse the value, or nil.
func CheckValue(value string) error {
	switch n := utf8.RuneCountInString(value); {
	case !utf8.ValidString(value):
		return fmt.Errorf("tag value %q: %w", value, ErrEncoding)
	case n > MaxValue:
		return fmt.Errorf("tag value of %d characters (limit %d): %w", n, MaxValue, ErrTooLong)
	}
	return nil
}

// Fits returns why AWS would refuse the change to a resource that has these
// tags, or nil. The 51st tag fails the whole call, for every resource in it,
// so it must be found before.
func Fits(have Set, d Diff) error {
	for _, k := range d.Set.Keys() {
		if err := CheckKey(k); err != nil {
			return err
		}
		if err := CheckValue(d.Set[k]); err != nil {
			return err
		}
	}
	for _, k := range d.Delete {
		if err := CheckKey(k); err != nil {
			return err
		}
	}
	// What a change deletes is deleted after the rest is set, so it still counts.
	if n := len(Diff{Set: d.Set}.Apply(have).User()); n > MaxPerResource {
		return fmt.Errorf("%d tags: %w", n, ErrTooMany)
	}
	return nil
}

// safe are the punctuation characters that every AWS service takes in a tag.
const safe = "+-=._:/@ "

// Clean makes a value of any origin fit every AWS service: what a service
// refuses becomes "_", and what is too long is cut to MaxValue characters.
// Letters and digits of every script are kept. A value that begins with "aws:"
// loses its colon, because some services reserve that prefix in values too.
func Clean(value string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.TrimSpace(value) {
		if n == MaxValue {
			break
		}
		n++
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(safe, r) {
			b.WriteRune(r)
		} else {
			b.WriteByte('_')
		}
	}
	cleaned := strings.TrimSpace(b.String())
	if IsReserved(cleaned) {
		return cleaned[:len(Reserved)-1] + "_" + cleaned[len(Reserved):]
	}
	return cleaned
}
