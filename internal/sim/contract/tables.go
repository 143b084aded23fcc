package contract

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/rules"
)

// Shelf is a keeper of tables and objects under test. Every subtest gets one of
// its own, without tables.
type Shelf struct {
	Tables outside.Tables
	// Wait lets time pass there.
	Wait outside.Wait
	// Make makes a table with that hash key and these items.
	Make func(t *testing.T, name string, hash outside.Key, items ...document.Item)
	// Object puts an object into S3, which has none of that key, and returns its
	// URL.
	Object func(t *testing.T, key, text string) string
}

// ruleTable is the table of the subtests.
var ruleTable = document.Ref{Table: "acme-rules"}

// RunTables tests what every keeper of tables can do.
func RunTables(t *testing.T, newShelf func(t *testing.T) Shelf) {
	for name, test := range map[string]func(*testing.T, Shelf){
		"a table is made once and can be used then": testInit,
		"a table with another key is refused":       testInitOther,
		"what is not there is not found":            testNothingThere,
		"changes are made and read again":           testPush,
		"an item that somebody changed is left":     testPushConflict,
		"attributes for people stay":                testPushKeeps,
		"an object is read":                         testObject,
	} {
		t.Run(name, func(t *testing.T) { test(t, newShelf(t)) })
	}
}

func ruleKey() outside.Key { return outside.Key{Name: rules.RuleID, Type: "N"} }

func testInit(t *testing.T, s Shelf) {
	for _, want := range []bool{true, false} {
		made, err := outside.Init(t.Context(), s.Tables, ruleTable, s.Wait)
		if err != nil || made != want {
			t.Fatalf("made %v, %v", made, err)
		}
	}
	d, err := s.Tables.Describe(t.Context(), ruleTable)
	if err != nil || d.Status != outside.Active || d.Hash != ruleKey() || d.Range.Name != "" {
		t.Errorf("%+v, %v", d, err)
	}
	if items, err := s.Tables.Items(t.Context(), ruleTable); err != nil || len(items) > 0 {
		t.Errorf("a new table has %v, %v", items, err)
	}
}

func testInitOther(t *testing.T, s Shelf) {
	s.Make(t, ruleTable.Table, outside.Key{Name: "id", Type: "S"})
	made, err := outside.Init(t.Context(), s.Tables, ruleTable, s.Wait)
	if made || err == nil || !strings.Contains(err.Error(), "its hash key is id (S), and that of a table of rules is RuleId (N)") {
		t.Errorf("made %v, %v", made, err)
	}
}

