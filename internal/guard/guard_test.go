package guard_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/guard"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var now = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// set has policies p and q; unset shares are negative, as they are loaded.
func set() *policy.Set {
	return &policy.Set{Digest: "d", Settings: policy.Settings{Limits: policy.Limits{Share: -1}},
		Policies: []*policy.Policy{{Name: "p", Limits: policy.Limits{Share: -1}}, {Name: "q", Limits: policy.Limits{Share: -1}}}}
}

// planOf has a finding of policy p for each action.
func planOf(t interface{ Fatal(...any) }, examined int, kinds ...action.Kind) *plan.Plan {
	p := &plan.Plan{Version: plan.Version, Created: now, Expires: now.Add(plan.Lifetime), Account: "1", Policies: "d",
		Examined: map[resource.Type]int{resource.EC2Instance: examined}, Complete: true}
	for i, k := range kinds {
		ref := resource.Ref{ID: fmt.Sprint("i-", i), ARN: fmt.Sprint("arn:", i), Type: resource.EC2Instance}
		p.Findings = append(p.Findings, plan.Finding{Policy: "p", Resource: plan.Resource{Ref: ref}, Actions: []plan.Action{{Action: k, State: plan.Planned}}})
	}
	if err := p.Seal(); err != nil {
		t.Fatal(err)
	}
	return p
}

func repeat(k action.Kind, n int) []action.Kind {
	out := make([]action.Kind, n)
	for i := range out {
		out[i] = k
	}
	return out
}

func approved(a guard.Approved) int {
	n := 0
	for range a.Actions(action.All()...) {
		n++
	}
	return n
}

