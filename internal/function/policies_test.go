package function

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagwarden/tagwarden/internal/document"
	"github.com/tagwarden/tagwarden/internal/outside"
	"github.com/tagwarden/tagwarden/internal/tag"
)

const s3Policy = "s3://bucket/tagwarden.yaml"

// wants is a policy that gives every instance which is started a tag.
func wants(key string) string {
	return "version: 1\nsettings: {mark: off, ledger: {dynamodb: tagwarden}}\npolicies:\n" +
		"  - {name: p, resource: ec2:instance, on: {state: running}, mode: enforce, tags: {" + key + ": {default: x}}}\n"
}

// starts is the start of another instance, and returns the keys that it gets.
func (l *lambda) starts(id string) []string {
	l.t.Helper()
	l.launch(id, nil)
	l.done(running("e-"+id, id))
	i, _ := l.aws.Instance(id)
	var keys []string
	for k := range i.TagSet {
		keys = append(keys, k)
	}
	return keys
}

func TestPoliciesOfABucketAndOfParameterStoreAreReloadedWhenTheyChange(t *testing.T) {
	for _, at := range []string{s3Policy, "ssm:/tagwarden/policy"} {
		l := newLambda(t, "", "TAGWARDEN_POLICY="+at)
		put := func(text string) {
			l.objects[at], l.parameters["/tagwarden/policy"] = text, text
		}
		put(wants("First"))
		l.Warm(t.Context())
		if got := l.starts("i-00000000000000001"); !cmp.Equal(got, []string{"First"}) {
			t.Fatalf("%s: %v", at, got)
		}
		reads := l.reads
		put(wants("Second"))
		l.aws.Clock().Advance(59 * time.Second)
		if got := l.starts("i-00000000000000002"); !cmp.Equal(got, []string{"First"}) || l.reads != reads {
			t.Errorf("%s: within a minute it is looked at again: %v, %d reads", at, got, l.reads-reads)
		}
		l.aws.Clock().Advance(time.Second)
		if got := l.starts("i-00000000000000003"); !cmp.Equal(got, []string{"Second"}) {
			t.Errorf("%s: after a minute: %v", at, got)
		}
		if len(l.tables) != 1 {
			t.Errorf("%s: the same ledger is opened %d times", at, len(l.tables))
		}
	}
}

func TestWhatHasNotChangedIsNotLoadedAgain(t *testing.T) {
	l := newLambda(t, "", "TAGWARDEN_POLICY="+s3Policy)
	l.objects[s3Policy] = wants("First")
	for i := range 3 {
		l.aws.Clock().Advance(time.Duration(i) * time.Hour)
		l.done(`{"detail-type":"x"}`)
	}
	if n := len(l.logged("policies are in force")); n != 1 || l.reads != 1 {
		t.Errorf("loaded %d times, read %d times", n, l.reads)
	}
}

func TestABrokenVersionLeavesTheFormerInForceAndSaysSo(t *testing.T) {
	l := newLambda(t, "", "TAGWARDEN_POLICY="+s3Policy)
	l.objects[s3Policy] = wants("First")
	l.Warm(t.Context())
	for name, text := range map[string]string{
		"a mistake":          strings.Replace(wants("Second"), "mode: enforce", "mode: enforced", 1),
		"another ledger":     strings.Replace(wants("Second"), "dynamodb: tagwarden", "sqlite: a.db", 1),
		"nothing":            "",
		"the object is gone": "gone",
	} {
		l.objects[s3Policy] = text
		if text == "gone" {
			delete(l.objects, s3Policy)
		}
		l.aws.Clock().Advance(time.Minute)
		l.log.Reset()
		id := l.launch("i-0000000000000000"+string(rune('a'+len(name)%6)), nil)
		a := l.done(running(name, id))
		if i, _ := l.aws.Instance(id); i.TagSet["First"] != "x" {
			t.Errorf("%s: the tags are %v", name, i.TagSet)
		}
		if len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "the newest policies cannot be loaded, those of 2026-11-02T10:00:00Z stay in force: ") {
			t.Errorf("%s: %q", name, a.Warnings)
		}
		if len(l.logged("the policies cannot be loaded")) == 0 || len(l.logged("the former policies stay in force")) != 1 {
			t.Errorf("%s: the log:\n%s", name, l.log.String())
		}
		// It is said by each event, though not looked at again for each.
		if a = l.done(`{"detail-type":"x"}`); len(a.Warnings) != 1 {
			t.Errorf("%s: the next answer has the warnings %q", name, a.Warnings)
		}
	}
	l.objects[s3Policy] = wants("First")
	l.aws.Clock().Advance(time.Minute)
	if a := l.done(`{"detail-type":"x"}`); len(a.Warnings) != 0 {
		t.Errorf("put right, it still warns: %q", a.Warnings)
	}
}

