package deploy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

const (
	payments = "444455556666"
	search   = "777788889999"
	stranger = "999900001111"
)

// governing is a policy file about accounts.
func governing(accounts string) string {
	return `version: 1
settings: {name: org, regions: [eu-west-1, us-east-1], ledger: {dynamodb: cases}, accounts: ` + accounts + `}
channels: {ops: {sns: {}}, mail: {ses: {from: gov@example.com, to: [ops@example.com]}}}
policies:
  - {name: owned, resource: ec2:instance, on: [created, tags_changed], mode: enforce, tags: {Owner: {value: creator.name}}, enforce: [notify: ops, notify: mail, {stop: {after: 7d}}]}
  - {name: after, resource: ec2:instance, on: {outcome: {policy: owned, action: stop}}, sweep: false, match: "true", enforce: [notify: ops]}
`
}

const (
	list         = `[{id: "` + home + `"}, {id: "` + payments + `", role: ops/warden, external_id: "7f3a"}, {id: "` + search + `", role: ops/warden, external_id: "81cc"}]`
	organization = `{organization: {role: warden, exclude: ["` + search + `"]}}`
)

// file is a template by its name.
func file(t testing.TB, d *deploy.Deployment, name string) []byte {
	t.Helper()
	for _, f := range rendered(t, d) {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatal("there is no " + name)
	return nil
}

// central carries the function's stack out, member that of another account.
func central(t testing.TB, d *deploy.Deployment) *stack {
	t.Helper()
	return carryOut(t, file(t, d, deploy.TemplateFile), home, "eu-west-1", "CodeBucket", "b", "TrailIsLogging", "yes", "OrganizationId", "o-abcdefghij")
}

func member(t testing.TB, d *deploy.Deployment, region string, params ...string) *stack {
	t.Helper()
	c := central(t, d)
	return carryOut(t, file(t, d, deploy.MemberFile), payments, region, append(params, "HomeRegion", "eu-west-1",
		"CentralRole", c.attribute("Role.Arn"), "CentralBus", c.attribute("Bus.Arn"))...)
}

// allowed asks a layer; pairs are condition keys and their values.
func allowed(l iamtest.Layer, action, on string, pairs ...string) bool {
	r := iamtest.Request{Action: action, Resource: on, Context: iamtest.Context{"aws:RequestedRegion": {"eu-west-1"}}}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Context[pairs[i]] = []string{pairs[i+1]}
	}
	return iamtest.Decide(r, l) == iamtest.Allowed
}

// trusts says whether the role of a member lets a role take it on. IAM asks the
// account first, and then what the conditions ask.
func trusts(t testing.TB, m *stack, by string, pairs ...string) bool {
	t.Helper()
	doc := m.properties("Role")["AssumeRolePolicyDocument"].(map[string]any)
	statement := doc["Statement"].([]any)[0].(map[string]any)
	account := statement["Principal"].(map[string]any)["AWS"]
	one := maps.Clone(statement)
	delete(one, "Principal")
	one["Resource"] = "*"
	l := iamtest.Layer{m.policy(map[string]any{"Version": doc["Version"], "Statement": []any{one}})}
	return strings.Contains(by, ":"+account.(string)+":") && allowed(l, "sts:AssumeRole", m.attribute("Role.Arn"), append(pairs, "aws:PrincipalArn", by)...)
}

func TestTheFunctionEntersTheListedAccountsAndNoOther(t *testing.T) {
	d := deployed(t, none, text(governing(list)))
	role := central(t, d).role("Role")
	for on, want := range map[string]bool{
		payments + ":role/ops/warden": true, search + ":role/ops/warden": true, stranger + ":role/ops/warden": false,
		payments + ":role/warden": false, payments + ":role/ops/warden2": false, home + ":role/ops/warden": false,
	} {
		if got := allowed(role, "sts:AssumeRole", "arn:aws:iam::"+on, "aws:ResourceOrgID", "o-abcdefghij"); got != want {
			t.Errorf("taking on %s: %v", on, got)
		}
	}
	if allowed(role, "organizations:ListRoots", "*") {
		t.Error("it may ask for an organization that the file does not name")
	}
}

