package app_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const (
	vpc        = "vpc-0123456789abcdef0"
	otherVPC   = "vpc-0123456789abcdef1"
	quarantine = "sg-0000000000000000f"
)

const revokeSSH = `
policies:
  - name: no-open-ssh
    resource: [ec2:security-group, ec2:network-acl]
    mode: enforce
    match: resource.rules.exists(r, r.allow && r.direction == "ingress" && r.cidr in ["0.0.0.0/0", "::/0"] && r.from_port <= 22 && r.to_port >= 22)
    enforce:
      - revoke: 'rule.direction == "ingress" && rule.cidr in ["0.0.0.0/0", "::/0"] && rule.from_port <= 22 && rule.to_port >= 22'
`

func ingress(protocol string, from, to int, cidr string) resource.Rule {
	return resource.Rule{Direction: resource.Ingress, Protocol: protocol, FromPort: from, ToPort: to, CIDR: cidr, Allow: true}
}

// group adds a security group to the world.
func (w *world) group(id, vpc string, rules ...resource.Rule) string {
	g := &resource.SecurityGroup{VPC: vpc, RuleList: resource.Known(rules)}
	g.Reference.ID, g.Reference.Region = id, region
	return w.aws.Add(g)
}

// acl adds a network ACL to the world.
func (w *world) acl(rules ...resource.Rule) string {
	l := &resource.NetworkACL{VPC: vpc, Entries: rules}
	l.Reference.Region = region
	return w.aws.Add(l)
}

func numbered(n int, allow bool, r resource.Rule) resource.Rule {
	r.Number, r.Allow = n, allow
	return r
}

// texts are rules without their ids.
func texts(rules []resource.Rule) []string {
	var out []string
	for _, r := range rules {
		_, text, _ := strings.Cut(r.String(), ": ")
		out = append(out, text)
	}
	return out
}

func TestOnlyTheRulesThatMatchAreRevoked(t *testing.T) {
	w := newWorld(t, revokeSSH)
	g := w.group("", vpc, ingress("tcp", 22, 22, "0.0.0.0/0"), ingress("tcp", 22, 22, "10.0.0.0/8"), ingress("all", 0, 65535, "::/0"), ingress("tcp", 443, 443, "0.0.0.0/0"))
	fine := w.group("", vpc, ingress("tcp", 443, 443, "0.0.0.0/0"))
	l := w.acl(numbered(100, true, ingress("tcp", 20, 30, "0.0.0.0/0")), numbered(110, false, ingress("all", 0, 65535, "0.0.0.0/0")), numbered(120, true, ingress("tcp", 80, 80, "0.0.0.0/0")))
	r := w.apply()
	want(t, "group", []string{"ingress tcp 22 from 10.0.0.0/8", "ingress tcp 443 from 0.0.0.0/0"}, texts(w.aws.Rules(g)))
	want(t, "group that is fine", 1, len(w.aws.Rules(fine)))
	want(t, "ACL", []string{"ingress all from 0.0.0.0/0", "ingress tcp 80 from 0.0.0.0/0"}, texts(w.aws.Rules(l)))
	entries, err := w.ledger.History(t.Context(), w.scope(), resource.EC2Ref(resource.Place{Account: account, Region: region}, resource.EC2SecurityGroup, g).ARN, r.Plan.Run, 10)
	if err != nil || len(entries) != 1 {
		t.Fatalf("history %v, %v", entries, err)
	}
	var before struct{ Rules []resource.Rule }
	if err := json.Unmarshal(entries[0].Before, &before); err != nil {
		t.Fatal(err)
	}
	want(t, "before", []string{"ingress tcp 22 from 0.0.0.0/0", "ingress all from ::/0"}, texts(before.Rules))
	w.aws.Clock().Advance(time.Hour)
	again := w.apply().Plan
	want(t, "after", []string(nil), did(again))
}

