package deploy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Change is a difference between two templates. Old or New is "" for what is
// only in the other. What they say comes from a file and is to be escaped.
type Change struct {
	// Path are the keys that lead to it, with dots between them.
	Path     string
	Old, New string
}

// Diff says what would change from one template to another, sorted by path. A
// resource, a parameter or an output that is only in one of them is one change.
// The error says that one is no YAML.
func Diff(old, next []byte) ([]Change, error) {
	was, err := leaves(old)
	if err != nil {
		return nil, fmt.Errorf("reading the old template: %w", err)
	}
	is, err := leaves(next)
	if err != nil {
		return nil, fmt.Errorf("reading the new template: %w", err)
	}
	// What is whole in one and missing in the other is told once.
	wholes := func(in, other map[string]string) map[string]string {
		out := map[string]string{}
		there := map[string]bool{}
		for path := range other {
			there[whole(path)] = true
		}
		for path, value := range in {
			if w := whole(path); !there[w] && w != path {
				out[w] = firstOf(out[w], path, value)
			} else {
				out[path] = value
			}
		}
		return out
	}
	before, after := wholes(was, is), wholes(is, was)
	var out []Change
	for path, value := range before {
		if after[path] != value {
			out = append(out, Change{path, value, after[path]})
		}
	}
	for path, value := range after {
		if _, ok := before[path]; !ok {
			out = append(out, Change{path, "", value})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// whole is the section and the name that a path begins with.
func whole(path string) string {
	parts := strings.SplitN(path, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// firstOf is what is said of a whole: its type, where it has one.
func firstOf(have, path, value string) string {
	if have == "" {
		have = all
	}
	if strings.Count(path, ".") == 2 && strings.HasSuffix(path, ".Type") {
		return value
	}
	return have
}

// leaves are the values of a document by their paths. A list of words is one
// value.
func leaves(data []byte) (map[string]string, error) {
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, d := range f.Docs {
		if d.Body != nil {
			leaf(d.Body, "", "", out)
		}
	}
	return out, nil
}

// leaf adds the values below a node. tag is that of the nodes above it.
func leaf(n ast.Node, path, tag string, into map[string]string) {
	join := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch n := n.(type) {
	case *ast.TagNode:
		leaf(n.Value, path, tag+n.Start.Value+" ", into)
	case *ast.MappingNode:
		for _, v := range n.Values {
			leaf(v.Value, join(scalarOf(v.Key)), tag, into)
		}
		if len(n.Values) == 0 {
			into[path] = tag + "{}"
		}
	case *ast.MappingValueNode:
		leaf(n.Value, join(scalarOf(n.Key)), tag, into)
	case *ast.SequenceNode:
		words := make([]string, 0, len(n.Values))
		for _, v := range n.Values {
			if w, ok := wordOf(v); ok {
				words = append(words, w)
			}
		}
		if len(words) == len(n.Values) {
			into[path] = tag + "[" + strings.Join(words, ", ") + "]"
			return
		}
		for i, v := range n.Values {
			leaf(v, join(strconv.Itoa(i+1)), tag, into)
		}
	default:
		into[path] = tag + scalarOf(n)
	}
}

// wordOf is the text of a scalar, with its tag.
func wordOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.TagNode:
		w, ok := wordOf(n.Value)
		return n.Start.Value + " " + w, ok
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		return "", false
	default:
		return scalarOf(n), true
	}
}

// scalarOf is the text of a scalar.
func scalarOf(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return cmp.Or(s.Value, "''")
	}
	return n.String()
}
