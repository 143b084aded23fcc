package notify_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/notify"
)

// TestAMailReadsBackFromItsFile gives arbitrary text as a mail's content.
func TestAMailReadsBackFromItsFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := notify.Mail{From: "a@example.com", To: []string{"b@example.com", "c@example.com"}, Subject: rapid.String().Draw(t, "subject"),
			Text: text(t, "text"), HTML: text(t, "html"), Headers: map[string]string{"X-Run": "r1\r\nBcc: d@example.com"},
			Attachments: []notify.Attachment{{Name: "a.csv", ContentType: "text/csv", Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}}}
		data, err := notify.EML(m, "m-7", time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		e, err := message.Read(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%v:\n%s", err, data)
		}
		if e.Header.Get("Bcc") != "" {
			t.Error("a header's value became a header")
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(e.Header.Get("Subject"))
		if err != nil || strings.ToValidUTF8(subject, "") != strings.ToValidUTF8(strings.TrimSpace(m.Subject), "") && subject != m.Subject {
			t.Errorf("subject %q became %q: %v", m.Subject, subject, err)
		}
		if _, err := mail.ParseAddressList(e.Header.Get("To")); err != nil {
			t.Error(err)
		}
		want := []string{m.Text, m.HTML, string(m.Attachments[0].Data)}
		if d := cmp.Diff(want, bodies(t, e)); d != "" {
			t.Errorf("%s\n%s", d, data)
		}
	})
}

// text draws text with the line ends that mail has.
func text(t *rapid.T, label string) string {
	s := strings.NewReplacer("\r", "", "\n", "\r\n").Replace(rapid.String().Draw(t, label))
	return strings.ToValidUTF8(s, "?")
}

// bodies are the decoded leaves of a message, in order.
func bodies(t *rapid.T, e *message.Entity) []string {
	parts := e.MultipartReader()
	if parts == nil {
		b, err := io.ReadAll(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		return []string{string(b)}
	}
	var out []string
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, bodies(t, p)...)
	}
}
