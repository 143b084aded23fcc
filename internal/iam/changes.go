package iam

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// right is a permission that a change takes.
type right struct {
	class      class
	permission string
	// on are patterns of ARNs; nil: as scopes says.
	on []string
	// keyed says that IAM knows which tags the change is about.
	keyed bool
	// more are further conditions.
	more Conditions
}

// changes are the permissions of everything that can be done to resources, but
// for what a step names: functions, documents, security groups.
var changes = allChanges()

func allChanges() map[resource.Type]map[action.Kind][]right {
	all := map[resource.Type]map[action.Kind][]right{}
	for t, on := range own {
		all[t] = tags(t, on)
	}
	add := func(t resource.Type, k action.Kind, permissions ...string) {
		for _, p := range permissions {
			all[t][k] = append(all[t][k], right{class: acting, permission: p, on: own[t]})
		}
	}
	add(resource.EC2Instance, action.Start, "ec2:StartInstances")
	add(resource.EC2Instance, action.Stop, "ec2:StopInstances")
	add(resource.EC2Instance, action.Terminate, "ec2:TerminateInstances")
	add(resource.EC2NetworkACL, action.Revoke, "ec2:DeleteNetworkAclEntry")
	add(resource.EC2SecurityGroup, action.Revoke, "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress")
	add(resource.EC2ElasticIP, action.Delete, "ec2:ReleaseAddress")
	add(resource.EC2Image, action.Delete, "ec2:DeregisterImage")
	add(resource.EC2NetworkInterface, action.Delete, "ec2:DeleteNetworkInterface")
	add(resource.EC2SecurityGroup, action.Delete, "ec2:DeleteSecurityGroup")
	add(resource.EC2Snapshot, action.Delete, "ec2:DeleteSnapshot")
	add(resource.EC2Volume, action.Delete, "ec2:DeleteVolume")
	add(resource.RDSDatabase, action.Start, "rds:StartDBInstance")
	add(resource.RDSDatabase, action.Stop, "rds:StopDBInstance")
	add(resource.RDSCluster, action.Start, "rds:StartDBCluster")
	add(resource.RDSCluster, action.Stop, "rds:StopDBCluster")
	all[resource.RDSSnapshot][action.Delete] = []right{
		{class: acting, permission: "rds:DeleteDBSnapshot", on: []string{rds("snapshot")}},
		{class: acting, permission: "rds:DeleteDBClusterSnapshot", on: []string{rds("cluster-snapshot")}},
	}
	add(resource.AutoScalingGroup, action.Start, "autoscaling:UpdateAutoScalingGroup")
	add(resource.AutoScalingGroup, action.Stop, "autoscaling:UpdateAutoScalingGroup")
	// Instances that run a command are named to Systems Manager beside the document.
	all[resource.EC2Instance][action.RunCommand] = []right{{class: running, permission: "ssm:SendCommand", on: own[resource.EC2Instance]}}
	// EC2 may ask for the instance that an interface is attached to, without which
	// the interface's own permission is of no use.
	all[resource.EC2Instance][action.Isolate] = []right{
		{class: acting, permission: "ec2:ModifyNetworkInterfaceAttribute", on: slices.Concat(own[resource.EC2NetworkInterface], own[resource.EC2Instance])},
	}
	// What undo takes back; no policy has it as a step.
	add(resource.EC2NetworkACL, action.Restore, "ec2:CreateNetworkAclEntry")
	add(resource.EC2SecurityGroup, action.Restore, "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress")
	all[resource.EC2Instance][action.Restore] = all[resource.EC2Instance][action.Isolate]
	all[resource.EC2Instance][action.Backup] = backup("ec2:CreateSnapshots", own[resource.EC2Instance], own[resource.EC2Volume])
	all[resource.EC2Volume][action.Backup] = backup("ec2:CreateSnapshot", own[resource.EC2Volume])
	all[resource.Any] = anyTags(all)
	return all
}

// backup are the permissions to take snapshots, which are tagged in the same
// call, and only there: no snapshot becomes a backup later.
func backup(permission string, of ...[]string) []right {
	snapshots := own[resource.EC2Snapshot]
	return []right{
		{class: acting, permission: permission, on: slices.Concat(append(of, snapshots)...)},
		{class: tagging, permission: "ec2:CreateTags", on: snapshots, keyed: true,
			more: Conditions{"StringEquals": {keyCreating: names([]string{permission})}}},
	}
}

