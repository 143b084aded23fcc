// Package need says what knowing and doing things costs: which API calls a
// fact takes and which IAM permissions those calls need. Expressions name
// fields, fields name facts, and from the facts everything else follows.
package need

import "slices"

// Fact is something about a resource that takes API calls to know.
type Fact string

// The facts.
const (
	// Instances is what listing EC2 instances gives; it is always read.
	Instances Fact = "instances"
	// Volumes and the facts after it are what listing the other types of EC2
	// gives; each is always read where a policy is about that type.
	Volumes           Fact = "volumes"
	Snapshots         Fact = "snapshots"
	Images            Fact = "images"
	NetworkInterfaces Fact = "network_interfaces"
	SecurityGroups    Fact = "security_groups"
	NetworkACLs       Fact = "network_acls"
	ElasticIPs        Fact = "elastic_ips"
	VPCs              Fact = "vpcs"
	Subnets           Fact = "subnets"
	// Databases and the facts after it are what listing the types of RDS and Auto
	// Scaling gives.
	Databases   Fact = "databases"
	DBClusters  Fact = "db_clusters"
	DBSnapshots Fact = "db_snapshots"
	Groups      Fact = "groups"
	// ClusterTags are the tags of the DB cluster that a database belongs to, and
	// SnapshotSourceTags those of what a DB snapshot was taken of.
	ClusterTags        Fact = "cluster_tags"
	SnapshotSourceTags Fact = "snapshot_source_tags"
	// SnapshotSharing is which accounts may restore a DB snapshot. It is read only
	// for snapshots that are about to be deleted, and where an expression asks.
	SnapshotSharing Fact = "snapshot_sharing"
	// Buckets, Functions and Tables are what listing S3's buckets, Lambda's
	// functions and DynamoDB's tables gives, with their tags.
	Buckets   Fact = "buckets"
	Functions Fact = "functions"
	Tables    Fact = "tables"
	// Anything is what is told of every resource, whatever its type.
	Anything Fact = "anything"
	// Tags are those of a resource that an event names and that tagwarden has no
	// type for: its own service is not asked for it.
	Tags Fact = "tags"
	// InstanceTags and VolumeTags are the tags of the instance or volume that a
	// resource belongs to.
	InstanceTags Fact = "instance_tags"
	VolumeTags   Fact = "volume_tags"
	// VPCTags is the tags of the VPC that a resource is in.
	VPCTags Fact = "vpc_tags"
	// SecurityGroupRules are the rules of a security group, with their ids.
	SecurityGroupRules Fact = "security_group_rules"
	// Backups are the snapshots that were taken of a volume, or of those of an
	// instance, before it is ended. They are read only for what is about to be.
	Backups Fact = "backups"
	// Protection is what forbids to stop or terminate an instance: its two
	// protection attributes, and for spot whether its request is persistent.
	// It is read only for instances that are about to be stopped or terminated.
	Protection Fact = "protection"
	// Creator is who made a resource: what CloudTrail tells of the events that
	// make resources of its type.
	Creator Fact = "creator"
	// Metrics stands for every Metric: they cost the same.
	Metrics Fact = "metrics"
	// Table is what is in a DynamoDB table that a policy file names: rules, or
	// a lookup. Object is an object in S3. They are read once in a run.
	Table  Fact = "table"
	Object Fact = "object"
	// SnapshotUse, ImageUse and GroupUse are what uses a snapshot, an image or a
	// security group. All of it is looked through, so that each costs the same
	// for one resource and for a page of them.
	SnapshotUse Fact = "snapshot_use"
	ImageUse    Fact = "image_use"
	GroupUse    Fact = "group_use"
	// SnapshotShares and ImageShares are the accounts that were given a snapshot
	// or an image. They are read only for what is about to be deleted, unless an
	// expression asks.
	SnapshotShares Fact = "snapshot_shares"
	ImageShares    Fact = "image_shares"
)

// Call is one AWS API operation.
type Call struct {
	Service   string // as in the SDK: ec2, sesv2, sns; "tag" is the Resource Groups Tagging API
	Operation string // as in the API: DescribeInstances
}

// String is service:Operation, the way IAM writes most permissions.
func (c Call) String() string { return c.Service + ":" + c.Operation }

// permissions are those that IAM does not name as the API names the call.
var permissions = map[Call]string{
	{"s3", "ListBuckets"}:         "s3:ListAllMyBuckets",
	{"s3", "DeleteBucketTagging"}: "s3:PutBucketTagging",
	{"sesv2", "SendEmail"}:        "ses:SendEmail",
	{"lambda", "Invoke"}:          "lambda:InvokeFunction",
	{"s3", "ListObjectsV2"}:       "s3:ListBucket",
	// The condition key resource-explorer-2:Operation tells the two searches apart.
	{"resource-explorer-2", "ListResources"}: "resource-explorer-2:Search",
	// A transaction needs what each of its writes would need alone.
	{"dynamodb", "TransactWriteItems"}: "dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem and dynamodb:ConditionCheckItem",
}