func TestAMemberTrustsTheFunctionsRoleAlone(t *testing.T) {
	d := deployed(t, none, text(governing(list)))
	by := central(t, d).attribute("Role.Arn")
	m := member(t, d, "eu-west-1", "ExternalId", "7f3a")
	if got := m.attribute("Role.Arn"); !strings.HasSuffix(got, "role/warden") || m.properties("Role")["Path"] != "/ops/" {
		t.Errorf("the role is %s in %v", got, m.properties("Role")["Path"])
	}
	for name, tt := range map[string]struct {
		by, id string
		want   bool
	}{
		"the function":                     {by, "7f3a", true},
		"the function for another account": {by, "81cc", false},
		"the function without an id":       {by, "", false},
		"another role of its account":      {strings.Replace(by, "role/Role", "role/Other", 1), "7f3a", false},
		"that role elsewhere":              {strings.Replace(by, home, stranger, 1), "7f3a", false},
	} {
		var pairs []string
		if tt.id != "" {
			pairs = []string{"sts:ExternalId", tt.id}
		}
		if got := trusts(t, m, tt.by, pairs...); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAnExternalIDIsAskedForWhereTheFileHasOne(t *testing.T) {
	for accounts, want := range map[string]string{
		list: "required",
		strings.Replace(list, `, external_id: "81cc"`, "", 1):                                         "optional",
		strings.NewReplacer(`, external_id: "81cc"`, "", `, external_id: "7f3a"`, "").Replace(list):   "none",
		strings.Replace(list, `"`+search+`", role: ops/warden`, `"`+search+`", role: other`, 1) + " ": "required",
	} {
		d := deployed(t, none, text(governing(accounts)))
		template, got := string(file(t, d, deploy.MemberFile)), "none"
		if _, rest, ok := strings.Cut(template, "\n  ExternalId:\n"); ok {
			got = "required"
			if strings.Contains(rest[:300], "Default: ''") {
				got = "optional"
			}
		}
		if got != want {
			t.Errorf("%s: the id is %s", accounts, got)
		}
		m := member(t, d, "eu-west-1", "RoleName", "warden", "RolePath", "/ops/", "ExternalId", map[string]string{"required": "7f3a"}[want])
		if m.properties("Role")["RoleName"] != "warden" || m.properties("Role")["Path"] != "/ops/" {
			t.Errorf("%s: %v", accounts, m.properties("Role"))
		}
		if strings.Contains(template+string(file(t, d, deploy.TemplateFile)), "7f3a") {
			t.Error("an external id is in a template")
		}
		if by := central(t, d).attribute("Role.Arn"); want != "required" && !trusts(t, m, by) {
			t.Errorf("%s: without an id it is not taken on", accounts)
		}
	}
}

func TestTheBooksStayInTheAccountOfTheFunction(t *testing.T) {
	books := map[string]string{
		"dynamodb:PutItem": "arn:aws:dynamodb:eu-west-1:" + home + ":table/cases", "sns:Publish": "arn:aws:sns:eu-west-1:" + home + ":ChannelOpsTopic",
		"ses:SendEmail": "arn:aws:ses:eu-west-1:" + home + ":identity/gov@example.com", "sts:AssumeRole": "arn:aws:iam::" + payments + ":role/ops/warden",
		"events:PutEvents": "arn:aws:events:eu-west-1:" + home + ":event-bus/default", "sqs:SendMessage": "arn:aws:sqs:eu-west-1:" + home + ":Retries",
	}
	work := map[string]string{"ec2:StopInstances": ":instance/i-1", "ec2:CreateTags": ":instance/i-1", "ec2:DescribeInstances": "*", "cloudtrail:LookupEvents": "*"}
	ask := func(l iamtest.Layer, account string, what map[string]string) []string {
		var out []string
		for action, on := range what {
			if strings.HasPrefix(on, ":") {
				on = "arn:aws:ec2:eu-west-1:" + account + on
			}
			if allowed(l, action, on, "aws:TagKeys", "Owner", "ses:FromAddress", "gov@example.com", "events:source", "tagwarden", "events:detail-type", "tagwarden Outcome") {
				out = append(out, action)
			}
		}
		slices.Sort(out)
		return out
	}
	all := func(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
	for accounts, own := range map[string]bool{list: true, strings.Replace(list, `{id: "`+home+`"}, `, "", 1): false} {
		d := deployed(t, none, text(governing(accounts)))
		c, m := central(t, d).role("Role"), member(t, d, "eu-west-1", "ExternalId", "7f3a").role("Role")
		if diff := cmp.Diff(all(books), ask(c, home, books)); diff != "" {
			t.Errorf("%s: the function's books (-want +got)\n%s", accounts, diff)
		}
		if got := ask(c, home, work); own != (len(got) == len(work)) || !own && len(got) > 0 {
			t.Errorf("%s: in its own account the function may %v", accounts, got)
		}
		if diff := cmp.Diff(all(work), ask(m, payments, work)); diff != "" {
			t.Errorf("%s: the role of a member (-want +got)\n%s", accounts, diff)
		}
		if got := slices.Concat(ask(m, payments, books), ask(m, home, map[string]string{"ec2:StopInstances": ":instance/i-1"})); len(got) > 0 {
			t.Errorf("%s: the role of a member may %v", accounts, got)
		}
	}
}

func TestARoleIsMadeOnceAndRulesInEveryRegion(t *testing.T) {
	d := deployed(t, none, text(governing(list)))
	here, there := member(t, d, "eu-west-1", "ExternalId", "7f3a"), member(t, d, "us-east-1", "ExternalId", "7f3a")
	if _, ok := here.nodes["Role"]; !ok {
		t.Error("there is no role")
	}
	if _, ok := there.nodes["Role"]; ok {
		t.Error("the role is made twice")
	}
	for _, m := range []*stack{here, there} {
		target := m.properties("Calls")["Targets"].([]any)[0]
		want := map[string]any{"Id": "central", "Arn": "arn:aws:events:eu-west-1:" + home + ":event-bus/tagwarden-org", "RoleArn": "arn:aws:iam::" + payments + ":role/SenderRole"}
		if diff := cmp.Diff(want, target); diff != "" {
			t.Errorf("%s (-want +got)\n%s", m.region, diff)
		}
		sender := m.role("SenderRole")
		for bus, want := range map[string]bool{"tagwarden-org": true, "default": false} {
			if got := allowed(sender, "events:PutEvents", "arn:aws:events:eu-west-1:"+home+":event-bus/"+bus); got != want {
				t.Errorf("sending to %s: %v", bus, got)
			}
		}
	}
}

func TestEventsOfMembersComeOverTheBusAndOthersDoNot(t *testing.T) {
	d := deployed(t, none, text(governing(list)))
	run := creation.Key{Source: "ec2.amazonaws.com", Name: "RunInstances"}
	for _, tt := range []struct {
		account, region  string
		sent, bus, inOwn bool
	}{
		{payments, "us-east-1", true, true, false}, {search, "eu-west-1", true, true, false},
		{stranger, "us-east-1", true, false, false}, {home, "us-east-1", true, false, true},
		{payments, "ap-south-1", true, false, false},
	} {
		event := call(run, tt.account, tt.region, "")
		sent, bus, own := caughtBy(t, d.Members.Sent, tt.account, event), caughtBy(t, d.Members.Rules, home, event), caught(t, d, event)
		if tt.sent != (len(sent) == 1) || tt.bus != (len(bus) == 1) || tt.inOwn != (len(own) == 1) {
			t.Errorf("%s in %s: sent by %v, caught by %v on the bus and %v beside it", tt.account, tt.region, sent, bus, own)
		}
	}
	if got := caughtBy(t, d.Members.Sent, payments, call(run, payments, "us-east-1", `,"errorCode":"AccessDenied"`)); len(got) > 0 {
		t.Errorf("a call that failed is sent by %v", got)
	}
	s := central(t, d)
	statement := s.properties("BusPolicy")["Statement"].(map[string]any)
	want := map[string]any{"Effect": "Allow", "Action": "events:PutEvents", "Resource": "arn:aws:events:eu-west-1:" + home + ":event-bus/tagwarden-org",
		"Principal": map[string]any{"AWS": []any{payments, search}}}
	if diff := cmp.Diff(want, statement); diff != "" {
		t.Errorf("who may send (-want +got)\n%s", diff)
	}
}

func TestTheAccountOfTheFunctionIsLeftAloneUnlessItIsListed(t *testing.T) {
	d := deployed(t, none, text(governing(strings.Replace(list, `{id: "`+home+`"}, `, "", 1))))
	var names []string
	for _, r := range d.Rules {
		names = append(names, r.Name)
	}
	if !slices.Equal(names, []string{"Outcomes"}) || d.Own {
		t.Errorf("rules %v, own %v", names, d.Own)
	}
	var files []string
	for _, f := range rendered(t, d) {
		files = append(files, f.Name)
	}
	if !slices.Equal(files, []string{deploy.TemplateFile, deploy.MemberFile}) {
		t.Errorf("%v", files)
	}
	if strings.Contains(string(file(t, d, deploy.TemplateFile)), "TrailIsLogging") {
		t.Error("a trail is asked for in an account that is not governed")
	}
	alone := deployed(t, none, text(governing(`[{id: "`+home+`"}]`)))
	if alone.Members != nil || !alone.Own {
		t.Errorf("one account without a role: %+v", alone.Members)
	}
}

func TestAnOrganizationIsEnteredByItsID(t *testing.T) {
	d := deployed(t, none, text(governing(organization)))
	s := central(t, d)
	role := s.role("Role")
	for name, tt := range map[string]struct {
		on, org string
		want    bool
	}{
		"a member":                    {payments + ":role/warden", "o-abcdefghij", true},
		"an account of another":       {stranger + ":role/warden", "o-0000000000", false},
		"another role":                {payments + ":role/admin", "o-abcdefghij", false},
		"a role of that name, deeper": {payments + ":role/x/warden", "o-abcdefghij", false},
	} {
		if got := allowed(role, "sts:AssumeRole", "arn:aws:iam::"+tt.on, "aws:ResourceOrgID", tt.org); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, action := range []string{"organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent", "organizations:ListAccountsForParent"} {
		if !allowed(role, action, "*") {
			t.Errorf("it may not %s", action)
		}
	}
	statement := s.properties("BusPolicy")["Statement"].(map[string]any)
	if diff := cmp.Diff(map[string]any{"StringEquals": map[string]any{"aws:PrincipalOrgID": "o-abcdefghij"}}, statement["Condition"]); diff != "" {
		t.Errorf("who may send (-want +got)\n%s", diff)
	}
	if !trusts(t, member(t, d, "eu-west-1"), s.attribute("Role.Arn")) {
		t.Error("a member does not trust the function")
	}
	run := creation.Key{Source: "ec2.amazonaws.com", Name: "RunInstances"}
	if got := caughtBy(t, d.Members.Rules, home, call(run, payments, "us-east-1", "")); len(got) != 1 {
		t.Errorf("an event of a member is caught by %v", got)
	}
	if got := caught(t, d, call(run, home, "us-east-1", "")); len(got) != 1 {
		t.Errorf("one of the function's own account is caught by %v", got)
	}
}

// many lists n accounts.
func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{id: "%012d", role: tagwarden/with-a-name-of-some-length}`, 100000000000+i))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func TestManyAccountsAreDividedOverRulesAndPolicies(t *testing.T) {
	d := deployed(t, none, text(governing(many(120))))
	if len(d.Members.Rules) != 2*3 {
		t.Errorf("%d rules on the bus", len(d.Members.Rules))
	}
	role := central(t, d).role("Role")
	run := creation.Key{Source: "ec2.amazonaws.com", Name: "RunInstances"}
	for i := range 120 {
		id := fmt.Sprintf("%012d", 100000000000+i)
		if got := caughtBy(t, d.Members.Rules, home, call(run, id, "us-east-1", "")); len(got) != 1 {
			t.Errorf("%s is caught by %v", id, got)
		}
		if !allowed(role, "sts:AssumeRole", "arn:aws:iam::"+id+":role/tagwarden/with-a-name-of-some-length") {
			t.Errorf("%s is not entered", id)
		}
	}
	for i := range d.Documents {
		if n := d.Documents[i].Size(); n > 6144 {
			t.Errorf("a policy of the role has %d characters", n)
		}
	}
	set, vars, _ := read(t, none, text(governing(many(251))))
	if _, err := deploy.For(set, deploy.Options{Variables: vars}); err == nil || !strings.Contains(err.Error(), "the settings list 251 accounts, and a bus of EventBridge can be told 250: write organization: instead") {
		t.Errorf("%v", err)
	}
}

// What such a variable is decides which roles may be taken on: were it a
// parameter, the function would go by another value than the template.
func TestWhatDecidesTheDeploymentIsNoParameter(t *testing.T) {
	for role, want := range map[string]string{"${WARDEN:-warden}": "/warden", "ops/${WARDEN:-warden}": "/ops/warden", "${WARDEN:-ops/warden}": "/ops/warden"} {
		accounts := `[{id: "${OTHER:-` + payments + `}", role: "` + role + `", external_id: "${SHARED:-some-id}"}]`
		d := deployed(t, none, text(governing(accounts)))
		m := member(t, d, "eu-west-1", "ExternalId", "some-id").properties("Role")
		if got := fmt.Sprint(m["Path"], m["RoleName"]); got != want {
			t.Errorf("%s: the role is %s", role, got)
		}
		c := central(t, d)
		if !allowed(c.role("Role"), "sts:AssumeRole", "arn:aws:iam::"+payments+":role"+want) {
			t.Errorf("%s is not entered", role)
		}
		vars := c.variables()
		if vars["OTHER"] != payments || vars["WARDEN"] == "" || vars["SHARED"] != "some-id" {
			t.Errorf("%s: the function has %v", role, vars)
		}
		_, other := c.params["Other"]
		_, warden := c.params["Warden"]
		if _, shared := c.params["Shared"]; other || warden || !shared {
			t.Errorf("%s: parameters %v", role, c.params)
		}
	}
	set, vars, _ := read(t, none, text(governing(`[{id: "`+payments+`", role: "${WARDEN}"}]`)))
	if _, err := deploy.For(set, deploy.Options{Variables: vars}); err == nil || !strings.Contains(err.Error(), "what the variable WARDEN is decides what is deployed") {
		t.Errorf("%v", err)
	}
}

func TestWhereNoEventIsWaitedForThereIsNoBus(t *testing.T) {
	file := governing(list)
	i := strings.Index(file, "policies:")
	d := deployed(t, none, text(file[:i]+"policies: [{name: p, resource: ec2:instance, tags: {Owner: {}}, enforce: [notify: ops]}]\n"))
	for _, f := range rendered(t, d) {
		for _, word := range []string{"Bus", "SenderRole", "AWS::Events"} {
			if strings.Contains(string(f.Data), word) {
				t.Errorf("%s has %s", f.Name, word)
			}
		}
	}
	if d.Members == nil || len(d.Members.Documents) == 0 {
		t.Errorf("the members: %+v", d.Members)
	}
}

// CloudFormation makes no stack of which every resource is left out.
func TestEveryTemplateHasAResourceThatIsMadeEverywhere(t *testing.T) {
	all := examples(t)
	all["everything"] = text(everything)
	for name, source := range all {
		for _, f := range rendered(t, deployed(t, none, source)) {
			made := false
			for _, r := range strings.Split(strings.SplitN(string(f.Data), "\nResources:\n", 2)[1], "    Type: AWS::")[1:] {
				made = made || !strings.Contains(r, "\n    Condition: ")
			}
			if !made {
				t.Errorf("%s of %s makes nothing where its conditions do not hold", f.Name, name)
			}
		}
	}
}
