package hours_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/hours"
)

// in returns hours that must be right.
func in(t testing.TB, week, zone, country string) hours.Hours {
	t.Helper()
	w, err := hours.Parse(week)
	if err != nil {
		t.Fatal(err)
	}
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := hours.CalendarOf(country)
	if err != nil {
		t.Fatal(err)
	}
	return hours.Hours{Week: w, Zone: z, Holidays: c}
}

// at reads an instant.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const office = "Mon-Fri 08:00-19:00"

func TestHoursOpenAndClose(t *testing.T) {
	tests := []struct {
		name, week, zone, country, at string
		want                          bool
	}{
		{"the first second", office, "Europe/Berlin", "", "2026-11-20T08:00:00+01:00", true},
		{"before it", office, "Europe/Berlin", "", "2026-11-20T07:59:59+01:00", false},
		{"the last second", office, "Europe/Berlin", "", "2026-11-20T18:59:59+01:00", true},
		{"the closing time", office, "Europe/Berlin", "", "2026-11-20T19:00:00+01:00", false},
		{"a Saturday", office, "Europe/Berlin", "", "2026-11-21T12:00:00+01:00", false},
		{"its own entry for Saturday", office + ", Sat 10:00-14:00", "Europe/Berlin", "", "2026-11-21T12:00:00+01:00", true},
		{"the zone's day, not that of UTC", office, "Asia/Tokyo", "", "2026-11-22T23:30:00Z", true},
		{"days over the week's end", "Sat-Mon 08:00-19:00", "UTC", "", "2026-11-22T12:00:00Z", true},
		{"days over the week's end, without the others", "Sat-Mon 08:00-19:00", "UTC", "", "2026-11-24T12:00:00Z", false},
		{"over midnight, before it", "Fri 22:00-06:00", "UTC", "", "2026-11-20T23:00:00Z", true},
		{"over midnight, after it", "Fri 22:00-06:00", "UTC", "", "2026-11-21T05:59:00Z", true},
		{"over midnight, not the morning of its day", "Fri 22:00-06:00", "UTC", "", "2026-11-20T05:59:00Z", false},
		{"over midnight, not the next evening", "Fri 22:00-06:00", "UTC", "", "2026-11-21T22:30:00Z", false},
		{"until 24:00", "Fri 22:00-24:00", "UTC", "", "2026-11-20T23:59:59Z", true},
		{"after 24:00", "Fri 22:00-24:00", "UTC", "", "2026-11-21T00:00:00Z", false},
		{"all week", "Mon-Sun 00:00-24:00", "UTC", "", "2026-11-22T00:00:00Z", true},

		// Holidays.
		{"a holiday of all Germany", office, "Europe/Berlin", "DE", "2026-12-25T12:00:00+01:00", false},
		{"without a calendar", office, "Europe/Berlin", "", "2026-12-25T12:00:00+01:00", true},
		{"a holiday of Bavaria", office, "Europe/Berlin", "DE-BY", "2026-01-06T12:00:00+01:00", false},
		{"not of all Germany", office, "Europe/Berlin", "DE", "2026-01-06T12:00:00+01:00", true},
		{"a holiday in its zone's midnight", "Mon-Sun 00:00-24:00", "Europe/Berlin", "DE", "2026-12-24T23:00:00Z", false},
		{"and not before", "Mon-Sun 00:00-24:00", "Europe/Berlin", "DE", "2026-12-24T22:59:59Z", true},
		{"a holiday cuts what began the day before", "Thu 22:00-06:00", "Europe/Berlin", "DE", "2026-12-25T03:00:00+01:00", false},
		{"always knows no holidays", hours.Always, "Europe/Berlin", "DE", "2026-12-25T03:00:00+01:00", true},
		{"never", hours.Never, "Europe/Berlin", "", "2026-11-20T12:00:00+01:00", false},

		// Clocks go forward in Berlin on 2026-03-29, 02:00 to 03:00, and back on
		// 2026-10-25, 03:00 to 02:00.
		{"summer time", office, "Europe/Berlin", "", "2026-03-30T06:00:00Z", true},
		{"summer time, not earlier", office, "Europe/Berlin", "", "2026-03-30T05:59:59Z", false},
		{"winter time", office, "Europe/Berlin", "", "2026-10-26T07:00:00Z", true},
		{"winter time, not earlier", office, "Europe/Berlin", "", "2026-10-26T06:59:59Z", false},
		{"opens at a skipped time", "Sun 02:30-05:00", "Europe/Berlin", "", "2026-03-29T01:00:00Z", true},
		{"and not before the change", "Sun 02:30-05:00", "Europe/Berlin", "", "2026-03-29T00:59:59Z", false},
		{"closes at a skipped time", "Sun 00:00-02:30", "Europe/Berlin", "", "2026-03-29T00:59:59Z", true},
		{"and not after the change", "Sun 00:00-02:30", "Europe/Berlin", "", "2026-03-29T01:00:00Z", false},
		{"within the skipped hour there is nothing", "Sun 02:10-02:50", "Europe/Berlin", "", "2026-03-29T01:00:00Z", false},
		{"opens with the first of two", "Sun 02:30-05:00", "Europe/Berlin", "", "2026-10-25T00:30:00Z", true},
		{"stays open over the second", "Sun 02:30-05:00", "Europe/Berlin", "", "2026-10-25T01:10:00Z", true},
		{"closes with the second of two", "Sun 00:00-02:30", "Europe/Berlin", "", "2026-10-25T01:29:59Z", true},
		{"and not later", "Sun 00:00-02:30", "Europe/Berlin", "", "2026-10-25T01:30:00Z", false},
		// In Santiago midnight itself is skipped on 2026-09-06.
		{"a day without a midnight", "Sun 00:00-08:00", "America/Santiago", "", "2026-09-06T04:00:00Z", true},
		{"and not before it", "Sun 00:00-08:00", "America/Santiago", "", "2026-09-06T03:59:59Z", false},
	}
	for _, tt := range tests {
		if got := in(t, tt.week, tt.zone, tt.country).Open(at(t, tt.at)); got != tt.want {
			t.Errorf("%s: %s in %s at %s: got %v", tt.name, tt.week, tt.zone, tt.at, got)
		}
	}
}

