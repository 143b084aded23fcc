package aws

import (
	"cmp"
	"context"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var callPutEvaluations = need.Call{Service: "config", Operation: "PutEvaluations"}

var _ notify.Auditor = (*Session)(nil)

// auditAPI is what AWS Config is answered with, in one region.
type auditAPI struct {
	at  site
	put func(context.Context, *configservice.PutEvaluationsInput) (*configservice.PutEvaluationsOutput, error)
}

func (s *Session) audit(region string) (*auditAPI, error) {
	return s.services.audits.get(callPutEvaluations, region, func() *auditAPI {
		c := configservice.NewFromConfig(s.cfg, func(o *configservice.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &auditAPI{at: at, put: calling(at, callPutEvaluations, c.PutEvaluations)}
	})
}

// auditTypes are AWS Config's names of the types whose resources it calls by the
// ids that tagwarden calls them by ("Supported resource types for AWS Config").
// It calls databases and their clusters by ids of RDS's own, and records neither
// images nor snapshots.
var auditTypes = map[resource.Type]string{
	resource.EC2Instance:         "AWS::EC2::Instance",
	resource.EC2Volume:           "AWS::EC2::Volume",
	resource.EC2NetworkInterface: "AWS::EC2::NetworkInterface",
	resource.EC2SecurityGroup:    "AWS::EC2::SecurityGroup",
	resource.EC2NetworkACL:       "AWS::EC2::NetworkAcl",
	resource.EC2ElasticIP:        "AWS::EC2::EIP",
	resource.EC2VPC:              "AWS::EC2::VPC",
	resource.EC2Subnet:           "AWS::EC2::Subnet",
	resource.S3Bucket:            "AWS::S3::Bucket",
	resource.LambdaFunction:      "AWS::Lambda::Function",
	resource.DynamoDBTable:       "AWS::DynamoDB::Table",
}

// PutEvaluations answers a rule of AWS Config. What AWS Config has no name for
// fails as unsupported, and is left out of the call.
func (s *Session) PutEvaluations(ctx context.Context, q notify.Question, cs []notify.Compliance) (failed []error, err error) {
	region := cmp.Or(q.Region, s.Region())
	api, err := s.audit(region)
	if err != nil {
		return nil, err
	}
	failed = make([]error, len(cs))
	in := &configservice.PutEvaluationsInput{ResultToken: &q.Token, TestMode: q.Test}
	for i, c := range cs {
		t, id := c.Type, c.ID
		if t == "" {
			t, id = auditTypes[c.Ref.Type], c.Ref.ID
		}
		if t == "" {
			failed[i] = &fault.Error{Class: fault.Unsupported, Call: callPutEvaluations.String(), Region: region,
				Message: fmt.Sprintf("it is not known what AWS Config calls resources of the type %s", c.Ref.Type)}
			continue
		}
		in.Evaluations = append(in.Evaluations, configtypes.Evaluation{
			ComplianceResourceType: &t, ComplianceResourceId: &id, ComplianceType: configtypes.ComplianceType(c.Verdict),
			Annotation: given(c.Note), OrderingTimestamp: &c.At,
		})
	}
	if len(in.Evaluations) == 0 {
		return failed, nil
	}
	out, err := api.put(ctx, in)
	if err != nil {
		return nil, discreet(err, map[string][]string{"": {q.Token}})
	}
	sent := 0
	for i := range cs {
		if failed[i] == nil {
			failed[i] = api.untaken(in.Evaluations[sent], out.FailedEvaluations)
			sent++
		}
	}
	return failed, nil
}

// untaken is the error of an evaluation that is among those which AWS Config
// did not take, nil for others. AWS Config does not say why.
func (a *auditAPI) untaken(e configtypes.Evaluation, failed []configtypes.Evaluation) error {
	for _, f := range failed {
		if awssdk.ToString(f.ComplianceResourceType) == *e.ComplianceResourceType && awssdk.ToString(f.ComplianceResourceId) == *e.ComplianceResourceId {
			return &fault.Error{Class: fault.Passing, Call: callPutEvaluations.String(), Region: a.at.region, Message: "AWS Config did not take the evaluation of " + *e.ComplianceResourceId}
		}
	}
	return nil
}
