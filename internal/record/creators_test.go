package record_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/record"
)

// seconds is a stretch of seconds.
func seconds(from, to int) record.Stretch {
	return record.Stretch{From: time.Unix(int64(from), 0).UTC(), To: time.Unix(int64(to), 0).UTC()}
}

// Second by second: what was read is in the stretches, what was not is in the
// gaps, and neither touches itself.
func TestStretchesAndGapsAreEverySecondOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const end = 20
		var read [end]bool
		var joined []record.Stretch
		for range rapid.IntRange(0, 6).Draw(t, "stretches") {
			from, to := rapid.IntRange(0, end).Draw(t, "from"), rapid.IntRange(0, end).Draw(t, "to")
			joined = record.Join(joined, seconds(from, to))
			for s := from; s < to; s++ {
				read[s] = true
			}
		}
		within := [2]int{rapid.IntRange(0, end).Draw(t, "from"), rapid.IntRange(0, end).Draw(t, "to")}
		gaps := record.Gaps(joined, seconds(within[0], within[1]))
		var there, lacking [end]int
		for _, of := range []struct {
			ss []record.Stretch
			n  *[end]int
		}{{joined, &there}, {gaps, &lacking}} {
			for _, s := range of.ss {
				if s.Empty() {
					t.Fatalf("an empty stretch in %v", of.ss)
				}
				for at := s.From.Unix(); at < s.To.Unix(); at++ {
					of.n[at]++
				}
			}
		}
		for s := range end {
			wanted := within[0] <= s && s < within[1]
			if (there[s] == 1) != read[s] || there[s] > 1 || (lacking[s] == 1) != (wanted && !read[s]) || lacking[s] > 1 {
				t.Fatalf("second %d, read %v: %v, gaps %v", s, read[s], joined, gaps)
			}
		}
		for i := 1; i < len(joined); i++ {
			if !joined[i-1].To.Before(joined[i].From) {
				t.Fatalf("touching: %v", joined)
			}
		}
		for i := 1; i < len(gaps); i++ {
			if gaps[i].To.After(gaps[i-1].From) {
				t.Fatalf("not newest first: %v", gaps)
			}
		}
	})
}

func TestNothingReadLeavesAllToRead(t *testing.T) {
	if diff := cmp.Diff([]record.Stretch{seconds(1, 5)}, record.Gaps(nil, seconds(1, 5))); diff != "" {
		t.Error(diff)
	}
}
