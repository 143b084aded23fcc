package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/view"
)

var nopSNS = &policy.SNS{Topic: "arn:aws:sns:us-east-1:111122223333:policy"}

// sleep does not wait; it returns early as the real one does.
func (w *noWait) sleep(ctx context.Context, d time.Duration) error {
	w.asked = append(w.asked, d)
	return ctx.Err()
}

// post office: a mail service and a topic service that fail as often as told,
// and keep what they accept.
type office struct {
	fails []fault.Class // of the calls to come
	calls int
	mails []Mail
	pubs  []Publication
}

func (o *office) call() error {
	o.calls++
	if len(o.fails) == 0 {
		return nil
	}
	c := o.fails[0]
	o.fails = o.fails[1:]
	return fmt.Errorf("sending: %w", &fault.Error{Class: c, Call: "service:Send", Code: "Code" + string(c)})
}

func (o *office) SendMail(_ context.Context, m Mail) (string, error) {
	if err := o.call(); err != nil {
		return "", err
	}
	o.mails = append(o.mails, m)
	return fmt.Sprintf("mail-%d", len(o.mails)), nil
}

func (o *office) Publish(_ context.Context, p Publication) (string, error) {
	if err := o.call(); err != nil {
		return "", err
	}
	o.pubs = append(o.pubs, p)
	return fmt.Sprintf("pub-%d", len(o.pubs)), nil
}

// to returns a digest for another channel.
func to(channel string, d *view.Digest) view.Digest {
	c := *d
	c.Channel = channel
	return c
}

