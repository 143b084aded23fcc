package eval

import (
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// spellings are the other keys that mean the rule's: its aliases, or where case
// does not count those of the tags that differ in nothing else.
func spellings(rule *policy.TagRule, tags tag.Set) []string {
	if !rule.AnyCase {
		return rule.Aliases
	}
	var keys []string
	for _, k := range tags.Keys() {
		if rule.Renames(k) {
			keys = append(keys, k)
		}
	}
	return keys
}
