package creation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
			"guardduty:publishing-destination", "arn:aws-us-gov:guardduty:us-gov-west-1:011122223333:detector/d1/publishingDestination/p1"},
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
