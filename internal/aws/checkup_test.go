package aws

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// A call without DryRun would be made, and an id that exists would be of
// somebody's machine.
func TestEveryDryRunSaysThatItIsOneAndNamesNothingThatExists(t *testing.T) {
	isolate(t)
	for permission := range dryRuns {
		s, server := open(t, func(int, request) reply { return ec2Error(http.StatusPreconditionFailed, wouldWork, "it would") })
		q := doctor.Question{Permission: permission, Region: place.Region, Context: map[string][]string{"aws:TagKeys": {"Owner", "Team"}},
			Resources: []string{"arn:aws:ec2:eu-west-1:111122223333:instance/x", "arn:aws:ec2:eu-west-1::snapshot/x"}}
		if a := CheckupOf(s).DryRun(t.Context(), q); a.Verdict != doctor.Allowed {
			t.Errorf("%s is %+v", permission, a)
		}
		for _, r := range server.requests {
			if r.Get("DryRun") != "true" || "ec2:"+r.Get("Action") != permission {
				t.Errorf("for %s was asked %v", permission, r.Values)
			}
			for key, values := range r.Values {
				if _, id, ok := strings.Cut(values[0], "-"); ok && len(id) == len(zeros) && id != zeros {
					t.Errorf("for %s was asked about %s %s", permission, key, values)
				}
			}
		}
		if strings.HasSuffix(permission, "Tags") && (len(server.requests) != 2 || server.requests[1].Get("ResourceId.1") != "snap-"+zeros || server.requests[1].Get("Tag.2.Key") != "Team") {
			t.Errorf("%s was asked for by %d requests, the first %v", permission, len(server.requests), server.requests[0].Values)
		}
	}
}

// Otherwise a permission that could be asked for exactly would be left to the
// simulator.
func TestEveryPermissionOfEC2HasADryRun(t *testing.T) {
	var all []string
	for _, u := range iam.Unlimited() {
		all = append(all, u[0])
	}
	for _, s := range resource.Schemas() {
		for _, k := range action.All() {
			all = append(all, iam.Permissions(s.Type, k)...)
		}
	}
	for _, p := range all {
		if _, ok := dryRuns[p]; !ok && strings.HasPrefix(p, "ec2:") {
			t.Errorf("%s has none", p)
		}
	}
}

