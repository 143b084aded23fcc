package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
)

// rawStep is one step as the file has it.
type rawStep struct {
	word    *node // where its action is named
	action  action.Kind
	when    val[string]
	after   val[string]
	since   val[string]
	at      val[string]
	only    val[string]
	to      val[string]
	before  val[[]val[time.Duration]]
	every   val[time.Duration]
	subject val[string]
	text    val[string]
	tags    val[[]entry[string]]
	keys    val[[]val[string]]
	backup  val[bool]

	groups     val[[]entry[string]]
	rule       val[string]
	document   val[string]
	parameters val[[]entry[[]val[string]]]
	function   val[string]
}

// timing are the keys that every step has.
var timing = []field[rawStep]{
	key("when", "CEL, a condition: only where it is true.", filled, func(s *rawStep) *val[string] { return &s.when }),
	key("after", "How long after the first accepted notice (the first finding, where the policy notifies nobody): 14d, or CEL giving a duration.",
		afterKind, func(s *rawStep) *val[string] { return &s.after }),
	key("since", "The earlier step that after counts from.", filled, func(s *rawStep) *val[string] { return &s.since }),
}

// afterKind is the text of a length of time or of an expression; which of the
// two it is shows when it is compiled.
var afterKind = kind[string]{want: "a length of time such as 7d", schema: func(defs object) object { return object{"type": "string", "minLength": 1} },
	read: func(r *reporter, n *node) (string, bool) {
		if n.isText() {
			return filled.read(r, n)
		}
		_, ok := length.read(r, n) // says what is wrong with it
		return n.text, ok
	}}

var stepTiming = section[rawStep]{name: "a step", doc: "When the step is done.", fields: append(slices.Clone(timing),
	key("backup", "Of terminate and delete: take snapshots first, and do it in a later run, once they are complete; false unless set.",
		boolean, func(s *rawStep) *val[bool] { return &s.backup }),
	key("at", "Of stop and start: due when the policy's hours close, or open.", word(string(Close), string(Open)), func(s *rawStep) *val[string] { return &s.at }),
	key("only", "Of start: stopped_by_us starts nothing but what a stop of this policy stopped.", word(stoppedByUs),
		func(s *rawStep) *val[string] { return &s.only }),
)}

// positive is a length of time that is not zero.
var positive = length.that(func(d time.Duration) (string, string) {
	if d == 0 {
		return "is no time at all", "write how long: 7d"
	}
	return "", ""
})

var notifySection = section[rawStep]{name: "notify", doc: "Who is told, and how.", fields: append([]field[rawStep]{
	must(key("to", "A channel, or owner for the owner of each resource.", filled, func(s *rawStep) *val[string] { return &s.to })),
	key("before", "Reminders, so long ahead of the next step.", listOf(positive), func(s *rawStep) *val[[]val[time.Duration]] { return &s.before }),
	key("every", "A digest of what still stands, so often.", positive, func(s *rawStep) *val[time.Duration] { return &s.every }),
	key("subject", "CEL over run, a string: the subject.", filled, func(s *rawStep) *val[string] { return &s.subject }),
	key("text", "CEL over run, a string: text above the list.", filled, func(s *rawStep) *val[string] { return &s.text }),
}, timing...)}

// stepForm is how one action is written.
type stepForm struct {
	kind action.Kind
	doc  string
	// bare says that the word alone is a step.
	bare bool
	// needs is the hint where the word alone is not.
	needs  string
	read   func(r *reporter, n *node, s *rawStep, seen map[string]*node)
	schema func(defs object) object
}

var stepForms = append([]stepForm{
	{kind: action.Notify, doc: "Tell people.", needs: "write notify: CHANNEL", read: readNotify,
		schema: func(defs object) object {
			return object{"anyOf": []any{object{"type": "string", "minLength": 1}, notifySection.schema(defs)}}
		}},
	{kind: action.Stop, doc: "Stop it; it can be started again.", bare: true, read: readTiming, schema: timingSchema},
	{kind: action.Start, doc: "Start it.", bare: true, read: readTiming, schema: timingSchema},
	{kind: action.Terminate, doc: "End it for good; after must be written.", bare: true, read: readTiming, schema: timingSchema},
	{kind: action.Delete, doc: "Delete it for good; after must be written.", bare: true, read: readTiming, schema: timingSchema},
	{kind: action.Tag, doc: "Write tags.", needs: "write tag: {KEY: VALUE}", read: readTag,
		schema: func(defs object) object { o := mapOf(tagValue).schema(defs); o["minProperties"] = 1; return o }},
	{kind: action.Untag, doc: "Delete tags.", needs: "write untag: [KEY]", read: readUntag, schema: func(defs object) object { return listOf(tagKey).schema(defs) }},
}, detailForms...)

func timingSchema(defs object) object {
	return object{"anyOf": []any{object{"type": "null"}, stepTiming.schema(defs)}}
}

func readTiming(r *reporter, n *node, s *rawStep, seen map[string]*node) {
	switch {
	case n.shape == mapping:
		stepTiming.into(r, n, s, seen)
	case !n.null:
		r.wrong(n, "a mapping", "its keys: when, after, since")
	}
}

