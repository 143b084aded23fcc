package iam_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/iam"
	"github.com/tagwarden/tagwarden/internal/iamtest"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// changing is one thing that IAM is asked where something is changed: a
// permission, what it is on, and the keys of tags, joined with commas.
type changing struct{ permission, on, keys string }

func (c changing) request() iamtest.Request {
	in := iamtest.Context{"aws:RequestedRegion": {"eu-west-1"}}
	if c.keys != "" {
		in["aws:TagKeys"] = strings.Split(c.keys, ",")
	}
	if strings.HasSuffix(c.keys, resource.BackupTag) {
		in["ec2:CreateAction"] = []string{"CreateSnapshot"}
		if c.on == snapshots+"new-of-instance" {
			in["ec2:CreateAction"] = []string{"CreateSnapshots"}
		}
	}
	return iamtest.Request{Action: c.permission, Resource: c.on, Context: in}
}

// Resources of each type, as the "Service Authorization Reference" writes them.
const (
	here       = ":eu-west-1:111122223333:"
	snapshots  = "arn:aws:ec2:eu-west-1::snapshot/"
	interfaces = "arn:aws:ec2" + here + "network-interface/eni-1"
)

var samples = map[resource.Type]string{
	resource.AutoScalingGroup:    "arn:aws:autoscaling" + here + "autoScalingGroup:c3a2:autoScalingGroupName/web",
	resource.DynamoDBTable:       "arn:aws:dynamodb" + here + "table/orders",
	resource.EC2ElasticIP:        "arn:aws:ec2" + here + "elastic-ip/eipalloc-1",
	resource.EC2Image:            "arn:aws:ec2:eu-west-1::image/ami-1",
	resource.EC2Instance:         "arn:aws:ec2" + here + "instance/i-1",
	resource.EC2NetworkACL:       "arn:aws:ec2" + here + "network-acl/acl-1",
	resource.EC2NetworkInterface: interfaces,
	resource.EC2SecurityGroup:    "arn:aws:ec2" + here + "security-group/sg-1",
	resource.EC2Snapshot:         snapshots + "snap-1",
	resource.EC2Subnet:           "arn:aws:ec2" + here + "subnet/subnet-1",
	resource.EC2Volume:           "arn:aws:ec2" + here + "volume/vol-1",
	resource.EC2VPC:              "arn:aws:ec2" + here + "vpc/vpc-1",
	resource.LambdaFunction:      "arn:aws:lambda" + here + "function:sum",
	resource.RDSCluster:          "arn:aws:rds" + here + "cluster:main",
	resource.RDSDatabase:         "arn:aws:rds" + here + "db:main",
	resource.RDSSnapshot:         "arn:aws:rds" + here + "snapshot:main-1",
	resource.S3Bucket:            "arn:aws:s3:::logs",
	resource.Any:                 "arn:aws:ec2" + here + "route-table/rtb-1",
}

// taggers are the permissions to write and to delete tags of a type.
func taggers(t resource.Type) (write, drop []string) {
	switch service, _, _ := strings.Cut(string(t), ":"); {
	case t == resource.AutoScalingGroup:
		return []string{"autoscaling:CreateOrUpdateTags"}, []string{"autoscaling:DeleteTags"}
	case service == "rds":
		return []string{"rds:AddTagsToResource"}, []string{"rds:RemoveTagsFromResource"}
	case service == "s3":
		return []string{"s3:PutBucketTagging"}, []string{"s3:PutBucketTagging"}
	case service == "lambda", service == "dynamodb":
		return []string{service + ":TagResource", "tag:TagResources"}, []string{service + ":UntagResource", "tag:UntagResources"}
	default:
		return []string{"ec2:CreateTags"}, []string{"ec2:DeleteTags"}
	}
}

// tagged are the requests to write or delete tags of a sample.
func tagged(t resource.Type, permissions []string, keys string) []changing {
	var out []changing
	for _, p := range permissions {
		c := changing{p, samples[t], keys}
		switch {
		case strings.HasPrefix(p, "tag:"):
			c = changing{permission: p, on: "*"}
		case strings.HasPrefix(p, "s3:"): // it does not tell the keys
			c.keys = ""
		}
		out = append(out, c)
	}
	return out
}

