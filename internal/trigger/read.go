package trigger

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/loose"
)

// message reads one event.
func message(v loose.Value, depth int) Message {
	switch {
	case !v.IsObject():
		return malformed("it is no JSON object")
	case v.Field("TopicArn").Exists() && (v.Field("Type").Is("SubscriptionConfirmation") || v.Field("Type").Is("UnsubscribeConfirmation")):
		return Message{Ignored: fmt.Sprintf("messages of the type %.100q from SNS wake nothing", v.Field("Type").Text())}
	case v.Field("detail-type").Exists():
		return enveloped(v)
	case v.Field("invokingEvent").Exists():
		return evaluation(v)
	case v.Field("messageType").IsText():
		return told(v)
	case v.Field("tagwarden").Exists():
		return own(v, depth)
	case strings.HasPrefix(v.Field("eventSource").Text(), "aws:"):
		return Message{Ignored: fmt.Sprintf("events of %.100q wake nothing", v.Field("eventSource").Text())}
	case v.Field("eventSource").Exists() && v.Field("eventName").Exists():
		return bare(v)
	default:
		return malformed("it is neither an event of EventBridge nor one of SQS, SNS or AWS Config, nor a record of CloudTrail")
	}
}

// enveloped reads an event of EventBridge.
func enveloped(v loose.Value) Message {
	e := envelope{
		ID: v.Field("id").Text(), Source: v.Field("source").Text(), Account: v.Field("account").Text(),
		Region: v.Field("region").Text(), Time: timeOf(v.Field("time")), Detail: v.Field("detail"),
	}
	for arn := range v.Field("resources").Items() {
		e.ARNs = append(e.ARNs, arn.Text())
	}
	kind := v.Field("detail-type").Text()
	if kind == "" {
		return malformed("its detail-type is no text")
	}
	parse, ok := parsers[kind]
	if !ok {
		return Message{Ignored: fmt.Sprintf("events of the kind %.100q wake nothing", kind)}
	}
	if !fromAWS(e.Source) && kind != OutcomeKind {
		return Message{Ignored: fmt.Sprintf("it is called %.100q, but is from %.100q", kind, e.Source)}
	}
	r, ignored, err := parse(e)
	if err != nil {
		return Message{Err: fmt.Errorf("reading an event of the kind %.100q: %w", kind, err)}
	}
	if ignored != "" {
		return Message{Ignored: ignored}
	}
	// EventBridge writes whose event it is, and nobody else can. Only tagwarden tells
	// of other accounts than its own.
	if r.Cause != Outcome && r.Account != "" && e.Account != "" && r.Account != e.Account {
		return Message{Ignored: fmt.Sprintf("it is an event of account %.100q, and says that it is about %.100q", e.Account, r.Account)}
	}
	r.ID, r.Account, r.Region = cmp.Or(r.ID, e.ID), cmp.Or(r.Account, e.Account), cmp.Or(r.Region, e.Region)
	if r.Time.IsZero() {
		r.Time = e.Time
	}
	if r.Name == "" && r.Cause != Schedule {
		r.Name, r.Source = kind, e.Source
	}
	r.Raw = v.Raw()
	return Message{Request: r}
}

// fromAWS says whether a service of AWS sent an event: others can put events on a
// bus, but under no such name ("PutEvents"), except partners. What EventBridge
// delivers has a source; without one it is somebody's own file.
func fromAWS(source string) bool {
	return source == "" || strings.HasPrefix(source, "aws.") && !strings.HasPrefix(source, "aws.partner/")
}

// bare reads a record of CloudTrail that nothing is wrapped around.
func bare(v loose.Value) Message {
	r, ignored, err := record(v)
	if err != nil {
		return Message{Err: fmt.Errorf("reading a record: %w", err)}
	}
	if ignored != "" {
		return Message{Ignored: ignored}
	}
	r.Raw = v.Raw()
	return Message{Request: r}
}

// record makes a request of a record of CloudTrail. The record keeps its own
// id, by which deliveries of it in different envelopes are known as one.
func record(v loose.Value) (*Request, string, error) {
	rec, err := creation.Parse(v.Raw())
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if max(len(rec.Name), len(rec.Source), len(rec.ErrorCode)) > maxName {
		return nil, "", fmt.Errorf("%w: its eventName, eventSource or errorCode is too long", ErrMalformed)
	}
	if v.Field("insightDetails").Exists() {
		return nil, "an insight of CloudTrail is about many calls, and is none of them", nil
	}
	if rec.ReadOnly {
		return nil, rec.Key.String() + " changes nothing", nil
	}
	return &Request{Cause: Call, ID: rec.EventID, Time: rec.Time, Account: rec.Account, Region: rec.Region, Record: rec,
		Name: rec.Name, Source: "aws." + strings.TrimSuffix(rec.Source, ".amazonaws.com")}, "", nil
}

func malformed(format string, args ...any) Message {
	return Message{Err: fmt.Errorf("reading an event: %w: %s", ErrMalformed, fmt.Sprintf(format, args...))}
}
