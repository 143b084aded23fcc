package examples_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/aws/mototest"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// rules of a security group: one that is open, and two that are not.
func rules() []resource.Rule {
	in := func(protocol string, from, to int, cidr string) resource.Rule {
		return resource.Rule{Direction: resource.Ingress, Protocol: protocol, FromPort: from, ToPort: to, CIDR: cidr, Allow: true}
	}
	return []resource.Rule{in("tcp", 443, 443, "0.0.0.0/0"), in("all", 0, 65535, "::/0"), in("tcp", 22, 22, "10.0.0.0/8")}
}

func TestOpenSecurityGroupsOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "open-security-groups.yaml")
	region := r.aws.Instances()[0].Reference.Region
	add := func(tags tag.Set, rules ...resource.Rule) string {
		g := &resource.SecurityGroup{VPC: "vpc-0123456789abcdef0", RuleList: resource.Known(rules)}
		g.Reference.Region, g.TagSet = region, tags
		return r.aws.Add(g)
	}
	open, fine, exempt := add(nil, rules()...), add(nil, rules()[0]), add(tag.Set{"OpenToTheWorld": "yes"}, rules()...)
	p := r.apply(0)
	same(t, "waits for a week", []string{open}, in(p, action.Revoke, plan.Waiting))
	same(t, "rules", 3, len(r.aws.Rules(open)))
	r.apply(6 * day)
	same(t, "rules after six days", 3, len(r.aws.Rules(open)))
	p = r.apply(day)
	same(t, "revoked", []string{open}, in(p, action.Revoke, plan.Done))
	left := r.aws.Rules(open)
	if len(left) != 2 || slices.ContainsFunc(left, func(r resource.Rule) bool { return r.CIDR == "::/0" }) {
		t.Errorf("left: %v", left)
	}
	same(t, "rules of the group that is fine", 1, len(r.aws.Rules(fine)))
	same(t, "rules of the one that is exempt", 3, len(r.aws.Rules(exempt)))
}

func TestPatchingOnTheEmbeddedAccount(t *testing.T) {
	r := rehearse(t, "patch-by-run-command.yaml")
	region, now := r.aws.Instances()[0].Reference.Region, r.aws.Clock().Now()
	launch := func(days int, group, agent string) string {
		tags := tag.Set{}
		if group != "" {
			tags["PatchGroup"] = group
		}
		return r.aws.Launch(sim.Instance{Region: region, LaunchedAt: now.Add(-time.Duration(days) * day), Tags: tags, Agent: agent})
	}
	old, lost := launch(40, "web", "Online"), launch(40, "web", "ConnectionLost")
	launch(10, "web", "Online")
	launch(40, "", "Online")
	p := r.apply(0)
	same(t, "sent to", []string{old}, in(p, action.RunCommand, plan.Done))
	same(t, "not reached", []string{lost}, in(p, action.RunCommand, plan.Failed))
	p = r.apply(day)
	same(t, "sent again", []string(nil), in(p, action.RunCommand, plan.Done))
}

func TestOpenSecurityGroupsOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "eu-central-1")
	aws.Setenv(t)
	const sender = "open-security-groups@example.com"
	aws.VerifyIdentity(t, sender)
	group := aws.Make(t, "ec2:security-group")
	for port, cidr := range map[string]string{"22": "0.0.0.0/0", "443": "0.0.0.0/0", "3389": "10.0.0.0/8"} {
		aws.EC2(t, nil, "AuthorizeSecurityGroupIngress", "GroupId", group, "IpPermissions.1.IpProtocol", "tcp",
			"IpPermissions.1.FromPort", port, "IpPermissions.1.ToPort", port, "IpPermissions.1.IpRanges.1.CidrIp", cidr)
	}
	ports := func() []string {
		var out struct {
			Ports []string `xml:"securityGroupInfo>item>ipPermissions>item>fromPort"`
		}
		aws.EC2(t, &out, "DescribeSecurityGroups", "GroupId.1", group)
		slices.Sort(out.Ports)
		return out.Ports
	}
	u := newUser(t, "open-security-groups.yaml", map[string]string{"SES_FROM": sender})
	// The default network ACLs of moto let everything in, and are violations too.
	d := u.json(0, "apply", "--yes")
	if !slices.Contains(d.violating(), group) {
		t.Errorf("the open group is no violation: %v", d.violating())
	}
	same(t, "ports", []string{"22", "3389", "443"}, ports())
	// At once, without the week.
	u.edit("        after: 7d\n", "")
	d = u.json(0, "apply", "--yes")
	if !slices.Contains(d.with("revoke", "done"), group) {
		t.Errorf("revoked: %v", d.with("revoke", "done"))
	}
	same(t, "ports", []string{"3389", "443"}, ports())
	back := u.json(0, "undo", d.Run, "--yes")
	if !slices.Contains(back.with("restore", "done"), group) {
		t.Errorf("restored: %v", back.with("restore", "done"))
	}
	same(t, "ports after undo", []string{"22", "3389", "443"}, ports())
	same(t, "restored by a second undo", []string(nil), u.json(0, "undo", d.Run, "--yes").with("restore", "done"))
}

func TestPatchingOnMoto(t *testing.T) {
	server := mototest.Shared(t)
	aws := server.Account(t, "us-east-2")
	aws.Setenv(t)
	const sender = "patching@example.com"
	aws.VerifyIdentity(t, sender)
	id := aws.Launch(t, 1, map[string]string{"PatchGroup": "web"})[0]
	u := newUser(t, "patch-by-run-command.yaml", map[string]string{"SES_FROM": sender})
	u.edit("days(30)", "days(0)")
	// moto has no instance under Systems Manager, as AWS has none without agent.
	d := u.json(1, "apply", "--yes")
	same(t, "not reached", []string{id}, d.with("run_command", "failed"))
}

// edit changes the user's copy of an example.
func (u *user) edit(from, to string) {
	u.t.Helper()
	b, err := os.ReadFile(u.file)
	if err != nil {
		u.t.Fatal(err)
	}
	after := strings.Replace(string(b), from, to, 1)
	if after == string(b) {
		u.t.Fatalf("%s has no %q", u.file, from)
	}
	if err := os.WriteFile(u.file, []byte(after), 0o600); err != nil {
		u.t.Fatal(err)
	}
}
