package aws

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tagwarden/tagwarden/internal/notify"
)

var (
	_ notify.Mailer    = (*Session)(nil)
	_ notify.Publisher = (*Session)(nil)
)

// SendMail sends a mail through SES v2 and returns SES's message id. A mail
// whose answer was lost may have been sent: the error's class is then TimedOut
// or Passing, and it was not tried again.
func (s *Session) SendMail(ctx context.Context, m notify.Mail) (string, error) {
	api, err := s.ses(cmp.Or(m.Region, s.Region()))
	if err != nil {
		return "", err
	}
	out, err := api.sendEmail(ctx, emailOf(m))
	if err != nil {
		return "", err
	}
	return awssdk.ToString(out.MessageId), nil
}

func emailOf(m notify.Mail) *sesv2.SendEmailInput {
	msg := &sestypes.Message{Subject: utf8Content(m.Subject), Body: &sestypes.Body{}}
	if m.Text != "" {
		msg.Body.Text = utf8Content(m.Text)
	}
	if m.HTML != "" {
		msg.Body.Html = utf8Content(m.HTML)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		msg.Headers = append(msg.Headers, sestypes.MessageHeader{Name: awssdk.String(name), Value: awssdk.String(m.Headers[name])})
	}
	for _, a := range m.Attachments {
		msg.Attachments = append(msg.Attachments, sestypes.Attachment{
			FileName: awssdk.String(a.Name), ContentType: given(a.ContentType), RawContent: a.Data,
			ContentDisposition:      sestypes.AttachmentContentDispositionAttachment,
			ContentTransferEncoding: sestypes.AttachmentContentTransferEncodingBase64,
		})
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: awssdk.String(address(m.From)),
		Destination:      &sestypes.Destination{ToAddresses: addresses(m.To), CcAddresses: addresses(m.CC), BccAddresses: addresses(m.BCC)},
		ReplyToAddresses: addresses(m.ReplyTo),
		// SES's name for the Return-Path: where bounces and complaints go.
		FeedbackForwardingEmailAddress: given(m.ReturnPath),
		ConfigurationSetName:           given(m.ConfigurationSet),
		Content:                        &sestypes.EmailContent{Simple: msg},
	}
	for _, k := range m.Tags.Keys() {
		in.EmailTags = append(in.EmailTags, sestypes.MessageTag{Name: awssdk.String(k), Value: awssdk.String(m.Tags[k])})
	}
	return in
}

func utf8Content(s string) *sestypes.Content {
	return &sestypes.Content{Data: awssdk.String(s), Charset: awssdk.String("UTF-8")}
}

// address encodes the display name of an address where it is not ASCII, which
// SES leaves to the sender. What is no address is left for SES to refuse.
func address(a string) string {
	if !strings.ContainsFunc(a, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return a
	}
	if parsed, err := mail.ParseAddress(a); err == nil && parsed.Name != "" {
		return parsed.String()
	}
	return a
}

func addresses(list []string) []string {
	var out []string
	for _, a := range list {
		out = append(out, address(a))
	}
	return out
}

// Publish publishes to a topic and returns SNS's message id.
func (s *Session) Publish(ctx context.Context, p notify.Publication) (string, error) {
	region, err := topicRegion(p)
	if err != nil {
		return "", err
	}
	api, err := s.sns(region)
	if err != nil {
		return "", err
	}
	out, err := api.publish(ctx, &sns.PublishInput{
		TopicArn: awssdk.String(p.Topic), Subject: given(p.Subject), Message: awssdk.String(p.Message),
	})
	if err != nil {
		return "", err
	}
	return awssdk.ToString(out.MessageId), nil
}

// topicRegion is where a topic is: arn:PARTITION:sns:REGION:ACCOUNT:NAME.
func topicRegion(p notify.Publication) (string, error) {
	parts := strings.Split(p.Topic, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" {
		f := invalid(callPublish, p.Region, fmt.Sprintf("%q is not the ARN of a topic", p.Topic))
		f.Hint = "a topic's ARN is like arn:aws:sns:eu-west-1:111122223333:name"
		return "", f
	}
	return cmp.Or(p.Region, parts[3]), nil
}

// given is nil for "", so that the field stays out of the request.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
