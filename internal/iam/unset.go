package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// unknown is the variable that a text is made of and that nobody has set, ""
// where there is none.
func (b *builder) unknown(text string) string {
	for _, name := range slices.Sorted(maps.Keys(b.unset)) {
		if strings.Contains(text, b.unset[name]) {
			return name
		}
	}
	return ""
}

// widen makes an ARN that nobody knows yet one of all that it could be: each
// part of the resource's name that is made of a variable is any, and an ARN that
// is a variable as a whole is in any region.
func (b *builder) widen(arn string, central bool) string {
	name := b.unknown(arn)
	fields := strings.SplitN(arn, ":", 6)
	if name == "" || len(fields) < 6 {
		return arn
	}
	b.noteUnset(central, name)
	if arn == b.unset[name] {
		return strings.Join([]string{"arn", b.where.partition, fields[2], everything, b.where.account, everything}, ":")
	}
	var out strings.Builder
	for part, rest := "", fields[5]; rest != ""; {
		end := strings.IndexAny(rest, ":/")
		if end < 0 {
			end = len(rest)
		}
		part, rest = rest[:end], rest[end:]
		if b.unknown(part) != "" {
			part = everything
		}
		out.WriteString(part)
		if rest != "" {
			out.WriteString(rest[:1])
			rest = rest[1:]
		}
	}
	fields[5] = out.String()
	return strings.Join(fields, ":")
}

func (b *builder) noteUnset(central bool, name string) {
	b.note(central, fmt.Sprintf("the environment variable %s is not set: what it names can be anything of its kind; set it for a smaller role", name))
}

// known refuses tags whose keys nobody knows yet: without them every tag could
// be written.
func (b *builder) known(keys []string) {
	for _, k := range keys {
		if name := b.unknown(k); name != "" && b.err == nil {
			b.err = fmt.Errorf("the environment variable %s is not set, and says which tags are written: set it", name)
		}
	}
}
