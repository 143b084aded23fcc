package deploy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What a template is made of: objects, lists, text, numbers, true and false, and
// short forms of CloudFormation's functions.
type (
	// object has its members in the order in which they are written.
	object []member
	member struct {
		key   string
		value any
		// comment is written above it, a line each.
		comment string
	}
	list []any
	// short is the short form of a function: !Ref NAME.
	short struct {
		name  string
		value any
	}
)

// put adds a member.
func (o *object) put(key string, value any, comment ...string) {
	*o = append(*o, member{key, value, strings.Join(comment, "\n")})
}

// yaml writes an object as a document of YAML.
func yaml(o object) []byte {
	w := &yamlWriter{}
	w.object(o, 0, true)
	return []byte(w.b.String())
}

type yamlWriter struct{ b strings.Builder }

// object writes members, each on lines of its own. Those at the top have an
// empty line between them.
func (w *yamlWriter) object(o object, depth int, top bool) {
	for i, m := range o {
		if i > 0 && (top || depth == 1 && m.comment != "") {
			w.b.WriteByte('\n')
		}
		w.comment(m.comment, depth)
		w.indent(depth)
		w.b.WriteString(scalar(m.key) + ":")
		w.value(m.value, depth+1)
	}
}

func (w *yamlWriter) comment(text string, depth int) {
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		w.indent(depth)
		w.b.WriteString("# " + line + "\n")
	}
}

func (w *yamlWriter) indent(depth int) { w.b.WriteString(strings.Repeat("  ", depth)) }

// value writes what comes after a colon, with the end of the line.
func (w *yamlWriter) value(v any, depth int) {
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			w.b.WriteString(" {}\n")
			return
		}
		w.b.WriteByte('\n')
		w.object(v, depth, false)
	case list:
		w.list(v, depth)
	case short:
		w.b.WriteString(" !" + v.name)
		w.value(v.value, depth)
	default:
		w.b.WriteString(" " + scalar(v) + "\n")
	}
}

// list writes short lists of words on one line.
func (w *yamlWriter) list(l list, depth int) {
	if line, ok := inline(l); ok {
		w.b.WriteString(" " + line + "\n")
		return
	}
	w.b.WriteByte('\n')
	for _, v := range l {
		w.item(v, depth)
	}
}

// item writes one item; an object begins on the line of its dash.
func (w *yamlWriter) item(v any, depth int) {
	o, ok := v.(object)
	if !ok || len(o) == 0 {
		w.indent(depth)
		w.b.WriteByte('-')
		w.value(v, depth+1)
		return
	}
	inner := &yamlWriter{}
	inner.object(o, depth+1, false)
	w.indent(depth)
	w.b.WriteString("- " + strings.TrimPrefix(inner.b.String(), strings.Repeat("  ", depth+1)))
}

// lineWidth is how long a list on one line may be.
const lineWidth = 120

// inline writes a list on one line, if it is short and of words.
func inline(l list) (string, bool) {
	words := make([]string, len(l))
	for i, v := range l {
		switch v := v.(type) {
		case object:
			if len(v) != 1 || v[0].comment != "" {
				return "", false
			}
			switch v[0].value.(type) {
			case string, bool, int:
				words[i] = "{" + scalar(v[0].key) + ": " + flow(v[0].value) + "}"
			default:
				return "", false
			}
		case short:
			s, ok := v.value.(string)
			if !ok || v.name != "Ref" {
				return "", false
			}
			words[i] = "!Ref " + flow(s)
		case list:
			return "", false
		default:
			words[i] = flow(v)
		}
	}
	line := "[" + strings.Join(words, ", ") + "]"
	return line, len(line) <= lineWidth
}

// flow is a scalar between brackets, where commas and brackets mean something.
func flow(v any) string {
	s := scalar(v)
	if t, ok := v.(string); ok && s == t && strings.ContainsAny(t, ",[]{}:") {
		return quoted(t)
	}
	return s
}

// bare is text that YAML takes for text without quotes.
var bare = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9 _./:,()+=@-]*$`)

// notText is what YAML, in any version, takes for something else than text.
var notText = []string{"y", "n", "yes", "no", "true", "false", "on", "off", "null"}

// scalar writes text, a number, true or false.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		if bare.MatchString(v) && !slices.Contains(notText, strings.ToLower(v)) && !strings.Contains(v, ": ") && !strings.HasSuffix(v, ":") && !strings.HasSuffix(v, " ") {
			return v
		}
		return quoted(v)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	default:
		panic(fmt.Sprintf("deploy: a template has no %T", v)) // the renderer makes no other
	}
}

// quoted is text in single quotes, or where it has characters that these cannot
// hold, in double ones: JSON's are YAML's.
func quoted(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || r > '~' && r < 0xa0 || r >= 0x2028 && r <= 0x2029 || r == '\ufeff'
	}) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	b, err := json.Marshal(s)
	if err != nil {
		return "''" // text alone: it cannot fail
	}
	return string(b)
}
