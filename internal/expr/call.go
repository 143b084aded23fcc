package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// badCall explains a call of what does not exist, or with what it does not take.
func (c *checked) badCall(e ast.Expr) Problem {
	call := e.AsCall()
	name := call.FunctionName()
	if sign, ok := operators.FindReverse(name); ok || name == operators.Index || name == operators.Conditional {
		return c.badOperator(e, sign)
	}
	f, ok := c.env.cel.Functions()[name]
	if !ok {
		return c.unknownFunction(e)
	}
	used := c.usedAs(call)
	if sig, ok := signatures[name]; ok {
		return c.at(e, fmt.Sprintf("%s is not a way to call %s", used, name), "write "+sig)
	}
	return c.at(e, fmt.Sprintf("%s is not a way to call %s", used, name), "write "+strings.Join(usages(f), " or "))
}

func (c *checked) unknownFunction(e ast.Expr) Problem {
	name := e.AsCall().FunctionName()
	if name == "tag" || name == metric {
		return c.atName(e, name+"() is not known here", c.env.whatThereIs())
	}
	if _, ok := c.env.variables[name]; ok {
		return c.atName(e, fmt.Sprintf("%s is a variable, not a function", name), "write "+name+" without brackets")
	}
	var names []string
	for n := range c.env.cel.Functions() {
		if _, operator := operators.FindReverse(n); !operator && identifier.MatchString(n) {
			names = append(names, n)
		}
	}
	for _, m := range c.env.cel.Macros() {
		if m.Function() == name {
			return c.atName(e, fmt.Sprintf("this is not a way to call %s", name), macroUse(name))
		}
		names = append(names, m.Function())
	}
	hint := ""
	if s := suggest(name, names); s != "" {
		hint = didYouMean(s)
	}
	return c.atName(e, fmt.Sprintf("there is no function %s", name), hint)
}

// macroUse is how CEL's macros are written.
func macroUse(name string) string {
	if name == "has" {
		return `write has(resource.tags.Project)`
	}
	return fmt.Sprintf("write list.%s(x, …), where x names an element", name)
}

// usedAs is a call as it is written, types in place of values.
func (c *checked) usedAs(call ast.CallExpr) string {
	args := make([]string, len(call.Args()))
	for i, a := range call.Args() {
		args[i] = typeName(c.typeOf(a))
	}
	s := call.FunctionName() + "(" + strings.Join(args, ", ") + ")"
	if call.IsMemberFunction() {
		return typeName(c.typeOf(call.Target())) + "." + s
	}
	return s
}

// usages are the ways to call a function, the first four.
func usages(f *decls.FunctionDecl) []string {
	var all []string
	for _, o := range f.OverloadDecls() {
		args := make([]string, len(o.ArgTypes()))
		for i, t := range o.ArgTypes() {
			args[i] = typeName(t)
		}
		s := f.Name() + "(" + strings.Join(args, ", ") + ")"
		if o.IsMemberFunction() {
			s = args[0] + "." + f.Name() + "(" + strings.Join(args[1:], ", ") + ")"
		}
		if all = append(all, s); len(all) == 4 {
			break
		}
	}
	return all
}

// badOperator explains an operator between what it does not go with.
func (c *checked) badOperator(e ast.Expr, sign string) Problem {
	args := e.AsCall().Args()
	t := make([]*types.Type, len(args))
	for i, a := range args {
		t[i] = c.typeOf(a)
	}
	name := e.AsCall().FunctionName()
	switch {
	case name == operators.Conditional && t[0].Kind() != types.BoolKind && !c.isWritten(e, '?'):
		return c.notBool(args[0]) // of a macro
	case name == operators.Conditional && t[0].Kind() != types.BoolKind:
		return c.at(args[0], fmt.Sprintf("a condition (bool) is wanted before the ?, but this is %s", typeName(t[0])), "")
	case name == operators.Conditional:
		return c.at(e, fmt.Sprintf("the two answers must be of one type, but they are %s and %s", typeName(t[1]), typeName(t[2])), "")
	case name == operators.Index:
		return c.at(e, fmt.Sprintf("%s cannot be looked up in %s", typeName(t[1]), typeName(t[0])), "")
	case len(args) == 1 && name == operators.LogicalNot:
		return c.at(args[0], fmt.Sprintf("a condition (bool) is wanted after !, but this is %s", typeName(t[0])), "")
	case len(args) == 1:
		return c.at(e, fmt.Sprintf("%s%s is not possible", sign, typeName(t[0])), "")
	default:
		return c.at(e, fmt.Sprintf("%s %s %s is not possible", typeName(t[0]), sign, typeName(t[1])), operandHint(name, t[0], t[1]))
	}
}

// isWritten says whether a part is in the text with that sign, and was not
// made by a macro.
func (c *checked) isWritten(e ast.Expr, sign rune) bool {
	o, ok := c.ast.SourceInfo().GetOffsetRange(e.ID())
	return ok && int(o.Start) < len(c.text) && c.text[o.Start] == sign
}

// operandHint says what would go with the other operand.
func operandHint(name string, a, b *types.Type) string {
	has := func(x, y types.Kind) bool { return a.Kind() == x && b.Kind() == y || a.Kind() == y && b.Kind() == x }
	switch {
	case name == operators.In:
		return "the right side of in is a list of such values or a map with such keys"
	case has(types.DurationKind, types.IntKind), has(types.DurationKind, types.StringKind):
		return "write a length of time as days(7) or hours(12)"
	case has(types.TimestampKind, types.StringKind), has(types.TimestampKind, types.IntKind):
		return `write a time as date("2026-12-31")`
	case has(types.TimestampKind, types.DurationKind):
		return "now - x is how long ago x was"
	case has(types.StringKind, types.IntKind), has(types.StringKind, types.DoubleKind):
		return "int(x) makes a number of text, string(x) text of a number"
	case has(types.IntKind, types.DoubleKind):
		return "double(x) makes a fraction of a whole number"
	}
	return ""
}
