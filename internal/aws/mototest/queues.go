package mototest

import (
	"fmt"
	"testing"
)

// Queue makes a queue and, with most above 0, a queue for what was delivered
// that often in vain. It returns its URL and ARN.
func (a *Account) Queue(t testing.TB, name string, most int) (url, arn string) {
	t.Helper()
	attributes := map[string]string{}
	if most > 0 {
		_, dead := a.Queue(t, name+"-dead", 0)
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, dead, most)
	}
	var out struct{ QueueURL string }
	a.json(t, "sqs", "/", "AmazonSQS.CreateQueue", map[string]any{"QueueName": name, "Attributes": attributes}, &out)
	return out.QueueURL, "arn:aws:sqs:" + a.Region + ":" + a.ID + ":" + name
}

// Send puts a message into a queue.
func (a *Account) Send(t testing.TB, url, body string) {
	t.Helper()
	a.json(t, "sqs", "/", "AmazonSQS.SendMessage", map[string]any{"QueueUrl": url, "MessageBody": body}, nil)
}