func TestARuleThatDeniesTrafficIsNeverRevoked(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(revokeSSH, "r.allow && ", ""))
	l := w.acl(numbered(100, false, ingress("all", 0, 65535, "0.0.0.0/0")))
	want(t, "done", []string{l + " revoke skipped"}, did(w.apply().Plan))
	want(t, "rules", 1, len(w.aws.Rules(l)))
}

func TestARuleThatIsMadeBetweenPlanAndApplyIsNotRevokedUnseen(t *testing.T) {
	w := newWorld(t, revokeSSH)
	g := w.group("", vpc, ingress("tcp", 22, 22, "0.0.0.0/0"))
	p := w.plan()
	want(t, "planned", []string{"ingress tcp 22 from 0.0.0.0/0"}, texts(find(t, p, g, action.Revoke).Rules))
	// The rule goes, and another comes in its place.
	if _, err := w.aws.Do(t.Context(), execute.Call{Action: action.Revoke, Type: resource.EC2SecurityGroup, At: resource.Place{Account: account, Region: region},
		IDs: []string{g}, Rules: map[string][]resource.Rule{g: w.aws.Rules(g)}}); err != nil {
		t.Fatal(err)
	}
	a := find(t, w.applyPlan(p).Plan, g, action.Revoke)
	want(t, "outcome", []string{string(plan.Skipped), reason.NoLongerHolds}, []string{string(a.State), a.Code})
}

func TestARuleThatCannotBeJudgedIsLeftAndSaid(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(`
policies:
  - name: p
    resource: ec2:security-group
    mode: enforce
    match: "true"
    enforce:
      - revoke: 'int(rule.description) > 1'
`, "\t", " "))
	good, bad := ingress("tcp", 22, 22, "0.0.0.0/0"), ingress("tcp", 23, 23, "0.0.0.0/0")
	good.Description, bad.Description = "7", "seven"
	both, none := w.group("", vpc, good, bad), w.group("", vpc, bad)
	r := w.apply()
	want(t, "left", []string{"ingress tcp 23 from 0.0.0.0/0"}, texts(w.aws.Rules(both)))
	want(t, "left of the other", 1, len(w.aws.Rules(none)))
	want(t, "code", reason.RuleUnknown, find(t, r.Plan, none, action.Revoke).Code)
	for _, f := range r.Plan.Findings {
		if f.Resource.ID == both && !slices.ContainsFunc(f.Reasons, func(r eval.Reason) bool { return r.Code == reason.RuleUnknown }) {
			t.Errorf("the rule that could not be judged is not said: %v", f.Reasons)
		}
	}
}

func TestRulesThatCouldNotBeReadAreNotJudged(t *testing.T) {
	w := newWorld(t, revokeSSH)
	g := w.group("", vpc, ingress("tcp", 22, 22, "0.0.0.0/0"))
	w.aws.Deny("ec2:DescribeSecurityGroupRules")
	p := w.apply().Plan
	want(t, "done", []string(nil), did(p))
	want(t, "unknown", 1, p.Summary.Unknown)
	want(t, "rules", 1, len(w.aws.Rules(g)))
}

func TestAnObservingPolicyShowsTheRulesItWouldRevoke(t *testing.T) {
	w := newWorld(t, strings.Replace(strings.Replace(revokeSSH, "mode: enforce", "mode: observe", 1), "match: resource.rules.exists", "match: true || resource.rules.exists", 1))
	open := w.group("", vpc, ingress("tcp", 22, 22, "0.0.0.0/0"))
	w.group("", vpc, ingress("tcp", 443, 443, "0.0.0.0/0"))
	p := w.apply().Plan
	want(t, "would", []string{open + " revoke would"}, did(p))
	want(t, "rules", []string{"ingress tcp 22 from 0.0.0.0/0"}, texts(find(t, p, open, action.Revoke).Rules))
	want(t, "left", 1, len(w.aws.Rules(open)))
}

