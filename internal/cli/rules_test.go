package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/rules"
	"github.com/tagwarden/tagwarden/internal/sim"
)

// tableWorld is a world whose policy takes its rules from a table that has none.
func tableWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, `version: 1
define: {dev: 'tag("Env") == "dev"'}
policies:
  - {name: acme, resource: ec2:instance, mode: enforce, tags: {Team: {required: false}}, tags_from: {dynamodb: acme-rules}}
`)
	w.sim.AddTable(sim.Home, "acme-rules", outside.Key{Name: rules.RuleID, Type: "N"})
	return w
}

// file writes rules into a file and returns its path.
func (w *world) rules(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(w.dir, "rules.csv")
	if err := os.WriteFile(path, []byte("RuleId,TagKey,Action,Required,Default\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPushAsksAndOnlyYesIsOne(t *testing.T) {
	w := tableWorld(t)
	file := w.rules(t, "1,Stage,Update,N,test")
	w.tty = true
	for _, answer := range []string{"no\n", "y\n", ""} {
		w.stdin = answer
		r := w.on("rules", "push", file)
		if r.code != exitFailed || !strings.Contains(r.errors, "Write 1 change to the table acme-rules? Only 'yes' is accepted") || !strings.Contains(r.errors, "nothing was done") {
			t.Errorf("%q: %+v", answer, r)
		}
	}
	if r := w.on("rules", "list"); r.out != "the table is empty\n" {
		t.Errorf("it writes without a yes: %+v", r)
	}
	w.stdin = "yes\n"
	if r := w.on("rules", "push", file); r.code != exitDone || r.out != "+ 1: Stage Update N test\n" {
		t.Errorf("yes: %+v", r)
	}
	if r := w.on("rules", "pull"); r.out != "RuleId,TagKey,Action,Required,Default\n1,Stage,Update,N,test\n" {
		t.Errorf("pulled: %+v", r)
	}
}

func TestAPushIsCheckedWithThePoliciesThatUseTheTable(t *testing.T) {
	w := tableWorld(t)
	for says, line := range map[string]string{
		`RuleId 1: the tag "Team" has a rule in the policy file too`: "1,Team,Update,N,x",
		"RuleId 1: \"tagwarden\" is the mark":                        "1,tagwarden,Update,N,x",
		"Default is no expression for a tag: there is no variable":   "1,Stage,Function,N,devv ? 'a' : 'b'",
	} {
		before := w.sim.Calls()["dynamodb:UpdateItem"]
		r := w.on("rules", "push", w.rules(t, line), "--yes")
		if r.code != exitFailed || !strings.Contains(r.errors, says) || r.out != "" {
			t.Errorf("%s: %+v", line, r)
		}
		if w.sim.Calls()["dynamodb:UpdateItem"] != before {
			t.Errorf("%s: it was written", line)
		}
	}
	// A definition of the policy file is known there, and nowhere else.
	line := w.rules(t, "1,Stage,Function,N,dev ? 'a' : 'b'")
	if r := w.on("rules", "push", line, "acme-rules", "--yes"); r.code != exitFailed || !strings.Contains(r.errors, "there is no variable") {
		t.Errorf("a table by name: %+v", r)
	}
	if r := w.on("rules", "push", line, "--yes"); r.code != exitDone {
		t.Errorf("with the policy file: %+v", r)
	}
}

// meddler changes a rule just before it is written, as another person may.
type meddler struct{ outside.Tables }

func (m meddler) Put(ctx context.Context, r document.Ref, old, next document.Item) error {
	if old != nil {
		other := document.Item{}
		for k, v := range old {
			other[k] = v
		}
		other[rules.Default] = document.String("theirs")
		if err := m.Tables.Put(ctx, r, old, other); err != nil {
			return err
		}
	}
	return m.Tables.Put(ctx, r, old, next)
}

func TestAPushLosesNobodysChange(t *testing.T) {
	w := tableWorld(t)
	if r := w.on("rules", "push", w.rules(t, "1,Stage,Update,N,test", "3,Env,Update,N,x"), "--yes"); r.code != exitDone {
		t.Fatalf("%+v", r)
	}
	w.tables = func(t outside.Tables) outside.Tables { return meddler{t} }
	r := w.on("rules", "push", w.rules(t, "0,First,Update,N,x", "1,Stage,Update,N,ours", "3,Env,Update,N,ours"), "--yes")
	if r.code != exitFailed || !strings.Contains(r.errors, "1 of 3 changes were written") || !strings.Contains(r.errors, "RuleId 1 was changed by somebody else meanwhile") {
		t.Errorf("%+v", r)
	}
	w.tables = nil
	if r := w.on("rules", "pull"); r.out != "RuleId,TagKey,Action,Required,Default\n0,First,Update,N,x\n1,Stage,Update,N,theirs\n3,Env,Update,N,x\n" {
		t.Errorf("the table: %s", r.out)
	}
}

func TestWrongRulesAreListedAndStopEverythingElse(t *testing.T) {
	w := tableWorld(t)
	w.sim.AddTable(sim.Home, "acme-rules", outside.Key{Name: rules.RuleID, Type: "N"},
		document.Item{rules.RuleID: document.Number("1"), rules.TagKey: document.String("Sta\x1bge"), rules.ActionAs: document.String("Update")},
		rules.Encode(rules.Rule{ID: 2, TagKey: "Env", Action: rules.Function, Default: "todya()"}))
	r := w.on("rules", "list")
	if r.code != exitFailed || !strings.Contains(r.out, "there is no Required") || !strings.Contains(r.out, "there is no function todya") || strings.Contains(r.out, "\x1b") {
		t.Errorf("list: %+v", r)
	}
	r = w.on("rules", "list", "-o", "json")
	if r.code != exitFailed || !strings.Contains(r.out, `"attribute": "Required"`) || !strings.Contains(r.out, `"rule_id": "2"`) {
		t.Errorf("list -o json: %+v", r)
	}
	for _, verb := range [][]string{{"rules", "pull"}, {"plan"}, {"apply", "--yes"}} {
		if r := w.on(verb...); r.code != exitFailed || r.out != "" || !strings.Contains(r.errors, "RuleId 1") || !strings.Contains(r.errors, "RuleId 2") {
			t.Errorf("%v: %+v", verb, r)
		}
	}
	// A push can repair them, and delete them.
	if r := w.on("rules", "push", w.rules(t, "1,Stage,Update,N,test"), "--yes"); r.code != exitFailed || !strings.Contains(r.errors, "RuleId 2") {
		t.Errorf("a push that leaves a wrong rule: %+v", r)
	}
	if r := w.on("rules", "push", w.rules(t, "1,Stage,Update,N,test"), "--yes", "--prune"); r.code != exitDone {
		t.Errorf("a push that repairs: %+v", r)
	}
	if r := w.on("rules", "list"); r.code != exitDone {
		t.Errorf("list at the end: %+v", r)
	}
}

func TestALookupThatCannotBeReadWarnsAndDecidesNothing(t *testing.T) {
	w := newWorld(t, `version: 1
lookups: {teams: {dynamodb: the-teams, key: team}}
policies: [{name: teams, resource: ec2:instance, mode: enforce, tags: {Team: {required: false, allowed: {lookup: teams}}}, enforce: [stop]}]
`)
	r := w.on("apply", "--yes", "-o", "json")
	if r.code != exitDone || !strings.Contains(r.errors, `warning: the table "the-teams" was not read: there is none of that name`) || !strings.Contains(r.out, `"violating": 0`) {
		t.Errorf("exit code %d, %s", r.code, r.errors)
	}
	w.sim.AddTable(sim.Home, "the-teams", outside.Key{Name: "team", Type: "S"}, document.Item{"team": document.String("payments")})
	before := w.sim.Calls()["dynamodb:Scan"]
	r = w.on("plan", "-o", "json")
	if n := w.sim.Calls()["dynamodb:Scan"] - before; n != 1 {
		t.Errorf("the table is read %d times in one run", n)
	}
	if r.errors != "" || !strings.Contains(r.out, "which is not in the table teams") {
		t.Errorf("exit code %d, %s", r.code, r.errors)
	}
}

func TestWhichTableIsMeantMustBeClear(t *testing.T) {
	w := newWorld(t, `version: 1
policies:
  - {name: one, resource: ec2:instance, tags_from: {dynamodb: one-rules}}
  - {name: two, resource: ec2:instance, tags_from: {dynamodb: two-rules}}
`)
	if r := w.on("rules", "list"); r.code != exitFailed || !strings.Contains(r.errors, "several tables of rules: name one of them") {
		t.Errorf("%+v", r)
	}
	if r := w.on("rules", "init", "one-rules"); r.code != exitDone {
		t.Errorf("%+v", r)
	}
	if r := w.on("rules", "push"); r.code != exitFailed || !strings.Contains(r.errors, "which file has the rules?") {
		t.Errorf("%+v", r)
	}
	one := tableWorld(t)
	if r := one.on("rules", "list", "--region", "eu-west-1"); r.code != exitFailed || !strings.Contains(r.errors, "the policy file says where its table is") {
		t.Errorf("%+v", r)
	}
}
