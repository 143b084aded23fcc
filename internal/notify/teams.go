package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

// maxCard bounds what is posted to Teams: it refuses messages of more than
// about 28 KB.
const maxCard = 27_000

// teamsMessage is what a Workflows webhook takes: a message with one adaptive
// card.
type teamsMessage struct {
	Type        string            `json:"type"`
	Attachments []teamsAttachment `json:"attachments"`
}

type teamsAttachment struct {
	ContentType string    `json:"contentType"`
	Content     teamsCard `json:"content"`
}

type teamsCard struct {
	Schema  string            `json:"$schema"`
	Type    string            `json:"type"`
	Version string            `json:"version"`
	MSTeams map[string]string `json:"msteams"`
	Body    []teamsBlock      `json:"body"`
}

// teamsBlock is a RichTextBlock. It is the one element whose text Teams takes
// literally: in a TextBlock, Markdown, dates in braces and mentions are live,
// and there is no reliable escape for them.
type teamsBlock struct {
	Type      string     `json:"type"`
	Separator bool       `json:"separator,omitempty"`
	Spacing   string     `json:"spacing,omitempty"`
	Inlines   []teamsRun `json:"inlines"`
}

type teamsRun struct {
	Type   string     `json:"type"`
	Text   string     `json:"text"`
	Size   string     `json:"size,omitempty"`
	Weight string     `json:"weight,omitempty"`
	Color  string     `json:"color,omitempty"`
	Subtle bool       `json:"isSubtle,omitempty"`
	Select *teamsOpen `json:"selectAction,omitempty"`
}

type teamsOpen struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

func (n *Notifier) sendTeams(ctx context.Context, c *policy.Teams, d *view.Digest) (string, error) {
	body, err := n.card(d)
	if err != nil {
		return "", fmt.Errorf("writing the card: %w", err)
	}
	return n.retry(ctx, againChat, func() (string, time.Duration, error) {
		after, err := n.post(ctx, "teams:post", c.Webhook, body, nil)
		return deliveryID(d), after, err
	})
}

func (n *Notifier) card(d *view.Digest) ([]byte, error) {
	var failed error
	body := fit(n.writer(d, elsewhere), maxRows, func(p *page) []byte {
		b, err := json.Marshal(renderTeams(p))
		if err != nil {
			failed = err
		}
		return b
	}, func(b []byte) bool { return len(b) <= maxCard })
	return body, failed
}

// renderTeams writes the page as an adaptive card.
func renderTeams(p *page) teamsMessage {
	c := &teamsCard{
		Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
		MSTeams: map[string]string{"width": "Full"},
	}
	c.add(teamsRun{Text: p.title, Size: "Large", Weight: "Bolder"})
	for _, l := range p.lead {
		c.add(teamsRun{Text: l, Subtle: true})
	}
	for i := range p.parts {
		c.part(&p.parts[i])
	}
	if len(p.unread) > 0 {
		c.heading(teamsRun{Text: "Could not be read", Weight: "Bolder", Color: "Warning"},
			teamsRun{Text: " (what depends on it was left alone)", Subtle: true})
		for _, l := range p.unread {
			c.add(teamsRun{Text: "• " + l})
		}
	}
	for _, l := range p.foot {
		c.add(teamsRun{Text: l, Subtle: true, Size: "Small"})
	}
	return teamsMessage{Type: "message", Attachments: []teamsAttachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: *c}}}
}

// add adds a line close to the one before.
func (c *teamsCard) add(runs ...teamsRun) { c.block(teamsBlock{Spacing: "Small", Inlines: runs}) }

// heading adds a line with a rule above it.
func (c *teamsCard) heading(runs ...teamsRun) { c.block(teamsBlock{Separator: true, Inlines: runs}) }

func (c *teamsCard) block(b teamsBlock) {
	b.Type = "RichTextBlock"
	for i := range b.Inlines {
		b.Inlines[i].Type = "TextRun"
	}
	c.Body = append(c.Body, b)
}

func (c *teamsCard) part(p *part) {
	head := []teamsRun{{Text: p.heading, Weight: "Bolder", Size: "Medium"}}
	if p.observe {
		head = append(head, teamsRun{Text: " observing: nothing is done", Color: "Warning"})
	}
	c.heading(head...)
	c.add(teamsRun{Text: p.summary, Weight: "Bolder"})
	for _, l := range p.intro {
		c.add(teamsRun{Text: l})
	}
	for _, l := range p.notes {
		c.add(teamsRun{Text: "Note: " + l, Color: "Warning"})
	}
	for i := range p.blocks {
		b := &p.blocks[i]
		if len(p.blocks) > 1 {
			c.add(teamsRun{Text: b.title, Weight: "Bolder"})
		}
		for _, r := range b.common {
			c.add(teamsRemark(r)...)
		}
		for j := range b.rows {
			c.row(&b.rows[j])
		}
		if b.more != "" {
			c.add(teamsRun{Text: "… " + b.more, Subtle: true})
		}
	}
	if len(p.advice) > 0 {
		c.add(teamsRun{Text: "What to do", Weight: "Bolder"})
		for i, l := range p.advice {
			c.add(teamsRun{Text: fmt.Sprintf("%d. %s", i+1, l)})
		}
	}
}

func (c *teamsCard) row(r *row) {
	id := teamsRun{Text: r.id, Weight: "Bolder"}
	if r.link != "" {
		id.Select = &teamsOpen{Type: "Action.OpenUrl", URL: r.link}
	}
	c.add(teamsRun{Text: fmt.Sprintf("%d. ", r.n)}, id, teamsRun{Text: " " + r.place, Subtle: true})
	if cells := r.line(); cells != "" {
		c.add(teamsRun{Text: cells})
	}
	for _, m := range r.remarks {
		c.add(teamsRemark(m)...)
	}
}

// teamsColours are the card's words for the tones.
var teamsColours = map[tone]string{good: "Good", bad: "Attention", warn: "Warning", soon: "Accent"}

func teamsRemark(r remark) []teamsRun {
	return []teamsRun{{Text: r.label + ": ", Weight: "Bolder", Color: teamsColours[r.tone]}, {Text: r.text}}
}
