package iamtest_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/iamtest"
)

// statement wraps one statement in a document.
func statement(s string) string { return `{"Version": "2012-10-17", "Statement": ` + s + `}` }

func parse(t testing.TB, s string) *iamtest.Policy {
	t.Helper()
	p, err := iamtest.Parse([]byte(s))
	if err != nil {
		t.Fatalf("%v\n%s", err, s)
	}
	return p
}

func TestActionsAndResources(t *testing.T) {
	const instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"
	for _, tt := range []struct {
		name, statement, action, resource string
		want                              iamtest.Decision
	}{
		{"named", `{"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*"}`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"another", `{"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*"}`, "ec2:StartInstances", instance, iamtest.NotAllowed},
		{"in another case", `{"Effect": "Allow", "Action": "EC2:stopinstances", "Resource": "*"}`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"by a wildcard", `{"Effect": "Allow", "Action": ["s3:*", "ec2:St?pInst*"], "Resource": ["*"]}`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"everything", `{"Effect": "Allow", "Action": "*", "Resource": "*"}`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"denied", `[{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]`, "ec2:StopInstances", instance, iamtest.Denied},
		{"denied first", `[{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}]`, "ec2:StopInstances", instance, iamtest.Denied},
		{"denied elsewhere", `[{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}]`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"all but that is denied", `[{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}]`, "ec2:StopInstances", instance, iamtest.Denied},
		{"all but that", `{"Effect": "Allow", "NotAction": "ec2:Stop*", "Resource": "*"}`, "ec2:StopInstances", instance, iamtest.NotAllowed},
		{"all but another", `{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"on the resource", `{"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:111122223333:instance/*"}`, "ec2:StopInstances", instance, iamtest.Allowed},
		{"on another kind", `{"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:volume/*"}`, "ec2:StopInstances", instance, iamtest.NotAllowed},
		{"in another case", `{"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:Instance/*"}`, "ec2:StopInstances", instance, iamtest.NotAllowed},
		{"over a colon", `{"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:eu*:*:instance/*"}`, "ec2:StopInstances", "arn:aws:ec2:us-1:eu:1:instance/i-1", iamtest.NotAllowed},
		{"behind the fifth colon", `{"Effect": "Allow", "Action": "rds:*", "Resource": "arn:aws:rds:*:*:*"}`, "rds:StopDBInstance", "arn:aws:rds:eu-west-1:1:db:web", iamtest.Allowed},
		{"without an account", `{"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:*/*"}`, "ec2:CreateTags", "arn:aws:ec2:eu-west-1::snapshot/s-1", iamtest.Allowed},
		{"no resource where there is one", `{"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:instance/*"}`, "ec2:DescribeInstances", "*", iamtest.NotAllowed},
		{"all resources but it", `{"Effect": "Allow", "Action": "ec2:*", "NotResource": "arn:aws:ec2:*:*:instance/*"}`, "ec2:StopInstances", instance, iamtest.NotAllowed},
		{"all resources but another", `{"Effect": "Allow", "Action": "ec2:*", "NotResource": ["arn:aws:ec2:*:*:volume/*"]}`, "ec2:StopInstances", instance, iamtest.Allowed},
	} {
		got := iamtest.Decide(iamtest.Request{Action: tt.action, Resource: tt.resource}, iamtest.Layer{parse(t, statement(tt.statement))})
		if got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestConditions(t *testing.T) {
	type context = iamtest.Context
	keys := func(v ...string) context { return context{"aws:TagKeys": v} }
	for _, tt := range []struct {
		condition string
		context   context
		holds     bool
	}{
		{`"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}`, context{"aws:RequestedRegion": {"us-east-1"}}, true},
		{`"StringEquals": {"aws:requestedregion": "us-east-1"}`, context{"aws:RequestedRegion": {"us-east-1"}}, true},
		{`"StringEquals": {"aws:RequestedRegion": "us-east-1"}`, context{"aws:RequestedRegion": {"US-EAST-1"}}, false},
		{`"StringEquals": {"aws:RequestedRegion": "us-*"}`, context{"aws:RequestedRegion": {"us-east-1"}}, false},
		{`"StringEquals": {"aws:RequestedRegion": "us-east-1"}`, nil, false},
		{`"StringEqualsIfExists": {"aws:RequestedRegion": "us-east-1"}`, nil, true},
		{`"StringEqualsIfExists": {"aws:RequestedRegion": "us-east-1"}`, context{"aws:RequestedRegion": {"eu-west-1"}}, false},
		{`"StringEqualsIgnoreCase": {"k": "Straße"}`, context{"k": {"STRAßE"}}, true},
		{`"StringNotEqualsIgnoreCase": {"k": "a"}`, context{"k": {"A"}}, false},
		{`"StringNotEquals": {"k": ["a", "b"]}`, context{"k": {"b"}}, false},
		{`"StringNotEquals": {"k": ["a", "b"]}`, context{"k": {"c"}}, true},
		{`"StringNotEquals": {"k": "a"}`, nil, true},
		{`"StringNotEquals": {"k": "a"}`, context{"k": {"b", "a"}}, false},
		{`"StringEquals": {"k": "a"}`, context{"k": {"b", "a"}}, true},
		{`"StringNotEqualsIfExists": {"k": "a"}`, context{"k": {"a"}}, false},
		{`"StringNotEqualsIfExists": {"k": "a"}`, nil, true},
		{`"ForAllValues:StringEqualsIfExists": {"k": "a"}`, nil, true},
		{`"ForAllValues:StringEqualsIfExists": {"k": "a"}`, context{"k": {"a", "b"}}, false},
		{`"ForAnyValue:StringEqualsIfExists": {"k": "a"}`, nil, true},
		{`"ForAllValues:StringNotLike": {"k": "a*"}`, context{"k": {"b", "ab"}}, false},
		{`"ForAnyValue:StringEqualsIgnoreCase": {"k": ["PrincipalId"]}`, context{"k": {"x", "pRINCIPALiD"}}, true},
		{`"Null": {"K": "true"}`, context{"k": {"a"}}, false},
		{`"Null": {"k": "true"}, "ForAllValues:StringEquals": {"k": "a"}`, nil, true},
		{`"StringEquals": {"k": "${aws:userid}"}`, context{"k": {"${aws:userid}"}}, false},
		{`"StringLike": {"k": "a*c?e"}`, context{"k": {"a..cde"}}, true},
		{`"StringLike": {"k": "a${*}"}`, context{"k": {"ab"}}, false},
		{`"StringLike": {"k": "a${*}${?}${$}"}`, context{"k": {"a*?$"}}, true},
		{`"StringNotLike": {"k": "a*"}`, context{"k": {"b"}}, true},
		{`"StringEquals": {"k": "${aws:userid}"}`, context{"k": {"AIDA"}, "aws:userid": {"AIDA"}}, true},
		{`"StringEquals": {"k": "${aws:userid}"}`, context{"k": {""}}, false},
		{`"StringNotEquals": {"k": "${aws:userid}"}`, context{"k": {"x"}}, true},
		{`"StringEquals": {"k": "${aws:PrincipalTag/team, 'none'}"}`, context{"k": {"none"}}, true},
		{`"StringEquals": {"k": "${aws:PrincipalTag/team, 'none'}"}`, context{"k": {"none"}, "aws:PrincipalTag/team": {"a"}}, false},
		{`"StringLike": {"k": "${aws:userid}"}`, context{"k": {"anything"}, "aws:userid": {"*"}}, false},
		{`"StringLike": {"k": "${a}"}`, context{"k": {"x"}, "a": {"x", "y"}}, false},
		{`"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}`, keys("a", "b"), true},
		{`"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}`, keys("a", "c"), false},
		{`"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}`, keys(), true},
		{`"ForAllValues:StringNotEquals": {"aws:TagKeys": ["a"]}`, keys("b", "a"), false},
		{`"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}`, keys("b", "a"), true},
		{`"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}`, keys("b"), false},
		{`"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}`, keys(), false},
		{`"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}`, keys("a", "b"), true},
		{`"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a"]}`, keys(), false},
		{`"ForAnyValue:StringLike": {"aws:TagKeys": "aws:*"}`, keys("x", "aws:y"), true},
		{`"Null": {"aws:TagKeys": "false"}`, keys("a"), true},
		{`"Null": {"aws:TagKeys": false}`, keys(), false},
		{`"Null": {"aws:TagKeys": "true"}`, keys(), true},
		{`"Bool": {"aws:MultiFactorAuthPresent": "true"}`, context{"aws:MultiFactorAuthPresent": {"true"}}, true},
		{`"Bool": {"aws:MultiFactorAuthPresent": true}`, nil, false},
		{`"BoolIfExists": {"aws:MultiFactorAuthPresent": true}`, nil, true},
		{`"BoolIfExists": {"aws:MultiFactorAuthPresent": true}`, context{"aws:MultiFactorAuthPresent": {"false"}}, false},
		{`"NumericLessThanEquals": {"k": 10}`, context{"k": {"9.5"}}, true},
		{`"NumericGreaterThan": {"k": "10"}`, context{"k": {"9"}}, false},
		{`"NumericNotEquals": {"k": "10"}`, context{"k": {"10.0"}}, false},
		{`"NumericEquals": {"k": "10"}`, context{"k": {"ten"}}, false},
		{`"DateLessThan": {"k": "2026-06-15T09:00:00Z"}`, context{"k": {"2026-06-15T08:59:59Z"}}, true},
		{`"DateGreaterThanEquals": {"k": "2026-06-15T09:00:00Z"}`, context{"k": {"1781514000"}}, true},
		{`"IpAddress": {"k": ["10.0.0.0/8", "192.0.2.1"]}`, context{"k": {"192.0.2.1"}}, true},
		{`"NotIpAddress": {"k": "10.0.0.0/8"}`, context{"k": {"10.1.2.3"}}, false},
		{`"ArnLike": {"k": "arn:aws:iam::*:role/ops-*"}`, context{"k": {"arn:aws:iam::111122223333:role/ops-a"}}, true},
		{`"ArnLike": {"k": "arn:aws:iam:*:role/ops"}`, context{"k": {"arn:aws:iam::1:role/ops"}}, false},
		{`"ArnLike": {"k": "arn:aws:iam::1:role/${*}"}`, context{"k": {"arn:aws:iam::1:role/a"}}, false},
		{`"ArnLike": {"k": "arn:aws:lambda:*:1:function:a:${v}"}`, context{"k": {"arn:aws:lambda:x:1:function:a:1"}, "v": {"1"}}, true},
		{`"ArnNotEquals": {"k": "arn:aws:iam::1:role/a"}`, context{"k": {"arn:aws:iam::1:role/b"}}, true},
		{`"StringEquals": {"k": "a"}, "StringLike": {"l": "b*"}`, context{"k": {"a"}, "l": {"c"}}, false},
		{`"StringEquals": {"k": "a", "l": "b"}`, context{"k": {"a"}, "l": {"b"}}, true},
	} {
		p := parse(t, statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {`+tt.condition+`}}`))
		got := iamtest.Decide(iamtest.Request{Action: "a:b", Resource: "*", Context: tt.context}, iamtest.Layer{p})
		if (got == iamtest.Allowed) != tt.holds {
			t.Errorf("%s of %v: %v", tt.condition, tt.context, got)
		}
	}
}

func TestVariablesInResources(t *testing.T) {
	p := parse(t, statement(`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "arn:aws:s3:::b/${$}{x}"]}`))
	for _, tt := range []struct {
		resource string
		team     []string
		want     iamtest.Decision
	}{
		{"arn:aws:s3:::b/red/1", []string{"red"}, iamtest.Allowed},
		{"arn:aws:s3:::b/blue/1", []string{"red"}, iamtest.NotAllowed},
		{"arn:aws:s3:::b/red/1", nil, iamtest.NotAllowed},
		{"arn:aws:s3:::b/red/1", []string{"*"}, iamtest.NotAllowed},
		{"arn:aws:s3:::b/${x}", nil, iamtest.Allowed},
	} {
		r := iamtest.Request{Action: "s3:GetObject", Resource: tt.resource, Context: iamtest.Context{"aws:PrincipalTag/team": tt.team}}
		if got := iamtest.Decide(r, iamtest.Layer{p}); got != tt.want {
			t.Errorf("%s of %v: %v, want %v", tt.resource, tt.team, got, tt.want)
		}
	}
	old := parse(t, `{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:userid}"}}`)
	r := iamtest.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/${aws:userid}", Context: iamtest.Context{"aws:userid": {"x"}}}
	if got := iamtest.Decide(r, iamtest.Layer{old}); got != iamtest.Allowed {
		t.Errorf("the older version has variables: %v", got)
	}
}

