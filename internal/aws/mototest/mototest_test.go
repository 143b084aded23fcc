package mototest

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// count returns how many instances an account has in its region.
func count(t *testing.T, a *Account) int {
	t.Helper()
	var out struct {
		IDs []string `xml:"reservationSet>item>instancesSet>item>instanceId"`
	}
	a.EC2(t, &out, "DescribeInstances")
	return len(out.IDs)
}

func TestAccountsAndRegionsAreKeptApart(t *testing.T) {
	s := Shared(t)
	a, b := s.Account(t, "eu-west-1"), s.Account(t, "eu-west-1")
	if a.ID == b.ID || len(a.ID) != 12 {
		t.Fatalf("accounts %q and %q", a.ID, b.ID)
	}
	if ids := a.Launch(t, 2, map[string]string{"Name": "x"}); len(ids) != 2 || !slices.IsSorted(ids) {
		t.Fatalf("launched %v", ids)
	}
	for name, c := range map[string]struct {
		account *Account
		want    int
	}{"the account": {a, 2}, "another": {b, 0}, "another region": {a.In("us-west-2"), 0}} {
		if got := count(t, c.account); got != c.want {
			t.Errorf("%s has %d instances, want %d", name, got, c.want)
		}
	}
}

func TestAStartedServerIsEmptiedByResetAndEndsWithItsTest(t *testing.T) {
	var s *Server
	t.Run("running", func(t *testing.T) {
		s = Start(t)
		a := s.Account(t, "eu-west-1")
		a.Launch(t, 1, nil)
		s.Reset(t)
		if n := count(t, a); n != 0 {
			t.Errorf("%d instances after a reset", n)
		}
	})
	if s == nil {
		t.Skip("no server")
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://")); err == nil {
		conn.Close()
		t.Error("the server still answers")
	}
}

func TestSharedIsOneServer(t *testing.T) {
	if one, two := Shared(t), Shared(t); one != two {
		t.Error("two servers")
	}
}

func TestEnvNamesTheServerAndHidesTheConfigurationOfThisMachine(t *testing.T) {
	s := Shared(t)
	env := s.Account(t, "ap-south-1").Env()
	for _, want := range []string{"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=ap-south-1", "AWS_PROFILE=", "AWS_EC2_METADATA_DISABLED=true"} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is not in %v", want, env)
		}
	}
	if !slices.Contains(s.Env(), "AWS_ACCESS_KEY_ID=test") {
		t.Errorf("the default account's key is not in %v", s.Env())
	}
}

func TestMailAndPublicationsCanBeReadBack(t *testing.T) {
	s := Shared(t)
	a := s.Account(t, "eu-west-1")
	from := a.ID + "@example.com"
	a.VerifyIdentity(t, from)
	part := func(text string) map[string]string { return map[string]string{"Data": text} }
	a.json(t, "ses", "/v2/email/outbound-emails", "", map[string]any{
		"FromEmailAddress": from,
		"Destination":      map[string][]string{"ToAddresses": {"b@example.com"}, "CcAddresses": {"c@example.com"}},
		"Content":          map[string]any{"Simple": map[string]any{"Subject": part("hi"), "Body": map[string]any{"Html": part("<p>")}}},
	}, nil)
	sent := s.SentMail(t, from)
	if len(sent) != 1 || sent[0].ID == "" {
		t.Fatalf("sent %+v", sent)
	}
	sent[0].ID = ""
	want := Mail{From: from, To: []string{"b@example.com"}, CC: []string{"c@example.com"}, Subject: "hi", Body: "<p>"}
	if d := cmp.Diff(want, sent[0]); d != "" {
		t.Error(d)
	}

	topic := a.Topic(t, "x")
	a.query(t, "sns", "2010-03-31", nil, "Publish", "TopicArn", topic.ARN, "Subject", "S", "Message", "hello")
	got := topic.Received(t)
	if len(got) != 1 || got[0].Subject != "S" || got[0].Message != "hello" || got[0].Topic != topic.ARN {
		t.Errorf("received %+v", got)
	}
}
