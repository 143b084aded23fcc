// Package expr turns the conditions of a policy into checked programs whose
// evaluation has a limit. It is the only user of CEL.
//
// An answer is known or it is not: whatever goes wrong in an evaluation gives
// an *Unknown and never an answer. Facts of a resource that were not fetched
// are one such thing; the Unknown names them, so that the caller can fetch
// them and ask again, until none is named.
package expr

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// Compiler makes programs of expressions that share a zone, definitions and
// tables. It is safe for concurrent use.
type Compiler struct {
	zone    *time.Location
	defines []Define
	tables  map[string]*Table
	// schemas are the types there are; a field for tests over several types.
	schemas []*resource.Schema
	// accounts is the kind of the variable account.
	accounts *kind

	mu   sync.Mutex
	envs map[string]*environment
}

// NewCompiler returns a compiler. The zone is that of today(), date() and of
// the days written into tags. Mistakes in the definitions are told by
// CheckDefines and by every Compile of an expression that uses them. The tables
// are those that lookup() knows, and must not be changed any more.
func NewCompiler(zone *time.Location, defines []Define, tables ...*Table) *Compiler {
	byName := make(map[string]*Table, len(tables))
	for _, t := range tables {
		byName[t.Name] = t
	}
	return &Compiler{tables: byName, zone: zone, defines: slices.Clone(defines), schemas: resource.Schemas(), accounts: accountKind(AccountFields{}), envs: map[string]*environment{}}
}

// Compile checks an expression for resources of these types; over several
// types it has the fields that all share with one type. No types mean an
// expression of subject or text, which sees the run in place of a resource.
// The program is nil where there are problems. The problems are the
// expression's own by their places, then those of the definitions it uses.
func (c *Compiler) Compile(source string, want Want, types []resource.Type) (*Program, []Problem) {
	return c.compile(source, want, types, false)
}

// CompileRule checks a condition over the rules of resources of these types,
// which all have some: beside what other expressions see it sees one of them as
// rule. Its Input has a Rule.
func (c *Compiler) CompileRule(source string, types []resource.Type) (*Program, []Problem) {
	return c.compile(source, Bool, types, true)
}

func (c *Compiler) compile(source string, want Want, types []resource.Type, perRule bool) (*Program, []Problem) {
	env, problems := c.environment(types, perRule)
	if env == nil {
		return nil, problems
	}
	checked := env.parse(source)
	defines := checked.defines()
	program, problems := checked.compile(want)
	seen := map[*definition]bool{}
	var add func(*definition)
	add = func(d *definition) {
		if seen[d] {
			return
		}
		seen[d] = true
		problems = append(problems, d.problems...)
		for _, dep := range d.deps {
			add(dep)
		}
	}
	for _, d := range defines {
		add(d)
	}
	return program, problems
}

// CheckDefines returns the mistakes in all definitions when they are used for
// resources of these types.
func (c *Compiler) CheckDefines(types []resource.Type) []Problem {
	env, problems := c.environment(types, false)
	if env == nil {
		return problems
	}
	for _, d := range env.defines {
		problems = append(problems, d.problems...)
	}
	return problems
}

// environment returns the environment of some types, made when it is first
// asked for.
func (c *Compiler) environment(of []resource.Type, perRule bool) (*environment, []Problem) {
	of = slices.Clone(of)
	slices.Sort(of)
	of = slices.Compact(of)
	var schemas []*resource.Schema
	var problems []Problem
	key := strings.Builder{}
	for _, t := range of {
		i := slices.IndexFunc(c.schemas, func(s *resource.Schema) bool { return s.Type == t })
		if i < 0 {
			problems = append(problems, whole(fmt.Sprintf("there is no resource type %q", cut(string(t)))))
			continue
		}
		schemas = append(schemas, c.schemas[i])
		key.WriteString(string(t) + "\n")
	}
	if len(problems) > 0 {
		return nil, problems
	}
	if perRule {
		key.WriteString("rule\n")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if env, ok := c.envs[key.String()]; ok {
		return env, nil
	}
	env, err := newEnvironment(c, schemas, perRule)
	if err != nil {
		return nil, []Problem{whole(err.Error())}
	}
	c.envs[key.String()] = env
	return env, nil
}

// whole is a problem with an expression as a whole.
func whole(summary string) Problem { return Problem{Line: 1, Column: 1, Width: 1, Summary: summary} }
