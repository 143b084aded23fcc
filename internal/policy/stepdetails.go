package policy

import (
	"regexp"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// This file is what isolate, revoke, run_command and invoke take beside when,
// after and since.

var (
	groupShape = regexp.MustCompile(`^sg-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)
	vpcShape   = regexp.MustCompile(`^vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)
	// documentShape is DocumentName of SendCommand in the Systems Manager API
	// reference.
	documentShape = regexp.MustCompile(`^[a-zA-Z0-9_\-.:/]{3,128}$`)
	// functionShape is FunctionName of Invoke in the Lambda API reference, without
	// partial ARNs, which are easily mistaken for names.
	functionShape = regexp.MustCompile(`^(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[a-zA-Z0-9_-]{1,64}(?::(?:\$LATEST|[a-zA-Z0-9_-]{1,128}))?$`)
)

// groupID is the id of a security group.
var groupID = text.that(func(s string) (string, string) {
	if !groupShape.MatchString(s) {
		return "is no id of a security group", "it is written like sg-0123456789abcdef0; a map gives one for each VPC"
	}
	return "", ""
}).with(object{"pattern": groupShape.String() + `|\$\{`})

// quarantine is a security group for all VPCs, or one for each by the VPC's id.
// The key of the entry is nil in the first case.
var quarantine = kind[[]entry[string]]{want: "a security group, or a mapping from VPCs to security groups",
	schema: func(defs object) object {
		byVPC := mapOf(groupID).schema(defs)
		byVPC["minProperties"] = 1
		return object{"anyOf": []any{groupID.schema(defs), byVPC}}
	},
	read: func(r *reporter, n *node) ([]entry[string], bool) {
		if n.shape != mapping {
			id, ok := groupID.read(r, n)
			return []entry[string]{{val: val[string]{id, n}}}, ok
		}
		if len(n.pairs) == 0 {
			r.fault(n, "write VPC: SECURITY-GROUP", "no security group is given")
			return nil, false
		}
		groups, ok := mapOf(groupID).read(r, n)
		for _, e := range groups {
			if !vpcShape.MatchString(e.key.text) {
				r.fault(e.key, "it is written like vpc-0123456789abcdef0", "%s is no id of a VPC", e.key.show())
			}
		}
		return groups, ok
	}}

var isolateSection = section[rawStep]{name: "isolate", doc: "Which security group an instance is left with.", fields: append([]field[rawStep]{
	must(key("security_group", "The security group that replaces all others: one, or one for each VPC by the VPC's id.", quarantine,
		func(s *rawStep) *val[[]entry[string]] { return &s.groups })),
}, timing...)}

var documentName = text.that(func(s string) (string, string) {
	if !documentShape.MatchString(s) {
		return "is not the name of a document", "3 to 128 letters, digits and _-.:/, as in AWS-RunPatchBaseline"
	}
	return "", ""
}).with(object{"pattern": documentShape.String() + `|\$\{`})

var runCommandSection = section[rawStep]{name: "run_command", doc: "The document of Systems Manager that is run.", fields: append([]field[rawStep]{
	must(key("document", "The document's name, or its ARN where another account shares it.", documentName, func(s *rawStep) *val[string] { return &s.document })),
	// What is given to a command is often a secret.
	key("parameters", "What the document is given: a list of strings for each of its parameters.", mapOf(listOf(text.hidden())),
		func(s *rawStep) *val[[]entry[[]val[string]]] { return &s.parameters }),
}, timing...)}

var functionName = text.that(func(s string) (string, string) {
	if !functionShape.MatchString(s) {
		return "is not a Lambda function", "a name such as tidy-up, with :ALIAS behind it where one is meant, or the whole ARN"
	}
	return "", ""
}).with(object{"pattern": functionShape.String() + `|\$\{`})

var invokeSection = section[rawStep]{name: "invoke", doc: "The Lambda function that is told of each resource.", fields: append([]field[rawStep]{
	must(key("function", "The function's name, in the region of the resource, or its ARN.", functionName, func(s *rawStep) *val[string] { return &s.function })),
}, timing...)}

// detailForms are the forms of the steps of this file.
var detailForms = []stepForm{
	detailForm(action.Isolate, "Leave an instance with one security group alone; the old ones can be put back.", "write isolate: {security_group: sg-…}", &isolateSection),
	{kind: action.Revoke, doc: "CEL over rule: take these rules out of a security group or network ACL.", needs: `write revoke: 'rule.cidr == "0.0.0.0/0"'`,
		read: readRevoke, schema: filled.schema},
	detailForm(action.RunCommand, "Run a document of Systems Manager on an instance, once for each violation.", "write run_command: {document: NAME}", &runCommandSection),
	detailForm(action.Invoke, "Call a Lambda function about the resource, once for each violation.", "write invoke: {function: NAME}", &invokeSection),
}

// detailForm is the form of a step that is a mapping.
func detailForm(k action.Kind, doc, needs string, s *section[rawStep]) stepForm {
	return stepForm{kind: k, doc: doc, needs: needs, schema: s.schema,
		read: func(r *reporter, n *node, into *rawStep, seen map[string]*node) {
			if n.shape != mapping {
				r.wrong(n, "a mapping", needs)
				return
			}
			s.into(r, n, into, seen)
		}}
}

func readRevoke(r *reporter, n *node, s *rawStep, _ map[string]*node) {
	if v, ok := filled.read(r, n); ok {
		s.rule = val[string]{v, n}
	}
}

// buildDetails takes over what the steps of this file take.
func (l *loader) buildDetails(p *policyDraft, raw *rawStep, s *Step) {
	for _, e := range raw.groups.v {
		if !e.set() {
			continue
		}
		if s.Groups == nil {
			s.Groups = map[string]string{}
		}
		vpc := ""
		if e.key != nil {
			vpc = e.key.text
		}
		s.Groups[vpc] = e.v
	}
	if ruled(p.Types) {
		s.Rule = l.compileRule(raw.rule, p.Types)
	}
	s.Document, s.Function = raw.document.v, raw.function.v
	for _, e := range raw.parameters.v {
		if s.Parameters == nil {
			s.Parameters = map[string][]string{}
		}
		for _, v := range e.v {
			s.Parameters[e.key.text] = append(s.Parameters[e.key.text], v.v)
		}
	}
}

// ruled says whether resources of all these types have rules to revoke.
func ruled(types []resource.Type) bool {
	return len(types) > 0 && !slices.ContainsFunc(types, func(t resource.Type) bool {
		s, ok := resource.SchemaOf(t)
		return !ok || !slices.Contains(s.Actions, action.Revoke)
	})
}

// compileRule compiles a condition over rules.
func (l *loader) compileRule(source val[string], types []resource.Type) *expr.Program {
	if !source.set() {
		return nil
	}
	p, problems := l.compiler.CompileRule(source.v, types)
	return l.sound(source.at, p, problems)
}
