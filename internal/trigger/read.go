package trigger

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/loose"
)

// maxWraps is how many envelopes may lie around an event: a message of a queue
// that holds a notification of a topic that holds an event is two.
const maxWraps = 4

// MaxSize is the largest delivery that is read, in bytes: a function is invoked
// with 6 MB at most ("Lambda quotas"), which a batch of a queue can come near.
const MaxSize = 6 << 20

// MaxEvents is how many events a delivery may hold: a queue gives a function
// 10,000 messages at most ("Amazon SQS event source mapping").
const MaxEvents = 10_000

// Read reads a delivery. Its error, which wraps ErrMalformed, says that nothing
// in it can be read; a message that cannot be read among others has an error of
// its own.
func Read(payload []byte) (Batch, error) {
	v, err := loose.ParseWithin(payload, MaxSize)
	if err != nil {
		return Batch{}, fmt.Errorf("reading an event: %w: %w", ErrMalformed, err)
	}
	if !v.IsObject() {
		return Batch{}, fmt.Errorf("reading an event: %w: it is no JSON object", ErrMalformed)
	}
	if records := v.Field("Records"); records.IsList() {
		return batch(records)
	}
	if events := v.Field("Events"); events.IsList() {
		return batch(events)
	}
	m := message(v, 0)
	if m.Err != nil {
		return Batch{}, m.Err
	}
	return Batch{Messages: []Message{m}}, nil
}

// batch reads the records of SQS, of SNS, and those of a file of CloudTrail or
// of its LookupEvents.
func batch(records loose.Value) (Batch, error) {
	b := Batch{Messages: []Message{}}
	for r := range records.Items() {
		if len(b.Messages) == MaxEvents {
			return Batch{}, fmt.Errorf("reading an event: %w: it holds more than %d events", ErrMalformed, MaxEvents)
		}
		if r.Field("eventSource").Text() == "aws:sqs" {
			b.Queue = true
			m := wrapped(r.Field("body"), 0)
			m.ID = r.Field("messageId").Text()
			b.Messages = append(b.Messages, m)
			continue
		}
		b.Messages = append(b.Messages, message(r, 0))
	}
	return b, nil
}

// wrapped reads the JSON in a string.
func wrapped(text loose.Value, depth int) Message {
	if depth > maxWraps {
		return malformed("it is wrapped more than %d times", maxWraps)
	}
	if !text.IsText() {
		return malformed("a message without text")
	}
	v, err := loose.Parse([]byte(text.Text()))
	if err != nil {
		return Message{Err: fmt.Errorf("reading an event: %w: %w", ErrMalformed, err)}
	}
	return message(v, depth+1)
}

// message reads one event in whatever it comes in.
func message(v loose.Value, depth int) Message {
	switch {
	case !v.IsObject():
		return malformed("it is no JSON object")
	case v.Field("Sns").IsObject():
		return wrapped(v.Field("Sns").Field("Message"), depth)
	case v.Field("Type").Is("Notification") && v.Field("TopicArn").Exists():
		return wrapped(v.Field("Message"), depth)
	case v.Field("TopicArn").Exists() && (v.Field("Type").Is("SubscriptionConfirmation") || v.Field("Type").Is("UnsubscribeConfirmation")):
		return Message{Ignored: fmt.Sprintf("messages of the type %q from SNS wake nothing", v.Field("Type").Text())}
	case v.Field("CloudTrailEvent").IsText():
		return wrapped(v.Field("CloudTrailEvent"), depth)
	case v.Field("detail-type").Exists():
		return enveloped(v)
	case v.Field("invokingEvent").Exists():
		return evaluation(v)
	case v.Field("tagwarden").Exists():
		return own(v, depth)
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
		return Message{Ignored: fmt.Sprintf("events of the kind %q wake nothing", kind)}
	}
	r, ignored, err := parse(e)
	if err != nil {
		return Message{Err: fmt.Errorf("reading an event of the kind %q: %w", kind, err)}
	}
	if ignored != "" {
		return Message{Ignored: ignored}
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
