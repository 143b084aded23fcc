package expr

import (
	"cel.dev/cel-go/common/types"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// creators is the kind of the variable creator.
var creators = creatorKind()

func creatorKind() *kind {
	k := newKind(creatorType)
	for _, f := range resource.CreatorFields() {
		k.add(f.Name, types.StringType, func(self any) (any, error) { return self.(*evaluation).creator(f) })
	}
	return k
}

// creator reads a field of who made the resource. Where nobody can be found
// its kind says so; the other fields are "" in a condition and no answer in
// what is to be written: a tag that says "made by " tells nothing.
func (e *evaluation) creator(f resource.CreatorField) (any, error) {
	o, err := e.in.Resource.Origin()
	if err != nil {
		return nil, e.lacks(err)
	}
	if e.exact && o.Kind == resource.UnknownCreator && f.Name != "kind" {
		return nil, &nobody{o.Unfound}
	}
	return f.Get(o.Creator), nil
}

// nobody is the error of an expression that needs to know who made a resource
// of which that cannot be found out.
type nobody struct{ why string }

// Error says why.
func (n *nobody) Error() string { return "nobody is known to have made it: " + n.why }