func TestLimits(t *testing.T) {
	stops := plan.Subject{Policy: "p", Action: action.Stop}
	tests := []struct {
		name     string
		kinds    []action.Kind
		examined int
		change   func(*policy.Set, *guard.Input)
		want     int
		reason   string
	}{
		{"the default number of stops", repeat(action.Stop, 50), 1000, nil, 50, ""},
		{"one more than the default", repeat(action.Stop, 51), 1000, nil, 0, "51 to stop, where the limit is 50 in 24 hours"},
		{"the default number of terminations", repeat(action.Terminate, 5), 1000, nil, 5, ""},
		{"one termination too many", repeat(action.Terminate, 6), 1000, nil, 0, "6 to terminate, where the limit is 5 in 24 hours"},
		{"what was done counts", repeat(action.Stop, 2), 1000, func(_ *policy.Set, in *guard.Input) { in.Used[stops] = 49 }, 0,
			"2 to stop with 49 in the last 24 hours, where the limit is 50 in 24 hours"},
		{"the settings' limit", repeat(action.Stop, 3), 1000, func(s *policy.Set, _ *guard.Input) {
			s.Settings.Limits.Counts = map[action.Kind]int{action.Stop: 2}
		}, 0, "3 to stop, where the limit is 2 in 24 hours"},
		{"the policy's limit wins", repeat(action.Stop, 3), 1000, func(s *policy.Set, _ *guard.Input) {
			s.Settings.Limits.Counts = map[action.Kind]int{action.Stop: 2}
			s.Policies[0].Limits.Counts = map[action.Kind]int{action.Stop: 3}
		}, 3, ""},
		{"a limit of none", repeat(action.Stop, 1), 1000, func(s *policy.Set, _ *guard.Input) {
			s.Policies[0].Limits.Counts = map[action.Kind]int{action.Stop: 0}
		}, 0, "1 to stop, where the limit is 0 in 24 hours"},
		{"the default share", repeat(action.Stop, 5), 20, nil, 5, ""},
		{"more than the default share", repeat(action.Stop, 6), 20, nil, 0, "6 to stop of the 20 that were examined, where the limit is 25%"},
		{"what was done counts for the share", repeat(action.Stop, 3), 20, func(_ *policy.Set, in *guard.Input) { in.Used[stops] = 3 }, 0,
			"6 to stop of the 20 that were examined, where the limit is 25%"},
		{"no share of fewer than 20", repeat(action.Stop, 19), 19, nil, 19, ""},
		{"tags have no share", repeat(action.Tag, 20), 20, nil, 20, ""},
		{"notices have no limit", repeat(action.Notify, 20000), 20000, nil, 20000, ""},
		{"what a human released", repeat(action.Stop, 60), 1000, func(_ *policy.Set, in *guard.Input) {
			in.Released[stops] = map[string]bool{}
			for i := range 60 {
				in.Released[stops][fmt.Sprint("arn:", i)] = true
			}
		}, 60, ""},
		{"what was not released is held alone", repeat(action.Stop, 52), 1000, func(_ *policy.Set, in *guard.Input) {
			in.Released[stops] = map[string]bool{}
			for i := range 50 {
				in.Released[stops][fmt.Sprint("arn:", i)] = true
			}
		}, 50, "2 to stop with 50 in the last 24 hours, where the limit is 50 in 24 hours"},
		{"kinds are counted apart", append(repeat(action.Stop, 50), repeat(action.Terminate, 6)...), 1000, nil, 50,
			"6 to terminate, where the limit is 5 in 24 hours"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := set()
			in := guard.Input{Set: s, Account: "1", Now: now, Used: map[plan.Subject]int{}, Released: map[plan.Subject]map[string]bool{}}
			if tt.change != nil {
				tt.change(s, &in)
			}
			a, holds, err := guard.Check(planOf(t, tt.examined, tt.kinds...), in)
			if err != nil {
				t.Fatal(err)
			}
			if got := approved(a); got != tt.want {
				t.Errorf("%d approved, want %d", got, tt.want)
			}
			reason := ""
			for _, h := range holds {
				reason += h.Reason
			}
			if diff := cmp.Diff(tt.reason, reason); diff != "" {
				t.Errorf("reason (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPlanIsBoundToItsAccountPoliciesAndTime(t *testing.T) {
	tests := []struct {
		name   string
		change func(*plan.Plan, *guard.Input)
		want   error
	}{
		{"as it was made", func(*plan.Plan, *guard.Input) {}, nil},
		{"another account", func(_ *plan.Plan, in *guard.Input) { in.Account = "2" }, guard.ErrAccount},
		{"other policies", func(_ *plan.Plan, in *guard.Input) { in.Set.Digest = "e" }, guard.ErrPolicies},
		{"24 hours later", func(_ *plan.Plan, in *guard.Input) { in.Now = now.Add(24 * time.Hour) }, nil},
		{"expired", func(_ *plan.Plan, in *guard.Input) { in.Now = now.Add(24*time.Hour + 1) }, guard.ErrExpired},
		{"before it was made", func(_ *plan.Plan, in *guard.Input) { in.Now = now.Add(-1) }, guard.ErrEarly},
		{"unsealed", func(p *plan.Plan, _ *guard.Input) { p.Digest = "" }, guard.ErrUnsealed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, in := planOf(t, 1, action.Stop), guard.Input{Set: set(), Account: "1", Now: now}
			tt.change(p, &in)
			a, _, err := guard.Check(p, in)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if err != nil && (a.Valid("1", now) == nil || approved(a) != 0) {
				t.Error("a refused plan is approved")
			}
		})
	}
}

func TestNoPlanEverGetsMoreThanItsLimits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom(action.All()), 0, 60).Draw(rt, "kinds")
		examined := rapid.IntRange(len(kinds), 200).Draw(rt, "examined")
		s := set()
		share := rapid.Float64Range(0, 100).Draw(rt, "share")
		s.Settings.Limits.Share = share
		counts := map[action.Kind]int{}
		used := map[plan.Subject]int{}
		for _, k := range action.All() {
			counts[k] = rapid.IntRange(0, 30).Draw(rt, "limit")
			used[plan.Subject{Policy: "p", Action: k}] = rapid.IntRange(0, 10).Draw(rt, "used")
		}
		s.Settings.Limits.Counts = counts
		p := planOf(rt, examined, kinds...)
		a, holds, err := guard.Check(p, guard.Input{Set: s, Account: "1", Now: now, Used: used})
		if err != nil {
			rt.Fatal(err)
		}
		got := map[action.Kind]int{}
		for _, act := range a.Actions(action.All()...) {
			got[act.Action]++
			if act.State != plan.Planned {
				rt.Fatalf("approved an action that is %s", act.State)
			}
		}
		wanted := map[action.Kind]int{}
		for _, k := range kinds {
			wanted[k]++
		}
		held := map[action.Kind]int{}
		for _, h := range holds {
			held[h.Action] = len(h.ARNs)
		}
		for k, n := range wanted {
			before := used[plan.Subject{Policy: "p", Action: k}]
			if got[k]+held[k] != n || got[k] != 0 && held[k] != 0 {
				rt.Fatalf("%s: %d approved and %d held of %d: it must be all or none", k, got[k], held[k], n)
			}
			if k.DefaultLimit() > 0 && got[k] > 0 && before+got[k] > counts[k] {
				rt.Fatalf("%s: %d beside %d, limit %d", k, got[k], before, counts[k])
			}
			if k.Destructive() && share < 100 && examined >= guard.ShareFrom && got[k] > 0 && float64(before+got[k])*100 > share*float64(examined) {
				rt.Fatalf("%s: %d beside %d of %d, share %v", k, got[k], before, examined, share)
			}
		}
	})
}

