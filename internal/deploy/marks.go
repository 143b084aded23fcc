package deploy

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/iam"
)

// marks writes text whose marks are a renderer's own references, and so whatever
// has such text in it.
type marks func(text string) any

// texts writes a list of texts.
func (m marks) texts(all []string) list {
	out := make(list, len(all))
	for i, s := range all {
		out[i] = m(s)
	}
	return out
}

// tree writes a value as JSON has it; the members of objects are sorted.
func (m marks) tree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		var o object
		for _, k := range slices.Sorted(maps.Keys(v)) {
			o.put(k, m.tree(v[k]))
		}
		return o
	case []any:
		out := make(list, len(v))
		for i, e := range v {
			out[i] = m.tree(e)
		}
		return out
	case string:
		return m(v)
	default:
		return v
	}
}

// pattern is an event pattern.
func (m marks) pattern(p Pattern) object {
	var o object
	if len(p.Account) > 0 {
		o.put("account", m.texts(p.Account))
	}
	if len(p.Region) > 0 {
		o.put("region", m.texts(p.Region))
	}
	o.put("source", m.texts(p.Source))
	o.put("detail-type", m.texts(p.Kind))
	o.put("detail", m.tree(p.Detail))
	return o
}

// document is a policy of IAM.
func (m marks) document(doc *iam.Document) object {
	var out list
	for _, s := range doc.Statement {
		one := attributes("Sid", s.Sid, "Effect", s.Effect, "Action", m.texts(s.Action), "Resource", m.texts(s.Resource))
		if len(s.Condition) > 0 {
			conditions := map[string]any{}
			for op, keys := range s.Condition {
				values := map[string]any{}
				for key, all := range keys {
					values[key] = anys(all)
				}
				conditions[op] = values
			}
			one.put("Condition", m.tree(conditions))
		}
		out = append(out, one)
	}
	return document(out)
}

// tableName is the name of a table, which may be a variable's value.
func (m marks) tableName(t Table) any {
	if t.Variable != "" {
		return m(VariableMark(t.Variable))
	}
	return m(t.Name)
}
