package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tagwarden/tagwarden/internal/need"
)

// This file, and sdk*.go beside it for further services, is every AWS call that
// tagwarden makes, each as a function of its own. Nothing of ours has a field with the type of an SDK client: whatever is
// turned into an interface would, by way of its fields, make the linker keep
// every method of the client once anything in the program looks methods up by
// name, as text/template does. For EC2 that is some 760 calls and 30 MB.

// The calls.
var (
	callIdentity          = need.Call{Service: "sts", Operation: "GetCallerIdentity"}
	callRegions           = need.Call{Service: "ec2", Operation: "DescribeRegions"}
	callInstances         = need.Call{Service: "ec2", Operation: "DescribeInstances"}
	callAttribute         = need.Call{Service: "ec2", Operation: "DescribeInstanceAttribute"}
	callSpot              = need.Call{Service: "ec2", Operation: "DescribeSpotInstanceRequests"}
	callVpcs              = need.Call{Service: "ec2", Operation: "DescribeVpcs"}
	callVolumes           = need.Call{Service: "ec2", Operation: "DescribeVolumes"}
	callSnapshots         = need.Call{Service: "ec2", Operation: "DescribeSnapshots"}
	callImages            = need.Call{Service: "ec2", Operation: "DescribeImages"}
	callNetworkInterfaces = need.Call{Service: "ec2", Operation: "DescribeNetworkInterfaces"}
	callSecurityGroups    = need.Call{Service: "ec2", Operation: "DescribeSecurityGroups"}
	callNetworkAcls       = need.Call{Service: "ec2", Operation: "DescribeNetworkAcls"}
	callAddresses         = need.Call{Service: "ec2", Operation: "DescribeAddresses"}
	callSubnets           = need.Call{Service: "ec2", Operation: "DescribeSubnets"}
	callStop              = need.Call{Service: "ec2", Operation: "StopInstances"}
	callStart             = need.Call{Service: "ec2", Operation: "StartInstances"}
	callTerminate         = need.Call{Service: "ec2", Operation: "TerminateInstances"}
	callCreateTags        = need.Call{Service: "ec2", Operation: "CreateTags"}
	callDeleteTags        = need.Call{Service: "ec2", Operation: "DeleteTags"}
	callTemplates         = need.Call{Service: "ec2", Operation: "DescribeLaunchTemplates"}
	callTemplateVersions  = need.Call{Service: "ec2", Operation: "DescribeLaunchTemplateVersions"}
	callSnapshotAttribute = need.Call{Service: "ec2", Operation: "DescribeSnapshotAttribute"}
	callImageAttribute    = need.Call{Service: "ec2", Operation: "DescribeImageAttribute"}
	callDeleteVolume      = need.Call{Service: "ec2", Operation: "DeleteVolume"}
	callDeleteSnapshot    = need.Call{Service: "ec2", Operation: "DeleteSnapshot"}
	callDeregisterImage   = need.Call{Service: "ec2", Operation: "DeregisterImage"}
	callDeleteInterface   = need.Call{Service: "ec2", Operation: "DeleteNetworkInterface"}
	callDeleteGroup       = need.Call{Service: "ec2", Operation: "DeleteSecurityGroup"}
	callRelease           = need.Call{Service: "ec2", Operation: "ReleaseAddress"}
	callSendEmail         = need.Call{Service: "sesv2", Operation: "SendEmail"}
	callPublish           = need.Call{Service: "sns", Operation: "Publish"}
	callMetrics           = need.Call{Service: "cloudwatch", Operation: "GetMetricData"}
)

