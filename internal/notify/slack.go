package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// Limits of Slack's incoming webhooks ("Block Kit reference", "Rate limits"),
// with some room: 50 blocks, 150 characters in a header, 3,000 in a section,
// about 13,000 in all, one message a second.
const (
	slackBlocks  = 50
	slackHeader  = 150
	slackSection = 2900
	slackLine    = 2600 // leaves room for what is put around a text
	slackTotal   = 12_000
	slackPace    = time.Second
)

// slackMessage is what a webhook is posted.
type slackMessage struct {
	Text   string       `json:"text"` // for notifications on a phone
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text,omitempty"`
	Elements []slackText `json:"elements,omitempty"`
}

// slackText is marked-up text with verbatim on, which keeps Slack from
// turning names, channels and links in plain words into live ones.
type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

func mrkdwn(s string) slackText { return slackText{Type: "mrkdwn", Text: s, Verbatim: true} }

func (n *Notifier) sendSlack(ctx context.Context, c *policy.Slack, d *view.Digest) (string, error) {
	body, err := json.Marshal(fit(n.writer(d, elsewhere), maxRows, renderSlack, slackFits))
	if err != nil {
		return "", fmt.Errorf("writing the message: %w", err)
	}
	if n.posted[c.Webhook] {
		if err := n.sleep(ctx, slackPace); err != nil {
			return "", cancelled("slack:post", err)
		}
	}
	n.posted[c.Webhook] = true
	return n.retry(ctx, againChat, func() (string, time.Duration, error) {
		after, err := n.post(ctx, "slack:post", c.Webhook, body, nil)
		return deliveryID(d), after, err
	})
}

func slackFits(m slackMessage) bool {
	total := len(m.Text)
	for _, b := range m.Blocks {
		if b.Text != nil {
			total += len(b.Text.Text)
		}
		for _, e := range b.Elements {
			total += len(e.Text)
		}
	}
	return len(m.Blocks) <= slackBlocks && total <= slackTotal
}

// renderSlack writes the page as blocks.
func renderSlack(p *page) slackMessage {
	title := view.Cut(p.title, slackHeader)
	s := &slackPage{message: slackMessage{Text: slackEscape(title)}}
	s.block(slackBlock{Type: "header", Text: &slackText{Type: "plain_text", Text: title}})
	s.context(p.lead)
	for i := range p.parts {
		s.block(slackBlock{Type: "divider"})
		s.part(&p.parts[i])
		s.flush()
	}
	if len(p.unread) > 0 {
		s.line("*Could not be read* (what depends on it was left alone)")
		for _, l := range p.unread {
			s.line("• " + slackEscape(l))
		}
		s.flush()
	}
	s.context(p.foot)
	return s.message
}

// slackPage collects lines into sections as large as Slack takes.
type slackPage struct {
	message slackMessage
	section strings.Builder
}

func (s *slackPage) block(b slackBlock) { s.message.Blocks = append(s.message.Blocks, b) }

func (s *slackPage) context(lines []string) {
	b := slackBlock{Type: "context"}
	for _, l := range lines {
		b.Elements = append(b.Elements, mrkdwn(slackEscape(l)))
	}
	s.block(b)
}

// line adds a line of markup to the section, or begins a new section with it.
func (s *slackPage) line(l string) {
	if s.section.Len() > 0 && s.section.Len()+1+len(l) > slackSection {
		s.flush()
	}
	if s.section.Len() > 0 {
		s.section.WriteByte('\n')
	}
	s.section.WriteString(l)
}

func (s *slackPage) flush() {
	if s.section.Len() == 0 {
		return
	}
	t := mrkdwn(s.section.String())
	s.block(slackBlock{Type: "section", Text: &t})
	s.section.Reset()
}

func (s *slackPage) part(p *part) {
	heading := "*" + slackEscape(p.heading) + "*"
	if p.observe {
		heading += " _observing: nothing is done_"
	}
	s.line(heading)
	s.line(slackEscape(p.summary))
	for _, l := range p.intro {
		s.line(slackEscape(l))
	}
	for _, l := range p.notes {
		s.line("*Note:* " + slackEscape(l))
	}
	for i := range p.blocks {
		b := &p.blocks[i]
		if len(p.blocks) > 1 {
			s.line("*" + b.title + "*")
		}
		for _, r := range b.common {
			s.line(slackRemark(r))
		}
		for j := range b.rows {
			s.row(&b.rows[j])
		}
		if b.more != "" {
			s.line("… " + slackEscape(b.more))
		}
	}
	if len(p.advice) > 0 {
		s.line("*What to do*")
		for i, l := range p.advice {
			s.line(fmt.Sprintf("%d. %s", i+1, slackEscape(l)))
		}
	}
}

func (s *slackPage) row(r *row) {
	const short = 100 // ids and places share a line
	id := slackEscape(view.Cut(r.id, short))
	if r.link != "" {
		id = "<" + r.link + "|" + id + ">"
	} else {
		id = "*" + id + "*"
	}
	s.line(fmt.Sprintf("%d. %s  %s", r.n, id, slackEscape(view.Cut(r.place, short))))
	if cells := r.line(); cells != "" {
		s.line(slackEscape(cells))
	}
	for _, m := range r.remarks {
		s.line(slackRemark(m))
	}
}

func slackRemark(r remark) string { return "*" + r.label + ":* " + slackEscape(r.text) }

// slackMarks are what Slack's markup gives a meaning. "&", "<" and ">" have
// escapes, and with "<" goes every mention and link; a backtick, which has
// none, would swallow what follows it; an at sign is kept from the words that
// call everybody.
var slackMarks = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "ˋ",
	"@here", "@\u2060here", "@channel", "@\u2060channel", "@everyone", "@\u2060everyone")

// slackEscape makes text of any origin harmless in Slack's markup, and short
// enough for a section.
func slackEscape(s string) string {
	out := slackMarks.Replace(s)
	for n := maxReason; len(out) > slackLine; n /= 2 {
		out = slackMarks.Replace(view.Cut(s, n))
	}
	return out
}
