package notify

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Limits of a mail.
const (
	// maxRecipients is SES's, for To, CC and BCC together ("Service quotas in
	// Amazon SES").
	maxRecipients = 50
	// maxRows is how many rows a reader is given; the attachment has them all.
	maxRows = 200
	// maxHTML keeps the body below the 102 KB at which Gmail hides the rest.
	maxHTML = 100_000
)

const attachmentName = "tagwarden.csv"

func (n *Notifier) sendMail(ctx context.Context, c *policy.SES, d *view.Digest) (string, error) {
	if n.t.Mail == nil {
		return "", invalid("ses:SendEmail", "there is no mail service to send it with")
	}
	m := n.mail(c, d)
	if all := len(m.To) + len(m.CC) + len(m.BCC); all == 0 || all > maxRecipients {
		return "", &fault.Error{
			Class: fault.Invalid, Call: "ses:SendEmail",
			Message: fmt.Sprintf("%d recipients, where SES takes 1 to %d for a message", all, maxRecipients),
			Hint:    "send to a mailing list instead",
		}
	}
	id, err := n.retry(ctx, againAWS, func() (string, time.Duration, error) {
		id, err := n.t.Mail.SendMail(ctx, m)
		return id, 0, err
	})
	if fault.ClassOf(err) == fault.TimedOut {
		err = fmt.Errorf("the mail may have been sent all the same: %w", err)
	}
	return id, err
}

// mail builds the message of a digest. An owner's address takes the place of
// all the channel's recipients.
func (n *Notifier) mail(c *policy.SES, d *view.Digest) Mail {
	m := Mail{
		Region: c.Region, From: header(c.From), To: c.To, CC: c.CC, BCC: c.BCC, ReplyTo: c.ReplyTo,
		ReturnPath: c.ReturnPath, ConfigurationSet: c.ConfigurationSet, Tags: c.Tags,
		Headers: headers(d),
	}
	if d.Address != "" {
		m.To, m.CC, m.BCC = []string{d.Address}, nil, nil
	}
	n.content(&m, d)
	return m
}

// content writes a mail's subject, both its bodies and, where the bodies do
// not hold every item, its attachment.
func (n *Notifier) content(m *Mail, d *view.Digest) {
	m.Subject = cmp.Or(header(d.Subject), "tagwarden")
	w := n.writer(d, "")
	table, held := renderCSV(d)
	w.full = fmt.Sprintf("all %d are in the attached %s", w.rows(), attachmentName)
	if held < w.rows() {
		w.full = fmt.Sprintf("the attached %s has the first %d; %s", attachmentName, held, elsewhere)
	}
	p := fit(w, maxRows, func(p *page) *page { return p }, func(p *page) bool { return len(renderHTML(p)) <= maxHTML })
	m.HTML, m.Text = renderHTML(p), renderText(p)
	if p.shown() < w.rows() {
		m.Attachments = []Attachment{{Name: attachmentName, ContentType: "text/csv; charset=utf-8", Data: table}}
	}
}

// shown is how many rows a page has.
func (p *page) shown() int {
	n := 0
	for _, part := range p.parts {
		for _, b := range part.blocks {
			n += len(b.rows)
		}
	}
	return n
}

// headers say that a program wrote the mail (RFC 3834; the second is what
// Exchange understands), so that nobody's absence note answers it, and name
// the list for filters (RFC 2919).
func headers(d *view.Digest) map[string]string {
	name := strings.ReplaceAll(slug(d.Name), "_", "-")
	if name == "" {
		name = "default"
	}
	out := map[string]string{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"List-Id":                  fmt.Sprintf("<%s.%s.tagwarden>", slug(d.Channel), name),
		"X-Tagwarden-Delivery":     deliveryID(d),
	}
	if run := slug(d.Run); run != "" {
		out["X-Tagwarden-Run"] = run
	}
	return out
}
