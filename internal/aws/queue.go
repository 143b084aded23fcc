package aws

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tagwarden/tagwarden/internal/queue"
)

const (
	// receiveMost and receiveWait are the most messages that SQS gives at once and
	// the longest it waits for one ("ReceiveMessage" in its API reference).
	receiveMost = 10
	receiveWait = 20 * time.Second
	// hideMost is how long SQS hides a message ("Amazon SQS visibility timeout").
	hideMost = 12 * time.Hour
	// DelayMost is how long SQS holds a message back ("Amazon SQS message timers").
	DelayMost = 15 * time.Minute
)

// Queue is a queue of SQS.
type Queue struct {
	url string
	api *sqsAPI
}

var (
	_ queue.Inbox  = (*Queue)(nil)
	_ queue.Keeper = Delayed{}
)

// Queue returns a queue by its URL, in the region that the URL names, else in
// that of the AWS configuration. It makes no call.
func (s *Session) Queue(address string) (*Queue, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(strings.Split(strings.Trim(u.Path, "/"), "/")) < 2 || u.User != nil || u.RawQuery != "" {
		f := invalid(callReceive, "", fmt.Sprintf("%q is not the URL of a queue", address))
		f.Hint = "a queue's URL is like https://sqs.eu-west-1.amazonaws.com/111122223333/name; aws sqs get-queue-url --queue-name NAME shows it"
		return nil, f
	}
	api, err := s.sqs(cmp.Or(queueRegion(u.Hostname()), s.Region()))
	if err != nil {
		return nil, err
	}
	return &Queue{url: address, api: api}, nil
}

// queueRegion is the region in the name of SQS's hosts, "" in any other: hosts
// are sqs.REGION.amazonaws.com, and REGION.queue.amazonaws.com of old.
func queueRegion(host string) string {
	parts := strings.Split(host, ".")
	switch {
	case len(parts) >= 4 && parts[0] == "sqs" && parts[2] == "amazonaws":
		return parts[1]
	case len(parts) == 4 && parts[1] == "queue" && parts[2] == "amazonaws":
		return parts[0]
	default:
		return ""
	}
}

// Manner asks SQS how the queue is set up.
func (q *Queue) Manner(ctx context.Context) (queue.Manner, error) {
	out, err := q.api.attributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameQueueArn, types.QueueAttributeNameRedrivePolicy, types.QueueAttributeNameFifoQueue}})
	if err != nil {
		return queue.Manner{}, err
	}
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
	}
	// What cannot be read is none: then nothing is left to a queue that is not there.
	_ = json.Unmarshal([]byte(out.Attributes["RedrivePolicy"]), &redrive)
	return queue.Manner{ARN: out.Attributes["QueueArn"], DeadLetters: redrive.Target != "", Ordered: out.Attributes["FifoQueue"] == "true"}, nil
}

// Receive waits for messages.
func (q *Queue) Receive(ctx context.Context, hide time.Duration) ([]queue.Message, error) {
	out, err := q.api.receive(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: receiveMost, WaitTimeSeconds: int32(receiveWait.Seconds()),
		VisibilityTimeout: hidden(hide), MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount}})
	if err != nil {
		return nil, err
	}
	var ms []queue.Message
	for _, m := range out.Messages {
		times, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		ms = append(ms, queue.Message{ID: awssdk.ToString(m.MessageId), Body: []byte(awssdk.ToString(m.Body)), Receipt: awssdk.ToString(m.ReceiptHandle), Times: max(1, times)})
	}
	return ms, nil
}

// Delete acknowledges a message.
func (q *Queue) Delete(ctx context.Context, m queue.Message) error {
	_, err := q.api.remove(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: &m.Receipt})
	return err
}

// Hide keeps a message hidden.
func (q *Queue) Hide(ctx context.Context, m queue.Message, d time.Duration) error {
	_, err := q.api.hide(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &q.url, ReceiptHandle: &m.Receipt, VisibilityTimeout: hidden(d)})
	return err
}

// hidden is a length of time as SQS takes it.
func hidden(d time.Duration) int32 { return int32(min(max(d, 0), hideMost).Seconds()) }

// Delayed keeps notes in a queue that holds its messages back, for DelayMost.
// What is due later comes after that, too early: whoever takes it from the queue
// keeps it again.
type Delayed struct{ Queue *Queue }

// Keep sends the note.
func (d Delayed) Keep(ctx context.Context, n queue.Note, now time.Time) error {
	wait := min(max(upToSeconds(n.At.Sub(now)), 0), DelayMost)
	_, err := d.Queue.api.send(ctx, &sqs.SendMessageInput{QueueUrl: &d.Queue.url, MessageBody: awssdk.String(string(n.Body)), DelaySeconds: int32(wait.Seconds())})
	return err
}

// upToSeconds makes whole seconds of a length of time, and never less of it.
func upToSeconds(d time.Duration) time.Duration {
	if r := d % time.Second; r > 0 {
		d += time.Second - r
	}
	return d
}
