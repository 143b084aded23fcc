package hours

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
)

// Calendar is the public holidays of a country or a part of it. The zero value
// has none.
type Calendar struct {
	code     string
	holidays []*cal.Holiday
}

// String is the code that the calendar was asked for by, "" for none.
func (c Calendar) String() string { return c.code }

// CountryError is a country or region without a calendar.
type CountryError struct {
	Code string
	// Hint is what would be right.
	Hint string
}

// Error says what is not known, with the hint, safe for terminals.
func (e *CountryError) Error() string { return e.Summary() + ": " + e.Hint }

// Summary is the error without its hint.
func (e *CountryError) Summary() string {
	return fmt.Sprintf("there is no calendar of holidays for %q", e.Code)
}

// CalendarOf returns the calendar of an ISO 3166 code: a country such as DE, or
// a part of it such as DE-BY where there is one. "" keeps no holidays. Of a
// country without a calendar nothing is assumed. The error is a *CountryError.
func CalendarOf(code string) (Calendar, error) {
	if code == "" {
		return Calendar{}, nil
	}
	if h, ok := calendars[code]; ok {
		return Calendar{code: code, holidays: h}, nil
	}
	// A code has at most a country's two letters, a hyphen and three more.
	if most := len("AU-NSW"); len(code) > most {
		return Calendar{}, &CountryError{Code: strings.ToValidUTF8(code[:most], "") + "…", Hint: thereAre()}
	}
	upper := strings.ToUpper(code)
	country, _, _ := strings.Cut(upper, "-")
	e := &CountryError{Code: code, Hint: thereAre()}
	switch parts := partsOf(country); {
	case calendars[upper] != nil:
		e.Hint = fmt.Sprintf("did you mean %q?", upper)
	case len(parts) > 0:
		e.Hint = fmt.Sprintf("of %s there are %s", country, strings.Join(parts, ", "))
	case calendars[country] != nil:
		e.Hint = fmt.Sprintf("%s has one calendar for the whole country: write %s", country, country)
	}
	return Calendar{}, e
}

func thereAre() string {
	return "there are those of " + strings.Join(Countries(), ", ") + `; "" is for none`
}

// partsOf are the codes of a country and its parts; none where it has no parts.
func partsOf(country string) []string {
	var codes []string
	for _, code := range Codes() {
		if strings.HasPrefix(code, country+"-") {
			codes = append(codes, code)
		}
	}
	if len(codes) > 0 && calendars[country] != nil {
		codes = slices.Insert(codes, 0, country)
	}
	return codes
}

// Codes are all codes that CalendarOf knows, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(calendars)) }

// Countries are the countries that there are calendars of, sorted, each once,
// whether for the whole or in parts.
func Countries() []string {
	var countries []string
	for _, code := range Codes() {
		country, _, _ := strings.Cut(code, "-")
		countries = append(countries, country)
	}
	return slices.Compact(countries)
}

// Holiday says whether a day is a public holiday: the day itself, and where it
// falls on a weekend also the day that is taken off for it.
func (c Calendar) Holiday(y int, m time.Month, d int) bool {
	day := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	years := []int{day.Year()}
	// The day off for a New Year's Day can be in the year before, that for a
	// December day in the year after.
	switch day.Month() {
	case time.December:
		years = append(years, day.Year()+1)
	case time.January:
		years = append(years, day.Year()-1)
	}
	for _, h := range c.holidays {
		for _, year := range years {
			if actual, off, ok := days(h, year); ok && (actual.Equal(day) || off.Equal(day)) {
				return true
			}
		}
	}
	return false
}

// days are the noons in UTC of a holiday and of the day off for it in a year,
// which are mostly the same. The library works with midnights in the zone of
// the machine, where a midnight may be skipped, and ours must not depend on
// the machine: so the day that is nearest counts, and the day off follows
// from it.
func days(h *cal.Holiday, year int) (actual, off time.Time, ok bool) {
	local, _ := h.Calc(year)
	if local.IsZero() {
		return actual, off, false
	}
	y, m, d := local.Add(12 * time.Hour).Date()
	actual = time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	for _, o := range h.Observed {
		if o.Day == actual.Weekday() {
			return actual, actual.AddDate(0, 0, o.Offset), true
		}
	}
	return actual, actual, true
}
