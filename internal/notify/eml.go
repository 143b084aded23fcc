package notify

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"github.com/tagwarden/tagwarden/internal/view"
)

// eml writes a digest as an Internet message. Nobody sends it: its addresses
// are of a domain that cannot exist (RFC 2606), unless it is an owner's.
func (n *Notifier) eml(channel string, d *view.Digest) ([]byte, error) {
	m := Mail{From: "tagwarden <tagwarden@tagwarden.invalid>", To: []string{slug(channel) + "@tagwarden.invalid"}, Headers: headers(d)}
	if d.Address != "" {
		m.To = []string{d.Address}
	}
	n.content(&m, d)
	return EML(m, deliveryID(d), d.At)
}

// EML writes a mail as an Internet message (RFC 5322), the same bytes for the
// same mail, id and time. Recipients in BCC and the return path are left out,
// as they are of any message that arrives.
func EML(m Mail, id string, at time.Time) ([]byte, error) {
	var h mail.Header
	h.SetDate(at)
	h.SetSubject(m.Subject)
	h.SetMessageID(id + "@tagwarden.invalid")
	for _, list := range []struct {
		name      string
		addresses []string
	}{{"From", []string{m.From}}, {"To", m.To}, {"Cc", m.CC}, {"Reply-To", m.ReplyTo}} {
		if err := addresses(&h, list.name, list.addresses); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		h.Set(name, header(m.Headers[name]))
	}
	h.SetContentType("multipart/mixed", map[string]string{"boundary": "mixed-" + id})

	var out bytes.Buffer
	w, err := message.CreateWriter(&out, h.Header)
	if err != nil {
		return nil, fmt.Errorf("beginning the message: %w", err)
	}
	if err := bodies(w, &m, id); err != nil {
		return nil, err
	}
	for _, a := range m.Attachments {
		var h message.Header
		h.Set("Content-Type", a.ContentType)
		h.SetContentDisposition("attachment", map[string]string{"filename": a.Name})
		if err := leaf(w, h, "base64", a.Data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("ending the message: %w", err)
	}
	return out.Bytes(), nil
}

// addresses sets a header of mail addresses; without any it is left out.
func addresses(h *mail.Header, name string, list []string) error {
	var parsed []*mail.Address
	for _, s := range list {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return fmt.Errorf("writing the header %s: %w", name, err)
		}
		parsed = append(parsed, a)
	}
	if len(parsed) > 0 {
		h.SetAddressList(name, parsed)
	}
	return nil
}

// bodies writes the text and the HTML as alternatives.
func bodies(w *message.Writer, m *Mail, id string) error {
	var h message.Header
	h.SetContentType("multipart/alternative", map[string]string{"boundary": "alternative-" + id})
	alt, err := w.CreatePart(h)
	if err != nil {
		return fmt.Errorf("beginning the bodies: %w", err)
	}
	for _, body := range []struct{ kind, data string }{{"text/plain", m.Text}, {"text/html", m.HTML}} {
		var h message.Header
		h.SetContentType(body.kind, map[string]string{"charset": "utf-8"})
		if err := leaf(alt, h, "quoted-printable", []byte(body.data)); err != nil {
			return err
		}
	}
	if err := alt.Close(); err != nil {
		return fmt.Errorf("ending the bodies: %w", err)
	}
	return nil
}

// leaf writes a part that holds no others.
func leaf(w *message.Writer, h message.Header, encoding string, data []byte) error {
	h.Set("Content-Transfer-Encoding", encoding)
	p, err := w.CreatePart(h)
	if err == nil {
		_, err = io.Copy(p, bytes.NewReader(data))
	}
	if err == nil {
		err = p.Close()
	}
	if err != nil {
		return fmt.Errorf("writing a part: %w", err)
	}
	return nil
}
