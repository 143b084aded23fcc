// Package schedule reads schedules in EventBridge's grammar, rate(…) and
// cron(…), and says when they are due. It has no clock.
package schedule

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Error is what is wrong with a schedule, and where: At and Width count
// characters of its text.
type Error struct {
	At, Width  int
	Text, Hint string
}

// Error is the text and the hint.
func (e *Error) Error() string { return e.Text + ": " + e.Hint }

// Schedule is when something is due.
type Schedule struct {
	every time.Duration // 0 for cron
	cron  cron
}

// Parse reads a schedule, from "Cron expressions" and "Rate expressions" in the
// EventBridge user guide. Its error is an *Error.
func Parse(s string) (*Schedule, error) {
	open := strings.IndexByte(s, '(')
	if open < 0 || !strings.HasSuffix(s, ")") || s[:open] != "rate" && s[:open] != "cron" {
		return nil, &Error{0, utf8.RuneCountInString(s), "a schedule is rate(…) or cron(…)", "for example rate(1 day) or cron(0 8 ? * MON-FRI *)"}
	}
	body := s[open+1 : len(s)-1]
	if s[:open] == "rate" {
		return parseRate(body, open+1)
	}
	return parseCron(body, open+1)
}

// units are those of a rate, in the singular.
var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

func parseRate(body string, offset int) (*Schedule, error) {
	width := max(1, utf8.RuneCountInString(body))
	value, unit, ok := strings.Cut(body, " ")
	n, err := strconv.Atoi(value)
	singular := strings.TrimSuffix(unit, "s")
	length := units[singular]
	if !ok || err != nil || n < 1 || length == 0 || strings.Trim(value, "0123456789") != "" {
		return nil, &Error{offset, width, "rate(…) takes a number and minutes, hours or days", "for example rate(1 day) or rate(6 hours)"}
	}
	right := singular
	if n > 1 {
		right += "s"
	}
	if unit != right {
		return nil, &Error{offset, width, fmt.Sprintf("EventBridge wants %q after %d", right, n), fmt.Sprintf("write rate(%d %s)", n, right)}
	}
	if n > math.MaxInt64/int(length) {
		return nil, &Error{offset, width, "rate(…): this is longer than 290 years", "for example rate(1 day) or rate(6 hours)"}
	}
	return &Schedule{every: time.Duration(n) * length}, nil
}

// Next is the first time after another at which the schedule is due; zero for
// none. A rate counts from the beginning of 1970 in UTC, so that it is due at
// the same times whoever asks: a day ends at midnight. A cron expression is read
// in the zone; a time that its clocks leave out is left out, and one that they
// show twice is the first.
func (s *Schedule) Next(after time.Time, zone *time.Location) time.Time {
	if s.every > 0 {
		return s.tick(after).Add(s.every)
	}
	return s.cron.search(after.In(zone), 1, func(t time.Time) bool { return t.After(after) })
}

// Last is the last time, not after until, at which the schedule was due; zero
// for none.
func (s *Schedule) Last(until time.Time, zone *time.Location) time.Time {
	if s.every > 0 {
		return s.tick(until)
	}
	return s.cron.search(until.In(zone).AddDate(0, 0, 1), -1, func(t time.Time) bool { return !t.After(until) })
}

// tick is the last time of a rate, not after t.
func (s *Schedule) tick(t time.Time) time.Time {
	every := int64(s.every / time.Second)
	n := t.Unix() / every
	if n*every > t.Unix() {
		n-- // before 1970
	}
	return time.Unix(n*every, 0).UTC()
}

// date is one day, and what a cron expression may want to know of it.
type date struct {
	year, month, day int
	weekday          int // 1 is Sunday
	last             int // of the month
}

func dateOf(year, month, day int) date {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return date{year, month, day, int(t.Weekday()) + 1, time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()}
}

// search goes from the day of a local time forward (step 1) or back (step -1),
// to the first time that is good.
func (c *cron) search(from time.Time, step int, good func(time.Time) bool) time.Time {
	year, month, day := from.Year(), int(from.Month()), from.Day()
	years, lowest, highest := c.fields[5], cronFields[5].min, cronFields[5].max
	switch {
	case step > 0 && year < lowest:
		year, month, day = lowest, 1, 1
	case step < 0 && year > highest:
		year, month, day = highest, 12, 31
	}
	for ; year >= lowest && year <= highest; year, month, day = year+step, first(step, 12), 0 {
		if !years.has(year) {
			continue
		}
		for ; month >= 1 && month <= 12; month, day = month+step, 0 {
			if !c.fields[3].has(month) {
				continue
			}
			last := dateOf(year, month, 1).last
			if day == 0 {
				day = first(step, last)
			}
			for ; day >= 1 && day <= last; day += step {
				if d := dateOf(year, month, day); c.on(d) {
					if t := c.within(d, from.Location(), step, good); !t.IsZero() {
						return t
					}
				}
			}
		}
	}
	return time.Time{}
}

// first is where counting begins.
func first(step, last int) int {
	if step > 0 {
		return 1
	}
	return last
}

// within is the first good time of a day.
func (c *cron) within(d date, zone *time.Location, step int, good func(time.Time) bool) time.Time {
	hours, minutes := c.fields[1].values(step), c.fields[0].values(step)
	for _, h := range hours {
		for _, m := range minutes {
			if t, ok := instant(time.Date(d.year, time.Month(d.month), d.day, h, m, 0, 0, time.UTC), zone); ok && good(t) {
				return t
			}
		}
	}
	return time.Time{}
}

// instant is when the clocks of a zone show a time, the first time where they
// do twice; false where they never do. A day before and after, the zone has the
// offsets that a change between them can bring.
func instant(wall time.Time, zone *time.Location) (time.Time, bool) {
	var found time.Time
	for _, about := range []time.Duration{-26 * time.Hour, 26 * time.Hour} {
		_, offset := wall.Add(about).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		local := t.In(zone)
		_, is := local.Zone()
		if is == offset && (found.IsZero() || t.Before(found)) {
			found = local
		}
	}
	return found, !found.IsZero()
}

// values are those of the field, in the order of the step.
func (s set) values(step int) []int {
	var vs []int
	for i, on := range s.on {
		if on {
			vs = append(vs, s.min+i)
		}
	}
	if step < 0 {
		slices.Reverse(vs)
	}
	return vs
}
