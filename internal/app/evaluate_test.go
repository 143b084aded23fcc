package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tagwarden/tagwarden/internal/app"
	"github.com/tagwarden/tagwarden/internal/notify"
	"github.com/tagwarden/tagwarden/internal/resource"
	"github.com/tagwarden/tagwarden/internal/tag"
)

// audited are policies that AWS Config asks about.
const audited = `
settings: {mark: off}
policies:
  - name: project
    resource: ec2:instance
    on: config
    match: tag("Team") != "none"
    exempt: [{tag: Exempt}]
    tags: {Project: {}}
  - name: owner
    resource: ec2:instance
    on: config
    mode: enforce
    match: resource.tags["Known"] != "no"
    tags: {Owner: {default: infra}}
`

// asks is a rule of AWS Config that asks about an instance; kind is that of its
// message, and status the item's.
func asks(kind, status, arn string) string {
	item := "configurationItem"
	if strings.HasPrefix(kind, "Oversized") {
		item = "configurationItemSummary"
	}
	id := arn[strings.LastIndex(arn, "/")+1:]
	return asked(fmt.Sprintf(`{"messageType":%q,%q:{"configurationItemStatus":%q,"configurationItemCaptureTime":"2026-06-01T08:00:00Z",
		"awsAccountId":%q,"awsRegion":%q,"resourceType":"AWS::EC2::Instance","resourceId":%q,"ARN":%q}}`, kind, item, status, account, region, id, arn), "token-1")
}

func asked(invoking, token string) string {
	text, _ := json.Marshal(invoking)
	return fmt.Sprintf(`{"invokingEvent":%s,"resultToken":%q,"configRuleName":"tags","configRuleArn":"arn:aws:config:%s:%s:config-rule/config-rule-1","accountId":%q}`, text, token, region, account, account)
}

func scheduled(token string) string {
	return asked(fmt.Sprintf(`{"messageType":"ScheduledNotification","notificationCreationTime":"2026-06-01T08:30:00Z","awsAccountId":%q}`, account), token)
}

const changed = "ConfigurationItemChangeNotification"

var eight = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

func arnOf(id string) string { return resource.InstanceARN(region, account, id) }

func TestARuleOfConfigIsToldWhatThePoliciesMakeOfTheResource(t *testing.T) {
	const id = "i-00000000000000001"
	for name, tt := range map[string]struct {
		tags tag.Set
		want string // "" for no answer
		note string
	}{
		"it complies":            {tag.Set{"Project": "shop", "Owner": "ada", "Known": "yes"}, notify.Compliant, ""},
		"it is repaired":         {tag.Set{"Project": "shop", "Known": "yes"}, notify.Compliant, ""},
		"it violates":            {tag.Set{"Owner": "ada", "Known": "yes"}, notify.NonCompliant, "project: tag Project is missing"},
		"it violates for one":    {tag.Set{"Owner": "ada"}, notify.NonCompliant, "project: tag Project is missing"},
		"it is unknown":          {tag.Set{"Owner": "ada", "Project": "shop"}, "", ""},
		"it is exempt from one":  {tag.Set{"Exempt": "", "Known": "no"}, notify.NotApplicable, ""},
		"it is out of scope":     {tag.Set{"Team": "none", "Known": "no"}, notify.NotApplicable, ""},
		"exempt, and it is fine": {tag.Set{"Exempt": "", "Known": "yes", "Owner": "ada"}, notify.Compliant, ""},
	} {
		for _, kind := range []string{changed, "OversizedConfigurationItemChangeNotification"} {
			x := &exchange{}
			w := newWorld(t, audited)
			w.systems = x
			w.launch(id, time.Hour, tt.tags)
			w.happens(asks(kind, "OK", arnOf(id)))
			var want []notify.Compliance
			if tt.want != "" {
				want = []notify.Compliance{{Ref: resource.EC2Ref(resource.Place{Account: account, Region: region}, resource.EC2Instance, id),
					Type: "AWS::EC2::Instance", ID: id, Verdict: tt.want, Note: tt.note, At: eight}}
			}
			if diff := cmp.Diff(want, x.answers); diff != "" {
				t.Errorf("%s, %s (-want +got)\n%s", name, kind, diff)
			}
			if want != nil && !slices.Equal(x.asked, []notify.Question{{Region: region, Token: "token-1"}}) {
				t.Errorf("%s: answered %+v", name, x.asked)
			}
		}
	}
}

