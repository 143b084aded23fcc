package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// rules reads the rules of a security group, which a listing does not tell.
func (b Backend) rules(t *testing.T, id string) []resource.Rule {
	t.Helper()
	g := b.one(t, resource.EC2SecurityGroup, id).(*resource.SecurityGroup)
	if _, err := g.Rules(); !missing(err, need.SecurityGroupRules) {
		t.Errorf("the rules of a fresh listing are there: %v", err)
	}
	b.Source.Fill(t.Context(), b.Place, need.SecurityGroupRules, []resource.Resource{g})
	rules, err := g.Rules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func testRevoke(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	id := b.Add(t, resource.EC2SecurityGroup)
	rules := b.rules(t, id)
	// What every group of a VPC begins with.
	if len(rules) != 1 || !strings.HasPrefix(rules[0].ID, "sgr-") || !strings.HasSuffix(rules[0].String(), ": egress all to 0.0.0.0/0") || !rules[0].Allow {
		t.Fatalf("a new security group has the rules %v", rules)
	}
	call := execute.Call{Action: action.Revoke, Type: resource.EC2SecurityGroup, At: b.Place, IDs: []string{id}, Rules: map[string][]resource.Rule{id: rules}}
	answer, err := b.Actor.Do(t.Context(), call)
	if err != nil || len(answer.Failed) > 0 || !strings.Contains(string(answer.Before[id]), rules[0].ID) {
		t.Fatalf("revoking: %v, failed %v, before %s", err, answer.Failed, answer.Before[id])
	}
	if left := b.rules(t, id); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	answer, err = b.Actor.Do(t.Context(), call)
	if err != nil || fault.ClassOf(answer.Failed[id]) != fault.WrongState || answer.Before[id] != nil {
		t.Errorf("revoking it again: %v, failed %v, before %s", err, answer.Failed, answer.Before[id])
	}
	call.Action = action.Restore
	answer, err = b.Actor.Do(t.Context(), call)
	if err != nil || len(answer.Failed) > 0 {
		t.Fatalf("putting it back: %v, failed %v", err, answer.Failed)
	}
	back := b.rules(t, id)
	if len(back) != 1 || !back[0].SameTraffic(rules[0]) || back[0].ID == rules[0].ID {
		t.Errorf("it had %v and has %v", rules, back)
	}
	// A rule that is there again is no failure, and keeps no other from coming back.
	call.Rules[id] = append(rules, resource.Rule{Direction: resource.Egress, Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: "10.0.0.0/8", Allow: true})
	answer, err = b.Actor.Do(t.Context(), call)
	if err != nil || len(answer.Failed) > 0 {
		t.Errorf("putting it back again: %v, failed %v", err, answer.Failed)
	}
	if back = b.rules(t, id); len(back) != 2 {
		t.Errorf("put back with one that was there, it has %v", back)
	}
}

func testIsolate(t *testing.T, b Backend) {
	if b.Add == nil {
		t.Skip("the backend makes only instances")
	}
	id := b.Launch(t, 1)[0]
	was := b.must(t, id)
	for what, group := range map[string]string{"a group of another VPC": b.Add(t, resource.EC2SecurityGroup), "no group": "sg-0aaaaaaaaaaaaaaaa"} {
		groups, no := was.Quarantine(map[string]string{"": group})
		if no != nil {
			t.Fatalf("it cannot be isolated: %s", no.Text)
		}
		answer, err := b.Actor.Do(t.Context(), execute.Call{Action: action.Isolate, Type: resource.EC2Instance, At: b.Place, IDs: []string{id}, Groups: map[string]map[string]string{id: groups}})
		if err != nil || answer.Failed[id] == nil || answer.Before[id] != nil {
			t.Errorf("%s: %v, failed %v, before %s", what, err, answer.Failed, answer.Before[id])
		}
	}
	if now := b.must(t, id); !slices.EqualFunc(was.Interfaces, now.Interfaces, func(x, y resource.Interface) bool { return cmp.Equal(x, y) }) {
		t.Errorf("it had %v and has %v", was.Interfaces, now.Interfaces)
	}
}
