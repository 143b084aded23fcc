package doctor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/doctor"
	"github.com/tagwarden/tagwarden/internal/fault"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/queue"
)

func TestWhereEverythingIsThereAllIsOK(t *testing.T) {
	f := whole()
	r := examine(t, f, everything, queueURL)
	for _, c := range r.Checks {
		if c.Outcome != doctor.OK {
			t.Errorf("%+v", c)
		}
	}
	if r.Worst() != doctor.OK || r.Account != "111122223333" || r.Caller != role {
		t.Errorf("%s of %s, %s", r.Worst(), r.Account, r.Caller)
	}
	var kinds []string
	for _, c := range r.Checks {
		kinds = append(kinds, c.What)
	}
	want := []string{"credentials", "clock", "region", "trail", "trail's logs", "permission", "ledger", "lookup", "lookup", "table of rules", "mail", "mail", "mail", "topic", "bus", "queue"}
	if d := cmp.Diff(want, slices.CompactFunc(kinds, func(a, b string) bool { return a == b && a == "permission" })); d != "" {
		t.Error(d)
	}
}

func TestATopicThatDeployMakesIsMissingHere(t *testing.T) {
	f := whole()
	r := examine(t, f, strings.Replace(everything, `topic: {sns: {topic: "arn:aws:sns:eu-west-1:111122223333:finops"}}`, "topic: {sns: {}}", 1))
	i := slices.IndexFunc(r.Checks, func(c doctor.Check) bool { return c.What == doctor.AboutTopic })
	if i < 0 || r.Checks[i].Outcome != doctor.Missing || !strings.Contains(r.Checks[i].Do, "write topic: ARN") {
		t.Errorf("%+v", r.Checks)
	}
	if slices.ContainsFunc(f.asked, func(s string) bool { return strings.Contains(s, "topic") }) {
		t.Errorf("asked for: %q", f.asked)
	}
}

func TestOnlyWhatThePolicyFileUsesIsAskedFor(t *testing.T) {
	f := whole()
	examine(t, f, small)
	want := []string{"identify eu-west-1", "identify eu-west-1", "simulate " + role}
	if d := cmp.Diff(want, f.asked); d != "" {
		t.Error(d)
	}
	f = whole()
	examine(t, f, everything)
	if slices.ContainsFunc(f.asked, func(s string) bool { return strings.Contains(s, "nobody") }) {
		t.Errorf("a channel that no policy uses was asked for: %q", f.asked)
	}
}

