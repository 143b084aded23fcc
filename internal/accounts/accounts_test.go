package accounts_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/accounts"
	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/inventory"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
)

const (
	home   = "111122223333"
	member = "222233334444"
	other  = "333344445555"
	region = "us-east-1"
)

// caller is whose credentials lead to the accounts.
var caller = inventory.Caller{Account: home, ARN: "arn:aws:sts::" + home + ":assumed-role/tagwarden/embedded"}

var start = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// world is the caller's account, another that trusts it, and what leads there.
type world struct {
	home, member *sim.Account
	realm        *sim.Realm
}

func newWorld() *world {
	w := &world{home: sim.New(home, start), member: sim.New(member, start), realm: sim.NewRealm()}
	w.home.AddRegion(region)
	w.member.AddRegion(region)
	w.realm.Trust(w.member, "tagwarden", "")
	return w
}

func (w *world) of(a *policy.Accounts) *accounts.Accounts {
	return accounts.New(&policy.Settings{Name: "central", Accounts: a}, accounts.Door{Source: w.home, Actor: w.home, Trail: w.home}, w.realm)
}

func list(as ...policy.Account) *policy.Accounts { return &policy.Accounts{List: as} }

func ids(ms []accounts.Member) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.ID)
	}
	return out
}

func TestSettingsWithoutAccountsHaveNone(t *testing.T) {
	if a := newWorld().of(nil); a != nil {
		t.Errorf("%+v", a)
	}
}

func TestEachAccountIsEnteredAsTheSettingsSay(t *testing.T) {
	for name, tt := range map[string]struct {
		list  []policy.Account
		enter string
		as    string
		class fault.Class
	}{
		"the caller's own":                {[]policy.Account{{ID: home}}, home, "arn:aws:sts::" + home + ":assumed-role/tagwarden/embedded", ""},
		"by the name of a role":           {[]policy.Account{{ID: member, Role: "tagwarden"}}, member, "arn:aws:sts::" + member + ":assumed-role/tagwarden/tagwarden-central", ""},
		"by its ARN":                      {[]policy.Account{{ID: member, Role: "arn:aws:iam::" + member + ":role/tagwarden"}}, member, "arn:aws:sts::" + member + ":assumed-role/tagwarden/tagwarden-central", ""},
		"without a role":                  {[]policy.Account{{ID: member}}, member, "", fault.Invalid},
		"by a role that trusts nobody":    {[]policy.Account{{ID: member, Role: "admin"}}, member, "", fault.Denied},
		"one that is not listed":          {[]policy.Account{{ID: home}}, member, "", fault.Invalid},
		"the caller's, which is not":      {[]policy.Account{{ID: member, Role: "tagwarden"}}, home, "", fault.Invalid},
		"one without a name":              {[]policy.Account{{ID: home}}, "", "", fault.Invalid},
		"the caller's own by way of role": {[]policy.Account{{ID: home, Role: "tagwarden"}}, home, "", fault.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			a := newWorld().of(list(tt.list...))
			if _, err := a.Load(t.Context(), caller, start, true); err != nil {
				t.Fatal(err)
			}
			_, who, err := a.Enter(t.Context(), tt.enter)
			if who.ARN != tt.as || fault.ClassOf(err) != tt.class {
				t.Errorf("entered as %q, %v", who.ARN, err)
			}
			_, listed := a.Find(tt.enter)
			if errors.Is(err, accounts.ErrForeign) == listed {
				t.Errorf("listed %v, %v", listed, err)
			}
		})
	}
}

