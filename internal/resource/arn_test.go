package resource_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/resource"
)

func TestAnARNNamesItsResource(t *testing.T) {
	const home = "111122223333"
	tests := []struct {
		arn      string
		typ      resource.Type
		id       string
		account  string
		region   string
		notFound bool
	}{
		{arn: "arn:aws:ec2:eu-west-1:" + home + ":instance/i-1", typ: "ec2:instance", id: "i-1", account: home, region: "eu-west-1"},
		{arn: "arn:aws:ec2:eu-west-1::snapshot/snap-1", typ: "ec2:snapshot", id: "snap-1", region: "eu-west-1"},
		{arn: "arn:aws-cn:s3:::logs", typ: "s3:bucket", id: "logs"},
		{arn: "arn:aws:lambda:eu-west-1:" + home + ":function:resize", typ: "lambda:function", id: "resize", account: home, region: "eu-west-1"},
		{arn: "arn:aws:dynamodb:eu-west-1:" + home + ":table/orders", typ: "dynamodb:table", id: "orders", account: home, region: "eu-west-1"},
		{arn: "arn:aws:rds:eu-west-1:" + home + ":db:orders", typ: "rds:db", id: "orders", account: home, region: "eu-west-1"},
		{arn: "arn:aws:autoscaling:eu-west-1:" + home + ":autoScalingGroup:1-2:autoScalingGroupName/web", typ: "autoscaling:group", id: "web", account: home, region: "eu-west-1"},
		{arn: "arn:aws:sns:eu-west-1:" + home + ":alerts", typ: "sns:topic", id: "alerts", account: home, region: "eu-west-1"},
		{arn: "arn:aws:apigateway:eu-west-1::/restapis/a1", typ: "apigateway:restapis", id: "a1", region: "eu-west-1"},
		{arn: "arn:aws:iam::" + home + ":role/deep/down", typ: "iam:role", id: "deep/down", account: home},
		{arn: "", notFound: true},
		{arn: "arn:aws:ec2:eu-west-1", notFound: true},
		{arn: "arn:aws:ec2:eu-west-1:" + home + ":instance/", notFound: true},
		{arn: "arn:aws:autoscaling:eu-west-1:" + home + ":autoScalingGroup:1-2", notFound: true},
		{arn: "arn:aws:unheard:eu-west-1:" + home + ":name", notFound: true},
		{arn: "urn:aws:ec2:eu-west-1:" + home + ":instance/i-1", notFound: true},
	}
	for _, tt := range tests {
		got, ok := resource.FromARN(tt.arn)
		want := resource.Ref{}
		if !tt.notFound {
			want = resource.Ref{ID: tt.id, ARN: tt.arn, Type: tt.typ, Account: tt.account, Region: tt.region}
		}
		if diff := cmp.Diff(want, got); diff != "" || ok == tt.notFound {
			t.Errorf("%s: %v (-want +got)\n%s", tt.arn, ok, diff)
		}
	}
}

// What tagwarden makes of a resource of any type is read back as the same.
func TestARNsOfEveryTypeAreReadBack(t *testing.T) {
	at := resource.Place{Account: "111122223333", Region: "eu-west-1"}
	for _, s := range resource.Schemas() {
		for _, want := range refsOf(t, at, s.Type) {
			got, ok := resource.FromARN(want.ARN)
			if got.Account == "" {
				got.Account = at.Account // those of snapshots, images and buckets have none
			}
			if got.Region == "" {
				got.Region = at.Region // those of buckets have none
			}
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("%s: (-want +got)\n%s", want.ARN, diff)
			}
		}
	}
}

// refsOf are refs of a type, one of each form that its ids have.
func refsOf(t *testing.T, at resource.Place, typ resource.Type) []resource.Ref {
	switch typ {
	case resource.Any:
		return nil // AnythingRef makes its refs of ARNs
	case resource.AutoScalingGroup:
		return []resource.Ref{resource.GroupRef(at, "0-1", "web/blue")}
	case resource.RDSCluster, resource.RDSDatabase:
		return []resource.Ref{resource.RDSRef(at, typ, "web")}
	case resource.RDSSnapshot:
		return []resource.Ref{resource.RDSRef(at, typ, "before"), resource.RDSRef(at, typ, "rds:web-2026-11-19"), resource.RDSRef(at, typ, resource.ClusterSnapshotID("before"))}
	case resource.S3Bucket:
		return []resource.Ref{resource.S3Ref(at, "logs")}
	case resource.LambdaFunction:
		return []resource.Ref{resource.LambdaRef(at, "resize")}
	case resource.DynamoDBTable:
		return []resource.Ref{resource.DynamoDBRef(at, "orders")}
	}
	if !strings.HasPrefix(string(typ), "ec2:") {
		t.Fatalf("nobody says what a resource of type %s is named", typ)
	}
	return []resource.Ref{resource.EC2Ref(at, typ, "x-1")}
}