func TestWithoutPoliciesNothingIsDoneAndTheNextEventTriesAgain(t *testing.T) {
	l := newLambda(t, "", "TAGWARDEN_POLICY="+s3Policy)
	l.objects[s3Policy] = "version: 2\nnonsense: yes\n"
	l.Warm(t.Context())
	_, err := l.invoke(running("e-1", "i-1"))
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Name != NoPolicies || !strings.Contains(e.Error(), s3Policy+":1:10") || !strings.Contains(e.Error(), "nonsense") {
		t.Fatalf("not every mistake with its place: %v", err)
	}
	for _, line := range l.logged("the policies cannot be loaded") {
		if line["place"] == "" || line["problem"] == "" {
			t.Errorf("%v", line)
		}
	}
	l.objects[s3Policy] = wants("First")
	if got := l.starts("i-00000000000000001"); !cmp.Equal(got, []string{"First"}) {
		t.Errorf("%v", got)
	}
}

func TestWhatAFunctionCannotKeepIsRefusedInWords(t *testing.T) {
	for name, tt := range map[string]struct{ old, new, want string }{
		"a file as the ledger": {"ledger: {dynamodb: tagwarden}", "ledger: {sqlite: a.db}",
			`the ledger is a file, which a function has no lasting place for: write settings: {ledger: {dynamodb: TABLE}}, or name the table by TAGWARDEN_LEDGER; "tagwarden ledger init" makes one`},
		"no word of a ledger": {", ledger: {dynamodb: tagwarden}", "", "the ledger is a file"},
		"no ledger":           {"ledger: {dynamodb: tagwarden}", "ledger: none", "an event that comes twice"},
		"files":               {`{sns: {topic: "arn:aws:sns:us-east-1:111122223333:managers"}}`, "{file: {dir: out}}", "the channel managers writes files, which nobody would see"},
		"no topic":            {`{sns: {topic: "arn:aws:sns:us-east-1:111122223333:managers"}}`, "{sns: {}}", "the channel managers has no topic: write topic: ARN, or name it by TAGWARDEN_TOPICS, as managers=ARN"},
		"a wait":              {"mode: enforce", "mode: enforce\n    settle: 5m", "the policy stop-what-has-no-exception judges 5m after an event, and this function has no queue"},
	} {
		l := newLambda(t, strings.Replace(unexcepted, tt.old, tt.new, 1))
		id := l.launch("i-00000000000000001", nil)
		_, err := l.invoke(running("e-1", id))
		if e, ok := errors.AsType[*Error](err); !ok || e.Name != NoPolicies || !strings.Contains(e.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if !l.runs(id) {
			t.Errorf("%s: it is stopped all the same", name)
		}
	}
}

func TestAFunctionTellsThroughTheTopicsThatDeployMade(t *testing.T) {
	const made = "arn:aws:sns:us-east-1:111122223333:made"
	for topic, want := range map[string]string{"{sns: {}}": made, `{sns: {topic: "arn:aws:sns:us-east-1:111122223333:managers"}}`: "arn:aws:sns:us-east-1:111122223333:managers"} {
		l := newLambda(t, strings.Replace(unexcepted, `{sns: {topic: "arn:aws:sns:us-east-1:111122223333:managers"}}`, topic, 1), "TAGWARDEN_TOPICS=managers="+made)
		l.done(running("e-1", l.launch("i-00000000000000001", nil)))
		if len(l.published) != 1 || l.published[0].Topic != want {
			t.Errorf("%s: published %+v", topic, l.published)
		}
	}
}

func TestAFunctionNamesTheLedgerOfFilesThatNameNone(t *testing.T) {
	for _, ledger := range []string{"", "ledger: none, ", "ledger: {dynamodb: acme}, "} {
		l := newLambda(t, strings.Replace(unexcepted, "ledger: {dynamodb: tagwarden}, ", ledger, 1), "TAGWARDEN_LEDGER=acme")
		id := l.launch("i-00000000000000001", nil)
		l.done(running("e-1", id))
		if a := l.done(running("e-1", id)); l.runs(id) || a.Events[0].Ignored != "it was handled before" || !cmp.Equal(l.tables, []string{"acme"}) {
			t.Errorf("%q: %+v, tables %v", ledger, a, l.tables)
		}
	}
	l := newLambda(t, unexcepted, "TAGWARDEN_LEDGER=acme")
	_, err := l.invoke(running("e-1", "i-1"))
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Error(), "name the table tagwarden as the ledger, and TAGWARDEN_LEDGER is acme") {
		t.Errorf("%v", err)
	}
}

