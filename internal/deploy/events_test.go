package deploy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/deploy"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// matches says whether a pattern of EventBridge catches an event, as "Amazon
// EventBridge event patterns" describes it: each field of the pattern is in the
// event, and one of its values is the field's, or for a list one of the list's.
// It knows nothing of how patterns are made.
func matches(pattern, event map[string]any) bool {
	for key, want := range pattern {
		if key == "$or" {
			if !slices.ContainsFunc(want.([]any), func(w any) bool { return matches(w.(map[string]any), event) }) {
				return false
			}
			continue
		}
		got, there := event[key]
		switch want := want.(type) {
		case map[string]any:
			inner, ok := got.(map[string]any)
			if !ok || !matches(want, inner) {
				return false
			}
		case []any:
			list, ok := got.([]any)
			if !ok {
				list = []any{got}
			}
			if !there {
				list = nil
			}
			if !slices.ContainsFunc(want, func(w any) bool { return one(w, list, there) }) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// one says whether one value of a pattern is met.
func one(want any, list []any, there bool) bool {
	test, ok := want.(map[string]any)
	if !ok {
		return slices.Contains(list, want)
	}
	if exists, ok := test["exists"].(bool); ok {
		return exists == there
	}
	return slices.ContainsFunc(list, func(v any) bool {
		text, isText := v.(string)
		if prefix, ok := test["prefix"].(string); ok {
			return isText && strings.HasPrefix(text, prefix)
		}
		but, ok := test["anything-but"].([]any)
		return ok && !slices.Contains(but, v)
	})
}

// fatal is what tests and properties have in common.
type fatal interface {
	Helper()
	Fatal(...any)
	Errorf(string, ...any)
}

// caught are the names of the rules that catch an event.
func caught(t fatal, d *deploy.Deployment, event string) []string {
	t.Helper()
	return caughtBy(t, d.Rules, home, event)
}

// caughtBy are the names of the rules in an account that catch an event.
func caughtBy(t fatal, rules []deploy.Rule, account, event string) []string {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal([]byte(event), &e); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range rules {
		b, err := json.Marshal(r.Pattern)
		if err != nil {
			t.Fatal(err)
		}
		var p map[string]any
		b = []byte(strings.ReplaceAll(string(b), `\u0000account\u0000`, account))
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		if len(b) > 2048 {
			t.Errorf("the pattern of %s has %d characters", r.Name, len(b))
		}
		if matches(p, e) {
			names = append(names, r.Name)
		}
	}
	return names
}

const home = "111122223333"

// call is the event of a call, with further fields in its detail.
func call(k creation.Key, account, region, more string) string {
	service := strings.TrimSuffix(k.Source, ".amazonaws.com")
	return fmt.Sprintf(`{"id":"e-1","account":%q,"region":%q,"source":"aws.%s","detail-type":"AWS API Call via CloudTrail","time":"2026-11-02T10:00:00Z",
		"detail":{"eventVersion":"1.09","eventID":"r-1","eventTime":"2026-11-02T10:00:00Z","recipientAccountId":%q,"awsRegion":%q,"eventSource":%q,"eventName":%q%s}}`,
		account, region, service, account, region, k.Source, k.Name, more)
}

func state(s string) string {
	return `{"id":"e-2","account":"` + home + `","region":"us-east-1","source":"aws.ec2","detail-type":"EC2 Instance State-change Notification","detail":{"instance-id":"i-0aaaaaaaaaaaaaaaa","state":"` + s + `"}}`
}

func tagChange(service string, keys ...string) string {
	b, _ := json.Marshal(keys)
	return `{"id":"e-3","account":"` + home + `","region":"us-east-1","source":"aws.tag","detail-type":"Tag Change on Resource","resources":["arn:aws:ec2:us-east-1:` + home +
		`:instance/i-0aaaaaaaaaaaaaaaa"],"detail":{"changed-tag-keys":` + string(b) + `,"service":"` + service + `","resource-type":"instance"}}`
}

func TestRulesCatchWhatWakesAPolicyAndNothingElse(t *testing.T) {
	d := deployed(t, none, text(everything))
	run := creation.Key{Source: "ec2.amazonaws.com", Name: "RunInstances"}
	outcome := func(name, state, policy string) string {
		return `{"account":"` + home + `","region":"us-east-1","source":"tagwarden","detail-type":"tagwarden Outcome","detail":{"name":"` + name + `","state":"` + state + `","policy":"` + policy + `","action":"stop"}}`
	}
	item := func(kind, message string) string {
		return `{"account":"` + home + `","region":"us-east-1","source":"aws.config","detail-type":"Config Configuration Item Change","detail":{"messageType":"` + message + `","configurationItem":{"resourceType":"` + kind + `"}}}`
	}
	const changed = "ConfigurationItemChangeNotification"
	for name, tt := range map[string]struct{ event, want string }{
		"a launch":                       {call(run, home, "us-east-1", ""), "Calls"},
		"a launch elsewhere":             {call(run, home, "eu-west-1", ""), ""},
		"a launch of another account":    {call(run, "999999999999", "us-east-1", ""), ""},
		"a launch that failed":           {call(run, home, "us-east-1", `,"errorCode":"Client.InstanceLimitExceeded"`), ""},
		"a launch that was a dry run":    {call(run, home, "us-east-1", `,"errorCode":"Client.DryRunOperation"`), ""},
		"a call that on names":           {call(creation.Key{Source: "ec2.amazonaws.com", Name: "ModifyInstanceAttribute"}, home, "us-east-1", ""), "Calls"},
		"a bucket":                       {call(creation.Key{Source: "s3.amazonaws.com", Name: "CreateBucket"}, home, "ap-south-1", ""), "Calls"},
		"what nobody asked for":          {call(creation.Key{Source: "rds.amazonaws.com", Name: "CreateDBInstance"}, home, "us-east-1", ""), ""},
		"a call that only reads":         {call(creation.Key{Source: "ec2.amazonaws.com", Name: "DescribeInstances"}, home, "us-east-1", ""), ""},
		"a forged event":                 {strings.Replace(call(run, home, "us-east-1", ""), `"aws.ec2"`, `"mine"`, 1), ""},
		"an instance that runs":          {state("running"), "States"},
		"an instance that stopped":       {state("stopped"), ""},
		"a tag":                          {tagChange("ec2", "Owner"), "TagChanges"},
		"a tag beside the mark":          {tagChange("ec2", "tagwarden", "Owner"), "TagChanges"},
		"the mark alone":                 {tagChange("ec2", "tagwarden"), ""},
		"a tag of another service":       {tagChange("rds", "Owner"), ""},
		"an item":                        {item("AWS::EC2::Volume", changed), "ConfigItems"},
		"an item of another service":     {item("AWS::RDS::DBInstance", changed), ""},
		"an item that is too large":      {strings.Replace(item("AWS::EC2::Volume", "OversizedConfigurationItemChangeNotification"), "configurationItem\"", "configurationItemSummary\"", 1), "ConfigItems"},
		"a snapshot of Config":           {item("AWS::EC2::Volume", "ConfigurationSnapshotDeliveryStarted"), ""},
		"an outcome":                     {outcome("all.of-it", "done", "stop-it"), "Outcomes"},
		"what failed":                    {outcome("all.of-it", "failed", "stop-it"), ""},
		"an outcome that nobody follows": {outcome("all.of-it", "done", "everything-made"), ""},
		"another deployment's outcome":   {outcome("other", "done", "stop-it"), ""},
	} {
		if got := strings.Join(caught(t, d, tt.event), " "); got != tt.want {
			t.Errorf("%s is caught by %q, want %q", name, got, tt.want)
		}
	}
}

// What the program itself says wakes a policy must come through, for every
// example and every call that makes its resources.
func TestEveryCreationThatWakesAPolicyIsCaught(t *testing.T) {
	n := 0
	for name, source := range examples(t) {
		d := deployed(t, none, source)
		set, _, _ := read(t, none, source)
		for _, p := range set.Policies {
			for _, s := range p.Wakes.States {
				if got := caught(t, d, state(s)); !slices.Equal(got, []string{"States"}) {
					t.Errorf("%s: the state %s is caught by %v", name, s, got)
				}
			}
			if !p.Wakes.Created {
				continue
			}
			for _, typ := range p.Types {
				for _, k := range slices.Concat(creation.ByType(typ), creation.Bringing(typ)) {
					n++
					if got := caught(t, d, call(k, home, "us-east-1", "")); len(got) != 1 {
						t.Errorf("%s: %s is caught by %v", name, k, got)
					}
					if got := caught(t, d, call(k, home, "us-east-1", `,"errorCode":"AccessDenied"`)); len(got) != 0 {
						t.Errorf("%s: %s that failed is caught by %v", name, k, got)
					}
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("the examples have %d creations", n)
	}
}

func TestPatternsThatAreTooLargeAreSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{2,20}:[A-Z][A-Za-z]{5,60}`), 1, 120, rapid.ID[string]).Draw(t, "calls")
		regions := rapid.SampledFrom([]string{"[]", "[all]", "[us-east-1, eu-west-1]", "[us-east-1, us-east-2, us-west-1, us-west-2, eu-west-1, eu-west-2, eu-west-3, eu-central-1, ap-south-1]"}).Draw(t, "regions")
		yaml := "version: 1\nsettings: {regions: " + regions + "}\npolicies:\n  - {name: p, resource: [ec2:snapshot, s3:bucket], on: [created, {api: [\"" + strings.Join(names, `", "`) + "\"]}], tags: {Owner: {}}}\n"
		source := text(strings.Replace(yaml, "regions: []", "zone: UTC", 1))
		set, vars, list := deploy.Read([]policy.Source{source}, none, func(env deploy.Lookup) (*policy.Set, diag.List) { return policy.Load([]policy.Source{source}, env) })
		if err := list.Err(); err != nil {
			t.Fatal(err)
		}
		d, err := deploy.For(set, deploy.Options{Variables: vars})
		if err != nil {
			t.Fatal(err)
		}
		region := "us-east-1"
		for _, n := range names {
			service, name, _ := strings.Cut(n, ":")
			k := creation.Key{Source: service + ".amazonaws.com", Name: name}
			if len(caught(t, d, call(k, home, region, ""))) == 0 {
				t.Fatalf("%s is not caught by any of %d rules", n, len(d.Rules))
			}
		}
	})
}

// The patterns and the program agree on what is an event: what a rule catches is
// read, and wakes a policy.
func TestWhatIsCaughtIsRead(t *testing.T) {
	set, _, _ := read(t, none, text(everything))
	for _, event := range []string{state("running"), tagChange("ec2", "Owner")} {
		b, err := trigger.Read([]byte(event))
		if err != nil || len(b.Messages) != 1 || b.Messages[0].Request == nil {
			t.Fatal(b, err)
		}
		if names, why := app.Woken(set, b.Messages[0].Request); len(names) != 1 {
			t.Errorf("%s wakes %v: %s", event, names, why)
		}
	}
}

func TestManyPoliciesThatAreFollowedShareRulesThatHaveRoom(t *testing.T) {
	yaml, follows := small("outcomes: {eventbridge: own}", "", ""), ""
	want := map[string]bool{}
	for n := range 90 {
		name := fmt.Sprintf("a-policy-whose-name-is-as-long-as-names-are-allowed-to-be-%03d", n)
		want[name] = true
		yaml += "  - {name: " + name + ", resource: ec2:instance, tags: {Owner: {}}, enforce: [stop]}\n"
		follows += "{outcome: {policy: " + name + ", action: stop}}, "
	}
	d := deployed(t, none, text(yaml+"  - {name: q, resource: ec2:instance, tags: {Team: {}}, on: ["+follows+"]}\n"))
	if len(d.Rules) < 3 || len(d.Rules) > 5 {
		t.Errorf("%d rules", len(d.Rules))
	}
	for i, r := range d.Rules {
		if b, err := json.Marshal(r.Pattern); err != nil || len(b) > 2048 || r.Name != fmt.Sprintf("Outcomes%d", i+1) || r.Bus != "own" {
			t.Errorf("%s on %s: %v: %s", r.Name, r.Bus, err, b)
		}
		for _, p := range r.Pattern.Detail["policy"].([]any) {
			if !want[p.(string)] {
				t.Errorf("%s is told twice", p)
			}
			delete(want, p.(string))
		}
	}
	if len(want) > 0 {
		t.Errorf("nothing follows %v", want)
	}
}