func TestWhatNoPolicyIsAboutIsNotApplicable(t *testing.T) {
	for name, payload := range map[string]string{
		"deleted":      asks(changed, "ResourceDeleted", arnOf("i-00000000000000001")),
		"another type": strings.ReplaceAll(asks(changed, "OK", "arn:aws:ec2:us-east-1:"+account+":volume/vol-00000000000000001"), "EC2::Instance", "EC2::Volume"),
	} {
		x := &exchange{}
		w := newWorld(t, audited)
		w.systems = x
		before := w.aws.Calls()["ec2:DescribeInstances"]
		h, report := w.happens(payload)
		if len(x.answers) != 1 || x.answers[0].Verdict != notify.NotApplicable || x.answers[0].ID == "" || report != nil || h.Ignored == "" {
			t.Errorf("%s: %+v, %+v", name, x.answers, h)
		}
		if w.aws.Calls()["ec2:DescribeInstances"] != before {
			t.Errorf("%s: it was read", name)
		}
	}
}

func TestNobodyElsesRuleIsAnswered(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, audited)
	w.systems = x
	for _, payload := range []string{asks(changed, "OK", arnOf("i-1")), asks(changed, "ResourceDeleted", arnOf("i-1")), scheduled("token-1")} {
		h, _ := w.happens(strings.ReplaceAll(payload, account, "999988887777"))
		if h.Ignored == "" || len(x.asked) > 0 {
			t.Errorf("%+v, %+v", h, x.asked)
		}
	}
	// What cannot be seen is not answered either.
	if h, _ := w.happens(asks(changed, "OK", arnOf("i-00000000000000009"))); len(h.Unseen) != 1 || len(x.asked) > 0 {
		t.Errorf("unseen: %+v, %+v", h, x.asked)
	}
}

func TestAScheduledRuleIsToldOfEverythingWhereItIs(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, strings.Replace(audited, "resource: ec2:instance", "resource: [ec2:instance, ec2:snapshot]", 1))
	w.systems = x
	w.aws.AddRegion("eu-west-1")
	w.launch("i-00000000000000001", time.Hour, tag.Set{"Known": "yes", "Project": "shop"})
	w.launch("i-00000000000000002", time.Hour, tag.Set{"Known": "yes"})
	w.launch("i-00000000000000003", time.Hour, tag.Set{"Project": "shop"})
	w.launch("i-00000000000000004", time.Hour, tag.Set{"Known": "no", "Team": "none"})
	w.aws.Add(&resource.Snapshot{Base: resource.Base{Reference: resource.EC2Ref(resource.Place{Account: account, Region: region}, resource.EC2Snapshot, "snap-00000000000000001")}})
	h, report := w.happens(scheduled("token-2"))
	got := []string{}
	for _, c := range x.answers {
		if c.Type != "" || !c.At.Equal(eight.Add(30*time.Minute)) {
			t.Errorf("%+v", c)
		}
		got = append(got, c.Ref.ID+" "+c.Verdict)
	}
	want := []string{"i-00000000000000001 COMPLIANT", "i-00000000000000002 NON_COMPLIANT", "i-00000000000000004 NOT_APPLICABLE"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if i, _ := w.aws.Instance("i-00000000000000001"); i.TagSet["Owner"] != "infra" || h.Plan == nil || !slices.Equal(h.Plan.Regions, []string{region}) {
		t.Errorf("it acted as %+v", h.Plan)
	}
	if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Text, "not told of 1 of 4 resources") {
		t.Errorf("problems: %+v", report.Problems)
	}
	if x.asked[0] != (notify.Question{Region: region, Token: "token-2"}) {
		t.Errorf("%+v", x.asked)
	}
}

func TestARuleIsAnsweredAtOnceByPoliciesThatLetTagsSettle(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, strings.ReplaceAll(audited, "    on: config\n", "    on: config\n    settle: 5m\n"))
	w.systems = x
	id := w.launch("i-00000000000000001", time.Hour, tag.Set{"Known": "yes", "Project": "shop"})
	now := w.aws.Clock().Now().Format(time.RFC3339)
	h, report := w.happens(strings.Replace(asks(changed, "OK", arnOf(id)), "2026-06-01T08:00:00Z", now, 1))
	if len(h.Later) != 2 || report != nil {
		t.Errorf("%+v", h)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "" {
		t.Errorf("it acted: %v", i.TagSet)
	}
	if len(x.answers) != 1 || x.answers[0].Verdict != notify.NonCompliant || !strings.HasPrefix(x.answers[0].Note, "owner: ") {
		t.Errorf("%+v", x.answers)
	}
}

