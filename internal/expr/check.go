package expr

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// checked is an expression on its way from text to program.
type checked struct {
	env    *environment
	source string
	text   text
	// ast is nil where the text does not parse.
	ast *ast.AST
	// problems are those of its syntax, then all.
	problems []Problem
	// nodes are the parts of the expression, outer before inner.
	nodes []ast.Expr
	// parent is the part that a part belongs to, by id.
	parent map[int64]ast.Expr
}

// parse reads the text.
func (env *environment) parse(source string) *checked {
	c := &checked{env: env, source: source, text: text([]rune(source)), parent: map[int64]ast.Expr{}}
	switch {
	case !utf8.ValidString(source):
		c.problems = []Problem{whole("the expression is not valid UTF-8")}
		return c
	case len(c.text) > MaxSource:
		c.problems = []Problem{whole(fmt.Sprintf("the expression is too long: %d characters where %d are allowed", len(c.text), MaxSource))}
		return c
	}
	parsed, issues := env.cel.Parse(source)
	if issues.Err() != nil {
		c.problems = c.syntax(issues.Errors())
		return c
	}
	c.ast = parsed.NativeRep()
	c.index(c.ast.Expr(), nil)
	return c
}

// index notes the parts of the expression and what they belong to.
func (c *checked) index(e, parent ast.Expr) {
	if e == nil || e.Kind() == ast.UnspecifiedExprKind {
		return
	}
	c.nodes = append(c.nodes, e)
	if parent != nil {
		c.parent[e.ID()] = parent
	}
	for _, child := range children(e) {
		c.index(child, e)
	}
}

func children(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.CallKind:
		if call := e.AsCall(); call.IsMemberFunction() {
			return append([]ast.Expr{call.Target()}, call.Args()...)
		}
		return e.AsCall().Args()
	case ast.MapKind:
		var all []ast.Expr
		for _, entry := range e.AsMap().Entries() {
			all = append(all, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return all
	case ast.StructKind:
		var all []ast.Expr
		for _, entry := range e.AsStruct().Fields() {
			all = append(all, entry.AsStructField().Value())
		}
		return all
	case ast.ComprehensionKind:
		l := e.AsComprehension()
		return []ast.Expr{l.IterRange(), l.AccuInit(), l.LoopCondition(), l.LoopStep(), l.Result()}
	default:
		return nil
	}
}

// compile checks the expression and makes a program of it. The program is nil
// where there is a problem, or where a definition that it names is broken. An
// empty want takes every type.
func (c *checked) compile(want Want) (*Program, []Problem) {
	if c.ast == nil {
		return nil, c.problems
	}
	result, errs := checker.Check(c.ast, common.NewTextSource(c.source), c.env.checker)
	c.ast, c.nodes = result, nil
	c.index(c.ast.Expr(), nil) // the checker puts some parts in place of others
	defines := c.defines()
	broken := slices.ContainsFunc(defines, (*definition).broken)
	c.problems = append(c.explain(errs.GetErrors()), c.rules(len(errs.GetErrors()) == 0 && !broken)...)
	if len(c.problems) == 0 && !broken || !isUntyped(c.resultType()) {
		c.problems = append(c.problems, c.wanted(want)...)
	}
	if len(c.problems) > 0 || broken {
		slices.SortStableFunc(c.problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		c.problems = slices.Compact(c.problems)
		return nil, c.problems
	}
	p, err := c.plan(defines)
	if err != nil {
		c.problems = []Problem{c.at(c.ast.Expr(), err.Error(), "")}
		return nil, c.problems
	}
	return p, nil
}

// plan makes the program of an expression that is right.
func (c *checked) plan(defines []*definition) (*Program, error) {
	limit := uint64(MaxCost)
	if c.env.subject == nil {
		limit = MaxTextCost
	}
	run, err := c.env.cel.PlanProgram(c.ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(limit), cel.CustomDecoratorV2(c.env.guard),
		cel.CostTrackerOptions(cost.OverloadTracker(officeOverload, officeCost), cost.OverloadTracker(lookupOverload, lookupCost), cost.OverloadTracker(metricOverload, lookupCost)))
	if err != nil {
		return nil, err
	}
	p := &Program{env: c.env, source: c.source, run: run, uses: c.collect(), event: c.asksEvent(defines)}
	for _, d := range defines {
		p.uses.add(d.program.uses)
	}
	if c.env.perRule {
		p.uses.fields[resource.RulesField] = true
	}
	facts := map[need.Fact]bool{}
	for _, f := range c.env.base {
		facts[f] = true
	}
	for name := range p.uses.fields {
		for _, s := range c.env.schemas {
			f, _ := s.Field(name)
			facts[f.Fact] = true
		}
	}
	if len(p.uses.creator) > 0 {
		facts[need.Creator] = true
	}
	for m := range p.uses.metrics {
		facts[m.Fact()] = true
	}
	p.facts = sortedKeys(facts)
	return p, nil
}

// defines are the definitions that the expression itself names.
func (c *checked) defines() []*definition {
	var found []*definition
	for _, name := range c.names() {
		if d, ok := c.env.byName[name]; ok && !slices.Contains(found, d) {
			found = append(found, d)
		}
	}
	return found
}

func (c *checked) typeOf(e ast.Expr) *types.Type {
	if t := c.ast.GetType(e.ID()); t != nil {
		return t
	}
	return types.ErrorType
}

// resultType is the type of the whole expression.
func (c *checked) resultType() *types.Type { return c.typeOf(c.ast.Expr()) }

// comparison is the hint where a condition is wanted.
const comparison = "compare it with something, as in x == y"

// wanted returns a problem where the expression is not of the type that is
// wanted.
func (c *checked) wanted(want Want) []Problem {
	got := c.resultType()
	var ok bool
	var hint string
	switch want {
	case Bool:
		ok, hint = got.Kind() == types.BoolKind, comparison
	case Text:
		ok, hint = got.Kind() == types.StringKind, "string(x) makes text of most things"
	case TagValue:
		ok, hint = got.Kind() == types.StringKind || got.Kind() == types.TimestampKind, "string(x) makes text of most things"
	case Length:
		ok, hint = got.Kind() == types.DurationKind, "write it as days(7) or hours(12)"
	default:
		ok = true
	}
	if got.Kind() == types.StructKind {
		hint = "name a field of it"
	}
	if ok {
		return nil
	}
	return []Problem{c.at(c.ast.Expr(), fmt.Sprintf("%s is wanted here, but this is %s", want, typeName(got)), hint)}
}
