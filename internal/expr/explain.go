package expr

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// explain says the type checker's errors in our words. What is wrong follows
// from the part of the expression that an error is about and from the types
// around it; the checker's own text is used for nothing but a kind of error
// that cannot be told in this way.
func (c *checked) explain(errs []*common.Error) []Problem {
	byID := map[int64]ast.Expr{}
	for _, e := range c.nodes {
		byID[e.ID()] = e
	}
	var problems []Problem
	for _, err := range errs {
		e, ok := byID[err.ExprID]
		if !ok {
			e = c.ast.Expr()
		}
		p, ok := c.explainOne(e)
		if !ok {
			p = c.at(e, err.Message, "")
		}
		problems = append(problems, p)
	}
	return problems
}

func (c *checked) explainOne(e ast.Expr) (Problem, bool) {
	if p, ok := c.notCondition(e); ok {
		return p, true
	}
	if root := rootOf(e); root != nil && !c.isKnown(root) {
		return c.unknownName(root), true
	}
	if loop, ok := c.parent[e.ID()]; ok && loop.Kind() == ast.ComprehensionKind && loop.AsComprehension().IterRange() == e &&
		c.typeOf(e).Kind() != types.ErrorKind {
		return c.at(e, fmt.Sprintf("%s has no elements to go through", typeName(c.typeOf(e))), "lists and maps have"), true
	}
	switch e.Kind() {
	case ast.SelectKind:
		return c.badSelect(e), true
	case ast.CallKind:
		return c.badCall(e), true
	case ast.StructKind:
		return c.madeObject(e), true
	}
	return Problem{}, false
}

// notCondition tells an operand of && and || that is no condition; the checker
// reports it at the operand.
func (c *checked) notCondition(e ast.Expr) (Problem, bool) {
	up, ok := c.parent[e.ID()]
	if !ok || up.Kind() != ast.CallKind {
		return Problem{}, false
	}
	t := c.typeOf(e)
	name := up.AsCall().FunctionName()
	if name != operators.LogicalAnd && name != operators.LogicalOr || t.Kind() == types.BoolKind || t.Kind() == types.DynKind || t.Kind() == types.ErrorKind {
		return Problem{}, false
	}
	return c.notBool(e), true
}

func (c *checked) notBool(e ast.Expr) Problem {
	return c.at(e, fmt.Sprintf("%s is wanted here, but this is %s", Bool, typeName(c.typeOf(e))), comparison)
}

// rootOf is the name that a chain of selections begins with, nil where it
// begins with something else.
func rootOf(e ast.Expr) ast.Expr {
	for {
		switch {
		case e.Kind() == ast.IdentKind:
			return e
		case e.Kind() == ast.SelectKind:
			e = e.AsSelect().Operand()
		case e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction():
			e = e.AsCall().Target()
		default:
			return nil
		}
	}
}

// isKnown says whether a name means something: the checker noted a type for
// it, or it gave up before it came to it and it is a variable.
func (c *checked) isKnown(ident ast.Expr) bool {
	if t := c.ast.GetType(ident.ID()); t != nil {
		return t.Kind() != types.ErrorKind
	}
	name := strings.TrimPrefix(ident.AsIdent(), ".")
	_, ok := c.env.variables[name]
	return ok || c.loopVariable(ident, name)
}

// loopVariable says whether a macro around a part makes a variable of that name.
func (c *checked) loopVariable(e ast.Expr, name string) bool {
	for up, ok := c.parent[e.ID()]; ok; up, ok = c.parent[up.ID()] {
		if up.Kind() == ast.ComprehensionKind && up.AsComprehension().IterVar() == name {
			return true
		}
	}
	return false
}

func (c *checked) unknownName(ident ast.Expr) Problem {
	name := strings.TrimPrefix(ident.AsIdent(), ".")
	if slices.Contains(variableNames, name) {
		return c.at(ident, name+" is not known here", c.env.whatThereIs())
	}
	if sig, ok := signatures[name]; ok {
		return c.at(ident, name+" is a function, not a variable", "write "+sig)
	}
	summary := fmt.Sprintf("there is no variable %s", name)
	if _, ok := c.env.subjectField(name); ok {
		return c.at(ident, summary, "write resource."+name)
	}
	if s := suggest(name, c.env.known()); s != "" {
		return c.at(ident, summary, didYouMean(s))
	}
	if up, ok := c.parent[ident.ID()]; ok && (up.Kind() == ast.SelectKind || up.Kind() == ast.CallKind && up.AsCall().Target() == ident) {
		return c.at(ident, summary, "")
	}
	return c.at(ident, summary, fmt.Sprintf("text is written in quotes: %q", name))
}

