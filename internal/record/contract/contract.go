// Package contract is what every record.Ledger promises, as tests. Each
// implementation runs them on ledgers of its own.
package contract

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/record"
)

// Run tests an implementation. open returns a new, empty ledger; Run closes
// it.
func Run(t *testing.T, open func(t *testing.T) record.Ledger) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, record.Ledger)
	}{
		{"a case comes back as it was saved", casesRoundTrip},
		{"a case saved again replaces itself", casesReplace},
		{"hostile text comes back as it was", casesHostile},
		{"text that is not UTF-8 stays one case", casesNotUTF8},
		{"a case is its own copy", casesCopy},
		{"closed cases are remembered for as long as asked", casesRemembered},
		{"scopes share nothing", scopesIsolate},
		{"one run at a time", runsExclude},
		{"of many that begin at once one does", runsRace},
		{"ending is for the run that began", runsEnd},
		{"a run for an event is beside all others", runsForEvents},
		{"a context that has ended changes nothing", cancelled},
		{"a reservation takes its room", reserveTakes},
		{"reservations are taken all or none", reserveAllOrNone},
		{"reservations at once never exceed the limit", reserveRace},
		{"what was not intended is given back", reserveGivenBack},
		{"an intent takes from what was reserved", intentConsumes},
		{"an intent repeated counts once", intentRepeated},
		{"done and intended count, failed and skipped do not", usedStates},
		{"limits count for 24 hours to the nanosecond", usedWindow},
		{"an outcome can be recorded twice", finishTwice},
		{"an outcome needs no intent", finishAlone},
		{"an entry comes back as it was recorded", historyRoundTrip},
		{"the history is newest first, filtered and cut", historyOrder},
		{"a hold comes back as it was recorded", holdRoundTrip},
		{"holds are newest first and since a time", holdsOrder},
		{"a hold recorded again keeps its release", holdAgain},
		{"a release is usable once", releaseOnce},
		{"using one release of a run up leaves its others", releaseApart},
		{"a release needs something to release", releaseNothing},
		{"a hold can be released for 24 hours", releaseWindow},
		{"a release can be used for 24 hours", releaseUsable},
		{"a release counts from its hold at the earliest", releaseAhead},
		{"releasing again renews the release", releaseAgain},
		{"parcels come in the order they were posted", parcelsOrder},
		{"delivered parcels are forgotten, once or twice", parcelsDelivered},
		{"what is claimed is one's until it is concluded", claimOnce},
		{"what is given up can be claimed at once", claimGivenUp},
		{"what a run died at is taken over when its time has ended", claimTakenOver},
		{"of many that claim at once one gets it", claimRace},
		{"deliveries, crashes and conclusions in any order", claimDeliveries},
		{"what was read of a sweep adds up", sweepsJoin},
		{"what was learnt comes back as it was", makersRoundTrip},
		{"an event learnt again replaces itself", makersAgain},
		{"wondering is remembered from the first time", wonders},
		{"any sequence of calls does what a plain model does", machine},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := open(t)
			t.Cleanup(func() { must(t, l.Close()) })
			test.run(t, l)
		})
	}
}

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t fatal, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// get fails the test on an error of a call that returns something.
func get[T any](v T, err error) func(fatal) T {
	return func(t fatal) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// same compares what came back; that nothing is nil or empty is all one.
func same(t fatal, what string, want, got any, opts ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, append(opts, cmpopts.EquateEmpty())...); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// noon is the time at which the tests happen.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

var scope = record.Scope{Name: "central", Account: "123456789012"}

// stops and terminates are two things that limits count apart.
var (
	stops      = record.LimitKey{Policy: "cost-center", Action: action.Stop}
	terminates = record.LimitKey{Policy: "cost-center", Action: action.Terminate}
)

// hostile is text that a careless ledger breaks on. It is UTF-8.
func hostile() []string {
	return []string{
		"", " leading and trailing ", `'; DROP TABLE cases; --`, `"quoted" \back\slashed`, "`tick` $1 ?1 :name @name %s",
		"line\nbreak\ttab\rreturn", "nul\x00in the middle", "\x1b[31mred\x07", "emoji 👩‍👩‍👧 🏷️", "\u202ebackwards", "\u2028\ufeff\ufffd",
		"null", "true", "[1,2]", `{"a":1}`, "9223372036854775808", "1e400", "2026-03-14T12:00:00Z", "a/b:c=d+e@f%20?x&y#z",
		strings.Repeat("long 🏷 ", 5000),
	}
}
