// Package span reads and writes lengths of time as people write them in a
// policy file: 7d, 36h, 1d12h, 2w. A day is 24 hours and a week seven days;
// neither knows of daylight saving, so that a grace period has one length.
package span

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// ErrSyntax is wrapped by every error of Parse.
var ErrSyntax = errors.New("write it as 7d, 36h, 1d12h or 30m")

// units are the letters of the grammar, longest first.
var units = []struct {
	letter byte
	length time.Duration
}{{'w', 7 * Day}, {'d', Day}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// Parse reads a length of time: one or more numbers, each with a unit (w, d,
// h, m, s), longest unit first. Signs, fractions and a bare number are errors
// that wrap ErrSyntax, as is anything over some 290 years.
func Parse(s string) (time.Duration, error) {
	rest, total, next := s, time.Duration(0), 0
	if s == "" {
		return 0, fmt.Errorf("a length of time is empty: %w", ErrSyntax)
	}
	for rest != "" {
		digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if digits <= 0 {
			return 0, fmt.Errorf("%q is no length of time: %w", s, ErrSyntax)
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is too long: %w", s, ErrSyntax)
		}
		u := next
		for u < len(units) && units[u].letter != rest[digits] {
			u++
		}
		if u == len(units) {
			return 0, fmt.Errorf("%q is no length of time: %w", s, ErrSyntax)
		}
		if n > (math.MaxInt64-int64(total))/int64(units[u].length) {
			return 0, fmt.Errorf("%q is too long: %w", s, ErrSyntax)
		}
		total += time.Duration(n) * units[u].length
		rest, next = rest[digits+1:], u+1
	}
	return total, nil
}

// Format writes a length of time as Parse reads it, without weeks: 1d12h.
// What is shorter than a second is dropped; a negative length has a sign.
func Format(d time.Duration) string {
	if -time.Second < d && d < time.Second {
		return "0s"
	}
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
	}
	for _, u := range units[1:] {
		// The parts lose their signs, not d: the lowest duration has no positive.
		if n := max(d/u.length, -(d / u.length)); n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.letter)
			d %= u.length
		}
	}
	return b.String()
}

// Days is how many whole days a length of time holds: 7.9 days are 7.
func Days(d time.Duration) int { return int(d / Day) }