// ec2API is EC2 in one region.
type ec2API struct {
	at                        site
	describeRegions           func(context.Context, *ec2.DescribeRegionsInput) (*ec2.DescribeRegionsOutput, error)
	describeInstances         func(context.Context, *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error)
	describeInstanceAttribute func(context.Context, *ec2.DescribeInstanceAttributeInput) (*ec2.DescribeInstanceAttributeOutput, error)
	describeSpotRequests      func(context.Context, *ec2.DescribeSpotInstanceRequestsInput) (*ec2.DescribeSpotInstanceRequestsOutput, error)
	describeVpcs              func(context.Context, *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error)
	describeVolumes           func(context.Context, *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error)
	describeSnapshots         func(context.Context, *ec2.DescribeSnapshotsInput) (*ec2.DescribeSnapshotsOutput, error)
	describeImages            func(context.Context, *ec2.DescribeImagesInput) (*ec2.DescribeImagesOutput, error)
	describeNetworkInterfaces func(context.Context, *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error)
	describeSecurityGroups    func(context.Context, *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error)
	describeNetworkAcls       func(context.Context, *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error)
	describeAddresses         func(context.Context, *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error)
	describeSubnets           func(context.Context, *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error)
	stop                      func(context.Context, *ec2.StopInstancesInput) (*ec2.StopInstancesOutput, error)
	start                     func(context.Context, *ec2.StartInstancesInput) (*ec2.StartInstancesOutput, error)
	terminate                 func(context.Context, *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error)
	createTags                func(context.Context, *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error)
	deleteTags                func(context.Context, *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error)
	describeGroupRules        func(context.Context, *ec2.DescribeSecurityGroupRulesInput) (*ec2.DescribeSecurityGroupRulesOutput, error)
	revokeIngress             func(context.Context, *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error)
	revokeEgress              func(context.Context, *ec2.RevokeSecurityGroupEgressInput) (*ec2.RevokeSecurityGroupEgressOutput, error)
	createSnapshot            func(context.Context, *ec2.CreateSnapshotInput) (*ec2.CreateSnapshotOutput, error)
	createSnapshots           func(context.Context, *ec2.CreateSnapshotsInput) (*ec2.CreateSnapshotsOutput, error)
	authorizeIngress          func(context.Context, *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error)
	authorizeEgress           func(context.Context, *ec2.AuthorizeSecurityGroupEgressInput) (*ec2.AuthorizeSecurityGroupEgressOutput, error)
	createACLEntry            func(context.Context, *ec2.CreateNetworkAclEntryInput) (*ec2.CreateNetworkAclEntryOutput, error)
	deleteACLEntry            func(context.Context, *ec2.DeleteNetworkAclEntryInput) (*ec2.DeleteNetworkAclEntryOutput, error)
	modifyInterface           func(context.Context, *ec2.ModifyNetworkInterfaceAttributeInput) (*ec2.ModifyNetworkInterfaceAttributeOutput, error)
	describeTemplates         func(context.Context, *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error)
	describeTemplateVersions  func(context.Context, *ec2.DescribeLaunchTemplateVersionsInput) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
	describeSnapshotAttribute func(context.Context, *ec2.DescribeSnapshotAttributeInput) (*ec2.DescribeSnapshotAttributeOutput, error)
	describeImageAttribute    func(context.Context, *ec2.DescribeImageAttributeInput) (*ec2.DescribeImageAttributeOutput, error)
	deleteVolume              func(context.Context, *ec2.DeleteVolumeInput) (*ec2.DeleteVolumeOutput, error)
	deleteSnapshot            func(context.Context, *ec2.DeleteSnapshotInput) (*ec2.DeleteSnapshotOutput, error)
	deregisterImage           func(context.Context, *ec2.DeregisterImageInput) (*ec2.DeregisterImageOutput, error)
	deleteNetworkInterface    func(context.Context, *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error)
	deleteSecurityGroup       func(context.Context, *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error)
	releaseAddress            func(context.Context, *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error)
}

