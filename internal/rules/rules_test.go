package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/document"
)

// original is the table that tagwarden replaces the program of.
var original = []document.Item{
	{RuleID: document.Number("3"), TagKey: document.String("Expires"), ActionAs: document.String("Function"), Required: document.String("N"),
		Default: document.String("today()")},
	{RuleID: document.Number("1"), TagKey: document.String("ProjectCode"), ActionAs: document.String("Update"), Required: document.String("Y"),
		Default: document.String("Proj007"), "Comment": document.String("for people")},
	{RuleID: document.Number("2"), TagKey: document.String("CreatedBy"), ActionAs: document.String("UserLookup"), Required: document.String("Y"),
		Default: document.String("")},
}

func TestTheOriginalTableLoadsUnchanged(t *testing.T) {
	rows := Decode(original)
	want := []Rule{{1, "ProjectCode", Update, true, "Proj007"}, {2, "CreatedBy", UserLookup, true, ""}, {3, "Expires", Function, false, "today()"}}
	var got []Rule
	for _, r := range rows {
		got = append(got, r.Rule)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(Faults(rows)) > 0 {
		t.Errorf("faults %v, rules (-want +got):\n%s", Faults(rows), diff)
	}
	if v := []string{rows[0].Rule.Value(), rows[1].Rule.Value(), rows[2].Rule.Value()}; !slices.Equal(v, []string{"", "creator.name", "today()"}) {
		t.Errorf("their expressions are %q", v)
	}
}

// with is a good item with another attribute; a zero value takes it away.
func with(name string, v document.Value) document.Item {
	item := Encode(Rule{ID: 7, TagKey: "Project", Action: Update, Required: true, Default: "x"})
	if v == (document.Value{}) {
		delete(item, name)
	} else {
		item[name] = v
	}
	return item
}

func TestEachFaultNamesItsAttribute(t *testing.T) {
	lookup := with(ActionAs, document.String("UserLookup"))
	lookup[Default] = document.Value{Type: "NULL"}
	function := with(ActionAs, document.String("Function"))
	function[Default] = document.String(" ")
	cases := map[string]struct {
		item document.Item
		want []string // attribute and summary
	}{
		"a good one":              {with("x", document.String("x")), nil},
		"a null Default":          {lookup, nil},
		"no RuleId":               {with(RuleID, document.Value{}), []string{"RuleId there is no RuleId"}},
		"a RuleId that is text":   {with(RuleID, document.String("7")), []string{"RuleId RuleId is of type S, not N"}},
		"half a RuleId":           {with(RuleID, document.Number("1.5")), []string{"RuleId RuleId is not a whole number from 0"}},
		"a negative RuleId":       {with(RuleID, document.Number("-1")), []string{"RuleId RuleId is not a whole number from 0"}},
		"a huge RuleId":           {with(RuleID, document.Number("1E+100")), []string{"RuleId RuleId is not a whole number from 0"}},
		"no TagKey":               {with(TagKey, document.Value{}), []string{"TagKey there is no TagKey"}},
		"an empty TagKey":         {with(TagKey, document.String("")), []string{"TagKey there is no TagKey"}},
		"a TagKey of two lines":   {with(TagKey, document.String("a\nb")), []string{`TagKey the key "a\nb" has a control character in it`}},
		"a TagKey with a space":   {with(TagKey, document.String("Project ")), []string{`TagKey the key "Project " begins or ends with spaces`}},
		"an action in lower case": {with(ActionAs, document.String("update")), []string{`Action "update" is not an action`}},
		"an action that is a map": {with(ActionAs, document.Value{Type: "M"}), []string{"Action Action is of type M, not S"}},
		"a boolean Required":      {with(Required, document.Value{Type: "BOOL"}), []string{"Required Required is of type BOOL, not S"}},
		"another Required":        {with(Required, document.String("y")), []string{`Required Required is "y"`}},
		"Update without Default":  {with(Default, document.Value{}), []string{"Default Update has no Default"}},
		"an empty function":       {function, []string{"Default Function has no Default"}},
		"a Default of two lines":  {with(Default, document.String("a\nb")), []string{"Default Default has a control character in it"}},
		"nothing at all":          {document.Item{}, []string{"RuleId there is no RuleId", "TagKey there is no TagKey", "Action there is no Action", "Required there is no Required"}},
	}
	for name, c := range cases {
		var got []string
		for _, f := range Decode([]document.Item{c.item})[0].Faults {
			got = append(got, f.Attribute+" "+f.Summary)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// ruleOf draws a rule that is right.
func ruleOf(t *rapid.T, id int) Rule {
	r := Rule{ID: int64(id), TagKey: fmt.Sprintf("k%d%s", id, rapid.StringMatching(`[A-Za-z0-9 ,"äß:;=]{0,8}[a-z]`).Draw(t, "key")),
		Action: rapid.SampledFrom([]Action{Update, UserLookup, Function}).Draw(t, "action"), Required: rapid.Bool().Draw(t, "required")}
	if r.Action != UserLookup {
		r.Default = rapid.StringMatching(`[A-Za-z0-9 ,"'ä#;=()]{0,12}[a-z#]`).Draw(t, "default")
	}
	return r
}

// tableOf draws a table of rules that are right, by RuleId.
func tableOf(t *rapid.T) []Rule {
	ids := rapid.SliceOfNDistinct(rapid.IntRange(0, 40), 0, 8, rapid.ID[int]).Draw(t, "ids")
	slices.Sort(ids)
	var list []Rule
	for _, id := range ids {
		list = append(list, ruleOf(t, id))
	}
	return list
}

// rowsOf are the rows of a table that holds these rules.
func rowsOf(list []Rule) []Row {
	var items []document.Item
	for _, r := range list {
		items = append(items, Encode(r))
	}
	return Decode(items)
}

func TestPushingWhatWasPulledChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := tableOf(t)
		var b bytes.Buffer
		if err := Write(&b, list); err != nil {
			t.Fatal(err)
		}
		read, problems := Read("rules.csv", b.Bytes())
		if diff := cmp.Diff(list, read, cmpopts.EquateEmpty()); diff != "" || len(problems) > 0 {
			t.Fatalf("%v\n%s\n%s", problems, diff, b.String())
		}
		if c := Changes(rowsOf(list), read, true); len(c) > 0 {
			t.Fatalf("changes: %+v", c)
		}
	})
}

func TestAfterItsChangesATableSaysWhatTheFileDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, file, prune := tableOf(t), tableOf(t), rapid.Bool().Draw(t, "prune")
		changes := Changes(rowsOf(table), file, prune)
		after := map[int64]Rule{}
		for _, row := range After(rowsOf(table), changes) {
			after[row.Rule.ID] = row.Rule
		}
		want := map[int64]Rule{}
		if !prune {
			for _, r := range table {
				want[r.ID] = r
			}
		}
		for _, r := range file {
			want[r.ID] = r
		}
		// A key that both have under another number is a fault, which push reports.
		got, keys := after, map[string]bool{}
		for id, r := range want {
			if keys[r.TagKey] {
				delete(want, id)
				delete(got, id)
			}
			keys[r.TagKey] = true
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
		for _, c := range changes {
			if c.New == nil && !prune {
				t.Fatal("a rule is deleted without prune")
			}
		}
	})
}

