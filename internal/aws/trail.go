package aws

import (
	"context"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/tagwarden/tagwarden/internal/creators"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/resource"
)

var callLookupEvents = need.Call{Service: "cloudtrail", Operation: "LookupEvents"}

// eventPage is the most that LookupEvents gives at once.
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
const eventPage = 50

// trailAPI is CloudTrail in one region.
type trailAPI struct {
	lookupEvents func(context.Context, *cloudtrail.LookupEventsInput) (*cloudtrail.LookupEventsOutput, error)
}

// cloudtrail returns CloudTrail in a region.
func (s *Session) cloudtrail(region string) (*trailAPI, error) {
	return s.trails.get(callLookupEvents, region, func() *trailAPI {
		c := cloudtrail.NewFromConfig(s.cfg, func(o *cloudtrail.Options) {
			o.Region = region
			o.APIOptions = append(o.APIOptions, s.limits.install("cloudtrail"), s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &trailAPI{lookupEvents: calling(at, callLookupEvents, c.LookupEvents)}
	})
}

// Trail reads an account's event history. It is a creators.Trail.
type Trail struct{ s *Session }

var _ creators.Trail = (*Trail)(nil)

// Trail returns the event history.
func (s *Session) Trail() *Trail { return &Trail{s} }

// Lookup hands over events, 50 a page. LookupEvents takes one attribute, and
// times of which both are in it.
func (t *Trail) Lookup(ctx context.Context, at resource.Place, event string, from, to time.Time, page func([]creators.Event) error) error {
	api, err := t.s.cloudtrail(at.Region)
	if err != nil {
		return err
	}
	to = to.Add(-time.Second)
	if to.Before(from) {
		return nil
	}
	return eachPage(callLookupEvents, at.Region, func(token *string) (*string, error) {
		out, err := api.lookupEvents(ctx, &cloudtrail.LookupEventsInput{
			LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyEventName, AttributeValue: &event}},
			StartTime:        &from, EndTime: &to, MaxResults: awssdk.Int32(eventPage), NextToken: token,
		})
		if err != nil {
			return nil, err
		}
		es := make([]creators.Event, len(out.Events))
		for i := range out.Events {
			e := &out.Events[i]
			es[i] = creators.Event{Time: utc(e.EventTime), Record: []byte(awssdk.ToString(e.CloudTrailEvent))}
		}
		return out.NextToken, page(es)
	})
}