func TestEdgesAreFoundWhateverLiesBetween(t *testing.T) {
	tests := []struct {
		name, week, country, at, closed, opened string
	}{
		{"in the evening", office, "DE", "2026-11-19T22:00:00+01:00", "2026-11-19T19:00:00+01:00", "2026-11-19T08:00:00+01:00"},
		{"at the closing edge itself", office, "DE", "2026-11-19T19:00:00+01:00", "2026-11-19T19:00:00+01:00", "2026-11-19T08:00:00+01:00"},
		{"before it", office, "DE", "2026-11-19T18:59:59+01:00", "2026-11-18T19:00:00+01:00", "2026-11-19T08:00:00+01:00"},
		{"over a weekend", office, "DE", "2026-11-22T12:00:00+01:00", "2026-11-20T19:00:00+01:00", "2026-11-20T08:00:00+01:00"},
		{"over Christmas", office, "DE", "2026-12-27T12:00:00+01:00", "2026-12-24T19:00:00+01:00", "2026-12-24T08:00:00+01:00"},
		{"once a week", "Sat 10:00-14:00", "", "2026-11-20T12:00:00+01:00", "2026-11-14T14:00:00+01:00", "2026-11-14T10:00:00+01:00"},
		{"entries that meet have no edge between them", "Mon-Fri 08:00-12:00, Mon-Fri 12:00-19:00", "", "2026-11-19T13:00:00+01:00", "2026-11-18T19:00:00+01:00", "2026-11-19T08:00:00+01:00"},
		{"days that meet have none either", "Mon-Fri 00:00-24:00", "", "2026-11-19T13:00:00+01:00", "2026-11-14T00:00:00+01:00", "2026-11-16T00:00:00+01:00"},
		{"a holiday closes at midnight", "Mon-Sun 00:00-24:00", "DE", "2026-12-30T00:00:00+01:00", "2026-12-25T00:00:00+01:00", "2026-12-27T00:00:00+01:00"},
		{"without end", "Mon-Sun 00:00-24:00", "", "2026-12-30T00:00:00+01:00", "", ""},
		{"always opens each day", hours.Always, "DE", "2026-12-25T03:00:00+01:00", "", "2026-12-25T00:00:00+01:00"},
		{"never closes each day", hours.Never, "DE", "2026-12-25T03:00:00+01:00", "2026-12-25T00:00:00+01:00", ""},
		{"the long day in autumn", office + ", Sun 02:15-02:45", "", "2026-10-25T12:00:00+01:00", "2026-10-25T02:45:00+01:00", "2026-10-25T02:15:00+02:00"},
		{"nothing opens in the skipped hour", office + ", Sun 02:15-02:45", "", "2026-03-29T12:00:00+02:00", "2026-03-27T19:00:00+01:00", "2026-03-27T08:00:00+01:00"},
	}
	for _, tt := range tests {
		h := in(t, tt.week, "Europe/Berlin", tt.country)
		for edge, want := range map[string]string{"closing": tt.closed, "opening": tt.opened} {
			got, ok := h.LastClosing(at(t, tt.at))
			if edge == "opening" {
				got, ok = h.LastOpening(at(t, tt.at))
			}
			if ok != (want != "") || ok && !got.Equal(at(t, want)) {
				t.Errorf("%s: last %s: got %v, %v, want %q", tt.name, edge, got, ok, want)
			}
		}
	}
}

