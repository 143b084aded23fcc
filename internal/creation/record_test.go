package creation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// record is a record of a call of ada's, with what it asked for and was
// answered, and with fields that are added or replaced.
func record(t testing.TB, event, request, response string, with ...string) *creation.Record {
	t.Helper()
	service, name, _ := strings.Cut(event, ":")
	fields := map[string]json.RawMessage{
		"eventVersion": []byte(`"1.11"`), "eventID": []byte(`"e-1"`), "eventTime": []byte(`"2026-11-20T12:00:00Z"`),
		"eventSource": []byte(`"` + service + `.amazonaws.com"`), "eventName": []byte(`"` + name + `"`), "awsRegion": []byte(`"eu-central-1"`),
		"recipientAccountId": []byte(`"011122223333"`), "requestParameters": []byte(request), "responseElements": []byte(response),
		"userIdentity": []byte(`{"type":"IAMUser","userName":"ada","principalId":"AIDAEXAMPLE","accountId":"011122223333","arn":"arn:aws:iam::011122223333:user/ada"}`),
	}
	for i := 0; i < len(with); i += 2 {
		if with[i+1] == "" {
			delete(fields, with[i])
			continue
		}
		fields[with[i]] = []byte(with[i+1])
	}
	data, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	r, err := creation.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheEnvelopeIsRead(t *testing.T) {
	r := record(t, "ec2:CreateVolume", `null`, `null`, "readOnly", `false`, "errorCode", `"Client.DryRunOperation"`)
	if r.Key != (creation.Key{Source: "ec2.amazonaws.com", Name: "CreateVolume"}) || r.Key.String() != "ec2:CreateVolume" || r.EventID != "e-1" ||
		!r.Time.Equal(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)) || r.ErrorCode != "Client.DryRunOperation" || r.ReadOnly ||
		r.Place() != (resource.Place{Account: "011122223333", Region: "eu-central-1"}) {
		t.Errorf("%+v", r)
	}
	if by := r.CreatedBy(); by.Name != "ada" || by.PrincipalID != "AIDAEXAMPLE" || by.Kind != resource.PersonCreator {
		t.Errorf("made by %+v", by)
	}
	if r := record(t, "s3:GetObject", `null`, `null`, "readOnly", `true`); !r.ReadOnly {
		t.Error("reading is not read-only")
	}
}