func TestWhatEC2SaysToADryRun(t *testing.T) {
	isolate(t)
	for _, tt := range []struct {
		name    string
		reply   reply
		verdict doctor.Verdict
		why     string
	}{
		{"allowed", ec2Error(http.StatusPreconditionFailed, "DryRunOperation", "it would have succeeded"), doctor.Allowed, ""},
		{"denied", ec2Error(http.StatusForbidden, "UnauthorizedOperation", "you may not"), doctor.Denied, "UnauthorizedOperation"},
		{"looked for first", ec2Error(http.StatusBadRequest, "InvalidInstanceID.NotFound", "there is none"), doctor.Open, "InvalidInstanceID.NotFound"},
		{"no answer of EC2", reply{status: http.StatusTeapot, body: "short and stout"}, doctor.Open, "eu-west-1"},
	} {
		s, _ := open(t, func(int, request) reply { return tt.reply })
		a := CheckupOf(s).DryRun(t.Context(), doctor.Question{Permission: "ec2:StopInstances", Region: place.Region})
		if a.Verdict != tt.verdict || !strings.Contains(a.Why, tt.why) {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
	s, server := open(t, func(int, request) reply { return reply{} })
	if a := CheckupOf(s).DryRun(t.Context(), doctor.Question{Permission: "rds:StopDBInstance", Region: place.Region}); a.Verdict != doctor.Open || len(server.requests) > 0 {
		t.Errorf("%+v after %d requests", a, len(server.requests))
	}
	// EC2 allows some tags only in the call that makes what they are for.
	making := doctor.Question{Permission: "ec2:CreateTags", Region: place.Region, Context: map[string][]string{"ec2:CreateAction": {"CreateSnapshot"}}}
	if a := CheckupOf(s).DryRun(t.Context(), making); a.Verdict != doctor.Open || len(server.requests) > 0 {
		t.Errorf("tags at creation: %v, after %d requests", a, len(server.requests))
	}
}

// simulated is one result as IAM writes it.
func simulated(actionName, decision, more string) string {
	return "<member><EvalActionName>" + actionName + "</EvalActionName><EvalDecision>" + decision + "</EvalDecision>" + more + "</member>"
}

func simulation(marker string, members ...string) reply {
	more := "<IsTruncated>false</IsTruncated>"
	if marker != "" {
		more = "<IsTruncated>true</IsTruncated><Marker>" + marker + "</Marker>"
	}
	return reply{body: `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><EvaluationResults>` +
		strings.Join(members, "") + "</EvaluationResults>" + more + "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"}
}

const session = "arn:aws:sts::111122223333:assumed-role/ops/me"

func TestTheSimulatorIsReadToItsEndAndItsReasonsAreTold(t *testing.T) {
	isolate(t)
	s, server := open(t, func(_ int, r request) reply {
		if r.Get("Marker") == "" {
			return simulation("more", simulated("sns:Publish", "allowed", ""),
				simulated("a:Organisation", "implicitDeny", "<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>"),
				simulated("a:Boundary", "implicitDeny", "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"))
		}
		return simulation("", simulated("a:Denied", "explicitDeny", ""), simulated("a:Missing", "implicitDeny", ""), simulated("a:Twice", "allowed", ""), simulated("a:Twice", "implicitDeny", ""),
			simulated("a:Part", "allowed", "<ResourceSpecificResults><member><EvalResourceName>arn:x</EvalResourceName><EvalResourceDecision>implicitDeny</EvalResourceDecision></member></ResourceSpecificResults>"))
	})
	var qs []doctor.Question
	for _, p := range []string{"sns:Publish", "a:Organisation", "a:Boundary", "a:Denied", "a:Missing", "a:Twice", "a:Part", "a:Silent"} {
		qs = append(qs, doctor.Question{Permission: p, Region: place.Region, Resources: []string{"arn:aws:sns:eu-west-1:111122223333:x"},
			Context: map[string][]string{"aws:TagKeys": {"A", "B"}, "aws:RequestedRegion": {"eu-west-1"}}})
	}
	got, err := CheckupOf(s).Simulate(t.Context(), session, qs)
	if err != nil {
		t.Fatal(err)
	}
	want := []doctor.Answer{{Verdict: doctor.Allowed}, {Verdict: doctor.Denied, Why: "a policy of the organisation does not allow it"},
		{Verdict: doctor.Denied, Why: "the permissions boundary does not allow it"}, {Verdict: doctor.Denied, Why: "a policy denies it"},
		{Verdict: doctor.Denied, Why: "no policy allows it"}, {Verdict: doctor.Denied, Why: "no policy allows it"},
		{Verdict: doctor.Denied, Why: "implicitDeny of arn:x"}, {Verdict: doctor.Open, Why: "IAM's simulator did not say"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	r := server.requests[0]
	for key, value := range map[string]string{
		"PolicySourceArn": "arn:aws:iam::111122223333:role/ops", "ActionNames.member.8": "a:Silent", "ResourceArns.member.1": "arn:aws:sns:eu-west-1:111122223333:x",
		"ContextEntries.member.2.ContextKeyName": "aws:TagKeys", "ContextEntries.member.2.ContextKeyType": "stringList", "ContextEntries.member.2.ContextKeyValues.member.2": "B",
	} {
		if r.Get(key) != value {
			t.Errorf("%s is %q", key, r.Get(key))
		}
	}
}

// The ARN of a session does not tell the path of its role.
func TestTheRoleOfASessionIsLookedUpWhereItHasAPath(t *testing.T) {
	isolate(t)
	const arn = "arn:aws:iam::111122223333:role/people/ops"
	s, server := open(t, func(_ int, r request) reply {
		switch {
		case r.Get("Action") == "GetRole":
			return reply{body: `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Arn>` + arn + `</Arn></Role></GetRoleResult></GetRoleResponse>`}
		case r.Get("PolicySourceArn") == arn:
			return simulation("", simulated("sns:Publish", "allowed", ""))
		default:
			return iamError(http.StatusNotFound, "NoSuchEntity")
		}
	})
	got, err := CheckupOf(s).Simulate(t.Context(), session, []doctor.Question{{Permission: "sns:Publish", Region: place.Region}})
	if err != nil || len(got) != 1 || got[0].Verdict != doctor.Allowed {
		t.Errorf("%+v, %v", got, err)
	}
	if d := cmp.Diff([]string{"SimulatePrincipalPolicy", "GetRole", "SimulatePrincipalPolicy"}, server.calls()); d != "" {
		t.Error(d)
	}
}

func TestOnlyUsersAndRolesAreSimulated(t *testing.T) {
	for caller, want := range map[string]string{
		"arn:aws:iam::111122223333:user/people/ada": "arn:aws:iam::111122223333:user/people/ada",
		session: "arn:aws:iam::111122223333:role/ops",
		"arn:aws-cn:sts::111122223333:assumed-role/ops/a/b": "arn:aws-cn:iam::111122223333:role/ops",
		"arn:aws:iam::111122223333:root":                    "",
		"arn:aws:sts::111122223333:federated-user/ada":      "",
		"nonsense": "",
	} {
		if got, _ := principal(caller); got != want {
			t.Errorf("%s is %q", caller, got)
		}
	}
	isolate(t)
	s, server := open(t, func(int, request) reply { return reply{} })
	if _, err := CheckupOf(s).Simulate(t.Context(), "arn:aws:iam::111122223333:root", []doctor.Question{{Permission: "sns:Publish"}}); fault.ClassOf(err) != fault.Unsupported || len(server.requests) > 0 {
		t.Errorf("%v after %d requests", err, len(server.requests))
	}
}

func TestATrailIsJudgedByWhatItsSelectorsTake(t *testing.T) {
	isolate(t)
	for _, tt := range []struct {
		name, status, selectors string
		custom                  bool
		want                    doctor.Trail
	}{
		{name: "all", status: `{"IsLogging": true}`, want: doctor.Trail{ARN: "t", Logging: true, Changes: true}},
		{name: "off", status: `{"IsLogging": false}`, want: doctor.Trail{ARN: "t", Changes: true}},
		{name: "reads", status: `{"IsLogging": true}`, custom: true, selectors: `{"EventSelectors": [{"IncludeManagementEvents": true, "ReadWriteType": "ReadOnly"}]}`, want: doctor.Trail{ARN: "t", Logging: true}},
		{name: "data", status: `{"IsLogging": true}`, custom: true, selectors: `{"EventSelectors": [{"IncludeManagementEvents": false, "ReadWriteType": "All"}]}`, want: doctor.Trail{ARN: "t", Logging: true}},
		{name: "writes", status: `{"IsLogging": true}`, custom: true, selectors: `{"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}`, want: doctor.Trail{ARN: "t", Logging: true, Changes: true}},
		{name: "advanced data", status: `{"IsLogging": true}`, custom: true, selectors: `{"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}`, want: doctor.Trail{ARN: "t", Logging: true}},
		{name: "advanced reads", status: `{"IsLogging": true}`, custom: true, selectors: `{"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["true"]}]}]}`, want: doctor.Trail{ARN: "t", Logging: true}},
		{name: "advanced", status: `{"IsLogging": true}`, custom: true, selectors: `{"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]}`, want: doctor.Trail{ARN: "t", Logging: true, Changes: true}},
	} {
		s, _ := open(t, func(_ int, r request) reply {
			switch target := r.Header.Get("X-Amz-Target"); {
			case strings.HasSuffix(target, "DescribeTrails"):
				return reply{body: fmt.Sprintf(`{"trailList": [{"TrailARN": "t", "HasCustomEventSelectors": %v}]}`, tt.custom)}
			case strings.HasSuffix(target, "GetTrailStatus"):
				return reply{body: tt.status}
			default:
				return reply{body: tt.selectors}
			}
		})
		got, err := CheckupOf(s).Trails(t.Context(), place.Region)
		if err != nil || !slices.Equal(got, []doctor.Trail{tt.want}) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

func TestWhatSESLetsTheAccountDo(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(int, request) reply {
		return reply{body: `{"SendingEnabled": true, "ProductionAccessEnabled": false, "SendQuota": {"Max24HourSend": 200, "SentLast24Hours": 7}}`}
	})
	got, err := CheckupOf(s).Sending(t.Context(), place.Region)
	if want := (doctor.Sending{Enabled: true, Sandbox: true, Sent: 7, Most: 200}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAVerifiedSenderAndATopicWithSubscriptions(t *testing.T) {
	isolate(t)
	s, _ := open(t, func(_ int, r request) reply {
		if r.Get("Action") == "GetTopicAttributes" {
			return reply{body: `<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes>` +
				`<entry><key>SubscriptionsConfirmed</key><value>2</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>`}
		}
		return reply{body: `{"IdentityType": "DOMAIN", "VerifiedForSendingStatus": true}`}
	})
	if ok, err := CheckupOf(s).Sender(t.Context(), place.Region, "example.com"); !ok || err != nil {
		t.Errorf("the sender: %v, %v", ok, err)
	}
	if got, err := CheckupOf(s).Topic(t.Context(), "arn:aws:sns:eu-west-1:111122223333:x", ""); err != nil || got.Confirmed != 2 {
		t.Errorf("the topic: %+v, %v", got, err)
	}
}

func TestMotoWhatIsThereIsFoundAndWhatIsNotIsNotFound(t *testing.T) {
	s, account, at := openMoto(t)
	c := CheckupOf(s)
	ctx := t.Context()
	who, err := c.Identify(ctx, at.Region)
	if err != nil || who.Account != at.Account || who.Time.IsZero() {
		t.Errorf("%+v, %v", who, err)
	}
	account.VerifyIdentity(t, "example.com")
	topic := account.Topic(t, "finops")
	url, _ := account.Queue(t, "inbox", 3)
	account.Table(t, "rules", "RuleId", "N")
	object := account.Object(t, "people.csv", "a,b\n")
	ref, _ := document.ObjectRef(object)
	table, err := s.LedgerTable("ledger")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Init(ctx); err != nil {
		t.Fatal(err)
	}

	// moto verifies no identity and counts no subscription.
	if ok, err := c.Sender(ctx, at.Region, "example.com"); ok || err != nil {
		t.Errorf("the sender: %v, %v", ok, err)
	}
	if got, err := c.Topic(ctx, topic.ARN, ""); err != nil || got.Confirmed != 0 {
		t.Errorf("the topic: %+v, %v", got, err)
	}
	if got, err := c.Inbox(ctx, url); err != nil || !got.DeadLetters {
		t.Errorf("the queue: %+v, %v", got, err)
	}
	if got, err := c.Ledger(ctx, "ledger", ""); err != nil || !got.Ready || !got.Forgets || got.Err != nil {
		t.Errorf("the ledger: %+v, %v", got, err)
	}
	if d, err := c.Describe(ctx, document.TableRef("rules", "")); err != nil || d.WrongKey() != "" {
		t.Errorf("the rules: %+v, %v", d, err)
	}
	for what, err := range map[string]error{"object": c.Object(ctx, ref), "bus": c.Bus(ctx, "default")} {
		if err != nil {
			t.Errorf("the %s: %v", what, err)
		}
	}
	if _, err := c.Ledger(ctx, "rules", ""); fault.ClassOf(err) != fault.Invalid {
		t.Errorf("another table as a ledger: %v", err)
	}
	gone := ref
	gone.Key = "nobody.csv"
	for what, ask := range map[string]func(context.Context) error{
		"sender": func(ctx context.Context) error { _, err := c.Sender(ctx, at.Region, "example.org"); return err },
		"set":    func(ctx context.Context) error { return c.ConfigurationSet(ctx, at.Region, "none") },
		"topic":  func(ctx context.Context) error { _, err := c.Topic(ctx, topic.ARN+"x", ""); return err },
		"queue":  func(ctx context.Context) error { _, err := c.Inbox(ctx, url+"x"); return err },
		"ledger": func(ctx context.Context) error { _, err := c.Ledger(ctx, "none", ""); return err },
		"bus":    func(ctx context.Context) error { return c.Bus(ctx, "none") },
		"object": func(ctx context.Context) error { return c.Object(ctx, gone) },
		"logs": func(ctx context.Context) error {
			return c.Archived(ctx, ref.Bucket, "", at.Region, at)
		},
	} {
		if err := ask(ctx); fault.ClassOf(err) != fault.NotFound {
			t.Errorf("no %s: %s, %v", what, fault.ClassOf(err), err)
		}
	}
}

// Nothing that is asked changes anything.
func TestMotoDryRunsLeaveEverythingAsItIs(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto fails at some of them
	s, account, at := openMoto(t)
	made := account.Launch(t, 1, map[string]string{"Owner": "ada"})
	for permission := range dryRuns {
		CheckupOf(s).DryRun(t.Context(), doctor.Question{Permission: permission, Region: at.Region, Resources: []string{"arn:aws:ec2:eu-west-1:1:instance/x"}})
	}
	rs, err := s.Source().Get(t.Context(), at, resource.EC2Instance, made)
	if err != nil || len(rs) != 1 {
		t.Fatalf("%v, %v", rs, err)
	}
	if i := rs[0].(*resource.Instance); i.State != "running" && i.State != "pending" || len(i.TagSet) != 1 {
		t.Errorf("%s, %v", i.State, i.TagSet)
	}
}
