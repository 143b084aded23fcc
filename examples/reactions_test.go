package examples_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/policy"
	"github.com/tagwarden/tagwarden/internal/queue"
	"github.com/tagwarden/tagwarden/internal/record"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/sim"
	"github.com/tagwarden/tagwarden/internal/tag"
	"github.com/tagwarden/tagwarden/internal/trigger"
)

// office is who hears of reactions: a chat, a desk with tickets, a bus of events
// and AWS Config.
type office struct {
	mu      sync.Mutex
	posted  map[string][]string // by path
	events  []notify.Event
	answers []notify.Compliance
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.posted[r.URL.Path] = append(o.posted[r.URL.Path], string(body))
	fmt.Fprint(w, "ok")
}

func (o *office) told(path string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.posted[path]
}

// PutEvents implements notify.Bus.
func (o *office) PutEvents(_ context.Context, _ string, es []notify.Event) ([]error, error) {
	o.events = append(o.events, es...)
	return make([]error, len(es)), nil
}

// PutEvaluations implements notify.Auditor.
func (o *office) PutEvaluations(_ context.Context, _ notify.Question, cs []notify.Compliance) ([]error, error) {
	o.answers = append(o.answers, cs...)
	return make([]error, len(cs)), nil
}

func TestReactionsOnTheEmbeddedAccount(t *testing.T) {
	o := &office{posted: map[string][]string{}}
	server := httptest.NewServer(o)
	defer server.Close()
	env := map[string]string{"SLACK_WEBHOOK": server.URL + "/chat", "TICKET_URL": server.URL + "/tickets", "TICKET_SECRET": "between-us"}
	b, err := os.ReadFile("reactions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set, problems := policy.Load([]policy.Source{{Name: "reactions.yaml", Data: b}}, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	const region = "us-east-1"
	account := sim.Demo()
	timer := &queue.Timer{}
	n := notify.New(set, notify.Transports{Events: o, Audit: o, HTTP: server.Client()}, func(context.Context, time.Duration) error { return nil })
	a := app.New(app.Options{Set: set, Source: account, Actor: account, Ledger: record.NewMemory(), Notifier: n, Systems: n, Later: timer, Region: region})
	runs := 0
	happens := func(payload string) *app.Handling {
		t.Helper()
		b, err := trigger.Read([]byte(payload))
		if err != nil || len(b.Messages) != 1 || b.Messages[0].Request == nil {
			t.Fatalf("%+v, %v", b, err)
		}
		runs++
		h, report, err := a.Handle(t.Context(), app.Event{Run: fmt.Sprint("run-", runs), Now: account.Clock().Now(), Request: b.Messages[0].Request})
		if err != nil || report != nil && len(report.Problems) > 0 {
			t.Fatalf("%v, %+v", err, report)
		}
		return h
	}
	caller, err := account.Caller(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	envelope := func(kind, source, resources, detail string) string {
		return fmt.Sprintf(`{"id":"e-%d","detail-type":%q,"source":%q,"account":%q,"time":%q,"region":%q,"resources":[%s],"detail":%s}`,
			runs, kind, source, caller.Account, account.Clock().Now().Format(time.RFC3339), region, resources, detail)
	}
	arn := func(id string) string { return resource.InstanceARN(region, caller.Account, id) }

	t.Run("a tag that is taken away", func(t *testing.T) {
		renamed := account.Launch(sim.Instance{Region: region, Tags: tag.Set{"Name": "a"}})
		lost := account.Launch(sim.Instance{Region: region, Tags: tag.Set{"Name": "b"}})
		for _, id := range []string{renamed, lost} {
			h := happens(envelope("Tag Change on Resource", "aws.tag", fmt.Sprintf("%q", arn(id)), `{"changed-tag-keys":["Project"],"service":"ec2","resource-type":"instance"}`))
			same(t, "policies that wait", 1, len(h.Later))
		}
		account.SetTags(renamed, tag.Set{"Project": "atlas"})
		same(t, "told at once", 0, len(o.told("/chat")))
		account.Clock().Advance(2 * time.Minute)
		notes, _ := timer.Take(account.Clock().Now())
		for _, n := range notes {
			happens(string(n.Body))
		}
		if got := strings.Join(o.told("/chat"), ""); !strings.Contains(got, lost) || strings.Contains(got, renamed) {
			t.Errorf("the chat was told %q", got)
		}
	})
	t.Run("a group that is opened", func(t *testing.T) {
		web := resource.Rule{ID: "sgr-0000000000000web1", Direction: "ingress", Protocol: "tcp", FromPort: 443, ToPort: 443, CIDR: "0.0.0.0/0", Allow: true}
		ssh := resource.Rule{ID: "sgr-0000000000000ssh1", Direction: "ingress", Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: "0.0.0.0/0", Allow: true}
		g := &resource.SecurityGroup{GroupName: "web", VPC: "vpc-abc123c1", RuleList: resource.Known([]resource.Rule{web, ssh})}
		g.Reference.Region = region
		id := account.Add(g)
		happens(envelope("AWS API Call via CloudTrail", "aws.ec2", "", fmt.Sprintf(`{"eventVersion":"1.10","userIdentity":{"type":"IAMUser","userName":"ana","arn":"arn:aws:iam::%s:user/ana","principalId":"AIDAEXAMPLE","accountId":%q},
			"eventTime":%q,"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress","awsRegion":%q,"eventID":"c-1","eventType":"AwsApiCall","readOnly":false,"recipientAccountId":%q,
			"requestParameters":{"groupId":%q},"responseElements":{"_return":true}}`, caller.Account, caller.Account, account.Clock().Now().Format(time.RFC3339), region, caller.Account, id)))
		same(t, "rules", []resource.Rule{web}, account.Rules(id))
		same(t, "outcomes published", 1, len(o.events))
		happens(envelope(o.events[0].Kind, o.events[0].Source, fmt.Sprintf("%q", o.events[0].Resources[0]), o.events[0].Detail))
		if got := o.told("/tickets"); len(got) != 1 || !strings.Contains(got[0], id) || strings.Contains(got[0], "between-us") {
			t.Errorf("tickets: %q", got)
		}
	})
	t.Run("a question of AWS Config", func(t *testing.T) {
		id := account.Launch(sim.Instance{Region: region, Tags: tag.Set{"Owner": "nobody", "aws:autoscaling:groupName": "web"}})
		item := fmt.Sprintf(`{"messageType":"ConfigurationItemChangeNotification","configurationItem":{"configurationItemStatus":"OK","configurationItemCaptureTime":%q,"awsAccountId":%q,"awsRegion":%q,"resourceType":"AWS::EC2::Instance","resourceId":%q,"ARN":%q}}`,
			account.Clock().Now().Format(time.RFC3339), caller.Account, region, id, arn(id))
		happens(fmt.Sprintf(`{"invokingEvent":%q,"resultToken":"token","configRuleName":"owned","configRuleArn":"arn:aws:config:%s:%s:config-rule/config-rule-1","accountId":%q}`, item, region, caller.Account, caller.Account))
		if len(o.answers) != 1 || o.answers[0].ID != id || o.answers[0].Verdict != notify.NonCompliant {
			t.Errorf("%+v", o.answers)
		}
		if got := o.told("/chat"); !strings.Contains(got[len(got)-1], id) {
			t.Errorf("the chat was told %q", got)
		}
	})
}