// Permission is what IAM calls the right to make the call.
func (c Call) Permission() string {
	if p, ok := permissions[c]; ok {
		return p
	}
	return c.String()
}

// Cost is what one fact takes.
type Cost struct {
	// Calls are the operations that read it.
	Calls []Call
	// Per says how often, for people: "1000 instances a call".
	Per string
	// Lazy facts are read only for resources where the rest of the expressions
	// leaves the answer open.
	Lazy bool
}

var costs = map[Fact]Cost{
	Instances:         {Calls: []Call{{"ec2", "DescribeInstances"}}, Per: "one call for 1000 instances"},
	Volumes:           {Calls: []Call{{"ec2", "DescribeVolumes"}}, Per: "one call for 1000 volumes"},
	Snapshots:         {Calls: []Call{{"ec2", "DescribeSnapshots"}}, Per: "one call for 1000 snapshots"},
	Images:            {Calls: []Call{{"ec2", "DescribeImages"}}, Per: "one call for 1000 images"},
	NetworkInterfaces: {Calls: []Call{{"ec2", "DescribeNetworkInterfaces"}}, Per: "one call for 1000 network interfaces"},
	SecurityGroups:    {Calls: []Call{{"ec2", "DescribeSecurityGroups"}}, Per: "one call for 1000 security groups"},
	NetworkACLs:       {Calls: []Call{{"ec2", "DescribeNetworkAcls"}}, Per: "one call for 1000 network ACLs"},
	ElasticIPs:        {Calls: []Call{{"ec2", "DescribeAddresses"}}, Per: "one call for all addresses"},
	VPCs:              {Calls: []Call{{"ec2", "DescribeVpcs"}}, Per: "one call for 1000 VPCs"},
	Subnets:           {Calls: []Call{{"ec2", "DescribeSubnets"}}, Per: "one call for 1000 subnets"},
	Buckets:           {Calls: []Call{{"s3", "ListBuckets"}, {"s3", "GetBucketTagging"}}, Per: "one call for 1000 buckets, and one for the tags of each"},
	Functions:         {Calls: []Call{{"lambda", "ListFunctions"}, {"tag", "GetResources"}}, Per: "two calls for 50 functions"},
	Tables: {Calls: []Call{{"dynamodb", "ListTables"}, {"dynamodb", "DescribeTable"}, {"tag", "GetResources"}},
		Per: "two calls for 100 tables, and one for each"},
	Anything: {Calls: []Call{{"tag", "GetResources"}, {"config", "DescribeConfigurationRecorders"}, {"config", "DescribeConfigurationRecorderStatus"},
		{"config", "SelectResourceConfig"}, {"resource-explorer-2", "GetDefaultView"}, {"resource-explorer-2", "GetView"}, {"resource-explorer-2", "ListResources"}},
		Per: "one call for 100 tagged resources, and one for 100 (AWS Config) or 500 (Resource Explorer) of all"},
	Tags:               {Calls: []Call{{"tag", "GetResources"}}, Per: "one call for 100 resources that an event names, and one for each of IAM", Lazy: true},
	InstanceTags:       {Calls: []Call{{"ec2", "DescribeInstances"}}, Per: "one call for 200 of a page's instances", Lazy: true},
	VolumeTags:         {Calls: []Call{{"ec2", "DescribeVolumes"}}, Per: "one call for 200 of a page's volumes", Lazy: true},
	Backups:            {Calls: []Call{{"ec2", "DescribeSnapshots"}}, Per: "one call for the backups of 200 resources", Lazy: true},
	VPCTags:            {Calls: []Call{{"ec2", "DescribeVpcs"}}, Per: "one call for 1000 VPCs of a region", Lazy: true},
	SecurityGroupRules: {Calls: []Call{{"ec2", "DescribeSecurityGroupRules"}}, Per: "one call for 1000 rules of a page's security groups", Lazy: true},
	Databases:          {Calls: []Call{{"rds", "DescribeDBInstances"}}, Per: "one call for 100 databases"},
	DBClusters:         {Calls: []Call{{"rds", "DescribeDBClusters"}}, Per: "one call for 100 clusters"},
	DBSnapshots:        {Calls: []Call{{"rds", "DescribeDBSnapshots"}, {"rds", "DescribeDBClusterSnapshots"}}, Per: "one call for 100 snapshots of databases, and of clusters"},
	Groups:             {Calls: []Call{{"autoscaling", "DescribeAutoScalingGroups"}}, Per: "one call for 100 groups"},
	ClusterTags:        {Calls: []Call{{"rds", "DescribeDBClusters"}}, Per: "one call for 100 of a page's clusters", Lazy: true},
	SnapshotSourceTags: {Calls: []Call{{"rds", "DescribeDBInstances"}, {"rds", "DescribeDBClusters"}},
		Per: "one call for 100 of a page's databases, and of its clusters", Lazy: true},
	SnapshotSharing: {Calls: []Call{{"rds", "DescribeDBSnapshotAttributes"}, {"rds", "DescribeDBClusterSnapshotAttributes"}},
		Per: "one call for a manual snapshot about to be deleted", Lazy: true},
	Protection: {Calls: []Call{{"ec2", "DescribeInstanceAttribute"}, {"ec2", "DescribeSpotInstanceRequests"}},
		Per: "two calls for an instance about to be stopped or terminated", Lazy: true},
	Creator: {Calls: []Call{{"cloudtrail", "LookupEvents"}},
		Per: "one call for 50 events that make resources of the type, two calls a second; nothing is read twice", Lazy: true},
	Metrics:     {Calls: []Call{{"cloudwatch", "GetMetricData"}}, Per: "one call for 500 of a page's resources", Lazy: true},
	Table:       {Calls: []Call{{"dynamodb", "Scan"}}, Per: "one call for 1 MB of a table, in each run"},
	Object:      {Calls: []Call{{"s3", "GetObject"}}, Per: "one call for an object, in each run"},
	SnapshotUse: {Calls: slices.Concat([]Call{{"ec2", "DescribeImages"}}, templates), Per: "one call for 1000 images of a region, and " + perTemplates, Lazy: true},
	ImageUse:    {Calls: slices.Concat([]Call{{"ec2", "DescribeInstances"}}, templates), Per: "one call for 200 of a page's images, and " + perTemplates, Lazy: true},
	GroupUse: {Calls: slices.Concat([]Call{{"ec2", "DescribeNetworkInterfaces"}, {"ec2", "DescribeSecurityGroups"}}, templates),
		Per: "one call for 1000 network interfaces and one for 1000 groups of a region, and " + perTemplates, Lazy: true},
	SnapshotShares: {Calls: []Call{{"ec2", "DescribeSnapshotAttribute"}}, Per: "one call for a snapshot", Lazy: true},
	ImageShares:    {Calls: []Call{{"ec2", "DescribeImageAttribute"}}, Per: "one call for an image", Lazy: true},
}