// Whatever is asked for or done about an account that is not governed reaches
// neither that account nor the caller's.
func TestWhatIsOfAnotherAccountIsRefused(t *testing.T) {
	w := newWorld()
	id := w.home.Launch(sim.Instance{Region: region})
	a := w.of(list(policy.Account{ID: home}))
	if _, err := a.Load(t.Context(), caller, start, true); err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{member, other, ""} {
		at := resource.Place{Account: of, Region: region}
		before := fmt.Sprint(w.home.Calls(), w.member.Calls())
		_, got := a.Source().Get(t.Context(), at, resource.EC2Instance, []string{id})
		listed := a.Source().List(t.Context(), at, resource.EC2Instance, func([]resource.Resource) error { return nil })
		_, done := a.Actor().Do(t.Context(), execute.Call{Action: action.Stop, Type: resource.EC2Instance, At: at, IDs: []string{id}})
		asked := a.Trail().Lookup(t.Context(), at, "RunInstances", start, start.Add(time.Hour), func([]creators.Event) error { return nil })
		for what, err := range map[string]error{"get": got, "list": listed, "stop": done, "lookup": asked} {
			if !errors.Is(err, accounts.ErrForeign) || fault.ClassOf(err) != fault.Invalid {
				t.Errorf("%s in %q: %v", what, of, err)
			}
		}
		strange := &resource.Anything{Base: resource.Base{Reference: resource.Ref{ID: "x", ARN: "x", Account: of}}}
		a.Source().Fill(t.Context(), at, need.Tags, []resource.Resource{strange})
		a.Source().Measure(t.Context(), at, need.Metric{}, start, []resource.Resource{strange})
		if !errors.Is(strange.TagsErr, accounts.ErrForeign) {
			t.Errorf("the tags of what is in %q: %v", of, strange.TagsErr)
		}
		if after := fmt.Sprint(w.home.Calls(), w.member.Calls()); after != before {
			t.Errorf("calls were made for %q: %s, before %s", of, after, before)
		}
	}
}

// organized is an organization of this shape, each account in the unit whose
// letter it begins with:
//
//	r-root: home
//	  ou-root-aaaaaaaa: member
//	    ou-root-bbbbbbbb: other
func organized(w *world) {
	w.realm.AddUnit("", "r-root")
	w.realm.AddUnit("r-root", "ou-root-aaaaaaaa")
	w.realm.AddUnit("ou-root-aaaaaaaa", "ou-root-bbbbbbbb")
	w.realm.Join("r-root", accounts.Listed{ID: home, Name: "home", Active: true})
	w.realm.Join("ou-root-aaaaaaaa", accounts.Listed{ID: member, Name: "member", Active: true})
	w.realm.Join("ou-root-aaaaaaaa", accounts.Listed{ID: "999900001111", Name: "closed"})
	w.realm.Join("ou-root-bbbbbbbb", accounts.Listed{ID: other, Name: "other", Active: true})
}

func TestIncludeAndExcludeSayWhichAccountsOfAnOrganizationAreGoverned(t *testing.T) {
	const a, b, gone = "ou-root-aaaaaaaa", "ou-root-bbbbbbbb", "ou-root-cccccccc"
	for name, tt := range map[string]struct {
		include, exclude, want []string
		fails                  string
	}{
		"all that are active":               {nil, nil, []string{home, member, other}, ""},
		"the root":                          {[]string{"r-root"}, nil, []string{home, member, other}, ""},
		"a unit, with what is below":        {[]string{a}, nil, []string{member, other}, ""},
		"without a unit":                    {nil, []string{a}, []string{home}, ""},
		"a unit without one in it":          {[]string{a}, []string{b}, []string{member}, ""},
		"accounts alone":                    {[]string{other, home}, nil, []string{home, other}, ""},
		"without an account":                {nil, []string{member}, []string{home, other}, ""},
		"exclusion wins over what is in it": {[]string{b, other}, []string{a}, nil, ""},
		"a suspended account":               {[]string{"999900001111"}, nil, nil, ""},
		"an account that is nowhere":        {[]string{home, "888800001111"}, nil, []string{home, "888800001111"}, ""},
		"without one that is nowhere":       {nil, []string{"888800001111"}, nil, `no account "888800001111"`},
		"without a closed account":          {nil, []string{"999900001111"}, []string{home, member, other}, ""},
		"without one in an excluded unit":   {nil, []string{a, other}, []string{home}, ""},
		"a unit that is nowhere":            {[]string{gone}, nil, nil, gone},
		"without a unit that is nowhere":    {nil, []string{gone}, nil, gone},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			organized(w)
			w.realm.Trust(sim.New("888800001111", start), "tagwarden", "")
			all := w.of(&policy.Accounts{Organization: &policy.Organization{Role: "tagwarden", Include: tt.include, Exclude: tt.exclude}})
			got, err := all.Load(t.Context(), caller, start, true)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) || fault.HintOf(err) == "" {
					t.Errorf("error %v", err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, ids(got)); err != nil || diff != "" {
				t.Fatalf("%v (-want +got):\n%s", err, diff)
			}
			for _, m := range got {
				_, _, err := all.Enter(t.Context(), m.ID)
				switch {
				case m.Absent:
					if fault.ClassOf(err) != fault.Invalid { // nothing in it is taken for gone
						t.Errorf("%s is entered although the organization does not have it: %v", m.ID, err)
					}
				case (m.ID == home) != (m.Role == ""):
					t.Errorf("%s is entered by %q", m.ID, m.Role)
				}
			}
		})
	}
}

