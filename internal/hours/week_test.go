package hours_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/hours"
)

func TestHoursAreReadInEverySpelling(t *testing.T) {
	for _, s := range []string{
		"Mon-Fri 08:00-19:00", "Mon-Fri 08:00-19:00, Sat 10:00-14:00", "mon-FRI 08:00-19:00,sat 10:00-14:00 ",
		"Fri-Mon 22:00-06:00", "Mon-Sun 00:00-24:00", "Mon 00:00-00:01", "  Sun   12:00-11:59", "Always", " never\t",
		"Mon-Fri 08:00-12:00, Mon-Fri 13:00-17:00",
	} {
		w, err := hours.Parse(s)
		if err != nil || w.String() != s {
			t.Errorf("%q: %v, %v", s, w, err)
		}
	}
}

func TestMistakesInHoursHaveAPlaceAndAHint(t *testing.T) {
	const (
		whole  = "write hours as Mon-Fri 08:00-19:00, Sat 10:00-14:00"
		days   = "the days are Mon, Tue, Wed, Thu, Fri, Sat and Sun"
		digits = "write a time with two digits for hours and minutes, such as 08:00"
	)
	tests := []struct {
		source string
		want   hours.SyntaxError
	}{
		{"", hours.SyntaxError{1, 1, "the hours are empty", whole}},
		{"   ", hours.SyntaxError{1, 3, "the hours are empty", whole}},
		{"\xff", hours.SyntaxError{1, 1, "the hours are not valid UTF-8", whole}},
		{strings.Repeat("é", 257), hours.SyntaxError{1, 1, "the hours are longer than 256 characters", whole}},
		{"08:00-19:00", hours.SyntaxError{1, 5, `"08:00" is no day`, "put days before the times: Mon-Sun for every day"}},
		{"Monday 08:00-19:00", hours.SyntaxError{1, 6, `"Monday" is no day`, `did you mean "Mon"?`}},
		{"Mon-Frei 08:00-19:00", hours.SyntaxError{5, 4, `"Frei" is no day`, days}},
		{"Mon-", hours.SyntaxError{5, 1, "the hours end too early", days}},
		{"Mon", hours.SyntaxError{4, 1, "the hours end too early", digits}},
		{"Mon 8:00-19:00", hours.SyntaxError{5, 4, `"8:00" is no time of day`, digits}},
		{"Mon 08.00-19:00", hours.SyntaxError{5, 5, `"08.00" is no time of day`, digits}},
		{"Mon 08:00-7pm", hours.SyntaxError{11, 3, `"7pm" is no time of day`, digits}},
		{"Mon 08:00-24:01", hours.SyntaxError{11, 5, `"24:01" is no time of day`, "a day goes from 00:00 to 24:00"}},
		{"Mon 08:60-19:00", hours.SyntaxError{5, 5, `"08:60" is no time of day`, "a day goes from 00:00 to 24:00"}},
		{"Mon 24:00-06:00", hours.SyntaxError{5, 5, `"24:00" is no time to open at`, "write 00:00, which begins a day; 24:00 ends one"}},
		{"Mon 08:00-08:00", hours.SyntaxError{5, 11, "08:00-08:00 has no length", "write 00:00-24:00 for a whole day"}},
		{"Mon 08:00", hours.SyntaxError{10, 1, "the hours end too early", "put a hyphen between two times, as in 08:00-19:00"}},
		{"Mon,Tue 08:00-19:00", hours.SyntaxError{4, 4, `",Tue" is not expected here`, "put a space between days and times, as in Mon-Fri 08:00-19:00"}},
		{"Mon 08:00-19:00 Tue 08:00-19:00", hours.SyntaxError{17, 3, `"Tue" is not expected here`, "put a comma between two entries, as in Mon-Fri 08:00-19:00, Sat 10:00-14:00"}},
		{"Mon 08:00-19:00,", hours.SyntaxError{17, 1, "the hours end too early", days}},
		{"Mon 08:00-19:00, always", hours.SyntaxError{18, 6, `"always" is no day`, days}},
		{"é Mon", hours.SyntaxError{1, 1, `"é" is no day`, days}},
		{"Mon \x1b[31m-1", hours.SyntaxError{5, 5, `"\x1b[31m" is no time of day`, digits}},
	}
	for _, tt := range tests {
		w, err := hours.Parse(tt.source)
		got, ok := errors.AsType[*hours.SyntaxError](err)
		if !ok || w != nil {
			t.Errorf("%q: got %v, %v", tt.source, w, err)
			continue
		}
		if diff := cmp.Diff(&tt.want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", tt.source, diff)
		}
		if got.Error() != got.Summary+": "+got.Hint {
			t.Errorf("%q: the error is %q", tt.source, got)
		}
	}
}
