package policy

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/diag"
	"github.com/tagwarden/tagwarden/internal/expr"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/span"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// alike compares what was loaded; of a program only whether it is there.
var alike = cmp.Options{
	cmp.Comparer(func(a, b *expr.Program) bool { return (a == nil) == (b == nil) }),
	cmpopts.IgnoreTypes(diag.Pos{}),
	cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() }),
}

func ptr[T any](v T) *T { return &v }

// some stands for any program.
var some = &expr.Program{}

func whole(t *testing.T) *Set {
	t.Helper()
	set, said := sample(t, filepath.Join("testdata", "good", "whole.yaml"))
	if set == nil {
		t.Fatal(said)
	}
	return set
}

func TestSettingsAreRead(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Name: "central", Zone: berlin, Regions: []string{"us-east-1", "ap-south-1"}, Mark: "warden",
		Ledger:   Ledger{SQLite: filepath.Join("conf", "tagwarden.db")},
		Exempt:   []Exemption{{Tag: "SPECIAL_EXCEPTION"}, {Tag: "Keep", Value: ptr("yes")}, {When: some}, {UntilTag: "FreezeUntil"}},
		Limits:   Limits{Counts: map[action.Kind]int{action.Stop: 50, action.Terminate: 5}, Share: 25},
		Owner:    &Owner{Tags: []string{"Owner", "CreatedBy"}, Address: "{value}@example.com", Via: "infra", Otherwise: "infra"},
		Creators: &Creators{Bucket: "example-logs", Prefix: "audit", Region: "eu-west-1"},
	}
	if diff := cmp.Diff(want, whole(t).Settings, alike); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutSettingsTheDefaultsHold(t *testing.T) {
	set, said := load("version: 1" + onePolicy)
	if set == nil {
		t.Fatal(said)
	}
	want := Settings{Name: "default", Zone: time.UTC, Mark: "tagwarden", Ledger: Ledger{SQLite: filepath.Join("conf", "tagwarden.db")}, Limits: Limits{Share: -1}}
	if diff := cmp.Diff(want, set.Settings, alike); diff != "" {
		t.Error(diff)
	}
}

func TestChannelsAreRead(t *testing.T) {
	want := map[string]*Channel{
		"infra": {Name: "infra", SES: &SES{From: "Governance <governance@example.com>", To: []string{"infra@example.com"}, CC: []string{"finops@example.com"},
			BCC: []string{"audit@example.com"}, ReplyTo: []string{"infra@example.com"}, ReturnPath: "bounces@example.com",
			ConfigurationSet: "governance", Tags: tag.Set{"team": "infra"}, Region: "us-east-1"}},
		"managers":     {Name: "managers", SNS: &SNS{Topic: "arn:aws:sns:us-east-1:111122223333:policy"}},
		"pay-slack":    {Name: "pay-slack", Slack: &Slack{Webhook: "https://hooks.example.com/pay"}},
		"search-slack": {Name: "search-slack", Slack: &Slack{Webhook: "https://hooks.example.com/search"}},
		"office":       {Name: "office", Teams: &Teams{Webhook: "https://example.com/hook"}},
		"siem":         {Name: "siem", Webhook: &Webhook{URL: "http://127.0.0.1:9000/in", Secret: "sshh"}},
		"folder":       {Name: "folder", File: &File{Dir: filepath.Join("conf", "out", "messages")}},
		"teams": {Name: "teams", Router: &Router{By: map[resource.Type]*expr.Program{resource.EC2Instance: some}, Source: `tag("Team")`,
			Map: map[string]string{"payments": "pay-slack", "search": "search-slack"}, Otherwise: "infra"}},
	}
	got := whole(t).Channels
	if diff := cmp.Diff(want, got, alike); diff != "" {
		t.Error(diff)
	}
	for name, kind := range map[string]string{"infra": "ses", "managers": "sns", "office": "teams", "teams": "router"} {
		if got[name].Kind() != kind {
			t.Errorf("%s is %s, want %s", name, got[name].Kind(), kind)
		}
	}
}

