package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/execute"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/reason"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const former = "sg-0000000000000000a"

// isolated is a world with an instance that a run isolated, and the run.
func isolated(t *testing.T) (w *world, id, face, run string) {
	w = newWorld(t, isolateAll)
	w.group(quarantine, vpc)
	w.group(former, vpc)
	id = w.inVPC(idOld, vpc, tag.Set{"Quarantine": "yes"})
	run = w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	return w, id, "eni-" + strings.TrimPrefix(id, "i-"), run
}

// groupsOf are the security groups of the instance's only interface.
func (w *world) groupsOf(id string) []string {
	for _, i := range w.aws.Instances() {
		if i.Reference.ID == id {
			return i.Interfaces[0].SecurityGroups
		}
	}
	return nil
}

func TestUndoGivesAnIsolatedInstanceItsSecurityGroupsBack(t *testing.T) {
	w, id, face, run := isolated(t)
	want(t, "isolated", []string{quarantine}, w.groupsOf(id))
	p := w.undo(run)
	want(t, "planned", map[string][]string{face: {former}}, find(t, p, id, action.Restore).Former)
	r := w.applyPlan(p)
	if a := find(t, r.Plan, id, action.Restore); a.State != plan.Done || a.RequestID == "" {
		t.Errorf("it ended as %s: %s", a.State, a.Reason)
	}
	want(t, "given back", []string{former}, w.groupsOf(id))
	want(t, "taking it back again", 0, len(planned(w.undo(run))))
	// What the undoing did is not taken back in its turn.
	a := find(t, w.undo(p.Run), id, action.Restore)
	want(t, "taking the undoing back", []string{string(plan.Skipped), reason.NotReversible}, []string{string(a.State), a.Code})
}

func TestAnInstanceWhoseGroupsSomebodyHasChangedStaysAsItIs(t *testing.T) {
	w, id, face, run := isolated(t)
	p := w.undo(run)
	other := w.group("", vpc)
	_, err := w.aws.Do(t.Context(), isolation(id, face, other))
	if err != nil {
		t.Fatal(err)
	}
	w.applyPlan(p) // planned before it was changed
	want(t, "groups", []string{other}, w.groupsOf(id))
	a := find(t, w.undo(run), id, action.Restore)
	want(t, "planned anew", []string{string(plan.Skipped), reason.ChangedSince}, []string{string(a.State), a.Code})
}

// A group that is gone by now leaves the instance isolated, and says so.
func TestAGroupThatIsGoneCannotBeGivenBack(t *testing.T) {
	w := newWorld(t, isolateAll)
	w.group(quarantine, vpc)
	id := w.inVPC(idOld, vpc, tag.Set{"Quarantine": "yes"}) // its own group was never made
	run := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	a := find(t, w.applyPlan(w.undo(run)).Plan, id, action.Restore)
	if a.State != plan.Failed || !strings.Contains(a.Reason, "InvalidGroup.NotFound") {
		t.Errorf("%s: %s", a.State, a.Reason)
	}
	want(t, "groups", []string{quarantine}, w.groupsOf(id))
}

func TestUndoPutsRevokedRulesBack(t *testing.T) {
	w := newWorld(t, revokeSSH)
	g := w.group("", vpc, ingress("tcp", 22, 22, "0.0.0.0/0"), ingress("tcp", 443, 443, "0.0.0.0/0"), ingress("all", 0, 65535, "::/0"))
	l := w.acl(numbered(100, true, ingress("tcp", 20, 30, "0.0.0.0/0")), numbered(110, false, ingress("all", 0, 65535, "0.0.0.0/0")))
	was := map[string][]string{g: sortedTexts(w.aws.Rules(g)), l: texts(w.aws.Rules(l))}
	run := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	r := w.applyPlan(w.undo(run))
	if len(r.Problems) > 0 {
		t.Errorf("problems %v", r.Problems)
	}
	want(t, "group", was[g], sortedTexts(w.aws.Rules(g)))
	want(t, "ACL", was[l], texts(w.aws.Rules(l)))
	want(t, "numbers", []string{"ingress/100", "ingress/110"}, []string{w.aws.Rules(l)[0].ID, w.aws.Rules(l)[1].ID})
	want(t, "taking it back again", 0, len(planned(w.undo(run))))
}

