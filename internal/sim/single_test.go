package sim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
)

const (
	nowhere   = "sg-0aaaaaaaaaaaaaaaa"
	vpcOne    = "vpc-0123456789abcdef0"
	vpcTwo    = "vpc-0123456789abcdef1"
	noRule    = "sgr-0aaaaaaaaaaaaaaaa"
	openWorld = "0.0.0.0/0"
)

// one makes a call about one resource and returns what became of it.
func one(a *sim.Account, c execute.Call) error {
	c.At = home
	answer, err := a.Do(ctx, c)
	if err == nil {
		err = answer.Failed[c.IDs[0]]
	}
	return err
}

// passedOver is the refusal of the last call that an action made, where it
// makes no failure of it.
func passedOver(a *sim.Account, c execute.Call) error {
	if err := one(a, c); err != nil {
		return err
	}
	e := a.Log()[len(a.Log())-1]
	if e.Code == "" {
		return nil
	}
	return &fault.Error{Class: e.Class, Call: e.Operation, Region: e.Region, Code: e.Code, RequestID: e.RequestID, Message: "passed over"}
}

// face is the network interface that an instance was launched with.
func face(id string) string { return "eni-" + strings.TrimPrefix(id, "i-") }

func isolating(id string, groups map[string]string) execute.Call {
	return execute.Call{Action: action.Isolate, Type: resource.EC2Instance, IDs: []string{id}, Groups: map[string]map[string]string{id: groups}}
}

func revoking(t resource.Type, id string, rules ...resource.Rule) execute.Call {
	return execute.Call{Action: action.Revoke, Type: t, IDs: []string{id}, Rules: map[string][]resource.Rule{id: rules}}
}

func restoring(t resource.Type, id string, rules ...resource.Rule) execute.Call {
	c := revoking(t, id, rules...)
	c.Action = action.Restore
	return c
}

func newGroup(a *sim.Account, vpc string, rules ...resource.Rule) string {
	g := &resource.SecurityGroup{VPC: vpc, RuleList: resource.Known(rules)}
	g.Reference.Region = home.Region
	return a.Add(g)
}

func newACL(a *sim.Account, rules ...resource.Rule) string {
	l := &resource.NetworkACL{VPC: vpcOne, Entries: rules}
	l.Reference.Region = home.Region
	return a.Add(l)
}

func inVPC(a *sim.Account, agent string) string {
	return a.Launch(sim.Instance{Region: home.Region, VPC: vpcOne, SecurityGroups: []string{"sg-0000000000000000a", "sg-0000000000000000b"}, Agent: agent})
}