func newEC2(c *ec2.Client, at site) *ec2API {
	return &ec2API{
		at:                        at,
		describeRegions:           calling(at, callRegions, c.DescribeRegions),
		describeInstances:         calling(at, callInstances, c.DescribeInstances),
		describeInstanceAttribute: calling(at, callAttribute, c.DescribeInstanceAttribute),
		describeSpotRequests:      calling(at, callSpot, c.DescribeSpotInstanceRequests),
		describeVpcs:              calling(at, callVpcs, c.DescribeVpcs),
		describeVolumes:           calling(at, callVolumes, c.DescribeVolumes),
		describeSnapshots:         calling(at, callSnapshots, c.DescribeSnapshots),
		describeImages:            calling(at, callImages, c.DescribeImages),
		describeNetworkInterfaces: calling(at, callNetworkInterfaces, c.DescribeNetworkInterfaces),
		describeSecurityGroups:    calling(at, callSecurityGroups, c.DescribeSecurityGroups),
		describeNetworkAcls:       calling(at, callNetworkAcls, c.DescribeNetworkAcls),
		describeAddresses:         calling(at, callAddresses, c.DescribeAddresses),
		describeSubnets:           calling(at, callSubnets, c.DescribeSubnets),
		stop:                      calling(at, callStop, c.StopInstances),
		start:                     calling(at, callStart, c.StartInstances),
		terminate:                 calling(at, callTerminate, c.TerminateInstances),
		createTags:                calling(at, callCreateTags, c.CreateTags),
		deleteTags:                calling(at, callDeleteTags, c.DeleteTags),
		describeGroupRules:        calling(at, callGroupRules, c.DescribeSecurityGroupRules),
		revokeIngress:             calling(at, callRevokeIngress, c.RevokeSecurityGroupIngress),
		revokeEgress:              calling(at, callRevokeEgress, c.RevokeSecurityGroupEgress),
		createSnapshot:            once(at, callCreateSnapshot, c.CreateSnapshot),
		createSnapshots:           once(at, callCreateSnapshots, c.CreateSnapshots),
		authorizeIngress:          calling(at, callAuthorizeIngress, c.AuthorizeSecurityGroupIngress),
		authorizeEgress:           calling(at, callAuthorizeEgress, c.AuthorizeSecurityGroupEgress),
		createACLEntry:            calling(at, callCreateACLEntry, c.CreateNetworkAclEntry),
		deleteACLEntry:            calling(at, callDeleteACLEntry, c.DeleteNetworkAclEntry),
		modifyInterface:           calling(at, callModifyInterface, c.ModifyNetworkInterfaceAttribute),
		describeTemplates:         calling(at, callTemplates, c.DescribeLaunchTemplates),
		describeTemplateVersions:  calling(at, callTemplateVersions, c.DescribeLaunchTemplateVersions),
		describeSnapshotAttribute: calling(at, callSnapshotAttribute, c.DescribeSnapshotAttribute),
		describeImageAttribute:    calling(at, callImageAttribute, c.DescribeImageAttribute),
		deleteVolume:              calling(at, callDeleteVolume, c.DeleteVolume),
		deleteSnapshot:            calling(at, callDeleteSnapshot, c.DeleteSnapshot),
		deregisterImage:           calling(at, callDeregisterImage, c.DeregisterImage),
		deleteNetworkInterface:    calling(at, callDeleteInterface, c.DeleteNetworkInterface),
		deleteSecurityGroup:       calling(at, callDeleteGroup, c.DeleteSecurityGroup),
		releaseAddress:            calling(at, callRelease, c.ReleaseAddress),
	}
}

// stsAPI is STS in one region.
type stsAPI struct {
	callerIdentity func(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error)
	assumeRole     func(context.Context, *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error)
}

func newSTS(c *sts.Client, at site) *stsAPI {
	return &stsAPI{callerIdentity: calling(at, callIdentity, c.GetCallerIdentity), assumeRole: calling(at, callAssume, c.AssumeRole)}
}

// sesAPI is SES v2 in one region.
type sesAPI struct {
	sendEmail func(context.Context, *sesv2.SendEmailInput) (*sesv2.SendEmailOutput, error)
}

func newSES(c *sesv2.Client, at site) *sesAPI {
	return &sesAPI{sendEmail: calling(at, callSendEmail, c.SendEmail)}
}

// snsAPI is SNS in one region.
type snsAPI struct {
	publish func(context.Context, *sns.PublishInput) (*sns.PublishOutput, error)
}

func newSNS(c *sns.Client, at site) *snsAPI {
	return &snsAPI{publish: calling(at, callPublish, c.Publish)}
}

// cloudwatchAPI is CloudWatch in one region.
type cloudwatchAPI struct {
	at            site
	getMetricData func(context.Context, *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error)
}

func newCloudWatch(c *cloudwatch.Client, at site) *cloudwatchAPI {
	return &cloudwatchAPI{at: at, getMetricData: calling(at, callMetrics, c.GetMetricData)}
}

// calling makes a function of one method of a client, with the errors
// classified.
func calling[In, Out, Opt any](at site, call need.Call, do func(context.Context, *In, ...func(*Opt)) (*Out, error)) func(context.Context, *In) (*Out, error) {
	return func(ctx context.Context, in *In) (*Out, error) {
		out, err := do(ctx, in)
		return out, at.failed(call, err)
	}
}
