package expr

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tagwarden/tagwarden/internal/span"
)

// rules are what we ask of an expression beyond its types. Most keep what CEL
// does not count the cost of within bounds: values of unknown type and lists
// in lists can share their parts, so that a few words make one whose
// comparison takes for ever. typed says that the types are all known.
func (c *checked) rules(typed bool) []Problem {
	var problems []Problem
	add := func(p Problem) { problems = append(problems, p) }
	for _, e := range c.nodes {
		t := c.typeOf(e)
		switch e.Kind() {
		case ast.StructKind:
			if typed {
				add(c.madeObject(e))
			}
		case ast.ComprehensionKind:
			if name := e.AsComprehension().IterVar(); c.env.variables[name] != nil || slices.Contains(variableNames, name) {
				add(c.at(e, fmt.Sprintf("%s already names a variable", name), "give the element another name, such as x"))
			}
		case ast.SelectKind:
			if e.AsSelect().IsTestOnly() && c.isObject(e.AsSelect().Operand()) {
				add(c.at(e, fmt.Sprintf("has() cannot be asked of %s: the field is always there", e.AsSelect().FieldName()), c.insteadOfHas(e)))
			}
		case ast.CallKind:
			problems = append(problems, c.callRules(e, typed)...)
		}
		if c.isObject(e) && !isElement(t) && !c.isOperand(e) {
			add(c.bareObject(e))
		}
		if typed && c.beginsUntyped(e) {
			add(c.untyped(e))
		}
	}
	return problems
}

// callRules are what we ask of a call.
func (c *checked) callRules(e ast.Expr, typed bool) []Problem {
	switch e.AsCall().FunctionName() {
	case officeHours:
		return c.constantOffice(e)
	case metric:
		return c.badMetric(e)
	}
	if p, ok := c.badLookup(e); ok {
		return []Problem{p}
	}
	if p, ok := c.constantCall(e); ok {
		return []Problem{p}
	}
	if p, ok := c.unboundedCall(e, typed); ok {
		return []Problem{p}
	}
	return nil
}

func (c *checked) insteadOfHas(e ast.Expr) string {
	if field, ok := c.env.subjectField(e.AsSelect().FieldName()); ok && field.Kind() == types.MapKind {
		return "name a key of it, as in has(resource.tags.Project)"
	}
	return "compare it with what it is where there is none, such as \"\""
}

// isObject says whether a part is one of our objects.
func (c *checked) isObject(e ast.Expr) bool { return strings.HasPrefix(c.typeOf(e).TypeName(), "@") }

// isElement says whether a type is that of the objects that lists are made of:
// a macro that gathers some of them names them by themselves.
func isElement(t *types.Type) bool { return t.TypeName() == itemType || t.TypeName() == ruleType }

// isOperand says whether a field is selected from a part.
func (c *checked) isOperand(e ast.Expr) bool {
	up, ok := c.parent[e.ID()]
	return ok && up.Kind() == ast.SelectKind
}

// bareObject refuses an object by itself: facts follow from the fields that
// an expression names, and this names none.
func (c *checked) bareObject(e ast.Expr) Problem {
	name := strings.TrimPrefix(c.typeOf(e).TypeName(), "@")
	example := map[string]string{"resource": "resource.id", "account": "account.id", "creator": "creator.name", "parent": "resource.parent.id", "run": "run.policy"}[name]
	return c.at(e, fmt.Sprintf("%s is no value by itself", name), "name a field of it, such as "+example)
}

func (c *checked) madeObject(e ast.Expr) Problem {
	return c.at(e, fmt.Sprintf("objects such as %s{…} cannot be made", cut(e.AsStruct().TypeName())), "")
}

// isUntyped says whether a type leaves something open, as one does that a
// mistake is in.
func isUntyped(t *types.Type) bool {
	switch t.Kind() {
	case types.DynKind, types.AnyKind, types.ErrorKind:
		return true
	default:
		return slices.ContainsFunc(t.Parameters(), isUntyped)
	}
}

