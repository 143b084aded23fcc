package contract

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/cases"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// forever is long enough to remember every case of a test.
const forever = 100 * 365 * 24 * time.Hour

// allCases returns every case of a scope, sorted by key.
func allCases(t *testing.T, l record.Ledger, s record.Scope) []*cases.Case {
	t.Helper()
	return sorted(get(l.Cases(t.Context(), s, noon, forever))(t))
}

func sorted(cs []*cases.Case) []*cases.Case {
	slices.SortFunc(cs, func(a, b *cases.Case) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Resource.ARN, b.Resource.ARN))
	})
	return cs
}

func newCase(policy, arn string) *cases.Case {
	return &cases.Case{Policy: policy, Resource: resource.Ref{ARN: arn}, Seen: noon}
}

func casesRoundTrip(t *testing.T, l record.Ledger) {
	same(t, "cases of a new ledger", []*cases.Case{}, allCases(t, l, scope))
	whole := full[cases.Case]()
	whole.Closed = noon.Add(-time.Hour)
	bare := &cases.Case{Policy: "bare", Resource: resource.Ref{ARN: "arn:bare"}}
	want := sorted([]*cases.Case{&whole, bare, newCase("observed", "arn:observed")})
	must(t, l.SaveCases(t.Context(), scope, want))
	must(t, l.SaveCases(t.Context(), scope, nil))
	same(t, "cases", want, allCases(t, l, scope))
}

func casesReplace(t *testing.T, l record.Ledger) {
	first := full[cases.Case]()
	first.Closed = time.Time{}
	must(t, l.SaveCases(t.Context(), scope, []*cases.Case{&first, newCase("other", first.Resource.ARN)}))
	second := newCase(first.Policy, first.Resource.ARN)
	second.Mark = "stop 2026-03-20 by cost-center"
	must(t, l.SaveCases(t.Context(), scope, []*cases.Case{second}))
	same(t, "cases", sorted([]*cases.Case{second, newCase("other", first.Resource.ARN)}), allCases(t, l, scope))

	third := newCase(first.Policy, first.Resource.ARN)
	must(t, l.SaveCases(t.Context(), scope, []*cases.Case{second, third}))
	same(t, "of two in one call the last stays", sorted([]*cases.Case{third, newCase("other", first.Resource.ARN)}), allCases(t, l, scope))
}

func casesHostile(t *testing.T, l record.Ledger) {
	var want []*cases.Case
	for _, s := range hostile() {
		c := newCase("p"+s, "arn:"+s)
		c.Resource.ID, c.Why, c.Mark = s, s, s
		c.Told = map[string]time.Time{s: noon, "other" + s: noon.Add(time.Nanosecond)}
		c.Deadlines = map[string]time.Time{s: noon.Add(forever)}
		c.Steps = map[string]cases.Outcome{s: {At: noon, Already: noon, Reason: s, Run: s, RequestID: s}}
		want = append(want, c)
	}
	must(t, l.SaveCases(t.Context(), scope, want))
	same(t, "cases", sorted(want), allCases(t, l, scope))
}

func casesNotUTF8(t *testing.T, l record.Ledger) {
	broken := "half a letter \xc3 and \xff\xfe"
	must(t, l.SaveCases(t.Context(), scope, []*cases.Case{newCase("p"+broken, "arn:"+broken)}))
	read := allCases(t, l, scope)
	if len(read) != 1 {
		t.Fatalf("%d cases, want 1", len(read))
	}
	same(t, "each broken byte is kept or replaced", []rune("arn:"+broken), []rune(read[0].Resource.ARN))
	read[0].Mark = "saved again"
	must(t, l.SaveCases(t.Context(), scope, read))
	same(t, "cases after one was read and saved", read, allCases(t, l, scope))
}

func casesCopy(t *testing.T, l record.Ledger) {
	c := newCase("p", "arn:a")
	c.Told = map[string]time.Time{"found": noon}
	must(t, l.SaveCases(t.Context(), scope, []*cases.Case{c}))
	want := c.Clone()
	c.Told["found"], c.Mark = noon.Add(time.Hour), "changed after it was saved"
	read := allCases(t, l, scope)
	same(t, "a case changed after it was saved", []*cases.Case{want}, read)
	read[0].Told["found"] = noon.Add(time.Hour)
	same(t, "a case changed after it was read", []*cases.Case{want}, allCases(t, l, scope))
}

