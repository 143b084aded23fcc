package iam

import (
	"maps"
	"slices"

	"github.com/tagwarden/tagwarden/internal/resource"
)

// scope is what IAM can limit a permission to, from the tables of the "Service
// Authorization Reference". Either on or any is set.
type scope struct {
	// on are patterns of ARNs: {partition}, {region} and {account} are filled in.
	on []string
	// any is why there is nothing narrower than "*".
	any string
	// global is why the region of the call is no condition.
	global string
	// more are conditions that always hold.
	more Conditions
}

// Reasons for "*".
const (
	lists      = "it lists, and IAM knows no resources for it"
	noResource = "IAM knows no resources for it"
	byService  = "it stands before the services' own permissions, which are limited to resources; IAM knows none for it"
	callers    = "what is asked for is the account's own, and IAM knows no resources for it"
)

// own are the ARNs of the resources of each type.
var own = map[resource.Type][]string{
	resource.AutoScalingGroup:    {"arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/*"},
	resource.DynamoDBTable:       {"arn:{partition}:dynamodb:{region}:{account}:table/*"},
	resource.EC2ElasticIP:        {ec2("elastic-ip")},
	resource.EC2Image:            {"arn:{partition}:ec2:{region}::image/*"},
	resource.EC2Instance:         {ec2("instance")},
	resource.EC2NetworkACL:       {ec2("network-acl")},
	resource.EC2NetworkInterface: {ec2("network-interface")},
	resource.EC2SecurityGroup:    {ec2("security-group")},
	resource.EC2Snapshot:         {"arn:{partition}:ec2:{region}::snapshot/*"},
	resource.EC2Subnet:           {ec2("subnet")},
	resource.EC2Volume:           {ec2("volume")},
	resource.EC2VPC:              {ec2("vpc")},
	resource.LambdaFunction:      {"arn:{partition}:lambda:{region}:{account}:function:*"},
	resource.RDSCluster:          {rds("cluster")},
	resource.RDSDatabase:         {rds("db")},
	resource.RDSSnapshot:         {rds("snapshot"), rds("cluster-snapshot")},
	resource.S3Bucket:            {"arn:{partition}:s3:::*"},
}

// foreignEC2 are the resources of EC2 of whatever type, those without an account
// in their ARNs too.
const foreignEC2 = "arn:{partition}:ec2:{region}:*:*/*"

func ec2(kind string) string { return "arn:{partition}:ec2:{region}:{account}:" + kind + "/*" }
func rds(kind string) string { return "arn:{partition}:rds:{region}:{account}:" + kind + ":*" }

// scopes are those of the permissions that are not limited by what a policy
// file names. Those that a change takes are on the resources of its type.
var scopes = withIAM(map[string]scope{
	"autoscaling:DescribeAutoScalingGroups":          {any: lists},
	"autoscaling:DescribeLaunchConfigurations":       {any: lists},
	"organizations:ListAccountsForParent":            {any: wholeTree, global: noOrganizationRegion},
	"organizations:ListOrganizationalUnitsForParent": {any: wholeTree, global: noOrganizationRegion},
	"organizations:ListRoots":                        {any: noResource, global: noOrganizationRegion},
	"cloudtrail:LookupEvents":                        {any: noResource},
	"cloudwatch:GetMetricData":                       {any: "metrics have no ARNs"},
	"config:DescribeConfigurationRecorders":          {on: []string{recorders}},
	"config:DescribeConfigurationRecorderStatus": {
		on: []string{recorders}},
	"config:PutEvaluations":       {any: noResource},
	"config:SelectResourceConfig": {any: noResource},

	"dynamodb:DescribeTable":      {on: own[resource.DynamoDBTable]},
	"dynamodb:ListTables":         {any: lists},
	"dynamodb:ListTagsOfResource": {on: own[resource.DynamoDBTable]},

	"ec2:DescribeAddresses":              {any: lists},
	"ec2:DescribeImageAttribute":         {on: own[resource.EC2Image]},
	"ec2:DescribeImages":                 {any: lists},
	"ec2:DescribeInstanceAttribute":      {on: own[resource.EC2Instance]},
	"ec2:DescribeInstances":              {any: lists},
	"ec2:DescribeLaunchTemplateVersions": {any: lists},
	"ec2:DescribeLaunchTemplates":        {any: lists},
	"ec2:DescribeNetworkAcls":            {any: lists},
	"ec2:DescribeNetworkInterfaces":      {any: lists},
	"ec2:DescribeRegions":                {any: lists},
	"ec2:DescribeSecurityGroupRules":     {any: lists},
	"ec2:DescribeSecurityGroups":         {any: lists},
	"ec2:DescribeSnapshotAttribute":      {on: own[resource.EC2Snapshot]},
	"ec2:DescribeSnapshots":              {any: lists},
	"ec2:DescribeSpotInstanceRequests":   {any: lists},
	"ec2:DescribeSubnets":                {any: lists},
	"ec2:DescribeVolumes":                {any: lists},
	"ec2:DescribeVpcs":                   {any: lists},

	"lambda:GetFunctionConfiguration": {on: own[resource.LambdaFunction]},
	"lambda:ListFunctions":            {any: lists},
	"lambda:ListTags":                 {on: own[resource.LambdaFunction]},

	"rds:DescribeDBClusterSnapshotAttributes": {on: []string{rds("cluster-snapshot")}},
	"rds:DescribeDBClusterSnapshots":          {on: []string{rds("cluster"), rds("cluster-snapshot")}},
	"rds:DescribeDBClusters":                  {on: own[resource.RDSCluster]},
	"rds:DescribeDBInstances":                 {on: own[resource.RDSDatabase]},
	"rds:DescribeDBSnapshotAttributes":        {on: []string{rds("snapshot")}},
	"rds:DescribeDBSnapshots":                 {on: []string{rds("db"), rds("snapshot")}},

	"resource-explorer-2:GetDefaultView": {any: callers},
	"resource-explorer-2:GetView":        {on: []string{views}},
	"resource-explorer-2:Search": {on: []string{views},
		more: Conditions{"StringEquals": {"resource-explorer-2:Operation": {"ListResources"}}}},

	// S3's two are asked of one region and tell of all.
	"s3:GetBucketTagging":             {on: own[resource.S3Bucket]},
	"s3:ListAllMyBuckets":             {any: lists, global: "the list is that of all regions"},
	"s3:PutBucketTagging":             {on: own[resource.S3Bucket]},
	"ssm:GetParameters":               {on: []string{"arn:{partition}:ssm:{region}:*:parameter/*"}},
	"tag:GetResources":                {any: lists},
	"tag:TagResources":                {any: byService},
	"tag:UntagResources":              {any: byService},
	"ssm:DescribeInstanceInformation": {any: lists},
})

const (
	recorders = "arn:{partition}:config:{region}:{account}:configuration-recorder/*"
	views     = "arn:{partition}:resource-explorer-2:{region}:{account}:view/*"
)

// Unlimited are the permissions that are always on "*", sorted, each with the
// reason.
func Unlimited() [][2]string {
	var out [][2]string
	for _, p := range slices.Sorted(maps.Keys(scopes)) {
		if why := scopes[p].any; why != "" {
			out = append(out, [2]string{p, why})
		}
	}
	return out
}