// Whatever the rules are: those that do not match are there afterwards, in
// order, and none that matches is.
func TestRulesThatDoNotMatchAreNeverTouched(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, revokeSSH)
		some := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) resource.Rule {
			from := rapid.SampledFrom([]int{0, 21, 22, 23, 443}).Draw(rt, "from")
			return resource.Rule{
				Direction: rapid.SampledFrom([]string{"ingress", "egress"}).Draw(rt, "direction"),
				Protocol:  rapid.SampledFrom([]string{"tcp", "udp", "all", "50"}).Draw(rt, "protocol"),
				FromPort:  from, ToPort: from + rapid.SampledFrom([]int{0, 1, 65000}).Draw(rt, "more"),
				CIDR:  rapid.SampledFrom([]string{"0.0.0.0/0", "::/0", "10.0.0.0/8", ""}).Draw(rt, "cidr"),
				Allow: true,
			}
		}), 0, 6).Draw(rt, "rules")
		g := w.group("", vpc, some...)
		for i := range some {
			some[i].Number = i + 1
			some[i].Allow = rapid.Bool().Draw(rt, "allow")
		}
		l := w.acl(some...)
		keep := func(rules []resource.Rule) (out []resource.Rule) {
			for _, r := range rules {
				world := r.CIDR == "0.0.0.0/0" || r.CIDR == "::/0"
				if !(r.Allow && r.Direction == "ingress" && world && r.FromPort <= 22 && r.ToPort >= 22) {
					out = append(out, r)
				}
			}
			return out
		}
		groupLeft, aclLeft := keep(w.aws.Rules(g)), keep(w.aws.Rules(l))
		w.apply()
		for id, left := range map[string][]resource.Rule{g: groupLeft, l: aclLeft} {
			if diff := cmp.Diff(left, w.aws.Rules(id), cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("rules of %s (-want +got):\n%s", id, diff)
			}
		}
	})
}

const isolateAll = `
policies:
  - name: isolate
    resource: ec2:instance
    mode: enforce
    match: tag("Quarantine") == "yes"
    enforce:
      - isolate: {security_group: {vpc-0123456789abcdef0: sg-0000000000000000f}}
`

func (w *world) inVPC(id, vpc string, tags tag.Set) string {
	return w.aws.Launch(sim.Instance{ID: id, Region: region, VPC: vpc, SecurityGroups: []string{"sg-0000000000000000a"}, Tags: tags, Agent: "Online"})
}

func TestAnIsolationIsRememberedAndDoneOnce(t *testing.T) {
	w := newWorld(t, isolateAll)
	w.group(quarantine, vpc)
	id := w.inVPC(idOld, vpc, tag.Set{"Quarantine": "yes"})
	r := w.apply()
	a := find(t, r.Plan, id, action.Isolate)
	face := "eni-" + strings.TrimPrefix(id, "i-")
	want(t, "state", plan.Done, a.State)
	want(t, "groups", map[string]string{face: quarantine}, a.Groups)
	entries, err := w.ledger.History(t.Context(), w.scope(), "", r.Plan.Run, 10)
	if err != nil || len(entries) != 1 {
		t.Fatalf("history %v, %v", entries, err)
	}
	want(t, "before", `{"given":{"`+face+`":"`+quarantine+`"},"security_groups":{"`+face+`":["sg-0000000000000000a"]}}`, string(entries[0].Before))
	w.aws.Clock().Advance(time.Hour)
	calls := w.aws.Calls()["ec2:ModifyNetworkInterfaceAttribute"]
	again := find(t, w.apply().Plan, id, action.Isolate)
	want(t, "again", []string{string(plan.Skipped), reason.Already}, []string{string(again.State), again.Code})
	want(t, "calls", calls, w.aws.Calls()["ec2:ModifyNetworkInterfaceAttribute"])
}

func TestWhatCannotBeIsolatedIsLeftAndSaid(t *testing.T) {
	w := newWorld(t, isolateAll)
	w.group(quarantine, otherVPC) // not where the file says
	yes := tag.Set{"Quarantine": "yes"}
	wrong := w.inVPC("", vpc, yes)
	nowhere := w.inVPC("", otherVPC, yes)
	member := w.inVPC("", vpc, tag.Set{"Quarantine": "yes", "aws:autoscaling:groupName": "web"})
	p := w.apply().Plan
	for id, code := range map[string]string{wrong: "invalid", nowhere: reason.NoQuarantine, member: reason.Managed} {
		a := find(t, p, id, action.Isolate)
		want(t, id, code, a.Code)
		i, _ := w.aws.Instance(id)
		want(t, "groups of "+id, []string{"sg-0000000000000000a"}, i.SecurityGroups)
	}
}