func TestAFileSaysWhereItsMistakesAre(t *testing.T) {
	const head = "RuleId,TagKey,Action,Required,Default\n"
	for name, c := range map[string]struct{ file, want string }{
		"empty":              {"", "rules.csv: error: there is nothing in the file"},
		"another header":     {"RuleId,Tag,Action,Required\n", `rules.csv:1:8: error: "Tag" is not a column`},
		"a column too few":   {"RuleId,TagKey,Action\n", "rules.csv:1:1: error: there is no column Required"},
		"a column twice":     {"RuleId,TagKey,TagKey,Action,Required\n", "rules.csv:1:15: error: the column TagKey is there twice"},
		"a quote":            {head + "1,a\"b,Update,Y,x\n", "rules.csv:2:1: error: a quote is where none can be"},
		"a cell too many":    {head + "1,a,Update,Y,x,y\n", "rules.csv:2:1: error: there are 6 columns"},
		"no number":          {head + "one,a,Update,Y,x\n", "rules.csv:2:1: error: RuleId is not a whole number"},
		"a wide character":   {head + "1,ää,Updat,Y,x\n", "rules.csv:2:6: error"},
		"the same key twice": {head + "1,a,Update,Y,x\n2,a,Update,Y,x\n", `rules.csv:3:3: error: the tag "a" has a rule already: RuleId 1`},
		"not UTF-8":          {head + "1,a\xff,Update,Y,x\n", "rules.csv: error: the file is not UTF-8"},
		"too large":          {strings.Repeat("x", MaxFile+1), "rules.csv: error: the file is larger"},
	} {
		list, problems := Read("rules.csv", []byte(c.file))
		if list != nil || !strings.HasPrefix(problems.Error(), c.want) {
			t.Errorf("%s: it says %q and not %q", name, problems.Error(), c.want)
		}
	}
	list, problems := Read("rules.csv", []byte("\ufeffAction,RuleId,Required,TagKey\r\nUserLookup,2,Y,CreatedBy\r\n"))
	if diff := cmp.Diff([]Rule{{2, "CreatedBy", UserLookup, true, ""}}, list); diff != "" || len(problems) > 0 {
		t.Errorf("a spreadsheet's file: %v\n%s", problems, diff)
	}
}

