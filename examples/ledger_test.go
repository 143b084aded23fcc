package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/aws/mototest"
)

// shared is a policy file whose ledger is a table.
const shared = `
version: 1
settings: {name: shared, ledger: {dynamodb: tagwarden}, limits: {stop: 1}}
channels: {people: {file: {dir: ./told}}}
policies:
  - name: project
    resource: ec2:instance
    mode: enforce
    tags: {Project: {}}
    enforce:
      - notify: people
      - stop: {after: 7d}
`

// colleague is a user with a copy of the file in a folder of their own.
func colleague(t *testing.T) *user {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shared.yaml")
	if err := os.WriteFile(file, []byte(shared), 0o600); err != nil {
		t.Fatal(err)
	}
	return &user{t: t, file: file}
}

func (u *user) must(args ...string) string {
	u.t.Helper()
	code, stdout, stderr := u.run(args...)
	if code != 0 {
		u.t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// told are the digests in the user's folder.
func (u *user) told() []string {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(u.file), "told", "*"))
	if err != nil {
		u.t.Fatal(err)
	}
	return files
}

// One person's run goes on where another's has stopped: they share cases,
// limits and holds.
func TestColleaguesShareALedgerInDynamoDB(t *testing.T) {
	aws := mototest.Shared(t).Account(t, "eu-north-1")
	aws.Setenv(t)
	bad := slices.Sorted(slices.Values(aws.Launch(t, 2, nil)))
	aws.Launch(t, 1, map[string]string{"Project": "apollo"})
	ana, ben := colleague(t), colleague(t)

	if code, _, stderr := ana.run("plan"); code == 0 || !strings.Contains(stderr, "there is no table tagwarden") || !strings.Contains(stderr, "tagwarden ledger init") {
		t.Errorf("without a table: exit code %d\n%s", code, stderr)
	}
	same(t, "init", "made the table tagwarden\n", ana.must("ledger", "init"))
	same(t, "init again", "the table tagwarden is there already\n", ben.must("ledger", "init"))

	same(t, "violations", bad, ana.json(0, "apply", "--yes").violating())
	if len(ana.told()) == 0 {
		t.Error("nobody was told")
	}
	d := ben.json(0, "plan", "--at", "+6d")
	same(t, "to stop on day 6", []string(nil), d.with("stop", "planned"))
	ben.json(0, "apply", "--yes", "--at", "+6d")
	same(t, "what ben tells again", []string(nil), ben.told())

	// Both are due, and the limit is one.
	d = ben.json(3, "apply", "--yes", "--at", "+8d")
	same(t, "held", bad, d.with("stop", "held"))
	var holds []struct{ Run, Policy string }
	if err := json.Unmarshal([]byte(ana.must("holds", "list", "-o", "json")), &holds); err != nil || len(holds) != 1 || holds[0].Policy != "project" {
		t.Fatalf("ana sees the holds %+v, %v", holds, err)
	}
	ana.must("holds", "release", holds[0].Run)
	d = ben.json(0, "apply", "--yes", "--at", "+8d")
	same(t, "stopped", bad, d.with("stop", "done"))
	d = ana.json(0, "apply", "--yes", "--at", "+8d")
	same(t, "stopped again", []string(nil), d.with("stop", "done"))
	for _, u := range []*user{ana, ben} {
		if found, _ := filepath.Glob(filepath.Join(filepath.Dir(u.file), "*.db*")); len(found) > 0 {
			t.Errorf("a file was left beside the table: %v", found)
		}
	}
}
