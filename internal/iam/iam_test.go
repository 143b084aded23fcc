package iam_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// load reads a policy file.
func load(t testing.TB, file string) *policy.Set {
	t.Helper()
	set, list := policy.Load([]policy.Source{{Name: "policy.yaml", Data: []byte(file)}}, func(string) (string, bool) { return "", false })
	if err := list.Err(); err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	return set
}

func role(t testing.TB, file string, o iam.Options) *iam.Role {
	t.Helper()
	r, err := iam.For(load(t, file), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// layer is the documents of a role, read by somebody else.
func layer(t testing.TB, r *iam.Role, most int) iamtest.Layer {
	t.Helper()
	var l iamtest.Layer
	for _, d := range r.Documents(most) {
		b, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		p, err := iamtest.Parse(b)
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		l = append(l, p)
	}
	return l
}

const header = "version: 1\nchannels:\n  infra: {ses: {from: \"Ops <ops@mail.example.com>\", to: [a@example.com], configuration_set: bulk, region: eu-west-1}}\n" +
	"  topic: {sns: {topic: \"arn:aws:sns:us-east-1:111122223333:alerts\"}}\n"

const stops = header + `
settings: {regions: [eu-west-1, eu-central-1]}
policies:
  - name: owner
    resource: ec2:instance
    mode: enforce
    tags: {Owner: {aliases: [owner]}, Team: {default: "a*${DOLLAR:-$}"}}
    enforce:
      - notify: infra
      - stop: {after: 7d}
`

// The role is asked as somebody would ask IAM.
func TestTheRoleAllowsWhatThePolicyDoesAndNothingElse(t *testing.T) {
	const instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"
	in := func(region string, keys ...string) iamtest.Context {
		return iamtest.Context{"aws:RequestedRegion": {region}, "aws:TagKeys": keys}
	}
	l := layer(t, role(t, stops, iam.Options{Account: "111122223333"}), iam.MaxDocument)
	for _, tt := range []struct {
		action, resource string
		context          iamtest.Context
		want             bool
	}{
		{"ec2:DescribeInstances", "*", in("eu-west-1"), true},
		{"ec2:DescribeInstances", "*", in("us-east-1"), false},
		{"ec2:DescribeVolumes", "*", in("eu-west-1"), false},
		{"ec2:DescribeInstanceAttribute", instance, in("eu-west-1"), true},
		{"ec2:StopInstances", instance, in("eu-west-1"), true},
		{"ec2:StopInstances", instance, in("us-east-1"), false},
		{"ec2:StopInstances", strings.Replace(instance, "1111", "9999", 1), in("eu-west-1"), false},
		{"ec2:StartInstances", instance, in("eu-west-1"), false},
		{"ec2:TerminateInstances", instance, in("eu-west-1"), false},
		{"ec2:CreateTags", instance, in("eu-west-1", "Owner"), true},
		{"ec2:CreateTags", instance, in("eu-west-1", "Owner", "Team", "tagwarden"), true},
		{"ec2:CreateTags", instance, in("eu-west-1", "Owner", "Admin"), false},
		{"ec2:CreateTags", strings.Replace(instance, "instance", "volume", 1), in("eu-west-1", "Owner"), false},
		{"ec2:DeleteTags", instance, in("eu-west-1", "owner"), true},
		{"ec2:DeleteTags", instance, in("eu-west-1", "Owner"), false},
		{"ec2:DeleteTags", instance, in("eu-west-1"), false}, // would delete every tag
		{"ses:SendEmail", "arn:aws:ses:eu-west-1:111122223333:identity/mail.example.com", iamtest.Context{"ses:FromAddress": {"ops@mail.example.com"}}, true},
		{"ses:SendEmail", "arn:aws:ses:eu-west-1:111122223333:identity/example.com", iamtest.Context{"ses:FromAddress": {"ops@mail.example.com"}}, true},
		{"ses:SendEmail", "arn:aws:ses:eu-west-1:111122223333:configuration-set/bulk", iamtest.Context{"ses:FromAddress": {"ops@mail.example.com"}}, true},
		{"ses:SendEmail", "arn:aws:ses:eu-west-1:111122223333:identity/example.com", iamtest.Context{"ses:FromAddress": {"ceo@example.com"}}, false},
		{"ses:SendEmail", "arn:aws:ses:eu-west-1:111122223333:identity/com", iamtest.Context{"ses:FromAddress": {"ops@mail.example.com"}}, false},
		{"sns:Publish", "arn:aws:sns:us-east-1:111122223333:alerts", in("us-east-1"), false}, // nobody is told there
	} {
		got := iamtest.Decide(iamtest.Request{Action: tt.action, Resource: tt.resource, Context: tt.context}, l)
		if (got == iamtest.Allowed) != tt.want {
			t.Errorf("%s on %s in %v: %v", tt.action, tt.resource, tt.context, got)
		}
	}
}

// permissions are those of a role, each once.
func permissions(r *iam.Role) []string {
	var out []string
	for _, g := range r.Grants {
		out = append(out, g.Permission)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestWhatEachPartOfAPolicyFileNeeds(t *testing.T) {
	about := func(body string) string {
		return header + "policies:\n  - {name: p, resource: " + body + "}\n"
	}
	for _, tt := range []struct {
		name, file string
		plan       []string
		apply      []string // beside those of plan
	}{
		{"observing acts on nothing", about("ec2:instance, tags: {A: {default: b}}, enforce: [stop]"), []string{"ec2:DescribeInstances"}, nil},
		{"observing tells", about("ec2:instance, enforce: [notify: topic]"), []string{"ec2:DescribeInstances"}, []string{"sns:Publish"}},
		{"a fact", about("ec2:volume, match: 'resource.parent.tags[\"a\"] == \"b\"'"), []string{"ec2:DescribeInstances", "ec2:DescribeVolumes"}, nil},
		{"a metric", about("ec2:instance, match: 'metric(\"CPUUtilization\", \"Average\", days(1)) < 1.0'"), []string{"cloudwatch:GetMetricData", "ec2:DescribeInstances"}, nil},
		{"a creator", about("ec2:instance, tags: {A: {value: creator.name}}"), []string{"autoscaling:DescribeAutoScalingGroups", "cloudtrail:LookupEvents", "ec2:DescribeInstances", "tag:GetResources"}, nil},
		{"required tags alone are not written", about("ec2:subnet, mode: enforce, tags: {A: {}}"), []string{"ec2:DescribeSubnets"}, nil},
		{"a default is", about("ec2:subnet, mode: enforce, tags: {A: {default: b}}"), []string{"ec2:DescribeSubnets"}, []string{"ec2:CreateTags"}},
		{"children", about("ec2:instance, mode: enforce, tags: {A: {default: b}}, children: [volumes]"), []string{"ec2:DescribeInstances", "ec2:DescribeVolumes"}, []string{"ec2:CreateTags"}},
		{"a deletion", about("ec2:image, mode: enforce, enforce: [delete: {after: 14d}]"),
			[]string{"autoscaling:DescribeLaunchConfigurations", "ec2:DescribeImageAttribute", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates", "ssm:GetParameters"},
			[]string{"ec2:CreateTags", "ec2:DeleteTags", "ec2:DeregisterImage"}},
		{"a stop at once writes no mark", about("ec2:instance, mode: enforce, enforce: [stop]"),
			[]string{"ec2:DescribeInstanceAttribute", "ec2:DescribeInstances", "ec2:DescribeSpotInstanceRequests"}, []string{"ec2:DeleteTags", "ec2:StopInstances"}},
		{"isolation", about("ec2:instance, mode: enforce, enforce: [isolate: {security_group: sg-0123456789abcdef0}]"),
			[]string{"ec2:DescribeInstances"}, []string{"ec2:DeleteTags", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:ModifyNetworkInterfaceAttribute"}},
		{"a command", about("ec2:instance, mode: enforce, enforce: [run_command: {document: AWS-RunPatchBaseline}]"),
			[]string{"ec2:DescribeInstances"}, []string{"ec2:DeleteTags", "ssm:DescribeInstanceInformation", "ssm:SendCommand"}},
		{"a function", about("ec2:vpc, mode: enforce, enforce: [invoke: {function: tidy}]"), []string{"ec2:DescribeVpcs"}, []string{"ec2:DeleteTags", "lambda:InvokeFunction"}},
		{"a group", about("autoscaling:group, mode: enforce, enforce: [stop]"),
			[]string{"autoscaling:DescribeAutoScalingGroups"}, []string{"autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags", "autoscaling:UpdateAutoScalingGroup"}},
		{"functions", about("lambda:function, mode: enforce, enforce: [untag: [A]]"), []string{"lambda:ListFunctions", "tag:GetResources"},
			[]string{"lambda:GetFunctionConfiguration", "lambda:ListTags", "lambda:UntagResource", "tag:UntagResources"}},
		{"every region", "settings: {regions: [all]}\n" + about("ec2:vpc, tags: {A: {}}"), []string{"ec2:DescribeRegions", "ec2:DescribeVpcs"}, nil},
		{"a ledger", "settings: {ledger: {dynamodb: cases}}\n" + about("ec2:vpc, tags: {A: {}}"), []string{"dynamodb:BatchGetItem", "dynamodb:Query", "ec2:DescribeVpcs"},
			[]string{"dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}},
		{"a ledger that remembers creators", "settings: {ledger: {dynamodb: cases}, creators: {s3: s3://logs/audit}}\n" + about("ec2:vpc, match: creator.name == \"a\""),
			[]string{"autoscaling:DescribeAutoScalingGroups", "cloudtrail:LookupEvents", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "ec2:DescribeVpcs", "s3:GetObject", "s3:ListBucket", "tag:GetResources"},
			[]string{"dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"}},
		{"rules in a table", about("ec2:instance, mode: enforce, tags_from: {dynamodb: rules}"), []string{"autoscaling:DescribeAutoScalingGroups", "cloudtrail:LookupEvents", "dynamodb:Scan", "ec2:DescribeInstances", "tag:GetResources"}, []string{"ec2:CreateTags"}},
		{"a lookup", "lookups: {people: {s3: s3://tables/people.csv, key: a, value: b}}\n" + about("ec2:vpc, match: 'lookup(\"people\", \"x\") == \"y\"'"), []string{"ec2:DescribeVpcs", "s3:GetObject"}, nil},
	} {
		plan := role(t, tt.file, iam.Options{ReadOnly: true})
		if diff := cmp.Diff(tt.plan, permissions(plan)); diff != "" {
			t.Errorf("%s, plan (-want +got):\n%s", tt.name, diff)
		}
		want := slices.Sorted(slices.Values(append(slices.Clone(tt.plan), tt.apply...)))
		if diff := cmp.Diff(want, permissions(role(t, tt.file, iam.Options{}))); diff != "" {
			t.Errorf("%s, apply (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestATopicThatDeployMakesIsANoteAndNoPermission(t *testing.T) {
	r := role(t, "version: 1\nchannels: {made: {sns: {}}}\npolicies:\n  - {name: p, resource: ec2:vpc, tags: {A: {}}, enforce: [notify: made]}\n", iam.Options{})
	if slices.Contains(permissions(r), "sns:Publish") {
		t.Error("it may publish to nothing in particular")
	}
	if diff := cmp.Diff([]string{"the channel made names no topic: tagwarden deploy makes one, and lets the function's role publish to it"}, r.Notes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsNamedIsAllThatIsAllowed(t *testing.T) {
	on := func(r *iam.Role, permission string) []string {
		var out []string
		for _, g := range r.Grants {
			if g.Permission == permission {
				out = append(out, g.Resources...)
			}
		}
		return out
	}
	r := role(t, header+`
settings:
  ledger: {dynamodb: "arn:aws:dynamodb:eu-north-1:999988887777:table/cases"}
  creators: {s3: "s3://logs/a/b", region: us-west-2}
  regions: [eu-west-1]
lookups:
  people: {s3: "s3://tables/people*.csv", key: a, value: b}
  teams: {dynamodb: teams, region: us-east-2, key: a, value: b}
policies:
  - name: p
    resource: ec2:instance
    mode: enforce
    match: creator.name == lookup("people", "x")
    enforce:
      - isolate: {security_group: {vpc-0123456789abcdef0: sg-0123456789abcdef0}}
      - run_command: {document: own}
      - run_command: {document: AWS-RunPatchBaseline}
      - invoke: {function: "tidy:live"}
      - invoke: {function: "arn:aws:lambda:us-east-1:111122223333:function:other"}
      - notify: topic
`, iam.Options{})
	for permission, want := range map[string][]string{
		"dynamodb:Scan":       {"arn:aws:dynamodb:us-east-2:*:table/teams"},
		"s3:GetObject":        {"arn:aws:s3:::logs/a/b/AWSLogs/*", "arn:aws:s3:::tables/people${*}.csv"},
		"s3:ListBucket":       {"arn:aws:s3:::logs"},
		"dynamodb:DeleteItem": {"arn:aws:dynamodb:eu-north-1:999988887777:table/cases"},
		"dynamodb:Query":      {"arn:aws:dynamodb:eu-north-1:999988887777:table/cases", "arn:aws:dynamodb:eu-north-1:999988887777:table/cases/index/*"},
		"ec2:ModifyNetworkInterfaceAttribute": {"arn:aws:ec2:eu-west-1:*:instance/*", "arn:aws:ec2:eu-west-1:*:network-interface/*",
			"arn:aws:ec2:eu-west-1:*:security-group/sg-0123456789abcdef0"},
		"ssm:SendCommand": {"arn:aws:ec2:eu-west-1:*:instance/*", "arn:aws:ssm:eu-west-1:*:document/AWS-RunPatchBaseline", "arn:aws:ssm:eu-west-1:*:document/own"},
		"lambda:InvokeFunction": {"arn:aws:lambda:eu-west-1:*:function:tidy:live",
			"arn:aws:lambda:us-east-1:111122223333:function:other"},
		"sns:Publish": {"arn:aws:sns:us-east-1:111122223333:alerts"},
	} {
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(on(r, permission)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", permission, diff)
		}
	}
}

func TestPartitions(t *testing.T) {
	const file = "version: 1\npolicies: [{name: p, resource: ec2:snapshot, mode: enforce, tags: {A: {default: b}}}]\n"
	r := role(t, file, iam.Options{Regions: []string{"cn-north-1"}})
	if got := r.Grants[len(r.Grants)-1].Resources; !slices.Equal(got, []string{"arn:aws-cn:ec2:cn-north-1::snapshot/*"}) {
		t.Errorf("in China they are %v", got)
	}
	if r := role(t, header+"policies: [{name: p, resource: ec2:vpc, enforce: [notify: topic]}]\n", iam.Options{}); r == nil {
		t.Error("no role")
	}
	if _, err := iam.For(load(t, header+"policies: [{name: p, resource: ec2:vpc, enforce: [notify: topic]}]\n"), iam.Options{Regions: []string{"us-gov-west-1"}}); err == nil || !strings.Contains(err.Error(), "aws-us-gov") {
		t.Errorf("two partitions: %v", err)
	}
}

// everyType is a file that takes more than one document can hold.
const everyType = header + `
policies:
  - name: all
    resource: [ec2:instance, ec2:volume, ec2:snapshot, ec2:image, ec2:security-group, ec2:network-interface, ec2:elastic-ip, autoscaling:group, rds:db, rds:cluster, rds:snapshot, lambda:function, dynamodb:table, s3:bucket]
    mode: enforce
    tags: {Owner: {aliases: [owner]}}
    enforce: [notify: infra]
`

func TestARoleThatIsTooLongIsSplitAndAllowsTheSame(t *testing.T) {
	r := role(t, everyType, iam.Options{Regions: []string{"eu-west-1", "eu-west-2", "eu-west-3"}})
	for _, most := range []int{600, 1000, 3000, iam.MaxDocument, 1 << 20} {
		docs := r.Documents(most)
		l := layer(t, r, most)
		for i := range docs {
			if n := docs[i].Size(); n > most {
				t.Errorf("document %d of at most %d characters has %d", i+1, most, n)
			}
		}
		for _, g := range r.Grants {
			for _, on := range g.Resources {
				in := iamtest.Context{"aws:RequestedRegion": {"eu-west-2"}}
				for _, keys := range g.Conditions {
					for k, v := range keys {
						if k != "aws:RequestedRegion" && k != "aws:TagKeys" {
							in[k] = v
						}
					}
				}
				if v := g.Conditions["ForAllValues:StringEquals"]["aws:TagKeys"]; v != nil {
					in["aws:TagKeys"] = v
				}
				if got := iamtest.Decide(iamtest.Request{Action: g.Permission, Resource: on, Context: in}, l); got != iamtest.Allowed {
					t.Errorf("in documents of %d characters %s on %s: %v", most, g.Permission, on, got)
				}
			}
		}
		if most == 1<<20 && len(docs) != 1 {
			t.Errorf("%d documents where one holds it all", len(docs))
		}
	}
}

func TestTheDocumentIsTheSameEachTime(t *testing.T) {
	text := func() string {
		b, err := json.Marshal(role(t, everyType, iam.Options{}).Documents(iam.MaxDocument))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := text()
	for range 20 {
		if got := text(); got != first {
			t.Fatalf("it changes:\n%s\n%s", first, got)
		}
	}
}

// A permission that is on every resource says why, and no action has a wildcard.
func TestEveryGrantOfAnyPolicyIsNarrowOrSaysWhy(t *testing.T) {
	var all []resource.Type
	for _, s := range resource.Schemas() {
		all = append(all, s.Type)
	}
	for _, typ := range all {
		s, _ := resource.SchemaOf(typ)
		for _, k := range append(slices.Clone(s.Actions), action.Mark, action.Unmark) {
			if k == action.Invoke {
				continue // its function is named by the step
			}
			if len(iam.Permissions(typ, k)) == 0 {
				t.Errorf("nothing is known of %s of %s", k, typ)
			}
		}
	}
	for _, file := range []string{stops, everyType, header + "settings: {regions: [all]}\npolicies: [{name: p, resource: any, mode: enforce, tags: {A: {default: b, aliases: [c]}}, enforce: [notify: topic]}]\n"} {
		for _, g := range role(t, file, iam.Options{}).Grants {
			switch any := slices.Contains(g.Resources, "*"); {
			case strings.ContainsAny(g.Permission, "*?"):
				t.Errorf("%s is several permissions", g.Permission)
			case any != (g.Why != ""):
				t.Errorf("%s is on %v, because %q", g.Permission, g.Resources, g.Why)
			case len(g.Uses) == 0:
				t.Errorf("nothing needs %s", g.Permission)
			}
		}
	}
}

// IAM itself is in no region, and its own calls tag what it holds.
func TestWhatAnEventNamesOfIAMIsReadAndTagged(t *testing.T) {
	const role1 = "arn:aws:iam::111122223333:role/app/worker"
	file := func(on string) string {
		return header + "settings: {regions: [eu-west-1]}\npolicies: [{name: p, resource: any, " + on + "mode: enforce, tags: {Owner: {value: creator.name}}}]\n"
	}
	o := iam.Options{Account: "111122223333"}
	woken, sweep := layer(t, role(t, file("on: created, "), o), iam.MaxDocument), layer(t, role(t, file(""), o), iam.MaxDocument)
	for _, tt := range []struct {
		what             string
		layer            iamtest.Layer
		action, resource string
		keys             []string
		want             bool
	}{
		{"woken", woken, "iam:ListRoleTags", role1, nil, true},
		{"by schedule", sweep, "iam:ListRoleTags", role1, nil, false},
		{"woken", woken, "iam:TagRole", role1, []string{"Owner"}, true},
		{"by schedule", sweep, "iam:TagRole", role1, []string{"Owner"}, true},
		{"woken", woken, "iam:TagRole", role1, []string{"Admin"}, false},
		{"woken", woken, "iam:TagRole", strings.Replace(role1, "1111", "9999", 1), []string{"Owner"}, false},
		{"woken", woken, "iam:TagOpenIDConnectProvider", "arn:aws:iam::111122223333:oidc-provider/ci.example.com", []string{"Owner"}, true},
		{"woken", woken, "iam:TagMFADevice", "arn:aws:iam::111122223333:mfa/ada", []string{"Owner"}, true},
		{"woken", woken, "iam:TagRole", "arn:aws:iam::111122223333:group/ops", []string{"Owner"}, false},
		{"woken", woken, "iam:UntagRole", role1, []string{"Owner"}, false},
	} {
		in := iamtest.Context{"aws:RequestedRegion": {"us-east-1"}, "aws:TagKeys": tt.keys}
		got := iamtest.Decide(iamtest.Request{Action: tt.action, Resource: tt.resource, Context: in}, tt.layer)
		if (got == iamtest.Allowed) != tt.want {
			t.Errorf("%s: %s on %s with %v: %v", tt.what, tt.action, tt.resource, tt.keys, got)
		}
	}
}
