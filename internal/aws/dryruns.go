package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// dryRuns are the permissions of EC2 that can be asked for.
var dryRuns = map[string]dryRun{
	"ec2:CreateTags": tryTag,
	"ec2:DeleteTags": tryUntag,

	"ec2:DescribeRegions": asking(func(a *ec2API) func(context.Context, *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error) {
		return a.describeRegions
	},
		&ec2.DescribeRegionsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeInstances": asking(func(a *ec2API) func(context.Context, *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
		return a.describeInstances
	},
		&ec2.DescribeInstancesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeSpotInstanceRequests": asking(func(a *ec2API) func(context.Context, *ec2.DescribeSpotInstanceRequestsInput) (*ec2.DescribeSpotInstanceRequestsOutput, error) {
		return a.describeSpotRequests
	},
		&ec2.DescribeSpotInstanceRequestsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeVpcs": asking(func(a *ec2API) func(context.Context, *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
		return a.describeVpcs
	},
		&ec2.DescribeVpcsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeVolumes": asking(func(a *ec2API) func(context.Context, *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error) {
		return a.describeVolumes
	},
		&ec2.DescribeVolumesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeSnapshots": asking(func(a *ec2API) func(context.Context, *ec2.DescribeSnapshotsInput) (*ec2.DescribeSnapshotsOutput, error) {
		return a.describeSnapshots
	},
		&ec2.DescribeSnapshotsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeImages": asking(func(a *ec2API) func(context.Context, *ec2.DescribeImagesInput) (*ec2.DescribeImagesOutput, error) {
		return a.describeImages
	},
		&ec2.DescribeImagesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeNetworkInterfaces": asking(func(a *ec2API) func(context.Context, *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
		return a.describeNetworkInterfaces
	},
		&ec2.DescribeNetworkInterfacesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeSecurityGroups": asking(func(a *ec2API) func(context.Context, *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
		return a.describeSecurityGroups
	},
		&ec2.DescribeSecurityGroupsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeNetworkAcls": asking(func(a *ec2API) func(context.Context, *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error) {
		return a.describeNetworkAcls
	},
		&ec2.DescribeNetworkAclsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeAddresses": asking(func(a *ec2API) func(context.Context, *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error) {
		return a.describeAddresses
	},
		&ec2.DescribeAddressesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeSubnets": asking(func(a *ec2API) func(context.Context, *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
		return a.describeSubnets
	},
		&ec2.DescribeSubnetsInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeSecurityGroupRules": asking(func(a *ec2API) func(context.Context, *ec2.DescribeSecurityGroupRulesInput) (*ec2.DescribeSecurityGroupRulesOutput, error) {
		return a.describeGroupRules
	},
		&ec2.DescribeSecurityGroupRulesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeLaunchTemplates": asking(func(a *ec2API) func(context.Context, *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
		return a.describeTemplates
	},
		&ec2.DescribeLaunchTemplatesInput{DryRun: awssdk.Bool(true)}),
	"ec2:DescribeInstanceAttribute": asking(func(a *ec2API) func(context.Context, *ec2.DescribeInstanceAttributeInput) (*ec2.DescribeInstanceAttributeOutput, error) {
		return a.describeInstanceAttribute
	},
		&ec2.DescribeInstanceAttributeInput{DryRun: awssdk.Bool(true), InstanceId: awssdk.String("i-" + zeros), Attribute: types.InstanceAttributeNameDisableApiStop}),
	"ec2:DescribeSnapshotAttribute": asking(func(a *ec2API) func(context.Context, *ec2.DescribeSnapshotAttributeInput) (*ec2.DescribeSnapshotAttributeOutput, error) {
		return a.describeSnapshotAttribute
	},
		&ec2.DescribeSnapshotAttributeInput{DryRun: awssdk.Bool(true), SnapshotId: awssdk.String("snap-" + zeros), Attribute: types.SnapshotAttributeNameCreateVolumePermission}),
	"ec2:DescribeImageAttribute": asking(func(a *ec2API) func(context.Context, *ec2.DescribeImageAttributeInput) (*ec2.DescribeImageAttributeOutput, error) {
		return a.describeImageAttribute
	},
		&ec2.DescribeImageAttributeInput{DryRun: awssdk.Bool(true), ImageId: awssdk.String("ami-" + zeros), Attribute: types.ImageAttributeNameLaunchPermission}),
	"ec2:DescribeLaunchTemplateVersions": asking(func(a *ec2API) func(context.Context, *ec2.DescribeLaunchTemplateVersionsInput) (*ec2.DescribeLaunchTemplateVersionsOutput, error) {
		return a.describeTemplateVersions
	},
		&ec2.DescribeLaunchTemplateVersionsInput{DryRun: awssdk.Bool(true), LaunchTemplateId: awssdk.String("lt-" + zeros)}),
	"ec2:StopInstances": asking(func(a *ec2API) func(context.Context, *ec2.StopInstancesInput) (*ec2.StopInstancesOutput, error) {
		return a.stop
	},
		&ec2.StopInstancesInput{DryRun: awssdk.Bool(true), InstanceIds: []string{"i-" + zeros}}),
	"ec2:StartInstances": asking(func(a *ec2API) func(context.Context, *ec2.StartInstancesInput) (*ec2.StartInstancesOutput, error) {
		return a.start
	},
		&ec2.StartInstancesInput{DryRun: awssdk.Bool(true), InstanceIds: []string{"i-" + zeros}}),
	"ec2:TerminateInstances": asking(func(a *ec2API) func(context.Context, *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
		return a.terminate
	},
		&ec2.TerminateInstancesInput{DryRun: awssdk.Bool(true), InstanceIds: []string{"i-" + zeros}}),
	"ec2:DeleteVolume": asking(func(a *ec2API) func(context.Context, *ec2.DeleteVolumeInput) (*ec2.DeleteVolumeOutput, error) {
		return a.deleteVolume
	},
		&ec2.DeleteVolumeInput{DryRun: awssdk.Bool(true), VolumeId: awssdk.String("vol-" + zeros)}),
	"ec2:DeleteSnapshot": asking(func(a *ec2API) func(context.Context, *ec2.DeleteSnapshotInput) (*ec2.DeleteSnapshotOutput, error) {
		return a.deleteSnapshot
	},
		&ec2.DeleteSnapshotInput{DryRun: awssdk.Bool(true), SnapshotId: awssdk.String("snap-" + zeros)}),
	"ec2:DeregisterImage": asking(func(a *ec2API) func(context.Context, *ec2.DeregisterImageInput) (*ec2.DeregisterImageOutput, error) {
		return a.deregisterImage
	},
		&ec2.DeregisterImageInput{DryRun: awssdk.Bool(true), ImageId: awssdk.String("ami-" + zeros)}),
	"ec2:DeleteNetworkInterface": asking(func(a *ec2API) func(context.Context, *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error) {
		return a.deleteNetworkInterface
	},
		&ec2.DeleteNetworkInterfaceInput{DryRun: awssdk.Bool(true), NetworkInterfaceId: awssdk.String("eni-" + zeros)}),
	"ec2:DeleteSecurityGroup": asking(func(a *ec2API) func(context.Context, *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
		return a.deleteSecurityGroup
	},
		&ec2.DeleteSecurityGroupInput{DryRun: awssdk.Bool(true), GroupId: awssdk.String("sg-" + zeros)}),
	"ec2:ReleaseAddress": asking(func(a *ec2API) func(context.Context, *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error) {
		return a.releaseAddress
	},
		&ec2.ReleaseAddressInput{DryRun: awssdk.Bool(true), AllocationId: awssdk.String("eipalloc-" + zeros)}),
	"ec2:RevokeSecurityGroupIngress": asking(func(a *ec2API) func(context.Context, *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
		return a.revokeIngress
	},
		&ec2.RevokeSecurityGroupIngressInput{DryRun: awssdk.Bool(true), GroupId: awssdk.String("sg-" + zeros), SecurityGroupRuleIds: []string{"sgr-" + zeros}}),
	"ec2:RevokeSecurityGroupEgress": asking(func(a *ec2API) func(context.Context, *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error) {
		return a.revokeEgress
	},
		&ec2.RevokeSecurityGroupEgressInput{DryRun: awssdk.Bool(true), GroupId: awssdk.String("sg-" + zeros), SecurityGroupRuleIds: []string{"sgr-" + zeros}}),
	"ec2:DeleteNetworkAclEntry": asking(func(a *ec2API) func(context.Context, *ec2.DeleteNetworkAclEntryInput) (*ec2.DeleteNetworkAclEntryOutput, error) {
		return a.deleteACLEntry
	},
		&ec2.DeleteNetworkAclEntryInput{DryRun: awssdk.Bool(true), NetworkAclId: awssdk.String("acl-" + zeros), RuleNumber: awssdk.Int32(1), Egress: awssdk.Bool(false)}),
	"ec2:ModifyNetworkInterfaceAttribute": asking(func(a *ec2API) func(context.Context, *ec2.ModifyNetworkInterfaceAttributeInput) (*ec2.ModifyNetworkInterfaceAttributeOutput, error) {
		return a.modifyInterface
	},
		&ec2.ModifyNetworkInterfaceAttributeInput{DryRun: awssdk.Bool(true), NetworkInterfaceId: awssdk.String("eni-" + zeros), Groups: []string{"sg-" + zeros}}),
	"ec2:CreateSnapshot": asking(func(a *ec2API) func(context.Context, *ec2.CreateSnapshotInput) (*ec2.CreateSnapshotOutput, error) {
		return a.createSnapshot
	},
		&ec2.CreateSnapshotInput{DryRun: awssdk.Bool(true), VolumeId: awssdk.String("vol-" + zeros)}),
	"ec2:CreateSnapshots": asking(func(a *ec2API) func(context.Context, *ec2.CreateSnapshotsInput) (*ec2.CreateSnapshotsOutput, error) {
		return a.createSnapshots
	},
		&ec2.CreateSnapshotsInput{DryRun: awssdk.Bool(true), InstanceSpecification: &types.InstanceSpecification{InstanceId: awssdk.String("i-" + zeros)}}),
	"ec2:AuthorizeSecurityGroupIngress": asking(func(a *ec2API) func(context.Context, *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
		return a.authorizeIngress
	},
		&ec2.AuthorizeSecurityGroupIngressInput{DryRun: awssdk.Bool(true), GroupId: awssdk.String("sg-" + zeros), IpPermissions: noAddress}),
	"ec2:AuthorizeSecurityGroupEgress": asking(func(a *ec2API) func(context.Context, *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error) {
		return a.authorizeEgress
	},
		&ec2.AuthorizeSecurityGroupEgressInput{DryRun: awssdk.Bool(true), GroupId: awssdk.String("sg-" + zeros), IpPermissions: noAddress}),
	"ec2:CreateNetworkAclEntry": asking(func(a *ec2API) func(context.Context, *ec2.CreateNetworkAclEntryInput) (*ec2.CreateNetworkAclEntryOutput, error) {
		return a.createACLEntry
	},
		&ec2.CreateNetworkAclEntryInput{DryRun: awssdk.Bool(true), NetworkAclId: awssdk.String("acl-" + zeros), RuleNumber: awssdk.Int32(1), Egress: awssdk.Bool(false),
			Protocol: awssdk.String("-1"), RuleAction: types.RuleActionDeny, CidrBlock: noAddress[0].IpRanges[0].CidrIp}),
}

// noAddress is a rule about an address that nobody has ("TEST-NET-1" in RFC 5737).
var noAddress = []types.IpPermission{{IpProtocol: awssdk.String("-1"), IpRanges: []types.IpRange{{CidrIp: awssdk.String("192.0.2.1/32")}}}}
