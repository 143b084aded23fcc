package schedule_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/schedule"
)

// horizon is how far the oracle looks.
const horizon = 45 * 24 * time.Hour

var (
	weekdays = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	months   = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
)

// oracle goes through time minute by minute and reads the text anew at each: what
// the clocks show must be what is written, and not be shown for the second time.
func oracle(text string, zone *time.Location, after time.Time) time.Time {
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(text, "cron("), ")"))
	shown := map[string]bool{}
	for t := after.Truncate(time.Minute).Add(-3 * time.Hour); t.Sub(after) <= horizon; t = t.Add(time.Minute) {
		local := t.In(zone)
		if !holds(fields[1], local.Hour(), 23, nil) || !holds(fields[0], local.Minute(), 59, nil) {
			continue
		}
		wall := local.Format("2006-01-02 15:04")
		again := shown[wall]
		shown[wall] = true
		if !again && t.After(after) && holds(fields[3], int(local.Month()), 12, months) && holds(fields[5], local.Year(), 2199, nil) && dayHolds(fields[2], fields[4], local) {
			return t
		}
	}
	return time.Time{}
}

// value reads a number or a name; the first name is 1.
func value(s string, names []string) int {
	if i := slices.Index(names, s); i >= 0 {
		return i + 1
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// holds says whether a value is among those of a field.
func holds(field string, v, most int, names []string) bool {
	for _, part := range strings.Split(field, ",") {
		base, step := part, 1
		if i := strings.IndexByte(part, '/'); i >= 0 {
			base, step = part[:i], value(part[i+1:], nil)
		}
		from, to := 0, most
		switch i := strings.IndexByte(base, '-'); {
		case base == "?":
		case base == "*":
			if names != nil {
				from = 1
			}
			if most == 2199 {
				from = 1970
			}
		case i >= 0:
			from, to = value(base[:i], names), value(base[i+1:], names)
		default:
			from = value(base, names)
			if base == part {
				to = from
			}
		}
		// Round the end, one by one.
		for at, n := from, 0; n <= most; at, n = at+1, n+1 {
			if at > most && names != nil && from > to {
				at = 1
			}
			if n%step == 0 && at == v {
				return true
			}
			if at == to {
				break
			}
		}
	}
	return false
}

// dayHolds asks a calendar.
func dayHolds(ofMonth, ofWeek string, t time.Time) bool {
	noon := time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
	in := func(d time.Time) bool { return d.Month() == noon.Month() }
	last := func(d time.Time) bool { return !in(d.AddDate(0, 0, 1)) }
	works := func(d time.Time) bool { return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday }
	if ofMonth != "?" {
		for _, part := range strings.Split(ofMonth, ",") {
			switch {
			case part == "L":
				if last(noon) {
					return true
				}
			case part == "LW":
				rest := noon.AddDate(0, 0, 1)
				for in(rest) && !works(rest) {
					rest = rest.AddDate(0, 0, 1)
				}
				if works(noon) && !in(rest) {
					return true
				}
			case strings.HasSuffix(part, "W"):
				wanted := time.Date(t.Year(), t.Month(), value(strings.TrimSuffix(part, "W"), nil), 12, 0, 0, 0, time.UTC)
				for _, off := range []int{0, -1, 1, -2, 2} {
					if d := wanted.AddDate(0, 0, off); in(wanted) && in(d) && works(d) {
						if d.Equal(noon) {
							return true
						}
						break
					}
				}
			case holds(part, t.Day(), 31, []string{}):
				return true
			}
		}
		return false
	}
	for _, part := range strings.Split(ofWeek, ",") {
		day, nth, counted := strings.Cut(part, "#")
		switch {
		case part == "L":
			if noon.Weekday() == time.Saturday {
				return true
			}
		case counted:
			before := 1
			for d := noon.AddDate(0, 0, -7); in(d); d = d.AddDate(0, 0, -7) {
				before++
			}
			if int(noon.Weekday())+1 == value(day, weekdays) && before == value(nth, nil) {
				return true
			}
		case strings.HasSuffix(part, "L"):
			if int(noon.Weekday())+1 == value(strings.TrimSuffix(part, "L"), weekdays) && !in(noon.AddDate(0, 0, 7)) {
				return true
			}
		case holds(part, int(noon.Weekday())+1, 7, weekdays):
			return true
		}
	}
	return false
}

// field makes up a field: a few values, ranges and steps.
func field(t *rapid.T, name string, least, most int, names []string, others ...string) string {
	one := func() int { return rapid.IntRange(least, most).Draw(t, name) }
	word := func(v int) string {
		if names != nil && rapid.Bool().Draw(t, "word") {
			return names[v-1]
		}
		return fmt.Sprint(v)
	}
	part := func() string {
		a, b := one(), one()
		if names == nil {
			a, b = min(a, b), max(a, b)
		}
		step := rapid.SampledFrom([]string{"", "/1", "/2", "/3", "/7", "/20", "/400"}).Draw(t, "step")
		forms := append([]string{word(a), word(a), word(a) + "-" + word(b) + step, word(a) + step, "*" + step}, others...)
		return rapid.SampledFrom(forms).Draw(t, "form")
	}
	if rapid.IntRange(0, 3).Draw(t, "all") == 0 {
		return "*"
	}
	parts := make([]string, rapid.IntRange(1, 2).Draw(t, "parts"))
	for i := range parts {
		parts[i] = part()
	}
	return strings.Join(parts, ",")
}

func TestAScheduleIsDueWhenTheClocksShowIt(t *testing.T) {
	zones := []*time.Location{time.UTC, place(t, "Europe/Berlin"), place(t, "America/New_York"), place(t, "Asia/Kolkata"), place(t, "Australia/Lord_Howe"), place(t, "Pacific/Apia"), place(t, "America/Havana")}
	starts := []time.Time{time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC), time.Date(2027, 12, 20, 0, 0, 0, 0, time.UTC), time.Date(2011, 12, 28, 0, 0, 0, 0, time.UTC)}
	rapid.Check(t, func(t *rapid.T) {
		ofMonth, ofWeek := "?", "?"
		if rapid.Bool().Draw(t, "of the month") {
			ofMonth = field(t, "day", 1, 31, nil, "L", "LW", "1W", "15W", "30W", "31W")
		} else {
			ofWeek = field(t, "weekday", 1, 7, weekdays, "L", "6L", "SUNL", "2#1", "SAT#5")
		}
		text := fmt.Sprintf("cron(%s %s %s %s %s %s)", field(t, "minute", 0, 59, nil), field(t, "hour", 0, 23, nil), ofMonth, field(t, "month", 1, 12, months), ofWeek, field(t, "year", 2010, 2030, nil))
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		after := rapid.SampledFrom(starts).Draw(t, "start").Add(time.Duration(rapid.IntRange(0, 20*24*3600).Draw(t, "seconds")) * time.Second)
		s, err := schedule.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want, got := oracle(text, zone, after), s.Next(after, zone)
		if want.IsZero() {
			if !got.IsZero() && got.Sub(after) <= horizon {
				t.Fatalf("%s in %s after %v: %v, and the oracle finds none", text, zone, after, got)
			}
			return
		}
		if !got.Equal(want) {
			t.Fatalf("%s in %s after %v: %v, want %v", text, zone, after, got, want)
		}
		// Between them it was not due.
		if last := s.Last(want.Add(-time.Second), zone); last.After(after) || !s.Last(want, zone).Equal(want) {
			t.Fatalf("%s in %s: before %v it was last due at %v", text, zone, want, last)
		}
	})
}
