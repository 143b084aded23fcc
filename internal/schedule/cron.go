package schedule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

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

// cron is a cron expression. A day is due where both its fields say so, of which
// one is always ?.
type cron struct{ fields [6]set }

// set is what a field allows: values, and days that are told by other means.
type set struct {
	min  int
	on   []bool // from min
	days []func(date) bool
}

func (s set) has(v int) bool { return s.on[v-s.min] }

// on says whether the schedule is due on a day.
func (c *cron) on(d date) bool {
	return c.fields[2].day(d.day, d) && c.fields[4].day(d.weekday, d)
}

func (s set) day(v int, d date) bool {
	return s.has(v) || slices.ContainsFunc(s.days, func(is func(date) bool) bool { return is(d) })
}

func parseCron(body string, offset int) (*Schedule, error) {
	width := max(1, utf8.RuneCountInString(body))
	fields := strings.Fields(body)
	if len(fields) != len(cronFields) {
		return nil, &Error{offset, width, fmt.Sprintf("cron(…) takes six fields, these are %d", len(fields)),
			"minutes hours day-of-month month day-of-week year, for example cron(0 8 ? * MON-FRI *)"}
	}
	var s Schedule
	at := 0
	for i, f := range fields {
		at += strings.Index(body[at:], f)
		one, ok := cronFields[i].parse(f)
		if !ok {
			return nil, &Error{offset + utf8.RuneCountInString(body[:at]), utf8.RuneCountInString(f),
				"cron(…): this cannot be the " + cronFields[i].name, cronFields[i].hint()}
		}
		s.cron.fields[i] = one
		at += len(f)
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return nil, &Error{offset, width, "cron(…): one of day-of-month and day-of-week must be ?, and only one",
			"for example cron(0 8 * * ? *) or cron(0 8 ? * MON *)"}
	}
	return &s, nil
}

func (c cronField) hint() string {
	h := fmt.Sprintf("%d to %d", c.min, c.max)
	if len(c.names) > 0 {
		h += " or " + c.names[0] + " to " + c.names[len(c.names)-1]
	}
	return h + ", with " + strings.Join(strings.Split(c.marks, ""), " ")
}

// parse reads the field's text, false where it is not within the grammar.
func (c cronField) parse(s string) (set, bool) {
	into := set{min: c.min, on: make([]bool, c.max-c.min+1)}
	if s == "?" {
		into.add(c.min, c.max, 1)
		return into, strings.Contains(c.marks, "?")
	}
	for part := range strings.SplitSeq(s, ",") {
		if !c.part(&into, part) {
			return into, false
		}
	}
	return into, true
}

// add allows every step-th value of a range.
func (s *set) add(from, to, step int) {
	for v := from; v <= to; v += step {
		s.on[v-s.min] = true
	}
}

// part reads one of the parts between commas.
func (c cronField) part(into *set, s string) bool {
	if is := c.dayOf(s); is != nil {
		into.days = append(into.days, is)
		return true
	}
	if s == "L" && strings.Contains(c.marks, "#") {
		into.add(c.max, c.max, 1) // the last day of the week
		return true
	}
	base, by, stepped := strings.Cut(s, "/")
	step, err := strconv.Atoi(by)
	switch {
	case stepped && (err != nil || step < 1 || strings.Trim(by, "0123456789") != ""):
		return false
	case !stepped:
		step = 1
	}
	// A step of more than the field has reaches its first value only.
	return c.ranged(into, base, min(step, c.max+1), stepped)
}

// ranged reads *, one value, or a range of them.
func (c cronField) ranged(into *set, s string, step int, stepped bool) bool {
	if s == "*" {
		into.add(c.min, c.max, step)
		return true
	}
	from, to, ranged := strings.Cut(s, "-")
	a := c.number(from)
	b := a
	switch {
	case ranged:
		b = c.number(to)
	case stepped:
		b = c.max
	}
	switch {
	case a < 0 || b < 0:
		return false
	case a <= b:
		into.add(a, b, step)
		return true
	case len(c.names) == 0:
		return false
	}
	// A range of days or months may go over the end: FRI-MON.
	n := c.max - c.min + 1
	for v := a; v <= b+n; v += step {
		into.on[(v-c.min)%n] = true
	}
	return true
}

// dayOf reads what tells a day by other means than its number; nil for
// anything else.
func (c cronField) dayOf(s string) func(date) bool {
	switch {
	case strings.Contains(c.marks, "W"):
		return c.ofMonth(s)
	case strings.Contains(c.marks, "#"):
		return c.ofWeek(s)
	default:
		return nil
	}
}

// ofMonth reads L, the last day of the month, LW, its last weekday, and 3W, the
// weekday nearest to the 3rd within the month.
func (c cronField) ofMonth(s string) func(date) bool {
	switch s {
	case "L":
		return func(d date) bool { return d.day == d.last }
	case "LW":
		return func(d date) bool { return d.day == nearest(d, d.last) }
	}
	day, ok := strings.CutSuffix(s, "W")
	n := c.number(day)
	if !ok || n < 0 {
		return nil
	}
	return func(d date) bool { return n <= d.last && d.day == nearest(d, n) }
}

// ofWeek reads 6L, the last Friday of the month, and 6#2, the second.
func (c cronField) ofWeek(s string) func(date) bool {
	if day, nth, ok := strings.Cut(s, "#"); ok {
		w, n := c.number(day), strings.Index("12345", nth)
		if w < 0 || n < 0 || len(nth) != 1 {
			return nil
		}
		return func(d date) bool { return d.weekday == w && (d.day-1)/7 == n }
	}
	day, ok := strings.CutSuffix(s, "L")
	w := c.number(day)
	if !ok || w < 0 {
		return nil
	}
	return func(d date) bool { return d.weekday == w && d.day+7 > d.last }
}

// nearest is the weekday of a month that is nearest to one of its days.
func nearest(d date, day int) int {
	const sunday, saturday = 1, 7
	switch dateOf(d.year, d.month, day).weekday {
	case saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case sunday:
		if day == d.last {
			return day - 2
		}
		return day + 1
	default:
		return day
	}
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
