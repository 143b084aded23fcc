package trigger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tagwarden/tagwarden/internal/loose"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// MaxSettled is how long what SettledInput writes may be, in bytes: what every queue
// takes ("Amazon SQS message quotas": 256 KiB was the limit before it became
// 1 MiB, and a queue can be set to it still).
const MaxSettled = 256 << 10

// SettledInput writes what is to be delivered at due, so that an event is judged
// again by these policies. It holds the event itself, from which its resources
// and who made them are read again; refs take its place where it is too large or
// must not be sent on. id is the same for the same event and policies, however
// often the event is delivered.
func SettledInput(r *Request, due time.Time, policies []string, refs []resource.Ref) (id string, body []byte, err error) {
	if r.Cause == Settled {
		return r.ID, r.Raw, nil
	}
	e := ownEvent{Tagwarden: ownSettled, ID: settledID(r, policies, refs), Due: due.UTC().Format(time.RFC3339), Policies: policies, Event: r.Raw}
	if r.Raw != nil {
		if body, err = encode(e); err != nil || len(body) <= MaxSettled {
			return e.ID, body, err
		}
	}
	e.Event, e.Account, e.Region, e.Name, e.Source, e.Refs = nil, r.Account, r.Region, r.Name, r.Source, refs
	if !r.Time.IsZero() {
		e.Time = r.Time.UTC().Format(time.RFC3339)
	}
	if body, err = encode(e); err == nil && len(body) > MaxSettled {
		err = fmt.Errorf("%d resources take %d bytes, where a queue takes %d", len(refs), len(body), MaxSettled)
	}
	return e.ID, body, err
}

// settledID names a judgement that waits: 32 hexadecimal digits.
func settledID(r *Request, policies []string, refs []resource.Ref) string {
	h := sha256.New()
	field := func(s string) { fmt.Fprintf(h, "%d:%s,", len(s), s) }
	field(string(r.Cause))
	field(r.ID)
	if r.ID == "" {
		field(string(r.Raw))
		for _, ref := range refs {
			field(ref.Account + "/" + ref.Region + "/" + string(ref.Type) + "/" + ref.ID)
		}
	}
	for _, p := range policies {
		field(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// encode writes JSON in ASCII, without < and >: queues refuse some characters,
// and EventBridge Scheduler fills in what it finds between angle brackets.
func encode(e ownEvent) ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("writing what is to settle: %w", err)
	}
	if !slices.ContainsFunc(text, func(b byte) bool { return b >= 0x7f }) {
		return text, nil
	}
	var b bytes.Buffer
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		switch hi, lo := utf16.EncodeRune(r); {
		case r < 0x7f:
			b.WriteByte(byte(r))
		case hi != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes(), nil
}

// settled reads what SettledInput wrote. Whoever can write to the queue can write
// this too: it is believed no more than the event in it would be by itself.
func settled(v loose.Value, e *ownEvent, depth int) Message {
	r := &Request{Cause: Settled, ID: e.ID, Time: timeOf(v.Field("time")), Account: e.Account, Region: e.Region, Name: e.Name, Source: e.Source, Refs: e.Refs, Policies: e.Policies, Due: timeOf(v.Field("due")), Raw: v.Raw()}
	switch {
	case len(r.Policies) == 0:
		return malformed("what has settled names no policy")
	case len(e.Event) == 0 && (len(r.Refs) == 0 || slices.ContainsFunc(r.Refs, func(ref resource.Ref) bool { return ref.ID == "" || ref.Type == "" })):
		return malformed("what has settled names no resource")
	case len(e.Event) == 0:
		return Message{Request: r}
	case depth > maxWraps:
		return malformed("it is wrapped more than %d times", maxWraps)
	}
	m := message(v.Field("event"), depth+1)
	switch {
	case m.Err != nil:
		return Message{Err: fmt.Errorf("reading what has settled: %w", m.Err)}
	case m.Request == nil:
		return Message{Ignored: m.Ignored}
	case m.Request.Cause == Settled || m.Request.Cause == Schedule:
		return malformed("what has settled is no event that settles")
	}
	r.Of, r.Refs = m.Request, m.Request.Refs
	r.ID = settledID(m.Request, r.Policies, r.Refs)
	r.Time, r.Account, r.Region = m.Request.Time, m.Request.Account, m.Request.Region
	r.Name, r.Source = m.Request.Name, m.Request.Source
	return Message{Request: r}
}
