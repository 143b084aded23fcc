package policy

// rawRule is one tag rule as the file has it.
type rawRule struct {
	required, allowEmpty, overwrite val[bool]
	def, value, fallback, pattern   val[string]
	allowed                         val[rawAllowed]
	aliases                         val[[]val[string]]
}

var ruleSection = section[rawRule]{name: "a tag rule", doc: "What one tag must be.", fields: []field[rawRule]{
	key("required", "Whether its absence is a violation; true unless set.", boolean, func(t *rawRule) *val[bool] { return &t.required }),
	key("allow_empty", "Whether an empty value will do; false unless set.", boolean, func(t *rawRule) *val[bool] { return &t.allowEmpty }),
	key("default", "The value for what is missing or empty.", tagValue, func(t *rawRule) *val[string] { return &t.def }),
	key("value", "CEL, a string or a timestamp: the value for what is missing or empty.", filled, func(t *rawRule) *val[string] { return &t.value }),
	key("fallback", "With value: what is written where nobody can be found who made the resource, or the value comes out empty.", tagValue,
		func(t *rawRule) *val[string] { return &t.fallback }),
	key("allowed", "The values that will do, or the table whose keys they are: {lookup: NAME}.", allowedKind, func(t *rawRule) *val[rawAllowed] { return &t.allowed }),
	key("pattern", "A regular expression (RE2) that the whole value must match.", filled, func(t *rawRule) *val[string] { return &t.pattern }),
	key("aliases", "Other spellings of the key, which are renamed to it.", listOf(tagKey), func(t *rawRule) *val[[]val[string]] { return &t.aliases }),
	key("overwrite", "Whether a different value is replaced by that of value; false unless set.", boolean, func(t *rawRule) *val[bool] { return &t.overwrite }),
}}

// rawAllowed is what a rule allows: values, or the name of a table.
type rawAllowed struct {
	values []val[string]
	lookup val[string]
}

var allowedSection = section[rawAllowed]{name: "allowed", doc: "The values that will do are the keys of a table.", fields: []field[rawAllowed]{
	must(key("lookup", "The name of the table.", filled, func(a *rawAllowed) *val[string] { return &a.lookup })),
}}

// allowedKind is a list of values, or a mapping that names a table.
var allowedKind = kind[rawAllowed]{want: "a list of values",
	schema: func(defs object) object {
		return object{"anyOf": []any{listOf(tagValue).schema(defs), allowedSection.schema(defs)}}
	},
	read: func(r *reporter, n *node) (rawAllowed, bool) {
		if n.shape == mapping {
			a, ok := allowedSection.kind().read(r, n)
			return a, ok && a.lookup.set()
		}
		values, ok := listOf(tagValue).read(r, n)
		return rawAllowed{values: values}, ok
	}}

// ruleKind is a rule, or nothing: then the tag is required.
var ruleKind = kind[rawRule]{want: "a mapping",
	schema: func(defs object) object {
		return object{"anyOf": []any{object{"type": "null"}, ruleSection.schema(defs)}}
	},
	read: func(r *reporter, n *node) (rawRule, bool) {
		if n.null && !n.broken {
			return rawRule{}, true
		}
		return ruleSection.kind().read(r, n)
	}}