// An account comes from the envelope: as a number it has lost its zeros.
func TestTheAccountIsTextFromTheEnvelope(t *testing.T) {
	tests := map[string]struct{ recipient, identity, want string }{
		"the recipient":            {`"011122223333"`, `{"accountId":"444455556666"}`, "011122223333"},
		"a number is not taken":    {`11122223333`, `{"accountId":"444455556666"}`, "444455556666"},
		"else the caller's":        {``, `{"accountId":"444455556666"}`, "444455556666"},
		"else that in the ARN":     {``, `{"arn":"arn:aws:sts::444455556666:assumed-role/a/b"}`, "444455556666"},
		"none":                     {``, `{"invokedBy":"x"}`, ""},
		"what breaks an ARN":       {`"1:2/3"`, `null`, ""},
		"no identity, and numbers": {`1`, ``, ""},
	}
	for name, tt := range tests {
		r := record(t, "ec2:CreateVolume", `null`, `{"volumeId":"vol-1"}`, "recipientAccountId", tt.recipient, "userIdentity", tt.identity)
		if r.Account != tt.want {
			t.Errorf("%s: %q, want %q", name, r.Account, tt.want)
		}
		if _, ignored := r.Creation(); (ignored != nil) != (tt.want == "") {
			t.Errorf("%s: %+v", name, ignored)
		}
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		text string
		want error
	}{
		"nothing":                 {"", loose.ErrMalformed},
		"half a record":           {`{"eventSource":"ec2.amazonaws.com","eventName":"Cre`, loose.ErrMalformed},
		"too deep":                {`{"eventSource":"a","eventName":"b","requestParameters":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, loose.ErrTooDeep},
		"too large":               {`"` + strings.Repeat("a", loose.MaxSize) + `"`, loose.ErrTooLarge},
		"a list":                  {`[{"eventSource":"a","eventName":"b"}]`, creation.ErrNotRecord},
		"an envelope":             {`{"source":"aws.ec2","detail":{"eventSource":"a","eventName":"b"}}`, creation.ErrNotRecord},
		"no name":                 {`{"eventSource":"a"}`, creation.ErrNotRecord},
		"a name that is no text":  {`{"eventSource":"a","eventName":["b"]}`, creation.ErrNotRecord},
		"a name in another case":  {`{"EVENTSOURCE":"a","EVENTNAME":"b"}`, creation.ErrNotRecord},
		"the least that is taken": {`{"eventSource":"a","eventName":"b"}`, nil},
	}
	for name, tt := range tests {
		if _, err := creation.Parse([]byte(tt.text)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestWhyNothingWasMade(t *testing.T) {
	volume := `{"volumeId":"vol-1"}`
	tests := map[string]struct {
		r    *creation.Record
		why  creation.Why
		text string
	}{
		"it failed":                     {record(t, "ec2:CreateVolume", `null`, volume, "errorCode", `"Client.DryRunOperation"`), creation.Failed, "the call failed with Client.DryRunOperation"},
		"it failed in an odd way":       {record(t, "ec2:CreateVolume", `null`, volume, "errorCode", `7`), creation.Failed, "the call failed with unknown"},
		"a dry run that does not fail":  {record(t, "cloud9:CreateEnvironmentEC2", `{"name":"shop","dryRun":true}`, `{"environmentId":"0a1b"}`), creation.Failed, "the call was a dry run"},
		"a call through an endpoint":    {record(t, "s3:CreateBucket", `{"bucketName":"logs"}`, `null`, "eventType", `"AwsVpceEvent"`, "eventCategory", `"NetworkActivity"`), creation.NotListed, "it tells that s3:CreateBucket passed an endpoint of a VPC: the call has a record of its own"},
		"it reads":                      {record(t, "ec2:DescribeInstances", `null`, `null`), creation.NotListed, "ec2:DescribeInstances is not among the calls that create what can be tagged"},
		"the name is another service's": {record(t, "elastictranscoder:CreateVolume", `null`, volume), creation.NotListed, "elastictranscoder:CreateVolume is not among the calls that create what can be tagged"},
		"no tags":                       {record(t, "ec2:CreateRoute", `null`, `{"_return":true}`), creation.NotTaggable, "a route carries no tags"},
		"a new value of a parameter":    {record(t, "ssm:PutParameter", `{"name":"/a"}`, `{"version":2}`), creation.Updated, "ssm:PutParameter may have changed what was there: the record does not say that R.version is 1"},
		"a parameter, but cut off":      {record(t, "ssm:PutParameter", `{"name":"/a"}`, `null`), creation.Updated, "ssm:PutParameter may have changed what was there: the record does not say that R.version is 1"},
		"the answer is cut off":         {record(t, "ec2:RunInstances", `{}`, `null`), creation.NoID, "ec2:RunInstances made something, but the record does not say which: nothing at R.instancesSet[].instanceId"},
		"an id that is a number":        {record(t, "ec2:CreateVolume", `null`, `{"volumeId":7}`), creation.NoID, "ec2:CreateVolume made something, but the record does not say which: nothing at R.volumeId"},
		"an id that is hidden":          {record(t, "ec2:CreateVolume", `null`, `{"volumeId":"HIDDEN_DUE_TO_SECURITY_REASONS"}`), creation.NoID, "ec2:CreateVolume made something, but the record does not say which: nothing at R.volumeId"},
		"an id that breaks the ARN":     {record(t, "ec2:CreateVolume", `null`, `{"volumeId":"vol-1/x"}`), creation.NoID, "ec2:CreateVolume made something, but the record does not say which: nothing at R.volumeId"},
		"an id that writes to screens":  {record(t, "s3:CreateBucket", `{"bucketName":"a\u001b[2J"}`, `null`), creation.NoID, "s3:CreateBucket made something, but the record does not say which: nothing at Q.bucketName"},
		"a part of the ARN is hostile":  {record(t, "apigateway:CreateStage", `{"restApiId":"a\u0000b"}`, `{"stageName":"live"}`), creation.NoID, "apigateway:CreateStage made something, but the record does not say which: nothing at R.stageName"},
		"no ARN where one should be":    {record(t, "kms:CreateKey", `null`, `{"keyMetadata":{"arn":"1234"}}`), creation.NoID, "kms:CreateKey made something, but the record does not say which: nothing at R.keyMetadata.arn|resources"},
		"no region":                     {record(t, "ec2:CreateVolume", `null`, volume, "awsRegion", ``), creation.NoID, "ec2:CreateVolume made something, but the record does not say in which account and region"},
		"a region that breaks ARNs":     {record(t, "ec2:CreateVolume", `null`, volume, "awsRegion", `"a:b"`), creation.NoID, "ec2:CreateVolume made something, but the record does not say in which account and region"},
	}
	for name, tt := range tests {
		c, ignored := tt.r.Creation()
		if ignored == nil {
			t.Errorf("%s: made %+v", name, c.Made)
			continue
		}
		if diff := cmp.Diff(creation.Ignored{Why: tt.why, Text: tt.text}, *ignored); diff != "" || len(c.Made) > 0 {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// made is what a test wants of one resource.
type made struct {
	arn, id string
	typ     resource.Type
	tags    tag.Set
}

func TestOddShapes(t *testing.T) {
	const acct = "011122223333"
	vol, none := resource.EC2Volume, tag.Set{}
	tests := map[string]struct {
		r    *creation.Record
		want []made
	}{
		"a scalar of the account lost its zero": {record(t, "ec2:CreateSnapshots", `null`, `{"CreateSnapshotsResponse":{"snapshotSet":{"item":{"snapshotId":"snap-1","ownerId":11122223333,"tagSet":""}}}}`),
			[]made{{"arn:aws:ec2:eu-central-1::snapshot/snap-1", "snap-1", resource.EC2Snapshot, none}}},
		"several items": {record(t, "ec2:CreateSnapshots", `null`, `{"CreateSnapshotsResponse":{"snapshotSet":{"item":[{"snapshotId":"snap-1"},{"snapshotId":"snap-2"},{"snapshotId":"snap-1"},{}]}}}`),
			[]made{{"arn:aws:ec2:eu-central-1::snapshot/snap-1", "snap-1", resource.EC2Snapshot, none}, {"arn:aws:ec2:eu-central-1::snapshot/snap-2", "snap-2", resource.EC2Snapshot, none}}},
		"one bare text": {record(t, "ec2:CreateFlowLogs", `null`, `{"CreateFlowLogsResponse":{"flowLogIdSet":{"item":"fl-1"},"unsuccessful":""}}`),
			[]made{{"arn:aws:ec2:eu-central-1:" + acct + ":vpc-flow-log/fl-1", "fl-1", "ec2:vpc-flow-log", none}}},
		"a fleet that launched nothing": {record(t, "ec2:CreateFleet", `null`, `{"CreateFleetResponse":{"fleetId":"fleet-1","fleetInstanceSet":""}}`),
			[]made{{"arn:aws:ec2:eu-central-1:" + acct + ":fleet/fleet-1", "fleet-1", "ec2:fleet", none}}},
		"a fleet of two kinds": {record(t, "ec2:CreateFleet", `{"CreateFleetRequest":{"TagSpecification":[{"ResourceType":"instance","tag":1,"Tag":{"Key":"Team","tag":1,"Value":"data"}},{"ResourceType":"fleet","tag":2,"Tag":[{"Key":"n","Value":1}]}]}}`,
			`{"CreateFleetResponse":{"fleetId":"fleet-1","fleetInstanceSet":{"item":[{"instanceIds":{"item":"i-1"}},{"instanceIds":{"item":["i-2","i-3"]}}]}}}`),
			[]made{{"arn:aws:ec2:eu-central-1:" + acct + ":fleet/fleet-1", "fleet-1", "ec2:fleet", none},
				{"arn:aws:ec2:eu-central-1:" + acct + ":instance/i-1", "i-1", resource.EC2Instance, tag.Set{"Team": "data"}},
				{"arn:aws:ec2:eu-central-1:" + acct + ":instance/i-2", "i-2", resource.EC2Instance, tag.Set{"Team": "data"}},
				{"arn:aws:ec2:eu-central-1:" + acct + ":instance/i-3", "i-3", resource.EC2Instance, tag.Set{"Team": "data"}}}},
		"tags that became numbers are not known": {record(t, "ec2:CreateVolume", `{"tagSpecificationSet":{"items":[{"resourceType":"volume","tags":[{"key":"a","value":"007"},{"key":"b","value":7},{"key":"c","value":"HIDDEN_DUE_TO_SECURITY_REASONS"}]},{"resourceType":"instance","tags":[{"key":"d","value":"x"}]}]}}`,
			`{"volumeId":"vol-1","tagSet":{"items":[{"key":"e","value":"y"}]}}`), []made{{"arn:aws:ec2:eu-central-1:" + acct + ":volume/vol-1", "vol-1", vol, tag.Set{"a": "007", "e": "y"}}}},
		"tags as an object": {record(t, "logs:CreateLogGroup", `{"logGroupName":"/aws/lambda/x","tags":{"Team":"data"}}`, `null`),
			[]made{{"arn:aws:logs:eu-central-1:" + acct + ":log-group:/aws/lambda/x", "/aws/lambda/x", "logs:log-group", tag.Set{"Team": "data"}}}},
		"an Auto Scaling group has no ARN yet": {record(t, "autoscaling:CreateAutoScalingGroup", `{"autoScalingGroupName":"web","tags":[{"key":"Team","value":"data","propagateAtLaunch":true}]}`, `null`),
			[]made{{"", "web", "autoscaling:group", tag.Set{"Team": "data"}}}},
		"a load balancer": {record(t, "elasticloadbalancing:CreateLoadBalancer", `{"name":"web"}`, `{"loadBalancers":[{"loadBalancerArn":"arn:aws:elasticloadbalancing:eu-central-1:011122223333:loadbalancer/app/web/1"}]}`),
			[]made{{"arn:aws:elasticloadbalancing:eu-central-1:" + acct + ":loadbalancer/app/web/1", "app/web/1", "elasticloadbalancing:loadbalancer", none}}},
		"a classic load balancer": {record(t, "elasticloadbalancing:CreateLoadBalancer", `{"loadBalancerName":"web"}`, `{"dNSName":"web.elb"}`),
			[]made{{"arn:aws:elasticloadbalancing:eu-central-1:" + acct + ":loadbalancer/web", "web", "elasticloadbalancing:loadbalancer", none}}},
		"a stage of a REST API": {record(t, "apigateway:CreateStage", `{"restApiId":"r1","createStageInput":{"stageName":"live"}}`, `{"stageName":"live"}`),
			[]made{{"arn:aws:apigateway:eu-central-1::/restapis/r1/stages/live", "live", "apigateway:stage", none}}},
		"a stage of an HTTP API": {record(t, "apigateway:CreateStage", `{"apiId":"a1","stageName":"live"}`, `{"stageName":"live"}`),
			[]made{{"arn:aws:apigateway:eu-central-1::/apis/a1/stages/live", "live", "apigateway:stage", none}}},
		"a queue by its URL": {record(t, "sqs:CreateQueue", `{"queueName":"jobs"}`, `{"queueUrl":"https://sqs.eu-central-1.amazonaws.com/011122223333/jobs"}`),
			[]made{{"arn:aws:sqs:eu-central-1:" + acct + ":jobs", "jobs", "sqs:queue", none}}},
		"a queue by what was touched": {record(t, "sqs:CreateQueue", `{}`, `null`, "resources", `[{"ARN":"arn:aws:kms:eu-central-1:011122223333:key/1"},{"ARN":"arn:aws:sqs:eu-central-1:011122223333:jobs"},{"accountId":"1"},7]`),
			[]made{{"arn:aws:sqs:eu-central-1:" + acct + ":jobs", "jobs", "sqs:queue", none}}},
		"a database whose answer was cut": {record(t, "rds:CreateDBInstance", `{"dBInstanceIdentifier":"Orders","tags":[{"key":"a","value":"b"}]}`, `null`),
			[]made{{"arn:aws:rds:eu-central-1:" + acct + ":db:orders", "orders", "rds:db", tag.Set{"a": "b"}}}},
		"a hosted zone in its own folder": {record(t, "route53:CreateHostedZone", `{}`, `{"hostedZone":{"id":"/hostedzone/Z1"}}`),
			[]made{{"arn:aws:route53:::hostedzone/Z1", "Z1", "route53:hosted-zone", none}}},
		"a parameter with a path":    {record(t, "ssm:PutParameter", `{"name":"/app/db"}`, `{"version":1}`), []made{{"arn:aws:ssm:eu-central-1:" + acct + ":parameter/app/db", "/app/db", "ssm:parameter", none}}},
		"a parameter without a path": {record(t, "ssm:PutParameter", `{"name":"db"}`, `{"version":1}`), []made{{"arn:aws:ssm:eu-central-1:" + acct + ":parameter/db", "db", "ssm:parameter", none}}},
		"an odd first letter":        {record(t, "iam:CreateSAMLProvider", `{}`, `{"sAMLProviderArn":"arn:aws:iam::011122223333:saml-provider/x"}`), []made{{"arn:aws:iam::" + acct + ":saml-provider/x", "x", "iam:saml-provider", none}}},
		"the letter in another case": {record(t, "iam:CreateSAMLProvider", `{}`, `{"SAMLProviderArn":"arn:aws:iam::011122223333:saml-provider/x"}`), []made{{"arn:aws:iam::" + acct + ":saml-provider/x", "x", "iam:saml-provider", none}}},
		"China": {record(t, "ec2:CreateVolume", `null`, `{"volumeId":"vol-1"}`, "awsRegion", `"cn-north-1"`),
			[]made{{"arn:aws-cn:ec2:cn-north-1:" + acct + ":volume/vol-1", "vol-1", vol, none}}},
		"GovCloud": {record(t, "s3:CreateBucket", `{"bucketName":"logs"}`, `null`, "awsRegion", `"us-gov-west-1"`),
			[]made{{"arn:aws-us-gov:s3:::logs", "logs", "s3:bucket", none}}},
	}
	for name, tt := range tests {
		c, ignored := tt.r.Creation()
		if ignored != nil {
			t.Errorf("%s: %+v", name, ignored)
			continue
		}
		var got []made
		for _, m := range c.Made {
			got = append(got, made{m.Ref.ARN, m.Ref.ID, m.Ref.Type, m.Tags})
			if m.Ref.Place() != tt.r.Place() {
				t.Errorf("%s: in %s", name, m.Ref.Place())
			}
		}
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(made{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// launch is a RunInstances of an Auto Scaling group, with a new network
// interface and one that was there before.
const launch = `{"reservationId":"r-1","ownerId":"011122223333","instancesSet":{"items":[{"instanceId":"i-1","blockDeviceMapping":{},
	"tagSet":{"items":[{"key":"aws:autoscaling:groupName","value":"web"},{"key":"aws:ec2launchtemplate:id","value":"lt-1"},{"key":"aws:cloudformation:stack-id","value":"stack-1"},{"key":"Team","value":"data"}]},
	"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-new","attachment":{"deviceIndex":0,"deleteOnTermination":true}},
	{"networkInterfaceId":"eni-old","attachment":{"deviceIndex":1,"deleteOnTermination":false}}]}}]}}`

func TestALaunchTellsOfItsChildrenAndItsParents(t *testing.T) {
	c, ignored := record(t, "ec2:RunInstances", `{"tagSpecificationSet":{"items":[{"resourceType":"network-interface","tags":[{"key":"Net","value":"x"}]}]}}`, launch).Creation()
	if ignored != nil {
		t.Fatal(ignored)
	}
	at := resource.Place{Account: "011122223333", Region: "eu-central-1"}
	want := creation.Creation{
		Made: []creation.Made{
			{Ref: resource.EC2Ref(at, resource.EC2Instance, "i-1"), Known: true, Tagging: creation.CreateTags,
				Tags: tag.Set{"aws:autoscaling:groupName": "web", "aws:ec2launchtemplate:id": "lt-1", "aws:cloudformation:stack-id": "stack-1", "Team": "data"}},
			{Ref: resource.EC2Ref(at, resource.EC2NetworkInterface, "eni-new"), Known: true, Tagging: creation.CreateTags, Tags: tag.Set{"Net": "x"}},
		},
		Brings:  []resource.Type{resource.EC2Volume, resource.EC2NetworkInterface},
		Parents: []resource.Parent{{Type: "autoscaling:group", ID: "web"}, {Type: "ec2:launch-template", ID: "lt-1"}, {Type: "cloudformation:stack", ID: "stack-1"}},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatAlsoUpdatesSaysSo(t *testing.T) {
	for event, request := range map[string]string{"monitoring:PutMetricAlarm": `{"alarmName":"a"}`, "monitoring:PutDashboard": `{"dashboardName":"a"}`, "events:PutRule": `{}`} {
		c, ignored := record(t, event, request, `{"ruleArn":"arn:aws:events:eu-central-1:011122223333:rule/a"}`).Creation()
		if ignored != nil || !c.Overwrites {
			t.Errorf("%s: %+v, %+v", event, c, ignored)
		}
	}
	if c, _ := record(t, "ec2:CreateVolume", `null`, `{"volumeId":"vol-1"}`).Creation(); c.Overwrites || c.Cut || c.Brings != nil || c.Parents != nil {
		t.Errorf("%+v", c)
	}
}

func TestNoRecordMakesMoreThanMaxMade(t *testing.T) {
	var b strings.Builder
	for i := range creation.MaxMade + 5 {
		fmt.Fprintf(&b, `{"instanceId":"i-%d"},`, i)
	}
	c, ignored := record(t, "ec2:RunInstances", `null`, `{"instancesSet":{"items":[`+strings.TrimSuffix(b.String(), ",")+`]}}`).Creation()
	if ignored != nil || len(c.Made) != creation.MaxMade || !c.Cut {
		t.Errorf("%d made, cut: %v, %+v", len(c.Made), c.Cut, ignored)
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range []string{
		`{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"eu-central-1","recipientAccountId":"011122223333","responseElements":` + launch + `}`,
		`{"eventSource":"ec2.amazonaws.com","eventName":"CreateFleet","awsRegion":"eu-central-1","recipientAccountId":"1","requestParameters":{"CreateFleetRequest":{"TagSpecification":{"ResourceType":"fleet","Tag":{"Key":"a","Value":"b"}}}},"responseElements":{"CreateFleetResponse":{"fleetId":"fleet-1","fleetInstanceSet":{"item":{"instanceIds":{"item":"i-1"}}}}}}`,
		`{"eventSource":"sqs.amazonaws.com","eventName":"CreateQueue","awsRegion":"x","recipientAccountId":"1","resources":[{"ARN":"arn:aws:sqs:x:1:q"}],"responseElements":{"queueUrl":"/"}}`,
		`{"eventSource":"ssm.amazonaws.com","eventName":"PutParameter","awsRegion":"x","recipientAccountId":"1","requestParameters":{"name":"//"},"responseElements":{"version":"1"}}`,
		`{"eventSource":"kms.amazonaws.com","eventName":"CreateKey","awsRegion":"x","recipientAccountId":"1","resources":{"item":{"item":{"ARN":"arn:::::"}}},"userIdentity":[1]}`,
	} {
		f.Add([]byte(r))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := creation.Parse(data)
		if err != nil {
			return
		}
		if by := r.CreatedBy(); by.Kind == "" {
			t.Errorf("%+v", by)
		}
		c, ignored := r.Creation()
		if (ignored == nil) != (len(c.Made) > 0) || len(c.Made) > creation.MaxMade {
			t.Errorf("%d made, %+v", len(c.Made), ignored)
		}
		for _, m := range c.Made {
			if m.Ref.ID == "" || m.Ref.Account == "" || m.Ref.Region == "" || m.Ref.ARN != "" && !strings.HasPrefix(m.Ref.ARN, "arn:") {
				t.Errorf("%+v", m.Ref)
			}
		}
	})
}

func BenchmarkCreation(b *testing.B) {
	instance := `{"instanceId":"i-0%","imageId":"ami-1","instanceState":{"code":0,"name":"pending"},"placement":{"availabilityZone":"eu-central-1a","tenancy":"default"},
		"tagSet":{"items":[{"key":"aws:autoscaling:groupName","value":"web"},{"key":"Team","value":"data"}]},"networkInterfaceSet":{"items":[{"networkInterfaceId":"eni-0%","attachment":{"deleteOnTermination":true}}]}}`
	for _, n := range []int{1, 100} {
		var items []string
		for i := range n {
			items = append(items, strings.ReplaceAll(instance, "%", strconv.Itoa(i)))
		}
		data := []byte(`{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":"ada"},"eventTime":"2026-11-20T12:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances",
			"awsRegion":"eu-central-1","recipientAccountId":"011122223333","requestParameters":{"instancesSet":{"items":[{"imageId":"ami-1","minCount":1}]}},"responseElements":{"instancesSet":{"items":[` + strings.Join(items, ",") + `]}}}`)
		b.Run(map[int]string{1: "one instance", 100: "a hundred"}[n], func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := creation.Parse(data)
				if err != nil {
					b.Fatal(err)
				}
				if c, _ := r.Creation(); len(c.Made) != 2*n {
					b.Fatalf("%d made", len(c.Made))
				}
			}
		})
	}
}

func TestWhatACallWasMadeWithTellsWhoMadeIt(t *testing.T) {
	const record = `{"eventSource":"ec2.amazonaws.com","eventName":"CreateVolume","userAgent":%q,
		"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/cleaner/nightly","principalId":"AROAEXAMPLE:nightly"}}`
	for agent, want := range map[string]resource.CreatorKind{
		"aws-sdk-go/1.44 exec-env/AWS_Lambda_go1.x": resource.RoleCreator, "aws-cli/2.15.0": resource.PersonCreator,
	} {
		r, err := creation.Parse(fmt.Appendf(nil, record, agent))
		if err != nil {
			t.Fatal(err)
		}
		if by := r.CreatedBy(); by.Kind != want {
			t.Errorf("%s: %+v", agent, by)
		}
	}
}

// CDK and SAM create stacks by a change set, which others use for updates.
func TestAChangeSetCreatesAStackWhereItSaysSo(t *testing.T) {
	const answer = `{"id":"arn:aws:cloudformation:eu-central-1:011122223333:changeSet/c/1","stackId":"arn:aws:cloudformation:eu-central-1:011122223333:stack/web/2"}`
	c, ignored := record(t, "cloudformation:CreateChangeSet", `{"changeSetType":"CREATE"}`, answer).Creation()
	if ignored != nil || len(c.Made) != 1 || c.Made[0].Ref.ID != "web/2" {
		t.Errorf("%+v, %v", c, ignored)
	}
	if _, ignored := record(t, "cloudformation:CreateChangeSet", `{"changeSetType":"UPDATE"}`, answer).Creation(); ignored == nil || ignored.Why != creation.Updated {
		t.Errorf("an update: %+v", ignored)
	}
}

func TestAnARNKnowsTheRegionBest(t *testing.T) {
	for name, tt := range map[string]struct{ arn, want string }{
		"a replica elsewhere":         {"arn:aws:kms:us-west-2:011122223333:key/1", "us-west-2"},
		"one without a region":        {"arn:aws:kms::011122223333:key/1", "eu-central-1"},
		"one that would break others": {"arn:aws:kms:us west/2:011122223333:key/1", "eu-central-1"},
	} {
		c, ignored := record(t, "kms:ReplicateKey", `{}`, fmt.Sprintf(`{"replicaKeyMetadata":{"arn":%q}}`, tt.arn)).Creation()
		if ignored != nil || c.Made[0].Ref.Region != tt.want || c.Made[0].Ref.ARN != tt.arn {
			t.Errorf("%s: %+v, %v", name, c.Made, ignored)
		}
	}
}
