package policy

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// The bounds of a policy file. A file of a thousand policies stays far below
// them; beyond, reading could take minutes or all memory.
const (
	// MaxFile is how many bytes one file may have.
	MaxFile = 1 << 20
	// maxTokens is how many words, marks and brackets.
	maxTokens = 100_000
	// maxKeys is how many keys one mapping: goccy's parser takes time in their
	// square.
	maxKeys = 5000
	// maxDepth is how deep values may lie in one another.
	maxDepth = 50
	// maxNodes is how many values, with every alias counted as what it names.
	maxNodes = 100_000
	// maxEmptyLines is how many empty lines may follow each other: goccy's lexer
	// takes time in their square.
	maxEmptyLines = 100
)

// tokens refuses, before goccy's recursive parser sees them, too many tokens,
// too deep nesting and too many keys, and what of YAML is not used in policy
// files.
func (r *reporter) tokens(src *source, tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		r.file(src.name, "split it into several files in one folder", fmt.Sprintf("the file has more than %d words and marks", maxTokens))
		return false
	}
	var open nesting
	for _, t := range tokens {
		open.add(t)
		summary, hint := unused(t)
		switch {
		case summary != "":
		case open.depth() > maxDepth:
			summary = fmt.Sprintf("values lie more than %d deep in one another", maxDepth)
		case open.keys() > maxKeys:
			summary, hint = fmt.Sprintf("more than %d keys in one mapping", maxKeys), "split the file"
		default:
			continue
		}
		r.fault(r.tokenNode(src, t), hint, "%s", summary)
		return false
	}
	return true
}

// unused says of a token that begins something of YAML that policy files do
// not use what it is, and what to do; "" for all others.
func unused(t *token.Token) (summary, hint string) {
	switch t.Type {
	case token.TagType:
		return fmt.Sprintf("YAML type tags such as %s are not used in policy files", unmasker.Replace(t.Value)),
			"leave it out; put quotes around what must be a string"
	case token.MergeKeyType:
		return "merge keys (<<) are not used in policy files", "write the keys out, or name the whole value with an alias"
	case token.MappingKeyType:
		return `keys introduced by "?" are not used in policy files`, "write KEY: VALUE"
	case token.DirectiveType:
		return "YAML directives (%) are not used in policy files", "leave it out; where a value begins with %, put it in quotes"
	default:
		return "", ""
	}
}

// nesting follows how values lie in one another, token by token.
type nesting struct {
	flow  int // brackets that are open
	block []level
}

// level is a block collection that is open: its column, and how many keys or
// items it has.
type level struct{ column, count int }

func (n *nesting) depth() int { return n.flow + len(n.block) }

// keys is how many keys or items the innermost block collection has so far.
func (n *nesting) keys() int {
	if len(n.block) == 0 {
		return 0
	}
	return n.block[len(n.block)-1].count
}

func (n *nesting) add(t *token.Token) {
	switch t.Type {
	case token.MappingStartType, token.SequenceStartType:
		n.flow++
	case token.MappingEndType, token.SequenceEndType:
		n.flow = max(0, n.flow-1)
	case token.SequenceEntryType:
		n.entry(t.Position.Column)
	case token.MappingValueType:
		if t.Prev != nil {
			n.entry(t.Prev.Position.Column)
		}
	}
}

// entry notes a key or an item that begins in a column.
func (n *nesting) entry(column int) {
	if n.flow > 0 {
		return
	}
	for len(n.block) > 0 && n.block[len(n.block)-1].column > column {
		n.block = n.block[:len(n.block)-1]
	}
	if len(n.block) == 0 || n.block[len(n.block)-1].column < column {
		n.block = append(n.block, level{column: column})
	}
	n.block[len(n.block)-1].count++
}