// singleScenes are the scenes of what is done to one resource at a time.
func singleScenes() map[string]scene {
	command := func(document string, ids ...string) execute.Call {
		return execute.Call{Action: action.RunCommand, Type: resource.EC2Instance, IDs: ids, Document: document}
	}
	invoke := func(function string, payload []byte) execute.Call {
		return execute.Call{Action: action.Invoke, Type: resource.EC2Instance, IDs: []string{"i-1"}, Function: function, Payloads: map[string][]byte{"i-1": payload}}
	}
	gone := resource.Rule{ID: noRule, Direction: resource.Ingress}
	out := resource.Rule{ID: noRule, Direction: resource.Egress}
	return map[string]scene{
		"ec2:ModifyNetworkInterfaceAttribute: a service of AWS made the network interface": func(a *sim.Account) error {
			id := a.Launch(sim.Instance{Region: home.Region, VPC: vpcOne})
			group := newGroup(a, vpcOne)
			n := &resource.NetworkInterface{VPC: vpcOne, Instance: id, Managed: true}
			n.Reference.Region = home.Region
			managed := a.Add(n)
			// The other interface has the group already, so that nothing of it changes.
			_ = one(a, isolating(id, map[string]string{face(id): group, managed: group}))
			return one(a, isolating(id, map[string]string{face(id): group, managed: group}))
		},
		"ec2:ModifyNetworkInterfaceAttribute: there is no such security group": func(a *sim.Account) error {
			id := inVPC(a, "")
			return one(a, isolating(id, map[string]string{face(id): nowhere}))
		},
		"ec2:ModifyNetworkInterfaceAttribute: the security group is in another VPC": func(a *sim.Account) error {
			id := inVPC(a, "")
			return one(a, isolating(id, map[string]string{face(id): newGroup(a, vpcTwo)}))
		},
		"ec2:RevokeSecurityGroupIngress: there is no such security group": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2SecurityGroup, nowhere, gone))
		},
		"ec2:RevokeSecurityGroupIngress: there is no such rule": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2SecurityGroup, newGroup(a, vpcOne), gone))
		},
		"ec2:RevokeSecurityGroupEgress: there is no such security group": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2SecurityGroup, nowhere, out))
		},
		"ec2:RevokeSecurityGroupEgress: there is no such rule": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2SecurityGroup, newGroup(a, vpcOne), out))
		},
		"ec2:DeleteNetworkAclEntry: there is no such network ACL": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2NetworkACL, "acl-0aaaaaaaaaaaaaaaa", resource.Rule{ID: "ingress/100", Number: 100}))
		},
		"ec2:DeleteNetworkAclEntry: it is one of the rules that end every ACL": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2NetworkACL, newACL(a), resource.Rule{ID: "ingress/32767", Number: 32767}))
		},
		"ec2:DeleteNetworkAclEntry: there is no such rule": func(a *sim.Account) error {
			return one(a, revoking(resource.EC2NetworkACL, newACL(a), resource.Rule{ID: "ingress/100", Number: 100}))
		},
		"ec2:AuthorizeSecurityGroupIngress: there is no such security group": func(a *sim.Account) error {
			return one(a, restoring(resource.EC2SecurityGroup, nowhere, gone))
		},
		"ec2:AuthorizeSecurityGroupIngress: the rule is there": func(a *sim.Account) error {
			ssh := resource.Rule{ID: noRule, Direction: resource.Ingress, Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: "0.0.0.0/0", Allow: true}
			return passedOver(a, restoring(resource.EC2SecurityGroup, newGroup(a, vpcOne, ssh), ssh))
		},
		"ec2:AuthorizeSecurityGroupEgress: there is no such security group": func(a *sim.Account) error {
			return one(a, restoring(resource.EC2SecurityGroup, nowhere, out))
		},
		"ec2:AuthorizeSecurityGroupEgress: the rule is there": func(a *sim.Account) error {
			all := resource.Rule{ID: noRule, Direction: resource.Egress, Protocol: "all", ToPort: resource.LastPort, CIDR: "0.0.0.0/0", Allow: true}
			return passedOver(a, restoring(resource.EC2SecurityGroup, newGroup(a, vpcOne, all), all))
		},
		"ec2:CreateNetworkAclEntry: there is no such network ACL": func(a *sim.Account) error {
			return one(a, restoring(resource.EC2NetworkACL, "acl-0aaaaaaaaaaaaaaaa", resource.Rule{ID: "ingress/100", Number: 100}))
		},
		"ec2:CreateNetworkAclEntry: a rule has this number": func(a *sim.Account) error {
			have := resource.Rule{Direction: resource.Ingress, Number: 100, Protocol: "all", CIDR: "10.0.0.0/8"}
			return one(a, restoring(resource.EC2NetworkACL, newACL(a, have), resource.Rule{ID: "ingress/100", Direction: resource.Ingress, Number: 100, Protocol: "tcp", CIDR: "0.0.0.0/0", Allow: true}))
		},
		"ssm:SendCommand: there is no such document": func(a *sim.Account) error {
			return one(a, command("Ours-Patch", inVPC(a, "Online")))
		},
		"lambda:Invoke: there is no such function": func(a *sim.Account) error { return one(a, invoke("tidy-up", []byte("{}"))) },
		"lambda:Invoke: the event is longer than 1 MB": func(a *sim.Account) error {
			a.AddFunction(home.Region, "tidy-up")
			return one(a, invoke("tidy-up", make([]byte, 1<<20+1)))
		},
	}
}

func TestIsolationReplacesTheGroupsOfEveryInterfaceAndSaysWhichTheyWere(t *testing.T) {
	a := newAccount()
	id := inVPC(a, "")
	n := &resource.NetworkInterface{VPC: vpcOne, Instance: id, SecurityGroups: []string{"sg-0000000000000000c"}}
	n.Reference.Region = home.Region
	second := a.Add(n)
	group := newGroup(a, vpcOne)
	c := isolating(id, map[string]string{face(id): group, second: group})
	c.At = home
	answer, err := a.Do(ctx, c)
	if err != nil || len(answer.Failed) > 0 {
		t.Fatal(err, answer.Failed)
	}
	var was execute.Was
	if err := json.Unmarshal(answer.Before[id], &was); err != nil {
		t.Fatal(err)
	}
	want := execute.Was{SecurityGroups: map[string][]string{face(id): {"sg-0000000000000000a", "sg-0000000000000000b"}, second: {"sg-0000000000000000c"}},
		Given: map[string]string{face(id): group, second: group}}
	if diff := cmp.Diff(want, was); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	i, _ := a.Instance(id)
	if !i.Isolated(map[string]string{vpcOne: group}) || !cmp.Equal([]string{group}, i.SecurityGroups) {
		t.Errorf("it is left with %v", i.Interfaces)
	}
	again, err := a.Do(ctx, c)
	if err != nil || len(again.Before) > 0 {
		t.Errorf("what is isolated already is changed again: %s, %v", again.Before, err)
	}
}

