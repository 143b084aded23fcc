package deploy_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// stack is a template as CloudFormation would carry it out: with the values of
// parameters, and names and ARNs for what it makes.
type stack struct {
	t               testing.TB
	account, region string
	params          map[string]string
	nodes           map[string]ast.Node // of the resources whose condition is met
	conditions      map[string]ast.Node
}

// carryOut reads a template. Parameters are name and value in turn.
func carryOut(t testing.TB, template []byte, account, region string, params ...string) *stack {
	t.Helper()
	f, err := parser.ParseBytes(template, 0)
	if err != nil {
		t.Fatal(err)
	}
	top := members(f.Docs[0].Body)
	s := &stack{t: t, account: account, region: region, params: map[string]string{}, conditions: members(top["Conditions"])}
	for name, p := range members(top["Parameters"]) {
		if d, ok := members(p)["Default"]; ok {
			s.params[name] = fmt.Sprint(s.value(d))
		}
	}
	for i := 0; i+1 < len(params); i += 2 {
		s.params[params[i]] = params[i+1]
	}
	s.nodes = members(top["Resources"])
	maps.DeleteFunc(s.nodes, func(_ string, n ast.Node) bool {
		c, ok := members(n)["Condition"]
		return ok && !s.holds(s.value(c).(string))
	})
	return s
}

// members are those of a mapping.
func members(n ast.Node) map[string]ast.Node {
	out := map[string]ast.Node{}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			out[v.Key.GetToken().Value] = v.Value
		}
	case *ast.MappingValueNode:
		out[n.Key.GetToken().Value] = n.Value
	}
	return out
}

// value is a node as JSON has it, its functions carried out.
func (s *stack) value(n ast.Node) any {
	switch n := n.(type) {
	case *ast.TagNode:
		return s.function(strings.TrimPrefix(n.Start.Value, "!"), n.Value)
	case *ast.MappingNode, *ast.MappingValueNode:
		out := map[string]any{}
		for k, v := range members(n) {
			out[k] = s.value(v)
		}
		return out
	case *ast.SequenceNode:
		out := []any{}
		for _, v := range n.Values {
			if one := s.value(v); one != nil {
				out = append(out, one)
			}
		}
		return out
	case ast.ScalarNode:
		return n.GetValue()
	default:
		s.t.Fatalf("%T in a template", n)
		return nil
	}
}

var inSub = regexp.MustCompile(`\$\{[^}]*\}`)

func (s *stack) function(name string, of ast.Node) any {
	switch name {
	case "Ref":
		return s.ref(s.value(of).(string))
	case "GetAtt":
		return s.attribute(s.value(of).(string))
	case "Sub":
		return inSub.ReplaceAllStringFunc(s.value(of).(string), func(m string) string {
			switch name := m[2 : len(m)-1]; {
			case strings.HasPrefix(name, "!"):
				return "${" + name[1:] + "}"
			case strings.Contains(name, ".") && !strings.Contains(name, "::"):
				return s.attribute(name)
			default:
				return fmt.Sprint(s.ref(name))
			}
		})
	case "If":
		three := of.(*ast.SequenceNode).Values
		if s.holds(s.value(three[0]).(string)) {
			return s.value(three[1])
		}
		return s.value(three[2])
	case "Split":
		two := s.value(of).([]any)
		var out []any
		for _, part := range strings.Split(two[1].(string), two[0].(string)) {
			out = append(out, part)
		}
		return out
	case "Select":
		two := s.value(of).([]any)
		return two[1].([]any)[two[0].(uint64)]
	case "Equals":
		two := s.value(of).([]any)
		return fmt.Sprint(two[0]) == fmt.Sprint(two[1])
	case "Not":
		return !s.truth(s.value(of).([]any)[0])
	case "And":
		return !slices.ContainsFunc(s.value(of).([]any), func(v any) bool { return !s.truth(v) })
	default:
		s.t.Fatalf("!%s in a template", name)
		return nil
	}
}

// holds says whether a condition is met.
func (s *stack) holds(name string) bool { return s.truth(s.value(s.conditions[name])) }

func (s *stack) truth(v any) bool {
	if m, ok := v.(map[string]any); ok {
		return s.holds(m["Condition"].(string))
	}
	return v.(bool)
}

