package span_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/span"
)

const h = time.Hour

func TestParseReadsWhatPeopleWrite(t *testing.T) {
	tests := map[string]time.Duration{
		"7d": 7 * span.Day, "36h": 36 * h, "1d12h": 36 * h, "2w": 14 * span.Day, "30m": 30 * time.Minute,
		"90s": 90 * time.Second, "0d": 0, "0s": 0, "007d": 7 * span.Day,
		"1w2d3h4m5s":            9*span.Day + 3*h + 4*time.Minute + 5*time.Second,
		"1w5s":                  7*span.Day + 5*time.Second,
		"15250w":                15250 * 7 * span.Day,
		"106751d23h47m16s":      math.MaxInt64 / time.Second * time.Second,
		"0000000000000000001m":  time.Minute,
		"0w0d0h0m0s":            0,
		"1d0h":                  span.Day,
		"2562047h47m16s":        math.MaxInt64 / time.Second * time.Second,
		"15250w1d23h47m16s":     math.MaxInt64 / time.Second * time.Second,
		"1h30m":                 90 * time.Minute,
		"23h59m59s":             span.Day - time.Second,
		"0h1s":                  time.Second,
		"00000000000000000000s": 0,
	}
	for in, want := range tests {
		if got, err := span.Parse(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseRefusesTheRest(t *testing.T) {
	for _, in := range []string{
		"", " ", "7", "d", "-7d", "+7d", "1.5d", "1,5d", "7D", "7 d", " 7d", "7d ", "1h1d", "1d1d", "1s1w", "7y", "7mo", "7ms",
		"1d12", "٧d", "7ď", "7\xff", "7d\n", "1_000d", "0x7d", "1e3d", "P7D", "7days", "seven",
		// Too long, in one part, in the sum, and in the number itself.
		"15251w", "106752d", "106751d23h47m17s", "106751d24h", "9223372037s", "9223372036854775807d", "9223372036854775808s", strings.Repeat("9", 100) + "d",
	} {
		got, err := span.Parse(in)
		if !errors.Is(err, span.ErrSyntax) || got != 0 {
			t.Errorf("%q: %v, %v", in, got, err)
			continue
		}
		if strings.ContainsAny(err.Error(), "\n\xff") {
			t.Errorf("%q is not escaped in %q", in, err)
		}
	}
}

func TestErrorsSayWhatIsWrongAndHowToWriteIt(t *testing.T) {
	tests := map[string]string{
		"":       "a length of time is empty: write it as 7d, 36h, 1d12h or 30m",
		"d":      `"d" is no length of time: write it as 7d, 36h, 1d12h or 30m`,
		"7y":     `"7y" is no length of time: write it as 7d, 36h, 1d12h or 30m`,
		"15251w": `"15251w" is too long: write it as 7d, 36h, 1d12h or 30m`,
	}
	for in, want := range tests {
		if _, err := span.Parse(in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

func TestFormatWritesDaysHoursMinutesSeconds(t *testing.T) {
	tests := map[time.Duration]string{
		0: "0s", time.Nanosecond: "0s", time.Second - 1: "0s", -time.Nanosecond: "0s", 1 - time.Second: "0s",
		time.Second: "1s", 1999 * time.Millisecond: "1s", time.Minute: "1m", h: "1h", span.Day: "1d", 7 * span.Day: "7d", 14 * span.Day: "14d",
		36 * h: "1d12h", 25*h + time.Second: "1d1h1s", span.Day - time.Second: "23h59m59s", 400 * span.Day: "400d",
		-36 * h: "-1d12h", -time.Second: "-1s", -1500 * time.Millisecond: "-1s",
		math.MaxInt64: "106751d23h47m16s", math.MinInt64: "-106751d23h47m16s",
	}
	for in, want := range tests {
		if got := span.Format(in); got != want {
			t.Errorf("%d: %q, want %q", in, got, want)
		}
	}
}

func TestDaysAreWholeOnes(t *testing.T) {
	tests := map[time.Duration]int{
		0: 0, span.Day - 1: 0, span.Day: 1, 7 * span.Day: 7, 8*span.Day - 1: 7,
		7*span.Day + 216*span.Day/240: 7, // 7.9 days
		-span.Day / 2:                 0,
	}
	for in, want := range tests {
		if got := span.Days(in); got != want {
			t.Errorf("%v: %d days, want %d", in, got, want)
		}
	}
}

func TestParseReadsWhatFormatWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		want, text := d.Truncate(time.Second), span.Format(d)
		got, err := span.Parse(strings.TrimPrefix(text, "-"))
		if strings.HasPrefix(text, "-") {
			got = -got
		}
		if err != nil || got != want {
			t.Fatalf("%d is written %q and read as %d, %v", d, text, got, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"7d", "36h", "1d12h", "2w", "30m", "0s", "106751d23h47m16s", "15251w", "1h1d", "-7d", "1.5d", "7", "٧d", "7\xff", "99999999999999999999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := span.Parse(s)
		if err != nil {
			if !errors.Is(err, span.ErrSyntax) || d != 0 {
				t.Fatalf("%q: %v, %v", s, d, err)
			}
			return
		}
		text := span.Format(d)
		if back, err := span.Parse(text); err != nil || back != d || d < 0 {
			t.Fatalf("%q is %v, is written %q, is %v, %v", s, d, text, back, err)
		}
	})
}
