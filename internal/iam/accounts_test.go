package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// across is stops, and a table and a trail of the caller's own, for these
// accounts.
func across(accounts string) string {
	s := strings.Replace(stops, "settings: {", "settings: {creators: {s3: s3://example-trail}, ledger: {dynamodb: tagwarden}, outcomes: {eventbridge: default}, accounts: "+accounts+", ", 1)
	return strings.Replace(s, "tags: {Owner", "tags: {By: {value: creator.name}, Owner", 1)
}

const (
	listed         = `[{id: "111122223333"}, {id: "222233334444", role: ops/tagwarden}, {id: "333344445555", role: "arn:aws:iam::333344445555:role/t"}]`
	elsewhere      = `[{id: "222233334444", role: tagwarden}]`
	ofOrganization = `{organization: {role: tagwarden}}`
)

func TestTheCallerAndTheRolesOfOtherAccountsNeedDifferentThings(t *testing.T) {
	resources := []string{"ec2:DescribeInstances", "ec2:StopInstances", "ec2:CreateTags", "cloudtrail:LookupEvents"}
	central := []string{"s3:GetObject", "dynamodb:PutItem", "ses:SendEmail", "events:PutEvents"}
	lead := []string{"sts:AssumeRole"}
	lists := []string{"organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent", "organizations:ListAccountsForParent"}
	for name, tt := range map[string]struct {
		accounts    string
		member      bool
		want, never []string
	}{
		"a list with the caller's own":    {listed, false, slices.Concat(resources, central, lead), lists},
		"a list without it":               {elsewhere, false, slices.Concat(central, lead), slices.Concat(resources, lists)},
		"an organization":                 {ofOrganization, false, slices.Concat(resources, central, lead, lists), nil},
		"a member of a list":              {listed, true, resources, slices.Concat(central, lead, lists)},
		"a member of an organization":     {ofOrganization, true, resources, slices.Concat(central, lead, lists)},
		"a member where the caller's not": {elsewhere, true, resources, slices.Concat(central, lead, lists)},
	} {
		t.Run(name, func(t *testing.T) {
			got := permissions(role(t, across(tt.accounts), iam.Options{Member: tt.member}))
			for _, p := range tt.want {
				if !slices.Contains(got, p) {
					t.Errorf("it lacks %s", p)
				}
			}
			for _, p := range tt.never {
				if slices.Contains(got, p) {
					t.Errorf("it has %s", p)
				}
			}
		})
	}
}

// A note about what a role never does would have people look for it.
func TestARoleHasTheNotesOfWhatItIsForAlone(t *testing.T) {
	const file = `
version: 1
settings: {accounts: [{id: "222233334444", role: tagwarden}]}
channels: {alerts: {sns: {}}}
policies:
  - {name: p, resource: any, mode: enforce, tags: {A: {default: b}}, enforce: [notify: alerts]}
`
	for member, want := range map[bool][]string{false: {"the roles in the other accounts", "the channel alerts"}, true: {"the tags of other types"}} {
		got := role(t, file, iam.Options{Member: member}).Notes
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("member %t: %q", member, got)
		}
	}
}

func TestOnlyTheNamedRolesCanBeTakenOn(t *testing.T) {
	in := iamtest.Context{"aws:RequestedRegion": {"us-east-1"}}
	for name, tt := range map[string]struct{ allowed, refused []string }{
		listed: {[]string{"arn:aws:iam::222233334444:role/ops/tagwarden", "arn:aws:iam::333344445555:role/t"},
			[]string{"arn:aws:iam::222233334444:role/tagwarden", "arn:aws:iam::444455556666:role/ops/tagwarden", "arn:aws:iam::333344445555:role/tt"}},
		ofOrganization: {[]string{"arn:aws:iam::222233334444:role/tagwarden", "arn:aws:iam::999900001111:role/tagwarden"},
			[]string{"arn:aws:iam::222233334444:role/admin", "arn:aws:iam::222233334444:role/tagwarden2"}},
	} {
		l := layer(t, role(t, across(name), iam.Options{}), iam.MaxDocument)
		for _, arn := range tt.allowed {
			if got := iamtest.Decide(iamtest.Request{Action: "sts:AssumeRole", Resource: arn, Context: in}, l); got != iamtest.Allowed {
				t.Errorf("%s: %v", arn, got)
			}
		}
		for _, arn := range tt.refused {
			if got := iamtest.Decide(iamtest.Request{Action: "sts:AssumeRole", Resource: arn, Context: in}, l); got == iamtest.Allowed {
				t.Errorf("%s can be taken on", arn)
			}
		}
	}
}

func TestRolesOfAnotherPartitionThanTheRegionsAreRefused(t *testing.T) {
	set := load(t, across(`[{id: "333344445555", role: "arn:aws-cn:iam::333344445555:role/t"}]`))
	if _, err := iam.For(set, iam.Options{}); err == nil || !strings.Contains(err.Error(), "aws-cn") {
		t.Errorf("error %v", err)
	}
}