// plainly are the calls that take one permission on the resource itself.
var plainly = map[resource.Type]map[action.Kind][]string{
	resource.AutoScalingGroup:    {action.Start: {"autoscaling:UpdateAutoScalingGroup"}, action.Stop: {"autoscaling:UpdateAutoScalingGroup"}},
	resource.EC2ElasticIP:        {action.Delete: {"ec2:ReleaseAddress"}},
	resource.EC2Image:            {action.Delete: {"ec2:DeregisterImage"}},
	resource.EC2Instance:         {action.Start: {"ec2:StartInstances"}, action.Stop: {"ec2:StopInstances"}, action.Terminate: {"ec2:TerminateInstances"}},
	resource.EC2NetworkACL:       {action.Revoke: {"ec2:DeleteNetworkAclEntry"}},
	resource.EC2NetworkInterface: {action.Delete: {"ec2:DeleteNetworkInterface"}},
	resource.EC2SecurityGroup:    {action.Revoke: {"ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"}, action.Delete: {"ec2:DeleteSecurityGroup"}},
	resource.EC2Snapshot:         {action.Delete: {"ec2:DeleteSnapshot"}},
	resource.EC2Volume:           {action.Delete: {"ec2:DeleteVolume"}},
	resource.RDSCluster:          {action.Start: {"rds:StartDBCluster"}, action.Stop: {"rds:StopDBCluster"}},
	resource.RDSDatabase:         {action.Start: {"rds:StartDBInstance"}, action.Stop: {"rds:StopDBInstance"}},
	resource.RDSSnapshot:         {action.Delete: {"rds:DeleteDBSnapshot"}},
}

// steps are how each action is written.
var steps = map[action.Kind]string{
	action.Tag: "tag: {K: v}", action.Untag: "untag: [K]", action.Start: "start", action.Stop: "stop", action.Terminate: "terminate: {after: 0d}",
	action.Delete: "delete: {after: 0d}", action.Isolate: "isolate: {security_group: sg-0123456789abcdef0}", action.Revoke: "revoke: rule.cidr == \"0.0.0.0/0\"",
	action.RunCommand: "run_command: {document: AWS-RunPatchBaseline}", action.Invoke: "invoke: {function: tidy}",
}

// asked are the requests that an action on a sample of a type comes to.
func asked(t resource.Type, k action.Kind) []changing {
	write, drop := taggers(t)
	var out []changing
	for _, p := range plainly[t][k] {
		out = append(out, changing{permission: p, on: samples[t]})
	}
	switch {
	case k == action.Tag:
		out = append(out, tagged(t, write, "K")...)
	case k == action.Untag:
		out = append(out, tagged(t, drop, "K")...)
	case k == action.Invoke:
		out = append(out, changing{permission: "lambda:InvokeFunction", on: "arn:aws:lambda" + here + "function:tidy"})
	case k == action.Isolate:
		out = append(out, changing{permission: "ec2:ModifyNetworkInterfaceAttribute", on: interfaces},
			changing{permission: "ec2:ModifyNetworkInterfaceAttribute", on: samples[resource.EC2Instance]},
			changing{permission: "ec2:ModifyNetworkInterfaceAttribute", on: "arn:aws:ec2" + here + "security-group/sg-0123456789abcdef0"})
	case k == action.RunCommand:
		out = append(out, changing{permission: "ssm:SendCommand", on: samples[resource.EC2Instance]}, changing{permission: "ssm:SendCommand", on: "arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaseline"})
	case k == action.Stop && t == resource.AutoScalingGroup:
		out = append(out, tagged(t, write, resource.SizesTag)...)
	case k == action.Start && t == resource.AutoScalingGroup:
		out = append(out, tagged(t, drop, resource.SizesTag)...)
	case k == action.Delete && t == resource.RDSSnapshot:
		out = append(out, changing{permission: "rds:DeleteDBClusterSnapshot", on: "arn:aws:rds" + here + "cluster-snapshot:main-1"})
	}
	if t == resource.Any {
		out = append(out, whateverTagged(k)...)
	}
	return out
}

