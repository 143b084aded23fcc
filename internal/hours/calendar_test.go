package hours_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2"

	"github.com/tagwarden/tagwarden/internal/hours"
)

func TestPublicHolidaysAreKnownByCountryAndPart(t *testing.T) {
	tests := []struct {
		code, day string
		want      bool
	}{
		{"DE", "2026-10-03", true}, {"DE", "2026-04-03", true}, {"DE", "2026-04-06", true}, {"DE", "2026-04-07", false},
		{"DE", "2026-06-04", false}, {"DE-BY", "2026-06-04", true}, {"DE-BY", "2026-04-03", true}, {"DE-BE", "2026-03-08", true},
		{"US", "2026-07-04", true}, {"US", "2026-07-03", true}, {"US", "2026-07-02", false}, {"US", "2026-11-26", true},
		{"GB", "2026-12-25", true}, {"GB", "2026-12-28", true}, {"FR", "2026-07-14", true}, {"JP", "2026-03-20", true},
		{"AU-NSW", "2026-01-26", true}, {"CH-ZH", "2026-08-01", true},
		// The day off for a New Year's Day that is a Saturday is in the old year.
		{"US", "2021-12-31", true}, {"US", "2020-12-31", false},
		{"", "2026-12-25", false},
	}
	for _, tt := range tests {
		c, err := hours.CalendarOf(tt.code)
		if err != nil || c.String() != tt.code {
			t.Fatalf("%s: %v, %v", tt.code, c, err)
		}
		day, err := time.Parse(time.DateOnly, tt.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Holiday(day.Date()); got != tt.want {
			t.Errorf("%s %s: got %v", tt.code, tt.day, got)
		}
	}
}

// machineIn makes the library work as on a machine in that zone.
func machineIn(t *testing.T, zone *time.Location) {
	t.Helper()
	was := cal.DefaultLoc
	t.Cleanup(func() { cal.DefaultLoc = was })
	cal.DefaultLoc = zone
}

// In Santiago the clocks of 2025-09-07 and 2026-09-06 skip midnight, and the
// library then finds the day before.
func TestHolidaysDoNotDependOnTheMachine(t *testing.T) {
	zone, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	machineIn(t, zone)
	for code, day := range map[string]time.Time{"BR": time.Date(2025, 9, 7, 0, 0, 0, 0, time.UTC), "BG": time.Date(2026, 9, 6, 0, 0, 0, 0, time.UTC)} {
		c, err := hours.CalendarOf(code)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Holiday(day.Date()) || c.Holiday(day.AddDate(0, 0, -1).Date()) {
			t.Errorf("%s keeps another day than %s", code, day.Format(time.DateOnly))
		}
	}
}

func TestHolidaysAreThoseOfTheLibrary(t *testing.T) {
	machineIn(t, time.UTC)
	for _, code := range hours.Codes() {
		c, err := hours.CalendarOf(code)
		if err != nil {
			t.Fatal(err)
		}
		theirs := &cal.Calendar{Holidays: hours.Library(code), Cacheable: false}
		n := 0
		for day := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() < 2027; day = day.AddDate(0, 0, 1) {
			actual, observed, _ := theirs.IsHoliday(day)
			if got := c.Holiday(day.Date()); got != (actual || observed) {
				t.Errorf("%s %s: got %v", code, day.Format(time.DateOnly), got)
			} else if got {
				n++
			}
		}
		if n < 8 {
			t.Errorf("%s has %d holidays in two years", code, n)
		}
	}
}

func TestWhatHasNoCalendarIsNamed(t *testing.T) {
	for code, want := range map[string]string{
		"de":         `did you mean "DE"?`,
		"de-by":      `did you mean "DE-BY"?`,
		"DE-XX":      "of DE there are DE, DE-BB, DE-BE,",
		"AU":         "of AU there are AU-ACT, AU-NSW,",
		"US-TX":      "US has one calendar for the whole country: write US",
		"IN":         "there are those of AR, AT, AU, BE,",
		"Germany":    "there are those of AR, AT, AU, BE,",
		"\x1b[31m":   "there are those of AR, AT, AU, BE,",
		"ééééééééé ": "there are those of AR, AT, AU, BE,",
	} {
		_, err := hours.CalendarOf(code)
		e, ok := errors.AsType[*hours.CountryError](err)
		if !ok || !strings.HasPrefix(e.Hint, want) || strings.ContainsAny(err.Error(), "\x1b\ufffd") || len(e.Code) > 12 {
			t.Errorf("%q: %v, want the hint %q", code, err, want)
		}
	}
}

func TestEveryCalendarIsDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "expressions.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range hours.Codes() {
		if !strings.Contains(string(page), "`"+code+"`") {
			t.Errorf("docs/expressions.md lacks %s", code)
		}
	}
}
