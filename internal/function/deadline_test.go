package function

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimeIsKeptBackToEndWell(t *testing.T) {
	now := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	f := &Function{world: World{Now: func() time.Time { return now }}}
	of := func(total time.Duration) deadline {
		ctx, cancel := context.WithDeadline(t.Context(), now.Add(total))
		defer cancel()
		return f.deadline(ctx)
	}
	for total, want := range map[time.Duration]time.Duration{
		15 * time.Minute: 20 * time.Second, time.Minute: 6 * time.Second, 10 * time.Second: 2 * time.Second, 3 * time.Second: time.Second, -time.Second: 0,
	} {
		if d := of(total); d.kept != want || d.left() != total-want {
			t.Errorf("of %s it keeps back %s and leaves %s", total, d.kept, d.left())
		}
	}
	if d := f.deadline(t.Context()); d.late() || d.lease() != forever {
		t.Errorf("without an end: %t, %s", d.late(), d.lease())
	}
	if !of(-time.Second).late() || of(time.Second).late() {
		t.Error("it is late when the time is over, and only then")
	}
	rapid.Check(t, func(t *rapid.T) {
		total := time.Duration(rapid.Int64Range(0, int64(forever)).Draw(t, "total"))
		if d := of(total); d.kept > total/3 || d.kept > mostKept || d.lease() < total {
			t.Fatalf("of %s it keeps back %s, and has a lease of %s", total, d.kept, d.lease())
		}
	})
}

func FuzzEveryAnswerIsHarmlessJSON(f *testing.F) {
	f.Add(running("e-1", "i-00000000000000001"))
	f.Add(queued(running("e-\u202e", "i-1"), `{}`, "\x00"))
	f.Add(`{"tagwarden":"schedule","policies":["\u001b[31m"]}`)
	f.Add("{\"detail-type\":\"\xff\"}")
	f.Fuzz(func(t *testing.T, payload string) {
		l := newLambda(t, unexcepted)
		l.launch("i-00000000000000001", nil)
		a, err := l.invoke(payload)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\x00\n\u202e") {
				t.Errorf("%q", err)
			}
			return
		}
		text, err := a.Encode()
		if err != nil || !json.Valid(text) || strings.ContainsAny(string(text), "\x1b\x00\u202e") {
			t.Errorf("%q, %v", text, err)
		}
	})
}
