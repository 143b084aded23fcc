package expr

import (
	"errors"
	"slices"
	"time"

	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// evaluation is one run of a program on one input: where the names of the
// expression find their values. It is CEL's activation, which asks for a name
// when the expression gets to it and not before.
type evaluation struct {
	env *environment
	in  Input
	// subject, place, maker and woken are what the names resource, account,
	// creator and event stand for.
	subject, place, maker, woken object
	// exact says that nothing may stand in for the name of a creator who cannot
	// be found.
	exact bool
	// missing are the facts that a getter asked for and that were not fetched.
	missing []need.Fact
	// defined are the values of the definitions, nil where not worked out yet.
	defined []ref.Val
	// The functions that need the input or the tables, made once for an
	// evaluation that is used again and again.
	tagOf, todayIs, withinHours, lookedUp, measured functions.LateBoundOp
}

func newEvaluation(env *environment) *evaluation {
	e := &evaluation{env: env, defined: make([]ref.Val, len(env.defines))}
	e.subject = object{kind: env.subject, self: e}
	e.place = object{kind: env.accounts, self: e}
	e.maker = object{kind: creators, self: e}
	e.woken = object{kind: events, self: e}
	e.tagOf, e.todayIs, e.withinHours, e.lookedUp, e.measured = e.tag, e.today, e.officeHours, e.lookup, e.metric
	return e
}

// reset forgets the input, so that a kept evaluation holds on to no resource.
func (e *evaluation) reset() {
	e.in, e.exact = Input{}, false
	e.missing = nil // the caller may have it
	clear(e.defined)
}

// ResolveName returns the value of a variable or definition.
func (e *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case "resource":
		return &e.subject, true
	case "now":
		return types.Timestamp{Time: e.in.Now}, true
	case "account":
		return &e.place, true
	case "creator":
		return &e.maker, true
	case "event":
		return &e.woken, true
	case "rule":
		return &object{kind: e.env.rules, self: e.in.Rule}, true
	case "run":
		return &object{kind: runs, self: e.in.Run}, true
	}
	d, ok := e.env.byName[name]
	if !ok || d.program == nil {
		return nil, false
	}
	if e.defined[d.index] == nil {
		e.defined[d.index] = e.define(d)
	}
	return e.defined[d.index], true
}

// define works a definition out. Its mistake is turned into words here,
// because only here is it known whose expression the mistake's place is in.
func (e *evaluation) define(d *definition) ref.Val {
	v, err := d.program.eval(e)
	if err == nil {
		return v
	}
	if n, ok := errors.AsType[*nobody](err); ok {
		return types.WrapErr(n)
	}
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) {
		return types.WrapErr(&worded{"the definition " + d.Name + ": " + tooCostly})
	}
	return types.WrapErr(&worded{d.program.reason(err)})
}

// Parent is part of CEL's activation.
func (e *evaluation) Parent() interpreter.Activation { return nil }

// ResolveFunction returns the functions whose answer depends on the input.
func (e *evaluation) ResolveFunction(name string) (functions.LateBoundOp, bool) {
	switch name {
	case "tag":
		return e.tagOf, true
	case "today":
		return e.todayIs, true
	case officeHours:
		return e.withinHours, true
	case lookup:
		return e.lookedUp, true
	case metric:
		return e.measured, true
	}
	return nil, false
}

func (e *evaluation) tag(_ string, args ...ref.Val) ref.Val {
	return types.String(e.in.Resource.Tags()[string(args[0].(types.String))])
}

func (e *evaluation) today(string, ...ref.Val) ref.Val {
	y, m, d := e.in.Now.In(e.env.zone).Date()
	return types.Timestamp{Time: midnight(y, m, d, e.env.zone)}
}

// field reads a field of the resource.
func (e *evaluation) field(get func(resource.Resource, time.Time) (any, error)) (any, error) {
	v, err := get(e.in.Resource, e.in.Now)
	if err == nil {
		switch v := v.(type) {
		case resource.Parent:
			return &object{kind: e.env.parents, self: family{v, e}}, nil
		case []resource.Rule:
			return e.env.ruleObjects(v), nil
		}
		return v, nil
	}
	return nil, e.lacks(err)
}

// lacks notes the fact that was not fetched, where that is the error of a
// getter, and returns the error for people.
func (e *evaluation) lacks(err error) *worded {
	var m *resource.MissingFact
	if errors.As(err, &m) && !slices.Contains(e.missing, m.Fact) {
		e.missing = append(e.missing, m.Fact)
	}
	return &worded{err.Error()}
}

// worded is a mistake whose text is for people as it stands.
type worded struct{ text string }

// Error is the text.
func (f *worded) Error() string { return f.text }
