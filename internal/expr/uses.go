package expr

import (
	"fmt"
	"maps"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// uses is what an expression names.
type uses struct {
	// fields of the resource.
	fields map[string]bool
	// creator are the fields of creator.
	creator map[string]bool
	// event are the fields of event.
	event map[string]bool
	// tagKeys are written out in the expression.
	tagKeys map[string]bool
	// lookups say for the parts of the expression that look up a key written
	// out in it what it means that the key is not there.
	lookups map[int64]string
	// metrics are those that metric() asks for.
	metrics map[need.Metric]bool
}

// add adds what a definition names. Its lookups stay its own, as their ids
// mean nothing elsewhere.
func (u *uses) add(other uses) {
	maps.Copy(u.fields, other.fields)
	maps.Copy(u.creator, other.creator)
	maps.Copy(u.event, other.event)
	maps.Copy(u.tagKeys, other.tagKeys)
	maps.Copy(u.metrics, other.metrics)
}

// collect goes through a checked expression. Fields are known by the type of
// what they are selected from, so that no other way to write it escapes.
func (c *checked) collect() uses {
	u := uses{fields: map[string]bool{}, creator: map[string]bool{}, event: map[string]bool{}, tagKeys: map[string]bool{}, lookups: map[int64]string{}, metrics: map[need.Metric]bool{}}
	for _, e := range c.nodes {
		switch e.Kind() {
		case ast.SelectKind:
			s := e.AsSelect()
			switch {
			case c.isResource(s.Operand()):
				u.fields[s.FieldName()] = true
			case c.typeOf(s.Operand()).TypeName() == creatorType:
				u.creator[s.FieldName()] = true
			case c.typeOf(s.Operand()).TypeName() == eventType:
				u.event[s.FieldName()] = true
			case c.isParentTags(e):
				u.fields[resource.TagsOfParent] = true
			}
			if c.typeOf(s.Operand()).Kind() == types.MapKind {
				c.lookup(u, e, s.Operand(), s.FieldName())
			}
		case ast.CallKind:
			c.collectCall(u, e)
		}
	}
	return u
}

func (c *checked) collectCall(u uses, e ast.Expr) {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case metric:
		if m, ok := writtenMetric(args); ok {
			u.metrics[m] = true
		}
	case "tag":
		if key, ok := constant(args[0]); ok {
			u.tagKeys[key] = true
		}
	case operators.Index:
		if key, ok := constant(args[1]); ok {
			c.lookup(u, e, args[0], key)
		}
	case operators.In:
		if key, ok := constant(args[0]); ok && c.isField(args[1], "tags") {
			u.tagKeys[key] = true
		}
	}
}

// lookup notes that a key written out is looked up in a map.
func (c *checked) lookup(u uses, e, in ast.Expr, key string) {
	switch {
	case c.isField(in, "tags"):
		u.tagKeys[key] = true
		u.lookups[e.ID()] = fmt.Sprintf("resource has no tag %q", diag.Printable(key))
	case c.isParentTags(in):
		u.lookups[e.ID()] = fmt.Sprintf("the parent has no tag %q", diag.Printable(key))
	case in.Kind() == ast.SelectKind:
		u.lookups[e.ID()] = fmt.Sprintf("%s has no key %q", in.AsSelect().FieldName(), diag.Printable(key))
	default:
		u.lookups[e.ID()] = fmt.Sprintf("there is no key %q", diag.Printable(key))
	}
}

func (c *checked) isResource(e ast.Expr) bool { return c.typeOf(e).TypeName() == resourceType }

// isParentTags says whether a part is the tags of the resource's parent.
func (c *checked) isParentTags(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == "tags" && c.typeOf(e.AsSelect().Operand()).TypeName() == parentType
}

// isField says whether a part is that field of the resource.
func (c *checked) isField(e ast.Expr, name string) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == name && c.isResource(e.AsSelect().Operand())
}

// constant is the text of a string that is written out.
func constant(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}
