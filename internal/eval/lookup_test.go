package eval_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// tables are a table of two people and one without rows.
const tables = `lookups:
  people: {csv: people.csv, key: person, value: department}
  empty: {csv: empty.csv, key: person, value: department}
`

// judgeTables judges an instance by a policy that may name the tables.
func judgeTables(t *testing.T, lines string, tags tag.Set) eval.Verdict {
	t.Helper()
	disk := fstest.MapFS{
		"people.csv": {Data: []byte("person,department\nada,Payments\nben,\n")},
		"empty.csv":  {Data: []byte("person,department\n")},
	}
	set, problems := policy.Load([]policy.Source{{Name: "test.yaml", Data: []byte("version: 1\n" + tables + onePolicy(lines)), Open: disk.Open}},
		func(string) (string, bool) { return "", false })
	if err := problems.Err(); err != nil {
		t.Fatalf("loading the policy file:\n%v", err)
	}
	return eval.New(set, nil).Resource(nil, instance(tags), noon)[0]
}

func TestTablesInTagRules(t *testing.T) {
	tests := []struct {
		name   string
		rules  string
		tags   tag.Set
		status eval.Status
		codes  []string
		fix    tag.Diff
	}{
		{"a key is allowed", "Owner: {allowed: {lookup: people}}", tag.Set{"Owner": "ada"}, eval.Compliant, nil, tag.Diff{}},
		{"no key is not", "Owner: {allowed: {lookup: people}}", tag.Set{"Owner": "carl"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"keys are compared exactly", "Owner: {allowed: {lookup: people}}", tag.Set{"Owner": "Ada"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"a value of the table is no key", "Owner: {allowed: {lookup: people}}", tag.Set{"Owner": "Payments"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"empty may be allowed besides", "Owner: {allow_empty: true, allowed: {lookup: people}}", tag.Set{"Owner": ""}, eval.Compliant, nil, tag.Diff{}},
		{"a computed value must be a key", `Owner: {value: 'tag("By")', allowed: {lookup: people}}`, tag.Set{"By": "carl"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"a computed key is written", `Owner: {value: 'tag("By")', allowed: {lookup: people}}`, tag.Set{"By": "ben"}, eval.Fixable, []string{"tag-missing"}, tag.Diff{Set: tag.Set{"Owner": "ben"}}},
		{"an alias must be a key", `Owner: {aliases: [owner], allowed: {lookup: people}}`, tag.Set{"owner": "carl"}, eval.Violating, []string{"tag-not-allowed"}, tag.Diff{}},
		{"an empty table allows nothing and refuses nothing", "Owner: {allowed: {lookup: empty}}", tag.Set{"Owner": "carl"}, eval.Unknown, []string{"value-unknown"}, tag.Diff{}},
		{"nor is a default written by one", "Owner: {default: ada, allowed: {lookup: empty}}", nil, eval.Unknown, []string{"value-unknown"}, tag.Diff{}},
		{"nor an alias renamed", "Owner: {aliases: [owner], allowed: {lookup: empty}}", tag.Set{"owner": "ada"}, eval.Unknown, []string{"value-unknown"}, tag.Diff{}},
		{"absence needs no table", "Owner: {allowed: {lookup: empty}}", nil, eval.Violating, []string{"tag-missing"}, tag.Diff{}},

		{"a value found is written", `Dept: {value: 'lookup("people", tag("Owner"))'}`, tag.Set{"Owner": "ada"}, eval.Fixable, []string{"tag-missing"}, tag.Diff{Set: tag.Set{"Dept": "Payments"}}},
		{"who is not found leaves a violation", `Dept: {value: 'lookup("people", tag("Owner"))'}`, tag.Set{"Owner": "carl"}, eval.Violating, []string{"tag-missing"}, tag.Diff{}},
		{"who has no value as well", `Dept: {value: 'lookup("people", tag("Owner"))'}`, tag.Set{"Owner": "ben"}, eval.Violating, []string{"tag-missing"}, tag.Diff{}},
		{"an empty table never makes one", `Dept: {value: 'lookup("empty", tag("Owner"))'}`, tag.Set{"Owner": "carl"}, eval.Unknown, []string{"value-unknown"}, tag.Diff{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := judgeTables(t, "tags:\n  "+tt.rules, tt.tags)
			if v.Status != tt.status {
				t.Errorf("status %q, want %q (%v)", v.Status, tt.status, v.Reasons)
			}
			if diff := cmp.Diff(tt.codes, codes(v.Reasons)); diff != "" {
				t.Errorf("reason codes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.fix, v.Fix); diff != "" {
				t.Errorf("fix (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEmptyTableDecidesNothing(t *testing.T) {
	for lines, want := range map[string]eval.Status{
		`match: lookup("empty", tag("Owner")) == ""`:                                   eval.Unknown,
		"exempt: [{when: 'lookup(\"empty\", tag(\"Owner\")) != \"\"'}]\ntags: {X: {}}": eval.Exempt,
	} {
		v := judgeTables(t, lines, nil)
		if v.Status != want || len(v.Steps) > 0 || len(v.Reasons) == 0 || !strings.Contains(v.Reasons[0].Text, `the table "empty" is empty`) {
			t.Errorf("%s: %s, %v", lines, v.Status, v.Reasons)
		}
	}
}

func TestATableThatSaysNoIsNamed(t *testing.T) {
	v := judgeTables(t, "tags: {Owner: {allowed: {lookup: people}}}", tag.Set{"Owner": "carl"})
	if diff := cmp.Diff([]eval.Reason{{Code: "tag-not-allowed", Tag: "Owner", Text: `tag Owner is "carl", which is not in the table people`}}, v.Reasons); diff != "" {
		t.Error(diff)
	}
}