func TestWhatIsNotThereIsMissingAndWhatIsNotToldIsUnknown(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*fake)
		outcome   doctor.Outcome
		what      string
		found     string
		withoutDo bool // without anything to do
	}{
		{name: "a trail that is off", change: func(f *fake) { f.trails[0].Logging = false }, outcome: doctor.Missing, what: "trail", found: "does not log"},
		{name: "a trail of reads", change: func(f *fake) { f.trails[0].Changes = false }, outcome: doctor.Missing, what: "trail", found: "not the management events"},
		{name: "no trail", change: func(f *fake) { f.trails = nil }, outcome: doctor.Missing, what: "trail", found: "there is no trail"},
		{name: "a trail that cannot be read", change: func(f *fake) { f.trails[0].Err = &fault.Error{Class: fault.Denied, Hint: "allow it"} }, outcome: doctor.Unknown, what: "trail", found: "denied"},
		{name: "trails that are denied", change: func(f *fake) { f.fails["trails"] = fault.Denied }, outcome: doctor.Unknown, what: "trail", found: "no", withoutDo: true},
		{name: "no logs", change: func(f *fake) { f.fails["archive"] = fault.NotFound }, outcome: doctor.Missing, what: "trail's logs", found: "no", withoutDo: true},
		{name: "no ledger", change: func(f *fake) { f.fails["ledger"] = fault.NotFound }, outcome: doctor.Missing, what: "ledger", found: "no"},
		{name: "a ledger that does not answer", change: func(f *fake) { f.fails["ledger"] = fault.Unreachable }, outcome: doctor.Unknown, what: "ledger", found: "no", withoutDo: true},
		{name: "another table", change: func(f *fake) { f.fails["ledger"] = fault.Invalid }, outcome: doctor.Missing, what: "ledger", found: "no"},
		{name: "a ledger that is being made", change: func(f *fake) { f.ledger.Ready = false }, outcome: doctor.Missing, what: "ledger", found: "yet"},
		{name: "a ledger that keeps all", change: func(f *fake) { f.ledger.Forgets = false }, outcome: doctor.Missing, what: "ledger", found: "grows"},
		{name: "a ledger of which it is not known", change: func(f *fake) { f.ledger.Err = &fault.Error{Class: fault.Denied} }, outcome: doctor.Unknown, what: "ledger", found: "denied", withoutDo: true},
		{name: "no rules", change: func(f *fake) { delete(f.tables, "rules") }, outcome: doctor.Missing, what: "table of rules", found: "there is none"},
		{name: "rules with another key", change: func(f *fake) { f.tables["rules"] = outside.Description{Status: outside.Active} }, outcome: doctor.Missing, what: "table of rules", found: "hash key"},
		{name: "a lookup being made", change: func(f *fake) { f.tables["people"] = outside.Description{Status: "CREATING"} }, outcome: doctor.Missing, what: "lookup", found: "CREATING"},
		{name: "no object", change: func(f *fake) { f.objects = nil }, outcome: doctor.Missing, what: "lookup", found: "there is none", withoutDo: true},
		{name: "an unverified domain", change: func(f *fake) { f.identities["example.com"] = false }, outcome: doctor.Missing, what: "mail", found: "identity example.com of the sender is not verified yet"},
		{name: "an unverified address in a verified domain", change: func(f *fake) { f.identities["tags@example.com"] = false }, outcome: doctor.Missing, what: "mail", found: "identity tags@example.com"},
		{name: "no identity", change: func(f *fake) { f.identities = nil }, outcome: doctor.Missing, what: "mail", found: "the sender tags@example.com is not verified"},
		{name: "identities that are denied", change: func(f *fake) { f.fails["sender"] = fault.Denied }, outcome: doctor.Unknown, what: "mail", found: "no", withoutDo: true},
		{name: "the sandbox", change: func(f *fake) { f.sending.Sandbox = true }, outcome: doctor.Missing, what: "mail", found: "the recipient ops@elsewhere.example is not verified"},
		{name: "a stopped account", change: func(f *fake) { f.sending.Enabled = false }, outcome: doctor.Missing, what: "mail", found: "stopped"},
		{name: "a used up day", change: func(f *fake) { f.sending.Sent = 50000 }, outcome: doctor.Missing, what: "mail", found: "50000 mails are sent"},
		{name: "no configuration set", change: func(f *fake) { f.sets = nil }, outcome: doctor.Missing, what: "mail", found: "there is none"},
		{name: "no topic", change: func(f *fake) { f.topics = nil }, outcome: doctor.Missing, what: "topic", found: "there is none"},
		{name: "a topic that nobody hears", change: func(f *fake) { clear(f.topics); f.topics["arn:aws:sns:eu-west-1:111122223333:finops"] = 0 }, outcome: doctor.Missing, what: "topic", found: "nobody hears"},
		{name: "no bus", change: func(f *fake) { f.buses = nil }, outcome: doctor.Missing, what: "bus", found: "there is none"},
		{name: "no queue", change: func(f *fake) { f.queues = nil }, outcome: doctor.Missing, what: "queue", found: "there is none", withoutDo: true},
		{name: "a queue without dead letters", change: func(f *fake) { f.queues[queueURL] = queue.Manner{} }, outcome: doctor.Missing, what: "queue", found: "dead letters"},
		{name: "a queue that is throttled", change: func(f *fake) { f.fails["queue"] = fault.Throttled }, outcome: doctor.Unknown, what: "queue", found: "no", withoutDo: true},
		{name: "a permission that a dry run denies", change: func(f *fake) { f.dry["ec2:StopInstances"] = doctor.Denied }, outcome: doctor.Missing, what: "permission", found: "so it says"},
		{name: "a permission that no policy allows", change: func(f *fake) { f.simulated["sns:Publish"] = doctor.Denied }, outcome: doctor.Missing, what: "permission", found: "lacks it on arn:aws:sns:eu-west-1:111122223333:finops"},
		{name: "one of the identities of a sender", change: func(f *fake) { f.simulated["ses:SendEmail"] = doctor.Denied }, outcome: doctor.Unknown, what: "permission", found: "one of the identities is enough"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := whole()
			tt.change(f)
			r := examine(t, f, everything, queueURL)
			var bad []doctor.Check
			for _, c := range r.Checks {
				if c.Outcome != doctor.OK {
					bad = append(bad, c)
				}
			}
			if len(bad) != 1 || bad[0].Outcome != tt.outcome || bad[0].What != tt.what || !strings.Contains(bad[0].Found, tt.found) || bad[0].Do == "" != tt.withoutDo {
				t.Errorf("%+v", bad)
			}
			if r.Worst() != tt.outcome {
				t.Errorf("the worst is %s", r.Worst())
			}
		})
	}
}

