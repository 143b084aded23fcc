package mototest

import (
	"encoding/json"
	"net/http"
	"testing"
)

// VerifyIdentity makes SES accept mail from an address or a domain.
func (a *Account) VerifyIdentity(t testing.TB, identity string) {
	t.Helper()
	a.json(t, "ses", "/v2/email/identities", "", map[string]string{"EmailIdentity": identity}, nil)
}

// Topic is an SNS topic whose messages are kept in a queue.
type Topic struct {
	ARN string

	account *Account
	queue   string
}

// Topic makes a topic, and a queue that is subscribed to it.
func (a *Account) Topic(t testing.TB, name string) *Topic {
	t.Helper()
	var topic struct {
		ARN string `xml:"CreateTopicResult>TopicArn"`
	}
	a.query(t, "sns", "2010-03-31", &topic, "CreateTopic", "Name", name)
	var queue struct{ QueueURL string }
	a.json(t, "sqs", "/", "AmazonSQS.CreateQueue", map[string]string{"QueueName": name}, &queue)
	a.query(t, "sns", "2010-03-31", nil, "Subscribe", "TopicArn", topic.ARN, "Protocol", "sqs",
		"Endpoint", "arn:aws:sqs:"+a.Region+":"+a.ID+":"+name)
	return &Topic{ARN: topic.ARN, account: a, queue: queue.QueueURL}
}

// Message is what a subscriber of a topic gets.
type Message struct {
	ID      string `json:"MessageId"`
	Topic   string `json:"TopicArn"`
	Subject string
	Message string
}

// Received returns what was published since it was last asked, at most ten
// messages, in no particular order.
func (q *Topic) Received(t testing.TB) []Message {
	t.Helper()
	var out struct{ Messages []struct{ Body string } }
	q.account.json(t, "sqs", "/", "AmazonSQS.ReceiveMessage",
		map[string]any{"QueueUrl": q.queue, "MaxNumberOfMessages": 10}, &out)
	var got []Message
	for _, m := range out.Messages {
		var msg Message
		if err := json.Unmarshal([]byte(m.Body), &msg); err != nil {
			t.Fatalf("reading a message: %v\n%s", err, m.Body)
		}
		got = append(got, msg)
	}
	return got
}

// Mail is a mail that SES has accepted.
type Mail struct {
	ID, From    string
	To, CC, BCC []string
	Subject     string
	Body        string // the HTML where there was any, else the text
}

// SentMail returns the mails with this sender, oldest first. moto does not say
// from which account they were sent: on a shared server use a sender for each
// test.
func (s *Server) SentMail(t testing.TB, from string) []Mail {
	t.Helper()
	var data struct {
		SES struct {
			Message []struct {
				ID, Source, Subject, Body string
				Destinations              struct{ ToAddresses, CcAddresses, BccAddresses []string }
			}
		}
	}
	all := s.send(t, http.MethodGet, s.URL+"/moto-api/data.json", nil, nil)
	if err := json.Unmarshal(all, &data); err != nil {
		t.Fatalf("reading what moto has kept: %v", err)
	}
	var sent []Mail
	for _, m := range data.SES.Message {
		if m.Source == from {
			d := m.Destinations
			sent = append(sent, Mail{m.ID, m.Source, d.ToAddresses, d.CcAddresses, d.BccAddresses, m.Subject, m.Body})
		}
	}
	return sent
}
