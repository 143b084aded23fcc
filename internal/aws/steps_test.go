package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// rulesIn are the rules of a security group or network ACL in moto, as read by
// the program.
func rulesIn(t *testing.T, s *Session, at resource.Place, typ resource.Type, id string) []resource.Rule {
	t.Helper()
	rs, err := s.Source().Get(t.Context(), at, typ, []string{id})
	if err != nil || len(rs) != 1 {
		t.Fatalf("reading %s: %v, %v", id, rs, err)
	}
	s.Source().Fill(t.Context(), at, need.SecurityGroupRules, rs)
	rules, err := rs[0].(resource.Ruled).Rules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// plainly is a rule without its id.
func plainly(rules []resource.Rule) []string {
	var out []string
	for _, r := range rules {
		_, text, _ := strings.Cut(r.String(), ": ")
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

func permit(t *testing.T, account *mototest.Account, group, protocol, from, to, cidr string) {
	t.Helper()
	rangeOf := "IpPermissions.1.IpRanges.1.CidrIp"
	if strings.Contains(cidr, ":") {
		rangeOf = "IpPermissions.1.Ipv6Ranges.1.CidrIpv6"
	}
	account.EC2(t, nil, "AuthorizeSecurityGroupIngress", "GroupId", group, "IpPermissions.1.IpProtocol", protocol,
		"IpPermissions.1.FromPort", from, "IpPermissions.1.ToPort", to, rangeOf, cidr)
}

func TestMotoRulesAreReadAndRevokedByTheirIDs(t *testing.T) {
	s, account, at := openMoto(t)
	group := account.Make(t, "ec2:security-group")
	permit(t, account, group, "tcp", "22", "22", "0.0.0.0/0")
	permit(t, account, group, "tcp", "22", "22", "10.0.0.0/8")
	permit(t, account, group, "tcp", "20", "30", "::/0")
	rules := rulesIn(t, s, at, resource.EC2SecurityGroup, group)
	want := []string{"egress all to 0.0.0.0/0", "ingress tcp 20-30 from ::/0", "ingress tcp 22 from 0.0.0.0/0", "ingress tcp 22 from 10.0.0.0/8"}
	if diff := cmp.Diff(want, plainly(rules)); diff != "" {
		t.Fatalf("rules (-want +got):\n%s", diff)
	}
	open := slices.DeleteFunc(slices.Clone(rules), func(r resource.Rule) bool { return r.CIDR == "10.0.0.0/8" })
	call := execute.Call{Action: action.Revoke, Type: resource.EC2SecurityGroup, At: at, IDs: []string{group}, Rules: map[string][]resource.Rule{group: open}}
	answer, err := s.Actor().Do(t.Context(), call)
	if err != nil || len(answer.Failed) > 0 {
		t.Fatal(err, answer.Failed)
	}
	if diff := cmp.Diff([]string{"ingress tcp 22 from 10.0.0.0/8"}, plainly(rulesIn(t, s, at, resource.EC2SecurityGroup, group))); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	var before revokedRules
	if err := json.Unmarshal(answer.Before[group], &before); err != nil || len(before.Rules) != 3 {
		t.Errorf("before: %s, %v", answer.Before[group], err)
	}
	answer, err = s.Actor().Do(t.Context(), call)
	if err != nil || fault.ClassOf(answer.Failed[group]) != fault.WrongState || answer.Before[group] != nil {
		t.Errorf("revoking what is gone: %v, %v, before %s", err, answer.Failed, answer.Before[group])
	}
	call.Action, call.Rules = action.Restore, map[string][]resource.Rule{group: before.Rules}
	if answer, err = s.Actor().Do(t.Context(), call); err != nil || len(answer.Failed) > 0 {
		t.Fatal(err, answer.Failed)
	}
	if diff := cmp.Diff(want, plainly(rulesIn(t, s, at, resource.EC2SecurityGroup, group))); diff != "" {
		t.Errorf("put back (-want +got):\n%s", diff)
	}
}

func TestMotoEntriesOfAnACLAreDeletedOneByOne(t *testing.T) {
	s, account, at := openMoto(t)
	acl := account.Make(t, "ec2:network-acl")
	for number, cidr := range map[string]string{"100": "0.0.0.0/0", "110": "10.0.0.0/8"} {
		account.EC2(t, nil, "CreateNetworkAclEntry", "NetworkAclId", acl, "RuleNumber", number, "Protocol", "6", "RuleAction", "allow",
			"Egress", "false", "CidrBlock", cidr, "PortRange.From", "22", "PortRange.To", "22")
	}
	byNumber := func(x, y resource.Rule) int { return x.Number - y.Number }
	rules := slices.SortedFunc(slices.Values(rulesIn(t, s, at, resource.EC2NetworkACL, acl)), byNumber)
	if diff := cmp.Diff([]string{"ingress tcp 22 from 0.0.0.0/0", "ingress tcp 22 from 10.0.0.0/8"}, plainly(rules)); diff != "" {
		t.Fatalf("rules, without those that end every ACL (-want +got):\n%s", diff)
	}
	open := slices.DeleteFunc(slices.Clone(rules), func(r resource.Rule) bool { return r.Number != 100 })
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Revoke, Type: resource.EC2NetworkACL, At: at, IDs: []string{acl}, Rules: map[string][]resource.Rule{acl: open}})
	if err != nil || len(answer.Failed) > 0 || answer.Before[acl] == nil {
		t.Fatal(err, answer)
	}
	if diff := cmp.Diff([]string{"ingress tcp 22 from 10.0.0.0/8"}, plainly(rulesIn(t, s, at, resource.EC2NetworkACL, acl))); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	answer, err = s.Actor().Do(t.Context(), execute.Call{Action: action.Restore, Type: resource.EC2NetworkACL, At: at, IDs: []string{acl}, Rules: map[string][]resource.Rule{acl: open}})
	if err != nil || len(answer.Failed) > 0 {
		t.Fatal(err, answer.Failed)
	}
	back := slices.SortedFunc(slices.Values(rulesIn(t, s, at, resource.EC2NetworkACL, acl)), byNumber)
	if diff := cmp.Diff(rules, back); diff != "" {
		t.Errorf("put back with its number (-want +got):\n%s", diff)
	}
}

func TestMotoEveryInterfaceOfAnInstanceIsIsolated(t *testing.T) {
	s, account, at := openMoto(t)
	vpc, subnet := account.VPC(t, nil)
	id := account.Launch(t, 1, nil, "SubnetId", subnet)[0]
	var made struct {
		ID string `xml:"networkInterface>networkInterfaceId"`
	}
	account.EC2(t, &made, "CreateNetworkInterface", "SubnetId", subnet)
	account.EC2(t, nil, "AttachNetworkInterface", "NetworkInterfaceId", made.ID, "InstanceId", id, "DeviceIndex", "1")
	var group struct {
		ID string `xml:"groupId"`
	}
	account.EC2(t, &group, "CreateSecurityGroup", "GroupName", "quarantine", "GroupDescription", "q", "VpcId", vpc)

	read := func() *resource.Instance {
		rs, err := s.Source().Get(t.Context(), at, resource.EC2Instance, []string{id})
		if err != nil || len(rs) != 1 {
			t.Fatal(rs, err)
		}
		return rs[0].(*resource.Instance)
	}
	i := read()
	if len(i.Interfaces) != 2 {
		t.Fatalf("it has the interfaces %v, want two", i.Interfaces)
	}
	quarantined := func(group string) execute.Answer {
		groups, no := i.Quarantine(map[string]string{vpc: group})
		if no != nil {
			t.Fatal(no.Text)
		}
		answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Isolate, Type: resource.EC2Instance, At: at, IDs: []string{id}, Groups: map[string]map[string]string{id: groups}})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	for _, wrong := range []string{account.Make(t, "ec2:security-group"), "sg-0aaaaaaaaaaaaaaaa"} {
		if a := quarantined(wrong); fault.ClassOf(a.Failed[id]) != fault.WrongState || len(a.Before) > 0 {
			t.Errorf("a group of another VPC, or none: %+v", a)
		}
	}
	if !cmp.Equal(i.Interfaces, read().Interfaces) {
		t.Error("a group that cannot be given changed something")
	}
	answer := quarantined(group.ID)
	if len(answer.Failed) > 0 {
		t.Fatal(answer.Failed)
	}
	if !read().Isolated(map[string]string{"": group.ID}) {
		t.Errorf("it is left with %v", read().Interfaces)
	}
	var was isolatedFrom
	if err := json.Unmarshal(answer.Before[id], &was); err != nil || len(was.SecurityGroups) != 2 {
		t.Errorf("before: %s, %v", answer.Before[id], err)
	}
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Restore, Type: resource.EC2Instance, At: at, IDs: []string{id},
		Former: map[string]map[string][]string{id: was.SecurityGroups}})
	if err != nil || len(answer.Failed) > 0 {
		t.Fatal(err, answer.Failed)
	}
	if diff := cmp.Diff(i.Interfaces, read().Interfaces); diff != "" {
		t.Errorf("given back (-want +got):\n%s", diff)
	}
}