func TestFormerGroupsAreGivenBackOrNothingIsChanged(t *testing.T) {
	a := newAccount()
	id := inVPC(a, "")
	one, two := newGroup(a, vpcOne), newGroup(a, vpcOne)
	restore := func(id string, former map[string][]string) error {
		answer, err := a.Do(ctx, execute.Call{Action: action.Restore, Type: resource.EC2Instance, At: home, IDs: []string{id},
			Former: map[string]map[string][]string{id: former}})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Failed[id]
	}
	former := []string{one, two}
	if err := restore(id, map[string][]string{face(id): former}); err != nil {
		t.Fatal(err)
	}
	former[0] = nowhere // the caller's own
	for name, tt := range map[string]struct {
		id     string
		former map[string][]string
		class  fault.Class
		code   string
	}{
		"a group that is gone":      {id, map[string][]string{face(id): {one, nowhere}}, fault.NotFound, "InvalidGroup.NotFound"},
		"an interface that is gone": {id, map[string][]string{"eni-0aaaaaaaaaaaaaaaa": {one}}, fault.NotFound, "InvalidNetworkInterfaceID.NotFound"},
		"an instance that is gone":  {absent, map[string][]string{face(absent): {one}}, fault.NotFound, "InvalidInstanceID.NotFound"},
		"no group":                  {id, map[string][]string{face(id): nil}, fault.Invalid, ""},
	} {
		err := restore(tt.id, tt.former)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Class != tt.class || f.Code != tt.code {
			t.Errorf("%s: %v", name, err)
		}
		i, _ := a.Instance(id)
		if want := []string{one, two}; !cmp.Equal(want, i.SecurityGroups) || !cmp.Equal(want, i.Interfaces[0].SecurityGroups) {
			t.Errorf("%s: it has %v, and its interface %v", name, i.SecurityGroups, i.Interfaces[0].SecurityGroups)
		}
	}
}

func TestRulesAreReadOnDemandAndOnlyThoseNamedAreRevoked(t *testing.T) {
	a := newAccount()
	open := resource.Rule{Direction: resource.Ingress, Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: openWorld}
	inner := resource.Rule{Direction: resource.Ingress, Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: "10.0.0.0/8"}
	id := newGroup(a, vpcOne, open, inner)
	rs, err := a.Get(ctx, home, resource.EC2SecurityGroup, []string{id})
	if err != nil || len(rs) != 1 {
		t.Fatal(rs, err)
	}
	g := rs[0].(*resource.SecurityGroup)
	if _, err := g.Rules(); err == nil {
		t.Error("a listing tells the rules")
	}
	a.Fill(ctx, home, need.SecurityGroupRules, rs)
	rules, err := g.Rules()
	if err != nil || len(rules) != 2 || rules[0].ID == "" || rules[0].ID == rules[1].ID {
		t.Fatalf("rules %v, %v", rules, err)
	}
	if err := one(a, revoking(resource.EC2SecurityGroup, id, rules[0])); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rules[1:], a.Rules(id)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestWhatWasDoneBeforeARevocationFailedIsSaid(t *testing.T) {
	a := newAccount()
	id := newACL(a, resource.Rule{Direction: resource.Ingress, Protocol: "all", CIDR: openWorld, Number: 100, Allow: true})
	c := revoking(resource.EC2NetworkACL, id, append(a.Rules(id), resource.Rule{ID: "ingress/110", Direction: resource.Ingress, Number: 110})...)
	c.At = home
	answer, err := a.Do(ctx, c)
	if err != nil || fault.ClassOf(answer.Failed[id]) != fault.WrongState || !bytes.Contains(answer.Before[id], []byte("ingress/100")) {
		t.Errorf("%v, failed %v, before %s", err, answer.Failed, answer.Before[id])
	}
	if left := a.Rules(id); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestACommandGoesToFiftyAtATimeAndToThoseThatAreOnline(t *testing.T) {
	a := newAccount()
	var ids []string
	for range 120 {
		ids = append(ids, inVPC(a, "Online"))
	}
	lost, none := inVPC(a, "ConnectionLost"), inVPC(a, "")
	c := execute.Call{Action: action.RunCommand, Type: resource.EC2Instance, At: home, IDs: append(ids, lost, none), Document: "AWS-RunPatchBaseline"}
	answer, err := a.Do(ctx, c)
	if err != nil || len(answer.Failed) != 2 || fault.ClassOf(answer.Failed[lost]) != fault.WrongState || fault.ClassOf(answer.Failed[none]) != fault.WrongState {
		t.Fatal(err, answer.Failed)
	}
	if got := a.Calls()["ssm:SendCommand"]; got != 3 {
		t.Errorf("%d calls for 120 instances, want 3", got)
	}
	for _, id := range ids {
		if !strings.HasPrefix(answer.Notes[id], "command ") {
			t.Fatalf("%s: %q", id, answer.Notes[id])
		}
	}
}

func TestAFunctionIsCalledInTheRegionOfItsARN(t *testing.T) {
	a := newAccount()
	a.AddFunction("eu-west-1", "tidy-up")
	id := inVPC(a, "")
	for name, want := range map[string]bool{"tidy-up": false, "arn:aws:lambda:eu-west-1:111122223333:function:tidy-up": true, "arn:aws:lambda:eu-west-1:111122223333:function:tidy-up:live": true} {
		c := execute.Call{Action: action.Invoke, Type: resource.EC2Instance, IDs: []string{id}, Function: name, Payloads: map[string][]byte{id: []byte(fmt.Sprintf("{%q: 1}", name))}}
		if err := one(a, c); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
