package aws

import (
	"context"
	"encoding/json"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// The calls of AWS Config.
var (
	callRecorders = need.Call{Service: "config", Operation: "DescribeConfigurationRecorders"}
	callRecording = need.Call{Service: "config", Operation: "DescribeConfigurationRecorderStatus"}
	callRecorded  = need.Call{Service: "config", Operation: "SelectResourceConfig"}
)

const (
	// recordedPage is the most that SelectResourceConfig gives at once.
	recordedPage = 100
	// recordedQuery asks for what is there: an advanced query sees no resources
	// that were deleted ("Querying the current configuration state of AWS
	// resources" in the AWS Config developer guide).
	recordedQuery = "SELECT arn, accountId, awsRegion, resourceCreationTime, tags"
)

// configAPI is AWS Config in one region.
type configAPI struct {
	recorders func(context.Context, *configservice.DescribeConfigurationRecordersInput) (*configservice.DescribeConfigurationRecordersOutput, error)
	status    func(context.Context, *configservice.DescribeConfigurationRecorderStatusInput) (*configservice.DescribeConfigurationRecorderStatusOutput, error)
	query     func(context.Context, *configservice.SelectResourceConfigInput) (*configservice.SelectResourceConfigOutput, error)
}

// config returns AWS Config in a region.
func (s *Session) config(call need.Call, region string) (*configAPI, error) {
	return s.services.configs.get(call, region, func() *configAPI {
		c := configservice.NewFromConfig(s.cfg, func(o *configservice.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &configAPI{
			recorders: calling(at, callRecorders, c.DescribeConfigurationRecorders),
			status:    calling(at, callRecording, c.DescribeConfigurationRecorderStatus),
			query:     calling(at, callRecorded, c.SelectResourceConfig),
		}
	})
}

// listRecorded lists everything that AWS Config records in a region, or says why
// it cannot.
func (s *Session) listRecorded(ctx context.Context, at resource.Place, add func([]known) error) (*lack, error) {
	api, err := s.config(callRecorded, at.Region)
	if err != nil {
		return nil, err
	}
	all, err := api.recordsAll(ctx)
	if err != nil {
		return asWithout("AWS Config", err)
	}
	if !all {
		return &lack{why: "AWS Config does not record all types"}, nil
	}
	listed := false
	err = eachPage(callRecorded, at.Region, func(token *string) (*string, error) {
		out, err := api.query(ctx, &configservice.SelectResourceConfigInput{Expression: awssdk.String(recordedQuery), Limit: recordedPage, NextToken: token})
		if err != nil {
			return nil, err
		}
		listed = true
		var list []known
		for _, text := range out.Results {
			if k, ok := recordedFrom(text, at.Account); ok {
				list = append(list, k)
			}
		}
		return out.NextToken, add(list)
	})
	if err != nil && !listed {
		return asWithout("AWS Config", err)
	}
	return nil, err
}

// recordsAll says whether a recorder is on that records all types.
func (a *configAPI) recordsAll(ctx context.Context) (bool, error) {
	out, err := a.recorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	if err != nil {
		return false, err
	}
	all := map[string]bool{}
	for _, r := range out.ConfigurationRecorders {
		if g := r.RecordingGroup; g != nil && g.AllSupported {
			all[awssdk.ToString(r.Name)] = true
		}
	}
	if len(all) == 0 {
		return false, nil
	}
	status, err := a.status(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	if err != nil {
		return false, err
	}
	for _, r := range status.ConfigurationRecordersStatus {
		if r.Recording && all[awssdk.ToString(r.Name)] {
			return true, nil
		}
	}
	return false, nil
}

// recordedFrom reads one result of the query, which is JSON. It is false for
// what has no ARN, such as AWS Config's own notes of compliance.
func recordedFrom(text, account string) (known, bool) {
	var in struct {
		ARN     string `json:"arn"`
		Account string `json:"accountId"`
		Region  string `json:"awsRegion"`
		Created string `json:"resourceCreationTime"`
		Tags    []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"tags"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil || in.ARN == "" || in.Account != "" && in.Account != account {
		return known{}, false
	}
	k := known{arn: in.ARN, region: in.Region, tags: tag.Set{}}
	if t, err := time.Parse(time.RFC3339, in.Created); err == nil {
		k.created = t.UTC()
	}
	for _, t := range in.Tags {
		if t.Key == "" {
			k.unread = errNoKey
		}
		k.tags[t.Key] = t.Value
	}
	return k, true
}
