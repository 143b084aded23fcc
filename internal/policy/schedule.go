package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// EventBridge's grammar of schedules, from "Cron expressions" and "Rate
// expressions" in the EventBridge user guide.

// cronField is one of the six fields of a cron expression.
type cronField struct {
	name     string
	min, max int
	names    []string // words for min, min+1, …
	marks    string   // what else it takes beside numbers
}

var cronFields = [6]cronField{
	{"minutes", 0, 59, nil, ",-*/"},
	{"hours", 0, 23, nil, ",-*/"},
	{"day-of-month", 1, 31, nil, ",-*?/LW"},
	{"month", 1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}, ",-*/"},
	{"day-of-week", 1, 7, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}, ",-*?/L#"},
	{"year", 1970, 2199, nil, ",-*/"},
}

// checkSchedule returns what is wrong with a schedule, nil where nothing is.
func checkSchedule(s string) *trouble {
	all := utf8.RuneCountInString(s)
	open := strings.IndexByte(s, '(')
	if open < 0 || !strings.HasSuffix(s, ")") || s[:open] != "rate" && s[:open] != "cron" {
		return &trouble{0, all, "a schedule is rate(…) or cron(…)", "for example rate(1 day) or cron(0 8 ? * MON-FRI *)"}
	}
	body := s[open+1 : len(s)-1]
	if s[:open] == "rate" {
		return checkRate(body, open+1)
	}
	return checkCron(body, open+1)
}

func checkRate(body string, offset int) *trouble {
	width := max(1, utf8.RuneCountInString(body))
	value, unit, ok := strings.Cut(body, " ")
	n, err := strconv.Atoi(value)
	singular := strings.TrimSuffix(unit, "s")
	if !ok || err != nil || n < 1 || !slices.Contains([]string{"minute", "hour", "day"}, singular) {
		return &trouble{offset, width, "rate(…) takes a number and minutes, hours or days", "for example rate(1 day) or rate(6 hours)"}
	}
	right := singular
	if n > 1 {
		right += "s"
	}
	if unit != right {
		return &trouble{offset, width, fmt.Sprintf("EventBridge wants %q after %d", right, n), fmt.Sprintf("write rate(%d %s)", n, right)}
	}
	return nil
}

func checkCron(body string, offset int) *trouble {
	width := max(1, utf8.RuneCountInString(body))
	fields := strings.Fields(body)
	if len(fields) != len(cronFields) {
		return &trouble{offset, width, fmt.Sprintf("cron(…) takes six fields, these are %d", len(fields)),
			"minutes hours day-of-month month day-of-week year, for example cron(0 8 ? * MON-FRI *)"}
	}
	at := 0
	for i, f := range fields {
		at += strings.Index(body[at:], f)
		if !cronFields[i].takes(f) {
			return &trouble{offset + utf8.RuneCountInString(body[:at]), utf8.RuneCountInString(f),
				"cron(…): this cannot be the " + cronFields[i].name, cronFields[i].hint()}
		}
		at += len(f)
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return &trouble{offset, width, "cron(…): one of day-of-month and day-of-week must be ?, and only one",
			"for example cron(0 8 * * ? *) or cron(0 8 ? * MON *)"}
	}
	return nil
}

func (c cronField) hint() string {
	h := fmt.Sprintf("%d to %d", c.min, c.max)
	if len(c.names) > 0 {
		h += " or " + c.names[0] + " to " + c.names[len(c.names)-1]
	}
	return h + ", with " + strings.Join(strings.Split(c.marks, ""), " ")
}

// takes says whether the field's text is within the grammar.
func (c cronField) takes(s string) bool {
	if s == "?" {
		return strings.Contains(c.marks, "?")
	}
	for part := range strings.SplitSeq(s, ",") {
		if !c.takesPart(part) {
			return false
		}
	}
	return true
}

func (c cronField) takesPart(s string) bool {
	has := func(mark string) bool { return strings.Contains(c.marks, mark) }
	switch {
	case s == "*", s == "L" && has("L"), s == "LW" && has("W"):
		return true
	case has("W") && strings.HasSuffix(s, "W"):
		return c.number(strings.TrimSuffix(s, "W")) >= 0
	case has("#") && strings.HasSuffix(s, "L"):
		return c.number(strings.TrimSuffix(s, "L")) >= 0
	}
	if day, nth, ok := strings.Cut(s, "#"); ok && has("#") {
		n, err := strconv.Atoi(nth)
		return c.number(day) >= 0 && err == nil && n >= 1 && n <= 5
	}
	base, step, stepped := strings.Cut(s, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
		return false
	}
	return base == "*" || c.takesRange(base)
}

// takesRange says whether the text is one value of the field or a range.
func (c cronField) takesRange(s string) bool {
	from, to, ranged := strings.Cut(s, "-")
	if !ranged {
		return c.number(from) >= 0
	}
	// A range of days or months may go over the end: FRI-MON.
	a, b := c.number(from), c.number(to)
	return a >= 0 && b >= 0 && (a <= b || len(c.names) > 0)
}

// number reads a number or a word of the field, -1 for neither.
func (c cronField) number(s string) int {
	if i := slices.Index(c.names, strings.ToUpper(s)); i >= 0 {
		return c.min + i
	}
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < c.min || n > c.max {
		return -1
	}
	return n
}
