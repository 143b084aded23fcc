package aws

import (
	"context"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/notify"
)

var callPutEvents = need.Call{Service: "events", Operation: "PutEvents"}

var _ notify.Bus = (*Session)(nil)

// eventsAPI is EventBridge in one region.
type eventsAPI struct {
	at  site
	put func(context.Context, *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error)
}

// events returns EventBridge in a region. Events that may have been taken are
// not put there again: to do so is for the caller to decide.
func (s *Session) events(region string) (*eventsAPI, error) {
	return s.services.events.get(callPutEvents, region, func() *eventsAPI {
		c := eventbridge.NewFromConfig(s.cfg, func(o *eventbridge.Options) {
			o.Region, o.Retryer = region, newSendRetryer()
			o.APIOptions = append(o.APIOptions, s.bound)
		})
		at := newSite(region, awssdk.ToString(c.Options().BaseEndpoint))
		return &eventsAPI{at: at, put: calling(at, callPutEvents, c.PutEvents)}
	})
}

// PutEvents puts events on a bus. One that EventBridge did not take has its
// error at its place in failed.
func (s *Session) PutEvents(ctx context.Context, bus string, es []notify.Event) (failed []error, err error) {
	api, err := s.events(regionOf(bus, s.Region()))
	if err != nil {
		return nil, err
	}
	in := &eventbridge.PutEventsInput{Entries: make([]ebtypes.PutEventsRequestEntry, len(es))}
	for i, e := range es {
		in.Entries[i] = ebtypes.PutEventsRequestEntry{
			EventBusName: &bus, Source: &e.Source, DetailType: &e.Kind, Detail: &e.Detail, Resources: e.Resources, Time: &e.Time,
		}
	}
	out, err := api.put(ctx, in)
	if err != nil {
		return nil, err
	}
	failed = make([]error, len(es))
	if out.FailedEntryCount == 0 {
		return failed, nil
	}
	for i := range es {
		if i >= len(out.Entries) {
			failed[i] = api.untaken("", "EventBridge did not say whether it took the event")
		} else if r := out.Entries[i]; r.ErrorCode != nil {
			failed[i] = api.untaken(*r.ErrorCode, awssdk.ToString(r.ErrorMessage))
		}
	}
	return failed, nil
}

// untaken is the error of one event in a call that succeeded.
func (a *eventsAPI) untaken(code, message string) error {
	v := judgeCode(code, 0)
	return &fault.Error{Class: v.class, Call: callPutEvents.String(), Region: a.at.region, Code: code, Message: oneLine(message),
		Hint: a.at.advise(callPutEvents, v, nil)}
}
