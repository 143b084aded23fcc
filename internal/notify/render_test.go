package notify

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-message/mail"

	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

var ses = &policy.SES{
	From: "Governance <governance@example.com>", To: []string{"infra@example.com"}, CC: []string{"finops@example.com"},
	BCC: []string{"audit@example.com"}, ReplyTo: []string{"help@example.com"}, ReturnPath: "bounces@example.com",
	ConfigurationSet: "alerts", Tags: map[string]string{"team": "infra"}, Region: "eu-west-1",
}

func renderer(t testing.TB) *Notifier { return New(channels(t), Transports{}, nil) }

func TestRenderings(t *testing.T) {
	for _, tt := range []struct {
		name string
		d    *view.Digest
	}{{"one", one()}, {"s1", s1()}, {"mixture", mixture()}, {"hostile", hostile()}} {
		t.Run(tt.name, func(t *testing.T) {
			n := renderer(t)
			m := n.mail(ses, tt.d)
			golden(t, tt.name+"/mail.html", []byte(m.HTML))
			golden(t, tt.name+"/mail.txt", []byte("Subject: "+m.Subject+"\n\n"+m.Text))
			p := n.publication(&policy.SNS{}, tt.d)
			golden(t, tt.name+"/sns.txt", []byte("Subject: "+p.Subject+"\n\n"+p.Message))
			golden(t, tt.name+"/slack.json", indented(t, fit(n.writer(tt.d, elsewhere), maxRows, renderSlack, slackFits)))
			golden(t, tt.name+"/teams.json", indented(t, renderTeams(n.writer(tt.d, elsewhere).page(maxRows))))
			hook, err := renderJSON(tt.d)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name+"/webhook.json", append(hook, '\n'))
			table, held := renderCSV(tt.d)
			golden(t, tt.name+"/tagwarden.csv", table)
			if held != n.writer(tt.d, "").rows() {
				t.Errorf("the CSV holds %d items", held)
			}
		})
	}
}

func TestAMailIsKeptAsAFileThatMailProgramsOpen(t *testing.T) {
	d := many(600)
	d.Subject = "⚠️ 600 Untagged\r\nBcc: evil@example.com"
	d.Address = "ann@example.com"
	b, err := renderer(t).eml("infra", d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := renderer(t).eml("infra", d)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("the same digest gives other bytes (%v)", err)
	}
	r, err := mail.CreateReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := r.Header.Subject()
	if err != nil || subject != "⚠️ 600 Untagged Bcc: evil@example.com" || r.Header.Has("Bcc") {
		t.Errorf("subject %q (%v), Bcc %q", subject, err, r.Header.Get("Bcc"))
	}
	to, err := r.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ann@example.com" {
		t.Errorf("to %v (%v)", to, err)
	}
	var kinds []string
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, strings.Split(p.Header.Get("Content-Type"), ";")[0])
		if _, err := io.Copy(io.Discard, p.Body); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(kinds, " "); got != "text/plain text/html text/csv" {
		t.Errorf("parts %s", got)
	}
	plain, err := renderer(t).eml("infra", one())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "one/mail.eml", plain)
}