// byOperation answers calls by their names, whatever the protocol is.
func byOperation(answers map[string]reply) func(int, request) reply {
	return func(_ int, r request) reply {
		name := r.Get("Action")
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			_, name, _ = strings.Cut(target, ".")
		}
		if strings.HasSuffix(r.URL.Path, "/invocations") {
			name = "Invoke"
		}
		return answers[name]
	}
}

func TestACommandIsSentToThoseThatAreOnlineAndOnlyOnce(t *testing.T) {
	const on, lost, none = "i-0123456789abcdef0", "i-0123456789abcdef1", "i-0123456789abcdef2"
	list := `{"InstanceInformationList":[{"InstanceId":"` + on + `","PingStatus":"Online"},{"InstanceId":"` + lost + `","PingStatus":"ConnectionLost"}]}`
	for what, tt := range map[string]struct {
		send  reply
		class fault.Class
	}{
		"sent":          {reply{body: `{"Command":{"CommandId":"c-1"}}`}, ""},
		"no document":   {reply{status: 400, body: `{"__type":"InvalidDocument","message":"no such document"}`}, fault.Invalid},
		"bad value":     {reply{status: 400, body: `{"__type":"InvalidParameters","message":"the value true for commands is wrong"}`}, fault.Invalid},
		"not known":     {reply{status: 400, body: `{"__type":"InvalidInstanceId","message":"x"}`}, fault.WrongState},
		"answer broken": {reply{err: http.ErrHandlerTimeout}, fault.Passing},
	} {
		t.Run(what, func(t *testing.T) {
			isolate(t)
			s, at := open(t, byOperation(map[string]reply{"DescribeInstanceInformation": {body: list}, "SendCommand": tt.send}))
			answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.RunCommand, Type: resource.EC2Instance, At: place, IDs: []string{on, lost, none},
				Policy: "patch", Document: "AWS-RunShellScript", Parameters: map[string][]string{"commands": {"true"}}})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{lost, none} {
				if fault.ClassOf(answer.Failed[id]) != fault.WrongState {
					t.Errorf("%s: %v", id, answer.Failed[id])
				}
			}
			if got := fault.ClassOf(answer.Failed[on]); got != tt.class {
				t.Errorf("the one that is online: %v, want class %q", answer.Failed[on], tt.class)
			}
			if err := answer.Failed[on]; err != nil && strings.Contains(err.Error(), "true") {
				t.Errorf("the error tells what the command was given: %v", err)
			}
			if tt.class == "" && answer.Notes[on] != "command c-1 was sent" {
				t.Errorf("note %q", answer.Notes[on])
			}
			if len(at.requests) != 2 {
				t.Errorf("%d requests, want 2", len(at.requests))
			}
			var sent struct {
				InstanceIds  []string
				DocumentName string
				Parameters   map[string][]string
			}
			if err := json.Unmarshal(at.requests[1].body, &sent); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sent.InstanceIds, []string{on}) || sent.DocumentName != "AWS-RunShellScript" || !slices.Equal(sent.Parameters["commands"], []string{"true"}) {
				t.Errorf("sent %+v", sent)
			}
		})
	}
}