// EditRules are the operations that make and change a table of rules; reading
// it is the fact Table.
var EditRules = []Call{{"dynamodb", "DescribeTable"}, {"dynamodb", "CreateTable"}, {"dynamodb", "UpdateItem"}, {"dynamodb", "DeleteItem"}}

// KeepLedger are the operations of a ledger in DynamoDB, and MakeLedger those
// that make its table. IAM has no permission for TransactWriteItems: it needs
// those of the four writes in KeepLedger that a transaction can hold.
var (
	KeepLedger = []Call{{"dynamodb", "BatchGetItem"}, {"dynamodb", "BatchWriteItem"}, {"dynamodb", "Query"},
		{"dynamodb", "PutItem"}, {"dynamodb", "UpdateItem"}, {"dynamodb", "DeleteItem"}, {"dynamodb", "ConditionCheckItem"}}
	MakeLedger = []Call{{"dynamodb", "DescribeTable"}, {"dynamodb", "CreateTable"}, {"dynamodb", "DescribeTimeToLive"},
		{"dynamodb", "UpdateTimeToLive"}, {"dynamodb", "UpdateContinuousBackups"}}
)

// The operations that read and change the tags of what IAM holds. The tagging
// API is asked about everything else; for its TagResources and UntagResources
// IAM wants the permission of the service that a resource is of as well
// (sns:TagResource).
var (
	ReadIAMTags = iamTags("List", "Tags")
	TagIAM      = iamTags("Tag", "")
	UntagIAM    = iamTags("Untag", "")
)

func iamTags(before, after string) []Call {
	var calls []Call
	for _, thing := range []string{"InstanceProfile", "MFADevice", "OpenIDConnectProvider", "Policy", "Role", "SAMLProvider", "ServerCertificate", "User"} {
		calls = append(calls, Call{"iam", before + thing + after})
	}
	return calls
}

// templates are the calls that tell what instances are to be launched from. EC2
// reads a parameter that a template names with the caller's own permission.
var templates = []Call{{"ec2", "DescribeLaunchTemplates"}, {"ec2", "DescribeLaunchTemplateVersions"}, {"ssm", "GetParameters"},
	{"autoscaling", "DescribeLaunchConfigurations"}}

const perTemplates = "one for each launch template, and one for 100 launch configurations"

// Of returns what a fact costs. Every fact of this package has a cost; the
// second value is false for any other.
func Of(f Fact) (Cost, bool) {
	if _, ok := MetricOf(f); ok {
		f = Metrics
	}
	c, ok := costs[f]
	return c, ok
}
