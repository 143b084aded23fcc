package notify

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Limits of SNS ("Publish", API reference): a subject of under 100 characters
// of printable ASCII that begins with a letter, digit or punctuation mark, and
// a message of 256 KiB. Some room is left for what the topic adds.
const (
	maxTopicSubject = 99
	maxTopicMessage = 250 * 1024
	// maxTopicRows is more than fit: an item takes well over 100 bytes.
	maxTopicRows = 2500
)

func (n *Notifier) publish(ctx context.Context, c *policy.SNS, d *view.Digest) (string, error) {
	if n.t.Topics == nil {
		return "", invalid("sns:Publish", "there is no SNS to publish with")
	}
	p := n.publication(c, d)
	return n.retry(ctx, againAWS, func() (string, time.Duration, error) {
		id, err := n.t.Topics.Publish(ctx, p)
		return id, 0, err
	})
}

func (n *Notifier) publication(c *policy.SNS, d *view.Digest) Publication {
	return Publication{
		Topic: c.Topic, Region: c.Region, Subject: topicSubject(d.Subject),
		Message: fit(n.writer(d, elsewhere), maxTopicRows, renderText, func(s string) bool { return len(s) <= maxTopicMessage }),
	}
}

// topicSubject makes a subject that SNS takes of one of any origin.
func topicSubject(s string) string {
	s = ascii(s)
	if s == "" {
		return "tagwarden report"
	}
	if len(s) > maxTopicSubject {
		const dots = "..."
		s = s[:maxTopicSubject-len(dots)] + dots
	}
	return s
}
