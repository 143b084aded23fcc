package iam

import (
	"maps"
	"slices"
	"strings"
)

// The keys of conditions ("AWS global condition context keys" in the IAM user
// guide), and EC2's for the call that makes what is tagged with it.
const (
	keyRegion   = "aws:RequestedRegion"
	keyTagKeys  = "aws:TagKeys"
	keyCreating = "ec2:CreateAction"
)

// conditions are those of a unit.
func (b *builder) conditions(u *unit) Conditions {
	out := Conditions{}
	for op, keys := range u.more {
		for key, values := range keys {
			out.set(op, key, values)
		}
	}
	if !u.elsewhere && len(b.where.regions) > 0 {
		out.set("StringEquals", keyRegion, b.where.regions)
	}
	if u.keys != nil && !u.keys.unknown {
		op := "ForAllValues:StringEquals"
		if u.keys.anyCase {
			op = "ForAllValues:StringEqualsIgnoreCase"
		}
		b.known(slices.Collect(maps.Keys(u.keys.names)))
		var values []string
		for _, k := range slices.Sorted(maps.Keys(u.keys.names)) {
			values = append(values, literal(k))
		}
		out.set(op, keyTagKeys, values)
		// ForAllValues is true of a request without any key, and EC2 takes such a
		// DeleteTags to mean every tag. DynamoDB takes none without a key, and where it
		// is not set up for access by tags it keeps the keys to itself ("Using
		// attribute-based access control with DynamoDB" in its developer guide).
		if !strings.HasPrefix(u.permission, "dynamodb:") {
			out.set("Null", keyTagKeys, []string{"false"})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (c Conditions) set(op, key string, values []string) {
	if c[op] == nil {
		c[op] = map[string][]string{}
	}
	c[op][key] = slices.Clone(values)
}

// text tells conditions apart.
func (c Conditions) text() string {
	var b strings.Builder
	for _, op := range slices.Sorted(maps.Keys(c)) {
		for _, key := range slices.Sorted(maps.Keys(c[op])) {
			b.WriteString(op + "\x01" + key + "\x01" + strings.Join(c[op][key], "\x02") + "\x03")
		}
	}
	return b.String()
}

// keys are the keys of tags that are changed. A nil one sets no limit.
type keys struct {
	// unknown says that they are not in the policy file.
	unknown bool
	// anyCase says that they are meant in any spelling of upper and lower case.
	anyCase bool
	names   map[string]bool
}

func keysOf(names ...string) *keys {
	k := &keys{names: map[string]bool{}}
	for _, n := range names {
		k.names[n] = true
	}
	return k
}

func (k *keys) empty() bool { return k == nil || !k.unknown && len(k.names) == 0 }

func (k *keys) clone() *keys {
	if k == nil {
		return nil
	}
	return &keys{unknown: k.unknown, anyCase: k.anyCase, names: maps.Clone(k.names)}
}

// join is what both allow. No limit and a limit give no limit.
func (k *keys) join(other *keys) *keys {
	if k == nil || other == nil {
		return nil
	}
	out := k.clone()
	out.unknown = k.unknown || other.unknown
	out.anyCase = k.anyCase || other.anyCase
	maps.Copy(out.names, other.names)
	return out
}

// literal writes text so that IAM takes none of it for a wildcard or a variable
// ("IAM policy elements: variables and tags" in the IAM user guide).
func literal(s string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(s)
}