func TestPoliciesAreRead(t *testing.T) {
	p := whole(t).Policies[2]
	rules := p.Tags
	for i := range rules {
		if rules[i].Pattern != nil {
			if !rules[i].Pattern.MatchString("CC-1234") || rules[i].Pattern.MatchString("xCC-1234") || rules[i].Pattern.MatchString("CC-1234\n") {
				t.Error("the pattern does not go over the whole value")
			}
			rules[i].Pattern = nil
		}
	}
	want := &Policy{
		Name: "cost-center", Was: []string{"cost-centre"}, Types: []resource.Type{resource.EC2Instance}, Mode: Enforce, Match: some,
		Exempt: []Exemption{{UntilTag: "KeepUntil", AtMost: 90 * span.Day}},
		Tags: []TagRule{
			{Key: "CostCenter", Required: true, PatternSource: "CC-[0-9]{4}", Aliases: []string{"costcenter", "cost-center"}},
			{Key: "Team", Required: true, Allowed: []string{"payments", "search"}, Default: ptr("search")},
			{Key: "Service", Required: true},
			{Key: "Creator", Required: true, Value: some, Overwrite: true},
			{Key: "Maker", Required: true, Value: some, Fallback: ptr("Undefined")},
		},
		Steps: []Step{
			{ID: "notify", Action: action.Notify, To: "owner", Before: []time.Duration{3 * span.Day, span.Day}},
			{ID: "stop", Action: action.Stop, After: &After{Prog: some}},
			{ID: "tag", Action: action.Tag, Tags: tag.Set{"Stopped": "by-policy"}, When: some, After: &After{Fixed: 7 * span.Day}},
			{ID: "untag", Action: action.Untag, Keys: []string{"Schedule"}, When: some},
			{ID: "start", Action: action.Start, When: some},
			{ID: "terminate", Action: action.Terminate, When: some, After: &After{Fixed: 14 * span.Day}, Since: "stop"},
		},
		Limits: Limits{Counts: map[action.Kind]int{action.Stop: 10}, Share: 12.5}, IncludeManaged: true, Memory: 45 * span.Day,
	}
	if diff := cmp.Diff(want, p, alike); diff != "" {
		t.Error(diff)
	}
	if got := (diag.Pos{File: "whole.yaml", Line: 67, Column: 11}); p.Pos != got {
		t.Errorf("the policy is at %v, want %v", p.Pos, got)
	}
	if s, ok := p.Step("terminate"); !ok || s.Since != "stop" || !p.Notifies() {
		t.Error("the policy does not find its own steps")
	}
}

func TestAStepIsWrittenInManyWays(t *testing.T) {
	set, said := load(`version: 1
channels: {infra: {file: {dir: x}}}
policies:
  - name: one
    resource: ec2:instance
    match: tag("a") == "b"
    on: {schedule: rate(1 day)}
    enforce:
      - notify: infra
      - {notify: {to: infra, every: 7d}, when: 'tag("x") == ""'}
      - stop
      - stop:
      - stop: {}
      - stop: {when: 'tag("y") == ""', after: 0d}
      - {stop: {after: 3d}, when: 'tag("y") == ""', since: stop#2}
      - untag: Old
        after: days(3)
`)
	if set == nil {
		t.Fatal(said)
	}
	want := []Step{
		{ID: "notify", Action: action.Notify, To: "infra"},
		{ID: "notify#2", Action: action.Notify, To: "infra", Every: 7 * span.Day, When: some},
		{ID: "stop", Action: action.Stop}, {ID: "stop#2", Action: action.Stop}, {ID: "stop#3", Action: action.Stop},
		{ID: "stop#4", Action: action.Stop, When: some, After: &After{}},
		{ID: "stop#5", Action: action.Stop, When: some, After: &After{Fixed: 3 * span.Day}, Since: "stop#2"},
		{ID: "untag", Action: action.Untag, Keys: []string{"Old"}, After: &After{Prog: some}},
	}
	p := set.Policies[0]
	if diff := cmp.Diff(want, p.Steps, alike); diff != "" {
		t.Error(diff)
	}
	if p.Schedule != "rate(1 day)" || p.Mode != Observe || p.Memory != 30*span.Day || p.Limits.Share >= 0 {
		t.Errorf("schedule %q, mode %q, memory %v, share %v", p.Schedule, p.Mode, p.Memory, p.Limits.Share)
	}
}