func testNothingThere(t *testing.T, s Shelf) {
	_, describe := s.Tables.Describe(t.Context(), ruleTable)
	_, items := s.Tables.Items(t.Context(), ruleTable)
	item := rules.Encode(rules.Rule{ID: 1, TagKey: "a", Action: rules.UserLookup})
	there, _ := document.ObjectRef(s.Object(t, "there.csv", "x"))
	_, object := s.Tables.Object(t.Context(), document.Ref{Bucket: there.Bucket, Key: "gone.csv"})
	for call, err := range map[string]error{"describing": describe, "reading": items, "reading an object": object,
		"writing": s.Tables.Put(t.Context(), ruleTable, nil, item), "deleting": s.Tables.Remove(t.Context(), ruleTable, item)} {
		if fault.ClassOf(err) != fault.NotFound {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// said are the rules of a table, without faults.
func said(t *testing.T, s Shelf) []rules.Rule {
	t.Helper()
	rows, err := outside.Rows(t.Context(), s.Tables, ruleTable)
	if err != nil || len(rules.Faults(rows)) > 0 {
		t.Fatalf("%v %v", rules.Faults(rows), err)
	}
	var list []rules.Rule
	for _, r := range rows {
		list = append(list, r.Rule)
	}
	return list
}

// push makes the table say what a list does.
func push(t *testing.T, s Shelf, list []rules.Rule, prune bool) []outside.Result {
	t.Helper()
	rows, err := outside.Rows(t.Context(), s.Tables, ruleTable)
	if err != nil {
		t.Fatal(err)
	}
	return outside.Push(t.Context(), s.Tables, ruleTable, rules.Changes(rows, list, prune))
}

func testPush(t *testing.T, s Shelf) {
	s.Make(t, ruleTable.Table, ruleKey())
	first := []rules.Rule{{ID: 1, TagKey: "ProjectCode", Action: rules.Update, Required: true, Default: "Proj007"},
		{ID: 2, TagKey: "CreatedBy", Action: rules.UserLookup, Required: true}, {ID: 10, TagKey: "Expires", Action: rules.Function, Default: "today()"}}
	second := []rules.Rule{{ID: 2, TagKey: "CreatedBy", Action: rules.Function, Default: `tag("Owner")`}, {ID: 3, TagKey: "Env", Action: rules.Update, Default: "test"},
		{ID: 10, TagKey: "Expires", Action: rules.UserLookup}}
	for _, want := range [][]rules.Rule{first, second, nil} {
		for _, r := range push(t, s, want, true) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
		if diff := cmp.Diff(want, said(t, s)); diff != "" {
			t.Errorf("the table (-want +got):\n%s", diff)
		}
		if again := push(t, s, want, true); len(again) > 0 {
			t.Errorf("there is more to change: %+v", again)
		}
	}
}

func testPushConflict(t *testing.T, s Shelf) {
	old := rules.Encode(rules.Rule{ID: 1, TagKey: "ProjectCode", Action: rules.Update, Required: true, Default: "Proj007"})
	odd := document.Item{rules.RuleID: document.Number("2"), rules.TagKey: document.Number("7")}
	s.Make(t, ruleTable.Table, ruleKey(), old, odd)
	changed := maps.Clone(old)
	changed[rules.Default] = document.String("Proj009")
	next := rules.Encode(rules.Rule{ID: 1, TagKey: "ProjectCode", Action: rules.UserLookup})
	without := maps.Clone(old)
	delete(without, rules.Default)
	for name, err := range map[string]error{
		"a change of another's":             s.Tables.Put(t.Context(), ruleTable, changed, next),
		"a change of what had no Default":   s.Tables.Put(t.Context(), ruleTable, without, next),
		"a new one where there is one":      s.Tables.Put(t.Context(), ruleTable, nil, next),
		"a deletion of another's":           s.Tables.Remove(t.Context(), ruleTable, changed),
		"a change of what is not there":     s.Tables.Put(t.Context(), ruleTable, rules.Encode(rules.Rule{ID: 5}), rules.Encode(rules.Rule{ID: 5, TagKey: "x"})),
		"a deletion of what is not there":   s.Tables.Remove(t.Context(), ruleTable, rules.Encode(rules.Rule{ID: 5})),
		"a number where there was a string": s.Tables.Remove(t.Context(), ruleTable, document.Item{rules.RuleID: document.Number("2"), rules.TagKey: document.String("7")}),
	} {
		if fault.ClassOf(err) != fault.WrongState {
			t.Errorf("%s: %v", name, err)
		}
	}
	results := outside.Push(t.Context(), s.Tables, ruleTable, []rules.Change{{Old: changed, New: &rules.Rule{ID: 1}}, {Old: odd}})
	if len(results) != 1 || results[0].Err == nil {
		t.Errorf("a push goes on after a failure: %+v", results)
	}
	if err := s.Tables.Remove(t.Context(), ruleTable, odd); err != nil {
		t.Errorf("an odd item cannot be deleted: %v", err)
	}
	if diff := cmp.Diff("Proj007", said(t, s)[0].Default); diff != "" {
		t.Error(diff)
	}
}

func testPushKeeps(t *testing.T, s Shelf) {
	item := rules.Encode(rules.Rule{ID: 1, TagKey: "ProjectCode", Action: rules.Update, Required: true, Default: "Proj007"})
	item["Comment"] = document.String("for people")
	s.Make(t, ruleTable.Table, ruleKey(), item)
	if r := push(t, s, []rules.Rule{{ID: 1, TagKey: "ProjectCode", Action: rules.UserLookup, Required: true}}, false); len(r) != 1 || r[0].Err != nil {
		t.Fatalf("%+v", r)
	}
	items, err := s.Tables.Items(t.Context(), ruleTable)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v %v", items, err)
	}
	if names := items[0].Names(); !slices.Equal(names, []string{rules.ActionAs, "Comment", rules.Required, rules.RuleID, rules.TagKey}) {
		t.Errorf("it has %v", names)
	}
}

func testObject(t *testing.T, s Shelf) {
	r, ok := document.ObjectRef(s.Object(t, "folder/people.csv", "person\nada\n"))
	got, err := s.Tables.Object(t.Context(), r)
	if err != nil || !ok || string(got) != "person\nada\n" {
		t.Errorf("%q, %v", got, err)
	}
	shelf := outside.Read(t.Context(), s.Tables, []document.Ref{r, ruleTable, r})
	if len(shelf) != 2 || string(shelf[r].Data) != "person\nada\n" || fault.ClassOf(shelf[ruleTable].Err) != fault.NotFound {
		t.Errorf("the shelf has %+v", shelf)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	if _, err := s.Tables.Object(ctx, r); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("after the end of the context: %v", err)
	}
}
