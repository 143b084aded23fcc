package expr

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// departments is who works where.
var departments = &Table{Name: "departments", Values: map[string]string{"ada@example.com": "Payments", "ben@example.com": "", "Ada": "Search"}}

// tabled is a compiler with a table, an empty one and one of keys alone.
func tabled(defines ...Define) *Compiler {
	return NewCompiler(time.UTC, defines, departments, &Table{Name: "empty"},
		&Table{Name: "people", Values: map[string]string{"ada": ""}, KeysOnly: true})
}

func TestLookupFindsTheValueOfAKey(t *testing.T) {
	long := fmt.Sprintf("lookup(%q, %q.replace(\"x\", \"0123456789abcdef\"))", "departments", strings.Repeat("x", MaxCell/16+1))
	for source, want := range map[string]string{
		`lookup("departments", tag("Owner"))`:                 "Payments",
		`lookup("departments", "ben@example.com")`:            "",
		`lookup("departments", tag("Nobody"))`:                "",
		`lookup("departments", "ada")`:                        "", // keys are compared exactly
		`lookup("departments", "Ada")`:                        "Search",
		`lookup("departments", " Ada")`:                       "",
		`department + "!"`:                                    "Payments!",
		`lookup("departments", lookup("departments", "Ada"))`: "",
		long: "",
	} {
		p := compile(t, tabled(Define{"department", `lookup("departments", tag("Owner"))`}), source, TagValue, instanceOnly)
		if got, err := p.TagValue(on(instance())); err != nil || got != want {
			t.Errorf("%s gives %q (%v), want %q", cut(source), got, err, want)
		}
	}
	p := compile(t, tabled(), `lookup("departments", run.policy)`, Text, nil)
	if got, err := p.Text(Input{Run: &Run{Policy: "Ada"}}); err != nil || got != "Search" {
		t.Errorf("in a text it gives %q (%v)", got, err)
	}
}

// A lookup asks AWS nothing, so that it needs no permission.
func TestLookupNeedsNoFacts(t *testing.T) {
	with := compile(t, tabled(), `lookup("departments", tag("Owner")) == ""`, Bool, instanceOnly)
	without := condition(t, `tag("Owner") == ""`)
	if diff := cmp.Diff(without.Facts(), with.Facts()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAnEmptyTableSaysIsUnknown(t *testing.T) {
	const reason = `the table "empty" is empty, which counts as not read`
	c := tabled(Define{"nobody", `lookup("empty", tag("Owner")) == ""`})
	for _, source := range []string{`lookup("empty", tag("Owner")) == ""`, `lookup("empty", "x") != ""`, `nobody`, `!nobody`} {
		_, err := compile(t, c, source, Bool, instanceOnly).Bool(on(instance()))
		if diff := cmp.Diff(&Unknown{Reason: reason}, unknown(t, err)); diff != "" {
			t.Errorf("%s: %s", source, diff)
		}
	}
	for source, want := range map[string]bool{`nobody && false`: false, `true || nobody`: true} {
		if got, err := compile(t, c, source, Bool, instanceOnly).Bool(on(instance())); err != nil || got != want {
			t.Errorf("%s gives %v (%v)", source, got, err)
		}
	}
	if ok, err := (&Table{Name: "empty"}).Has("x"); ok || unknown(t, err).Reason != reason {
		t.Errorf("Has gives %v, %v", ok, err)
	}
	const why = `the table "lost" was not read: permission denied`
	if ok, err := (&Table{Name: "lost", Why: "permission denied"}).Has("x"); ok || unknown(t, err).Reason != why {
		t.Errorf("Has gives %v, %v", ok, err)
	}
	if ok, err := departments.Has("ada"); ok || err != nil {
		t.Errorf("Has finds a key that is written otherwise (%v)", err)
	}
}

func TestTablesThatCannotBeAskedAreRefused(t *testing.T) {
	one := func(column, width int, summary, hint string) []Problem {
		return []Problem{{Line: 1, Column: column, Width: width, Summary: summary, Hint: hint}}
	}
	for source, want := range map[string][]Problem{
		`lookup("departmnts", "x") == ""`:          one(8, 12, `there is no table "departmnts"`, `did you mean "departments"?`),
		`lookup("zzz", "x") == ""`:                 one(8, 5, `there is no table "zzz"`, "known here: departments, empty, people"),
		`lookup("people", "x") == ""`:              one(8, 8, `the table "people" has keys and no values`, "write value: COLUMN in lookups"),
		`lookup(tag("T"), "x") == ""`:              one(8, 8, "the name of a table must be written out", "write "+lookupUse),
		`lookup("depart" + "ments", "x") == ""`:    one(8, 18, "the name of a table must be written out", "write "+lookupUse),
		`["a"].exists(x, lookup(x, "x") == "")`:    one(24, 1, "the name of a table must be written out", "write "+lookupUse),
		`lookup("departments") == ""`:              one(1, 21, "lookup(string) is not a way to call lookup", "write "+lookupUse),
		`lookup("departments", 7) == ""`:           one(1, 24, "lookup(string, int) is not a way to call lookup", "write "+lookupUse),
		`"departments".lookup(tag("Owner")) == ""`: one(1, 34, "string.lookup(string) is not a way to call lookup", "write "+lookupUse),
	} {
		p, got := tabled().Compile(source, Bool, instanceOnly)
		if diff := cmp.Diff(want, got); diff != "" || p != nil {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

// The cost of a lookup is the same whatever is asked for, so that a row more
// in a table never makes a condition too costly.
func TestALookupCostsTheSameInEveryTable(t *testing.T) {
	large := &Table{Name: "large", Values: map[string]string{}}
	for i := range 10_000 {
		large.Values[fmt.Sprint("key-", i)] = strings.Repeat("v", MaxCell)
	}
	list := make([]string, 30)
	for i := range list {
		list[i] = fmt.Sprintf("%q", fmt.Sprint("key-", i))
	}
	all := "[" + strings.Join(list, ", ") + "]"
	within := fmt.Sprintf(`%s.all(a, %s.all(b, lookup(%%q, a) != "0"))`, all, all)
	beyond := fmt.Sprintf(`%s.all(a, %s.all(b, %s.all(c, lookup(%%q, a) != "0")))`, all, all, all)
	for _, table := range []*Table{departments, large} {
		c := NewCompiler(time.UTC, nil, table)
		if ok, err := compile(t, c, fmt.Sprintf(within, table.Name), Bool, instanceOnly).Bool(on(instance())); err != nil || !ok {
			t.Errorf("900 lookups in %s: %v, %v", table.Name, ok, err)
		}
		_, err := compile(t, c, fmt.Sprintf(beyond, table.Name), Bool, instanceOnly).Bool(on(instance()))
		if got := unknown(t, err).Reason; got != tooCostly {
			t.Errorf("27,000 lookups in %s: %s", table.Name, got)
		}
	}
}

func TestLookupsCanBeMadeAtOnce(t *testing.T) {
	p := compile(t, tabled(), `lookup("departments", tag("Owner")) == "Payments"`, Bool, instanceOnly)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if ok, err := p.Bool(on(instance())); err != nil || !ok {
					t.Errorf("%v, %v", ok, err)
				}
			}
		})
	}
	all.Wait()
}
