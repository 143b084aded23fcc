package cases_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// done is the case of which a stop was done so long ago.
func done(c *cases.Case, stop time.Duration) *cases.Case {
	c.Steps = map[string]cases.Outcome{"stop": {At: ago(stop), Done: true}}
	return c
}

func TestWhatCountsFromAStepNeedsANoticeToo(t *testing.T) {
	back := done(seen(40*day, 40*day), 33*day)
	back.Closed = ago(2 * day)
	heard := done(seen(40*day, 40*day), 33*day)
	heard.Resumed, heard.LastAccepted = ago(day), ago(day)
	tests := []struct {
		name  string
		state string
		c     *cases.Case
		want  due
	}{
		{"nobody was told, and its time has not come", "stopped", done(seen(5*day, -1), 5*day), due{"terminate", false, false, "07-09", "notice-undelivered"}},
		{"nobody was told, and its time has come", "stopped", done(seen(20*day, -1), 20*day), due{"terminate", false, true, "06-30", "notice-undelivered"}},
		{"people were told after the step", "stopped", done(seen(20*day, 4*day), 20*day), due{"terminate", false, false, "07-10", ""}},
		{"it came back, and nobody was told again", "stopped", back, due{"terminate", false, false, "06-30", "awaiting-notice"}},
		{"it came back as the step left it, and people were told again", "stopped", heard, due{"terminate", true, false, "06-11", ""}},
		{"it came back and runs again: the step comes first", "running", heard, due{"terminate", false, false, "07-14", "awaiting-step"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict(notice, stopNow, terminate)
			v.Resource = &resource.Instance{State: tt.state}
			x := cases.Schedule(v, tt.c, now)[2]
			got := due{x.Step.Step.ID, x.Due, x.Held, x.At.Format("01-02"), x.Why.Code}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("schedule (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPolicyThatTellsNobodyCountsFromTheStepAlone(t *testing.T) {
	v := verdict(stopNow, terminate)
	v.Resource = &resource.Instance{State: "stopped"}
	if x := cases.Schedule(v, done(seen(20*day, -1), 15*day), now)[1]; !x.Due {
		t.Errorf("%+v; want it due", x)
	}
}

func TestTheViolationsNoticeSaysWhatAReminderWould(t *testing.T) {
	remind := notice
	remind.Before = []time.Duration{8 * day, 3 * day, day}
	told := func(d time.Duration) *cases.Case {
		c := seen(d, d)
		c.Told = map[string]time.Time{"notify|violation": ago(d)}
		return c
	}
	later := told(3 * day)
	later.Deadlines = map[string]time.Time{"stop": now.Add(7 * day)}
	tests := []struct {
		name string
		c    *cases.Case
		want int
	}{
		{"an hour after it", told(time.Hour), 0},
		{"when the next one's time has come", told(4 * day), 1},
		{"once the deadline has moved away and comes near again", later, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict(remind, stop7)
			if got := cases.News(&v.Steps[0], v, tt.c, cases.Schedule(v, tt.c, now), now); len(got) != tt.want {
				t.Errorf("news %+v; want %d", got, tt.want)
			}
		})
	}
}

func TestWhatWasOnlyObservedForAWhileIsToldAgainFirst(t *testing.T) {
	c := seen(20*day, 20*day)
	c.Told = map[string]time.Time{"notify|violation": ago(20 * day), "would|notify|violation": ago(10 * day)}
	c.Pause(ago(day))
	v := verdict(notice, stop7)
	timings := cases.Schedule(v, c, now)
	if timings[1].Due || timings[1].Why.Code != "awaiting-notice" {
		t.Errorf("%+v; want it to wait for a notice", timings[1])
	}
	if got := cases.News(&v.Steps[0], v, c, timings, now); len(got) != 1 {
		t.Errorf("news %+v; want the violation", got)
	}
	v.Policy.Mode = policy.Observe
	if got := cases.News(&v.Steps[0], v, c, timings, now); len(got) != 0 {
		t.Errorf("news while it is observed: %+v; it was told", got)
	}
	fresh := &cases.Case{Policy: "p", Seen: ago(day)}
	fresh.Pause(now)
	if !fresh.Resumed.IsZero() {
		t.Error("a case that was never enforced was paused")
	}
}

func TestACaseUnderAnEarlierNameIsCarriedOverOnce(t *testing.T) {
	ref := resource.Ref{ARN: "a"}
	was := map[string]string{"old": "new", "older": "new"}
	one := &cases.Case{Policy: "old", Resource: ref, Seen: ago(9 * day)}
	two := &cases.Case{Policy: "older", Resource: ref, Seen: ago(20 * day)}
	for _, order := range [][]*cases.Case{{one, two}, {two, one}} {
		x := cases.NewIndex(order, was)
		if got := x.Get("new", "a"); !got.Seen.Equal(ago(9 * day)) {
			t.Errorf("seen %s; want that of the latest name", got.Seen)
		}
		if got := len(x.Renamed()); got != 2 {
			t.Errorf("%d cases under earlier names; want both", got)
		}
	}
}