func readNotify(r *reporter, n *node, s *rawStep, seen map[string]*node) {
	if n.shape == mapping {
		notifySection.into(r, n, s, seen)
		return
	}
	if v, ok := filled.read(r, n); ok {
		s.to = val[string]{v, n}
	}
}

func readTag(r *reporter, n *node, s *rawStep, _ map[string]*node) {
	tags, ok := mapOf(tagValue).read(r, n)
	if !ok {
		return
	}
	if len(tags) == 0 {
		r.fault(n, "write tag: {KEY: VALUE}", "the step writes no tag")
	}
	for _, e := range tags {
		if slices.ContainsFunc(timing, func(f field[rawStep]) bool { return f.key == e.key.text }) {
			r.fault(e.key, "write it beside tag, not inside", "%q would be the key of a tag here", e.key.text)
		} else {
			tagKey.read(r, quoted(e.key))
		}
	}
	s.tags = val[[]entry[string]]{tags, n}
}

func readUntag(r *reporter, n *node, s *rawStep, _ map[string]*node) {
	if keys, ok := listOf(tagKey).read(r, n); ok {
		s.keys = val[[]val[string]]{keys, n}
	}
}

// formOf returns the form of the action with that word.
func formOf(word string) (*stepForm, bool) {
	i := slices.IndexFunc(stepForms, func(f stepForm) bool { return f.kind.String() == word })
	if i < 0 {
		return nil, false
	}
	return &stepForms[i], true
}

// stepWords are the actions, and with them what may stand beside one.
func stepWords(beside bool) []string {
	var words []string
	for _, f := range stepForms {
		words = append(words, f.kind.String())
	}
	if beside {
		for _, f := range timing {
			words = append(words, f.key)
		}
	}
	return words
}

// stepKind is a step: an action's word, or a mapping with the action as a key
// and when, after and since inside or beside it.
var stepKind = kind[rawStep]{want: "a step", schema: func(defs object) object { return define(defs, "enforced", stepSchema) }, read: func(r *reporter, n *node) (rawStep, bool) {
	s := rawStep{}
	if n.shape == mapping {
		return s, readStep(r, n, &s)
	}
	if !n.isText() {
		r.wrong(n, "a step", "the steps are "+strings.Join(stepWords(false), ", "))
		return s, false
	}
	f, ok := formOf(n.text)
	switch {
	case n.broken:
		return s, false
	case !ok:
		r.noStep(n, n.text, false)
		return s, false
	case !f.bare:
		r.fault(n, f.needs, "the step %s says too little", n.show())
		return s, false
	}
	s.word, s.action = n, f.kind
	return s, true
}}

// noStep reports a word that is no step.
func (r *reporter) noStep(n *node, word string, beside bool) {
	r.fault(n, meant(word, stepWords(beside)), "%s is not a step", n.show())
}

func readStep(r *reporter, n *node, s *rawStep) bool {
	seen, inside := map[string]*node{}, map[string]*node{}
	beside := section[rawStep]{fields: timing}
	for _, p := range n.pairs {
		if r.twice(p.key, seen) {
			continue
		}
		f, ok := formOf(p.key.text)
		switch {
		case ok && s.word != nil:
			r.fault(p.key, "give each its own list item", "a step is one action, this has %s as well", s.action)
		case ok:
			s.word, s.action = p.key, f.kind
			f.read(r, p.value, s, inside)
		case !slices.Contains(beside.keys(), p.key.text):
			r.noStep(p.key, p.key.text, true)
		}
	}
	for _, p := range n.pairs {
		if slices.Contains(beside.keys(), p.key.text) && seen[p.key.text] == p.key && !r.twice(p.key, inside) {
			beside.one(r, p, s)
		}
	}
	if s.word == nil && allTiming(n) {
		r.fault(n, "the steps are "+strings.Join(stepWords(false), ", "), "the step says nothing to do")
	}
	return s.word != nil
}

// allTiming says whether a step has nothing but when, after and since.
func allTiming(n *node) bool {
	return !slices.ContainsFunc(n.pairs, func(p pair) bool {
		return !slices.ContainsFunc(timing, func(f field[rawStep]) bool { return f.key == p.key.text })
	})
}

func stepSchema(defs object) object {
	var bare []string
	var one []any
	properties := object{}
	for _, f := range stepForms {
		w := f.kind.String()
		if f.bare && !ends(f.kind) {
			bare = append(bare, w)
		}
		s := f.schema(defs)
		s["description"] = f.doc
		properties[w] = s
		one = append(one, object{"required": []string{w}})
	}
	for _, f := range timing {
		s := f.schema(defs)
		s["description"] = f.doc
		properties[f.key] = s
	}
	return object{"anyOf": []any{object{"enum": bare},
		object{"type": "object", "properties": properties, "additionalProperties": false, "oneOf": one}}}
}

// ends says whether an action is for good, so that after must be written.
func ends(k action.Kind) bool { return k == action.Terminate || k == action.Delete }

// id is the step's name in the ledger, given how many of its action came
// before it.
func (s *rawStep) id(before int) string {
	if before == 0 {
		return s.action.String()
	}
	return fmt.Sprintf("%s#%d", s.action, before+1)
}