// whateverTagged are the requests to change tags of every type there is.
func whateverTagged(k action.Kind) []changing {
	var out []changing
	verb := map[action.Kind]string{action.Tag: "Tag", action.Untag: "Untag"}[k]
	if verb == "" {
		return nil
	}
	for t := range samples {
		if t != resource.Any {
			out = append(out, asked(t, k)...)
		}
	}
	for thing, on := range map[string]string{"InstanceProfile": "instance-profile/app", "MFADevice": "mfa/ada", "OpenIDConnectProvider": "oidc-provider/ci.example.com",
		"Policy": "policy/app", "Role": "role/path/app", "SAMLProvider": "saml-provider/idp", "ServerCertificate": "server-certificate/www", "User": "user/ada"} {
		out = append(out, changing{"iam:" + verb + thing, "arn:aws:iam::111122223333:" + on, "K"})
	}
	return out
}

// row is a step and what it comes to.
type row struct {
	name, policy string
	asked        []changing
}

// rows are every action on every type, with backups, repairs, children and
// marks beside them.
func rows() []row {
	one := func(t resource.Type, mark, body string) string {
		return "version: 1\nsettings: {regions: [eu-west-1], mark: " + mark + "}\npolicies:\n  - {name: p, resource: \"" + string(t) + "\", mode: enforce, " + body + "}\n"
	}
	var out []row
	for _, s := range append(slices.Clone(resource.Schemas()), anySchema()) {
		for _, k := range s.Actions {
			out = append(out, row{k.String() + " of " + string(s.Type), one(s.Type, "off", "enforce: [{"+strings.Replace(steps[k]+"}]", "start}", "start: {}}", 1)), asked(s.Type, k)})
		}
	}
	snapshot := func(of string) changing { return changing{"ec2:CreateTags", snapshots + of, resource.BackupTag} }
	volume, instance := samples[resource.EC2Volume], samples[resource.EC2Instance]
	write, drop := taggers(resource.EC2Volume)
	return append(out,
		row{"a volume with a backup", one(resource.EC2Volume, "off", "enforce: [{delete: {after: 0d, backup: true}}]"), append(asked(resource.EC2Volume, action.Delete),
			changing{permission: "ec2:CreateSnapshot", on: volume}, changing{permission: "ec2:CreateSnapshot", on: snapshots + "new"}, snapshot("new"))},
		row{"an instance with a backup", one(resource.EC2Instance, "off", "enforce: [{terminate: {after: 0d, backup: true}}]"), append(asked(resource.EC2Instance, action.Terminate),
			changing{permission: "ec2:CreateSnapshots", on: instance}, changing{permission: "ec2:CreateSnapshots", on: volume},
			changing{permission: "ec2:CreateSnapshots", on: snapshots + "new"}, snapshot("new-of-instance"))},
		row{"a mark", one(resource.EC2Volume, "due", "enforce: [{delete: {after: 1d}}]"), slices.Concat(asked(resource.EC2Volume, action.Delete),
			tagged(resource.EC2Volume, write, "due"), tagged(resource.EC2Volume, drop, "due"))},
		row{"a repair", one(resource.EC2Volume, "off", "tags: {K: {default: v, aliases: [k]}}"), slices.Concat(tagged(resource.EC2Volume, write, "K"), tagged(resource.EC2Volume, drop, "k"))},
		row{"children", one(resource.EC2Instance, "off", "children: [volumes], tags: {K: {default: v}}"),
			slices.Concat(tagged(resource.EC2Instance, write, "K"), tagged(resource.EC2Volume, write, "K"))},
		row{"nothing but a look", one(resource.EC2Volume, "due", "tags: {K: {}}"), nil})
}