func TestTwoQuarantinesForOneInstanceAreAConflict(t *testing.T) {
	other := strings.Replace(strings.Replace(isolateAll, "policies:\n", "", 1), "name: isolate", "name: another", 1)
	w := newWorld(t, isolateAll+strings.Replace(other, quarantine, "sg-0000000000000000e", 1))
	w.group(quarantine, vpc)
	w.group("sg-0000000000000000e", vpc)
	id := w.inVPC("", vpc, tag.Set{"Quarantine": "yes"})
	want(t, "done", []string{id + " isolate held", id + " isolate held"}, did(w.apply().Plan))
}

const patchAll = `
policies:
  - name: patch
    resource: ec2:instance
    mode: enforce
    match: tag("Patch") == "yes"
    enforce:
      - run_command: {document: AWS-RunShellScript, parameters: {commands: [echo geheim]}}
      - invoke: {function: tidy-up}
`

func TestACommandAndAFunctionAreCalledOnceForEachViolation(t *testing.T) {
	w := newWorld(t, patchAll)
	w.aws.AddFunction(region, "tidy-up")
	id := w.inVPC("", vpc, tag.Set{"Patch": "yes", "Name": "\"}\x1b[31m"})
	r := w.apply()
	want(t, "done", []string{id + " run_command done", id + " invoke done"}, did(r.Plan))
	sent, told := w.sent()
	want(t, "parameters", map[string][]string{"commands": {"echo geheim"}}, sent.Parameters)
	var event execute.Invocation
	if err := json.Unmarshal(told.Payload, &event); err != nil {
		t.Fatal(err)
	}
	want(t, "event", []any{1, r.Plan.Run, "patch", "invoke", id, "\"}\x1b[31m"},
		[]any{event.Version, event.Run, event.Policy, event.Step, event.Resource.ID, event.Resource.Tags["Name"]})
	if text := fmt.Sprint(r.Plan, find(t, r.Plan, id, action.RunCommand)); strings.Contains(text, "geheim") {
		t.Errorf("the plan has what the command is given: %s", text)
	}
	w.aws.Clock().Advance(time.Hour)
	want(t, "an hour later", []string{id + " run_command skipped", id + " invoke skipped"}, did(w.apply().Plan))
	w.aws.SetTags(id, tag.Set{"Patch": "no"})
	w.apply() // closes the case
	w.aws.SetTags(id, tag.Set{"Patch": "yes"})
	w.aws.Clock().Advance(time.Hour)
	want(t, "when it came back", []string{id + " run_command done", id + " invoke done"}, did(w.apply().Plan))
}

// sent is the last command and the last invocation.
func (w *world) sent() (command, invocation sim.Entry) {
	for _, e := range w.aws.Log() {
		switch e.Operation {
		case "ssm:SendCommand":
			command = e
		case "lambda:Invoke":
			invocation = e
		}
	}
	return command, invocation
}

func TestTwoDocumentsForOneInstanceAreTwoCommands(t *testing.T) {
	other := strings.Replace(strings.Replace(patchAll, "policies:\n", "", 1), "name: patch", "name: another", 1)
	w := newWorld(t, patchAll+strings.Replace(other, "AWS-RunShellScript", "AWS-RunRemoteScript", 1))
	w.aws.AddFunction(region, "tidy-up")
	w.inVPC("", vpc, tag.Set{"Patch": "yes"})
	w.inVPC("", vpc, tag.Set{"Patch": "yes"})
	w.apply()
	want(t, "commands", 2, w.aws.Calls()["ssm:SendCommand"])
	want(t, "invocations", 4, w.aws.Calls()["lambda:Invoke"])
}