// ref is the value of a parameter, or what CloudFormation calls a resource by.
func (s *stack) ref(name string) any {
	switch name {
	case "AWS::AccountId":
		return s.account
	case "AWS::Region":
		return s.region
	case "AWS::Partition":
		return "aws"
	case "AWS::NoValue":
		return nil
	}
	if v, ok := s.params[name]; ok {
		return v
	}
	switch s.kind(name) {
	case "AWS::SQS::Queue":
		return "https://sqs." + s.region + ".amazonaws.com/" + s.account + "/" + name
	case "AWS::IAM::ManagedPolicy", "AWS::Lambda::Alias", "AWS::SNS::Topic":
		return s.attribute(name + ".Arn")
	default:
		return name
	}
}

// kind is the type of a resource that the stack makes.
func (s *stack) kind(name string) string {
	n, ok := s.nodes[name]
	if !ok {
		s.t.Fatalf("the template refers to %s, which is not there", name)
	}
	return members(n)["Type"].GetToken().Value
}

// attribute is what a resource is known by elsewhere.
func (s *stack) attribute(of string) string {
	name, what, _ := strings.Cut(of, ".")
	kind := s.kind(name)
	called := name
	for _, key := range []string{"RoleName", "Name"} {
		if n, ok := members(members(s.nodes[name])["Properties"])[key]; ok {
			called = fmt.Sprint(s.value(n))
		}
	}
	if what != "Arn" {
		return called
	}
	global := "arn:aws:iam::" + s.account + ":"
	local := func(service, resource string) string {
		return "arn:aws:" + service + ":" + s.region + ":" + s.account + ":" + resource
	}
	switch kind {
	case "AWS::IAM::Role":
		return global + "role/" + called
	case "AWS::IAM::ManagedPolicy":
		return global + "policy/" + called
	case "AWS::SQS::Queue":
		return local("sqs", called)
	case "AWS::SNS::Topic":
		return local("sns", called)
	case "AWS::Events::Rule":
		return local("events", "rule/"+called)
	case "AWS::Events::EventBus":
		return local("events", "event-bus/"+called)
	case "AWS::Logs::LogGroup":
		return local("logs", "log-group:"+called+":*")
	case "AWS::Lambda::Function", "AWS::Lambda::Alias":
		return local("lambda", "function:"+called)
	default:
		s.t.Fatalf("%s has no ARN here", kind)
		return ""
	}
}

// properties are those of a resource.
func (s *stack) properties(name string) map[string]any {
	s.t.Helper()
	n, ok := s.nodes[name]
	if !ok {
		s.t.Fatalf("the stack makes no %s", name)
	}
	return s.value(members(n)["Properties"]).(map[string]any)
}

// role are the policies of a role of the stack.
func (s *stack) role(name string) iamtest.Layer {
	s.t.Helper()
	props := s.properties(name)
	var out iamtest.Layer
	inline, _ := props["Policies"].([]any)
	for _, p := range inline {
		out = append(out, s.policy(p.(map[string]any)["PolicyDocument"]))
	}
	managed, _ := props["ManagedPolicyArns"].([]any)
	for _, arn := range managed {
		_, name, _ := strings.Cut(arn.(string), ":policy/")
		out = append(out, s.policy(s.properties(name)["PolicyDocument"]))
	}
	return out
}

func (s *stack) policy(document any) *iamtest.Policy {
	s.t.Helper()
	b, err := json.Marshal(document)
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := iamtest.Parse(b)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, b)
	}
	return p
}

// variables are those of the function.
func (s *stack) variables() map[string]any {
	s.t.Helper()
	return s.properties("Function")["Environment"].(map[string]any)["Variables"].(map[string]any)
}

// A first deployment that fails takes its empty tables away again: with them
// there, the second would fail too. The bucket of a trail has a name of its own
// each time, and may have logs in it already.
func TestAFailedBeginningLeavesNoTable(t *testing.T) {
	body := string(rendered(t, deployed(t, none, text(everything)))[0].Data)
	for name, want := range map[string]string{"Ledger": "RetainExceptOnCreate", "TrailBucket": "Retain"} {
		_, of, _ := strings.Cut(body, "\n  "+name+":\n")
		of, _, _ = strings.Cut(of, "    Properties:\n")
		if !strings.Contains(of, "    DeletionPolicy: "+want+"\n    UpdateReplacePolicy: Retain\n") {
			t.Errorf("%s:\n%s", name, of)
		}
	}
}
