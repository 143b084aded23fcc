package notify

import (
	"context"

	"github.com/tagwarden/tagwarden/internal/tag"
)

// Mail is one message for a mail service. The adapter for SES v2 sends it as
// Simple content (subject, text, HTML, headers, attachments), never as raw
// MIME: SES then builds the MIME itself, and recipients in Bcc stay out of it.
type Mail struct {
	Region           string // of the SES endpoint; "": that of the AWS configuration
	From             string
	To, CC, BCC      []string
	ReplyTo          []string
	ReturnPath       string
	ConfigurationSet string
	// Tags are SES message tags: names and values of letters, digits, "_", "-".
	Tags        tag.Set
	Subject     string
	Text        string
	HTML        string
	Headers     map[string]string
	Attachments []Attachment
}

// Attachment is a file that goes with a mail.
type Attachment struct {
	Name        string
	ContentType string
	Data        []byte
}

// Mailer hands a mail to a mail service. It returns the service's message id
// once the service has accepted it; errors are or wrap *fault.Error.
type Mailer interface {
	SendMail(ctx context.Context, m Mail) (id string, err error)
}

// Publication is one message to an SNS topic.
type Publication struct {
	Topic   string // its ARN
	Region  string // "": that of the topic's ARN
	Subject string // under 100 characters of printable ASCII
	Message string // with the attributes at most 256 KiB
}

// Publisher publishes to a topic. It returns the message id once the service
// has accepted it; errors are or wrap *fault.Error.
type Publisher interface {
	Publish(ctx context.Context, p Publication) (id string, err error)
}
