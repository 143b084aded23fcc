package notify

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/action"
	"github.com/tagwarden/tagwarden/internal/eval"
	"github.com/tagwarden/tagwarden/internal/plan"
	"github.com/tagwarden/tagwarden/internal/view"
)

// anyText draws text of any origin: hostile values, alone and amid others.
func anyText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostiles), rapid.StringN(0, 8, -1)), 0, 3).Draw(t, "parts")
		return strings.Repeat(strings.Join(parts, ""), rapid.SampledFrom([]int{1, 1, 1, 25}).Draw(t, "times"))
	})
}

// anyDigest draws a digest in which everything may be hostile and long.
func anyDigest() *rapid.Generator[*view.Digest] {
	return rapid.Custom(func(t *rapid.T) *view.Digest {
		text := anyText()
		sections := rapid.SampledFrom([]int{1, 2, 3, 60}).Draw(t, "sections")
		d := digest(text.Draw(t, "subject"))
		d.Name, d.Run, d.Account = text.Draw(t, "name"), text.Draw(t, "run"), text.Draw(t, "account")
		d.Sections = nil
		for range sections {
			s := view.Section{
				Policy: text.Draw(t, "policy"), Description: text.Draw(t, "description"), Text: text.Draw(t, "text"),
				Notes: rapid.SliceOfN(text, 0, 2).Draw(t, "notes"),
				Steps: []view.Step{{Action: action.Stop, When: text.Draw(t, "when"), Since: text.Draw(t, "since")}},
			}
			n := rapid.SampledFrom([]int{1, 2, 8}).Draw(t, "items")
			if sections > 3 {
				n = 1
			}
			for i := range n {
				item := violation(i, text.Draw(t, "value"), text.Draw(t, "owner"))
				item.Resource.ID, item.Resource.Region = text.Draw(t, "id"), text.Draw(t, "region")
				item.Reasons = []eval.Reason{{Tag: text.Draw(t, "tag"), Text: text.Draw(t, "reason")}}
				item.Results = []view.Line{{Action: action.Tag, State: plan.Failed, Reason: text.Draw(t, "error"), Detail: text.Draw(t, "detail")}}
				s.Items = append(s.Items, item)
			}
			d.Sections = append(d.Sections, s)
		}
		d.Unread = []plan.Unread{{Call: text.Draw(t, "call"), Region: text.Draw(t, "where"), Reason: text.Draw(t, "unread")}}
		return d
	})
}

// What the mail's HTML is made of. Nothing that runs, loads or submits.
var (
	elements   = words("html head meta title style body table tr td th h1 h2 p span b a br div ol ul li")
	attributes = words("lang charset name content class style role width cellpadding cellspacing border align valign colspan href")
)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// parse reads HTML that is well-formed XML, reports what it must not hold, and
// returns its texts.
func parse(t interface {
	Errorf(string, ...any)
}, page string) string {
	var texts strings.Builder
	d := xml.NewDecoder(strings.NewReader(page))
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("the HTML is not well-formed: %v", err)
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			if !elements[token.Name.Local] {
				t.Errorf("the HTML has an element %s", token.Name.Local)
			}
			for _, a := range token.Attr {
				if !attributes[a.Name.Local] {
					t.Errorf("the HTML has an attribute %s", a.Name.Local)
				}
				if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "https://console.") {
					t.Errorf("the HTML links to %s", a.Value)
				}
				if strings.Contains(a.Value, "url(") || strings.Contains(a.Value, "evil") {
					t.Errorf("an attribute holds %s", a.Value)
				}
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			texts.Write(token)
		case xml.Comment:
			if s := string(token); !strings.HasPrefix(s, "[if mso]>") || strings.Contains(s, "evil") {
				t.Errorf("the HTML has a comment %s", s)
			}
		}
	}
	if depth != 0 {
		t.Errorf("%d elements are not closed", depth)
	}
	return texts.String()
}

func TestHostileValuesStayTextInHTML(t *testing.T) {
	m := renderer(t).mail(ses, hostile())
	texts := parse(t, m.HTML)
	for _, h := range hostiles {
		if want := clean(h, maxValue); !strings.Contains(texts, want) {
			t.Errorf("the mail does not show %q", want)
		}
	}
}

func TestNoDigestBreaksTheMail(t *testing.T) {
	n := renderer(t)
	rapid.Check(t, func(t *rapid.T) {
		d := anyDigest().Draw(t, "digest")
		m := n.mail(ses, d)
		parse(t, m.HTML)
		harmless(t, m.HTML)
		harmless(t, m.Text)
		if len(m.HTML) > maxHTML+20_000 { // the brief page has no limit but its own texts'
			t.Errorf("the HTML has %d bytes", len(m.HTML))
		}
		oneHeader(t, m.Subject)
		for name, v := range m.Headers {
			oneHeader(t, v)
			if v != ascii(v) {
				t.Errorf("header %s is not ASCII: %q", name, v)
			}
		}
	})
}

// harmless wants no character that a terminal or a reader could be misled by.
func harmless(t interface{ Errorf(string, ...any) }, s string) {
	for _, r := range s {
		if r != '\n' && (unicode.IsControl(r) || r == '\u202e' || r == '\u2028') {
			t.Errorf("there is a character %U in it", r)
			return
		}
	}
	if !utf8.ValidString(s) {
		t.Errorf("it is not UTF-8")
	}
}

func oneHeader(t interface{ Errorf(string, ...any) }, s string) {
	if strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxHeader || s == "" {
		t.Errorf("it is no header: %q", s)
	}
}

