package deploy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// unsetDomain is in every value that stands in for one that nobody knows yet. No
// such domain can exist (RFC 6761, section 6.4).
const unsetDomain = "unset.invalid"

// reference is ${NAME} or ${NAME:-default} as a policy file has it.
var reference = regexp.MustCompile(`\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}\n]*))?\}`)

// Lookup reads a variable of the environment.
type Lookup func(name string) (string, bool)

// Read loads policy files with load, and says which variables they name and
// what each is. What is set in the environment or has a default in the file is
// read so; for a variable with neither, a value stands in that fits its place: a
// URL, a topic, an address or a word. Where none fits, the list says that the variable
// is not set.
func Read(sources []policy.Source, env Lookup, load func(Lookup) (*policy.Set, diag.List)) (*policy.Set, []Variable, diag.List) {
	var names []string
	try := func(with map[string]string) (*policy.Set, diag.List) {
		return load(func(name string) (string, bool) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			if v, ok := with[name]; ok {
				return v, true
			}
			return env(name)
		})
	}
	set, asIs := try(nil)
	defaults := defaultsOf(sources)
	with := map[string]string{}
	for _, n := range names {
		if _, set := env(n); !set && len(defaults[n]) == 0 {
			with[n] = standIns(n)[0]
		}
	}
	list := asIs
	if len(with) > 0 {
		set, list = fitting(with, try)
	}
	if set == nil {
		return nil, nil, plainly(list, asIs)
	}
	slices.Sort(names)
	var out []Variable
	for _, n := range names {
		v := Variable{Name: n}
		if value, ok := env(n); ok && value != "" {
			v.Default, v.Known = value, true
		} else if d := defaults[n]; len(d) == 1 && !strings.ContainsAny(d[0], `"'\`) {
			v.Default, v.Known = d[0], true
		} else if s, ok := with[n]; ok {
			v.Default = s
		}
		if v.Kind, v.twin = kindOf(set, v), twinOf(v, with, try); v.twin != nil {
			v.Kind = kindOf(v.twin.set, Variable{Default: v.twin.value})
		}
		out = append(out, v)
	}
	return set, out, list
}

// plainly is a list in which nothing is said of values that stand in: it says
// what is said without them nearest to the place.
func plainly(with, without diag.List) diag.List {
	out := slices.Clone(with)
	for i, d := range out {
		best := -1
		for _, w := range without {
			far := max(w.Pos.Column-d.Pos.Column, d.Pos.Column-w.Pos.Column)
			if w.Pos.File == d.Pos.File && w.Pos.Line == d.Pos.Line && (best < 0 || far < best) {
				best, out[i] = far, w
			}
		}
	}
	return out
}

// fitting looks for values with which the files load, one variable after the
// other.
func fitting(with map[string]string, try func(map[string]string) (*policy.Set, diag.List)) (*policy.Set, diag.List) {
	set, list := try(with)
	for _, n := range slices.Sorted(maps.Keys(with)) {
		for _, s := range standIns(n)[1:] {
			if set != nil {
				return set, list
			}
			was := with[n]
			with[n] = s
			if other, l := try(with); other != nil || len(l) < len(list) {
				set, list = other, l
			} else {
				with[n] = was
			}
		}
	}
	return set, list
}

// standIns are values that stand in for a variable.
func standIns(name string) []string {
	n := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	return []string{n + "." + unsetDomain, "https://" + n + "." + unsetDomain, n + "@" + n + "." + unsetDomain,
		"arn:" + resource.Partition("") + ":sns:us-east-1:000000000000:" + n + "-unset-invalid"}
}

// defaultsOf are the different defaults that files give their variables.
func defaultsOf(sources []policy.Source) map[string][]string {
	out := map[string][]string{}
	for _, s := range sources {
		for _, m := range reference.FindAllSubmatch(s.Data, -1) {
			name, value := string(m[1]), string(m[2])
			if strings.HasPrefix(string(m[0]), "$$") || !strings.Contains(string(m[0]), ":-") || slices.Contains(out[name], value) {
				continue
			}
			out[name] = append(out[name], value)
		}
	}
	return out
}

// shortSecret is how long a value is at least before it is looked for within a
// longer text: shorter ones are found everywhere.
const shortSecret = 6

// within says whether a text is made of the variable.
func (v Variable) within(text string) bool {
	return v.Default != "" && (text == v.Default || len(v.Default) >= shortSecret && strings.Contains(text, v.Default))
}

// kindOf says what a variable is by where its value came to be. A value that
// nothing else has says it exactly: see twin.
func kindOf(set *policy.Set, v Variable) Kind {
	topic := false
	for _, c := range set.Channels {
		if slices.ContainsFunc(secrets(c), v.within) {
			return Secret
		}
		topic = topic || c.SNS != nil && c.SNS.Topic != "" && c.SNS.Topic == v.Default
	}
	for _, p := range set.Policies {
		for i := range p.Steps {
			for _, values := range p.Steps[i].Parameters {
				if slices.ContainsFunc(values, v.within) {
					return Secret
				}
			}
		}
	}
	if topic {
		return ForTopic
	}
	return Plain
}

// fix takes out the variables that are no parameters, because what is deployed
// follows from their value: which accounts and regions there are, what roles and
// the settings are called. They are as when the files were read.
func (d *Deployment) fix(set *policy.Set) error {
	s := &set.Settings
	texts := append([]string{s.Name, s.Mark}, s.Regions...)
	if a := s.Accounts; a != nil {
		for _, one := range a.List {
			texts = append(texts, one.ID, one.Role)
		}
		if o := a.Organization; o != nil {
			texts = append(texts, o.Role)
		}
	}
	all := d.Variables
	d.Variables = nil
	for _, v := range all {
		switch {
		case v.Kind != Plain || !slices.ContainsFunc(texts, v.within):
			d.Variables = append(d.Variables, v)
		case !v.Known:
			return undecided(v)
		default:
			d.fixed = append(d.fixed, v)
		}
	}
	return nil
}

// undecided says that a variable must be known.
func undecided(v Variable) error {
	return fmt.Errorf("what the variable %s is decides what is deployed: set it in the environment, or give it a default: ${%s:-…}", v.Name, v.Name)
}

// environment is what the function is set up with. It is told of a ledger that
// the files do not name: naming another than they do is an error.
func (d *Deployment) environment(files []string, named policy.Ledger) []Setting {
	var out []Setting
	if named.DynamoDB == "" {
		out = append(out, Setting{ownPrefix + "LEDGER", d.Ledger.Name})
	}
	out = append(out, Setting{ownPrefix + "POLICY", strings.Join(files, ",")})
	if d.Waits {
		out = append(out, Setting{ownPrefix + "QUEUE", QueueURL})
	}
	if d.WaitsLong {
		out = append(out, Setting{ownPrefix + "SCHEDULER_ROLE", WaitRole})
	}
	var made []string
	for _, t := range d.Topics {
		if t.Variable == "" {
			made = append(made, t.Channels[0]+"="+TopicMark(t.Channels[0]))
		}
	}
	if len(made) > 0 {
		out = append(out, Setting{ownPrefix + "TOPICS", strings.Join(made, ",")})
	}
	for _, v := range d.Variables {
		out = append(out, Setting{v.Name, VariableMark(v.Name)})
	}
	for _, v := range d.fixed {
		out = append(out, Setting{v.Name, v.Default})
	}
	slices.SortFunc(out, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// referring writes the marks of variables for their values, where a text is the
// value, or a part of it between : and / is.
func (d *Deployment) referring(text string) string {
	whole := text
	for _, v := range d.Variables {
		if refers, known := d.refers[v.Name]; !known || refers[whole] {
			text = v.replace(text, whole)
		}
	}
	return text
}

// replace writes the mark of a variable for its value in a text that whole has
// become.
func (v Variable) replace(text, whole string) string {
	switch {
	case v.Default == "" || v.Kind == Secret || strings.ContainsAny(v.Default, "*?$"):
		return text
	case text == v.Default && text == whole:
		return VariableMark(v.Name)
	case v.Kind == Plain && strings.HasPrefix(text, "arn:"):
		return replacePart(text, v.Default, VariableMark(v.Name))
	}
	return text
}

// replacePart replaces a part of the last field of an ARN, the resource's own
// name: one that has not : or / on both sides is another's.
func replacePart(arn, part, by string) string {
	fields := strings.SplitN(arn, ":", 6)
	name := fields[len(fields)-1]
	for i := 0; i < len(name); {
		n := strings.Index(name[i:], part)
		if n < 0 {
			break
		}
		at, end := i+n, i+n+len(part)
		if at > 0 && strings.IndexByte(":/", name[at-1]) >= 0 && (end == len(name) || strings.IndexByte(":/", name[end]) >= 0) {
			name = name[:at] + by + name[end:]
			i = at + len(by)
			continue
		}
		i = at + 1
	}
	fields[len(fields)-1] = name
	return strings.Join(fields, ":")
}

// known refuses what rests on values that nobody knows yet.
func (d *Deployment) known() error {
	var texts []string
	docs := d.Documents
	if d.Members != nil {
		docs = slices.Concat(docs, d.Members.Documents)
	}
	if d.People != nil {
		docs = append(slices.Clone(docs), *d.People)
	}
	for _, doc := range docs {
		for _, s := range doc.Statement {
			texts = append(texts, s.Resource...)
			for _, keys := range s.Condition {
				for _, values := range keys {
					texts = append(texts, values...)
				}
			}
		}
	}
	for _, s := range d.Schedules {
		texts = append(texts, s.Input, s.Expression)
	}
	for _, r := range d.Rules {
		texts = append(texts, r.Bus, fmt.Sprint(r.Pattern.Detail))
	}
	texts = append(texts, d.Name, d.Settings)
	for _, v := range d.Variables {
		if v.Known || v.Default == "" || v.Kind == Secret {
			continue
		}
		for _, t := range texts {
			if strings.Contains(t, v.Default) || strings.Contains(t, v.Name) && strings.Contains(t, unsetDomain) {
				return undecided(v)
			}
		}
	}
	return nil
}