func sortedTexts(rules []resource.Rule) []string { return slices.Sorted(slices.Values(texts(rules))) }

func TestARuleThatIsThereAgainIsNotPutBackTwice(t *testing.T) {
	w := newWorld(t, revokeSSH)
	ssh, wide := ingress("tcp", 22, 22, "0.0.0.0/0"), ingress("all", 0, 65535, "::/0")
	g := w.group("", vpc, ssh, wide)
	l := w.acl(numbered(100, true, ssh))
	run := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Minute)
	// Somebody has made one anew, and used the other's number.
	restore(t, w, resource.EC2SecurityGroup, g, ssh)
	restore(t, w, resource.EC2NetworkACL, l, numbered(100, true, ingress("tcp", 443, 443, "10.0.0.0/8")))
	p := w.undo(run)
	for id, code := range map[string]string{g: reason.Already, l: reason.ChangedSince} {
		if !slices.ContainsFunc(left(p, id), func(a plan.Action) bool { return a.State == plan.Skipped && a.Code == code }) {
			t.Errorf("%s: %+v", id, left(p, id))
		}
	}
	w.applyPlan(p)
	want(t, "group", []string{"ingress all from ::/0", "ingress tcp 22 from 0.0.0.0/0"}, sortedTexts(w.aws.Rules(g)))
	want(t, "ACL", []string{"ingress tcp 443 from 10.0.0.0/8"}, texts(w.aws.Rules(l)))
}

// A rule that a later run took away again stays away.
func TestARuleThatALaterRunRevokedIsNotPutBack(t *testing.T) {
	w := newWorld(t, revokeSSH)
	ssh := ingress("tcp", 22, 22, "0.0.0.0/0")
	g := w.group("", vpc, ssh)
	first := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Hour)
	restore(t, w, resource.EC2SecurityGroup, g, ssh)
	second := w.apply().Plan.Run
	w.aws.Clock().Advance(time.Hour)
	a := find(t, w.undo(first), g, action.Restore)
	if a.State != plan.Skipped || a.Code != reason.ChangedSince || !strings.Contains(a.Reason, second) {
		t.Errorf("%s, %s: %s", a.State, a.Code, a.Reason)
	}
	want(t, "the later run", 1, len(planned(w.undo(second))))
}

func TestRulesThatCannotBeReadAreNotPutBack(t *testing.T) {
	w := newWorld(t, revokeSSH)
	g := w.group("", vpc, ingress("tcp", 22, 22, "0.0.0.0/0"))
	run := w.apply().Plan.Run
	w.aws.Deny("ec2:DescribeSecurityGroupRules")
	a := find(t, w.undo(run), g, action.Restore)
	want(t, "state", []string{string(plan.Held), reason.FactUnread}, []string{string(a.State), a.Code})
}

// What failed half-way is taken back as far as it was done.
func TestAnIsolationOrRevocationThatFailedHalfWayIsTakenBack(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(revokeSSH, `rule.direction == "ingress" && `, ""))
	out := ingress("tcp", 22, 22, "0.0.0.0/0")
	out.Direction = resource.Egress
	in := ingress("tcp", 22, 22, "0.0.0.0/0")
	g := w.group("", vpc, in, out)
	w.aws.Deny("ec2:RevokeSecurityGroupEgress")
	r := w.apply()
	if a := find(t, r.Plan, g, action.Revoke); a.State != plan.Failed {
		t.Fatalf("it ended as %s", a.State)
	}
	want(t, "left", []string{"egress tcp 22 to 0.0.0.0/0"}, texts(w.aws.Rules(g)))
	w.applyPlan(w.undo(r.Plan.Run))
	want(t, "put back", []string{"egress tcp 22 to 0.0.0.0/0", "ingress tcp 22 from 0.0.0.0/0"}, sortedTexts(w.aws.Rules(g)))
}

