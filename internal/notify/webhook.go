package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// The headers of a webhook's delivery.
const (
	// HeaderDelivery is the id of the message, the same in every attempt.
	HeaderDelivery = "X-Tagwarden-Delivery"
	// HeaderTimestamp is when the attempt was made, in seconds since 1970.
	HeaderTimestamp = "X-Tagwarden-Timestamp"
	// HeaderSignature is "sha256=" and the hexadecimal HMAC-SHA256, under the
	// channel's secret, of the timestamp, a full stop and the body.
	HeaderSignature = "X-Tagwarden-Signature"
)

// hookVersion is that of the JSON. It grows when a field is removed or changes
// its meaning.
const hookVersion = 1

// hook is what a webhook is posted, and what a file channel keeps beside the
// mail: the whole digest.
type hook struct {
	Version  int         `json:"version"`
	Delivery string      `json:"delivery"`
	Totals   view.Counts `json:"totals"`
	*view.Digest
}

func renderJSON(d *view.Digest) ([]byte, error) {
	b, err := json.MarshalIndent(hook{hookVersion, deliveryID(d), d.Totals(), d}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the digest as JSON: %w", err)
	}
	return b, nil
}

func (n *Notifier) sendWebhook(ctx context.Context, c *policy.Webhook, d *view.Digest) (string, error) {
	body, err := renderJSON(d)
	if err != nil {
		return "", err
	}
	id := deliveryID(d)
	return n.retry(ctx, againHook, func() (string, time.Duration, error) {
		at := d.At
		if n.t.Now != nil {
			at = n.t.Now()
		}
		stamp := strconv.FormatInt(at.Unix(), 10)
		head := http.Header{HeaderDelivery: {id}, HeaderTimestamp: {stamp}}
		if c.Secret != "" {
			head[HeaderSignature] = []string{sign(c.Secret, stamp, body)}
		}
		after, err := n.post(ctx, "webhook:post", c.URL, body, head, c.Secret)
		return id, after, err
	})
}

// sign returns the signature of a body posted at a time.
func sign(secret, stamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}
