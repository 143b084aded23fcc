package action_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
)

// none are values that are no kind: the zero value and all above the last.
var none = []action.Kind{0, action.Delete + 1, 255}

func TestEveryKindHasTheFactsOfThePolicyLanguage(t *testing.T) {
	type facts struct {
		Word        string
		Past        string
		Destructive bool
		Limit       int
	}
	want := []facts{
		{"notify", "notified", false, 0},
		{"mark", "marked", false, 0},
		{"unmark", "unmarked", false, 0},
		{"tag", "tagged", false, 10000},
		{"untag", "untagged", false, 500},
		{"run_command", "sent a command", false, 50},
		{"invoke", "passed to a function", false, 100},
		{"start", "started", false, 200},
		{"backup", "backed up", false, 50},
		{"restore", "restored", false, 50},
		{"revoke", "revoked", false, 50},
		{"isolate", "isolated", true, 20},
		{"stop", "stopped", true, 50},
		{"terminate", "terminated", true, 5},
		{"delete", "deleted", true, 50},
	}
	var got []facts
	for _, k := range action.All() {
		got = append(got, facts{k.String(), k.Past(), k.Destructive(), k.DefaultLimit()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facts of all kinds (-want +got):\n%s", diff)
	}
}

func TestAllListsTheConstantsWeakestFirst(t *testing.T) {
	want := []action.Kind{
		action.Notify, action.Mark, action.Unmark, action.Tag,
		action.Untag, action.RunCommand, action.Invoke, action.Start, action.Backup, action.Restore, action.Revoke,
		action.Isolate, action.Stop, action.Terminate, action.Delete,
	}
	all := action.All()
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("all kinds (-want +got):\n%s", diff)
	}
	for i, a := range all {
		for j, b := range all {
			if got := a.Stronger(b); got != (i > j) {
				t.Errorf("%s stronger than %s: %v", a, b, got)
			}
		}
	}
	all[0] = action.Terminate
	if action.All()[0] != action.Notify {
		t.Error("changing the list that All returned changes the next one")
	}
}

func TestWordsRoundTrip(t *testing.T) {
	for _, k := range action.All() {
		if got, ok := action.Parse(k.String()); !ok || got != k {
			t.Errorf("parsing %q: %v, %v", k, got, ok)
		}
		text, err := k.MarshalText()
		if err != nil || string(text) != k.String() {
			t.Errorf("writing %s: %q, %v", k, text, err)
		}
		var back action.Kind
		if err := back.UnmarshalText(text); err != nil || back != k {
			t.Errorf("reading %q: %s, %v", text, back, err)
		}
	}
}

func TestJSONWritesWordsAsValuesAndKeys(t *testing.T) {
	in := map[action.Kind][]action.Kind{action.Stop: {action.Notify, action.Terminate}}
	b, err := json.Marshal(in)
	if err != nil || string(b) != `{"stop":["notify","terminate"]}` {
		t.Fatalf("writing: %s, %v", b, err)
	}
	var out map[action.Kind][]action.Kind
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoKindDoesNothing(t *testing.T) {
	words := map[action.Kind]string{0: "action(0)", action.Delete + 1: "action(16)", 255: "action(255)"}
	for _, k := range none {
		if got := k.String(); got != words[k] {
			t.Errorf("word of %d: %q", uint8(k), got)
		}
		if k.Destructive() || k.DefaultLimit() != 0 {
			t.Errorf("%s is destructive or limited", k)
		}
		if b, err := k.MarshalText(); err == nil {
			t.Errorf("writing %s: %q and no error", k, b)
		}
	}
}

func TestOtherWordsAreRefusedByName(t *testing.T) {
	for _, word := range []string{"", "Stop", " stop", "stop ", "reboot", "action(7)", "st\x1bop", "\xff"} {
		if k, ok := action.Parse(word); ok || k != 0 {
			t.Errorf("parsing %q: %s, %v", word, k, ok)
		}
		k := action.Tag
		err := k.UnmarshalText([]byte(word))
		switch {
		case err == nil:
			t.Errorf("reading %q: no error", word)
		case k != action.Tag:
			t.Errorf("reading %q changed the kind to %s", word, k)
		case strings.ContainsAny(err.Error(), "\x1b\n"):
			t.Errorf("reading %q: raw control characters in %q", word, err)
		}
	}
	var k action.Kind
	if err := k.UnmarshalText([]byte("reboot")); err == nil || !strings.Contains(err.Error(), `"reboot"`) {
		t.Errorf("the error does not name the word: %v", err)
	}
}

func TestOnlyOppositesOppose(t *testing.T) {
	opposite := map[[2]action.Kind]bool{
		{action.Tag, action.Untag}:       true,
		{action.Start, action.Stop}:      true,
		{action.Start, action.Terminate}: true,
		{action.Start, action.Delete}:    true,
	}
	kinds := append(action.All(), none...)
	for _, a := range kinds {
		for _, b := range kinds {
			want := opposite[[2]action.Kind{a, b}] || opposite[[2]action.Kind{b, a}]
			if got := a.Opposes(b); got != want {
				t.Errorf("%s opposes %s: %v", a, b, got)
			}
		}
	}
}
