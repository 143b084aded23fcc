package expr

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// environment is what expressions over one set of types see. It is made when
// the first of them is compiled and does not change after that.
type environment struct {
	zone *time.Location
	// schemas are of the types, sorted by type; empty for subject and text.
	schemas []*resource.Schema
	// all are the schemas of every type there is, for hints.
	all []*resource.Schema
	// subject is the kind of the variable resource, nil where there is none.
	subject *kind
	// parents is the kind of its field parent.
	parents *kind
	// accounts is the kind of the variable account.
	accounts *kind
	// rules is the kind of the elements of its field rules, and of the variable
	// rule, which is there where perRule says so.
	rules   *kind
	perRule bool
	// base is what listing the types gives.
	base []need.Fact
	// variables are the names of the variables, and their types.
	variables map[string]*types.Type
	cel       *cel.Env
	checker   *checker.Env
	// calls are what the guarded functions do.
	calls   map[string]func(...ref.Val) ref.Val
	defines []*definition
	byName  map[string]*definition
	offices offices
	// tables are what lookup() knows, by name.
	tables map[string]*Table
	// evaluations keeps evaluations to be used again.
	evaluations sync.Pool
}

// celTypes are the types of fields in CEL.
var celTypes = map[resource.FieldType]*types.Type{
	resource.String:     types.StringType,
	resource.Bool:       types.BoolType,
	resource.Int:        types.IntType,
	resource.Timestamp:  types.TimestampType,
	resource.Duration:   types.DurationType,
	resource.StringList: types.NewListType(types.StringType),
	resource.StringMap:  types.NewMapType(types.StringType, types.StringType),
	resource.ParentRef:  types.NewObjectType(parentType),
	resource.RuleList:   types.NewListType(types.NewObjectType(ruleType)),
}

// newEnvironment makes the environment of some types, sorted; none make that
// of subject and text. perRule adds the variable rule.
func newEnvironment(c *Compiler, schemas []*resource.Schema, perRule bool) (*environment, error) {
	env := &environment{
		perRule: perRule, zone: c.zone, schemas: schemas, all: c.schemas, tables: c.tables, accounts: c.accounts, byName: map[string]*definition{},
		variables: map[string]*types.Type{"now": types.TimestampType},
		calls:     map[string]func(...ref.Val) ref.Val{},
	}
	env.parents = env.parentKind()
	env.rules = env.ruleKind()
	kinds := map[string]*kind{parentType: env.parents, accountType: env.accounts, creatorType: creators, runType: runs, itemType: items, ruleType: env.rules, eventType: events}
	if len(schemas) > 0 {
		env.subject = env.subjectKind()
		kinds[resourceType] = env.subject
		env.variables["resource"], env.variables["account"], env.variables["creator"] = env.subject.typ, env.accounts.typ, creators.typ
		env.variables["event"] = events.typ
	} else {
		env.variables["run"] = runs.typ
	}
	if perRule {
		env.variables["rule"] = env.rules.typ
	}
	if err := env.setUp(kinds); err != nil {
		return nil, fmt.Errorf("setting up the expression language: %w", err)
	}
	env.addDefines(c.defines)
	env.evaluations.New = func() any { return newEvaluation(env) }
	return env, nil
}

// setUp makes CEL's own environment and checker. The checker is ours to hold
// because CEL's way to check gives back no types where there is a mistake, and
// the types are what a mistake is explained with.
func (env *environment) setUp(kinds map[string]*kind) error {
	std, err := cel.NewEnv(append(declareFunctions(env.zone, env.subject != nil),
		ext.Strings(),
		cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(MaxSource),
		cel.ParserRecursionLimit(maxNesting),
		cel.ExpressionNodeLimit(maxNodes),
	)...)
	if err != nil {
		return err
	}
	p := &provider{Provider: std.CELTypeProvider(), kinds: kinds}
	if env.cel, err = std.Extend(cel.CustomTypeProvider(p)); err != nil {
		return err
	}
	for name := range guards {
		if env.calls[name], err = bound(env.cel, name); err != nil {
			return err
		}
	}
	if env.checker, err = checker.NewEnv(containers.DefaultContainer, p, checker.CrossTypeNumericComparisons(true)); err != nil {
		return err
	}
	for _, f := range env.cel.Functions() {
		if f.IsDeclarationDisabled() {
			continue
		}
		if err := env.checker.AddFunctions(f); err != nil {
			return err
		}
	}
	for name, t := range env.variables {
		if err := env.checker.AddIdents(decls.NewVariable(name, t)); err != nil {
			return err
		}
	}
	return nil
}

// subjectKind is the kind of resource: the fields that all types share.
func (env *environment) subjectKind() *kind {
	k := newKind(resourceType)
	for _, f := range env.schemas[0].Fields {
		if env.sharedType(f.Name) == "" || f.Name == resource.TagsOfParent {
			continue
		}
		read := f.Get
		if len(env.schemas) > 1 {
			read = env.readByType(f.Name)
		}
		k.add(f.Name, celTypes[f.Type], func(self any) (any, error) { return self.(*evaluation).field(read) })
	}
	for _, s := range env.schemas {
		if f, ok := s.Field("id"); ok && !slices.Contains(env.base, f.Fact) {
			env.base = append(env.base, f.Fact)
		}
	}
	return k
}

// sharedType is the type of a field that all types have alike, "" for others.
func (env *environment) sharedType(name string) resource.FieldType {
	var shared resource.FieldType
	for i, s := range env.schemas {
		f, ok := s.Field(name)
		if !ok || i > 0 && f.Type != shared {
			return ""
		}
		shared = f.Type
	}
	return shared
}

// subjectField is the type of a field of resource.
func (env *environment) subjectField(name string) (*types.Type, bool) {
	if env.subject == nil || env.subject.fields[name] == nil {
		return nil, false
	}
	return env.subject.fields[name].Type, true
}

// readByType reads a field with the getter of the resource's own type.
func (env *environment) readByType(name string) func(resource.Resource, time.Time) (any, error) {
	fields := map[resource.Type]resource.Field{}
	for _, s := range env.schemas {
		fields[s.Type], _ = s.Field(name)
	}
	return func(r resource.Resource, now time.Time) (any, error) {
		f, ok := fields[resource.KindOf(r)]
		if !ok {
			f = fields[resource.Any]
		}
		return f.Get(r, now)
	}
}

// accepts returns why the input is not one for this environment. A getter
// would panic on a resource of another type.
func (env *environment) accepts(in Input) error {
	switch {
	case env.subject == nil && in.Run == nil:
		return &worded{"there is no run to speak of"}
	case env.subject == nil:
		return nil
	case in.Resource == nil:
		return &worded{"there is no resource to judge"}
	case env.perRule && in.Rule == nil:
		return &worded{"there is no rule to judge"}
	}
	t := resource.KindOf(in.Resource)
	for _, s := range env.schemas {
		if s.Type == t || s.Type == resource.Any {
			return nil
		}
	}
	return &worded{fmt.Sprintf("the expression is not for resources of type %s", t)}
}

// begin returns an evaluation of the input; give it back to end.
func (env *environment) begin(in Input) *evaluation {
	e := env.evaluations.Get().(*evaluation)
	e.in = in
	return e
}

func (env *environment) end(e *evaluation) {
	e.reset()
	env.evaluations.Put(e)
}

// typeNames is the types as a sentence names them.
func (env *environment) typeNames() string {
	names := make([]string, len(env.schemas))
	for i, s := range env.schemas {
		names[i] = string(s.Type)
	}
	return listed(names)
}

// listed is words as a sentence lists them.
func listed(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
