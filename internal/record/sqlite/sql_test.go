package sqlite

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/record"
)

// aTime is any time that a four-digit year can tell, in any time zone.
func aTime(t *rapid.T, what string) time.Time {
	first, last := time.Date(0, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 30, 0, 0, 0, 0, time.UTC)
	at := time.Unix(rapid.Int64Range(first.Unix(), last.Unix()).Draw(t, what), rapid.Int64Range(0, 999_999_999).Draw(t, what+"'s nanoseconds"))
	return at.In(time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*60*60))
}

func TestStampsAreOrderedAsTheirTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := aTime(t, "a"), aTime(t, "b")
		if got, want := strings.Compare(stamp(a), stamp(b)), a.Compare(b); got != want {
			t.Fatalf("%s and %s compare as %d, their times as %d", stamp(a), stamp(b), got, want)
		}
		if stamp(time.Time{}) >= stamp(a) {
			t.Fatalf("no time is not before %s", stamp(a))
		}
		var back time.Time
		if err := (moment{&back}).Scan(stamp(a)); err != nil || !back.Equal(a) || back.Location() != time.UTC {
			t.Fatalf("%v comes back as %v, %v", a, back, err)
		}
	})
}

func TestAMomentRefusesWhatIsNoStamp(t *testing.T) {
	for _, v := range []any{nil, int64(1), []byte("x"), "yesterday", "2026-03-14T12:00:00Z "} {
		var at time.Time
		if err := (moment{&at}).Scan(v); err == nil {
			t.Errorf("%v was read as %v", v, at)
		}
	}
}

func TestScopesHaveKeysOfTheirOwn(t *testing.T) {
	part := rapid.StringMatching(`[a"\\ \x00\xff]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a := record.Scope{Name: part.Draw(t, "name a"), Account: part.Draw(t, "account a")}
		b := record.Scope{Name: part.Draw(t, "name b"), Account: part.Draw(t, "account b")}
		if (scopeKey(a) == scopeKey(b)) != (a == b) {
			t.Fatalf("%+v and %+v have the keys %s and %s", a, b, scopeKey(a), scopeKey(b))
		}
		if (lockPath("l", scopeKey(a)) == lockPath("l", scopeKey(b))) != (a == b) {
			t.Fatalf("%+v and %+v have the locks %s and %s", a, b, lockPath("l", scopeKey(a)), lockPath("l", scopeKey(b)))
		}
	})
}

func TestTheStatesInSQLAreThoseThatCount(t *testing.T) {
	for _, s := range []plan.State{
		plan.Planned, plan.Waiting, plan.Would, plan.Held, plan.Superseded, plan.Done, plan.Failed, plan.Skipped,
	} {
		if in := strings.Contains(counted, "'"+string(s)+"'"); in != record.Counts(s) {
			t.Errorf("%s counts in SQL: %t, by the rule: %t", s, in, record.Counts(s))
		}
	}
}
