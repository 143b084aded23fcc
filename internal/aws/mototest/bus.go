package mototest

import (
	"encoding/json"
	"testing"
)

// Bus is a bus of EventBridge whose events are kept in a queue.
type Bus struct {
	Name string

	account *Account
	queue   string
}

// Bus takes a bus of the account, and a queue that gets what a pattern matches.
// One of another name than default is made.
func (a *Account) Bus(t testing.TB, name, pattern string) *Bus {
	t.Helper()
	if name != "default" {
		a.json(t, "events", "/", "AWSEvents.CreateEventBus", map[string]string{"Name": name}, nil)
	}
	var queue struct{ QueueURL string }
	a.json(t, "sqs", "/", "AmazonSQS.CreateQueue", map[string]string{"QueueName": "bus-" + name}, &queue)
	a.json(t, "events", "/", "AWSEvents.PutRule", map[string]string{"Name": "all", "EventBusName": name, "EventPattern": pattern}, nil)
	a.json(t, "events", "/", "AWSEvents.PutTargets", map[string]any{"Rule": "all", "EventBusName": name,
		"Targets": []map[string]string{{"Id": "queue", "Arn": "arn:aws:sqs:" + a.Region + ":" + a.ID + ":bus-" + name}}}, nil)
	return &Bus{Name: name, account: a, queue: queue.QueueURL}
}

// Delivered are the events that came since it was last asked, at most ten, as
// EventBridge hands them out, in no particular order.
func (b *Bus) Delivered(t testing.TB) []json.RawMessage {
	t.Helper()
	var out struct{ Messages []struct{ Body string } }
	b.account.json(t, "sqs", "/", "AmazonSQS.ReceiveMessage", map[string]any{"QueueUrl": b.queue, "MaxNumberOfMessages": 10}, &out)
	var got []json.RawMessage
	for _, m := range out.Messages {
		got = append(got, json.RawMessage(m.Body))
	}
	return got
}
