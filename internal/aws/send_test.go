package aws

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/tag"
)

var aMail = notify.Mail{From: "a@example.com", To: []string{"b@example.com"}, Subject: "s", Text: "t"}

func TestAMailIsSentWithAllItHas(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{body: `{"MessageId":"m-1"}`} })
	id, err := s.SendMail(t.Context(), notify.Mail{
		Region: "us-west-2", From: "Göran <a@example.com>", To: []string{"b@example.com"}, CC: []string{"c@example.com"}, BCC: []string{"d@example.com"},
		ReplyTo: []string{"r@example.com"}, ReturnPath: "bounce@example.com", ConfigurationSet: "set", Tags: tag.Set{"run": "1", "policy": "p"},
		Subject: "⚠️ 2", Text: "text", HTML: "<p>", Headers: map[string]string{"X-B": "2", "X-A": "1"},
		Attachments: []notify.Attachment{{Name: "f.csv", ContentType: "text/csv", Data: []byte("a,b\n")}},
	})
	if err != nil || id != "m-1" {
		t.Fatal(id, err)
	}
	if host := fake.requests[0].URL.Host; host != "email.us-west-2.amazonaws.com" {
		t.Errorf("sent to %s", host)
	}
	var got, want any
	if err := json.Unmarshal(fake.requests[0].body, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"FromEmailAddress": "=?utf-8?q?G=C3=B6ran?= <a@example.com>",
		"Destination": {"ToAddresses": ["b@example.com"], "CcAddresses": ["c@example.com"], "BccAddresses": ["d@example.com"]},
		"ReplyToAddresses": ["r@example.com"], "FeedbackForwardingEmailAddress": "bounce@example.com", "ConfigurationSetName": "set",
		"EmailTags": [{"Name": "policy", "Value": "p"}, {"Name": "run", "Value": "1"}],
		"Content": {"Simple": {
			"Subject": {"Charset": "UTF-8", "Data": "⚠️ 2"},
			"Body": {"Text": {"Charset": "UTF-8", "Data": "text"}, "Html": {"Charset": "UTF-8", "Data": "<p>"}},
			"Headers": [{"Name": "X-A", "Value": "1"}, {"Name": "X-B", "Value": "2"}],
			"Attachments": [{"FileName": "f.csv", "ContentType": "text/csv", "RawContent": "YSxiCg==", "ContentDisposition": "ATTACHMENT", "ContentTransferEncoding": "BASE64"}]
		}}}`), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatAMailDoesNotHaveIsNotSent(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{body: `{"MessageId":"m-1"}`} })
	if _, err := s.SendMail(t.Context(), aMail); err != nil {
		t.Fatal(err)
	}
	if host := fake.requests[0].URL.Host; host != "email.eu-west-1.amazonaws.com" {
		t.Errorf("sent to %s, not to the default region", host)
	}
	for _, field := range []string{"Html", "ConfigurationSetName", "FeedbackForwarding", "EmailTags", "CcAddresses", "Attachments", "Headers"} {
		if strings.Contains(string(fake.requests[0].body), field) {
			t.Errorf("%s is in %s", field, fake.requests[0].body)
		}
	}
}

func TestDisplayNamesAreEncodedOnlyWhereTheyMust(t *testing.T) {
	for in, want := range map[string]string{
		"a@example.com":          "a@example.com",
		"Ann <a@example.com>":    "Ann <a@example.com>",
		"Änn <a@example.com>":    "=?utf-8?q?=C3=84nn?= <a@example.com>",
		"ä, no address":          "ä, no address",
		"ä@example.com":          "ä@example.com",
		"\"Ä\nB\" <a@b.example>": "\"Ä\nB\" <a@b.example>",
	} {
		if got := address(in); got != want {
			t.Errorf("address(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAnErrorOfSESSaysWhatToDo(t *testing.T) {
	isolate(t)
	tests := map[string]struct {
		code string
		want fault.Class
		hint string
	}{
		"an unverified address":       {"MessageRejected", fault.Unverified, "create-email-identity"},
		"an unverified MAIL FROM":     {"MailFromDomainNotVerifiedException", fault.Unverified, "MX"},
		"a suspended account":         {"AccountSuspendedException", fault.Denied, "SES console in eu-west-1"},
		"sending switched off":        {"SendingPausedException", fault.Denied, "SES console in eu-west-1"},
		"a quota":                     {"LimitExceededException", fault.Quota, "get-account"},
		"a rate":                      {"TooManyRequestsException", fault.Throttled, "get-account"},
		"no such configuration set":   {"NotFoundException", fault.NotFound, "configuration set"},
		"a broken request":            {"BadRequestException", fault.Invalid, ""},
		"a missing permission":        {"AccessDeniedException", fault.Denied, "allow ses:SendEmail"},
		"both reasons of a rejection": {"MessageRejected", fault.Unverified, "sandbox"},
		"the region is in its hint":   {"MessageRejected", fault.Unverified, "eu-west-1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := open(t, func(int, request) reply {
					return reply{status: 400, body: `{"__type":"` + tt.code + `","message":"The text."}`}
				})
				_, err := s.SendMail(t.Context(), aMail)
				f := asFault(t, err)
				if f.Class != tt.want || !strings.Contains(f.Hint, tt.hint) || f.Code != tt.code || f.Message != "The text." || f.Call != "sesv2:SendEmail" {
					t.Errorf("got %#v", f)
				}
			})
		})
	}
}

// The first one may have been sent.
func TestAMailWhoseAnswerWasLostIsNotSentAgain(t *testing.T) {
	isolate(t)
	tests := map[string]struct {
		err   error
		want  fault.Class
		calls int
	}{
		"cut off while reading": {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, fault.Passing, 1},
		"never connected":       {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, fault.Unreachable, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, fake := open(t, func(int, request) reply { return reply{err: tt.err} })
				_, err := s.SendMail(t.Context(), aMail)
				if fault.ClassOf(err) != tt.want || len(fake.calls()) != tt.calls {
					t.Errorf("%v of class %q after %d attempts", err, fault.ClassOf(err), len(fake.calls()))
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s, fake := open(t, func(n int, _ request) reply {
			if n == 1 {
				return reply{status: http.StatusTooManyRequests, body: `{"__type":"TooManyRequestsException"}`}
			}
			return reply{body: `{"MessageId":"m-2"}`}
		})
		if id, err := s.SendMail(t.Context(), aMail); id != "m-2" || err != nil || len(fake.calls()) != 2 {
			t.Errorf("one that was refused for its rate: %q, %v after %d attempts", id, err, len(fake.calls()))
		}
	})
}

func TestAPublicationGoesToTheRegionOfItsTopic(t *testing.T) {
	isolate(t)
	for name, tt := range map[string]struct {
		p    notify.Publication
		host string
	}{
		"of the ARN":      {notify.Publication{Topic: "arn:aws:sns:us-west-2:111122223333:t", Message: "m"}, "sns.us-west-2.amazonaws.com"},
		"of the channel":  {notify.Publication{Topic: "arn:aws:sns:us-west-2:111122223333:t", Message: "m", Region: "us-east-1"}, "sns.us-east-1.amazonaws.com"},
		"of another part": {notify.Publication{Topic: "arn:aws-cn:sns:cn-north-1:111122223333:t", Message: "m"}, "sns.cn-north-1.amazonaws.com.cn"},
	} {
		t.Run(name, func(t *testing.T) {
			s, fake := open(t, func(int, request) reply {
				return reply{body: `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>`}
			})
			id, err := s.Publish(t.Context(), tt.p)
			if err != nil || id != "m-1" || fake.requests[0].URL.Host != tt.host {
				t.Errorf("%q, %v at %s", id, err, fake.requests[0].URL.Host)
			}
			if fake.requests[0].Has("Subject") {
				t.Error("an empty subject was sent")
			}
		})
	}
}

func TestWhatIsNoTopicIsRefusedWithoutACall(t *testing.T) {
	isolate(t)
	s, fake := open(t, func(int, request) reply { return reply{} })
	for _, topic := range []string{"", "policy", "arn:aws:sqs:eu-west-1:111122223333:q", "arn:aws:sns:eu-west-1:111122223333", "arn:aws:sns:evil.example.com:1:t"} {
		if _, err := s.Publish(t.Context(), notify.Publication{Topic: topic, Message: "m"}); fault.ClassOf(err) != fault.Invalid {
			t.Errorf("%q: %v", topic, err)
		}
	}
	if len(fake.calls()) != 0 {
		t.Errorf("it called %v", fake.calls())
	}
}