func TestMemoryIsTheLongestGracePeriod(t *testing.T) {
	for enforce, want := range map[string]time.Duration{
		"[stop]":              0,
		"[stop: {after: 7d}]": 7 * span.Day,
		"[{stop: {after: 7d}}, {terminate: {after: 60d, since: stop}}]":        60 * span.Day,
		"[{stop: {after: 'days(3)'}}, {terminate: {after: 14d, since: stop}}]": 30 * span.Day,
		"[{stop: {after: 'days(3)'}}, {terminate: {after: 40d, since: stop}}]": 40 * span.Day,
	} {
		set, said := load("version: 1\npolicies: [{name: one, resource: ec2:instance, match: 'true', enforce: " + enforce + "}]\n")
		if set == nil {
			t.Fatal(said)
		}
		if got := set.Policies[0].Memory; got != want {
			t.Errorf("%s: %v, want %v", enforce, got, want)
		}
	}
}

func TestAWarningDoesNotStopTheLoad(t *testing.T) {
	for name, policy := range map[string]string{
		"everything violates":       `{name: one, resource: ec2:instance}`,
		"a ladder that ends itself": `{name: one, resource: ec2:instance, match: 'resource.state == "running"', tags: {A: {}}, enforce: [{stop: {after: 1d}}, {terminate: {after: 1d, since: stop}}]}`,
		"a call that only looks":    `{name: one, resource: ec2:instance, on: {api: [ec2:StopInstances, ec2:DescribeInstances]}, match: 'true'}`,
		"a reminder too early":      `{name: one, resource: ec2:instance, match: 'true', enforce: [{notify: {to: infra, before: 9d}}, {stop: {after: 7d}}]}`,
	} {
		set, list := Load([]Source{{Name: "p.yaml", Data: []byte("version: 1\nchannels: {infra: {file: {dir: x}}}\npolicies: [" + policy + "]\n")}}, environ)
		if set == nil || len(list) != 1 || list[0].Severity != diag.Warning || list[0].Source == "" {
			t.Errorf("%s: %v", name, list)
		}
	}
}

func TestAMailChannelForOwnersNeedsNoRecipient(t *testing.T) {
	const text = `version: 1
settings: {owner: {tags: Owner, via: mail}}
channels: {mail: {ses: {from: a@example.com}}}
policies: [{name: one, resource: ec2:instance, match: 'true', enforce: [{notify: %s}]}]
`
	for to, loads := range map[string]bool{"owner": true, "mail": false} {
		if set, said := load(sprintf(text, to)); (set != nil) != loads {
			t.Errorf("notify: %s: %s", to, said)
		}
	}
}

func TestAnchorsAreReadWhereTheyAreNamed(t *testing.T) {
	set, said := load(`version: 1
channels: {infra: {file: {dir: x}}}
policies:
  - {name: one, resource: &types [ec2:instance], match: &m 'tag("a") == "b"', enforce: &steps [{notify: infra}, stop]}
  - {name: two, resource: *types, match: *m, enforce: *steps}
`)
	if set == nil {
		t.Fatal(said)
	}
	if diff := cmp.Diff(set.Policies[0].Steps, set.Policies[1].Steps, alike); diff != "" {
		t.Error(diff)
	}
}

func TestABOMAndOtherLineEndsAreNoDifference(t *testing.T) {
	const text = "version: 1\npolicies:\n  - name: one\n    resource: ec2:instance\n    match: |\n      tag(\"a\") ==\n      \"b\"\n    mode: enfroce\n"
	_, want := load(text)
	for name, other := range map[string]string{"BOM": "\ufeff" + text, "CRLF": crlf(text, "\r\n"), "CR": crlf(text, "\r")} {
		if _, got := load(other); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
}