// Nothing that is excluded, or in what is excluded, is governed, however much
// more is included.
func TestNothingExcludedIsGoverned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		units := []string{"r-root"}
		parent := map[string]string{}
		w.realm.AddUnit("", "r-root")
		for i := range rapid.IntRange(0, 6).Draw(t, "units") {
			p := rapid.SampledFrom(units).Draw(t, "parent")
			id := fmt.Sprintf("ou-root-%08d", i)
			w.realm.AddUnit(p, id)
			units, parent[id] = append(units, id), p
		}
		names := slices.Clone(units)
		for i := range rapid.IntRange(1, 6).Draw(t, "accounts") {
			id := fmt.Sprintf("%012d", i)
			p := rapid.SampledFrom(units).Draw(t, "in")
			w.realm.Join(p, accounts.Listed{ID: id, Name: id, Active: true})
			names, parent[id] = append(names, id), p
		}
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID[string])
		o := &policy.Organization{Role: "tagwarden", Include: some.Draw(t, "include"), Exclude: some.Draw(t, "exclude")}
		got, err := w.of(&policy.Accounts{Organization: o}).Load(t.Context(), caller, start, true)
		if err != nil {
			t.Fatal(err)
		}
		under := func(id string, of []string) bool {
			for at := id; at != ""; at = parent[at] {
				if slices.Contains(of, at) {
					return true
				}
			}
			return false
		}
		for _, id := range names[len(units):] {
			want := (len(o.Include) == 0 || under(id, o.Include)) && !under(id, o.Exclude)
			if slices.Contains(ids(got), id) != want {
				t.Fatalf("%s governed: %v, want %v", id, !want, want)
			}
		}
	})
}

func TestAnOrganizationIsListedAgainWhenItsListIsOld(t *testing.T) {
	for _, exclude := range [][]string{nil, {"r-root"}} { // the second leaves no account
		w := newWorld()
		organized(w)
		a := w.of(&policy.Accounts{Organization: &policy.Organization{Role: "tagwarden", Exclude: exclude}})
		for _, step := range []struct {
			after time.Duration
			anew  bool
			lists int
		}{{0, true, 1}, {0, true, 1}, {time.Minute, false, 1}, {2 * time.Minute, true, 2}, {11 * time.Minute, false, 2}, {13 * time.Minute, false, 3}, {-time.Hour, false, 4}} {
			if _, err := a.Load(t.Context(), caller, start.Add(step.after), step.anew); err != nil {
				t.Fatal(err)
			}
			if n := w.realm.Calls()["organizations:ListRoots"]; n != step.lists {
				t.Errorf("without %v, after %v it was listed %d times, want %d", exclude, step.after, n, step.lists)
			}
		}
	}
}

func TestUnitsInACircleEnd(t *testing.T) {
	w := newWorld()
	w.realm.AddUnit("", "r-root")
	w.realm.AddUnit("r-root", "ou-root-aaaaaaaa")
	w.realm.AddUnit("ou-root-aaaaaaaa", "r-root")
	for _, exclude := range [][]string{nil, {"ou-root-aaaaaaaa"}} {
		a := w.of(&policy.Accounts{Organization: &policy.Organization{Role: "tagwarden", Exclude: exclude}})
		if _, err := a.Load(t.Context(), caller, start, true); err == nil || !strings.Contains(err.Error(), "circle") {
			t.Errorf("error %v", err)
		}
	}
}

func TestSessionNamesAreNoLongerThanSTSTakes(t *testing.T) {
	w := newWorld()
	name := strings.Repeat("n", 64)
	a := accounts.New(&policy.Settings{Name: name, Accounts: list(policy.Account{ID: member, Role: "tagwarden"})}, accounts.Door{Source: w.home}, w.realm)
	if _, err := a.Load(t.Context(), caller, start, true); err != nil {
		t.Fatal(err)
	}
	_, who, err := a.Enter(t.Context(), member)
	if session := who.ARN[strings.LastIndex(who.ARN, "/")+1:]; err != nil || len(session) != 64 || !strings.HasPrefix(session, "tagwarden-n") {
		t.Errorf("session %q, %v", session, err)
	}
}