func TestEachLayerMustAllow(t *testing.T) {
	all := parse(t, statement(`{"Effect": "Allow", "Action": "*", "Resource": "*"}`))
	some := parse(t, statement(`{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}`))
	none := parse(t, statement(`{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}`))
	for _, tt := range []struct {
		name   string
		action string
		layers []iamtest.Layer
		want   iamtest.Decision
	}{
		{"no layer", "ec2:X", nil, iamtest.NotAllowed},
		{"an empty one", "ec2:X", []iamtest.Layer{{all}, {}}, iamtest.NotAllowed},
		{"both", "ec2:X", []iamtest.Layer{{all}, {some}}, iamtest.Allowed},
		{"one of two", "s3:X", []iamtest.Layer{{all}, {some}}, iamtest.NotAllowed},
		{"two in a layer", "s3:X", []iamtest.Layer{{all, some}}, iamtest.Allowed},
		{"a denial behind one that does not allow", "ec2:X", []iamtest.Layer{{}, {all, none}}, iamtest.Denied},
	} {
		if got := iamtest.Decide(iamtest.Request{Action: tt.action, Resource: "*"}, tt.layers...); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhatIAMWouldRefuseIsRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"no JSON":            `{`,
		"nothing":            `{"Version": "2012-10-17"}`,
		"no statements":      statement(`[]`),
		"a version":          `{"Version": "2020-01-01", "Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}}`,
		"an effect":          statement(`{"Effect": "allow", "Action": "a:b", "Resource": "*"}`),
		"no action":          statement(`{"Effect": "Allow", "Resource": "*"}`),
		"no resource":        statement(`{"Effect": "Allow", "Action": "a:b"}`),
		"both":               statement(`{"Effect": "Allow", "Action": "a:b", "NotAction": "a:c", "Resource": "*"}`),
		"an action":          statement(`{"Effect": "Allow", "Action": "StopInstances", "Resource": "*"}`),
		"a service":          statement(`{"Effect": "Allow", "Action": "e*:StopInstances", "Resource": "*"}`),
		"no ARN":             statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "i-1"}`),
		"a short ARN":        statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "arn:aws:s3"}`),
		"a service of ARNs":  statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "arn:aws:*:::x"}`),
		"a principal":        statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Principal": "*"}`),
		"an operator":        statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"StringIs": {"k": "v"}}}`),
		"a set":              statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"ForSome:StringEquals": {"k": "v"}}}`),
		"a number":           statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"NumericEquals": {"k": "v"}}}`),
		"a bool":             statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"Null": {"k": "v"}}}`),
		"no value":           statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"StringEquals": {"k": []}}}`),
		"an object":          statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"StringEquals": {"k": {}}}}`),
		"a key twice":        statement(`{"Effect": "Allow", "Action": "a:b", "Action": "*", "Resource": "*"}`),
		"a Sid":              statement(`{"Sid": "a b", "Effect": "Allow", "Action": "a:b", "Resource": "*"}`),
		"a Sid twice":        statement(`[{"Sid": "a", "Effect": "Allow", "Action": "a:b", "Resource": "*"}, {"Sid": "a", "Effect": "Allow", "Action": "a:b", "Resource": "*"}]`),
		"something after it": statement(`{"Effect": "Allow", "Action": "a:b", "Resource": "*"}`) + `{}`,
	} {
		if _, err := iamtest.Parse([]byte(doc)); err == nil {
			t.Errorf("%s is taken: %s", name, doc)
		}
	}
}

