// Package layers holds the test that keeps the arrows between tagwarden's
// packages one-way. docs/architecture.md is the picture; table_test.go is the
// rule for each package.
package layers

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// look reads every folder of the module. The go command repeats a test's old
// result until a file that the test itself opened has changed, and what go list
// reads for it does not count.
func look(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// list asks the go command for every package of the module.
func list(t *testing.T) []listed {
	t.Helper()
	look(t)
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pkgs []listed
	for dec := json.NewDecoder(out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	return pkgs
}

func TestEveryArrowIsInTheTable(t *testing.T) {
	for _, b := range ours.check(list(t)) {
		t.Error(b)
	}
}

func TestTheTimeIsAParameter(t *testing.T) {
	for _, p := range list(t) {
		broken, err := ours.checkClock(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range broken {
			t.Error(b)
		}
	}
}

func TestTheTableContradictsItselfNowhere(t *testing.T) {
	for key, r := range table {
		if r.why == "" {
			t.Errorf("%s: no reason given", key)
		}
		if below[r.layer] == nil {
			t.Errorf("%s: no such layer as %q", key, r.layer)
		}
		for _, to := range r.internal {
			if why := ours.refuses(r, module+"/"+to); why != "" {
				t.Errorf("%s: its own entry names %s, but %s", key, to, why)
			}
			if _, ok := table[to]; !ok {
				t.Errorf("%s: its entry names %s, which is not in the table", key, to)
			}
		}
	}
}

// small is a made-up module of six packages.
var small = rules{
	table: map[string]rule{
		"internal/word":  {layer: vocabulary, why: "words"},
		"internal/term":  {layer: vocabulary, why: "terms"},
		"internal/judge": {layer: decide, why: "judging", outside: []string{"example.com/lang"}},
		"internal/cloud": {layer: adapter, why: "the cloud"},
		"internal/suite": {layer: tests, why: "a suite"},
		"cmd/main":       {layer: assembly, why: "main", internal: []string{"internal/cloud"}},
	},
	below:       below,
	forbidden:   forbidden,
	timeless:    timeless,
	testTools:   []string{"example.com/cmp"},
	clockOwners: []string{"cmd/main"},
}

// smallGraph is a graph that breaks none of small's rules.
func smallGraph() map[string]listed {
	return map[string]listed{
		"internal/word": {ImportPath: module + "/internal/word", Imports: []string{"fmt", "time"}},
		"internal/term": {ImportPath: module + "/internal/term"},
		"internal/judge": {ImportPath: module + "/internal/judge",
			Imports:     []string{"strings", module + "/internal/word", "example.com/lang/ast"},
			TestImports: []string{"os", "context", "example.com/cmp/opts", module + "/internal/cloud"}},
		"internal/cloud": {ImportPath: module + "/internal/cloud", Imports: []string{"context", "os", module + "/internal/word"}},
		"internal/suite": {ImportPath: module + "/internal/suite", Imports: []string{"testing", "example.com/cmp"}},
		"cmd/main":       {ImportPath: module + "/cmd/main", Imports: []string{"os", module + "/internal/cloud"}},
	}
}

func TestTheCheckerFindsEachKindOfBrokenArrow(t *testing.T) {
	importing := func(key, path string) func(map[string]listed) {
		return func(g map[string]listed) {
			p := g[key]
			p.Imports = append(p.Imports, path)
			g[key] = p
		}
	}
	cases := []struct {
		name  string
		spoil func(map[string]listed)
		want  []string
	}{
		{name: "a graph that keeps the rules", spoil: func(map[string]listed) {}},
		{name: "a decision that imports an adapter", spoil: importing("internal/judge", module+"/internal/cloud"),
			want: []string{"internal/judge imports " + module + "/internal/cloud: adapter is above decide"}},
		{name: "an arrow inside the layers that nobody wrote down", spoil: importing("cmd/main", module+"/internal/judge"),
			want: []string{"cmd/main imports " + module + "/internal/judge: the arrow is not in its entry (main)"}},
		{name: "a word that knows another without saying so", spoil: func(g map[string]listed) {
			p := g["internal/word"]
			p.Imports = append(p.Imports, module+"/internal/term")
			g["internal/word"] = p
		}, want: []string{"internal/word imports " + module + "/internal/term: the arrow is not in its entry (words)"}},
		{name: "a vocabulary package that reads files", spoil: importing("internal/word", "os"),
			want: []string{"internal/word imports os: files and the environment are read above and handed in"}},
		{name: "the longest forbidden path gives the reason", spoil: importing("internal/word", "os/exec"),
			want: []string{"internal/word imports os/exec: tagwarden starts no other program"}},
		{name: "a harmless package below a forbidden one", spoil: importing("internal/judge", "net/mail")},
		{name: "what is below a forbidden path", spoil: importing("internal/judge", "log/slog"),
			want: []string{"internal/judge imports log/slog: a decision returns its reason instead of logging it"}},
		{name: "an outside module without an entry", spoil: importing("internal/cloud", "example.com/lang"),
			want: []string{"internal/cloud imports example.com/lang: the module is not in its entry (the cloud)"}},
		{name: "a module whose name only begins like an allowed one", spoil: importing("internal/judge", "example.com/language"),
			want: []string{"internal/judge imports example.com/language: the module is not in its entry (judging)"}},
		{name: "a test tool outside a test", spoil: importing("internal/judge", "example.com/cmp"),
			want: []string{"internal/judge imports example.com/cmp: only tests may"}},
		{name: "a program that links what is for tests", spoil: importing("cmd/main", module+"/internal/suite"),
			want: []string{"cmd/main imports " + module + "/internal/suite: tests is above assembly"}},
		{name: "a test that uses another package's module", spoil: func(g map[string]listed) {
			p := g["internal/word"]
			p.XTestImports = []string{"example.com/lang"}
			g["internal/word"] = p
		}, want: []string{"a test of internal/word imports example.com/lang: it is neither in the package's entry nor a test tool"}},
		{name: "a package nobody wrote down", spoil: func(g map[string]listed) {
			g["internal/new"] = listed{ImportPath: module + "/internal/new"}
		}, want: []string{"internal/new is not in the table: add it to internal/layers/table_test.go with its layer and arrows"}},
		{name: "an entry whose package is gone", spoil: func(g map[string]listed) { delete(g, "internal/cloud") },
			want: []string{"internal/cloud is in the table and not in the module"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			graph := smallGraph()
			c.spoil(graph)
			var pkgs []listed
			for _, p := range graph {
				pkgs = append(pkgs, p)
			}
			if diff := cmp.Diff(c.want, small.check(pkgs)); diff != "" {
				t.Errorf("check (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheClockIsFoundUnderAnyName(t *testing.T) {
	const plain = "package p\n\nimport \"time\"\n\nvar _ = time.Now\nvar _ = time.Second\n"
	const renamed = "package p\n\nimport clock \"time\"\n\nfunc f(t clock.Time) bool { return clock.Since(t) > 0 }\n"
	const other = "package p\n\ntype c struct{ Now int }\n\nvar time c\nvar _ = time.Now\n"
	cases := []struct {
		name, key, source string
		want              []string
	}{
		{"a plain use", "internal/judge", plain, []string{"internal/judge/f.go:5 uses time.Now: the time is a parameter"}},
		{"a renamed import", "internal/cloud", renamed, []string{"internal/cloud/f.go:5 uses time.Since: the time is a parameter"}},
		{"a field of something else called time", "internal/judge", other, nil},
		{"a package where the time enters", "cmd/main", plain, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "f.go"), []byte(c.source), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := small.checkClock(listed{ImportPath: module + "/" + c.key, Dir: dir, GoFiles: []string{"f.go"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("checkClock (-want +got):\n%s", diff)
			}
		})
	}
}
