package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node turns a node of goccy's tree, which stands under that key, into one of
// ours. It never returns nil.
func (b *builder) node(y ast.Node, label string, key *node) *node {
	n := &node{src: b.src, label: label, line: 1, col: 1, width: 1}
	if key != nil { // what is not written is shown where its key is
		n.line, n.col, n.width = key.line, key.col, key.width
	}
	b.spend(1)
	if b.full || y == nil {
		n.null, n.broken = true, b.full
		return n
	}
	switch y := y.(type) {
	case *ast.MappingNode:
		b.mapping(n, y.GetToken(), y.IsFlowStyle, y.Values)
	case *ast.MappingValueNode:
		b.mapping(n, y.GetToken(), false, []*ast.MappingValueNode{y})
	case *ast.SequenceNode:
		n.shape = sequence
		n.put(y.GetToken().Position, "", 1)
		for _, v := range y.Values {
			n.items = append(n.items, b.node(v, label, n))
		}
	case *ast.AnchorNode:
		before := b.count
		n = b.node(y.Value, label, key)
		b.anchors[unmasker.Replace(y.Name.GetToken().Value)] = anchored{n, b.count - before}
	case *ast.AliasNode:
		return b.alias(n, y, label)
	case *ast.NullNode:
		n.null = true
		if t := y.GetToken(); t.Type == token.NullType {
			b.scalar(n, t, plain)
			n.null = true
		}
	case *ast.LiteralNode:
		b.literal(n, y)
	case *ast.StringNode:
		b.scalar(n, y.GetToken(), map[token.Type]style{token.SingleQuoteType: single, token.DoubleQuoteType: double}[y.GetToken().Type])
	default:
		b.scalar(n, y.GetToken(), plain)
	}
	return n
}

// spend counts values, and stops at too many.
func (b *builder) spend(values int) {
	if b.count += values; b.count > maxNodes && !b.full {
		b.full = true
		b.file(b.src.name, "use fewer aliases, or split the file",
			fmt.Sprintf("the file has more than %d values, aliases counted as what they name", maxNodes))
	}
}

// alias is what the alias names. Each use is counted like what it stands for,
// which is what stops a bomb.
func (b *builder) alias(n *node, y *ast.AliasNode, label string) *node {
	name := unmasker.Replace(y.Value.GetToken().Value)
	n.put(y.GetToken().Position, "*", 1+utf8.RuneCountInString(name))
	target, ok := b.anchors[name]
	if !ok {
		b.fault(n, meant(name, slices.Sorted(maps.Keys(b.anchors))), "nothing before this is named &%s", name)
		n.broken, n.null = true, true
		return n
	}
	b.spend(target.size)
	same := *target.value
	same.label = label
	return &same
}

func (b *builder) mapping(n *node, start *token.Token, flow bool, values []*ast.MappingValueNode) {
	n.shape = mapping
	if flow {
		n.put(start.Position, "{", 1)
	}
	for _, v := range values {
		k := b.key(v.Key)
		n.pairs = append(n.pairs, pair{key: k, value: b.node(v.Value, k.text, k)})
	}
	if !flow && len(n.pairs) > 0 {
		first := n.pairs[0].key
		n.line, n.col, n.width = first.line, first.col, first.width
	}
}

// key reads a key. Variables are not filled in there.
func (b *builder) key(y ast.MapKeyNode) *node {
	n := &node{src: b.src, line: 1, col: 1, width: 1}
	t := y.GetToken()
	switch t.Type {
	case token.SingleQuoteType:
		n.style = single
	case token.DoubleQuoteType:
		n.style = double
	}
	n.text = unmasker.Replace(t.Value)
	n.written = n.text
	n.label = n.text
	n.putScalar(t)
	switch y.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		b.fault(n, "name values only", "an anchor or an alias cannot be a key")
	}
	return n
}

// put sets the place of the node and the width of what is underlined.
func (n *node) put(p *token.Position, first string, width int) {
	n.line, n.col, n.width = p.Line, max(1, p.Column), width
	if first != "" {
		n.settle(first)
	}
}

// putScalar sets place and width of a scalar from its token.
func (n *node) putScalar(t *token.Token) {
	first := n.written
	switch n.style {
	case single:
		first = "'"
	case double:
		first = `"`
	}
	n.put(t.Position, first, 1)
	spots := n.spots()
	if len(spots) == 0 {
		n.width = max(1, utf8.RuneCountInString(strings.SplitN(n.written, "\n", 2)[0]))
		return
	}
	end := spots[len(spots)-1]
	n.width = len(n.src.row(n.line)) - n.col + 1
	if end.line == n.line {
		n.width = end.col - n.col
		if n.style != plain {
			n.width++
		}
	}
	n.width = max(1, n.width)
}

func (b *builder) scalar(n *node, t *token.Token, s style) {
	n.style = s
	n.written = unmasker.Replace(t.Value)
	n.putScalar(t)
	b.fill(n)
}

// literal reads a block scalar; its place is that of the | or >.
func (b *builder) literal(n *node, y *ast.LiteralNode) {
	n.style = literal
	if y.Start.Type == token.FoldedType {
		n.style = folded
	}
	n.written = unmasker.Replace(y.Value.Value)
	n.put(y.Start.Position, y.Start.Value, utf8.RuneCountInString(y.Start.Value))
	b.fill(n)
}

// fill puts variables into a scalar, and reports those that cannot be.
func (b *builder) fill(n *node) {
	var troubles []trouble
	n.text, n.fills, troubles = expand(n.written, b.env)
	n.null = n.style == plain && len(n.fills) == 0 && resolve(n.text) == plainNull
	for _, t := range troubles {
		n.broken = true
		pos, width := n.placeWritten(t.offset, t.width)
		b.at(n.src, pos, width, t.hint, t.summary, 0)
	}
}
