// Package notify tells people: it renders digests for mail, SNS topics, Slack,
// Teams, webhooks and files, and hands them to those. Whatever a digest holds
// comes from outside and is escaped for each; what a channel's address hides
// (webhook URLs, signing secrets) is in no error. Other systems are told by
// events on a bus, and AWS Config by answers to its rules.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/pause"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Transports are the ways out. One that no channel uses may be nil.
type Transports struct {
	Mail   Mailer
	Topics Publisher
	// Events is where outcomes are published.
	Events Bus
	// Audit is where rules of AWS Config are answered.
	Audit Auditor
	// HTTP posts to Slack, Teams and webhooks; nil for a client with time-outs.
	// Redirects are never followed, whatever the client would do.
	HTTP  *http.Client
	Files Files
	// Now is the clock for the time in a webhook's signature, which receivers
	// compare with theirs; nil for the time of the run.
	Now func() time.Time
}

// Sleep waits, and returns early with the context's error.
type Sleep func(ctx context.Context, d time.Duration) error

// Notifier sends digests. It is not safe for concurrent use.
type Notifier struct {
	set   *policy.Set
	t     Transports
	sleep Sleep
	zone  *time.Location
	// posted are the Slack webhooks posted to so far, which take one message a
	// second.
	posted map[string]bool
}

// New returns a Notifier for the channels of a set. sleep waits between
// attempts and between messages to one Slack webhook; nil waits in real time.
func New(set *policy.Set, t Transports, sleep Sleep) *Notifier {
	zone := set.Settings.Zone
	if zone == nil {
		zone = time.UTC
	}
	if sleep == nil {
		sleep = pause.For
	}
	t.HTTP = guarded(t.HTTP)
	return &Notifier{set: set, t: t, sleep: sleep, zone: zone, posted: map[string]bool{}}
}

// Delivery is how sending one digest ended.
type Delivery struct {
	Channel string
	Address string
	// Accepted says that the service took it. Otherwise Err says why not.
	Accepted bool
	// ID is the service's id of the message; where it gives none, tagwarden's.
	ID string
	// Err names the channel and the class, and wraps a *fault.Error.
	Err error
}

// ErrNothing is the error of a digest without items, which is never sent.
var ErrNothing = errors.New("there is nothing to tell")

// Send sends digests in order and returns one Delivery for each. One that
// fails does not keep the others from being sent; once the context has ended,
// the rest fails without being tried.
func (n *Notifier) Send(ctx context.Context, ds []view.Digest) []Delivery {
	out := make([]Delivery, 0, len(ds))
	for i := range ds {
		d := &ds[i]
		id, err := n.send(ctx, d)
		if err != nil {
			err = fmt.Errorf("sending to channel %s (%s): %w", d.Channel, fault.ClassOf(err), err)
		}
		out = append(out, Delivery{Channel: d.Channel, Address: d.Address, Accepted: err == nil, ID: id, Err: err})
	}
	return out
}

func (n *Notifier) send(ctx context.Context, d *view.Digest) (string, error) {
	if !slices.ContainsFunc(d.Sections, func(s view.Section) bool { return len(s.Items) > 0 }) {
		return "", ErrNothing
	}
	if err := ctx.Err(); err != nil {
		return "", cancelled("notify", err)
	}
	if d.Address != "" && !isAddress(d.Address) {
		return "", invalid("notify", "the owner's address is not a mail address")
	}
	c, ok := n.set.Channels[d.Channel]
	if !ok {
		return "", invalid("notify", "the policy file no longer has this channel")
	}
	switch {
	case c.SES != nil:
		return n.sendMail(ctx, c.SES, d)
	case c.SNS != nil:
		return n.publish(ctx, c.SNS, d)
	case c.Slack != nil:
		return n.sendSlack(ctx, c.Slack, d)
	case c.Teams != nil:
		return n.sendTeams(ctx, c.Teams, d)
	case c.Webhook != nil:
		return n.sendWebhook(ctx, c.Webhook, d)
	case c.File != nil:
		return n.writeFiles(c, d)
	default:
		return "", invalid("notify", "a router is no channel by itself")
	}
}

// isAddress says whether s is one mail address and nothing else. Owners'
// addresses are made of tag values, which anybody can write.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && !strings.ContainsAny(s, "\r\n,;<>\"")
}

func invalid(call, message string) error {
	return &fault.Error{Class: fault.Invalid, Call: call, Message: message}
}

func cancelled(call string, err error) error {
	return &fault.Error{Class: fault.Cancelled, Call: call, Message: "the run was ended before it was sent", Err: err}
}