func TestTheNextEdgeIsFound(t *testing.T) {
	h := in(t, office, "Europe/Berlin", "DE")
	thursday := at(t, "2026-12-24T19:00:00+01:00")
	if got, ok := h.NextOpening(thursday); !ok || !got.Equal(at(t, "2026-12-28T08:00:00+01:00")) {
		t.Errorf("opening: got %v, %v", got, ok)
	}
	if got, ok := h.NextClosing(thursday); !ok || !got.Equal(at(t, "2026-12-28T19:00:00+01:00")) {
		t.Errorf("closing: got %v, %v", got, ok)
	}
	if got, ok := in(t, "Mon-Sun 00:00-24:00", "UTC", "").NextClosing(thursday); ok {
		t.Errorf("hours without end close at %v", got)
	}
}

// weeks draws hours in a zone with changes of its clocks.
func weeks(r *rapid.T, t testing.TB) hours.Hours {
	week := rapid.SampledFrom([]string{office, "Mon-Fri 08:00-12:00, Tue-Sat 11:00-18:30", "Fri-Mon 22:15-06:45", "Sun 01:30-02:30, Sat 23:00-02:10",
		"Mon-Sun 00:00-24:00", "Wed 12:00-11:59", "Sat-Sun 00:00-03:00", hours.Always, hours.Never}).Draw(r, "week")
	zone := rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"}).Draw(r, "zone")
	return in(t, week, zone, rapid.SampledFrom([]string{"", "DE", "US", "AU-NSW"}).Draw(r, "country"))
}

// Between the latest edge and now nothing changes, and at it something does.
func TestNothingChangesBetweenTwoEdges(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := weeks(r, t)
		now := time.Unix(rapid.Int64Range(1_767_225_600, 1_830_297_600).Draw(r, "now"), 0) // 2026 and 2027
		closed, okClosed := h.LastClosing(now)
		opened, okOpened := h.LastOpening(now)
		if w := h.Week.String(); w == hours.Always || w == hours.Never {
			if okOpened != h.Open(now) || okClosed == h.Open(now) {
				r.Fatalf("%s: closed %v, opened %v", w, okClosed, okOpened)
			}
			return
		}
		latest := closed
		if opened.After(closed) {
			latest = opened
		}
		for _, e := range []struct {
			at       time.Time
			ok, open bool
		}{{closed, okClosed, false}, {opened, okOpened, true}} {
			if e.ok && (e.at.After(now) || h.Open(e.at) != e.open || h.Open(e.at.Add(-1)) == e.open) {
				r.Fatalf("%v is no edge", e.at)
			}
		}
		if !okClosed && !okOpened {
			if !h.Open(now) {
				r.Fatal("closed, and never closed")
			}
			return
		}
		step := max(time.Minute, now.Sub(latest)/500)
		for at := latest; at.Before(now); at = at.Add(step) {
			if h.Open(at) != h.Open(now) {
				r.Fatalf("at %v it is not as at %v, with no edge between", at, now)
			}
		}
		if at, ok := h.NextOpening(closed.Add(-1)); okClosed && ok && at.Before(closed) {
			r.Fatalf("the next opening %v is before %v", at, closed)
		}
	})
}

// FuzzParse holds that no text is more than refused, and that a mistake is
// within the text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{office, "always", "Mon-Fri 08:00-19:00, Sat 10:00-14:00", "Fri 22:00-06:00", "Mon 08:00-", ",", "é-é", "\x00"} {
		f.Add(s)
	}
	at := time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		w, err := hours.Parse(s)
		if err == nil {
			h := hours.Hours{Week: w, Zone: time.UTC}
			if closed, ok := h.LastClosing(at); ok && h.Open(closed) {
				t.Errorf("%q is open when it closes", s)
			}
			return
		}
		e := err.(*hours.SyntaxError)
		if n := len([]rune(s)); e.Column < 1 || e.Width < 1 || e.Column > n+1 || e.Column+e.Width > max(n, 1)+2 || e.Summary == "" || e.Hint == "" {
			t.Errorf("%q: %+v", s, e)
		}
	})
}

func BenchmarkLastClosing(b *testing.B) {
	h := in(b, office, "Europe/Berlin", "DE")
	sunday := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		if _, ok := h.LastClosing(sunday); !ok {
			b.Fatal("never closed")
		}
	}
}

// Every calendar leaves every weekday an edge within the time that is searched.
func TestHoursOfOneDayAWeekAlwaysHaveAnEdge(t *testing.T) {
	for _, code := range hours.Codes() {
		for _, week := range []string{"Mon 08:00-19:00", "Thu 08:00-19:00", "Fri 08:00-19:00", "Sun 08:00-19:00"} {
			h := in(t, week, "UTC", code)
			for at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.AddDate(0, 0, 7) {
				closed, ok := h.LastClosing(at)
				opening, next := h.NextOpening(at)
				if !ok || !next || at.Sub(closed) > 36*24*time.Hour || opening.Sub(at) > 36*24*time.Hour {
					t.Fatalf("%s in %s at %v: closed %v, opens %v", week, code, at, closed, opening)
				}
			}
		}
	}
}