func TestAMailHasWhatTheChannelSays(t *testing.T) {
	o := &office{}
	n := New(channels(t, &policy.Channel{Name: "infra", SES: ses}), Transports{Mail: o}, (&noWait{}).sleep)
	owned := to("infra", s1())
	owned.Address = "ann@example.com"
	got := n.Send(t.Context(), []view.Digest{to("infra", s1()), owned})
	want := []Delivery{
		{Channel: "infra", Accepted: true, ID: "mail-1"},
		{Channel: "infra", Address: "ann@example.com", Accepted: true, ID: "mail-2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	mail := Mail{
		Region: "eu-west-1", From: "Governance <governance@example.com>", To: []string{"infra@example.com"},
		CC: []string{"finops@example.com"}, BCC: []string{"audit@example.com"}, ReplyTo: []string{"help@example.com"},
		ReturnPath: "bounces@example.com", ConfigurationSet: "alerts", Tags: map[string]string{"team": "infra"},
		Subject: "⚠️ 12 Untagged EC2 Instance(s) Detected",
		Headers: map[string]string{
			"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "List-Id": "<infra.central.tagwarden>",
			"X-Tagwarden-Run": "20261121-120000-7f3a", "X-Tagwarden-Delivery": deliveryID(&view.Digest{Name: "central", Account: account, Run: "20261121-120000-7f3a", Channel: "infra"}),
		},
	}
	bodies := cmpopts.IgnoreFields(Mail{}, "HTML", "Text")
	if diff := cmp.Diff(mail, o.mails[0], bodies); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	mail.To, mail.CC, mail.BCC = []string{"ann@example.com"}, nil, nil
	mail.Headers = headers(&owned)
	if diff := cmp.Diff(mail, o.mails[1], bodies); diff != "" {
		t.Errorf("an owner's mail (-want +got)\n%s", diff)
	}
	says(t, "owner's mail", o.mails[1].Text, "For ann@example.com, whom a tag names as the owner of these resources.")
	if deliveryID(&owned) == mail.Headers["X-Tagwarden-Run"] || deliveryID(&owned) == o.mails[0].Headers["X-Tagwarden-Delivery"] {
		t.Error("two digests have one delivery id")
	}
}

func TestWhichFailuresAreTriedAgain(t *testing.T) {
	many := func(c fault.Class, n int) (out []fault.Class) {
		for range n {
			out = append(out, c)
		}
		return out
	}
	s := time.Second
	for _, tt := range []struct {
		name   string
		fails  []fault.Class
		calls  int
		waits  []time.Duration
		errors string
	}{
		{"throttled is", many(fault.Throttled, 2), 3, []time.Duration{s, 2 * s}, ""},
		{"a passing failure is, up to a bound", many(fault.Passing, 9), 4, []time.Duration{s, 2 * s, 4 * s}, "(passing)"},
		{"a quota is not", many(fault.Quota, 1), 1, nil, "(quota)"},
		{"an unverified identity is not", many(fault.Unverified, 1), 1, nil, "(unverified)"},
		{"a denial is not", many(fault.Denied, 1), 1, nil, "(denied)"},
		{"a time-out is not: it may have been sent", many(fault.TimedOut, 1), 1, nil, "(timed out)"},
		{"what is found on the way counts", []fault.Class{fault.Throttled, fault.Denied}, 2, []time.Duration{s}, "(denied)"},
	} {
		for _, channel := range []string{"mail", "topic"} {
			t.Run(tt.name+"/"+channel, func(t *testing.T) {
				o, w := &office{fails: tt.fails}, &noWait{}
				set := channels(t, &policy.Channel{Name: "mail", SES: ses}, &policy.Channel{Name: "topic", SNS: nopSNS})
				got := New(set, Transports{Mail: o, Topics: o}, w.sleep).Send(t.Context(), []view.Digest{to(channel, one())})[0]
				if o.calls != tt.calls || !cmp.Equal(w.asked, tt.waits) {
					t.Errorf("%d calls with waits %v, want %d with %v", o.calls, w.asked, tt.calls, tt.waits)
				}
				if got.Accepted != (tt.errors == "") || got.Accepted != (got.Err == nil) {
					t.Errorf("accepted %v, error %v", got.Accepted, got.Err)
				}
				if tt.errors != "" && !strings.HasPrefix(fmt.Sprint(got.Err), "sending to channel "+channel+" "+tt.errors+": ") {
					t.Errorf("got error %v", got.Err)
				}
			})
		}
	}
	o := &office{fails: []fault.Class{fault.TimedOut}}
	got := New(channels(t, &policy.Channel{Name: "mail", SES: ses}), Transports{Mail: o}, nil).Send(t.Context(), []view.Digest{to("mail", one())})[0]
	if !strings.Contains(fmt.Sprint(got.Err), "may have been sent") {
		t.Errorf("got error %v", got.Err)
	}
}

func TestOneChannelThatFailsDoesNotKeepTheOthers(t *testing.T) {
	o := &office{}
	full := *ses
	for i := range 50 {
		full.BCC = append(full.BCC, fmt.Sprintf("p%d@example.com", i))
	}
	set := channels(t, &policy.Channel{Name: "infra", SES: ses}, &policy.Channel{Name: "crowd", SES: &full},
		&policy.Channel{Name: "topic", SNS: nopSNS}, &policy.Channel{Name: "teams", Router: &policy.Router{}},
		&policy.Channel{Name: "folder", File: &policy.File{Dir: "x"}})
	n := New(set, Transports{Mail: o}, (&noWait{}).sleep)
	forged, empty := to("infra", one()), to("infra", one())
	forged.Address = "ann@example.com\r\nBcc: evil@example.com"
	empty.Sections = []view.Section{{Policy: "p"}}
	got := n.Send(t.Context(), []view.Digest{
		to("gone", one()), to("crowd", one()), to("topic", one()), to("teams", one()), to("folder", one()), forged, empty, to("infra", one()),
	})
	want := []string{
		"sending to channel gone (invalid): notify: the policy file no longer has this channel",
		"sending to channel crowd (invalid): ses:SendEmail: 53 recipients, where SES takes 1 to 50 for a message",
		"sending to channel topic (invalid): sns:Publish: there is no SNS to publish with",
		"sending to channel teams (invalid): notify: a router is no channel by itself",
		"sending to channel folder (invalid): file:write: there is nowhere to write files to",
		"sending to channel infra (invalid): notify: the owner's address is not a mail address",
		"sending to channel infra (other): there is nothing to tell",
		"<nil>",
	}
	for i, d := range got {
		if fmt.Sprint(d.Err) != want[i] {
			t.Errorf("got  %v\nwant %s", d.Err, want[i])
		}
	}
	if !errors.Is(got[6].Err, ErrNothing) || len(o.mails) != 1 {
		t.Errorf("%d mails were sent", len(o.mails))
	}
}

func TestAnEndedRunSendsNothingMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := &office{fails: []fault.Class{fault.Throttled}}
	n := New(channels(t, &policy.Channel{Name: "infra", SES: ses}), Transports{Mail: o}, func(ctx context.Context, _ time.Duration) error {
		cancel() // while waiting for the second attempt
		return ctx.Err()
	})
	got := n.Send(ctx, []view.Digest{to("infra", one()), to("infra", s1())})
	classes := []fault.Class{fault.ClassOf(got[0].Err), fault.ClassOf(got[1].Err)}
	if diff := cmp.Diff([]fault.Class{fault.Throttled, fault.Cancelled}, classes); diff != "" || o.calls != 1 {
		t.Errorf("%d calls (-want +got)\n%s", o.calls, diff)
	}
}

func TestAFileChannelLeavesAMailAndTheDigest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	set := channels(t, &policy.Channel{Name: "folder", File: &policy.File{Dir: dir}})
	n := New(set, Transports{Files: Folder{}}, nil)
	owned := to("folder", one())
	owned.Address = "ann+aws@example.com"
	ds := []view.Digest{to("folder", one()), owned, to("folder", one())} // the third replaces the first
	for _, d := range n.Send(t.Context(), ds) {
		if d.Err != nil || filepath.Dir(d.ID) != dir {
			t.Errorf("id %s, error %v", d.ID, d.Err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v (%v)", e.Name(), info.Mode(), err)
		}
	}
	base := "20261121T120000Z-20261121-120000-7f3a-folder"
	owner := base + "-ann_aws_example.com-" + deliveryID(&owned)[:8]
	if diff := cmp.Diff([]string{owner + ".eml", owner + ".json", base + ".eml", base + ".json"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	set.Channels["folder"].File.Dir = filepath.Join(dir, "file")
	got := n.Send(t.Context(), ds[:1])[0]
	if got.Accepted || !strings.HasPrefix(fmt.Sprint(got.Err), "sending to channel folder (other): file:write: making the folder: ") {
		t.Errorf("got %v", got.Err)
	}
}
