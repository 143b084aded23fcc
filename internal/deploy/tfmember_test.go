package deploy_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/deploy"
)

// policyOf is the document that an attribute of a block hands over as JSON.
func policyOf(t testing.TB, files []deploy.File, folder, name, attribute string) map[string]any {
	t.Helper()
	blocks := module(t, files, folder)
	if blocks[name] == nil {
		t.Fatalf("there is no %s", name)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(reads(t, blocks, blocks[name].Attributes[attribute].Expr).AsString()), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// statement is the only statement of a document.
func statement(t testing.TB, document map[string]any) map[string]any {
	t.Helper()
	all := document["Statement"].([]any)
	if len(all) != 1 {
		t.Fatalf("%d statements", len(all))
	}
	return all[0].(map[string]any)
}

func TestEveryReferenceOfAMemberIsDeclared(t *testing.T) {
	for _, accounts := range []string{list, organization, `[{id: "` + payments + `", role: one}, {id: "` + search + `", role: a/two, external_id: "81cc"}]`} {
		files := terraformed(t, deployed(t, none, text(governing(accounts))))
		for _, folder := range []string{"", "forwarding", "member"} {
			blocks := module(t, files, folder)
			for at, b := range blocks {
				for _, missing := range undeclared(blocks, b) {
					t.Errorf("%s %s: %s refers to %s", accounts, folder, at, missing)
				}
			}
		}
	}
}

// A rule catches what comes from the accounts that are governed, and the bus takes
// nothing from others.
func TestTheBusOfTerraformIsForTheAccountsThatAreGoverned(t *testing.T) {
	for accounts, want := range map[string]map[string]any{
		list:         {"Principal": map[string]any{"AWS": []any{"arn:local.partition:iam::" + payments + ":root", "arn:local.partition:iam::" + search + ":root"}}},
		organization: {"Principal": "*", "Condition": map[string]any{"StringEquals": map[string]any{"aws:PrincipalOrgID": "var.organization_id"}}},
	} {
		d := deployed(t, none, text(governing(accounts)))
		files := terraformed(t, d)
		blocks := module(t, files, "")
		s := map[string]any{"Sid": "members", "Effect": "Allow", "Action": "events:PutEvents", "Resource": "arn-of-the-bus"}
		for k, v := range want {
			s[k] = v
		}
		var got map[string]any
		source := regexp.MustCompile(`(?s)resource "aws_cloudwatch_event_bus_policy" "members" \{.*?\n\}\n`).Find(files[3].Data)
		source = []byte(strings.ReplaceAll(string(source), "aws_cloudwatch_event_bus.members.arn", `"arn-of-the-bus"`))
		b := body(t, deploy.File{Name: "x.tf", Data: source}).Blocks[0].Body
		if err := json.Unmarshal([]byte(reads(t, blocks, b.Attributes["policy"].Expr).AsString()), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, statement(t, got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", accounts, diff)
		}
		for _, r := range d.Members.Rules {
			p := policyOf(t, files, "", "resource.aws_cloudwatch_event_rule."+strings.ReplaceAll(strings.ToLower(regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(r.Name, "${1}_${2}")), "__", "_"), "event_pattern")
			if got := fmt.Sprint(p["account"]); got != map[bool]string{true: "[" + payments + " " + search + "]", false: "<nil>"}[accounts == list] {
				t.Errorf("%s catches events of %s", r.Name, got)
			}
		}
		if (blocks["variable.organization_id"] != nil) != (accounts == organization) {
			t.Errorf("%s: the id of the organization is asked for or not", accounts)
		}
	}
}

func TestOnlyTheFunctionTakesOnTheRoleOfAMember(t *testing.T) {
	const id = "resource.aws_iam_role.entered"
	whose := map[string]any{"ArnEquals": map[string]any{"aws:PrincipalArn": "var.central_role"}}
	with := map[string]any{"ArnEquals": whose["ArnEquals"], "StringEquals": map[string]any{"sts:ExternalId": "var.external_id"}}
	for accounts, tt := range map[string]struct {
		want  map[string]any
		fixed bool
	}{
		list:         {with, true},
		organization: {whose, true},
		`[{id: "` + payments + `", role: one}, {id: "` + search + `", role: a/two, external_id: "81cc"}]`: {with, false},
	} {
		files := terraformed(t, deployed(t, none, text(governing(accounts))))
		source := regexp.MustCompile(`split\(":", var\.central_role\)\[4\]`).ReplaceAllString(string(files[7].Data), "var.central_role")
		files[7].Data = []byte(source)
		s := statement(t, policyOf(t, files, "member", id, "assume_role_policy"))
		if diff := cmp.Diff(tt.want, s["Condition"]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", accounts, diff)
		}
		if diff := cmp.Diff(map[string]any{"AWS": "arn:local.partition:iam::var.central_role:root"}, s["Principal"]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", accounts, diff)
		}
		if fixed := module(t, files, "member")["variable.role_name"] == nil; fixed != tt.fixed {
			t.Errorf("%s: the role's name is known: %v", accounts, fixed)
		}
	}
}

func TestWhatAMemberSendsAndAllowsIsTheDeployments(t *testing.T) {
	d := deployed(t, none, text(governing(list)))
	files := terraformed(t, d)
	var rules []string
	for name := range module(t, files, "member") {
		if rule, ok := strings.CutPrefix(name, "resource.aws_cloudwatch_event_rule."); ok {
			rules = append(rules, rule)
			p := policyOf(t, files, "member", name, "event_pattern")
			if diff := cmp.Diff([]any{"local.account"}, p["account"]); diff != "" || p["region"] != nil {
				t.Errorf("%s: %v", rule, p)
			}
		}
	}
	slices.Sort(rules)
	if diff := cmp.Diff([]string{"calls", "tag_changes"}, rules); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for i, doc := range d.Members.Documents {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(strings.NewReplacer(`\u0000account\u0000`, "local.account", `\u0000region\u0000`, "var.region", `\u0000partition\u0000`, "local.partition").Replace(string(b))), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, policyOf(t, files, "member", fmt.Sprintf("resource.aws_iam_policy.permissions_%d", i+1), "policy")); diff != "" {
			t.Errorf("(-deployment +file)\n%s", diff)
		}
	}
}

func TestWithoutOtherAccountsThereIsNoModuleForThem(t *testing.T) {
	files := terraformed(t, deployed(t, none, text(everything)))
	if len(module(t, files, "member")) != 0 || strings.Contains(string(files[3].Data), "aws_cloudwatch_event_bus\"") {
		t.Error("there is")
	}
}

// The variables of IAM in what people may do are not taken for Terraform's.
func TestWhatPeopleMayDoIsTheDeployments(t *testing.T) {
	access := "access: {owner_key: PrincipalId, protect: [Owner, PrincipalId, '${EXCEPTION:-keep}']}\n"
	for folder, yaml := range map[string]string{"": small("zone: UTC", "", "") + access, "member": governing(list) + access} {
		d := deployed(t, none, text(yaml))
		files := terraformed(t, d)
		b, err := json.Marshal(d.People)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), "${aws:userid}") {
			t.Fatalf("no variable in %s", b)
		}
		var want map[string]any
		if err := json.Unmarshal([]byte(strings.NewReplacer(`\u0000account\u0000`, "local.account", `\u0000region\u0000`, "var.region", `\u0000partition\u0000`, "local.partition", `\u0000variable:EXCEPTION\u0000`, "var.exception").Replace(string(b))), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, policyOf(t, files, folder, "resource.aws_iam_policy.people", "policy")); diff != "" {
			t.Errorf("%s (-deployment +file)\n%s", folder, diff)
		}
		blocks := module(t, files, folder)
		for at, b := range blocks {
			for _, missing := range undeclared(blocks, b) {
				t.Errorf("%s %s refers to %s", folder, at, missing)
			}
		}
		if blocks["resource.aws_iam_group.people"] == nil || blocks["output.people_policy"] == nil {
			t.Errorf("%s: no group, or no output", folder)
		}
	}
}

func TestWhereNoEventIsWaitedForTerraformMakesNoBus(t *testing.T) {
	files := terraformed(t, deployed(t, none, text(strings.Replace(strings.Replace(governing(list), "on: [created, tags_changed], ", "", 1), "on: {outcome: {policy: owned, action: stop}}, sweep: false, ", "", 1))))
	root, member := module(t, files, ""), module(t, files, "member")
	for name, has := range map[string]bool{
		"a bus": root["resource.aws_cloudwatch_event_bus.members"] != nil, "a permission": root["resource.aws_lambda_permission.members"] != nil, "an output": root["output.central_bus"] != nil,
		"a variable": member["variable.central_bus"] != nil, "a role that sends": member["resource.aws_iam_role.sender"] != nil,
	} {
		if has {
			t.Errorf("there is %s", name)
		}
	}
	if root["output.central_role"] == nil || member["resource.aws_iam_role.entered"] == nil {
		t.Error("there is no role to take on")
	}
}
