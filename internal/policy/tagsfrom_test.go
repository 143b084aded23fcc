package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
)

// fromTable is a file whose policy takes its rules from a table.
const fromTable = `version: 1
policies: [{name: acme, resource: ec2:instance, tags: {Team: {}}, tags_from: {dynamodb: acme-rules}}]
`

var acmeRules = document.Ref{Table: "acme-rules"}

// row is an item of a table of rules; an empty word is an attribute that is not
// there.
func row(id int, words ...string) document.Item {
	item := document.Item{"RuleId": document.Number(fmt.Sprint(id))}
	for i, name := range []string{"TagKey", "Action", "Required", "Default"} {
		if i < len(words) && words[i] != "" {
			item[name] = document.String(words[i])
		}
	}
	return item
}

// withRules loads fromTable with these items in its table.
func withRules(items ...document.Item) (*Set, string) {
	set, list := LoadWith([]Source{{Name: "p.yaml", Data: []byte(fromTable)}}, environ, document.Shelf{acmeRules: {Items: items}})
	return set, list.Error()
}

func TestARuleOfATableIsTheRuleThatAFileWouldHave(t *testing.T) {
	set, said := withRules(row(3, "Expires", "Function", "N", "today()"), row(1, "ProjectCode", "Update", "Y", "Proj007"),
		row(2, "Stage", "Update", "N", "test"))
	if set == nil || said != "" {
		t.Fatal(said)
	}
	type rule struct {
		Key      string
		Required bool
		Default  string
		Value    string
	}
	var got []rule
	for _, r := range set.Policies[0].Tags {
		one := rule{Key: r.Key, Required: r.Required}
		if r.Default != nil {
			one.Default = *r.Default
		}
		if r.Value != nil {
			one.Value = r.Value.Source()
		}
		got = append(got, one)
	}
	want := []rule{{"Team", true, "", ""}, {"ProjectCode", true, "Proj007", ""}, {"Stage", false, "test", ""}, {"Expires", false, "", "today()"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestEveryFaultyItemIsToldWithItsRuleID(t *testing.T) {
	typed := row(11, "Eleven", "Update", "Y", "x")
	typed["TagKey"] = document.Number("11")
	set, said := withRules(row(1, "One", "update", "Y", "x"), row(2, "Two", "Update", "yes", "x"), row(3, "Three", "Update", "Y"),
		row(4, "Four", "Function", "Y", "todya()"), row(5, "", "Update", "Y", "x"), row(6, "aws:six", "Update", "Y", "x"),
		row(7, "Seven", "", "", "x"), row(8, "Team", "Update", "Y", "x"), row(9, "Nine", "Update", "Y", "x"), row(10, "Nine", "Update", "N", "y"),
		typed, row(12, "tagwarden", "Update", "Y", "x"), row(13, "Thirteen", "Function", "N", "today() +"),
		row(14, "Fourteen", "UserLookup", "Y", "somebody"), row(15, "Fifteen", "Update", "Y", strings.Repeat("x", 300)))
	if set != nil {
		t.Fatal("it loads")
	}
	const where = `p.yaml:2:89: error: the table of rules "acme-rules", RuleId `
	for _, want := range []string{
		`1: "update" is not an action`,
		`2: Required is "yes"`,
		`3: Update has no Default`,
		`4: there is no function todya`,
		`5: there is no TagKey`,
		`6: tag key "aws:six": keys that begin with aws: are written by AWS alone`,
		`7: there is no Action`, `7: there is no Required`,
		`8: the tag "Team" has a rule in the policy file too, in line 2`,
		`10: the tag "Nine" has a rule already: RuleId 9`,
		`11: TagKey is of type N, not S`,
		`12: "tagwarden" is the mark, which only tagwarden itself writes`,
		`13: `,
		`14: UserLookup has a Default`,
		`15: tag value of 300 characters`,
	} {
		if !strings.Contains(said, where+want) {
			t.Errorf("nobody says %s in\n%s", where+want, said)
		}
	}
}

func TestATableOfRulesThatSaysNothingIsAnError(t *testing.T) {
	load := func(c document.Content) string {
		set, list := LoadWith([]Source{{Name: "p.yaml", Data: []byte(fromTable)}}, environ, document.Shelf{acmeRules: c})
		if set != nil {
			t.Errorf("it loads with %+v", c)
		}
		return list.Error()
	}
	for want, c := range map[string]document.Content{
		`the table of rules "acme-rules" is empty`:              {},
		"there is none of that name in this region and account": {Err: &fault.Error{Class: fault.NotFound, Message: "no"}},
		"permission denied": {Err: &fault.Error{Class: fault.Denied, Hint: "allow dynamodb:Scan to the caller"}},
		"which has at most": {Items: make([]document.Item, 1001)},
	} {
		if said := load(c); !strings.Contains(said, want) || !strings.HasPrefix(said, "p.yaml:2:") {
			t.Errorf("it says\n%s\nand not %s", said, want)
		}
	}
}

func TestWithoutItsTableASetSaysThatItIsUnread(t *testing.T) {
	set, list := Load([]Source{{Name: "p.yaml", Data: []byte(fromTable)}}, environ)
	if set == nil || !set.Unread || len(list) > 0 {
		t.Fatalf("set %+v, said %v", set, list)
	}
	if diff := cmp.Diff([]Outside{{Ref: acmeRules, Shown: "acme-rules", Policy: "acme"}}, set.Outside); diff != "" {
		t.Error(diff)
	}
	whole, _ := withRules(row(1, "ProjectCode", "Update", "Y", "Proj007"))
	if whole.Unread {
		t.Error("a set with its rules is unread")
	}
}

func TestTheNameOfATableFromTheEnvironmentIsNotRepeated(t *testing.T) {
	text := strings.Replace(fromTable, "acme-rules", "${SECRET}", 1)
	for _, c := range []document.Content{{}, {Err: &fault.Error{Class: fault.Other, Message: "hunter2hunter2 is broken"}}, {Items: []document.Item{row(1, "x")}}} {
		_, list := LoadWith([]Source{{Name: "p.yaml", Data: []byte(text)}}, environ, document.Shelf{{Table: "hunter2hunter2"}: c})
		if list.Err() == nil || strings.Contains(list.Error(), "hunter2") {
			t.Errorf("it says %v", list)
		}
	}
}

func TestTheDigestCoversTheRulesOfATable(t *testing.T) {
	digest := func(items ...document.Item) string {
		set, said := withRules(items...)
		if set == nil {
			t.Fatal(said)
		}
		return set.Digest
	}
	base := digest(row(1, "ProjectCode", "Update", "Y", "Proj007"))
	if base != digest(row(2, "ProjectCode", "Update", "Y", "Proj007")) {
		t.Error("a rule's number changes the digest")
	}
	for name, other := range map[string]document.Item{
		"a default": row(1, "ProjectCode", "Update", "Y", "Proj008"), "required": row(1, "ProjectCode", "Update", "N", "Proj007"),
		"a key": row(1, "Project", "Update", "Y", "Proj007"), "a function": row(1, "ProjectCode", "Function", "Y", `"Proj007"`),
	} {
		if digest(other) == base {
			t.Errorf("%s does not change the digest", name)
		}
	}
}

func TestATagPolicyBecomesRulesOfSpellingAndValues(t *testing.T) {
	text := "version: 1\npolicies: [{name: org, resource: ec2:instance, tags_from: {tag_policy: tag-policy.json}}]\n"
	set, list := Load([]Source{{Name: "p.yaml", Data: []byte(text), Dir: "conf", Open: tables}}, environ)
	if set == nil {
		t.Fatal(list)
	}
	rules := set.Policies[0].Tags
	var keys []string
	for _, r := range rules {
		keys = append(keys, r.Key)
		if r.Required || !r.AnyCase {
			t.Errorf("%s is required or takes one spelling alone", r.Key)
		}
	}
	if diff := cmp.Diff([]string{"CostCenter", "Env", "owner"}, keys); diff != "" {
		t.Error(diff)
	}
	for value, good := range map[string]bool{"100": true, "3000": true, "300": true, "30": false, "1000": false, "x300": false} {
		if rules[0].Pattern.MatchString(value) != good {
			t.Errorf("CostCenter %q passes: %v", value, !good)
		}
	}
	if diff := cmp.Diff([]string{"prod", "test", "stage"}, rules[1].Allowed); diff != "" {
		t.Error(diff)
	}
	if rules[0].AllowEmpty || rules[1].AllowEmpty || !rules[2].AllowEmpty {
		t.Error("an empty value is allowed where no value is said, and nowhere else")
	}
}

func TestAnEffectiveTagPolicyIsReadToo(t *testing.T) {
	r := &reporter{}
	l := &loader{reporter: r, set: &Set{}}
	root := r.json("effective.json", []byte(`{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["100"],"enforced_for":["ec2:instance"]}}}`))
	p := &policyDraft{Policy: &Policy{}}
	l.statement(p, l.tagsOf(root).pairs[0])
	if len(r.list) > 0 || len(p.Tags) != 1 || p.Tags[0].Key != "CostCenter" {
		t.Errorf("%v %+v", r.list, p.Tags)
	}
}

func TestALookupOutsideThatCannotBeReadIsUnread(t *testing.T) {
	text := "version: 1\nlookups: {people: {dynamodb: people-table, key: person, value: department}, list: {s3: 's3://b/k.csv', key: person}}\n" +
		"policies: [{name: one, resource: ec2:instance, tags: {Owner: {allowed: {lookup: people}}, Team: {allowed: {lookup: list}}}}]\n"
	item := func(k, v string) document.Item {
		return document.Item{"person": document.String(k), "department": document.String(v), "more": document.Value{Type: "M"}}
	}
	table, object := document.Ref{Table: "people-table"}, document.Ref{Bucket: "b", Key: "k.csv"}
	cases := map[string]struct {
		items  []document.Item
		object string
		err    error
		people map[string]string
		list   map[string]string
		warned int
	}{
		"good":        {items: []document.Item{item("ada", "Payments"), {"other": document.String("x")}}, object: "person\nada\n", people: map[string]string{"ada": "Payments"}, list: map[string]string{"ada": ""}},
		"numbers":     {items: []document.Item{{"person": document.Number("7"), "department": document.Number("1")}}, object: "person\n7\n", people: map[string]string{"7": "1"}, list: map[string]string{"7": ""}},
		"empty":       {object: "person\n", warned: 2},
		"failed":      {err: &fault.Error{Class: fault.Denied}, warned: 2},
		"two values":  {items: []document.Item{item("ada", "Payments"), item("ada", "Search")}, object: "person\n\"", warned: 2},
		"other types": {items: []document.Item{{"person": document.Value{Type: "L"}}}, object: "nobody\nada\n", warned: 2},
		"no such key": {items: []document.Item{{"persons": document.String("ada")}}, object: "", warned: 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			shelf := document.Shelf{table: {Items: c.items, Err: c.err}, object: {Data: []byte(c.object), Err: c.err}}
			set, list := LoadWith([]Source{{Name: "p.yaml", Data: []byte(text)}}, environ, shelf)
			if set == nil || len(list) != c.warned {
				t.Fatalf("%d warnings: %v", len(list), list)
			}
			rules := set.Policies[0].Tags
			if diff := cmp.Diff([]map[string]string{c.people, c.list}, []map[string]string{rules[0].AllowedBy.Values, rules[1].AllowedBy.Values}); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if _, err := rules[0].Lists("ada"); (err != nil) != (c.people == nil) {
				t.Errorf("asked whether it lists ada: %v", err)
			}
			if set.Unread {
				t.Error("a lookup makes the set unread")
			}
		})
	}
}
