package cases_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

const day = 24 * time.Hour

var now = time.Date(2026, 6, 30, 9, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// verdict is a violation whose steps all apply.
func verdict(steps ...policy.Step) *eval.Verdict {
	p := &policy.Policy{Name: "p", Mode: policy.Enforce, Memory: 14 * day, Steps: steps}
	v := &eval.Verdict{Policy: p, Status: eval.Violating, Resource: &resource.Instance{State: "running"}}
	for i := range p.Steps {
		sv := eval.StepVerdict{Step: &p.Steps[i], Applies: true, Channel: "c"}
		if a := p.Steps[i].After; a != nil {
			sv.HasAfter, sv.After = true, a.Fixed
		}
		v.Steps = append(v.Steps, sv)
	}
	return v
}

func step(k action.Kind, after time.Duration) policy.Step {
	s := policy.Step{ID: k.String(), Action: k}
	if after >= 0 {
		s.After = &policy.After{Fixed: after}
	}
	return s
}

func since(s policy.Step, id string) policy.Step {
	s.Since = id
	return s
}

var (
	notice    = step(action.Notify, -1)
	stopNow   = step(action.Stop, -1)
	stop7     = step(action.Stop, 7*day)
	terminate = since(step(action.Terminate, 14*day), "stop")
)

// seen is a case opened and told so long ago.
func seen(opened, accepted time.Duration) *cases.Case {
	c := &cases.Case{Policy: "p", Seen: ago(opened), Opened: ago(opened)}
	if accepted >= 0 {
		c.Accepted, c.LastAccepted = ago(accepted), ago(accepted)
	}
	return c
}

type due struct {
	Step string
	Due  bool
	Held bool
	At   string
	Code string
}

func TestSchedule(t *testing.T) {
	resumed := seen(20*day, 20*day)
	resumed.Closed = ago(2 * day)
	forgotten := seen(60*day, 60*day)
	forgotten.Closed = ago(15 * day)
	told := seen(20*day, 20*day)
	told.Resumed, told.LastAccepted = ago(day), ago(day)
	unheard := seen(20*day, -1)
	unheard.Closed = ago(day)
	announced := seen(6*day, 6*day)
	announced.Deadlines = map[string]time.Time{"stop": now.Add(4 * day)}
	stopped := seen(20*day, 20*day)
	stopped.Steps = map[string]cases.Outcome{"stop": {At: ago(3 * day), Done: true}}
	failed := seen(40*day, 40*day)
	failed.Steps = map[string]cases.Outcome{"stop": {At: ago(day)}}
	tests := []struct {
		name  string
		steps []policy.Step
		c     *cases.Case
		want  []due
	}{
		{"without a grace period a step is due at once", []policy.Step{stopNow}, nil, []due{{"stop", true, false, "06-30", ""}}},
		{"even beside a notice that was not accepted yet", []policy.Step{notice, stopNow}, nil, []due{{"notify", true, false, "06-30", ""}, {"stop", true, false, "06-30", ""}}},
		{"a grace period begins with the first notice", []policy.Step{notice, stop7}, nil, []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-07", "awaiting-notice"}}},
		{"it counts from the accepted notice", []policy.Step{notice, stop7}, seen(9*day, 6*day), []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-01", ""}}},
		{"it is due to the second", []policy.Step{notice, stop7}, seen(9*day, 7*day), []due{{"notify", true, false, "06-30", ""}, {"stop", true, false, "06-30", ""}}},
		{"one that nobody accepted holds", []policy.Step{notice, stop7}, seen(9*day, -1), []due{{"notify", true, false, "06-30", ""}, {"stop", false, true, "06-30", "notice-undelivered"}}},
		{"one that nobody accepted so far waits", []policy.Step{notice, stop7}, seen(3*day, -1), []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-04", "notice-undelivered"}}},
		{"a policy that tells nobody counts from the first finding", []policy.Step{stop7}, seen(6*day, -1), []due{{"stop", false, false, "07-01", ""}}},
		{"and from now where it is new", []policy.Step{stop7}, nil, []due{{"stop", false, false, "07-07", ""}}},
		{"a deadline never comes nearer", []policy.Step{notice, stop7}, announced, []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-04", ""}}},
		{"a later step is forecast from the one before", []policy.Step{notice, stop7, terminate}, seen(9*day, 6*day),
			[]due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-01", ""}, {"terminate", false, false, "07-15", "awaiting-step"}}},
		{"and counts from when that was done", []policy.Step{notice, stop7, terminate}, stopped,
			[]due{{"notify", true, false, "06-30", ""}, {"stop", true, false, "06-17", ""}, {"terminate", false, false, "07-11", ""}}},
		{"it waits while that fails", []policy.Step{notice, stop7, step(action.Terminate, 10*day)}, failed,
			[]due{{"notify", true, false, "06-30", ""}, {"stop", true, false, "05-28", ""}, {"terminate", false, false, "05-31", "earlier-step-failed"}}},
		{"what came back waits for a new notice", []policy.Step{notice, stop7}, resumed, []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "06-30", "awaiting-notice"}}},
		{"and then goes by its old clock", []policy.Step{notice, stop7}, told, []due{{"notify", true, false, "06-30", ""}, {"stop", true, false, "06-17", ""}}},
		{"what came back after the memory begins anew", []policy.Step{notice, stop7}, forgotten, []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-07", "awaiting-notice"}}},
		{"what came back and was never told begins anew", []policy.Step{notice, stop7}, unheard, []due{{"notify", true, false, "06-30", ""}, {"stop", false, false, "07-07", "awaiting-notice"}}},
		{"a notice may have a grace period too", []policy.Step{step(action.Notify, 2*day)}, seen(day, -1), []due{{"notify", false, false, "07-01", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []due
			for _, x := range cases.Schedule(verdict(tt.steps...), tt.c, now) {
				got = append(got, due{x.Step.Step.ID, x.Due, x.Held, x.At.Format("01-02"), x.Why.Code})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("schedule (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForecastRunsNoClock(t *testing.T) {
	for _, x := range cases.Forecast(verdict(notice, stop7, terminate), now) {
		if x.Due || x.Clock || x.Held {
			t.Errorf("%s is due, runs or is held: %+v", x.Step.Step.ID, x)
		}
	}
}

func TestNews(t *testing.T) {
	remind := notice
	remind.Before = []time.Duration{3 * day, day}
	weekly := notice
	weekly.Every = 7 * day
	after := func(d time.Duration, keys ...string) *cases.Case {
		c := seen(d, d)
		c.Told = map[string]time.Time{}
		for _, k := range keys {
			c.Told[k] = ago(d)
		}
		return c
	}
	closed := after(2*day, "notify|violation")
	closed.Closed = ago(day)
	tests := []struct {
		name   string
		notify policy.Step
		c      *cases.Case
		want   []string
	}{
		{"a new violation is told", notice, nil, []string{"violation notify|violation"}},
		{"once", notice, after(day, "notify|violation"), nil},
		{"not yet a reminder", remind, after(3*day, "notify|violation"), nil},
		{"a reminder when its time has come", remind, after(4*day, "notify|violation"), []string{"reminder notify|before|stop|2026-07-03T09:00:00Z|3d"}},
		{"once too", remind, after(4*day, "notify|violation", "notify|before|stop|2026-07-03T09:00:00Z|3d"), nil},
		{"of two that are due the nearer one", remind, after(6*day, "notify|violation"), []string{"reminder notify|before|stop|2026-07-01T09:00:00Z|1d"}},
		{"nothing at the deadline itself", remind, after(7*day, "notify|violation"), nil},
		{"a standing digest", weekly, after(7*day, "notify|violation"), []string{"standing notify|standing"}},
		{"an hour early, because schedules are late and on time", weekly, after(7*day-time.Hour, "notify|violation"), []string{"standing notify|standing"}},
		{"not before its time", weekly, after(7*day-2*time.Hour, "notify|violation"), nil},
		{"what came back is told again", notice, closed, []string{"violation notify|violation"}},
		{"told while it was only observed does not count", notice, after(day, "would|notify|violation"), []string{"violation notify|violation"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict(tt.notify, stop7)
			var got []string
			for _, it := range cases.News(&v.Steps[0], v, tt.c, cases.Schedule(v, tt.c, now), now) {
				got = append(got, it.Kind+" "+it.Key)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("news (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsOnlyObservedOrRepairedHasItsOwnKeys(t *testing.T) {
	v := verdict(notice, stop7)
	v.Policy.Mode = policy.Observe
	if got := cases.News(&v.Steps[0], v, nil, nil, now)[0].Key; got != "would|notify|violation" {
		t.Errorf("observed: %s", got)
	}
	v.Policy.Mode, v.Status = policy.Enforce, eval.Fixable
	if got := cases.News(&v.Steps[0], v, nil, nil, now)[0].Key; got != "fix|notify|violation" {
		t.Errorf("fixable: %s", got)
	}
}

func TestOwnDoingKeepsACaseOpen(t *testing.T) {
	v := verdict(stop7)
	c := seen(day, day)
	v.Resource = &resource.Instance{State: "stopped"}
	if cases.OwnDoing(c, v.Policy, v) {
		t.Error("stopped by somebody else")
	}
	c.Steps = map[string]cases.Outcome{"stop": {At: ago(day), Done: true}}
	if !cases.OwnDoing(c, v.Policy, v) {
		t.Error("stopped by us")
	}
	v.Resource = &resource.Instance{State: "running"}
	if cases.OwnDoing(c, v.Policy, v) {
		t.Error("started again since")
	}
}

func TestIndexCarriesCasesOverARename(t *testing.T) {
	ref := resource.Ref{ARN: "a"}
	older := &cases.Case{Policy: "old", Resource: ref, Seen: ago(9 * day)}
	x := cases.NewIndex([]*cases.Case{older}, map[string]string{"old": "new"})
	if got := x.Get("new", "a"); got == nil || got.Policy != "new" || !got.Seen.Equal(ago(9*day)) {
		t.Errorf("got %+v", got)
	}
	newer := &cases.Case{Policy: "new", Resource: ref, Seen: ago(day)}
	for _, order := range [][]*cases.Case{{older, newer}, {newer, older}} {
		x = cases.NewIndex(order, map[string]string{"old": "new"})
		if got := x.Get("new", "a"); !got.Seen.Equal(ago(day)) {
			t.Errorf("what was recorded before the rename won: %+v", got)
		}
	}
}