func TestWithoutCredentialsNothingElseIsAsked(t *testing.T) {
	f := whole()
	f.fails["identify"] = fault.Credentials
	r := examine(t, f, everything)
	if len(f.asked) != 1 || len(r.Checks) != 1 || r.Checks[0].What != doctor.About || r.Worst() != doctor.Missing {
		t.Errorf("%q; %+v", f.asked, r.Checks)
	}
}

// Nobody has said anything about them.
func TestCredentialsThatNobodyCouldBeAskedAboutAreUnknown(t *testing.T) {
	f := whole()
	f.fails["identify"] = fault.Unreachable
	r := examine(t, f, everything)
	if len(f.asked) != 1 || len(r.Checks) != 1 || r.Checks[0].What != doctor.About || r.Worst() != doctor.Unknown {
		t.Errorf("%q; %+v", f.asked, r.Checks)
	}
}

func TestWithoutARegionNothingIsAsked(t *testing.T) {
	f := whole()
	r, err := doctor.Examine(t.Context(), doctor.Options{Set: load(t, small), Account: f, Now: func() time.Time { return now }})
	if err != nil || len(f.asked) != 0 || r.Worst() != doctor.Missing {
		t.Errorf("%v, %q; %+v", err, f.asked, r)
	}
}

func TestAClockThatIsOffByMoreThanAMinuteIsMissing(t *testing.T) {
	for _, tt := range []struct {
		off     time.Duration
		outcome doctor.Outcome
		found   string
	}{
		{0, doctor.OK, "agrees"}, {time.Minute, doctor.OK, "agrees"}, {-time.Minute, doctor.OK, "agrees"},
		{7 * time.Minute, doctor.Missing, "7m behind"}, {-90 * time.Second, doctor.Missing, "2m ahead of"},
	} {
		f := whole()
		f.time = now.Add(tt.off)
		c := examine(t, f, small).Checks[1]
		if c.What != doctor.AboutClock || c.Outcome != tt.outcome || !strings.Contains(c.Found, tt.found) {
			t.Errorf("off by %v: %+v", tt.off, c)
		}
	}
	f := whole()
	f.time = time.Time{}
	if c := examine(t, f, small).Checks[1]; c.Outcome != doctor.Unknown {
		t.Errorf("without a time: %+v", c)
	}
}

func TestARegionThatDoesNotAnswerIsMissingAndTheOthersAreAskedOn(t *testing.T) {
	f := whole()
	f.disabled = []string{"ap-east-1"}
	f.dry["ec2:DescribeInstances"] = doctor.Allowed
	r := examine(t, f, strings.Replace(small, "policies", "settings: {regions: [eu-west-1, ap-east-1, eu-central-1]}\npolicies", 1))
	want := []doctor.Check{
		{Outcome: doctor.Missing, What: "region", Name: "ap-east-1", Regions: []string{"ap-east-1"}, Do: "enable ap-east-1 for the account, or take it out of the regions that are read"},
		{Outcome: doctor.OK, What: "region", Regions: []string{"eu-central-1", "eu-west-1"}, Found: "it answers"},
		{Outcome: doctor.OK, What: "permission", Name: "ec2:DescribeInstances", Regions: []string{"eu-central-1", "eu-west-1"}, Found: "the caller has it"},
	}
	got := r.Checks[2:]
	got[0].Found = ""
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	f.disabled, f.silent = nil, f.disabled
	r = examine(t, f, strings.Replace(small, "policies", "settings: {regions: [eu-west-1, ap-east-1]}\npolicies", 1))
	if c := r.Checks[2]; c.Outcome != doctor.Missing || c.What != doctor.AboutRegion || c.Name != "ap-east-1" {
		t.Errorf("%+v", c)
	}
}