func TestAChangeRepairsAFaultyItem(t *testing.T) {
	bad := with(Required, document.String("yes"))
	file := []Rule{{7, "Project", Update, true, "x"}}
	changes := Changes(Decode([]document.Item{bad}), file, false)
	if len(changes) != 1 || changes[0].Old[Required].Text != "yes" || *changes[0].New != file[0] {
		t.Fatalf("changes %+v", changes)
	}
	if f := Faults(After(Decode([]document.Item{bad}), changes)); len(f) > 0 {
		t.Errorf("faults afterwards: %v", f)
	}
}

func FuzzDecode(f *testing.F) {
	for _, item := range original {
		f.Add(item[RuleID].Text, "N", item[TagKey].Text, item[ActionAs].Text, item[Required].Text, item[Default].Text)
	}
	f.Add("0", "N", "a", "Function", "Y", "\x8e")
	f.Add("", "M", "a\x00", "\xff", "é", strings.Repeat("x", 300))
	f.Fuzz(func(t *testing.T, id, kind, key, action, required, byDefault string) {
		rows := Decode([]document.Item{{RuleID: {Type: kind, Text: id}, TagKey: document.String(key), ActionAs: document.String(action),
			Required: document.String(required), Default: document.String(byDefault)}})
		if len(rows) != 1 {
			t.Fatalf("%d rows", len(rows))
		}
		if len(rows[0].Faults) > 0 {
			return
		}
		again := Decode([]document.Item{Encode(rows[0].Rule)})[0]
		if diff := cmp.Diff(rows[0].Rule, again.Rule); diff != "" || len(again.Faults) > 0 {
			t.Errorf("encoded again: %v\n%s", again.Faults, diff)
		}
		var b bytes.Buffer
		if err := Write(&b, []Rule{rows[0].Rule}); err != nil {
			t.Fatal(err)
		}
		if list, problems := Read("f", b.Bytes()); len(list) != 1 || list[0] != rows[0].Rule {
			t.Errorf("read again from %q: %v %v", b.String(), list, problems)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("RuleId,TagKey,Action,Required,Default\n1,a,Update,Y,x\n"))
	f.Add([]byte("RuleId\n\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, problems := Read("f", data)
		if (list != nil) && problems.Err() != nil {
			t.Error("rules beside a mistake")
		}
		_ = problems.Error()
	})
}
