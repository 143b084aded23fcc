package examples_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// staff writes another table beside the user's example.
func (u *user) staff(table string) {
	u.t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(u.file), "departments.csv"), []byte(table), 0o600); err != nil {
		u.t.Fatal(err)
	}
}

func TestDepartmentsOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-west-3")
	aws.Setenv(t)
	const sender = "departments@example.com"
	aws.VerifyIdentity(t, sender)
	ana := aws.Launch(t, 1, map[string]string{"Owner": "ana@example.com"})[0]
	priya := aws.Launch(t, 1, map[string]string{"Owner": "priya@example.com"})[0]
	moved := aws.Launch(t, 1, map[string]string{"Owner": "ben@example.com", "Department": "Payments"})[0]
	stranger := aws.Launch(t, 1, map[string]string{"Owner": "Ana@example.com"})[0]
	nobody := aws.Launch(t, 1, nil)[0]
	u := newUser(t, "departments.yaml", map[string]string{"SES_FROM": sender})

	d := u.json(0, "apply", "--yes")
	for id, want := range map[string]string{ana: "Payments", priya: "Analytics", moved: "Search", stranger: "", nobody: ""} {
		same(t, "the department of "+id, want, tags(t, aws, id)["Department"])
	}
	// The stranger violates both policies.
	same(t, "violations", slices.Sorted(slices.Values([]string{stranger, stranger, nobody})), d.violating())
	same(t, "unread", 0, len(d.Unread))
	d = u.json(0, "apply", "--yes")
	same(t, "tagged by the second run", []string(nil), d.with("tag", "done"))

	// A table without rows judges nobody; one that is gone stops the run.
	u.staff("person,department\n")
	d = u.json(0, "apply", "--yes")
	same(t, "violations by an empty table", []string(nil), d.violating())
	same(t, "tagged by an empty table", []string(nil), d.with("tag", "done"))
	same(t, "the department that was known", "Payments", tags(t, aws, ana)["Department"])
	if err := os.Remove(filepath.Join(filepath.Dir(u.file), "departments.csv")); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := u.run("apply", "--yes"); code == 0 {
		t.Errorf("it runs without its table:\n%s%s", stdout, stderr)
	}
}

func TestASavedPlanIsBoundToTheTables(t *testing.T) {
	u := newUser(t, "departments.yaml", nil)
	saved := filepath.Join(t.TempDir(), "plan.json")
	u.json(0, "plan", "--embedded", "--region", "all", "--out", saved)
	before, err := os.ReadFile("departments.csv")
	if err != nil {
		t.Fatal(err)
	}
	u.staff(strings.Replace(string(before), "Search", "Research", 1))
	if code, stdout, stderr := u.run("apply", saved, "--yes", "--embedded"); code == 0 || !strings.Contains(stderr, "policies") {
		t.Errorf("a plan is applied whose tables said something else: exit code %d\n%s%s", code, stdout, stderr)
	}
	u.staff(string(before))
	if code, _, stderr := u.run("apply", saved, "--yes", "--embedded"); code != 0 {
		t.Errorf("a plan is not applied whose tables say the same again: exit code %d\n%s", code, stderr)
	}
}

func TestDepartmentsOnTheEmbeddedAccount(t *testing.T) {
	u := newUser(t, "departments.yaml", nil)
	d := u.json(0, "apply", "--yes", "--embedded", "--region", "all")
	tagged := d.with("tag", "done")
	if len(tagged) == 0 || len(d.violating()) == 0 {
		t.Fatalf("%d are tagged and %d violate a policy; the sample account has both", len(tagged), len(d.violating()))
	}
	for _, f := range d.Findings {
		if f.Policy == "department" && f.Status == "violating" && slices.Contains(tagged, f.Resource.ID) {
			t.Errorf("%s was tagged and violates the policy", f.Resource.ID)
		}
	}
	same(t, "unknown", 0, d.Summary["unknown"])
}