// There may be twenty where some could not be read, and then the share says
// something.
func TestTheShareHoldsWhatFewerThanTwentySeemToBe(t *testing.T) {
	sweep, account := []string{"eu-west-1"}, plan.Unread{Account: "2", Call: "sts:AssumeRole"}
	for name, tt := range map[string]struct {
		stops   int
		regions []string
		unread  []plan.Unread
		want    int
	}{
		"an account, and more than of twenty": {6, sweep, []plan.Unread{account}, 0},
		"an account, and as many":             {5, sweep, []plan.Unread{account}, 5},
		"the type in a region":                {6, sweep, []plan.Unread{{Region: "eu-west-2", Type: resource.EC2Instance}}, 0},
		"everything in a region":              {6, sweep, []plan.Unread{{Region: "eu-west-2", Type: resource.Any}}, 0},
		"another type":                        {6, sweep, []plan.Unread{{Region: "eu-west-2", Type: resource.EC2Volume}}, 6},
		"what never tells":                    {6, sweep, []plan.Unread{{Type: resource.Any, Lasting: true}}, 6},
		"of an event":                         {6, nil, []plan.Unread{account}, 6},
	} {
		p := planOf(t, 10, repeat(action.Stop, tt.stops)...)
		p.Regions, p.Unread = tt.regions, tt.unread
		if err := p.Seal(); err != nil {
			t.Fatal(err)
		}
		a, holds, err := guard.Check(p, guard.Input{Set: set(), Account: "1", Now: now})
		if err != nil || approved(a) != tt.want {
			t.Errorf("%s: %d approved, %v", name, approved(a), err)
		}
		if wording := "6 to stop of the 10 that were examined, where the limit is 25% of 20, as others could not be read"; tt.want == 0 && holds[0].Reason != wording {
			t.Errorf("%s: %s", name, holds[0].Reason)
		}
	}
}

// Whoever applies a plan may have an account of their own that is not governed,
// or no longer.
func TestNothingIsApprovedInAnAccountThatIsNotGoverned(t *testing.T) {
	for name, tt := range map[string]struct {
		of       string
		accounts []string
		want     error
	}{
		"the caller's own, and no others are named": {"1", nil, nil},
		"the caller's own among those named":        {"1", []string{"1", "2"}, nil},
		"another that is named":                     {"2", []string{"1", "2"}, nil},
		"the caller's own is not named":             {"1", []string{"2"}, guard.ErrAccount},
		"another that is not named":                 {"3", []string{"1", "2"}, guard.ErrAccount},
		"another where none are named":              {"2", nil, guard.ErrAccount},
	} {
		p := planOf(t, 10, action.Stop)
		p.Findings[0].Resource.Account = tt.of
		if err := p.Seal(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := guard.Check(p, guard.Input{Set: set(), Account: "1", Accounts: tt.accounts, Now: now}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