// tags are the permissions to write and delete tags of resources of a type.
func tags(t resource.Type, on []string) map[action.Kind][]right {
	pair := func(write, drop string, keyed bool) map[action.Kind][]right {
		return map[action.Kind][]right{
			action.Tag:   {{class: tagging, permission: write, on: on, keyed: keyed}},
			action.Untag: {{class: tagging, permission: drop, on: on, keyed: keyed}},
		}
	}
	switch t {
	case resource.AutoScalingGroup:
		return pair("autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags", true)
	case resource.RDSCluster, resource.RDSDatabase, resource.RDSSnapshot:
		return pair("rds:AddTagsToResource", "rds:RemoveTagsFromResource", true)
	case resource.S3Bucket: // all tags of a bucket are written, whichever change
		return pair("s3:PutBucketTagging", "s3:PutBucketTagging", false)
	case resource.LambdaFunction:
		return throughAPI(pair("lambda:TagResource", "lambda:UntagResource", true))
	case resource.DynamoDBTable:
		return throughAPI(pair("dynamodb:TagResource", "dynamodb:UntagResource", true))
	default:
		return pair("ec2:CreateTags", "ec2:DeleteTags", true)
	}
}

// throughAPI adds the permissions of the Resource Groups Tagging API.
func throughAPI(rights map[action.Kind][]right) map[action.Kind][]right {
	rights[action.Tag] = append(rights[action.Tag], right{class: tagging, permission: "tag:TagResources"})
	rights[action.Untag] = append(rights[action.Untag], right{class: tagging, permission: "tag:UntagResources"})
	return rights
}

// anyTags are the permissions to change the tags of whatever there is: those of
// every type that tagwarden has, of EC2's others, and of what IAM holds.
func anyTags(all map[resource.Type]map[action.Kind][]right) map[action.Kind][]right {
	out := throughAPI(tags(resource.Any, []string{foreignEC2}))
	for _, t := range slices.Sorted(maps.Keys(all)) {
		for _, k := range []action.Kind{action.Tag, action.Untag} {
			for _, r := range all[t][k] {
				if r.permission != "ec2:CreateTags" && r.permission != "ec2:DeleteTags" {
					out[k] = append(out[k], r)
				}
			}
		}
	}
	addIAM(out)
	return out
}

// Permissions are those that an action takes on resources of a type, without
// those of what a step names. None: there is no such action.
func Permissions(t resource.Type, k action.Kind) []string {
	switch k {
	case action.Mark:
		k = action.Tag
	case action.Unmark:
		k = action.Untag
	}
	var out []string
	for _, r := range changes[t][k] {
		out = append(out, r.permission)
	}
	return out
}

// looks are the facts that are read before an action, beside those that its
// conditions name: what could forbid it.
var looks = map[resource.Type]map[action.Kind][]need.Fact{
	resource.EC2Image:         {action.Delete: {need.ImageUse, need.ImageShares}},
	resource.EC2Instance:      {action.Stop: {need.Protection}, action.Terminate: {need.Protection}, action.Backup: {need.Backups}},
	resource.EC2SecurityGroup: {action.Delete: {need.GroupUse}},
	resource.EC2Snapshot:      {action.Delete: {need.SnapshotUse, need.SnapshotShares}},
	resource.EC2Volume:        {action.Backup: {need.Backups}},
	resource.RDSSnapshot:      {action.Delete: {need.SnapshotSharing}},
}

// again are the permissions of reading single resources, where they are others
// than those of listing.
var again = map[resource.Type][]string{
	resource.DynamoDBTable:  {"dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"},
	resource.LambdaFunction: {"lambda:GetFunctionConfiguration", "lambda:ListTags"},
}

// beforehand are the permissions of calls that an action makes itself before it
// changes anything.
var beforehand = map[resource.Type]map[action.Kind][]string{
	resource.EC2Instance: {
		action.Isolate:    {"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"},
		action.RunCommand: {"ssm:DescribeInstanceInformation"},
	},
}
