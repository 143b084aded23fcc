package notify

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/resource"
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

// Event is one event for a bus of EventBridge.
type Event struct {
	Source string // whose it is
	Kind   string // its detail-type
	Time   time.Time
	// Resources are the ARNs that it is about.
	Resources []string
	Detail    string // a JSON object
}

// size is how much of a call the event takes ("Calculating PutEvents event
// entry size" in the EventBridge user guide).
func (e *Event) size() int {
	n := 14 + len(e.Source) + len(e.Kind) + len(e.Detail)
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// Bus puts events on a bus of EventBridge, given by its name in the region of
// the AWS configuration, or by its ARN: at most 10 at once, and 256 KB. Where
// the call succeeds, failed has for each event, in order, nil or why it was not
// taken. Errors are or wrap *fault.Error.
type Bus interface {
	PutEvents(ctx context.Context, bus string, es []Event) (failed []error, err error)
}

// The verdicts that AWS Config takes. It computes INSUFFICIENT_DATA itself and
// takes it from nobody ("Evaluation", AWS Config API reference): of what is
// unknown it is told nothing.
const (
	Compliant     = "COMPLIANT"
	NonCompliant  = "NON_COMPLIANT"
	NotApplicable = "NOT_APPLICABLE"
)

// Question is what a rule of AWS Config asks.
type Question struct {
	Region string // where the rule is; "": that of the AWS configuration
	Token  string // the answer is given with it; a secret
	// Test has the answer checked and not kept.
	Test bool
}

// Compliance is what a rule of AWS Config is told of one resource.
type Compliance struct {
	Ref resource.Ref
	// Type and ID are AWS Config's own names for the resource, both "" where they
	// are to be found for Ref.
	Type, ID string
	Verdict  string
	Note     string    // why, at most 256 characters; may be ""
	At       time.Time // of what AWS Config asked about
}

// Auditor answers a rule of AWS Config, of at most 100 resources at once. Where
// the call succeeds, failed has for each, in order, nil or why it was not taken.
// Errors are or wrap *fault.Error, and have no token in them.
type Auditor interface {
	PutEvaluations(ctx context.Context, q Question, cs []Compliance) (failed []error, err error)
}
