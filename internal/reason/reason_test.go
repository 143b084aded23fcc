package reason_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/reason"
)

var update = flag.Bool("update", false, "write docs/reasons.md anew")

const page = "../../docs/reasons.md"

func render() string {
	var b strings.Builder
	b.WriteString(`# Reasons

Every finding, hold, skip and action that waits has a reason: a sentence for people and a code for programs. In the output of ` + "`-o json`" + ` the code is ` + "`code`" + `; the codes below do not change their meaning. The code of an action that failed is the class of the error: ` + "`denied`, `not found`, `throttled`, `protected`, `unsupported`, `timed out`" + ` and so on.
`)
	for _, g := range reason.All() {
		fmt.Fprintf(&b, "\n## %s\n\n| code | meaning |\n|---|---|\n", g.Title)
		for _, e := range g.Entries {
			fmt.Fprintf(&b, "| `%s` | %s |\n", e.Code, e.Doc)
		}
	}
	return b.String()
}

func TestThePageIsInStep(t *testing.T) {
	if *update {
		if err := os.WriteFile(page, []byte(render()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(render(), string(got)); diff != "" {
		t.Errorf("docs/reasons.md is out of step; go test ./internal/reason -update writes it (-want +got):\n%s", diff)
	}
}

// constants are the codes that the package declares, by name.
func constants(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out[v.Names[0].Name] = code
		}
	}
	return out
}

func TestEveryCodeIsListedOnce(t *testing.T) {
	listed := map[string]int{}
	for _, g := range reason.All() {
		for _, e := range g.Entries {
			listed[e.Code]++
		}
	}
	declared := map[string]int{}
	for _, code := range constants(t) {
		declared[code]++
	}
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("declared and listed codes differ (-declared +listed):\n%s", diff)
	}
}

// A code that nothing gives is a promise nobody keeps.
func TestEveryCodeIsUsed(t *testing.T) {
	var all strings.Builder
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || filepath.Base(filepath.Dir(f)) == "reason" {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for name := range constants(t) {
		if !strings.Contains(all.String(), "reason."+name) {
			t.Errorf("reason.%s is never given", name)
		}
	}
}