// beginsUntyped says whether a part is of unknown type and none of its parts
// is. The list that format() is given may hold what it likes.
func (c *checked) beginsUntyped(e ast.Expr) bool {
	if t := c.typeOf(e); t.Kind() == types.TypeKind || !isUntyped(t) || len(children(e)) == 0 && e.Kind() != ast.IdentKind {
		return false
	}
	if slices.ContainsFunc(children(e), func(p ast.Expr) bool { return isUntyped(c.typeOf(p)) }) {
		return false
	}
	up, ok := c.parent[e.ID()]
	return !(ok && e.Kind() == ast.ListKind && up.Kind() == ast.CallKind && up.AsCall().FunctionName() == "format")
}

func (c *checked) untyped(e ast.Expr) Problem {
	switch e.Kind() {
	case ast.ListKind, ast.MapKind:
		return c.at(e, "the values in it are of different types", "")
	case ast.CallKind:
		return c.at(e, fmt.Sprintf("the type of what %s() gives is not known", e.AsCall().FunctionName()), "leave it out")
	}
	return c.at(e, "the type of this is not known", "")
}

// unboundedCall refuses the calls that CEL makes at a cost it does not count.
func (c *checked) unboundedCall(e ast.Expr, typed bool) (Problem, bool) {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals, operators.In:
		for _, a := range args {
			if t := c.typeOf(a); typed && isNested(t) && !isUntyped(t) {
				return c.at(a, fmt.Sprintf("%s cannot be compared", typeName(t)), "compare the lists in it one by one"), true
			}
		}
	case operators.Add:
		// The list that a macro gathers is CEL's own.
		if c.typeOf(e).Kind() == types.ListKind && !(args[0].Kind() == ast.IdentKind && strings.HasPrefix(args[0].AsIdent(), "@")) {
			return c.at(e, "lists cannot be added", "ask each of them, as in x in a || x in b"), true
		}
	case "format":
		for _, a := range args {
			if a.Kind() != ast.ListKind {
				return c.at(a, "format() takes a list that is written out", `as in "%s has %d".format([run.policy, run.violations])`), true
			}
			for _, part := range a.AsList().Elements() {
				if isNested(c.typeOf(part)) {
					return c.at(part, fmt.Sprintf("%s cannot be written", typeName(c.typeOf(part))), ""), true
				}
			}
		}
	}
	return Problem{}, false
}

// isNested says whether a type is a list or map with lists or maps in it.
func isNested(t *types.Type) bool {
	container := func(t *types.Type) bool { return t.Kind() == types.ListKind || t.Kind() == types.MapKind }
	return container(t) && slices.ContainsFunc(t.Parameters(), container)
}

// constantCall finds a call that fails whatever the resource is, because what
// it is given is written out.
func (c *checked) constantCall(e ast.Expr) (Problem, bool) {
	call := e.AsCall()
	args := call.Args()
	if len(args) == 0 {
		return Problem{}, false
	}
	arg := args[len(args)-1]
	if arg.Kind() != ast.LiteralKind || len(args) == 2 && call.FunctionName() != "matches" {
		return Problem{}, false
	}
	var v ref.Val
	switch lit := arg.AsLiteral().(type) {
	case types.String:
		v = c.constantText(call.FunctionName(), lit)
	case types.Int:
		switch call.FunctionName() {
		case "days":
			v = lengthOf(lit, "days", span.Day)
		case "hours":
			v = lengthOf(lit, "hours", time.Hour)
		}
	}
	if err, ok := v.(*types.Err); ok {
		return c.at(arg, err.Error(), ""), true
	}
	return Problem{}, false
}

func (c *checked) constantText(function string, s types.String) ref.Val {
	switch function {
	case "matches":
		if _, err := pattern(string(s)); err != nil {
			return types.WrapErr(err)
		}
	case "date":
		return dateOf(string(s), c.env.zone)
	case "timestamp":
		if v := s.ConvertToType(types.TimestampType); types.IsError(v) {
			return types.WrapErr(&worded{fmt.Sprintf("%q is no time: write it as 2026-01-31T09:00:00Z, or use date()", cut(string(s)))})
		}
	case "duration":
		if v := s.ConvertToType(types.DurationType); types.IsError(v) {
			return types.WrapErr(&worded{fmt.Sprintf("%q is no length of time: write it as 12h or 90m, or use days()", cut(string(s)))})
		}
	}
	return nil
}
