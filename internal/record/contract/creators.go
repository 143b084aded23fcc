package contract

import (
	"fmt"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var sweep = record.Sweep{Region: "eu-west-1", Name: "RunInstances"}

// hour is a stretch of hours after noon.
func hour(from, to int) record.Stretch {
	return record.Stretch{From: noon.Add(time.Duration(from) * time.Hour), To: noon.Add(time.Duration(to) * time.Hour)}
}

func sweepsJoin(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	same(t, "stretches of a sweep never made", []record.Stretch{}, get(l.Covered(ctx, scope, sweep))(t))
	for i, step := range []struct {
		read record.Stretch
		want []record.Stretch
	}{
		{hour(10, 12), []record.Stretch{hour(10, 12)}},
		{hour(4, 6), []record.Stretch{hour(4, 6), hour(10, 12)}},
		{hour(8, 10), []record.Stretch{hour(4, 6), hour(8, 12)}},  // touching
		{hour(11, 11), []record.Stretch{hour(4, 6), hour(8, 12)}}, // empty
		{hour(13, 12), []record.Stretch{hour(4, 6), hour(8, 12)}}, // less than empty
		{record.Stretch{}, []record.Stretch{hour(4, 6), hour(8, 12)}},
		{hour(0, 1), []record.Stretch{hour(0, 1), hour(4, 6), hour(8, 12)}},
		{hour(5, 9), []record.Stretch{hour(0, 1), hour(4, 12)}}, // over two
		{hour(-1, 20), []record.Stretch{hour(-1, 20)}},          // over all
		{hour(3, 4), []record.Stretch{hour(-1, 20)}},            // within
	} {
		must(t, l.Learn(ctx, scope, sweep, step.read, nil))
		same(t, fmt.Sprintf("stretches after step %d", i), step.want, get(l.Covered(ctx, scope, sweep))(t))
	}
	other := scope
	other.Name += "2"
	for _, w := range []record.Sweep{{Region: "us-east-1", Name: sweep.Name}, {Region: sweep.Region, Name: "CreateVolume"}} {
		same(t, "stretches of another sweep", []record.Stretch{}, get(l.Covered(ctx, scope, w))(t))
	}
	same(t, "stretches of another scope", []record.Stretch{}, get(l.Covered(ctx, other, sweep))(t))
}

func makersRoundTrip(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	one := full[record.Made]()
	all, keys := []record.Made{one}, []string{one.Key}
	for i, s := range hostile() {
		m := record.Made{Key: "k" + s, At: noon.Add(time.Duration(i) * time.Second), Event: s,
			By: resource.Creator{Name: s, PrincipalID: s, ARN: s, Kind: resource.CreatorKind(s)}}
		all, keys = append(all, m), append(keys, m.Key)
	}
	must(t, l.Learn(ctx, scope, sweep, record.Stretch{}, all))
	must(t, l.Learn(ctx, scope, sweep, record.Stretch{}, nil))
	got := get(l.Makers(ctx, scope, append(keys, "none")))(t)
	if len(got) != len(all) {
		t.Errorf("of %d keys %d are known", len(all), len(got))
	}
	for _, m := range all {
		same(t, "the maker of "+m.Key, []record.Made{m}, got[m.Key])
	}
	same(t, "makers of nothing", map[string][]record.Made{}, get(l.Makers(ctx, scope, nil))(t))
	other := scope
	other.Account += "2"
	same(t, "makers in another scope", map[string][]record.Made{}, get(l.Makers(ctx, other, keys))(t))

	var many []record.Made
	var more []string
	for i := range 2500 {
		m := record.Made{Key: fmt.Sprint("many ", i), At: noon, Event: "e", By: resource.Creator{Name: fmt.Sprint(i)}}
		many, more = append(many, m), append(more, m.Key)
	}
	must(t, l.Learn(ctx, scope, sweep, hour(0, 1), many))
	found := get(l.Makers(ctx, scope, more))(t)
	for i, k := range more {
		same(t, k, many[i:i+1], found[k])
	}
}

func makersAgain(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	by := func(name string) resource.Creator { return resource.Creator{Name: name} }
	late := record.Made{Key: "k", At: noon.Add(time.Hour), Event: "a", By: by("bob")}
	early := record.Made{Key: "k", At: noon, Event: "b", By: by("ada")}
	first := record.Made{Key: "k", At: noon, Event: "a", By: by("ci")}
	must(t, l.Learn(ctx, scope, sweep, record.Stretch{}, []record.Made{late, early, first}))
	must(t, l.Learn(ctx, scope, sweep, record.Stretch{}, []record.Made{late, early}))
	same(t, "makers", []record.Made{first, early, late}, get(l.Makers(ctx, scope, []string{"k"}))(t)["k"])
	late.By = by("eve")
	must(t, l.Learn(ctx, scope, sweep, record.Stretch{}, []record.Made{late}))
	same(t, "makers", []record.Made{first, early, late}, get(l.Makers(ctx, scope, []string{"k", "k"}))(t)["k"])
}

func wonders(t *testing.T, l record.Ledger) {
	ctx := t.Context()
	odd := hostile()
	want := map[string]time.Time{}
	for _, k := range odd {
		want[k] = noon
	}
	same(t, "wondering", want, get(l.Wonder(ctx, scope, odd, noon))(t))
	got := get(l.Wonder(ctx, scope, append(odd, "new"), noon.Add(time.Hour)))(t)
	want["new"] = noon.Add(time.Hour)
	same(t, "wondering again", want, got)
	same(t, "wondering about nothing", map[string]time.Time{}, get(l.Wonder(ctx, scope, nil, noon))(t))
}