func anySchema() *resource.Schema {
	s, _ := resource.SchemaOf(resource.Any)
	return s
}

// Each role allows all requests of its own row, and of all other rows nothing
// but what is in its own.
func TestEveryActionIsAllowedAndNoOther(t *testing.T) {
	all := rows()
	every := map[changing]bool{}
	for _, r := range all {
		for _, c := range r.asked {
			every[c] = true
			// The same in another account or region is never allowed, nor with a further tag.
			for _, other := range []changing{
				{c.permission, strings.Replace(c.on, "111122223333", "999988887777", 1), c.keys},
				{c.permission, strings.Replace(c.on, "eu-west-1", "eu-west-2", 1), c.keys},
				{c.permission, c.on, strings.TrimPrefix(c.keys+",Admin", ",")},
			} {
				if other.on != c.on || c.keys != "" {
					every[other] = true
				}
			}
			if strings.HasSuffix(c.permission, ":DeleteTags") {
				every[changing{permission: c.permission, on: c.on}] = true // every tag
			}
		}
	}
	for _, r := range all {
		l := layer(t, role(t, r.policy, iam.Options{Account: "111122223333"}), iam.MaxDocument)
		plan := layer(t, role(t, r.policy, iam.Options{Account: "111122223333", ReadOnly: true}), iam.MaxDocument)
		for _, c := range slices.SortedFunc(maps.Keys(every), func(a, b changing) int {
			return strings.Compare(a.permission+a.on+a.keys, b.permission+b.on+b.keys)
		}) {
			want := slices.Contains(r.asked, c)
			if got := iamtest.Decide(c.request(), l); (got == iamtest.Allowed) != want && !broad(r, c) {
				t.Errorf("%s: %s on %s with %q: %v", r.name, c.permission, c.on, c.keys, got)
			}
			if got := iamtest.Decide(c.request(), plan); got == iamtest.Allowed {
				t.Errorf("%s, read only: %s on %s with %q: %v", r.name, c.permission, c.on, c.keys, got)
			}
		}
	}
}

// broad says whether IAM knows nothing narrower: a policy about everything takes
// the tags of EC2's resources that are another account's, such as shared subnets.
func broad(r row, c changing) bool {
	return strings.HasSuffix(r.name, " of any") && strings.HasPrefix(c.on, "arn:aws:ec2:eu-west-1:") && c.keys == "K"
}

// DynamoDB tells IAM the keys of tags only where it is set up for access by
// tags; without them the role may tag all the same.
func TestTablesAreTaggedWhereDynamoDBDoesNotTellTheKeys(t *testing.T) {
	l := layer(t, role(t, "version: 1\npolicies: [{name: p, resource: dynamodb:table, mode: enforce, tags: {K: {default: v, aliases: [k]}}}]\n", iam.Options{}), iam.MaxDocument)
	for _, tt := range []struct {
		c    changing
		want iamtest.Decision
	}{
		{changing{"dynamodb:TagResource", samples[resource.DynamoDBTable], ""}, iamtest.Allowed},
		{changing{"dynamodb:UntagResource", samples[resource.DynamoDBTable], ""}, iamtest.Allowed},
		{changing{"dynamodb:TagResource", samples[resource.DynamoDBTable], "K"}, iamtest.Allowed},
		{changing{"dynamodb:TagResource", samples[resource.DynamoDBTable], "Admin"}, iamtest.NotAllowed},
		{changing{"dynamodb:UntagResource", samples[resource.DynamoDBTable], "K"}, iamtest.NotAllowed},
	} {
		if got := iamtest.Decide(tt.c.request(), l); got != tt.want {
			t.Errorf("%+v: %v", tt.c, got)
		}
	}
}

func TestEveryActionOfEveryTypeIsInATable(t *testing.T) {
	n := 0
	for _, r := range rows() {
		if len(r.asked) == 0 && r.name != "nothing but a look" {
			t.Errorf("nothing is asked for %s", r.name)
		}
		n++
	}
	if n < 60 {
		t.Errorf("%d rows", n)
	}
}