func casesRemembered(t *testing.T, l record.Ledger) {
	const remember = 30 * 24 * time.Hour
	closed := func(arn string, ago time.Duration) *cases.Case {
		c := newCase("p", arn)
		c.Opened, c.Closed = noon.Add(-forever), noon.Add(-ago)
		return c
	}
	open := newCase("p", "arn:open for long")
	open.Opened = noon.Add(-forever)
	kept := []*cases.Case{
		open, newCase("p", "arn:observed"), closed("arn:closed now", 0),
		closed("arn:exactly", remember), closed("arn:just", remember-time.Nanosecond),
	}
	must(t, l.SaveCases(t.Context(), scope, append(kept, closed("arn:too long", remember+time.Nanosecond))))
	got := get(l.Cases(t.Context(), scope, noon, remember))(t)
	same(t, "remembered cases", sorted(kept), sorted(got))
	got = get(l.Cases(t.Context(), scope, noon.In(elsewhere), remember))(t)
	same(t, "remembered cases, asked in another time zone", sorted(kept), sorted(got))
}

func scopesIsolate(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	// Names that become alike when they are put together carelessly.
	scopes := []record.Scope{
		scope, {Name: scope.Account, Account: scope.Name}, {Name: "central/1", Account: "2"}, {Name: "central", Account: "1/2"},
		{Name: `a" "b`, Account: "c"}, {Name: "b", Account: `c" "a`}, {Name: "nul\x00", Account: "1"}, {Name: "nul", Account: "\x001"},
	}
	entry := func(s record.Scope) record.Entry {
		return record.Entry{Run: "r", At: noon, Policy: stops.Policy, ARN: "arn:" + s.Name, Action: stops.Action, State: "done"}
	}
	for _, s := range scopes {
		c, arns := newCase("p", "arn:"+s.Name), []string{"arn:" + s.Name}
		must(t, l.SaveCases(ctx, s, []*cases.Case{c}))
		must(t, l.Begin(ctx, s, record.RunInfo{ID: "r", Started: noon}))
		must(t, l.Reserve(ctx, s, "r", []record.Reservation{{LimitKey: terminates, N: 2, Limit: 2}}, noon))
		must(t, l.Finish(ctx, s, []record.Entry{entry(s)}))
		must(t, l.Hold(ctx, s, []record.Hold{{Run: "r", At: noon, Policy: "p", Action: stops.Action, ARNs: arns}}))
		must(t, l.Post(ctx, s, []record.Parcel{{Run: "r", At: noon, Item: []byte(s.Name)}}))
	}
	// What is done in the first is done nowhere else.
	first := scopes[0]
	var foreign []int64
	for _, p := range get(l.Parcels(ctx, scopes[1]))(t) {
		foreign = append(foreign, p.ID)
	}
	get(l.Release(ctx, first, "r", noon))(t)
	must(t, l.UseReleases(ctx, first, []record.HoldKey{{Run: "r", LimitKey: record.LimitKey{Policy: "p", Action: stops.Action}}}, noon))
	must(t, l.Delivered(ctx, first, foreign))
	must(t, l.End(ctx, first, "r", noon))
	for i, s := range scopes {
		c := newCase("p", "arn:"+s.Name)
		same(t, "cases", []*cases.Case{c}, allCases(t, l, s))
		same(t, "history", []record.Entry{entry(s)}, get(l.History(ctx, s, "", "", 100))(t))
		held := get(l.Holds(ctx, s, noon))(t)
		if len(held) != 1 || held[0].Used.IsZero() != (i > 0) || held[0].Released.IsZero() != (i > 0) || held[0].ARNs[0] != "arn:"+s.Name {
			t.Errorf("holds of %+v: %+v", s, held)
		}
		used := get(l.Used(ctx, s, noon.Add(-record.Window)))(t)
		if want := map[bool]int{true: 0, false: 2}[i == 0]; used[terminates] != want || used[stops] != 1 {
			t.Errorf("used of %+v: %v, want %d terminates and one stop", s, used, want)
		}
		parcels := get(l.Parcels(ctx, s))(t)
		if len(parcels) != 1 || string(parcels[0].Item) != s.Name {
			t.Errorf("parcels of %+v: %+v", s, parcels)
		}
	}
}