func TestWhoeverDoesNotConfirmASweepOfARuleDoesNothing(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, audited)
	w.systems = x
	id := w.launch("i-00000000000000001", time.Hour, tag.Set{"Known": "yes"})
	e := w.event(scheduled("t"))
	no := errors.New("no")
	e.Confirm = func(h *app.Handling) error {
		if len(h.Plan.Findings) != 2 {
			t.Errorf("asked about %+v", h.Plan.Findings)
		}
		return no
	}
	if _, _, err := w.app().Handle(t.Context(), e); !errors.Is(err, no) || len(x.asked) > 0 {
		t.Errorf("%v, %+v", err, x.asked)
	}
	if i, _ := w.aws.Instance(id); i.TagSet["Owner"] != "" {
		t.Errorf("it has the tags %v", i.TagSet)
	}
}

func TestJudgingAloneAnswersNoRule(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, audited)
	w.systems = x
	w.launch("i-00000000000000001", time.Hour, tag.Set{"Known": "yes"})
	for _, status := range []string{"OK", "ResourceDeleted"} {
		h, err := w.app().Judge(t.Context(), w.event(asks(changed, status, arnOf("i-00000000000000001"))))
		if err != nil || len(x.asked) > 0 || (h.Plan == nil) != (status != "OK") || (h.Ignored == "") != (status == "OK") {
			t.Errorf("%s: %+v, %v, %+v", status, h, err, x.asked)
		}
	}
}

func TestATrialIsAnsweredAsOne(t *testing.T) {
	x := &exchange{}
	w := newWorld(t, audited)
	w.systems = x
	w.launch("i-00000000000000001", time.Hour, nil)
	w.happens(scheduled("TESTMODE"))
	if len(x.asked) != 1 || !x.asked[0].Test {
		t.Errorf("%+v", x.asked)
	}
}

func TestAnAnswerThatIsNotTakenIsGivenWhenTheEventComesAgain(t *testing.T) {
	for name, payload := range map[string]string{"one": asks(changed, "OK", arnOf("i-00000000000000001")), "gone": asks(changed, "ResourceDeleted", arnOf("i-00000000000000001")), "all": scheduled("t")} {
		x := &exchange{refuse: true}
		w := newWorld(t, audited)
		w.systems = x
		id := w.launch("i-00000000000000001", time.Hour, tag.Set{"Known": "yes", "Project": "shop"})
		if h, _, err := w.app().Handle(t.Context(), w.event(payload)); err == nil || h == nil || strings.Contains(err.Error(), "token-1") {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		if i, _ := w.aws.Instance(id); name != "gone" && i.TagSet["Owner"] != "infra" {
			t.Errorf("%s: it has the tags %v", name, i.TagSet)
		}
		x.refuse = false
		if w.happens(payload); len(x.answers) != 1 {
			t.Errorf("%s: %+v", name, x.answers)
		}
		w.systems = nil
		if _, _, err := w.app().Handle(t.Context(), w.event(payload)); err == nil {
			t.Errorf("%s: nothing can answer, and that is no error", name)
		}
	}
}

// Whatever the tags are: AWS Config takes every note, and is told only what is
// known.
func TestEveryAnswerIsOneThatConfigTakes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := &exchange{}
		w := newWorld(t, `
settings: {mark: off}
policies:
  - name: long
    description: `+strings.Repeat("word ", 60)+`
    resource: ec2:instance
    on: config
    match: resource.tags["Known"] != "no"
  - {name: dated, resource: ec2:instance, on: config, tags: {Expires: {pattern: "[0-9]+"}}}
`)
		w.systems = x
		tags := tag.Set{"Expires": rapid.String().Draw(rt, "expires")}
		if rapid.Bool().Draw(rt, "known") {
			tags["Known"] = rapid.SampledFrom([]string{"yes", "no"}).Draw(rt, "value")
		}
		w.launch("i-00000000000000001", time.Hour, tags)
		w.happens(scheduled("t"))
		for _, c := range x.answers {
			n := len([]rune(c.Note))
			if n > 256 || strings.ContainsFunc(c.Note, func(r rune) bool { return r < ' ' }) || (n > 0) != (c.Verdict == notify.NonCompliant) {
				rt.Fatalf("%+v", c)
			}
			if tags["Known"] == "" && c.Verdict == notify.Compliant {
				rt.Fatalf("%v is unknown to a policy: %+v", tags, c)
			}
		}
	})
}
