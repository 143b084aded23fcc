// Package trigger reads why tagwarden is woken: what EventBridge, EventBridge
// Scheduler, SQS, SNS and AWS Config deliver, turned into requests. It only
// reads. Whoever called it acknowledges what was done.
package trigger

import (
	"errors"
	"time"

	"github.com/tagwarden/tagwarden/internal/creation"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// ErrMalformed is wrapped by the error of what is no event, or lacks what its
// kind must have. It stays so however often it is delivered.
var ErrMalformed = errors.New("malformed event")

// Cause is what woke us.
type Cause string

// The causes.
const (
	// Call: an API call, in CloudTrail's record of it.
	Call Cause = "call"
	// State: an instance came into another state.
	State Cause = "state"
	// TagsChanged: the tags of a resource were changed.
	TagsChanged Cause = "tags_changed"
	// Config: AWS Config saw a change, or asks for an evaluation.
	Config Cause = "config"
	// Schedule: it is time.
	Schedule Cause = "schedule"
	// Outcome: tagwarden itself did something.
	Outcome Cause = "outcome"
	// Settled: the time that a policy gives late tags is over.
	Settled Cause = "settled"
)

// Request is why we wake and what it is about. Everything in it comes from
// outside and is to be escaped wherever it is shown.
type Request struct {
	Cause Cause
	// ID is the event's, the same for every delivery of it; "" where it has none.
	ID string
	// Time is when it happened, zero where the event does not say.
	Time time.Time
	// Name is what happened: the call as CloudTrail names it, RunInstances, or the
	// event's detail-type. Source is whose event it is, as EventBridge writes it:
	// aws.ec2. Both are "" for Schedule.
	Name, Source string
	Account      string
	Region       string
	// Refs are the resources that the event names. For Call they are what
	// Record.Creation says, and for Schedule there are none.
	Refs []resource.Ref
	// Record belongs to Call.
	Record *creation.Record
	// State belongs to State: running, stopped, …
	State string
	// Keys belong to TagsChanged: those that were added, changed or removed.
	Keys []string
	// Tags are what those of Keys are since that are still there; nil where the
	// event does not tell.
	Tags tag.Set
	// Policies belong to Schedule and Settled: those it is time for. None means
	// all.
	Policies []string
	// Done belongs to Outcome, and Sender: the account that published it, ""
	// where nobody says.
	Done   *Done
	Sender string
	// Evaluation belongs to Config where a rule asks for an evaluation.
	Evaluation *Evaluation
	// Due belongs to Settled: when the time is over. A queue cannot hold a message
	// back for longer than 15 minutes, so that it may come before.
	Due time.Time
	// Of belongs to Settled: the event that woke the policies, which tells more
	// than Refs; nil where it could not be sent along.
	Of *Request
	// Raw is the event as it came, and shares its memory; nil for what must not be
	// sent on, because it holds a secret.
	Raw []byte
}

// Subject is the event that a request is about: what has settled, or itself.
func (r *Request) Subject() *Request {
	if r.Of != nil {
		return r.Of
	}
	return r
}

// Sweeps says whether it asks for a look at everything, as a schedule does, and a
// rule of AWS Config that has one.
func (r *Request) Sweeps() bool {
	return r.Cause == Schedule || r.Evaluation != nil && !r.Evaluation.Left && len(r.Refs) == 0
}

// How long names may be, in bytes, several times what AWS gives out: they are
// repeated in logs and answers, and kept in the ledger.
const (
	maxName  = 256
	maxPlace = 64
)

// long is what of a request is too long to be an event's, "" for nothing.
func (r *Request) long() string {
	switch {
	case len(r.ID) > maxName:
		return "id"
	case len(r.Name) > maxName || len(r.Source) > maxName:
		return "name"
	case max(len(r.Account), len(r.Region), len(r.Sender)) > maxPlace:
		return "account or region"
	default:
		return ""
	}
}

// Done is what tagwarden did, in an event of its own.
type Done struct {
	Name   string // of the settings that have the policy, "" where it does not say
	Policy string
	Action string
	State  string // done, failed, held
	Run    string
}

// Evaluation is what a rule of AWS Config wants to know.
type Evaluation struct {
	Rule string // its name
	// Region is where the rule is and is to be answered, "" where it does not say.
	Region string
	// Token is what the answer is given with. Whoever has it can answer, so it
	// is a secret until then.
	Token string
	// ResourceType and ResourceID are Config's own names for the resource, which
	// the answer repeats; "" where the rule asks for all.
	ResourceType string
	ResourceID   string
	// Left says that the resource no longer concerns the rule, as one that was
	// deleted, or never can, as one without an ARN.
	Left bool
}

// testToken is what AWS's rule development kit (RDK) gives in place of a token
// to try a rule out.
const testToken = "TESTMODE"

// Test says that the answer is a trial, of which AWS Config keeps nothing.
func (e *Evaluation) Test() bool { return e.Token == testToken }

// Message is one event of a delivery. Exactly one of Request, Ignored and Err
// is set.
type Message struct {
	// ID is the message's in a queue, with which a batch says which of it failed;
	// "" for what came directly.
	ID      string
	Request *Request
	// Ignored is why the event is none of ours, a sentence without a full stop.
	Ignored string
	// Err wraps ErrMalformed.
	Err error
}

// Batch is everything that was delivered at once.
type Batch struct {
	Messages []Message
	// Queue says that it came from a queue of SQS: what fails is answered
	// message by message.
	Queue bool
}