func TestAllRegionsThatAreEnabledAreAsked(t *testing.T) {
	f := whole()
	text := strings.Replace(small, "policies", "settings: {regions: [all]}\npolicies", 1)
	r := examine(t, f, text)
	if d := cmp.Diff([]string{"eu-central-1", "eu-west-1"}, r.Checks[2].Regions); d != "" {
		t.Error(d)
	}
	f.fails["regions"] = fault.Denied
	if r := examine(t, f, text); r.Worst() != doctor.Unknown || r.Checks[len(r.Checks)-1].Name != "all" {
		t.Errorf("%+v", r.Checks)
	}
}

func TestADryRunIsBelievedAndTheSimulatorIsAskedForTheRest(t *testing.T) {
	f := whole()
	f.dry["ec2:DescribeInstances"] = doctor.Allowed
	f.simulated["ec2:DescribeInstances"] = doctor.Denied
	if r := examine(t, f, small); r.Worst() != doctor.OK || slices.Contains(f.asked, "simulate "+role) {
		t.Errorf("%+v; %q", r.Checks, f.asked)
	}
	f = whole()
	f.fails["simulate"] = fault.Denied
	r := examine(t, f, small)
	c := r.Checks[len(r.Checks)-1]
	if c.Outcome != doctor.Unknown || !strings.Contains(c.Found, "not told; simulate: no") || !strings.Contains(c.Do, "iam:SimulatePrincipalPolicy") {
		t.Errorf("%+v", c)
	}
}

// A wildcard in a question would be asked of itself.
func TestQuestionsNameSingleThingsAndHoldTheValuesOfConditions(t *testing.T) {
	f := whole()
	examine(t, f, everything)
	seen := map[string]doctor.Question{}
	for _, q := range f.questions {
		seen[q.Permission] = q
		for _, arn := range q.Resources {
			if strings.ContainsAny(arn, "*?$") || strings.Count(arn, ":") < 5 {
				t.Errorf("%s is asked on %s", q.Permission, arn)
			}
		}
		for key, values := range q.Context {
			if len(values) == 0 || strings.ContainsAny(strings.Join(values, ""), "*?$") {
				t.Errorf("%s is asked with %s of %q", q.Permission, key, values)
			}
		}
	}
	if q := seen["ec2:StopInstances"]; !slices.Equal(q.Resources, []string{"arn:aws:ec2:eu-west-1:111122223333:instance/tagwarden-doctor"}) ||
		!slices.Equal(q.Context["aws:RequestedRegion"], []string{"eu-west-1"}) {
		t.Errorf("%+v", q)
	}
	if q := seen["ses:SendEmail"]; !slices.Equal(q.Context["ses:FromAddress"], []string{"tags@example.com"}) {
		t.Errorf("%+v", q)
	}
	if q := seen["s3:ListBucket"]; !slices.Equal(q.Context["s3:prefix"], []string{"org/AWSLogs/tagwarden-doctor"}) {
		t.Errorf("%+v", q)
	}
}

// What the file names without a region is where the AWS configuration says,
// whatever is read.
func TestATableIsAskedForWhereItIsAndNotWhereResourcesAreRead(t *testing.T) {
	f := whole()
	examine(t, f, strings.Replace(everything, "regions: [eu-west-1]", "regions: [eu-central-1]", 1))
	for _, q := range f.questions {
		in := q.Context["aws:RequestedRegion"]
		switch q.Permission {
		case "dynamodb:Query", "sns:Publish", "ses:SendEmail":
			if !slices.Equal(in, []string{region}) || !strings.Contains(q.Resources[0], ":eu-west-1:") {
				t.Errorf("%s is asked on %q in %q", q.Permission, q.Resources, in)
			}
		case "ec2:DescribeInstances", "ec2:StopInstances", "s3:GetObject":
			if !slices.Equal(in, []string{"eu-central-1"}) {
				t.Errorf("%s is asked in %q", q.Permission, in)
			}
		}
	}
}

func TestPoliciesOfSeveralPartitionsAreRefused(t *testing.T) {
	text := strings.Replace(everything, "arn:aws:sns:eu-west-1:111122223333:finops", "arn:aws-cn:sns:cn-north-1:111122223333:finops", 1)
	if _, err := doctor.Examine(t.Context(), doctor.Options{Set: load(t, text), Account: whole(), Region: region, Now: func() time.Time { return now }}); err == nil {
		t.Error("it was examined")
	}
}

func TestAnExaminationThatIsEndedHasNoReport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := doctor.Examine(ctx, doctor.Options{Set: load(t, small), Account: whole(), Region: region, Now: func() time.Time { return now }})
	if r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", r, err)
	}
}
