package expr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/span"
)

// Program is a checked expression. It does not change, so that any number of
// goroutines may run it at once.
type Program struct {
	env    *environment
	source string
	run    cel.Program
	uses   uses
	facts  []need.Fact
	// event is where the expression asks for the event, nil where it does not.
	event *Problem
}

// Source is the expression as it was written.
func (p *Program) Source() string { return p.source }

// Facts are what must be fetched for the expression to be answered for every
// resource, sorted: those of the fields it names, itself or by a definition,
// and what listing its types gives. It is empty for subject and text.
func (p *Program) Facts() []need.Fact { return slices.Clone(p.facts) }

// Fields are the fields of the resource that the expression names, itself or
// by a definition, sorted. The tags that tag() reads are not among them.
func (p *Program) Fields() []string { return sortedKeys(p.uses.fields) }

// CreatorFields are the fields of creator that the expression names, itself or
// by a definition, sorted.
func (p *Program) CreatorFields() []string { return sortedKeys(p.uses.creator) }

// TagKeys are the tag keys that the expression spells out, itself or by a
// definition, sorted: in tag("K"), resource.tags["K"], resource.tags.K and
// "K" in resource.tags.
func (p *Program) TagKeys() []string { return sortedKeys(p.uses.tagKeys) }

// Metrics are those that the expression asks for, itself or by a definition, in
// the order of their texts.
func (p *Program) Metrics() []need.Metric {
	return slices.SortedFunc(maps.Keys(p.uses.metrics), func(a, b need.Metric) int { return strings.Compare(a.String(), b.String()) })
}

// Bool returns the answer of an expression that Bool was wanted of. The error
// is an *Unknown.
func (p *Program) Bool(in Input) (bool, error) {
	e := p.env.begin(in)
	defer p.env.end(e)
	v, err := p.eval(e)
	if err != nil {
		return false, p.unknown(e, err)
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, p.wrongType(v, Bool)
	}
	return bool(b), nil
}

// Text returns the answer of an expression that Text was wanted of. The text
// may hold anything that a tag can hold. The error is an *Unknown.
func (p *Program) Text(in Input) (string, error) { return p.text(in, Text) }

// TagValue returns the answer of an expression that TagValue was wanted of; a
// timestamp is written as YYYY-MM-DD in the compiler's zone. The error is an
// *Unknown, also where the answer takes who made the resource and nobody can be
// found.
func (p *Program) TagValue(in Input) (string, error) { return p.text(in, TagValue) }

func (p *Program) text(in Input, want Want) (string, error) {
	e := p.env.begin(in)
	defer p.env.end(e)
	e.exact = want == TagValue
	v, err := p.eval(e)
	if err != nil {
		return "", p.unknown(e, err)
	}
	switch v := v.(type) {
	case types.String:
		return string(v), nil
	case types.Timestamp:
		if want == TagValue {
			return v.In(p.env.zone).Format(time.DateOnly), nil
		}
	}
	return "", p.wrongType(v, want)
}

// Length returns the answer of an expression that Length was wanted of. The
// error is an *Unknown, also for a negative length.
func (p *Program) Length(in Input) (time.Duration, error) {
	e := p.env.begin(in)
	defer p.env.end(e)
	v, err := p.eval(e)
	if err != nil {
		return 0, p.unknown(e, err)
	}
	d, ok := v.(types.Duration)
	switch {
	case !ok:
		return 0, p.wrongType(v, Length)
	case d.Duration < 0:
		return 0, &Unknown{Reason: fmt.Sprintf("the length of time is negative: %s", span.Format(d.Duration))}
	}
	return d.Duration, nil
}

// eval runs the program within an evaluation.
func (p *Program) eval(e *evaluation) (ref.Val, error) {
	if err := p.env.accepts(e.in); err != nil {
		return nil, err
	}
	v, _, err := p.run.Eval(e)
	return v, err
}

// tooCostly is the reason of an evaluation that was stopped.
const tooCostly = "it takes too long to work out"

// unknown is the error of an evaluation. Facts that were not fetched are
// named whatever the error is, since with them it may not come to the error;
// not where the evaluation was stopped, which no fact changes.
func (p *Program) unknown(e *evaluation, err error) *Unknown {
	var cancelled interpreter.EvalCancelledError
	if errors.As(err, &cancelled) {
		return &Unknown{Reason: tooCostly}
	}
	slices.Sort(e.missing)
	if n, ok := errors.AsType[*nobody](err); ok {
		return &Unknown{Reason: diag.Printable(n.Error()), Facts: e.missing, Unfound: len(e.missing) == 0}
	}
	return &Unknown{Reason: diag.Printable(p.reason(err)), Facts: e.missing}
}

// reason says an evaluation's error to people.
func (p *Program) reason(err error) string {
	var f *worded
	if errors.As(err, &f) {
		return f.text
	}
	var at *types.Err
	if errors.As(err, &at) {
		if text, ok := p.uses.lookups[at.NodeID()]; ok {
			return text
		}
	}
	return err.Error()
}

// wrongType is the error of a program that is asked for what it was not
// compiled to give.
func (p *Program) wrongType(v ref.Val, want Want) *Unknown {
	return &Unknown{Reason: fmt.Sprintf("the expression gives %s where %s is wanted", v.Type().TypeName(), want)}
}