func TestThePackageHoldsFilesAndFolders(t *testing.T) {
	l := newLambda(t, "", "TAGWARDEN_POLICY=policies")
	_, err := l.invoke(running("e-1", "i-1"))
	if e, ok := errors.AsType[*Error](err); !ok || e.Name != NoPolicies || !strings.Contains(e.Error(), "put it beside the program, or name another by TAGWARDEN_POLICY") {
		t.Fatalf("%v", err)
	}
	if err := os.Mkdir(filepath.Join(l.dir, "policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	settings, rest, _ := strings.Cut(wants("First"), "policies:")
	for name, text := range map[string]string{"a.yaml": settings, "b.yaml": "version: 1\npolicies:" + rest} {
		if err := os.WriteFile(filepath.Join(l.dir, "policies", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := l.starts("i-00000000000000001"); !cmp.Equal(got, []string{"First"}) {
		t.Errorf("%v", got)
	}
}

func TestASweepTakesTheRulesAsTheyAreNow(t *testing.T) {
	l := newLambda(t, `version: 1
settings: {mark: off, ledger: {dynamodb: tagwarden}}
policies:
  - {name: p, resource: ec2:instance, on: [{state: running}, {schedule: rate(1 day)}], mode: enforce, tags_from: {dynamodb: rules}}
`)
	put := func(key string) {
		item := document.Item{"RuleId": document.Number("1"), "TagKey": document.String(key), "Action": document.String("Update"),
			"Required": document.String("Y"), "Default": document.String("x")}
		l.aws.AddTable(region, "rules", outside.Key{Name: "RuleId", Type: "N"}, item)
	}
	put("First")
	if got := l.starts("i-00000000000000001"); !cmp.Equal(got, []string{"First"}) {
		t.Fatalf("%v", got)
	}
	put("Second")
	if got := l.starts("i-00000000000000002"); !cmp.Equal(got, []string{"First"}) {
		t.Errorf("an event within a minute: %v", got)
	}
	l.done(`{"tagwarden":"schedule","id":"s-1"}`)
	if i, _ := l.aws.Instance("i-00000000000000002"); i.TagSet["Second"] != "x" {
		t.Errorf("the sweep: %v", i.TagSet)
	}
}

func TestAnEventWaitsInTheQueueUntilLateTagsHaveHadTheirTime(t *testing.T) {
	const url = "https://sqs.us-east-1.amazonaws.com/111122223333/tagwarden"
	l := newLambda(t, strings.Replace(unexcepted, "mode: enforce", "mode: enforce\n    settle: 5m", 1), "TAGWARDEN_QUEUE="+url)
	late, never := l.launch("i-00000000000000001", nil), l.launch("i-00000000000000002", nil)
	for _, id := range []string{late, never} {
		l.done(strings.Replace(running("e-"+id, id), "2026-11-02T10:00:00Z", l.aws.Clock().Now().Format(time.RFC3339), 1))
	}
	if !l.runs(late) || !l.runs(never) {
		t.Fatal("one was stopped at once")
	}
	l.aws.SetTags(late, tag.Set{"SPECIAL_EXCEPTION": "yes"})
	l.aws.Clock().Advance(5 * time.Minute)
	notes, _ := l.timer.Take(l.aws.Clock().Now())
	for _, n := range notes {
		l.done(string(n.Body))
		l.done(string(n.Body)) // SQS delivers at least once
	}
	if len(notes) != 2 || !l.runs(late) || l.runs(never) || len(l.published) != 1 {
		t.Errorf("of %d events one should have stopped the other instance: %v, %v; told %d times", len(notes), l.runs(late), l.runs(never), len(l.published))
	}
	if !slices.Equal(l.queues, []string{url}) {
		t.Errorf("opened were %v", l.queues)
	}
}
