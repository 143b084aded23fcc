package notify

import (
	"context"
	"slices"
	"strings"
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
	p := Publication{Topic: c.Topic, Region: c.Region, Subject: topicSubject(d.Subject)}
	if p.Message = ownWords(d); p.Message == "" {
		p.Message = fit(n.writer(d, elsewhere), maxTopicRows, renderText, func(s string) bool { return len(s) <= maxTopicMessage })
	}
	return p
}

// ownWords are the steps' own texts where they leave nothing of the digest out:
// a topic may lead to a telephone or to a program, which want just that. They
// are "" where something is still to come, failed, was not read or is not named.
func ownWords(d *view.Digest) string {
	if len(d.Unread) > 0 {
		return ""
	}
	var texts []string
	for i := range d.Sections {
		s := &d.Sections[i]
		if s.Text == "" || len(s.Text) > maxText || len(s.Notes) > 0 || s.Mode != policy.Enforce || s.Counts.Failed > 0 {
			return ""
		}
		unsaid := func(i view.Item) bool { return len(i.Next) > 0 || !strings.Contains(s.Text, i.Resource.ID) }
		if slices.ContainsFunc(s.Items, unsaid) {
			return ""
		}
		texts = append(texts, lines(s.Text)...)
	}
	return strings.Join(texts, "\n")
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
