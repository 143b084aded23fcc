package doctor

import (
	"context"
	"time"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/resource"
)

// Account is what is asked. Nothing in it changes anything. Errors are or wrap
// a *fault.Error; of what does not exist its class is fault.NotFound.
type Account interface {
	// Identify asks a region whose credentials these are.
	Identify(ctx context.Context, region string) (Identity, error)
	// Regions lists the regions that are enabled for the account, sorted.
	Regions(ctx context.Context) ([]string, error)
	// DryRun makes the call that a question is about, of something that does not
	// exist, and has AWS say only whether it may be made. The verdict is Open where
	// there is no such way to ask, or AWS did not come to say.
	DryRun(ctx context.Context, q Question) Answer
	// Simulate has IAM work out what the policies of a caller allow. All questions
	// have the same Resources and Context; the answers are in their order.
	Simulate(ctx context.Context, caller string, qs []Question) ([]Answer, error)
	// Trails are the trails that record what happens in a region.
	Trails(ctx context.Context, region string) ([]Trail, error)
	// Archived asks whether there are logs of the account and region in a bucket.
	Archived(ctx context.Context, bucket, prefix, region string, of resource.Place) error
	// Sender says whether mail can be sent from an identity: an address or a domain.
	Sender(ctx context.Context, region, identity string) (verified bool, err error)
	// Sending says what SES lets the account do in a region.
	Sending(ctx context.Context, region string) (Sending, error)
	// ConfigurationSet asks whether SES has a configuration set.
	ConfigurationSet(ctx context.Context, region, name string) error
	// Topic asks for a topic, in its own region where none is given.
	Topic(ctx context.Context, arn, region string) (Topic, error)
	// Ledger asks for the table of a ledger.
	Ledger(ctx context.Context, table, region string) (Ledger, error)
	// Describe asks for any other table.
	Describe(ctx context.Context, r document.Ref) (outside.Description, error)
	// Object asks for an object in S3.
	Object(ctx context.Context, r document.Ref) error
	// Bus asks for a bus of EventBridge, by its name or ARN.
	Bus(ctx context.Context, bus string) error
	// Inbox asks for a queue, by its URL.
	Inbox(ctx context.Context, url string) (queue.Manner, error)
}

// Identity is whose credentials these are.
type Identity struct {
	Account string // 12 digits
	ARN     string
	// Time is AWS's when it answered, to the second; zero where it did not tell.
	Time time.Time
}

// Question asks whether the caller has a permission.
type Question struct {
	Permission string // as IAM names it: ec2:StopInstances
	Region     string // where the call goes
	// Resources are ARNs without wildcards that it is to hold for; none: all.
	Resources []string
	// Context are the values of the keys of IAM's conditions.
	Context map[string][]string
}

// Verdict is whether somebody has a permission.
type Verdict string

// The verdicts.
const (
	Allowed Verdict = "allowed"
	Denied  Verdict = "denied"
	// Open is for what could not be asked.
	Open Verdict = "open"
)

// Answer is what AWS says to a question.
type Answer struct {
	Verdict Verdict
	// Why is AWS's reason for what is not allowed, in one line; it may be empty.
	Why string
}

// Trail is a trail of CloudTrail, seen from one region.
type Trail struct {
	ARN string
	// Logging says that it is on, and Changes that it records what is changed and
	// not only what is read.
	Logging, Changes bool
	// Err is why the two could not be read; nil where they were.
	Err error
}

// Sending is what SES lets an account do in a region.
type Sending struct {
	// Enabled says that it may send at all.
	Enabled bool
	// Sandbox says that it may send to verified recipients only.
	Sandbox bool
	// Sent and Most are mails in 24 hours; a negative Most is no limit.
	Sent, Most float64
}

// Topic is a topic of SNS.
type Topic struct {
	// Confirmed are the subscriptions that get what is published.
	Confirmed int
}

// Ledger is a table of a ledger. That it has other keys or indexes than a
// ledger's is an error of class fault.Invalid.
type Ledger struct {
	// Ready says that it can be used now.
	Ready bool
	// Forgets says that DynamoDB deletes what may be forgotten, and Err why that
	// could not be read.
	Forgets bool
	Err     error
}
