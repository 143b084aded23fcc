package policy

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func two(a, b string) (*Set, string) {
	set, list := Load([]Source{{Name: "x/a.yaml", Data: []byte(a), Dir: "x"}, {Name: "y/b.yaml", Data: []byte(b), Dir: "y"}}, environ)
	return set, list.Error()
}

const shared = `version: 1
settings: {name: both, ledger: {sqlite: led.db}}
channels: {infra: {file: {dir: out}}}
define: {prod: 'tag("Env") == "prod"'}
policies: [{name: one, resource: ec2:instance, match: prod && staging, enforce: [{notify: other}]}]
`

func TestFilesAddUp(t *testing.T) {
	set, said := two(shared, `version: 1
channels: {other: {file: {dir: /var/out}}}
define: {staging: 'tag("Env") == "staging"'}
policies: [{name: two, resource: ec2:instance, match: prod, enforce: [{notify: infra}]}]
`)
	if set == nil {
		t.Fatal(said)
	}
	got := []string{set.Policies[0].Name, set.Policies[1].Name, set.Channels["infra"].File.Dir, set.Channels["other"].File.Dir, set.Settings.Ledger.SQLite}
	want := []string{"one", "two", filepath.Join("x", "out"), "/var/out", filepath.Join("x", "led.db")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"x/a.yaml", "y/b.yaml"}, set.Files); diff != "" {
		t.Error(diff)
	}
}

func TestWhatStandsInTwoFilesIsRefusedWithBothPlaces(t *testing.T) {
	set, said := two(shared, `version: 1
settings: {zone: UTC}
channels: {infra: {file: {dir: out}}}
define: {prod: 'true', staging: 'true'}
policies: [{name: one, resource: ec2:instance, match: prod}]
`)
	if set != nil {
		t.Fatal("it loads")
	}
	golden(t, filepath.Join("testdata", "two-files.err"), said+"\n")
}

func TestAFileThatIsNotYAMLHidesNoOtherMistake(t *testing.T) {
	_, said := two("version: 1\nchannels: {other: [\n", `version: 1
policies: [{name: one, resource: ec2:instance, match: 'true', mode: x, enforce: [{notify: other}]}]
`)
	golden(t, filepath.Join("testdata", "broken-beside.err"), said+"\n")
}

func TestTheLedgerIsBesideTheFirstFileUnlessSaid(t *testing.T) {
	set, said := two("version: 1"+onePolicy, "version: 1\nsettings: {mark: off}\n")
	if set == nil {
		t.Fatal(said)
	}
	if got, want := set.Settings.Ledger, (Ledger{SQLite: filepath.Join("x", "tagwarden.db")}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if set.Settings.Mark != "" {
		t.Errorf("the mark is %q though it is off", set.Settings.Mark)
	}
}