func TestATopicTakesEveryDigest(t *testing.T) {
	n := renderer(t)
	rapid.Check(t, func(t *rapid.T) {
		p := n.publication(nopSNS, anyDigest().Draw(t, "digest"))
		topicTakes(t, p.Subject)
		harmless(t, p.Message)
		if len(p.Message) > maxTopicMessage {
			t.Errorf("the message has %d bytes", len(p.Message))
		}
	})
}

func topicTakes(t interface{ Errorf(string, ...any) }, s string) {
	if len(s) == 0 || len(s) >= 100 || s[0] == ' ' {
		t.Errorf("SNS refuses the subject %q", s)
	}
	for _, b := range []byte(s) {
		if b < ' ' || b > '~' {
			t.Errorf("the subject %q has a byte %#x", s, b)
		}
	}
}

func TestSlackTakesEveryDigest(t *testing.T) {
	n := renderer(t)
	rapid.Check(t, func(t *rapid.T) {
		m := fit(n.writer(anyDigest().Draw(t, "digest"), elsewhere), maxRows, renderSlack, slackFits)
		slackTakes(t, m)
	})
	m := fit(n.writer(hostile(), elsewhere), maxRows, renderSlack, slackFits)
	slackTakes(t, m)
}

func slackTakes(t interface{ Errorf(string, ...any) }, m slackMessage) {
	total := len(m.Text)
	check := func(text slackText) {
		total += len(text.Text)
		switch {
		case text.Text == "" || utf8.RuneCountInString(text.Text) > 3000:
			t.Errorf("a text has %d characters", len(text.Text))
		case text.Type == "plain_text":
			if utf8.RuneCountInString(text.Text) > 150 {
				t.Errorf("a header has %d characters", utf8.RuneCountInString(text.Text))
			}
			return
		case !text.Verbatim:
			t.Errorf("a text is not verbatim")
		}
		if left := strings.Split(text.Text, "<"); len(left) > 1 {
			for _, l := range left[1:] {
				if !strings.HasPrefix(l, "https://console.") {
					t.Errorf("a text has markup of its own: <%.30s", l)
				}
			}
		}
		if strings.Contains(text.Text, "@here") || strings.Contains(text.Text, "@channel") || strings.Contains(text.Text, "`") {
			t.Errorf("a text calls or quotes: %.80s", text.Text)
		}
	}
	for _, b := range m.Blocks {
		if b.Text != nil {
			check(*b.Text)
		}
		for _, e := range b.Elements {
			check(e)
		}
	}
	if len(m.Blocks) > 50 || total > 13_000 {
		t.Errorf("%d blocks, %d characters", len(m.Blocks), total)
	}
}

func TestTeamsTakesEveryDigestAndReadsNoMarkup(t *testing.T) {
	n := renderer(t)
	rapid.Check(t, func(t *rapid.T) {
		b, err := n.card(anyDigest().Draw(t, "digest"))
		if err != nil || len(b) > 28_000 {
			t.Errorf("%d bytes (%v)", len(b), err)
		}
		var m struct {
			Attachments []struct {
				Content struct {
					Body []struct {
						Type    string
						Inlines []struct {
							Type         string
							SelectAction *struct{ URL string }
						}
					}
				}
			}
		}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for _, block := range m.Attachments[0].Content.Body {
			if block.Type != "RichTextBlock" {
				t.Errorf("there is a %s, which reads Markdown", block.Type)
			}
			for _, run := range block.Inlines {
				if run.Type != "TextRun" || run.SelectAction != nil && !strings.HasPrefix(run.SelectAction.URL, "https://console.") {
					t.Errorf("there is a %s that opens %v", run.Type, run.SelectAction)
				}
			}
		}
	})
}

func TestNoCellIsAFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDigest().Draw(t, "digest")
		b, held := renderCSV(d)
		records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte(byteOrderMark)))).ReadAll()
		if err != nil || len(records) != held+1 {
			t.Fatalf("%d records for %d items (%v)", len(records), held, err)
		}
		for _, r := range records {
			for _, c := range r {
				if strings.IndexAny(strings.TrimSpace(c), "=+-@＝＋－＠") == 0 {
					t.Errorf("a cell begins a formula: %q", c)
				}
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	for _, h := range hostiles {
		f.Add(h)
	}
	f.Add("=?utf-8?q?=0d=0aBcc:_x?=")
	f.Fuzz(func(t *testing.T, s string) {
		if got := header(s); got != "" {
			oneHeader(t, got)
		}
		topicTakes(t, topicSubject(s))
		harmless(t, strings.ReplaceAll(clean(s, maxValue), "\n", "\x00"))
		name := fileName(&view.Digest{At: noon, Run: s, Channel: s, Address: s})
		if strings.ContainsAny(name, "/\\: \x00") || strings.HasPrefix(name, ".") || len(name) > 250 {
			t.Errorf("it is no file name: %q", name)
		}
	})
}

func TestSubjectsForTopics(t *testing.T) {
	for in, want := range map[string]string{
		"⚠️ 12 Untagged EC2 Instance(s) Detected":                  "12 Untagged EC2 Instance(s) Detected",
		"EC2 Violated Company Policy!! Manager will be Notified!!": "EC2 Violated Company Policy!! Manager will be Notified!!",
		"a\r\nb\tc":               "a b c",
		"Übersicht – “alle”…":     `?bersicht - "alle"...`,
		"⚠️":                      "tagwarden report",
		strings.Repeat("x", 120):  strings.Repeat("x", 96) + "...",
		strings.Repeat("€y", 120): strings.Repeat("y", 96) + "...",
	} {
		if got := topicSubject(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
