package deploy

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// DiffTerraform says what would change from one set of Terraform files to
// another, sorted by path. A path begins with the block: with the type of a
// resource and its name, or for others with the block's kind. A block that is
// only in one of the sets is one change, and in which file a block stands is
// none. The error says which file is no HCL.
func DiffTerraform(old, next []File) ([]Change, error) {
	was, err := blocksOf(old)
	if err != nil {
		return nil, fmt.Errorf("reading the old files: %w", err)
	}
	is, err := blocksOf(next)
	if err != nil {
		return nil, fmt.Errorf("reading the new files: %w", err)
	}
	var out []Change
	for name, before := range was {
		after, both := is[name]
		if !both {
			out = append(out, Change{name, all, ""})
		}
		for at, value := range before {
			if both && after[at] != value {
				out = append(out, Change{name + at, value, after[at]})
			}
		}
	}
	for name, after := range is {
		before, both := was[name]
		if !both {
			out = append(out, Change{name, "", all})
		}
		for at, value := range after {
			if _, had := before[at]; both && !had {
				out = append(out, Change{name + at, "", value})
			}
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// all is what is said of a whole.
const all = "(all of it)"

// blocksOf are the blocks of files by name, each with its values by their paths.
func blocksOf(files []File) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, f := range files {
		parsed, diags := hclsyntax.ParseConfig(f.Data, f.Name, hcl.InitialPos)
		if diags.HasErrors() {
			return nil, diags
		}
		folder := path.Dir(f.Name) + "/"
		if folder == "./" {
			folder = ""
		}
		r := &reading{src: f.Data, into: map[string]string{}}
		body := parsed.Body.(*hclsyntax.Body) // of what ParseConfig returns, always
		for name, a := range body.Attributes {
			r.value(a.Expr, "."+name)
		}
		if len(r.into) > 0 {
			out[folder] = r.into
		}
		// Blocks of one name are told apart by their numbers, but for locals, whose
		// names are unique in a module.
		for _, b := range body.Blocks {
			name := nameOfBlock(b)
			if b.Type == "locals" {
				name = folder + name
				if out[name] == nil {
					out[name] = map[string]string{}
				}
			} else {
				name = freeBlock(out, folder+name)
				out[name] = map[string]string{}
			}
			r := &reading{src: f.Data, into: out[name]}
			r.body(b.Body, "")
		}
	}
	return out, nil
}

// nameOfBlock is the address of a block as Terraform has it; that of a provider
// has its alias.
func nameOfBlock(b *hclsyntax.Block) string {
	labels := strings.Join(b.Labels, ".")
	switch {
	case b.Type == "resource":
		return labels
	case b.Type == "provider" && b.Body.Attributes["alias"] != nil:
		if v, diags := b.Body.Attributes["alias"].Expr.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsWhollyKnown() && !v.IsNull() {
			labels += "." + v.AsString()
		}
	case b.Type == "variable":
		return "var." + labels
	case labels == "":
		return b.Type
	}
	return b.Type + "." + labels
}

func freeBlock(have map[string]map[string]string, name string) string {
	out := name
	for n := 2; have[out] != nil; n++ {
		out = name + "#" + strconv.Itoa(n)
	}
	return out
}

// reading collects the values of a file.
type reading struct {
	src  []byte
	into map[string]string
}

// body adds the attributes and blocks of a block. Of blocks of one kind each has
// its number; where there is one, it has none.
func (r *reading) body(b *hclsyntax.Body, at string) {
	for name, a := range b.Attributes {
		r.value(a.Expr, at+"."+name)
	}
	count := map[string]int{}
	for _, in := range b.Blocks {
		count[in.Type]++
	}
	seen := map[string]int{}
	for _, in := range b.Blocks {
		name := at + "." + nameOfBlock(in)
		if seen[in.Type]++; count[in.Type] > 1 {
			name += "." + strconv.Itoa(seen[in.Type])
		}
		if len(in.Body.Attributes)+len(in.Body.Blocks) == 0 {
			r.into[name] = "{}"
		}
		r.body(in.Body, name)
	}
}

// value adds an expression: the members of an object, and the items of a list in
// which there are objects, each by itself.
func (r *reading) value(e hclsyntax.Expression, at string) {
	switch e := e.(type) {
	case *hclsyntax.FunctionCallExpr:
		if e.Name == "jsonencode" && len(e.Args) == 1 {
			r.value(e.Args[0], at)
			return
		}
	case *hclsyntax.ObjectConsExpr:
		if len(e.Items) > 0 {
			for _, item := range e.Items {
				r.value(item.ValueExpr, at+"."+r.text(item.KeyExpr))
			}
			return
		}
	case *hclsyntax.TupleConsExpr:
		if slices.ContainsFunc(e.Exprs, func(e hclsyntax.Expression) bool { _, object := e.(*hclsyntax.ObjectConsExpr); return object }) {
			for i, item := range e.Exprs {
				r.value(item, at+"."+strconv.Itoa(i+1))
			}
			return
		}
		words := make([]string, len(e.Exprs))
		for i, item := range e.Exprs {
			words[i] = r.text(item)
		}
		r.into[at] = "[" + strings.Join(words, ", ") + "]"
		return
	}
	r.into[at] = r.text(e)
}

// text is the value of an expression that refers to nothing, where it is a text;
// of others it is how they are written.
func (r *reading) text(e hclsyntax.Expression) string {
	if v, diags := e.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsWhollyKnown() && !v.IsNull() {
		if s := v.AsString(); s != "" {
			return s
		}
	}
	return string(e.Range().SliceBytes(r.src))
}