const stopRest = `
settings: {limits: {share: 100%}, mark: off}
policies:
  - name: night
    resource: [rds:db, rds:cluster, autoscaling:group]
    mode: enforce
    match: tag("Stop") == "yes"
    enforce: [stop]
`

func TestUndoStartsDatabasesAndBringsGroupsBackToTheirSizes(t *testing.T) {
	w := newWorld(t, stopRest)
	db := w.aws.Add(&resource.Database{Base: at(tag.Set{"Stop": "yes"})})
	cluster := w.aws.Add(&resource.DBCluster{Base: at(tag.Set{"Stop": "yes"})})
	group := w.aws.Add(&resource.Group{Base: at(tag.Set{"Stop": "yes"}), Sizes: resource.Sizes{Min: 1, Desired: 3}, Max: 4})
	states := func() []any {
		d, _ := w.aws.Resource(db)
		c, _ := w.aws.Resource(cluster)
		g, _ := w.aws.Resource(group)
		return []any{d.(*resource.Database).State, c.(*resource.DBCluster).State, g.(*resource.Group).Sizes.String(), g.Tags()[resource.SizesTag]}
	}
	was := states()
	run := w.apply().Plan.Run
	want(t, "stopped", []any{"stopped", "stopped", "min=0 desired=0", "min=1 desired=3"}, states())
	w.aws.Clock().Advance(time.Minute)
	r := w.applyPlan(w.undo(run))
	if len(r.Problems) > 0 {
		t.Errorf("problems %v", r.Problems)
	}
	want(t, "started", was, states())
	want(t, "taking it back again", 0, len(planned(w.undo(run))))
}

// Whatever rules were revoked, undo leaves those there were.
func TestUndoOfARevocationLeavesTheSameTraffic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, revokeSSH)
		var rules []resource.Rule
		for n := range rapid.IntRange(1, 8).Draw(rt, "rules") {
			r := ingress(rapid.SampledFrom([]string{"tcp", "all", "udp"}).Draw(rt, "protocol"), 0, 65535, rapid.SampledFrom([]string{"0.0.0.0/0", "::/0", "10.0.0.0/8"}).Draw(rt, "cidr"))
			rules = append(rules, numbered(n+1, rapid.Bool().Draw(rt, "allow"), r))
		}
		l := w.acl(rules...)
		was := w.aws.Rules(l)
		run := w.apply()
		w.aws.Clock().Advance(time.Minute)
		if len(did(run.Plan)) == 0 {
			return
		}
		w.applyPlan(w.undo(run.Plan.Run))
		if got := w.aws.Rules(l); !slices.Equal(was, got) {
			rt.Fatalf("it had %v and has %v", was, got)
		}
	})
}

// isolation is the call that gives the interface of an instance one group.
func isolation(id, face, group string) execute.Call {
	return execute.Call{Action: action.Isolate, Type: resource.EC2Instance, At: resource.Place{Account: account, Region: region},
		IDs: []string{id}, Groups: map[string]map[string]string{id: {face: group}}}
}

// restore makes rules as somebody would by hand.
func restore(t *testing.T, w *world, typ resource.Type, id string, rules ...resource.Rule) {
	t.Helper()
	answer, err := w.aws.Do(t.Context(), execute.Call{Action: action.Restore, Type: typ, At: resource.Place{Account: account, Region: region},
		IDs: []string{id}, Rules: map[string][]resource.Rule{id: rules}})
	if err != nil || len(answer.Failed) > 0 {
		t.Fatal(err, answer.Failed)
	}
}

// left are all actions of a plan about a resource.
func left(p *plan.Plan, id string) []plan.Action {
	var out []plan.Action
	for _, f := range p.Findings {
		if f.Resource.ID == id {
			out = append(out, f.Actions...)
		}
	}
	return out
}
