package expr

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// The limits of an expression. A policy may be written by somebody else than
// who runs it, and tag values by anybody: neither can hang the run.
const (
	// MaxSource is how many characters an expression may have. The longest
	// sensible ones list some hundreds of ids.
	MaxSource = 16_000
	// maxNodes is how many parts an expression may have, those that macros make
	// counted. A list of ids of MaxSource characters has some 1000.
	maxNodes = 8_000
	// maxNesting is how deep brackets and operators may nest. CEL's parser and
	// checker recurse some frames for each.
	maxNesting = 100
	// MaxCost is what one evaluation may cost, in CEL's units: one for reading a
	// variable, a field or a list's element, and for a call as much as it reads
	// (a tenth for a character) and makes. A typical condition costs some 10; a
	// tag's 256 characters searched by a pattern cost some 100. It takes some
	// 10 ms to spend, and each definition has as much again.
	MaxCost = 100_000
	// MaxTextCost is the same for subject and text, which run once for a digest
	// and may walk through a great many items.
	MaxTextCost = 10_000_000
	// maxWork is how many bytes one call may make or compare: CEL counts what a
	// call costs only after it.
	maxWork = 1 << 20
	// maxPattern is how many instructions a pattern may compile to. A counted
	// repetition such as [0-9]{4} takes one for each count.
	maxPattern = 1_000
)

// guards say how much a call is going to do, in bytes, before it is made: for
// the calls that can do more than in proportion to what they are given.
var guards = map[string]func(args []ref.Val) int{
	"replace": func(a []ref.Val) int {
		s, old := length(a[0]), length(a[1])
		return s + (s/max(1, old)+1)*length(a[2])
	},
	"join": func(a []ref.Val) int {
		total := length(a[0])
		if len(a) > 1 {
			total += elements(a[0]) * length(a[1])
		}
		return total
	},
	"format":      func(a []ref.Val) int { return length(a[0]) + length(a[1]) },
	"indexOf":     search,
	"lastIndexOf": search,
	"matches":     func(a []ref.Val) int { return 16 * (length(a[0]) + length(a[1])) },
}

// search is the work of looking for one text in another, character by
// character; comparing 64 of them takes about as long as making one byte.
func search(a []ref.Val) int { return length(a[0]) / 64 * length(a[1]) }

// length is how many bytes a value takes as text, roughly.
func length(v ref.Val) int {
	switch v := v.(type) {
	case types.String:
		return len(v)
	case types.Bytes:
		return len(v)
	case traits.Iterable:
		total := 0
		for it := v.Iterator(); it.HasNext() == types.True && total < maxWork; {
			key := it.Next()
			total += length(key)
			if m, ok := v.(traits.Mapper); ok {
				total += length(m.Get(key))
			}
		}
		return total
	default:
		return 24 // a timestamp, the longest of the others
	}
}

func elements(v ref.Val) int {
	if s, ok := v.(traits.Sizer); ok {
		if n, ok := s.Size().(types.Int); ok {
			return int(n)
		}
	}
	return 0
}

// guarded is a call that is only made where a guard lets it. It takes the
// place of CEL's own node.
type guarded struct {
	interpreter.InterpretableCall
	// call is what CEL would run.
	call func(args ...ref.Val) ref.Val
	work func(args []ref.Val) int
}

// guardedNode hides that a guarded call is a call from the planner, which
// would replace a constant pattern's by an unguarded one.
type guardedNode struct{ call *guarded }

// ID is part of CEL's Interpretable.
func (n guardedNode) ID() int64 { return n.call.ID() }

// Eval is part of CEL's Interpretable.
func (n guardedNode) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, n.Exec)
}

// Exec is part of CEL's InterpretableV2: it works the arguments out, asks the
// guard, makes the call and counts its cost.
func (n guardedNode) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	args := make([]ref.Val, len(n.call.Args()))
	for i, a := range n.call.Args() {
		args[i] = a.Exec(frame)
		if types.IsUnknownOrError(args[i]) {
			return args[i]
		}
	}
	if n.call.work(args) > maxWork {
		return types.WrapErr(&worded{fmt.Sprintf("%s makes or reads too much text", n.call.Function())})
	}
	v := types.LabelErrNode(n.ID(), n.call.call(args...))
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalVarArgs(frame, n.ID(), n.call, args, v)
	}
	return v
}

// guard puts guarded calls into a program as it is planned.
func (env *environment) guard(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	work, ok := guards[call.Function()]
	if !ok {
		return i, nil
	}
	impl := env.calls[call.Function()]
	if call.Function() == "matches" {
		matches, err := matcher(call)
		if err != nil {
			return nil, err
		}
		impl = matches
	}
	return guardedNode{&guarded{call, impl, work}}, nil
}

// matcher is what matches does: with a pattern that is written out, compiled
// once; else compiled for each call.
func matcher(call interpreter.InterpretableCall) (func(...ref.Val) ref.Val, error) {
	if c, ok := call.Args()[1].(interpreter.InterpretableConst); ok {
		re, err := pattern(string(c.Value().(types.String)))
		if err != nil {
			return nil, err
		}
		return func(a ...ref.Val) ref.Val { return types.Bool(re.MatchString(string(a[0].(types.String)))) }, nil
	}
	return func(a ...ref.Val) ref.Val {
		re, err := pattern(string(a[1].(types.String)))
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Bool(re.MatchString(string(a[0].(types.String))))
	}, nil
}

// pattern compiles a regular expression in the syntax of RE2.
func pattern(s string) (*regexp.Regexp, error) {
	size, err := types.RegexProgramSize(s)
	if err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) {
			return nil, &worded{fmt.Sprintf("%q is no regular expression: %s", cut(s), bad.Code)}
		}
		return nil, &worded{fmt.Sprintf("%q is no regular expression", cut(s))}
	}
	if size > maxPattern {
		return nil, &worded{fmt.Sprintf("the regular expression %q is too large: %d steps where %d are allowed", cut(s), size, maxPattern)}
	}
	return regexp.Compile(s)
}

// bound returns what a function does as one Go function that finds the
// overload by its arguments.
func bound(env *cel.Env, name string) (func(...ref.Val) ref.Val, error) {
	overloads, err := env.Functions()[name].Bindings()
	if err != nil {
		return nil, fmt.Errorf("binding %s: %w", name, err)
	}
	for _, o := range overloads {
		switch {
		case o.Operator != name:
		case o.Function != nil:
			return o.Function, nil
		case o.Binary != nil:
			return func(a ...ref.Val) ref.Val { return o.Binary(a[0], a[1]) }, nil
		}
	}
	return nil, fmt.Errorf("binding %s: it has no implementation", name)
}
