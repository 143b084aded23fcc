package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheAccountsOfTheSettings(t *testing.T) {
	for name, want := range map[string]*Accounts{
		"accounts": {List: []Account{{ID: "012345678901", Name: "central"}, {ID: "111122223333", Name: "payments", Role: "tagwarden", ExternalID: "hunter2hunter2"},
			{ID: "444455556666", Name: "search", Role: "arn:aws-cn:iam::444455556666:role/ops/tagwarden"}}},
		"organization": {Organization: &Organization{Role: "ops/tagwarden", Include: []string{"r-ab12"}, Exclude: []string{"012345678901", "ou-ab12-11112222"}}},
		"long-running": nil,
	} {
		set, said := sample(t, "testdata/good/"+name+".yaml")
		if set == nil {
			t.Fatal(said)
		}
		if diff := cmp.Diff(want, set.Settings.Accounts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestARoleHasOneARNHoweverItIsNamed(t *testing.T) {
	const arn = "arn:aws-cn:iam::444455556666:role/ops/tagwarden"
	for role, want := range map[string]string{"": "", arn: arn, "ops/tagwarden": arn, "tagwarden": "arn:aws-cn:iam::444455556666:role/tagwarden"} {
		if got := RoleARN("aws-cn", "444455556666", role); got != want {
			t.Errorf("%q is %q, want %q", role, got, want)
		}
	}
}

// The digest binds saved plans to the accounts and roles that they were made
// with.
func TestAnotherRoleIsAnotherSet(t *testing.T) {
	digests := map[string]bool{}
	for _, accounts := range []string{`[{id: "111122223333", role: a}]`, `[{id: "111122223333", role: b}]`, `[{id: "222233334444", role: a}]`, `{organization: {role: a}}`} {
		set, list := Load([]Source{{Name: "p.yaml", Data: []byte("version: 1\nsettings: {accounts: " + accounts + "}\npolicies: [{name: one, resource: ec2:instance, match: 'true'}]\n")}}, environ)
		if set == nil {
			t.Fatal(list.Error())
		}
		digests[set.Digest] = true
	}
	if len(digests) != 4 {
		t.Errorf("%d digests of four sets", len(digests))
	}
}

// Whatever is wrong in the line of an external ID.
func TestNoMistakeShowsAnExternalID(t *testing.T) {
	for _, account := range []string{
		`{id: "111122223333", external_id: topsecret, role: r, colour: red}`, `{external_id: "topsecret", id: 5, role: r}`,
		`{id: "111122223333", role: r, external_id: [topsecret, topsecret]}`, `{id: "111122223333", role: r, external_id: {a: topsecret}}`,
		`{id: "111122223333", external_id: topsecret}`, `{id: "111122223333", role: r, external_id: "topsecret topsecret"}`,
	} {
		file := "version: 1\nsettings: {accounts: [" + account + "]}\npolicies: [{name: p, resource: ec2:instance, match: 'true'}]\n"
		_, list := Load([]Source{{Name: "p.yaml", Data: []byte(file)}}, func(string) (string, bool) { return "", false })
		if err := list.Err(); err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, list), "topsecret") {
			t.Errorf("%s: %v", account, err)
		}
	}
}
