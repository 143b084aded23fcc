package trigger

import (
	"fmt"

	"github.com/tagwarden/tagwarden/internal/loose"
)

// maxWraps is how many envelopes and lists may lie around an event: a batch of a
// queue, a message of it, a notification of a topic in that, what LookupEvents
// found in that, and a record as text in that are five.
const maxWraps = 5

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
	r := reader{left: MaxEvents}
	b := Batch{Messages: r.read(v, 0), Queue: r.queue}
	if r.left < 0 {
		return Batch{}, fmt.Errorf("reading an event: %w: it holds more than %d events", ErrMalformed, MaxEvents)
	}
	if _, several := listIn(v); !several && len(b.Messages) == 1 && b.Messages[0].Err != nil {
		return Batch{}, b.Messages[0].Err
	}
	return b, nil
}

// reader reads one delivery.
type reader struct {
	left  int  // how many events more it may hold
	queue bool // it is a batch of a queue
}

// read reads what may be one event or several, in whatever they come in.
func (r *reader) read(v loose.Value, depth int) []Message {
	if list, several := listIn(v); several && depth <= maxWraps {
		all := []Message{}
		for e := range list.Items() {
			if all = append(all, r.element(e, depth)...); r.left < 0 {
				break
			}
		}
		return all
	}
	if text, is := textIn(v); is {
		return r.wrapped(text, depth)
	}
	r.left--
	m := message(v, depth)
	if m.Request != nil {
		if what := m.Request.long(); what != "" {
			m = malformed("its %s is too long", what)
		}
	}
	return []Message{m}
}

// element reads one of a list: a message of a queue, which has an id that all
// events in it share, or what is read by itself as well.
func (r *reader) element(v loose.Value, depth int) []Message {
	if v.Field("eventSource").Text() != "aws:sqs" {
		return r.read(v, depth+1)
	}
	r.queue = r.queue || depth == 0
	all := r.wrapped(v.Field("body"), depth+1)
	for i := range all {
		all[i].ID = v.Field("messageId").Text()
	}
	return all
}

// wrapped reads the JSON in a string.
func (r *reader) wrapped(text loose.Value, depth int) []Message {
	one := func(m Message) []Message { r.left--; return []Message{m} }
	if depth > maxWraps {
		return one(malformed("it is wrapped more than %d times", maxWraps))
	}
	if !text.IsText() {
		return one(malformed("a message without text"))
	}
	v, err := loose.Parse([]byte(text.Text()))
	if err != nil {
		return one(Message{Err: fmt.Errorf("reading an event: %w: %w", ErrMalformed, err)})
	}
	return r.read(v, depth+1)
}

// listIn is the list in a batch of SQS or SNS, in a file of CloudTrail, or in
// what its LookupEvents found.
func listIn(v loose.Value) (loose.Value, bool) {
	for _, name := range []string{"Records", "Events"} {
		if list := v.Field(name); list.IsList() {
			return list, true
		}
	}
	return loose.Value{}, false
}

// textIn is the text in which an event lies, of a notification of SNS or of what
// LookupEvents found.
func textIn(v loose.Value) (loose.Value, bool) {
	switch {
	case v.Field("Sns").IsObject():
		return v.Field("Sns").Field("Message"), true
	case v.Field("Type").Is("Notification") && v.Field("TopicArn").Exists():
		return v.Field("Message"), true
	case v.Field("CloudTrailEvent").IsText():
		return v.Field("CloudTrailEvent"), true
	}
	return loose.Value{}, false
}
