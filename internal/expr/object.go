package expr

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// The names of the object types. A user cannot write the sign, so that no
// expression can name the types or make a value of them.
const (
	resourceType = "@resource"
	accountType  = "@account"
	creatorType  = "@creator"
	parentType   = "@parent"
	runType      = "@run"
	itemType     = "@item"
	ruleType     = "@rule"
	eventType    = "@event"
)

// object is a thing with named fields as an expression sees it. Fields are
// read from what is behind it only when the expression gets to them.
type object struct {
	kind *kind
	// self is what the kind's getters expect.
	self any
}

// kind is a type of objects.
type kind struct {
	typ    *types.Type
	fields map[string]*types.FieldType
}

// getter reads a field from what is behind an object.
type getter func(self any) (any, error)

func newKind(name string) *kind {
	return &kind{typ: types.NewObjectType(name), fields: map[string]*types.FieldType{}}
}

// add declares a field. Presence tests are refused at compile time, as every
// field is always there; the answer here is for completeness alone.
func (k *kind) add(name string, t *types.Type, get getter) *kind {
	k.fields[name] = &types.FieldType{
		Type:  t,
		IsSet: func(any) bool { return true },
		GetFrom: func(target any) (any, error) {
			o, ok := target.(*object)
			if !ok || o.kind != k {
				return nil, fmt.Errorf("%s cannot be read from %T", name, target)
			}
			return get(o.self)
		},
	}
	return k
}

// ConvertToNative is part of ref.Val; objects have no other form.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an object cannot become %v", t)
}

// ConvertToType is part of ref.Val; type(x) is the only conversion.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.kind.typ
	}
	return types.NewErr("an object cannot become %s", t.TypeName())
}

// Equal is part of ref.Val: an object equals itself.
func (o *object) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(o) == other) }

// Type is part of ref.Val.
func (o *object) Type() ref.Type { return o.kind.typ }

// Value is part of ref.Val. It is the object itself, which is what the
// getters of its kind are given.
func (o *object) Value() any { return o }

// The kinds that do not depend on the types of resources.
var (
	items = itemKind()
	runs  = runKind()
)

// family is what an object of the parent's kind stands for: the parent, and the
// evaluation in which its tags are read.
type family struct {
	parent resource.Parent
	in     *evaluation
}

// parentKind is the kind of resource.parent. It has tags where all types can
// tell them.
func (env *environment) parentKind() *kind {
	k := newKind(parentType).
		add("type", types.StringType, func(self any) (any, error) { return self.(family).parent.Type, nil }).
		add("id", types.StringType, func(self any) (any, error) { return self.(family).parent.ID, nil })
	if len(env.schemas) > 0 && env.sharedType(resource.TagsOfParent) != "" {
		read := env.readByType(resource.TagsOfParent)
		k.add("tags", celTypes[resource.StringMap], func(self any) (any, error) { return self.(family).in.field(read) })
	}
	return k
}

// ruleKind is the kind of a rule: the fields that the rules of all types have.
func (env *environment) ruleKind() *kind {
	k := newKind(ruleType)
	of := make([]resource.Type, len(env.schemas))
	for i, s := range env.schemas {
		of[i] = s.Type
	}
	for _, f := range resource.RuleFields(of...) {
		k.add(f.Name, celTypes[f.Type], func(self any) (any, error) { return f.Get(*self.(*resource.Rule)), nil })
	}
	return k
}

// ruleObjects are rules as an expression sees them.
func (env *environment) ruleObjects(rules []resource.Rule) []ref.Val {
	list := make([]ref.Val, len(rules))
	for i := range rules {
		list[i] = &object{kind: env.rules, self: &rules[i]}
	}
	return list
}

func itemKind() *kind {
	k := newKind(itemType)
	for name, get := range map[string]func(*Item) string{
		"id":      func(i *Item) string { return i.ID },
		"arn":     func(i *Item) string { return i.ARN },
		"type":    func(i *Item) string { return i.Type },
		"account": func(i *Item) string { return i.Account },
		"region":  func(i *Item) string { return i.Region },
		"name":    func(i *Item) string { return i.Name },
		"owner":   func(i *Item) string { return i.Owner },
		"status":  func(i *Item) string { return i.Status },
		"action":  func(i *Item) string { return i.Action },
		"reason":  func(i *Item) string { return i.Reason },
	} {
		k.add(name, types.StringType, func(self any) (any, error) { return get(self.(*Item)), nil })
	}
	return k
}

func runKind() *kind {
	k := newKind(runType)
	k.add("policy", types.StringType, func(self any) (any, error) { return self.(*Run).Policy, nil })
	for name, get := range map[string]func(*Run) int{
		"violations": func(r *Run) int { return r.Violations },
		"fixed":      func(r *Run) int { return r.Fixed },
		"done":       func(r *Run) int { return r.Done },
		"held":       func(r *Run) int { return r.Held },
		"failed":     func(r *Run) int { return r.Failed },
	} {
		k.add(name, types.IntType, func(self any) (any, error) { return get(self.(*Run)), nil })
	}
	return k.add("items", types.NewListType(items.typ), func(self any) (any, error) {
		r := self.(*Run)
		list := make([]ref.Val, len(r.Items))
		for i := range r.Items {
			list[i] = &object{kind: items, self: &r.Items[i]}
		}
		return list, nil
	})
}

// provider adds the kinds of an environment to the types that CEL knows.
type provider struct {
	types.Provider
	kinds map[string]*kind
}

// FindStructType is part of types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if k, ok := p.kinds[name]; ok {
		return types.NewTypeTypeWithParam(k.typ), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldType is part of types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if k, ok := p.kinds[name]; ok {
		f, ok := k.fields[field]
		return f, ok
	}
	return p.Provider.FindStructFieldType(name, field)
}