// A pattern that is text with every special character escaped matches it alone.
func TestEscapedTextMatchesItself(t *testing.T) {
	escape := strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c*?$ {}]{1,12}`).Draw(t, "text")
		other := rapid.StringMatching(`[a-c*?$ {}]{1,12}`).Draw(t, "other")
		p, err := iamtest.Parse([]byte(statement(fmt.Sprintf(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"StringLike": {"k": %q}}}`, escape.Replace(text)))))
		if err != nil {
			t.Fatal(err)
		}
		for _, have := range []string{text, other} {
			got := iamtest.Decide(iamtest.Request{Action: "a:b", Resource: "*", Context: iamtest.Context{"k": {have}}}, iamtest.Layer{p})
			if (got == iamtest.Allowed) != (have == text) {
				t.Errorf("%q of %q: %v", have, text, got)
			}
		}
	})
}

// Further permissions never take one away, and a further denial never gives one.
func FuzzADenialOnlyTakes(f *testing.F) {
	f.Add(statement(`{"Effect": "Allow", "Action": ["ec2:*"], "Resource": "arn:aws:ec2:*:*:instance/*"}`), "ec2:StopInstances", "arn:aws:ec2:a:1:instance/i", "aws:TagKeys", "a")
	f.Add(statement(`[{"Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::${k}", "Condition": {"ForAllValues:StringLikeIfExists": {"k": ["${k, 'x'}", "*"]}}}]`), "s3:GetObject", "arn:aws:s3:::x", "k", "x")
	f.Add(statement(`{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"k": "2026-01-01T00:00:00Z"}, "ArnLike": {"k": "arn:*:*:*:*:*"}}}`), "a:b", "*", "k", "1")
	all, none := parse(f, statement(`{"Effect": "Allow", "Action": "*", "Resource": "*"}`)), parse(f, statement(`{"Effect": "Deny", "Action": "*", "Resource": "*"}`))
	f.Fuzz(func(t *testing.T, doc, action, resource, key, value string) {
		p, err := iamtest.Parse([]byte(doc))
		if err != nil {
			return
		}
		r := iamtest.Request{Action: action, Resource: resource, Context: iamtest.Context{key: {value}}}
		alone := iamtest.Decide(r, iamtest.Layer{p})
		if got := iamtest.Decide(r, iamtest.Layer{p, none}); got != iamtest.Denied {
			t.Errorf("%v with a denial", got)
		}
		if got := iamtest.Decide(r, iamtest.Layer{p, all}); got != iamtest.Allowed && alone != iamtest.Denied {
			t.Errorf("%v with everything allowed, %v alone", got, alone)
		}
		if got := iamtest.Decide(r, iamtest.Layer{p}, iamtest.Layer{all}); got != alone {
			t.Errorf("%v within everything, %v alone", got, alone)
		}
	})
}
