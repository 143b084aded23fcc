package schedule_test

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/tagwarden/tagwarden/internal/schedule"
)

var good = []string{"rate(1 minute)", "rate(1 hour)", "rate(1 day)", "rate(5 minutes)", "rate(36 hours)", "rate(7 days)",
	"cron(0 10 * * ? *)", "cron(15 12 * * ? *)", "cron(0 18 ? * MON-FRI *)", "cron(0 8 1 * ? *)", "cron(0/15 * * * ? *)",
	"cron(0/10 * ? * mon-fri *)", "cron(0 9 ? * 2#1 *)", "cron(0 0 L * ? *)", "cron(0 0 3W * ? *)", "cron(0 0 LW * ? *)",
	"cron(0 0 ? * 6L *)", "cron(0 0 ? * FRI-MON *)", "cron(0 6,18 ? 1,JUL-SEP * 2026-2030)", "cron(0 0 ? * L *)"}

func TestSchedulesOfEventBridge(t *testing.T) {
	for _, s := range good {
		if _, err := schedule.Parse(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	bad := []string{"", "daily", "rate 1 day", "rate()", "rate(1)", "rate(0 days)", "rate(-1 days)", "rate(+5 days)", "rate(1 days)", "rate(2 day)", "rate(1 week)",
		"rate(1.5 days)", "rate(1  day)", "rate(1 dayss)", "rate(200000 days)", "rate(99999999999999999999 days)", "every(1 day)", "cron()", "cron(0 10 * * ?)", "cron(0 10 * * ? * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)",
		"cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 * 13 ? *)", "cron(0 0 ? * 8 *)",
		"cron(0 0 ? * MON#6 *)", "cron(0 0 ? * FOO *)", "cron(0 0 * * ? 1969)", "cron(0/0 0 * * ? *)", "cron(0/+5 0 * * ? *)", "cron(5-1 0 * * ? *)", "cron(0 ? * * ? *)",
		"cron(0 L * * ? *)", "cron(, 0 * * ? *)", "cron(0 0 ?W * ? *)", "cron(0 0 * * ? *) ", "cron(0 0 * * ? *"}
	for _, s := range bad {
		_, err := schedule.Parse(s)
		if e, ok := errors.AsType[*schedule.Error](err); !ok || e.Hint == "" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

const layout = "2006-01-02 15:04 -07:00"

func TestWhenAScheduleIsDue(t *testing.T) {
	for _, tt := range []struct{ text, zone, after, next, last string }{
		// "Schedule types" and "Cron expressions" of EventBridge.
		{"cron(0 10 * * ? *)", "UTC", "2026-11-02 10:00 +00:00", "2026-11-03 10:00 +00:00", "2026-11-02 10:00 +00:00"},
		{"cron(15 12 * * ? *)", "UTC", "2026-11-02 10:00 +00:00", "2026-11-02 12:15 +00:00", "2026-11-01 12:15 +00:00"},
		{"cron(0 18 ? * MON-FRI *)", "UTC", "2026-11-06 18:00 +00:00", "2026-11-09 18:00 +00:00", "2026-11-06 18:00 +00:00"},
		{"cron(0 8 1 * ? *)", "UTC", "2026-12-15 00:00 +00:00", "2027-01-01 08:00 +00:00", "2026-12-01 08:00 +00:00"},
		{"cron(0/15 * * * ? *)", "UTC", "2026-11-02 10:01 +00:00", "2026-11-02 10:15 +00:00", "2026-11-02 10:00 +00:00"},
		{"cron(0 9 ? * 2#1 *)", "UTC", "2026-11-02 09:00 +00:00", "2026-12-07 09:00 +00:00", "2026-11-02 09:00 +00:00"},
		{"cron(0 0 L * ? *)", "UTC", "2027-02-01 00:00 +00:00", "2027-02-28 00:00 +00:00", "2027-01-31 00:00 +00:00"},
		{"cron(0 0 LW * ? *)", "UTC", "2027-02-01 00:00 +00:00", "2027-02-26 00:00 +00:00", "2027-01-29 00:00 +00:00"},
		{"cron(0 0 1W * ? *)", "UTC", "2026-07-31 12:00 +00:00", "2026-08-03 00:00 +00:00", "2026-07-01 00:00 +00:00"}, // the 1st is a Saturday
		{"cron(0 0 15W * ? *)", "UTC", "2026-08-01 00:00 +00:00", "2026-08-14 00:00 +00:00", "2026-07-15 00:00 +00:00"},
		{"cron(0 0 31W * ? *)", "UTC", "2026-04-01 00:00 +00:00", "2026-05-29 00:00 +00:00", "2026-03-31 00:00 +00:00"}, // a Sunday, and the last
		{"cron(0 0 ? * 6L *)", "UTC", "2026-11-02 00:00 +00:00", "2026-11-27 00:00 +00:00", "2026-10-30 00:00 +00:00"},
		{"cron(0 0 ? * L *)", "UTC", "2026-11-02 00:00 +00:00", "2026-11-07 00:00 +00:00", "2026-10-31 00:00 +00:00"},
		{"cron(0 0 ? * FRI-MON/2 *)", "UTC", "2026-11-02 00:00 +00:00", "2026-11-06 00:00 +00:00", "2026-11-01 00:00 +00:00"}, // Friday and Sunday
		{"cron(0 0 29 2 ? *)", "UTC", "2026-11-02 00:00 +00:00", "2028-02-29 00:00 +00:00", "2024-02-29 00:00 +00:00"},
		{"cron(0 0 1 1 ? 2030/10)", "UTC", "2026-11-02 00:00 +00:00", "2030-01-01 00:00 +00:00", ""},
		{"cron(0 0 1 1 ? 2020)", "UTC", "2026-11-02 00:00 +00:00", "", "2020-01-01 00:00 +00:00"},
		{"cron(0 0 30 2 ? *)", "UTC", "2026-11-02 00:00 +00:00", "", ""},
		// The clocks go forward over the 29th of March at 2, and back on the 25th of October at 3.
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28 12:00 +01:00", "2026-03-30 02:30 +02:00", "2026-03-28 02:30 +01:00"},
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24 12:00 +02:00", "2026-10-25 02:30 +02:00", "2026-10-24 02:30 +02:00"},
		{"cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00", "2026-10-25 02:30 +02:00"},
		{"cron(0 8 * * ? *)", "Asia/Kolkata", "2026-11-02 02:29 +00:00", "2026-11-02 08:00 +05:30", "2026-11-01 08:00 +05:30"},
		{"rate(1 day)", "Europe/Berlin", "2026-11-02 10:00 +00:00", "2026-11-03 00:00 +00:00", "2026-11-02 00:00 +00:00"},
		{"rate(5 minutes)", "UTC", "2026-11-02 10:05 +00:00", "2026-11-02 10:10 +00:00", "2026-11-02 10:05 +00:00"},
		{"rate(1 hour)", "UTC", "1969-12-31 23:30 +00:00", "1970-01-01 00:00 +00:00", "1969-12-31 23:00 +00:00"},
	} {
		s, err := schedule.Parse(tt.text)
		if err != nil {
			t.Fatalf("%s: %v", tt.text, err)
		}
		zone, after := place(t, tt.zone), instant(t, tt.after)
		if got := show(s.Next(after, zone)); got != tt.next {
			t.Errorf("%s in %s after %s: %s, want %s", tt.text, tt.zone, tt.after, got, tt.next)
		}
		if got := show(s.Last(after, zone)); got != tt.last {
			t.Errorf("%s in %s until %s: %s, want %s", tt.text, tt.zone, tt.after, got, tt.last)
		}
	}
}

func place(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func show(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(layout)
}

// Whatever is written: it is a schedule or an error with a place in the text,
// and a schedule is due after, and was due not after, any time.
func FuzzParse(f *testing.F) {
	for _, s := range good {
		f.Add(s)
	}
	f.Add("cron(\x00 é * * ? *)")
	f.Add("cron(0/9999999999 0 ? * SAT-SUN/3,2#5,L,7L 2199)")
	berlin := place(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schedule.Parse(text)
		if err != nil {
			e, ok := errors.AsType[*schedule.Error](err)
			if n := len([]rune(text)); !ok || e.At < 0 || e.Width < 0 || e.At > n || e.Text == "" || e.Hint == "" {
				t.Fatalf("%q: %+v", text, err)
			}
			return
		}
		now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		next, last := s.Next(now, berlin), s.Last(now, berlin)
		if !next.IsZero() && (!next.After(now) || !s.Last(next, berlin).Equal(next)) || !last.IsZero() && last.After(now) {
			t.Fatalf("%q: last %v, next %v", text, last, next)
		}
	})
}