func TestAFunctionIsGivenOneEventForEachResource(t *testing.T) {
	isolate(t)
	s, at := open(t, func(n int, _ request) reply {
		if n == 2 {
			return reply{status: 404, body: `{"Type":"User","Message":"Function not found","__type":"ResourceNotFoundException"}`}
		}
		return reply{status: 202}
	})
	const arn = "arn:aws:lambda:us-west-2:111122223333:function:tidy-up:live"
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Invoke, Type: resource.EC2Volume, At: place, IDs: []string{"vol-1", "vol-2", "vol-3"}, Function: arn,
		Payloads: map[string][]byte{"vol-1": []byte(`{"a":1}`), "vol-2": []byte(`{}`), "vol-3": make([]byte, maxPayload+1)}})
	if err != nil {
		t.Fatal(err)
	}
	if fault.ClassOf(answer.Failed["vol-2"]) != fault.NotFound || fault.ClassOf(answer.Failed["vol-3"]) != fault.Invalid || answer.Failed["vol-1"] != nil {
		t.Errorf("failed: %v", answer.Failed)
	}
	if len(at.requests) != 2 { // what is too long is not sent
		t.Fatalf("%d requests", len(at.requests))
	}
	r := at.requests[0]
	if r.Header.Get("X-Amz-Invocation-Type") != "Event" || string(r.body) != `{"a":1}` || !strings.Contains(r.URL.Host, "us-west-2") || !strings.HasSuffix(r.URL.Path, "/invocations") {
		t.Errorf("sent %s %s %v %s", r.URL, r.Header.Get("X-Amz-Invocation-Type"), r.Header, r.body)
	}
}

func TestARevocationThatBreaksOffSaysWhatIsGone(t *testing.T) {
	isolate(t)
	s, _ := open(t, byOperation(map[string]reply{
		"RevokeSecurityGroupIngress": {body: `<RevokeSecurityGroupIngressResponse><return>true</return></RevokeSecurityGroupIngressResponse>`},
		"RevokeSecurityGroupEgress":  {status: 403, body: `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`},
	}))
	in, out := resource.Rule{ID: "sgr-1", Direction: resource.Ingress}, resource.Rule{ID: "sgr-2", Direction: resource.Egress}
	answer, err := s.Actor().Do(t.Context(), execute.Call{Action: action.Revoke, Type: resource.EC2SecurityGroup, At: place, IDs: []string{"sg-1"}, Rules: map[string][]resource.Rule{"sg-1": {in, out}}})
	if err != nil || fault.ClassOf(answer.Failed["sg-1"]) != fault.Denied {
		t.Fatal(err, answer.Failed)
	}
	if b := string(answer.Before["sg-1"]); !strings.Contains(b, "sgr-1") || strings.Contains(b, "sgr-2") {
		t.Errorf("before: %s", b)
	}
}
