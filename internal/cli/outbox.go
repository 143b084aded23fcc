package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/tagwarden/tagwarden/internal/notify"
)

// outbox accepts whatever would be sent and sends nothing. It stands in for
// SES, SNS and webhooks where the account is the embedded one.
type outbox struct {
	// keep, where it is set, is given every mail.
	keep func(n int, m notify.Mail) error

	mu   sync.Mutex
	sent int
}

// count returns the number of the next message.
func (o *outbox) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	return o.sent
}

// total is how many messages there were.
func (o *outbox) total() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent
}

// SendMail accepts a mail.
func (o *outbox) SendMail(_ context.Context, m notify.Mail) (string, error) {
	n := o.count()
	if o.keep != nil {
		if err := o.keep(n, m); err != nil {
			return "", fmt.Errorf("keeping a mail: %w", err)
		}
	}
	return fmt.Sprintf("embedded-%d", n), nil
}

// Publish accepts a publication.
func (o *outbox) Publish(context.Context, notify.Publication) (string, error) {
	return fmt.Sprintf("embedded-%d", o.count()), nil
}

// PutEvents accepts events.
func (o *outbox) PutEvents(_ context.Context, _ string, es []notify.Event) ([]error, error) {
	for range es {
		o.count()
	}
	return make([]error, len(es)), nil
}

// PutEvaluations accepts an answer to a rule of AWS Config.
func (o *outbox) PutEvaluations(_ context.Context, _ notify.Question, cs []notify.Compliance) ([]error, error) {
	o.count()
	return make([]error, len(cs)), nil
}

// RoundTrip accepts what would be posted to a webhook.
func (o *outbox) RoundTrip(r *http.Request) (*http.Response, error) {
	o.count()
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte("ok")))}, nil
}
