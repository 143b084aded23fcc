package creation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// What each of these calls made is found in a record as the service writes it:
// the ARN it gives, or the one that its ids and the place make.
func TestServicesTellWhatTheyMade(t *testing.T) {
	const china = `"cn-northwest-1"`
	for _, tt := range []struct {
		event, request, response, region string
		typ, arn                         string
	}{
		{"ec2:CopyVolumes", `{"CopyVolumesRequest":{"SourceVolumeId":"vol-1"}}`, `{"CopyVolumesResponse":{"volumeSet":{"item":{"volumeId":"vol-2","size":8}}}}`, "",
			"ec2:volume", "arn:aws:ec2:eu-central-1:011122223333:volume/vol-2"},
		{"ec2:CreateRouteServer", `null`, `{"CreateRouteServerResponse":{"routeServer":{"routeServerId":"rs-1","amazonSideAsn":65000}}}`, china,
			"ec2:route-server", "arn:aws-cn:ec2:cn-northwest-1:011122223333:route-server/rs-1"},
		{"appconfig:CreateEnvironment", `{"applicationId":"abc1234","name":"live"}`, `{"applicationId":"abc1234","id":"e123456","name":"live","state":"ReadyForDeployment"}`, "",
			"appconfig:environment", "arn:aws:appconfig:eu-central-1:011122223333:application/abc1234/environment/e123456"},
		{"cassandra:CreateTable", `{"keyspaceName":"shop","tableName":"carts"}`, `{"resourceArn":"arn:aws:cassandra:eu-central-1:011122223333:/keyspace/shop/table/carts"}`, "",
			"cassandra:table", "arn:aws:cassandra:eu-central-1:011122223333:/keyspace/shop/table/carts"},
		{"geo:CreateMap", `{"mapName":"m"}`, `{"mapName":"m","mapArn":"arn:aws:geo:eu-central-1:011122223333:map/m"}`, "",
			"geo:map", "arn:aws:geo:eu-central-1:011122223333:map/m"},
		{"guardduty:CreatePublishingDestination", `{"detectorId":"d1","destinationType":"S3"}`, `{"destinationId":"p1"}`, `"us-gov-west-1"`,
			"guardduty:publishing-destination", "arn:aws-us-gov:guardduty:us-gov-west-1:011122223333:detector/d1/publishingdestination/p1"},
		{"kendra:CreateThesaurus", `{"indexId":"x1","name":"t"}`, `{"id":"t1"}`, "",
			"kendra:thesaurus", "arn:aws:kendra:eu-central-1:011122223333:index/x1/thesaurus/t1"},
		{"redshift:CreateSnapshotCopyGrant", `{"snapshotCopyGrantName":"g"}`, `null`, "",
			"redshift:snapshot-copy-grant", "arn:aws:redshift:eu-central-1:011122223333:snapshotcopygrant:g"},
		{"rum:CreateAppMonitor", `{"name":"shop","domain":"shop.example.com"}`, `{"id":"0a1b2c3d"}`, "",
			"rum:app-monitor", "arn:aws:rum:eu-central-1:011122223333:appmonitor/shop"},
		{"shield:CreateProtection", `{"name":"p","resourceArn":"arn:aws:cloudfront::011122223333:distribution/E1"}`, `{"protectionId":"p-1"}`, `"us-east-1"`,
			"shield:protection", "arn:aws:shield::011122223333:protection/p-1"},
		{"storagegateway:CreateTapes", `{"numTapesToCreate":1}`, `{"tapeARNs":["arn:aws:storagegateway:eu-central-1:011122223333:tape/AMZN01A2A4"]}`, "",
			"storagegateway:tape", "arn:aws:storagegateway:eu-central-1:011122223333:tape/AMZN01A2A4"},
		{"workspaces:CreateConnectionAlias", `{"connectionString":"ws.example.com"}`, `{"aliasId":"wsca-1"}`, "",
			"workspaces:connection-alias", "arn:aws:workspaces:eu-central-1:011122223333:connectionalias/wsca-1"},
		{"cloud9:CreateEnvironmentSSH", `{"name":"shop"}`, `{"environmentId":"0a1b"}`, "",
			"cloud9:environment", "arn:aws:cloud9:eu-central-1:011122223333:environment:0a1b"},
		{"cloudsearch:CreateDomain", `{"domainName":"shop"}`, `{"domainStatus":{"aRN":"arn:aws:cloudsearch:eu-central-1:011122223333:domain/shop","domainName":"shop"}}`, "",
			"cloudsearch:domain", "arn:aws:cloudsearch:eu-central-1:011122223333:domain/shop"},
		{"comprehend:StartKeyPhrasesDetectionJob", `{}`, `{"jobStatus":"SUBMITTED","jobId":"j1"}`, "",
			"comprehend:key-phrases-detection-job", "arn:aws:comprehend:eu-central-1:011122223333:key-phrases-detection-job/j1"},
		{"directconnect:CreateDirectConnectGateway", `{}`, `{"directConnectGateway":{"directConnectGatewayId":"g-1"}}`, "",
			"directconnect:gateway", "arn:aws:directconnect::011122223333:dx-gateway/g-1"},
		{"ec2:CreateFpgaImage", `{}`, `{"CreateFpgaImageResponse":{"fpgaImageId":"afi-1","fpgaImageGlobalId":"agfi-1"}}`, "",
			"ec2:fpga-image", "arn:aws:ec2:eu-central-1:011122223333:fpga-image/afi-1"},
		{"greengrass:CreateDeployment", `{"targetArn":"arn:aws:iot:eu-central-1:011122223333:thing/core"}`, `{"deploymentId":"d1","iotJobId":"j1","iotJobArn":"arn:aws:iot:eu-central-1:011122223333:job/j1"}`, "",
			"greengrass:deployment", "arn:aws:greengrass:eu-central-1:011122223333:deployments:d1"},
		{"mediatailor:PutPlaybackConfiguration", `{"Name":"show"}`, `{"Name":"show","PlaybackEndpointPrefix":"https://mediatailor.example.com"}`, "",
			"mediatailor:playback-configuration", "arn:aws:mediatailor:eu-central-1:011122223333:playbackConfiguration/show"},
		{"pinpoint:CreateCampaign", `{"application-id":"a1","Name":"***"}`, `{"ApplicationId":"a1","Id":"c1","Name":"***"}`, "",
			"mobiletargeting:campaign", "arn:aws:mobiletargeting:eu-central-1:011122223333:apps/a1/campaigns/c1"},
		{"rds:CreateDBSecurityGroup", `{"dBSecurityGroupName":"Web"}`, `{"dBSecurityGroupName":"web","iPRanges":[],"ownerId":"011122223333"}`, "",
			"rds:secgrp", "arn:aws:rds:eu-central-1:011122223333:secgrp:web"},
		{"rekognition:CreateCollection", `{"collectionId":"faces"}`, `{"statusCode":200,"collectionArn":"aws:rekognition:eu-central-1:011122223333:collection/faces"}`, "",
			"rekognition:collection", "arn:aws:rekognition:eu-central-1:011122223333:collection/faces"},
		{"transcribe:StartTranscriptionJob", `{"transcriptionJobName":"talk"}`, `{"transcriptionJob":{"transcriptionJobName":"talk","transcriptionJobStatus":"IN_PROGRESS"}}`, "",
			"transcribe:transcription-job", "arn:aws:transcribe:eu-central-1:011122223333:transcription-job/talk"},
	} {
		t.Run(tt.event, func(t *testing.T) {
			with := []string{}
			if tt.region != "" {
				with = append(with, "awsRegion", tt.region)
			}
			c, ignored := record(t, tt.event, tt.request, tt.response, with...).Creation()
			if ignored != nil {
				t.Fatal(ignored.Text)
			}
			var got []string
			for _, m := range c.Made {
				got = append(got, string(m.Ref.Type), m.Ref.ARN)
			}
			if diff := cmp.Diff([]string{tt.typ, tt.arn}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A call that also changes what was there says so: nothing in its record tells
// which it did.
func TestARuleThatMayBeOldKeepsItsOwner(t *testing.T) {
	for event, response := range map[string]string{
		"config:PutConformancePack": `{"conformancePackArn":"arn:aws:config:eu-central-1:011122223333:conformance-pack/p/conformance-pack-1"}`,
		"fms:PutPolicy":             `{"policyArn":"arn:aws:fms:eu-central-1:011122223333:policy/1"}`,
		"logs:PutDestination":       `{"destination":{"arn":"arn:aws:logs:eu-central-1:011122223333:destination:d"}}`,
	} {
		c, ignored := record(t, event, `null`, response).Creation()
		if ignored != nil || !c.Overwrites {
			t.Errorf("%s: %+v, %+v", event, c, ignored)
		}
	}
}

// What a service makes by itself stands in serviceEventDetails. A recovery point
// that is a snapshot of EC2 is told of by the call that made the snapshot.
func TestAServiceTellsWhatItMadeByItself(t *testing.T) {
	for _, tt := range []struct{ event, details, typ, arn, id string }{
		{"backup:RecoveryPointCreated", `{"backupVaultName":"v","recoveryPointArn":"arn:aws:backup:eu-central-1:011122223333:recovery-point:r1","resourceArn":"arn:aws:elasticfilesystem:eu-central-1:011122223333:file-system/fs-1"}`,
			"backup:recovery-point", "arn:aws:backup:eu-central-1:011122223333:recovery-point:r1", "r1"},
		{"backup:CreateOrganizationalBackupPlan", `{"backupPlanId":"orgs/p1","backupPlanArn":"arn:aws:backup:eu-central-1:011122223333:backup-plan:orgs/p1"}`,
			"backup:backup-plan", "arn:aws:backup:eu-central-1:011122223333:backup-plan:orgs/p1", "orgs/p1"},
		{"backup:RecoveryPointCreated", `{"recoveryPointArn":"arn:aws:ec2:eu-central-1::snapshot/snap-1"}`, "", "", ""},
		{"organizations:CreateAccountResult", `{"createAccountStatus":{"state":"SUCCEEDED","accountId":"444455556666"}}`, "organizations:account", "", "444455556666"},
		{"organizations:CreateAccountResult", `{"createAccountStatus":{"state":"FAILED","failureReason":"EMAIL_ALREADY_EXISTS"}}`, "", "", ""},
		{"appstream:CreateImage", `{"ImageName":"desk"}`, "appstream:image", "arn:aws:appstream:eu-central-1:011122223333:image/desk", "desk"},
		{"appstream:CreateImage", `"ImageName"`, "", "", ""},
	} {
		r := record(t, tt.event, `null`, `null`, "eventType", `"AwsServiceEvent"`, "serviceEventDetails", tt.details, "userIdentity", `{"accountId":"011122223333","invokedBy":"backup.amazonaws.com"}`)
		if by := r.CreatedBy(); by.Kind != resource.ServiceCreator {
			t.Errorf("%s: by %+v", tt.event, by)
		}
		c, ignored := r.Creation()
		switch {
		case tt.typ == "" && (ignored == nil || ignored.Why != creation.NoID):
			t.Errorf("%s out of %s: %+v, %+v", tt.event, tt.details, c.Made, ignored)
		case tt.typ != "" && (ignored != nil || len(c.Made) != 1 || c.Made[0].Ref.Type != resource.Type(tt.typ) || c.Made[0].Ref.ARN != tt.arn || c.Made[0].Ref.ID != tt.id):
			t.Errorf("%s: %+v, %+v", tt.event, c.Made, ignored)
		}
	}
}

// CloudFront and Lambda put the version of the API behind the name of a call.
func TestACallIsKnownInEveryVersion(t *testing.T) {
	const function = `{"functionArn":"arn:aws:lambda:eu-central-1:011122223333:function:f","codeSigningConfig":{"codeSigningConfigArn":"arn:aws:lambda:eu-central-1:011122223333:code-signing-config:csc-1"}}`
	for event, want := range map[string]string{
		"lambda:CreateFunction20150331":             "lambda:function",
		"lambda:CreateFunction20301231":             "lambda:function",
		"lambda:CreateFunction20301231v2":           "lambda:function",
		"lambda:CreateFunction":                     "lambda:function",
		"lambda:CreateCodeSigningConfig":            "lambda:code-signing-config",
		"lambda:UpdateFunctionCode20150331v2":       "",
		"lambda:CreateFunction2015":                 "",
		"iam:CreateFunction20150331":                "",
		"cloudfront:CreateDistribution2020_05_31":   "cloudfront:distribution",
		"cloudfront:CreateInvalidation2020_05_31":   "",
		"cloudfront:UpdateDistribution2020_05_31v1": "",
	} {
		response := function
		if strings.HasPrefix(event, "cloudfront") {
			response = `{"distribution":{"id":"E1","aRN":"arn:aws:cloudfront::011122223333:distribution/E1"}}`
		}
		c, ignored := record(t, event, `null`, response).Creation()
		if got := typeOf(c); got != want || (ignored == nil) != (want != "") {
			t.Errorf("%s: %q, want %q (%+v)", event, got, want, ignored)
		}
	}
}

// typeOf is the type of the one thing that was made, "" for none.
func typeOf(c creation.Creation) string {
	if len(c.Made) != 1 {
		return ""
	}
	return string(c.Made[0].Ref.Type)
}

// A call that changes a security group wakes policies about the group: that the
// rules have ids of their own makes it no creation of something else.
func TestARuleIsNoCreation(t *testing.T) {
	for _, event := range []string{"ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"} {
		r := record(t, event, `{"groupId":"sg-0123456789abcdef0"}`, `{"_return":true,"securityGroupRuleSet":{"items":[{"groupId":"sg-0123456789abcdef0","securityGroupRuleId":"sgr-1"}]}}`)
		if _, ignored := r.Creation(); ignored == nil || ignored.Why != creation.NotTaggable || len(r.Mentions()) != 1 {
			t.Errorf("%s: %+v, %+v", event, ignored, r.Mentions())
		}
	}
}

// Some answers name what was made beside the thing that was asked for. What the
// request names was there before.
func TestWhatIsMadeBesideIsFound(t *testing.T) {
	for _, tt := range []struct {
		name, event, request, response string
		want                           []string
	}{
		{"the route table of a transit gateway", "ec2:CreateTransitGateway", `{}`, `{"CreateTransitGatewayResponse":{"transitGateway":{"transitGatewayId":"tgw-1","options":{"associationDefaultRouteTableId":"tgw-rtb-1","propagationDefaultRouteTableId":"tgw-rtb-1"}}}}`,
			[]string{"arn:aws:ec2:eu-central-1:011122223333:transit-gateway/tgw-1", "arn:aws:ec2:eu-central-1:011122223333:transit-gateway-route-table/tgw-rtb-1"}},
		{"a transit gateway without one", "ec2:CreateTransitGateway", `{}`, `{"CreateTransitGatewayResponse":{"transitGateway":{"transitGatewayId":"tgw-1","options":{"defaultRouteTableAssociation":"disable"}}}}`,
			[]string{"arn:aws:ec2:eu-central-1:011122223333:transit-gateway/tgw-1"}},
		{"the clusters of a replication group", "elasticache:CreateReplicationGroup", `{"replicationGroupId":"cart"}`,
			`{"replicationGroupId":"cart","aRN":"arn:aws:elasticache:eu-central-1:011122223333:replicationgroup:cart","memberClusters":["cart-001","cart-002"]}`,
			[]string{"arn:aws:elasticache:eu-central-1:011122223333:replicationgroup:cart", "arn:aws:elasticache:eu-central-1:011122223333:cluster:cart-001", "arn:aws:elasticache:eu-central-1:011122223333:cluster:cart-002"}},
		{"a replication group of a cluster that was there", "elasticache:CreateReplicationGroup", `{"replicationGroupId":"cart","primaryClusterId":"old"}`,
			`{"replicationGroupId":"cart","aRN":"arn:aws:elasticache:eu-central-1:011122223333:replicationgroup:cart","memberClusters":["old","cart-002"]}`,
			[]string{"arn:aws:elasticache:eu-central-1:011122223333:replicationgroup:cart", "arn:aws:elasticache:eu-central-1:011122223333:cluster:cart-002"}},
	} {
		c, ignored := record(t, tt.event, tt.request, tt.response).Creation()
		if ignored != nil {
			t.Errorf("%s: %s", tt.name, ignored.Text)
			continue
		}
		var got []string
		for _, m := range c.Made {
			got = append(got, m.Ref.ARN)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
}
