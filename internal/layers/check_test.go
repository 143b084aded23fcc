package layers

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is the path that every key of the table is below.
const module = "github.com/tagwarden/tagwarden"

// listed is what go list says of a package.
type listed struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// key is the package's key in the table.
func (p listed) key() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// rules is a table with what it refers to, so that the checker can be given a
// made-up one.
type rules struct {
	table       map[string]rule
	below       map[string][]string
	forbidden   map[string]map[string]string
	timeless    map[string][]string
	testTools   []string
	clockOwners []string
}

// ours are the rules of this module.
var ours = rules{table: table, below: below, forbidden: forbidden, timeless: timeless, testTools: testTools, clockOwners: clockOwners}

// check returns a sentence for every arrow that breaks a rule, sorted.
func (r rules) check(pkgs []listed) []string {
	var broken []string
	seen := map[string]bool{}
	for _, p := range pkgs {
		seen[p.key()] = true
		own, ok := r.table[p.key()]
		if !ok {
			broken = append(broken, p.key()+" is not in the table: add it to internal/layers/table_test.go with its layer and arrows")
			continue
		}
		broken = append(broken, r.checkPackage(p, own)...)
	}
	for k := range r.table {
		if !seen[k] {
			broken = append(broken, k+" is in the table and not in the module")
		}
	}
	slices.Sort(broken)
	return broken
}

// checkPackage checks the imports of one package. Its tests may import every
// package of tagwarden, but outside modules only as the package itself or as a
// test tool: a test that speaks to the SDK would tie two packages to it.
func (r rules) checkPackage(p listed, own rule) []string {
	var broken []string
	for _, path := range p.Imports {
		if why := r.refuses(own, path); why != "" {
			broken = append(broken, fmt.Sprintf("%s imports %s: %s", p.key(), path, why))
		}
	}
	for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
		if isStd(path) || isOurs(path) || covered(path, own.outside) || covered(path, r.testTools) {
			continue
		}
		broken = append(broken, fmt.Sprintf("a test of %s imports %s: it is neither in the package's entry nor a test tool", p.key(), path))
	}
	return slices.Compact(broken)
}

// refuses returns why a package under a rule may not import a path, or "".
func (r rules) refuses(own rule, path string) string {
	switch {
	case isOurs(path):
		key := strings.TrimPrefix(path, module+"/")
		to, ok := r.table[key]
		switch {
		case ok && !slices.Contains(r.below[own.layer], to.layer):
			return fmt.Sprintf("%s is above %s", to.layer, own.layer)
		case to.layer == vocabulary && own.layer != vocabulary:
			return ""
		case !slices.Contains(own.internal, key):
			return "the arrow is not in its entry (" + own.why + ")"
		}
	case slices.Contains(harmless, path):
		return ""
	case isStd(path):
		for _, f := range sortedKeys(r.forbidden[own.layer]) {
			if covered(path, []string{f}) {
				return r.forbidden[own.layer][f]
			}
		}
	case covered(path, own.outside), own.layer == tests && covered(path, r.testTools):
		return ""
	case covered(path, r.testTools):
		return "only tests may"
	default:
		return "the module is not in its entry (" + own.why + ")"
	}
	return ""
}

// checkClock returns a sentence for every call in the package's files, tests
// aside, that asks the system for the time where the package may not.
func (r rules) checkClock(p listed) ([]string, error) {
	names := r.timeless[r.table[p.key()].layer]
	if len(names) == 0 || slices.Contains(r.clockOwners, p.key()) {
		return nil, nil
	}
	var broken []string
	for _, name := range p.GoFiles {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		local := localName(f, "time")
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && local != "" && x.Name == local && slices.Contains(names, sel.Sel.Name) {
				broken = append(broken, fmt.Sprintf("%s/%s:%d uses time.%s: the time is a parameter",
					p.key(), name, fset.Position(sel.Pos()).Line, sel.Sel.Name))
			}
			return true
		})
	}
	return broken, nil
}

// localName is what a file calls an import, "" if it does not import it.
func localName(f *ast.File, path string) string {
	for _, i := range f.Imports {
		if got, err := strconv.Unquote(i.Path.Value); err == nil && got == path {
			if i.Name != nil {
				return i.Name.Name
			}
			return path
		}
	}
	return ""
}

// isOurs says whether a path is of this module.
func isOurs(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// isStd says whether a path is of the standard library: its first part has no
// dot.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// covered says whether a path is one of the roots or below one.
func covered(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}

// sortedKeys returns a map's keys, longest first, so that os/exec is tried
// before os.
func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return keys
}
