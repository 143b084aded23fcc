// Package hours reads opening hours such as "Mon-Fri 08:00-19:00" and says
// when they open and close in a time zone, public holidays left out. It is
// pure: the same hours and time always give the same answer.
package hours

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxLength is how many characters hours may have: what a tag's value holds.
const MaxLength = 256

// The words that stand for a whole week.
const (
	Always = "always" // open at every moment of every day, holidays too
	Never  = "never"  // open at no moment
)

// Week is a week of opening hours as they were read.
type Week struct {
	source string
	shifts []shift
	// word is Always, Never or "".
	word string
}

// shift is one opening on one day, in minutes since that day began. One that
// goes over midnight ends after minute 1440.
type shift struct {
	day      time.Weekday
	from, to int
}

// minutesOfDay is 24:00.
const minutesOfDay = 24 * 60

// String is the text that was read.
func (w *Week) String() string { return w.source }

// SyntaxError is why a text is no hours.
type SyntaxError struct {
	// Column counts characters from 1, Width is how many are wrong, at least one.
	Column, Width int
	Summary       string
	// Hint is what would be right.
	Hint string
}

// Error is the summary with the hint, safe for terminals.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s: %s", e.Summary, e.Hint) }

// dayNames are the days as they are written.
var dayNames = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

const example = "write hours as Mon-Fri 08:00-19:00, Sat 10:00-14:00"

// Parse reads hours: one or more entries with commas between them, each a day
// or a range of days and a range of times. A range of times that ends before it
// begins goes over midnight and belongs to the day it begins on; 24:00 ends a
// day. The words Always and Never stand by themselves. Capital and small
// letters are alike. The error is a *SyntaxError.
func Parse(s string) (*Week, error) {
	w := &Week{source: s}
	p := parser{rest: s, column: 1}
	switch word := strings.ToLower(strings.TrimSpace(s)); {
	case !utf8.ValidString(s):
		return nil, &SyntaxError{1, 1, "the hours are not valid UTF-8", example}
	case utf8.RuneCountInString(s) > MaxLength:
		return nil, &SyntaxError{1, 1, fmt.Sprintf("the hours are longer than %d characters", MaxLength), example}
	case word == "":
		return nil, &SyntaxError{1, max(1, utf8.RuneCountInString(s)), "the hours are empty", example}
	case word == Always, word == Never:
		w.word = word
		return w, nil
	}
	for {
		if err := p.entry(w); err != nil {
			return nil, err
		}
		if p.space(); p.rest == "" {
			return w, nil
		}
		if !p.skip(",") {
			return nil, p.wrong(p.word(), "is not expected here", "put a comma between two entries, as in Mon-Fri 08:00-19:00, Sat 10:00-14:00")
		}
	}
}

// parser reads a text from left to right.
type parser struct {
	rest   string
	column int
}

// take goes on behind so many bytes.
func (p *parser) take(n int) {
	p.column += utf8.RuneCountInString(p.rest[:n])
	p.rest = p.rest[n:]
}

func (p *parser) skip(sign string) bool {
	if !strings.HasPrefix(p.rest, sign) {
		return false
	}
	p.take(len(sign))
	return true
}

func (p *parser) space() { p.take(len(p.rest) - len(strings.TrimLeft(p.rest, " \t"))) }

// word is what comes next, up to a space, a comma or a hyphen that is not its
// first character.
func (p *parser) word() string {
	for i, r := range p.rest {
		if i > 0 && strings.ContainsRune(" \t,-", r) {
			return p.rest[:i]
		}
	}
	return p.rest
}

// wrong is a mistake at the place that the parser has come to.
func (p *parser) wrong(word, what, hint string) *SyntaxError {
	if word == "" {
		return &SyntaxError{p.column, 1, "the hours end too early", hint}
	}
	return &SyntaxError{p.column, utf8.RuneCountInString(word), fmt.Sprintf("%q %s", word, what), hint}
}

// entry reads days and times and adds a shift for each day.
func (p *parser) entry(w *Week) error {
	p.space()
	first, err := p.day()
	if err != nil {
		return err
	}
	last := first
	if p.skip("-") {
		if last, err = p.day(); err != nil {
			return err
		}
	}
	if p.rest != "" && p.rest[0] != ' ' && p.rest[0] != '\t' {
		return p.wrong(p.word(), "is not expected here", "put a space between days and times, as in Mon-Fri 08:00-19:00")
	}
	p.space()
	at, text := p.column, p.rest
	from, err := p.clock(false)
	if err != nil {
		return err
	}
	if !p.skip("-") {
		return p.wrong(p.word(), "is not expected here", "put a hyphen between two times, as in 08:00-19:00")
	}
	to, err := p.clock(true)
	if err != nil {
		return err
	}
	if from == to {
		return &SyntaxError{at, p.column - at, fmt.Sprintf("%s has no length", text[:len(text)-len(p.rest)]),
			"write 00:00-24:00 for a whole day"}
	}
	if to < from {
		to += minutesOfDay
	}
	for day := first; ; day = (day + 1) % 7 {
		w.shifts = append(w.shifts, shift{day, from, to})
		if day == last {
			return nil
		}
	}
}

func (p *parser) day() (time.Weekday, error) {
	word := p.word()
	for i, name := range dayNames {
		if strings.EqualFold(word, name) {
			p.take(len(word))
			return time.Weekday(i), nil
		}
	}
	hint := "the days are Mon, Tue, Wed, Thu, Fri, Sat and Sun"
	for i, name := range dayNames {
		if strings.EqualFold(word, time.Weekday(i).String()) {
			hint = fmt.Sprintf("did you mean %q?", name)
		}
	}
	if word != "" && word[0] >= '0' && word[0] <= '9' {
		hint = "put days before the times: Mon-Sun for every day"
	}
	return 0, p.wrong(word, "is no day", hint)
}

// clock reads a time of day as minutes. 24:00 is one where a range ends.
func (p *parser) clock(end bool) (int, error) {
	word := p.word()
	var h, m int
	ok := len(word) == len("08:00") && word[2] == ':'
	for i := 0; ok && i < len(word); i++ {
		digit := int(word[i]) - '0'
		switch {
		case i == 2:
			continue
		case digit < 0 || digit > 9:
			ok = false
		case i < 2:
			h = h*10 + digit
		default:
			m = m*10 + digit
		}
	}
	minutes := h*60 + m
	switch {
	case !ok:
		return 0, p.wrong(word, "is no time of day", "write a time with two digits for hours and minutes, such as 08:00")
	case m > 59 || minutes > minutesOfDay:
		return 0, p.wrong(word, "is no time of day", "a day goes from 00:00 to 24:00")
	case minutes == minutesOfDay && !end:
		return 0, p.wrong(word, "is no time to open at", "write 00:00, which begins a day; 24:00 ends one")
	}
	p.take(len(word))
	return minutes, nil
}
