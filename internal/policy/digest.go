package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/expr"
)

// digest identifies what the files say, with variables filled in. Comments,
// quotes, layout, and how channels and definitions are spread over files do
// not count; the order of policies does. Of tables counts what they say, and
// not how it is written or in what order.
func digest(roots []*node, tables []*expr.Table, policies []*policyDraft) string {
	h := sha256.New()
	fmt.Fprintf(h, "tagwarden policies %d\n", language)
	for _, name := range []string{"settings", "channels", "define", "lookups"} {
		var pairs []pair
		for _, r := range roots {
			if n := r.child(name); n != nil {
				pairs = append(pairs, n.pairs...)
			}
		}
		slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.key.text, b.key.text) })
		(&node{shape: mapping, pairs: pairs}).write(h)
	}
	for _, t := range slices.SortedFunc(slices.Values(tables), func(a, b *expr.Table) int { return strings.Compare(a.Name, b.Name) }) {
		fmt.Fprintf(h, "t%d:", len(t.Values))
		for _, k := range slices.Sorted(maps.Keys(t.Values)) {
			fmt.Fprintf(h, "k%d:%sv%d:%s", len(k), k, len(t.Values[k]), t.Values[k])
		}
	}
	for _, p := range policies {
		if p.TagsFrom != "" {
			writeOutside(h, p)
		}
	}
	all := &node{shape: sequence}
	for _, r := range roots {
		if n := r.child("policies"); n != nil && n.shape == sequence {
			all.items = append(all.items, n.items...)
		} else if n != nil {
			all.items = append(all.items, n)
		}
	}
	all.write(h)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// child is the value of a mapping's key, nil where there is none.
func (n *node) child(key string) *node {
	for _, p := range n.pairs {
		if p.key.text == key {
			return p.value
		}
	}
	return nil
}

// write gives the value to the hash so that no two values give the same bytes:
// each has its type and its length before it.
func (n *node) write(h hash.Hash) {
	switch {
	case n.shape == mapping:
		fmt.Fprintf(h, "m%d:", len(n.pairs))
		for _, p := range n.pairs {
			fmt.Fprintf(h, "k%d:%s", len(p.key.text), p.key.text)
			p.value.write(h)
		}
	case n.shape == sequence:
		fmt.Fprintf(h, "l%d:", len(n.items))
		for _, i := range n.items {
			i.write(h)
		}
	case n.null:
		fmt.Fprint(h, "n")
	default:
		fmt.Fprintf(h, "s%d:%s", len(n.text), n.text)
	}
}

// writeOutside gives the rules that a policy has from elsewhere to the hash.
func writeOutside(h hash.Hash, p *policyDraft) {
	rules := p.Tags[p.own:]
	fmt.Fprintf(h, "o%d:%s%d:", len(p.Name), p.Name, len(rules))
	for i := range rules {
		r := &rules[i]
		words := []string{r.Key, fmt.Sprint(r.Required, r.AllowEmpty, r.AnyCase, r.Default != nil, r.Fallback != nil), "", "", r.PatternSource}
		if r.Default != nil {
			words[2] = *r.Default
		}
		if r.Value != nil {
			words[3] = r.Value.Source()
		}
		words = append(words, r.Allowed...)
		fmt.Fprintf(h, "r%d:", len(words))
		for _, w := range words {
			fmt.Fprintf(h, "w%d:%s", len(w), w)
		}
	}
}
