package expr

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"
)

// definition is a Define in one environment.
type definition struct {
	Define
	index int
	// problems are its own mistakes.
	problems []Problem
	// deps are the definitions that it names.
	deps []*definition
	// program is nil where it or what it names is mistaken.
	program *Program
}

// broken says that it or what it names is mistaken.
func (d *definition) broken() bool { return d.program == nil }

// addDefines checks all definitions, those that others name first, and makes
// variables of them.
func (env *environment) addDefines(defines []Define) {
	parsed := map[*definition]*checked{}
	for _, def := range defines {
		d := &definition{Define: def, index: len(env.defines)}
		env.defines = append(env.defines, d)
		if why, hint := env.badName(def.Name); why != "" {
			d.problems = append(d.problems, Problem{Line: 1, Column: 1, Width: 1, Summary: why, Hint: hint})
			continue
		}
		env.byName[def.Name] = d
	}
	for _, d := range env.byName {
		parsed[d] = env.parse(d.Source)
		for _, name := range parsed[d].names() {
			if dep, ok := env.byName[name]; ok {
				d.deps = append(d.deps, dep)
			}
		}
	}
	env.compileDefines(parsed)
	for _, d := range env.defines {
		for i := range d.problems {
			d.problems[i].Define = d.Name
		}
	}
}

// compileDefines compiles in order of use.
func (env *environment) compileDefines(parsed map[*definition]*checked) {
	order := slices.SortedFunc(maps.Values(env.byName), func(a, b *definition) int { return a.index - b.index })
	looped := env.findCycles(order, parsed)
	// A definition that uses itself is of any type, so that the mistake is said
	// once and what else is wrong is found all the same.
	for d := range looped {
		env.declare(d.Name, types.DynType)
	}
	compiled := map[*definition]bool{}
	var compile func(*definition)
	compile = func(d *definition) {
		if compiled[d] {
			return
		}
		compiled[d] = true
		for _, dep := range d.deps {
			compile(dep)
		}
		c := parsed[d]
		program, problems := c.compile("")
		d.problems = append(d.problems, problems...)
		if looped[d] {
			return
		}
		t := types.DynType
		if program != nil {
			d.program, t = program, c.resultType()
		}
		env.declare(d.Name, t)
	}
	for _, d := range order {
		compile(d)
	}
}

// findCycles returns the definitions that come back to themselves, each with
// a problem that says how.
func (env *environment) findCycles(order []*definition, parsed map[*definition]*checked) map[*definition]bool {
	looped, seen := map[*definition]bool{}, map[*definition]bool{}
	var path []*definition
	var visit func(*definition)
	visit = func(d *definition) {
		if at := slices.Index(path, d); at >= 0 {
			cycle := path[at:]
			for i, c := range cycle {
				if !looped[c] {
					looped[c] = true
					next := parsed[c].identOf(cycle[(i+1)%len(cycle)].Name)
					c.problems = append(c.problems, parsed[c].at(next, cycleText(cycle, i), ""))
				}
			}
			return
		}
		if seen[d] {
			return
		}
		seen[d], path = true, append(path, d)
		for _, dep := range d.deps {
			visit(dep)
		}
		path = path[:len(path)-1]
	}
	for _, d := range order {
		visit(d)
	}
	return looped
}

// declare makes a variable; the names were checked before, so that it cannot
// be there already.
func (env *environment) declare(name string, t *types.Type) {
	if err := env.checker.AddIdents(decls.NewVariable(name, t)); err != nil {
		panic(fmt.Sprintf("declaring %s: %v", name, err))
	}
	env.variables[name] = t
}

// cycleText says how the definition at i of a cycle comes back to itself.
func cycleText(cycle []*definition, i int) string {
	names := make([]string, 0, len(cycle)+1)
	for j := range len(cycle) + 1 {
		names = append(names, cycle[(i+j)%len(cycle)].Name)
	}
	return "the definition uses itself: " + strings.Join(names, " → ")
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// keywords cannot be names; the list is the language definition's RESERVED,
// with the literals and "in".
var keywords = []string{"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import",
	"in", "let", "loop", "package", "namespace", "null", "return", "true", "var", "void", "while"}

// badName returns why a definition cannot have the name and what would be
// right, or nothing.
func (env *environment) badName(name string) (why, hint string) {
	switch {
	case !identifier.MatchString(name):
		return fmt.Sprintf("%q cannot be the name of a definition", cut(name)), "a name is letters, digits and _, and begins with a letter"
	case slices.Contains(keywords, name):
		return fmt.Sprintf("%s cannot be the name of a definition: it is a word of the language", name), ""
	case slices.Contains(variableNames, name):
		return fmt.Sprintf("%s cannot be the name of a definition: it is a variable of the language", name), ""
	case env.isFunction(name):
		return fmt.Sprintf("%s cannot be the name of a definition: it is a function of the language", name), ""
	case env.isTypeName(name):
		return fmt.Sprintf("%s cannot be the name of a definition: it is a type of the language", name), ""
	case env.byName[name] != nil:
		return fmt.Sprintf("%s is defined twice", name), ""
	}
	return "", ""
}

func (env *environment) isFunction(name string) bool {
	if _, ok := env.cel.Functions()[name]; ok {
		return true
	}
	if slices.Contains(functionNames, name) {
		return true
	}
	for _, m := range env.cel.Macros() {
		if m.Function() == name {
			return true
		}
	}
	return false
}

func (env *environment) isTypeName(name string) bool {
	_, ok := env.cel.CELTypeProvider().FindIdent(name)
	return ok
}

// names are the variables that the expression names, in order of their
// places; none where it does not parse.
func (c *checked) names() []string {
	var names []string
	for _, e := range c.nodes {
		if e.Kind() == ast.IdentKind {
			names = append(names, strings.TrimPrefix(e.AsIdent(), "."))
		}
	}
	return names
}

// identOf returns the first place where a variable is named, which it must be.
func (c *checked) identOf(name string) ast.Expr {
	i := slices.IndexFunc(c.nodes, func(e ast.Expr) bool {
		return e.Kind() == ast.IdentKind && strings.TrimPrefix(e.AsIdent(), ".") == name
	})
	return c.nodes[i]
}