// whatThereIs says which variables the expression can name.
func (env *environment) whatThereIs() string {
	if env.subject == nil {
		return "subject and text know run and now, for what they say is about many resources"
	}
	if env.perRule {
		return "run is for subject and text; here there are rule, resource, account, creator, event and now"
	}
	return "run is for subject and text, rule for revoke; here there are resource, account, creator, event and now"
}

// suggest is diag.Suggest for words that are long enough to be a mistyped
// other one.
func suggest(word string, candidates []string) string {
	if len(word) < 2 {
		return ""
	}
	return diag.Suggest(word, candidates)
}

func didYouMean(s string) string { return fmt.Sprintf("did you mean %q?", s) }

func (c *checked) badSelect(e ast.Expr) Problem {
	s := e.AsSelect()
	t := c.typeOf(s.Operand())
	name := s.FieldName()
	switch t.TypeName() {
	case resourceType:
		verb := "has"
		if len(c.env.schemas) > 1 {
			verb = "share"
		}
		return c.atName(e, fmt.Sprintf("%s %s no field %q", c.env.typeNames(), verb, name), c.env.fieldHint(name))
	case accountType, creatorType, eventType, parentType, runType, itemType, ruleType:
		what := strings.TrimPrefix(t.TypeName(), "@")
		if hint, ok := accountHints[name]; ok && t.TypeName() == accountType {
			return c.atName(e, what+"."+name+" is not known", hint)
		}
		fields := sortedKeys(map[string]*kind{accountType: c.env.accounts, creatorType: creators, eventType: events, parentType: c.env.parents, runType: runs, itemType: items, ruleType: c.env.rules}[t.TypeName()].fields)
		hint := "it has " + strings.Join(fields, ", ")
		if s := suggest(name, fields); s != "" {
			hint = didYouMean(s)
		}
		return c.atName(e, fmt.Sprintf("%s has no field %q", what, name), hint)
	}
	return c.atName(e, fmt.Sprintf("%s has no fields, so there is no %q", typeName(t), name), "")
}

// fieldHint says what was meant by a field that the types do not have or do
// not share.
func (env *environment) fieldHint(name string) string {
	having := typesWith(env.schemas, name)
	switch {
	case len(having) == len(env.schemas):
		return "it is of another type in each of them; an expression over several types has the fields they share"
	case len(having) > 0:
		return "only " + haveIt(having) + "; an expression over several types has the fields they share"
	}
	if having = typesWith(env.all, name); len(having) > 0 {
		return haveIt(having)
	}
	if s := suggest(name, sortedKeys(env.subject.fields)); s != "" {
		return didYouMean(s)
	}
	return fmt.Sprintf("tagwarden schema %s lists the fields; a tag is read with tag(%q)", env.schemas[0].Type, name)
}

// typesWith are the types that have a field.
func typesWith(schemas []*resource.Schema, name string) []string {
	var having []string
	for _, s := range schemas {
		if _, ok := s.Field(name); ok {
			having = append(having, string(s.Type))
		}
	}
	return having
}

func haveIt(types []string) string {
	if len(types) == 1 {
		return types[0] + " has it"
	}
	return listed(types) + " have it"
}

// typeName is a type as people read it.
func typeName(t *types.Type) string {
	params := t.Parameters()
	switch {
	case t.Kind() == types.ListKind && len(params) == 1:
		return "list(" + typeName(params[0]) + ")"
	case t.Kind() == types.MapKind && len(params) == 2:
		return "map(" + typeName(params[0]) + ", " + typeName(params[1]) + ")"
	case t.Kind() == types.TimestampKind:
		return "timestamp"
	case t.Kind() == types.DurationKind:
		return "duration"
	case t.Kind() == types.NullTypeKind:
		return "null"
	case t.Kind() == types.DynKind, t.Kind() == types.ErrorKind:
		return "something"
	case t.Kind() == types.TypeKind:
		return "type"
	}
	return strings.TrimPrefix(t.TypeName(), "@")
}