func TestALongListIsCutAndSaysSo(t *testing.T) {
	const all = 600
	d, n := many(all), renderer(t)
	m := n.mail(ses, d)
	if len(m.HTML) > maxHTML {
		t.Errorf("the HTML has %d bytes", len(m.HTML))
	}
	shown := strings.Count(m.HTML, "InstanceDetails")
	if shown < 50 || shown > maxRows {
		t.Errorf("the HTML shows %d rows", shown)
	}
	says(t, "HTML", m.HTML, fmt.Sprintf("… and %d more; all 600 are in the attached tagwarden.csv", all-shown))
	says(t, "text", m.Text, fmt.Sprintf("... and %d more; all 600 are in the attached tagwarden.csv", all-shown))
	if len(m.Attachments) != 1 {
		t.Fatalf("%d attachments", len(m.Attachments))
	}
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(m.Attachments[0].Data, []byte(byteOrderMark)))).ReadAll()
	if err != nil || len(records) != all+1 {
		t.Errorf("the attachment has %d records (%v)", len(records), err)
	}

	p := n.publication(&policy.SNS{}, d)
	if len(p.Message) > maxTopicMessage || strings.Contains(p.Message, "more;") {
		t.Errorf("600 items fit a topic's message, which has %d bytes", len(p.Message))
	}
	p = n.publication(&policy.SNS{}, many(5000))
	if len(p.Message) > maxTopicMessage || len(p.Message) < maxTopicMessage-1000 {
		t.Errorf("the topic's message has %d bytes", len(p.Message))
	}
	says(t, "topic", p.Message, "more; the full list: tagwarden plan -o csv")

	slack := fit(n.writer(d, elsewhere), maxRows, renderSlack, slackFits)
	golden(t, "many/slack.json", indented(t, slack))
	card, err := n.card(d)
	if err != nil {
		t.Fatal(err)
	}
	if len(card) > maxCard || len(card) < maxCard-2000 {
		t.Errorf("the card has %d bytes", len(card))
	}
	for name, b := range map[string][]byte{"slack": indented(t, slack), "card": card} {
		says(t, name, string(b), "more; the full list: tagwarden plan -o csv")
	}
	hook, err := renderJSON(d)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Version  int
		Delivery string
		Totals   view.Counts
		Sections []struct{ Items []json.RawMessage }
	}
	if err := json.Unmarshal(hook, &back); err != nil || len(back.Sections[0].Items) != all || back.Totals.Violations != all {
		t.Errorf("a webhook gets %d items (%v)", len(back.Sections[0].Items), err)
	}
}

// says wants a text within another, wherever lines are broken.
func says(t *testing.T, what, s, want string) {
	t.Helper()
	if !strings.Contains(strings.Join(strings.Fields(s), " "), want) {
		t.Errorf("the %s does not say %q", what, want)
	}
}

func TestAVeryLargeAttachmentIsCutAtARow(t *testing.T) {
	d := many(40_000)
	b, held := renderCSV(d)
	if len(b) > maxCSV || held >= 40_000 || held < 10_000 {
		t.Errorf("%d bytes, %d items", len(b), held)
	}
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		t.Error("the last row is not whole")
	}
	m := renderer(t).mail(ses, d)
	says(t, "text", m.Text, fmt.Sprintf("the attached tagwarden.csv has the first %d; the full list: tagwarden plan -o csv", held))
}

func TestRowsAreSharedOutFairly(t *testing.T) {
	for _, tt := range []struct {
		sizes []int
		n     int
		want  []int
	}{
		{[]int{600, 5}, 100, []int{95, 5}},
		{[]int{10, 10, 10}, 7, []int{2, 2, 3}},
		{[]int{1, 0, 2}, 100, []int{1, 0, 2}},
		{[]int{5, 5}, 0, []int{0, 0}},
		{nil, 5, []int{}},
	} {
		if got := allot(tt.sizes, tt.n); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("allot(%v, %d) = %v, want %v", tt.sizes, tt.n, got, tt.want)
		}
	}
}

func TestLinksAreOnlyMadeOfWhatAWSWrites(t *testing.T) {
	for _, tt := range []struct{ region, id, want string }{
		{"us-east-1", "i-0a1b2c3d4e5f00001", "https://console.aws.amazon.com/ec2/home?region=us-east-1#InstanceDetails:instanceId=i-0a1b2c3d4e5f00001"},
		{"cn-north-1", "i-0a1b2c3d", "https://console.amazonaws.cn/ec2/home?region=cn-north-1#InstanceDetails:instanceId=i-0a1b2c3d"},
		{"us-gov-west-1", "i-0a1b2c3d", "https://console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#InstanceDetails:instanceId=i-0a1b2c3d"},
		{"us-iso-east-1", "i-0a1b2c3d", ""},
		{"us-east-1", "i-0a1b2c3d\"><script>", ""},
		{"us-east-1/../", "i-0a1b2c3d", ""},
		{"us-east-1", "vol-0a1b2c3d", ""},
	} {
		r := instance(1, "", "").Ref
		r.ID, r.Region = tt.id, tt.region
		if got := consoleLink(r); got != tt.want {
			t.Errorf("%s in %s: got %q, want %q", tt.id, tt.region, got, tt.want)
		}
	}
}
