package dynamo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/record/dynamo"
)

// between lets something happen once between what the next call reads and what
// it writes.
func (t *table) between(f func()) {
	t.before = func([]dynamo.Write) error {
		t.before = nil
		f()
		return nil
	}
}

// reserve asks for room for n stops of five.
func reserve(t *testing.T, l *dynamo.Ledger, run string, n int, now time.Time) bool {
	t.Helper()
	err := l.Reserve(t.Context(), scope, run, []record.Reservation{{LimitKey: stops, N: n, Limit: 5}}, now)
	if err != nil && !errors.Is(err, record.ErrOverLimit) {
		t.Fatal(err)
	}
	return err == nil
}

func intend(t *testing.T, l *dynamo.Ledger, run, arn string, now time.Time) {
	t.Helper()
	must(t, l.Intend(t.Context(), scope, run, []record.Intent{{Policy: stops.Policy, ARN: arn, Action: stops.Action}}, now))
}

func TestNobodyTakesTheRoomThatAnotherTookMeanwhile(t *testing.T) {
	tomorrow := noon.Add(25 * time.Hour)
	tests := map[string]struct {
		before    func(*testing.T, *dynamo.Ledger)
		meanwhile func(*testing.T, *dynamo.Ledger)
		now       time.Time
	}{
		"nobody had reserved anything": {
			before:    func(*testing.T, *dynamo.Ledger) {},
			meanwhile: func(t *testing.T, l *dynamo.Ledger) { reserve(t, l, "other", 3, noon) },
			now:       noon,
		},
		"somebody had": {
			before:    func(t *testing.T, l *dynamo.Ledger) { reserve(t, l, "first", 1, noon) },
			meanwhile: func(t *testing.T, l *dynamo.Ledger) { reserve(t, l, "other", 2, noon) },
			now:       noon,
		},
		"it seems full and is counted": {
			before: func(t *testing.T, l *dynamo.Ledger) {
				reserve(t, l, "first", 5, noon)
				must(t, l.End(t.Context(), scope, "first", noon))
			},
			meanwhile: func(t *testing.T, l *dynamo.Ledger) { reserve(t, l, "other", 3, noon) },
			now:       noon,
		},
		"something is done without a reservation while it is counted": {
			before: func(t *testing.T, l *dynamo.Ledger) {
				reserve(t, l, "first", 5, noon)
				must(t, l.End(t.Context(), scope, "first", noon))
			},
			meanwhile: func(t *testing.T, l *dynamo.Ledger) {
				for _, arn := range []string{"arn:a", "arn:b", "arn:c"} {
					intend(t, l, "other", arn, noon)
				}
			},
			now: noon,
		},
		// The clock of one is a day ahead, and it counts what is new to it only.
		"another counts as of a later time": {
			before: func(t *testing.T, l *dynamo.Ledger) { reserve(t, l, "first", 2, noon) },
			meanwhile: func(t *testing.T, l *dynamo.Ledger) {
				reserve(t, l, "second", 3, noon)
				reserve(t, l, "ahead", 1, tomorrow)
			},
			now: noon,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			table := newTable()
			one, other := dynamo.New("ledger", table, at(noon)), dynamo.New("ledger", table, at(noon))
			tt.before(t, one)
			table.between(func() { tt.meanwhile(t, other) })
			if reserve(t, one, "one", 3, tt.now) {
				used, err := one.Used(t.Context(), scope, tt.now.Add(-record.Window))
				t.Errorf("three more were taken of five; used are %v, %v", used, err)
			}
		})
	}
}

// What was too old to count, and is reserved or intended again, counts again.
func TestWhatIsNewAgainCountsAgain(t *testing.T) {
	tomorrow := noon.Add(25 * time.Hour)
	// forget makes the gate be counted when what is of noon is too old.
	forget := func(t *testing.T, l *dynamo.Ledger) {
		t.Helper()
		if !reserve(t, l, "next", 5, tomorrow) {
			t.Fatal("what is too old takes room still")
		}
		must(t, l.End(t.Context(), scope, "next", tomorrow))
		if !reserve(t, l, "next", 1, tomorrow) { // counts
			t.Fatal("what was given back takes room still")
		}
		must(t, l.End(t.Context(), scope, "next", tomorrow))
	}
	t.Run("reserved", func(t *testing.T) {
		l := dynamo.New("ledger", newTable(), at(noon))
		reserve(t, l, "slow", 3, noon)
		if !reserve(t, l, "next", 5, tomorrow) {
			t.Fatal("what is too old takes room still")
		}
		must(t, l.End(t.Context(), scope, "next", tomorrow))
		if !reserve(t, l, "slow", 1, tomorrow) { // with the three
			t.Fatal("what was given back takes room still")
		}
		if reserve(t, l, "next", 2, tomorrow) {
			t.Error("two were taken beside four of five")
		}
	})
	t.Run("intended", func(t *testing.T) {
		l := dynamo.New("ledger", newTable(), at(noon))
		for _, arn := range []string{"arn:a", "arn:b", "arn:c"} {
			intend(t, l, "slow", arn, noon)
		}
		forget(t, l)
		for _, arn := range []string{"arn:a", "arn:b", "arn:c"} {
			intend(t, l, "slow", arn, tomorrow)
		}
		if reserve(t, l, "next", 3, tomorrow) {
			t.Error("three were taken beside three of five")
		}
	})
	t.Run("intended from a reservation", func(t *testing.T) {
		l := dynamo.New("ledger", newTable(), at(noon))
		reserve(t, l, "slow", 3, noon)
		forget(t, l)
		for _, arn := range []string{"arn:a", "arn:b", "arn:c"} {
			intend(t, l, "slow", arn, tomorrow)
		}
		if reserve(t, l, "next", 3, tomorrow) {
			t.Error("three were taken beside three of five")
		}
	})
}
